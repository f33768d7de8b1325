//! Evaluation terminals, as written in `hall.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::RawNamedWindow;

/// Evaluation terminals (评价器), heard by HTTP, MQTT or a serial line. Only totals per window and day are kept.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRatings {
    /// Stable id, for example "ratings".
    pub id: String,
    /// How the box hears it.
    #[serde(rename = "type")]
    pub adapter: RawRatingAdapter,
    /// Id of the window it stands at; left out: each message names the window.
    pub window: Option<String>,
    /// Type http: file whose first line is the token it sends as "Authorization: Bearer ...", at least 16 characters.
    pub token_file: Option<String>,
    /// Type http: environment variable that holds the token.
    pub token_env: Option<String>,
    /// Type mqtt: topic on the sensor broker.
    pub topic: Option<String>,
    /// Type serial: serial device, better a name under /dev/serial/by-id.
    pub device: Option<String>,
    /// Type serial: bits per second. Default 9600.
    #[schemars(range(min = 300, max = 4_000_000))]
    pub baud: Option<u32>,
    /// Type serial: regular expression for one line, with the group rating and, unless window is set, the group window:
    /// '^(?<window>\d+),(?<rating>\d)$'.
    pub pattern: Option<String>,
    /// Types http, mqtt: what the terminal calls the fields.
    pub names: Option<RawRatingNames>,
    /// Words for the six options, besides their Chinese names and the keys below.
    pub words: Option<RawRatingWords>,
    /// Its own names of windows. A window that is not listed is named by its id.
    #[serde(default)]
    pub windows: Vec<RawNamedWindow>,
}

/// How evaluation terminals are heard.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawRatingAdapter {
    /// They send each rating: POST /api/ratings/ID.
    Http,
    /// They publish each rating on the sensor broker.
    Mqtt,
    /// One line of text per rating on a serial line.
    Serial,
}

/// The terminal's names of the fields.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRatingNames {
    /// Default: window.
    pub window: Option<String>,
    /// Default: rating.
    pub rating: Option<String>,
}

/// The terminal's words for the options.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawRatingWords {
    /// 非常满意.
    pub very_satisfied: Vec<String>,
    /// 基本满意.
    pub satisfied: Vec<String>,
    /// 服务态度不好.
    pub attitude: Vec<String>,
    /// 办理时间太长.
    pub slow: Vec<String>,
    /// 业务不熟.
    pub unskilled: Vec<String>,
    /// 其他: counted as it is, never as a complaint.
    pub other: Vec<String>,
}
