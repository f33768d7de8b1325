//! One sensor now: its last word, how far it is believed, and why.

use hall_core::observe::Quality;
use hall_core::snapshot::{SensorReason, SensorSnapshot};
use hall_core::time::HallTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::state::AppState;

/// One sensor as the engine sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SensorSnapshotDto {
    /// Sensor id.
    pub sensor: String,
    /// Last value; null before the first.
    pub value: Option<bool>,
    /// Trust now.
    pub quality: QualityDto,
    /// Why it is not good; null while it is.
    pub reason: Option<SensorReasonDto>,
    /// Since when, RFC 3339; null while it is good.
    pub since: Option<String>,
    /// Last reading, RFC 3339; null before the first, and while its age is not known.
    pub last_seen: Option<String>,
    /// How old it is, up to `now`, in milliseconds.
    pub age_ms: Option<i64>,
    /// How often it went on within the last hour (presence and seat sensors).
    pub ons_last_hour: u32,
}

/// How far a reading can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QualityDto {
    /// Fresh and plausible.
    Good,
    /// Older than its allowed silence.
    Stale,
    /// Implausible.
    Suspect,
    /// Reported broken.
    Fault,
}

/// Why a sensor is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SensorReasonDto {
    /// Stale: nothing heard yet, since the start or since it, or its gateway, came back.
    NotHeard,
    /// Stale: its last word is older than its limit.
    Silent,
    /// Stale: what is known of it was kept by the broker and has no time of its own.
    Retained,
    /// Stale: its gateway is down.
    Gateway,
    /// Suspect: on outside duty for too long.
    StuckOn,
    /// Suspect: never on while video saw somebody at the seat for too long.
    StuckOff,
    /// Suspect: on too often.
    Flapping,
    /// Suspect: it says somebody is there, video has seen nobody for too long.
    Conflict,
    /// Suspect: a person found it wrong.
    SensorWrong,
    /// Suspect: its own message contradicts itself.
    Contradictory,
    /// Fault: reported gone, by its own availability or by the line it is on.
    Offline,
    /// Fault: it reports a defect itself.
    Defect,
}

impl SensorSnapshotDto {
    pub(super) fn new(s: &SensorSnapshot, now: HallTime, state: &AppState) -> Self {
        SensorSnapshotDto {
            sensor: s.sensor.to_string(),
            value: s.value,
            quality: s.quality.into(),
            reason: s.trouble.map(|(reason, _)| reason.into()),
            since: s.trouble.map(|(_, since)| state.wall(since)),
            last_seen: s.last_seen.map(|at| state.wall(at)),
            age_ms: s.last_seen.map(|at| now.since_ms(at).max(0)),
            ons_last_hour: s.ons_last_hour,
        }
    }
}

impl From<Quality> for QualityDto {
    fn from(quality: Quality) -> Self {
        match quality {
            Quality::Good => QualityDto::Good,
            Quality::Stale => QualityDto::Stale,
            Quality::Suspect => QualityDto::Suspect,
            Quality::Fault => QualityDto::Fault,
        }
    }
}

impl From<SensorReason> for SensorReasonDto {
    fn from(reason: SensorReason) -> Self {
        match reason {
            SensorReason::NotHeard => SensorReasonDto::NotHeard,
            SensorReason::Silent => SensorReasonDto::Silent,
            SensorReason::Retained => SensorReasonDto::Retained,
            SensorReason::Gateway => SensorReasonDto::Gateway,
            SensorReason::StuckOn => SensorReasonDto::StuckOn,
            SensorReason::StuckOff => SensorReasonDto::StuckOff,
            SensorReason::Flapping => SensorReasonDto::Flapping,
            SensorReason::Conflict => SensorReasonDto::Conflict,
            SensorReason::SensorWrong => SensorReasonDto::SensorWrong,
            SensorReason::Contradictory => SensorReasonDto::Contradictory,
            SensorReason::Offline => SensorReasonDto::Offline,
            SensorReason::Defect => SensorReasonDto::Defect,
        }
    }
}
