//! What the engine must know about a hall: windows, queues, zones, sensors, duty times and rules. Plain data,
//! already validated elsewhere; durations are in seconds as in the rule profile.

mod duty;
mod rules;

use crate::geometry::Point;
use crate::ids::{CameraId, GatewayId, GroupId, QueueId, SensorId, WindowId, ZoneId};

pub use duty::{Date, DaySegment, DutyCalendar, DutyException, Leave, WeeklyDuty};
pub use rules::Rules;

/// Everything the engine needs. Built by the configuration crate, or by hand in tests.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineConfig {
    /// Hall id, for example `511921-001`.
    pub hall: String,
    /// Box id within the hall.
    pub box_id: String,
    /// Cameras the engine watches for health.
    pub cameras: Vec<CameraId>,
    /// Windows in display order.
    pub windows: Vec<WindowConfig>,
    /// Queues in display order.
    pub queues: Vec<QueueConfig>,
    /// All zones of all cameras.
    pub zones: Vec<Zone>,
    /// Sensors bound to windows.
    pub sensors: Vec<SensorConfig>,
    /// Windows that cover for each other.
    pub groups: Vec<GroupConfig>,
    /// When the hall and its windows are on duty.
    pub duty: DutyCalendar,
    /// Rule profile.
    pub rules: Rules,
}

/// One service window.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowConfig {
    /// Id, stable in all interfaces.
    pub id: WindowId,
    /// People required on post.
    pub min_staff: u32,
    /// Own weekly duty times in place of the hall's; `None`: the hall's.
    pub duty: Option<WeeklyDuty>,
}

/// Windows that one crew serves: an A/B pair (AB岗), or several windows of one clerk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupConfig {
    /// Id, stable in all interfaces, for example `AB1`.
    pub id: GroupId,
    /// Its windows, at least two; a window is in one group at most.
    pub windows: Vec<WindowId>,
    /// Who counts for whom.
    pub cover: Cover,
    /// Windows that must be staffed, at least 1; only with [`Cover::Either`].
    pub min_staffed: u32,
}

/// Who counts for whom in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cover {
    /// Whoever is at one of the windows covers the group: it is judged as one post.
    Either,
    /// Every window needs its own clerk, wherever the others sit.
    Dedicated,
}

/// One queue.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueConfig {
    /// Id, stable in all interfaces.
    pub id: QueueId,
    /// Windows it feeds; empty: all.
    pub windows: Vec<WindowId>,
    /// People the zone can hold before its count saturates; `None`: unknown.
    pub capacity: Option<u32>,
    /// A ticket machine feeds this queue: its waiting tickets are the official length while it is heard.
    pub tickets: bool,
}

/// What a zone is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneKind {
    /// Where the clerk of a window sits or stands.
    Staff(WindowId),
    /// Where a clerk still counts as on post, away from the seat (printer, copier).
    StaffExtended(WindowId),
    /// Customer side of a window's counter.
    Counter(WindowId),
    /// Where people stand in line.
    Queue(QueueId),
}

/// Which point of a person's box must lie in the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationPoint {
    /// Middle of the lower edge: floor zones.
    BottomCenter,
    /// Middle of the box: upper bodies behind a counter.
    Center,
}

/// A polygon on one camera's picture with its purpose.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// Id, unique in the hall.
    pub id: ZoneId,
    /// Camera it is drawn on.
    pub camera: CameraId,
    /// Purpose.
    pub kind: ZoneKind,
    /// Simple polygon of at least three points, normalised.
    pub polygon: Vec<Point>,
    /// Point tested against the polygon.
    pub evaluation_point: EvaluationPoint,
    /// Height of an adult's box in this zone as a share of the picture, calibrated on site; smaller people than
    /// `min_height_ratio` of it are not staff. `None`: everybody counts.
    pub adult_height: Option<f32>,
}

/// What a sensor's "on" means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensorKind {
    /// Somebody is at the post (radar, PIR).
    Presence,
    /// Somebody sits on the chair.
    Seat,
    /// Service is declared paused (switch, lamp).
    Pause,
}

/// One sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorConfig {
    /// Id.
    pub id: SensorId,
    /// Window it belongs to.
    pub window: WindowId,
    /// What it says.
    pub kind: SensorKind,
    /// Silence after which it is ignored; `None`: the profile's `sensor_stale_s`. A sensor that speaks only on change sets its
    /// longest silence here.
    pub stale_s: Option<u32>,
    /// What all its messages pass through and could fail for several sensors at once, nearest first: a Zigbee bridge, then the
    /// broker; empty for a sensor on a line of its own.
    pub gateways: Vec<GatewayId>,
}
