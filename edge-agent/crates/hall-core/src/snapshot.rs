//! The engine's present view of the hall, for the page, the retained MQTT states and the summaries.

use crate::account::WaitSource;
use crate::event::{EventId, Level};
use crate::ids::{CameraId, QueueId, SensorId, WindowId};
use crate::observe::{FaultCause, Quality};
use crate::time::HallTime;
use crate::tri::Tri;

/// State of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WindowState {
    /// 在岗.
    Staffed,
    /// 空岗 (suspected).
    Unstaffed,
    /// 暂停.
    Paused,
    /// 未排班.
    OffDuty,
    /// 无法观测.
    Unknown,
}

/// Why a window has its state: the row of the truth table that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Video sees somebody on post.
    VideoPresent,
    /// A healthy sensor says somebody is there.
    SensorPresent,
    /// Video and sensor both say so.
    VideoAndSensorPresent,
    /// Video sees nobody and no healthy sensor contradicts.
    VideoAbsent,
    /// Sensor-only window: the sensor says nobody.
    SensorAbsent,
    /// Video sees nobody, a sensor has said otherwise for too long.
    Conflict,
    /// Declared paused.
    PauseDeclared,
    /// Outside duty times.
    NotScheduled,
    /// The camera is silent or faulty and nothing else tells.
    CameraDown,
    /// Sensor-only window: the sensor, or its gateway, is silent.
    SensorStale,
    /// Sensor-only window: the sensor is stuck, flapping or found wrong.
    SensorSuspect,
    /// Sensor-only window: the sensor is reported down.
    SensorDown,
    /// No source has said anything yet.
    NoObservation,
    /// The wall clock is not trusted.
    ClockUnsynced,
    /// What is seen has not moved at all for too long: a coat, a poster, a screen?
    StaticPresence,
    /// Nobody there, approved leave.
    OnLeave,
    /// Nobody there, another window of its group is staffed.
    CoveredByGroup,
    /// Declared paused for longer than allowed.
    PauseOverLimit,
    /// Not scheduled, and yet somebody serves.
    ExtraOpen,
}

/// One window now.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowSnapshot {
    /// Which.
    pub window: WindowId,
    /// State.
    pub state: WindowState,
    /// Since when (back-dated).
    pub since: HallTime,
    /// Why.
    pub reason: Reason,
    /// What video alone says.
    pub video: Tri,
    /// What healthy presence sensors say.
    pub sensor: Tri,
    /// Sources that agree with the state.
    pub evidence_sources: Vec<String>,
    /// A clerk is on post but not at the seat.
    pub away_from_seat: bool,
    /// Customers at the counter now.
    pub customers: u32,
    /// Open event on this window.
    pub open_event: Option<EventId>,
    /// Its level.
    pub level: Option<Level>,
    /// Observed absence of the present episode, in milliseconds; 0 when staffed.
    pub absent_ms: i64,
}

/// State of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueueState {
    /// Below the limit.
    Normal,
    /// Raised and not yet cleared.
    Long,
    /// Nothing known.
    Unknown,
}

/// The estimated wait of somebody who joins a queue now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitEstimate {
    /// Estimate, in milliseconds.
    pub wait_ms: i64,
    /// One standard error of it, in milliseconds.
    pub error_ms: i64,
    /// Where it comes from.
    pub source: WaitSource,
}

/// One queue now.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueSnapshot {
    /// Which.
    pub queue: QueueId,
    /// State.
    pub state: QueueState,
    /// Since when.
    pub since: HallTime,
    /// People who have dwelt long enough; `None` when unknown.
    pub length: Option<u32>,
    /// People in the zone, dwelt or not; `None` when unknown.
    pub in_zone: Option<u32>,
    /// Count at capacity.
    pub saturated: bool,
    /// Estimated wait; `None`: insufficient data.
    pub wait: Option<WaitEstimate>,
    /// Windows it feeds that are staffed now.
    pub open_windows: u32,
    /// Windows that should be open to keep the wait within target (Erlang C); `None`: no advice.
    pub advised_windows: Option<u32>,
    /// Open event on this queue.
    pub open_event: Option<EventId>,
    /// Its level.
    pub level: Option<Level>,
}

/// One camera as the engine sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSnapshot {
    /// Which.
    pub camera: CameraId,
    /// `None`: up.
    pub down: Option<FaultCause>,
    /// Last observation; `None` before the first.
    pub last_seen: Option<HallTime>,
}

/// Why a sensor is not listened to, or not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SensorReason {
    /// Stale: nothing heard yet, since the start or since it, or its gateway, came back.
    NotHeard,
    /// Stale: its last word is older than its limit.
    Silent,
    /// Stale: what is known of it was kept by the broker and has no time of its own.
    Retained,
    /// Stale: the gateway its messages pass through is down.
    Gateway,
    /// Suspect: on outside duty for too long without one off.
    StuckOn,
    /// Suspect: never on while video saw somebody at the seat for too long.
    StuckOff,
    /// Suspect: on too often.
    Flapping,
    /// Suspect: video has seen nobody for too long while it says somebody is there.
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

/// One sensor as the engine sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorSnapshot {
    /// Which.
    pub sensor: SensorId,
    /// Last value; `None` before the first.
    pub value: Option<bool>,
    /// Trust now.
    pub quality: Quality,
    /// Why it is not `good`, and since when; `None` while it is.
    pub trouble: Option<(SensorReason, HallTime)>,
    /// Last reading; `None` before the first, and when its age is not known.
    pub last_seen: Option<HallTime>,
    /// How often it went on within the last hour (presence and seat sensors).
    pub ons_last_hour: u32,
}

/// The whole hall now.
#[derive(Debug, Clone, PartialEq)]
pub struct HallSnapshot {
    /// When this view was taken.
    pub at: HallTime,
    /// Windows in display order.
    pub windows: Vec<WindowSnapshot>,
    /// Queues in display order.
    pub queues: Vec<QueueSnapshot>,
    /// Cameras.
    pub cameras: Vec<CameraSnapshot>,
    /// Sensors.
    pub sensors: Vec<SensorSnapshot>,
}
