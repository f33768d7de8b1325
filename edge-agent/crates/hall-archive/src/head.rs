//! What stands at the head of a segment: which hall, which cameras, zones and sensors, and what the engine began with. A segment begins
//! with every process and with every local day, so that each day's file stands alone.

use hall_core::HallTime;
use hall_core::config::{EngineConfig, ZoneKind};
use hall_core::engine::Checkpoint;
use hall_core::ids::{CameraId, SensorId, ZoneId};
use hall_core::time::WallClock;
use hall_wire::checkpoint::CheckpointRecord;
use serde::{Deserialize, Serialize};

use crate::bytes::FAR_MS;

/// What a segment begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// When it begins.
    pub at: HallTime,
    /// The clock then.
    pub clock: WallClock,
    /// What the engine went on from (a new process) or had then (a new day).
    pub checkpoint: Option<Checkpoint>,
    /// The same process goes on: only the day is new.
    pub continued: bool,
    /// Rules then in force, for example `P0@1`.
    pub rule: String,
    /// SHA-256 of the configuration, hex.
    pub config_sha256: String,
    /// Cameras and their zones.
    pub cameras: Vec<Eye>,
    /// Sensors.
    pub sensors: Vec<SensorId>,
}

/// One camera.
#[derive(Debug, Clone, PartialEq)]
pub struct Eye {
    /// Id.
    pub camera: CameraId,
    /// Its zones; those where it matters who stands for how long.
    pub zones: Vec<(ZoneId, bool)>,
}

impl Head {
    /// The head of a segment of the hall `cfg`.
    #[must_use]
    pub fn new(
        cfg: &EngineConfig,
        config_sha256: &str,
        at: HallTime,
        clock: WallClock,
        checkpoint: Option<Checkpoint>,
    ) -> Self {
        let eye = |camera: &CameraId| Eye {
            camera: camera.clone(),
            zones: cfg
                .zones
                .iter()
                .filter(|zone| zone.camera == *camera)
                .map(|zone| (zone.id.clone(), matches!(zone.kind, ZoneKind::Queue(_))))
                .collect(),
        };
        Head {
            at,
            clock,
            checkpoint,
            continued: false,
            rule: format!("{}@{}", cfg.rules.name, cfg.rules.revision),
            config_sha256: config_sha256.to_owned(),
            cameras: cfg.cameras.iter().map(eye).collect(),
            sensors: cfg.sensors.iter().map(|sensor| sensor.id.clone()).collect(),
        }
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        let record = HeadRecord {
            v: 1,
            at_ms: self.at.0,
            offset_ms: self.clock.offset_ms,
            utc_offset_s: self.clock.utc_offset_s,
            synced: self.clock.synced,
            continued: self.continued,
            rule: self.rule.clone(),
            config_sha256: self.config_sha256.clone(),
            cameras: self
                .cameras
                .iter()
                .map(|eye| EyeRecord {
                    id: eye.camera.to_string(),
                    zones: eye
                        .zones
                        .iter()
                        .map(|(zone, followed)| (zone.to_string(), *followed))
                        .collect(),
                })
                .collect(),
            sensors: self.sensors.iter().map(ToString::to_string).collect(),
            checkpoint: self.checkpoint.as_ref().map(CheckpointRecord::from),
        };
        serde_json::to_vec(&record).expect("invariant: a head holds only texts, numbers and lists")
    }

    /// `None`: of another version, or damaged.
    pub(crate) fn from_json(bytes: &[u8]) -> Option<Head> {
        let record: HeadRecord = serde_json::from_slice(bytes).ok()?;
        let near = |ms: i64| (-FAR_MS..=FAR_MS).contains(&ms);
        if record.v != 1 || !near(record.at_ms) || !near(record.offset_ms) {
            return None;
        }
        Some(Head {
            at: HallTime(record.at_ms),
            clock: WallClock {
                offset_ms: record.offset_ms,
                utc_offset_s: record.utc_offset_s,
                synced: record.synced,
            },
            // A checkpoint of another version costs what was open, not the day.
            checkpoint: record.checkpoint.and_then(|c| c.try_into().ok()),
            continued: record.continued,
            rule: record.rule,
            config_sha256: record.config_sha256,
            cameras: record
                .cameras
                .into_iter()
                .map(|eye| Eye {
                    camera: eye.id.into(),
                    zones: eye.zones.into_iter().map(|(z, f)| (z.into(), f)).collect(),
                })
                .collect(),
            sensors: record.sensors.into_iter().map(SensorId::from).collect(),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct HeadRecord {
    v: u32,
    at_ms: i64,
    offset_ms: i64,
    utc_offset_s: i32,
    synced: bool,
    continued: bool,
    rule: String,
    config_sha256: String,
    cameras: Vec<EyeRecord>,
    sensors: Vec<String>,
    checkpoint: Option<CheckpointRecord>,
}

#[derive(Serialize, Deserialize)]
struct EyeRecord {
    id: String,
    zones: Vec<(String, bool)>,
}
