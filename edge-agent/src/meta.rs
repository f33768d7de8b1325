//! The retained `meta` payload: what the box is, without addresses and credentials (contract v1).

use edge_config::{CameraConfig, Config, Name};
use edge_uplink::store::StoreStats;
use hall_core::config::SensorKind;
use hall_core::time::WallClock;
use serde_json::{Value, json};

use crate::clock::Discipline;

/// Everything `meta` is made from.
pub struct MetaInputs<'a> {
    /// Configuration.
    pub config: &'a Config,
    /// Model name and SHA-256; empty without one.
    pub model: &'a (String, String),
    /// The event log.
    pub store: &'a StoreStats,
    /// Free bytes where the log lies; `None` when it cannot be told.
    pub disk_free_bytes: Option<u64>,
    /// Clock.
    pub clock: WallClock,
    /// Whether a time daemon keeps it, and how far off it can be in milliseconds.
    pub discipline: (Discipline, Option<i64>),
    /// When this was made, RFC 3339.
    pub at: String,
}

/// The payload.
#[must_use]
pub fn meta(inputs: &MetaInputs<'_>) -> Value {
    let config = inputs.config;
    json!({
        "v": 1,
        "kind": "meta",
        "hall": config.hall.id,
        "box": config.box_id,
        "at": inputs.at,
        "name": name(&config.hall.name),
        "area": config.hall.area,
        "agent": env!("CARGO_PKG_VERSION"),
        "windows": config.windows.iter().map(|w| json!({
            "id": w.id.as_str(), "name": name(&w.name), "department": w.department.as_ref().map(name),
        })).collect::<Vec<_>>(),
        "queues": config.queues.iter().map(|q| json!({"id": q.id.as_str(), "name": name(&q.name)})).collect::<Vec<_>>(),
        "cameras": config.cameras.iter().map(camera).collect::<Vec<_>>(),
        "sensors": config.sensors.iter().map(|s| json!({
            "id": s.id.as_str(), "window": s.window.as_str(), "kind": sensor_kind(s.kind),
        })).collect::<Vec<_>>(),
        "rule": format!("{}@{}", config.engine.rules.name, config.engine.rules.revision),
        "model": inputs.model.0,
        "model_sha256": inputs.model.1,
        "config_sha256": config.sha256,
        "clock": clock(inputs),
        "disk_free_bytes": inputs.disk_free_bytes,
        "store": {"first_seq": inputs.store.first_seq, "last_seq": inputs.store.last_seq, "last_hash": inputs.store.last_hash},
    })
}

fn clock(inputs: &MetaInputs<'_>) -> Value {
    let (discipline, error_ms) = inputs.discipline;
    let ntp = match discipline {
        Discipline::Synced { .. } => "synced",
        Discipline::Unsynced => "unsynced",
        Discipline::Unknown => "unknown",
    };
    json!({
        "synced": inputs.clock.synced, "offset_ms": inputs.clock.offset_ms, "ntp": ntp, "error_ms": error_ms,
    })
}

fn name(name: &Name) -> Value {
    json!({"zh": name.zh, "en": name.en})
}

fn camera(camera: &CameraConfig) -> Value {
    json!({"id": camera.id.as_str(), "name": name(&camera.name), "gb_channel_id": camera.gb_channel_id})
}

/// Stable name of a sensor's kind.
fn sensor_kind(kind: SensorKind) -> &'static str {
    match kind {
        SensorKind::Presence => "presence",
        SensorKind::Seat => "seat",
        SensorKind::Pause => "pause",
    }
}
