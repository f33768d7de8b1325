//! Observations: everything the engine can be told. A closed list; arrival order is never taken as time.

use crate::ids::{CameraId, SensorId, TrackId, ZoneId};
use crate::time::{HallTime, WallClock};

/// People counted in one zone of one camera's picture.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneCount {
    /// The zone.
    pub zone: ZoneId,
    /// People whose evaluation point lies in it and who qualify for its kind (customers leaning over are not staff).
    pub count: u32,
    /// Their tracks, for dwell times; empty when the source only counts.
    pub tracks: Vec<TrackId>,
}

/// One analysed picture of one camera: every zone of that camera is listed, also the empty ones.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneSnapshot {
    /// The camera.
    pub camera: CameraId,
    /// Capture time of the picture.
    pub at: HallTime,
    /// Counts per zone.
    pub zones: Vec<ZoneCount>,
}

/// How far a reading can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quality {
    /// Fresh and plausible.
    #[default]
    Good,
    /// Older than the sensor's allowed silence.
    Stale,
    /// Implausible (stuck, flapping, contradicted).
    Suspect,
    /// Reported broken.
    Fault,
}

/// One reading of one sensor: on (someone there, pause declared, lamp lit) or off.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorReading {
    /// The sensor.
    pub sensor: SensorId,
    /// When it was measured, or received where the sensor has no clock.
    pub at: HallTime,
    /// On or off.
    pub value: bool,
    /// The adapter's own judgement.
    pub quality: Quality,
}

/// Something that delivers observations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceId {
    /// A camera.
    Camera(CameraId),
    /// A sensor.
    Sensor(SensorId),
}

/// Why a source is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultCause {
    /// No frames, no messages, no connection.
    Offline,
    /// Picture too dark.
    Dark,
    /// Lens covered.
    Blocked,
    /// Picture out of focus.
    Blurry,
    /// The same picture again and again.
    Frozen,
    /// View no longer the one signed off.
    Moved,
    /// The source itself reports a defect.
    Defect,
    /// It delivers, but the box cannot analyse it (no model, no runtime): the source is not to blame.
    Unanalysed,
}

/// A source went up or down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHealth {
    /// Which.
    pub source: SourceId,
    /// When.
    pub at: HallTime,
    /// `None`: up; otherwise why it is down.
    pub down: Option<FaultCause>,
}

/// Everything that can happen to the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// An analysed picture.
    Zones(ZoneSnapshot),
    /// A sensor reading.
    Sensor(SensorReading),
    /// A source went up or down.
    Source(SourceHealth),
    /// The wall clock was set, stepped or became trusted.
    Clock(WallClock),
    /// Time passed.
    Tick,
}
