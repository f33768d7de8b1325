//! Windows and queues as written in `hall.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::RawName;
use super::duty::RawWeek;

/// One service window.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWindow {
    /// Stable id of the window in all interfaces, for example "W3".
    pub id: String,
    /// Name of the window, { zh = "...", en = "..." }.
    pub name: RawName,
    /// Department whose window this is, { zh = "...", en = "..." }.
    pub department: Option<RawName>,
    /// People required on post.
    #[serde(default = "default_min_staff")]
    #[schemars(range(min = 1, max = 20))]
    pub min_staff: u32,
    /// Own weekly duty times in place of the hall's.
    pub duty: Option<RawWeek>,
    /// Polygons on camera pictures that belong to this window.
    #[serde(default)]
    pub zones: Vec<RawWindowZone>,
}

fn default_min_staff() -> u32 {
    1
}

/// One polygon of a window.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWindowZone {
    /// What the zone is for.
    pub kind: RawZoneKind,
    /// Id of the camera it is drawn on.
    pub camera: String,
    /// Points [x, y] in order, 0 to 1 from the top left corner of the picture.
    pub polygon: Vec<[f64; 2]>,
    /// Which point of a person's box must lie inside. Default: center for staff and staff_extended, bottom_center for counter.
    pub evaluation_point: Option<RawEvaluationPoint>,
    /// Height of a grown-up's box in this zone as a share of the picture's height, measured on site. People smaller than
    /// min_height_ratio of it are not staff. Left out: everybody counts.
    #[schemars(range(min = 0.02, max = 1.0))]
    pub adult_height: Option<f64>,
}

/// Purpose of a window's zone.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawZoneKind {
    /// Where the clerk sits or stands (工位区).
    Staff,
    /// Where the clerk still counts as on post, away from the seat: printer, copier.
    StaffExtended,
    /// Customer side of the counter (柜台区).
    Counter,
}

/// Which point of a person's box is tested.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawEvaluationPoint {
    /// Middle of the lower edge: zones drawn on the floor.
    BottomCenter,
    /// Middle of the box: upper bodies behind a counter.
    Center,
}

/// One queue.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawQueue {
    /// Stable id of the queue in all interfaces, for example "Q1".
    pub id: String,
    /// Name of the queue, { zh = "...", en = "..." }.
    pub name: RawName,
    /// Ids of the windows it feeds; empty: all windows.
    #[serde(default)]
    pub windows: Vec<String>,
    /// People the zones can hold; a count that reaches it is shown as ">=N".
    #[schemars(range(min = 1, max = 1000))]
    pub capacity: Option<u32>,
    /// A ticket machine (叫号机) feeds this queue: its waiting tickets are the official length while it is heard.
    #[serde(default)]
    pub tickets: bool,
    /// Polygons on camera pictures where people stand in line (排队区).
    #[serde(default)]
    pub zones: Vec<RawQueueZone>,
}

/// One polygon of a queue.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawQueueZone {
    /// Id of the camera it is drawn on.
    pub camera: String,
    /// Points [x, y] in order, 0 to 1 from the top left corner of the picture.
    pub polygon: Vec<[f64; 2]>,
    /// Which point of a person's box must lie inside. Default: bottom_center.
    pub evaluation_point: Option<RawEvaluationPoint>,
}
