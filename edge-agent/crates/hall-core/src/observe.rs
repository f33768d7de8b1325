//! Observations: everything the engine can be told. A closed list; arrival order is never taken as time.

use crate::ids::{CameraId, GatewayId, QueueId, SensorId, TrackId, WindowId, ZoneId};
use crate::order::Order;
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
    /// Staff zones: when the last of those counted moved at all; a coat never does. `None`: nobody counted, or nobody knows.
    pub still_since: Option<HallTime>,
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
    /// A gateway of sensors.
    Gateway(GatewayId),
    /// The ticket machine of a queue.
    Tickets(QueueId),
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

/// Where a ticket is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TicketState {
    /// Taken, not called yet.
    Waiting,
    /// Called to a window.
    Called,
    /// Being served.
    Serving,
    /// Served.
    Done,
    /// Called and nobody came (过号).
    NoShow,
    /// Called again.
    Recalled,
    /// Sent to another queue or window.
    Transferred,
    /// Given back.
    Cancelled,
}

/// What the ticket machine says about one ticket. Wall times are turned into hall time where they enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The queue it waits in.
    pub queue: QueueId,
    /// When it was said.
    pub at: HallTime,
    /// Number as printed, for example `A023`; lives only while the ticket does.
    pub number: String,
    /// The window it was called to.
    pub window: Option<WindowId>,
    /// Where it is in its life.
    pub state: TicketState,
    /// When it was taken.
    pub taken_at: Option<HallTime>,
    /// When it was called.
    pub called_at: Option<HallTime>,
    /// When service began.
    pub start_at: Option<HallTime>,
    /// When service ended.
    pub end_at: Option<HallTime>,
    /// People who came with it, at least 1.
    pub party: u32,
}

/// What the box notices about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemFact {
    /// The disk is nearly full (`true`) or has room again.
    StorageLow(bool),
    /// The box runs again after it had no power (or no process) since this instant.
    PowerRestored(HallTime),
    /// Another configuration is in force; its SHA-256, hex.
    ConfigChanged(String),
    /// Another model is in use; its SHA-256, hex.
    ModelChanged(String),
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
    /// A ticket machine speaks.
    Ticket(Ticket),
    /// A person or the centre decides something.
    Order(Order),
    /// The box notices something about itself.
    System(SystemFact),
    /// Time passed.
    Tick,
}
