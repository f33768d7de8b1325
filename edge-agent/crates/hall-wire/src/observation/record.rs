//! One observation line as written: field names and values are the published contract. Checks nothing beyond the form.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::name::{CauseName, QualityName};
use crate::order::{ActorRecord, CaseRecord, LeaveRecord};
use crate::ticket::TicketStateName;

/// One line as written. Field names and values are the published contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ObservationRecord {
    /// People counted per zone.
    Zones {
        /// RFC 3339 with offset.
        at: String,
        /// Repeats until here, exclusive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        /// Milliseconds between repetitions, 1 000 when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every_ms: Option<u32>,
        /// Camera id.
        camera: String,
        /// Count by zone id.
        zones: BTreeMap<String, ZoneValue>,
    },
    /// Followed people.
    Tracks {
        /// RFC 3339 with offset.
        at: String,
        /// Repeats until here, exclusive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        /// Milliseconds between repetitions, 1 000 when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every_ms: Option<u32>,
        /// Camera id.
        camera: String,
        /// Everybody in the picture.
        tracks: Vec<TrackValue>,
    },
    /// Detections.
    Detections {
        /// RFC 3339 with offset.
        at: String,
        /// Repeats until here, exclusive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        /// Milliseconds between repetitions, 1 000 when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every_ms: Option<u32>,
        /// Camera id.
        camera: String,
        /// Everybody in the picture.
        detections: Vec<DetectionValue>,
    },
    /// A sensor reading.
    Sensor {
        /// RFC 3339 with offset.
        at: String,
        /// Repeats until here, exclusive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
        /// Milliseconds between repetitions, 1 000 when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every_ms: Option<u32>,
        /// Sensor id.
        sensor: String,
        /// On or off.
        value: bool,
        /// `good` when left out.
        #[serde(default = "good")]
        quality: QualityName,
    },
    /// A source went up or down.
    Source {
        /// RFC 3339 with offset.
        at: String,
        /// `camera:ID` or `sensor:ID`.
        source: String,
        /// `up` or `down`.
        state: UpDown,
        /// Why it is down; needed with `down`, not allowed with `up`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<CauseName>,
    },
    /// The wall clock was set or became trusted.
    Clock {
        /// RFC 3339 with offset, on the time line.
        at: String,
        /// Wall time = time line + this.
        offset_ms: i64,
        /// Believed.
        synced: bool,
    },
    /// A person or the centre decides something.
    Order {
        /// RFC 3339 with offset.
        at: String,
        /// Transaction id: the same again is done once.
        tx: String,
        /// By whom.
        by: ActorRecord,
        /// Grants approved leave, also afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leave: Option<LeaveRecord>,
        /// Cancels the leave with this id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cancel_leave: Option<String>,
        /// Takes a step in an event's case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<Box<CaseRecord>>,
    },
    /// The box notices something about itself.
    System {
        /// RFC 3339 with offset.
        at: String,
        /// What.
        fact: FactName,
        /// Of the configuration or model, hex; only with `config_changed` and `model_changed`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
    },
    /// Other rules from here on.
    Rules {
        /// RFC 3339 with offset.
        at: String,
        /// Keys of `[rules]`; what is not named stays.
        rules: serde_json::Map<String, serde_json::Value>,
    },
    /// The process died and runs again.
    Restart {
        /// RFC 3339 with offset: when it runs again.
        at: String,
        /// When it died; the record before when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<String>,
    },
    /// A ticket machine says something about one ticket.
    Ticket {
        /// RFC 3339 with offset.
        at: String,
        /// Queue id.
        queue: String,
        /// Number as printed.
        ticket: String,
        /// The window it was called to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<String>,
        /// Where it is in its life.
        state: TicketStateName,
        /// When it was taken; `at` of its first line when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken_at: Option<String>,
        /// When it was called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        called_at: Option<String>,
        /// When service began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_at: Option<String>,
        /// When service ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_at: Option<String>,
        /// Called before others; for information.
        #[serde(default)]
        priority: bool,
        /// People who came with it, 1 when left out.
        #[serde(default = "single")]
        party: u32,
    },
    /// Time passed.
    Tick {
        /// RFC 3339 with offset.
        at: String,
    },
}

/// A count, with or without track numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a zone's value is a count, or {\"count\": n, \"tracks\": [...], \"still_since\": time}"
)]
pub enum ZoneValue {
    /// Only the count.
    Count(u32),
    /// Count and tracks.
    Tracked(TrackedCount),
}

/// People counted in a zone and their track numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackedCount {
    /// People.
    pub count: u32,
    /// Their tracks: as many as `count`, or none.
    #[serde(default)]
    pub tracks: Vec<u64>,
    /// Staff zones: when the last of them moved, RFC 3339 with offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub still_since: Option<String>,
}

/// One followed person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackValue {
    /// Track number.
    pub id: u64,
    /// `[x1, y1, x2, y2]`, 0–1 from the top left.
    #[serde(rename = "box")]
    pub bbox: [f32; 4],
    /// 0–1; 1 when left out.
    #[serde(default = "one")]
    pub score: f32,
}

/// One detection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectionValue {
    /// `[x1, y1, x2, y2]`, 0–1 from the top left.
    #[serde(rename = "box")]
    pub bbox: [f32; 4],
    /// 0–1; 1 when left out.
    #[serde(default = "one")]
    pub score: f32,
}

fn single() -> u32 {
    1
}

fn one() -> f32 {
    1.0
}

fn good() -> QualityName {
    QualityName::Good
}

/// What the box notices about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactName {
    /// The disk is nearly full.
    StorageLow,
    /// It has room again.
    StorageOk,
    /// Another configuration is in force.
    ConfigChanged,
    /// Another model is in use.
    ModelChanged,
}

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpDown {
    /// Works.
    Up,
    /// Does not.
    Down,
}
