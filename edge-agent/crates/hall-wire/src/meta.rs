//! The retained `meta` payload v1: what the box is and has, without addresses and credentials. Knows no transport and not where the facts
//! come from.

use hall_core::config::SensorKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::SensorReasonWord;
use crate::observation::QualityName;
use crate::schema::{Count, Id, Instant, MetaKind, One, RuleName, Sha256Hex, Sha256HexOrEmpty};

/// Version of the published contract: the `info.version` of `docs/mqtt/asyncapi.yaml`. Its first number is the `v` of every payload; the
/// second grows with every field that is added.
pub const CONTRACT: &str = "1.1.0";

/// What the box is and has, v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetaRecord {
    /// Format version: 1.
    #[schemars(with = "One")]
    pub v: u32,
    /// Always `meta`.
    #[schemars(with = "MetaKind")]
    pub kind: String,
    /// Hall id.
    #[schemars(with = "Id")]
    pub hall: String,
    /// Box id; a large hall has several boxes of one hall id, with different windows.
    #[serde(rename = "box")]
    #[schemars(with = "Id")]
    pub box_id: String,
    /// When this was made, RFC 3339 with milliseconds and offset.
    #[schemars(with = "Instant")]
    pub at: String,
    /// True of a box that is a simulation (`edge-agent fleet`); absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// Name of the hall.
    pub name: NameRecord,
    /// Division codes (GB/T 2260) of province, city, county, as in the topic.
    pub area: Vec<String>,
    /// Version of the agent.
    pub agent: String,
    /// Version of this contract, as in `info.version` of its AsyncAPI document.
    pub contract: String,
    /// Rule profile and revision in force, as in events.
    #[schemars(with = "RuleName")]
    pub rule: String,
    /// Windows, in display order.
    pub windows: Vec<MetaWindow>,
    /// Queues, in display order.
    pub queues: Vec<MetaQueue>,
    /// Cameras.
    pub cameras: Vec<MetaCamera>,
    /// Sensors.
    pub sensors: Vec<MetaSensor>,
    /// Name of the model in use; empty without one.
    pub model: String,
    /// SHA-256 of the model in use, hex; empty without one.
    #[schemars(with = "Sha256HexOrEmpty")]
    pub model_sha256: String,
    /// SHA-256 of the configuration in force with its calendars, hex.
    #[schemars(with = "Sha256Hex")]
    pub config_sha256: String,
    /// Years whose holidays and make-up workdays are known.
    pub calendars: Vec<MetaCalendar>,
    /// How good the box's clock is.
    pub clock: MetaClock,
    /// The certificate by which the box shows the broker who it is; null without one.
    pub certificate: Option<MetaCertificate>,
    /// Free bytes on the disk of the event log; null when that cannot be told.
    #[schemars(with = "Option<Count>")]
    pub disk_free_bytes: Option<u64>,
    /// The event log.
    pub store: MetaStore,
}

/// A name in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NameRecord {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaWindow {
    /// Id, as in topics, states, events and roll-ups.
    #[schemars(with = "Id")]
    pub id: String,
    /// Name.
    pub name: NameRecord,
    /// Department; null when none is configured. Roll-ups name it by its Chinese name.
    pub department: Option<NameRecord>,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaQueue {
    /// Id.
    #[schemars(with = "Id")]
    pub id: String,
    /// Name.
    pub name: NameRecord,
}

/// A camera; never its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaCamera {
    /// Id.
    #[schemars(with = "Id")]
    pub id: String,
    /// Name.
    pub name: NameRecord,
    /// GB/T 28181 channel id under which a video platform has the same camera; null when none is configured.
    pub gb_channel_id: Option<String>,
}

/// A sensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaSensor {
    /// Id.
    #[schemars(with = "Id")]
    pub id: String,
    /// Window it belongs to.
    #[schemars(with = "Id")]
    pub window: String,
    /// What its "on" means: somebody is at the post, sits on the chair, has declared a pause.
    #[schemars(with = "SensorKindWord")]
    pub kind: String,
    /// How far it can be trusted at `at`: `good`, `stale` (too old), `suspect` (implausible) or `fault` (reported broken).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "QualityName")]
    pub quality: Option<String>,
    /// Why it is not good; null while it is. Left out, like the two below, by a box of so many sensors that `meta` would not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<SensorReasonWord>")]
    pub reason: Option<String>,
    /// Since when it is not good; null while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    pub since: Option<String>,
    /// Age of its last reading, whole seconds; null before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Count>")]
    pub age_s: Option<i64>,
}

/// A year whose calendar is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaCalendar {
    /// The year.
    pub year: i32,
    /// Transaction of the `calendar` command it came by; null when it is a file of the configuration.
    pub tx: Option<String>,
}

/// The box's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaClock {
    /// The wall clock is believed.
    pub synced: bool,
    /// Wall clock minus boot-anchored time, in milliseconds: steps and drift since boot.
    pub offset_ms: i64,
    /// Whether a time daemon keeps it.
    #[schemars(with = "NtpWord")]
    pub ntp: String,
    /// How far off it can be, in milliseconds; null if nobody has kept it since the start.
    #[schemars(with = "Option<Count>")]
    pub error_ms: Option<i64>,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaCertificate {
    /// It is not valid after this, RFC 3339 with milliseconds and offset.
    #[schemars(with = "Instant")]
    pub not_after: String,
}

/// The event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaStore {
    /// Lowest sequence number still kept on the box; 0 when there is none.
    #[schemars(with = "Count")]
    pub first_seq: u64,
    /// Highest sequence number given out. A subscriber whose highest is lower has not got everything yet.
    #[schemars(with = "Count")]
    pub last_seq: u64,
    /// Hash of the record with the highest number: the head of the chain.
    #[schemars(with = "Sha256Hex")]
    pub last_hash: String,
    /// The box counts everything up to this number as arrived; a centre that acknowledges waits for nothing before it.
    #[schemars(with = "Count")]
    pub acked_seq: u64,
}

names! {
    /// Stable name of what a sensor's "on" means.
    SensorKind, SensorKindWord, sensor_kind_name {
        Presence = "presence",
        Seat = "seat",
        Pause = "pause",
    }
}

/// Whether a time daemon keeps the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ntp {
    /// It does.
    Synced,
    /// There is one, and it does not.
    Unsynced,
    /// Nobody can say.
    Unknown,
}

names! {
    /// Stable name of whether a time daemon keeps the clock.
    Ntp, NtpWord, ntp_name {
        Synced = "synced",
        Unsynced = "unsynced",
        Unknown = "unknown",
    }
}
