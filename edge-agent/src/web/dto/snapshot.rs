//! The hall now. Durations are taken on the box's monotonic clock, so that a viewer's clock and steps of the wall clock
//! never show in a timer.

use hall_core::Tri;
use hall_core::account::WaitSource;
use hall_core::event::Level;
use hall_core::observe::FaultCause;
use hall_core::snapshot::{
    CameraSnapshot, HallSnapshot, QueueSnapshot, QueueState, Reason, WindowSnapshot, WindowState,
};
use hall_core::time::HallTime;
use hall_wire::event::event_id_text;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::dto::sensor::SensorSnapshotDto;
use crate::web::state::AppState;

/// The whole hall now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SnapshotDto {
    /// Format version: 1.
    pub v: u32,
    /// When the engine took this view, RFC 3339.
    pub at: String,
    /// When it was sent.
    pub now: String,
    /// From `at` to `now`, in milliseconds; add it to durations that are given as of `at`.
    pub age_ms: i64,
    /// The wall clock is believed; schedule rules wait while it is not.
    pub clock_synced: bool,
    /// Windows in display order.
    pub windows: Vec<WindowSnapshotDto>,
    /// Queues in display order.
    pub queues: Vec<QueueSnapshotDto>,
    /// Cameras.
    pub cameras: Vec<CameraSnapshotDto>,
    /// Sensors.
    pub sensors: Vec<SensorSnapshotDto>,
}

/// One window now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WindowSnapshotDto {
    /// Window id.
    pub window: String,
    /// State; `unstaffed` is always a suspicion.
    pub state: WindowStateDto,
    /// Since when, back-dated, RFC 3339.
    pub since: String,
    /// How long, up to `now`, in milliseconds.
    pub for_ms: i64,
    /// Why.
    pub reason: ReasonDto,
    /// What video alone says about presence.
    pub video: TriDto,
    /// What healthy presence sensors say.
    pub sensor: TriDto,
    /// Sources that agree with the state.
    pub evidence_sources: Vec<String>,
    /// On post but not at the seat.
    pub away_from_seat: bool,
    /// Customers at the counter.
    pub customers: u32,
    /// ULID of the open event; null without one.
    pub open_event: Option<String>,
    /// Its level.
    pub level: Option<LevelDto>,
    /// Observed absence of the present episode as of `at`, in milliseconds; 0 when staffed.
    pub absent_ms: i64,
}

/// State of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowStateDto {
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

/// Why a window has its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonDto {
    /// Video sees somebody on post.
    VideoPresent,
    /// A healthy sensor says somebody is there.
    SensorPresent,
    /// Both say so.
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
    /// What is seen has not moved at all for too long.
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

/// Yes, no, or not knowable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TriDto {
    /// Observed to be so.
    Yes,
    /// Observed not to be so.
    No,
    /// Not observed.
    Unknown,
}

/// Severity of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LevelDto {
    /// For information.
    Info,
    /// A device does not work.
    Fault,
    /// 提示.
    Notice,
    /// 预警.
    Warn,
    /// 告警.
    Severe,
}

/// One queue now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueSnapshotDto {
    /// Queue id.
    pub queue: String,
    /// State.
    pub state: QueueStateDto,
    /// Since when, RFC 3339.
    pub since: String,
    /// How long, up to `now`, in milliseconds.
    pub for_ms: i64,
    /// People who have dwelt long enough; null when unknown.
    pub length: Option<u32>,
    /// People in the zone; null when unknown.
    pub in_zone: Option<u32>,
    /// At capacity: `length` is a least number.
    pub saturated: bool,
    /// Estimated wait of somebody who joins now, in seconds; null: insufficient data.
    pub wait_est_s: Option<i64>,
    /// One standard error of it, in seconds; null without an estimate.
    pub wait_error_s: Option<i64>,
    /// Where it comes from; null without an estimate.
    pub wait_src: Option<WaitSourceDto>,
    /// Windows it feeds that serve now.
    pub open_windows: u32,
    /// Windows that should be open to keep waits within target; null: no advice.
    pub advised_windows: Option<u32>,
    /// ULID of the open event; null without one.
    pub open_event: Option<String>,
    /// Its level.
    pub level: Option<LevelDto>,
}

/// Where an estimated wait comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitSourceDto {
    /// The ticket machine.
    Ticket,
    /// Video.
    Video,
}

/// State of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueStateDto {
    /// Below the limit.
    Normal,
    /// Raised and not yet cleared.
    Long,
    /// Nothing known.
    Unknown,
}

/// One camera as the engine sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CameraSnapshotDto {
    /// Camera id.
    pub camera: String,
    /// Why it is down; null: up.
    pub down: Option<FaultDto>,
    /// Last observation, RFC 3339; null before the first.
    pub last_seen: Option<String>,
}

/// Why a source is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultDto {
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
    /// It delivers, but the box cannot analyse it.
    Unanalysed,
}

impl SnapshotDto {
    pub(in crate::web) fn new(snapshot: &HallSnapshot, state: &AppState) -> Self {
        // An observation may be stamped a moment after this instant was taken; it is not from the future.
        let now = state.now().max(snapshot.at);
        let clock_synced = (state.inputs().clock)().synced;
        SnapshotDto {
            v: 1,
            at: state.wall(snapshot.at),
            now: state.wall(now),
            age_ms: now.since_ms(snapshot.at),
            clock_synced,
            windows: snapshot
                .windows
                .iter()
                .map(|w| window(w, now, state))
                .collect(),
            queues: snapshot
                .queues
                .iter()
                .map(|q| queue(q, now, state))
                .collect(),
            cameras: snapshot.cameras.iter().map(|c| camera(c, state)).collect(),
            sensors: snapshot
                .sensors
                .iter()
                .map(|s| SensorSnapshotDto::new(s, now, state))
                .collect(),
        }
    }
}

fn window(w: &WindowSnapshot, now: HallTime, state: &AppState) -> WindowSnapshotDto {
    WindowSnapshotDto {
        window: w.window.to_string(),
        state: w.state.into(),
        since: state.wall(w.since),
        for_ms: now.since_ms(w.since).max(0),
        reason: w.reason.into(),
        video: w.video.into(),
        sensor: w.sensor.into(),
        evidence_sources: w.evidence_sources.clone(),
        away_from_seat: w.away_from_seat,
        customers: w.customers,
        open_event: w.open_event.map(event_id_text),
        level: w.level.map(Into::into),
        absent_ms: w.absent_ms,
    }
}

fn queue(q: &QueueSnapshot, now: HallTime, state: &AppState) -> QueueSnapshotDto {
    QueueSnapshotDto {
        queue: q.queue.to_string(),
        state: match q.state {
            QueueState::Normal => QueueStateDto::Normal,
            QueueState::Long => QueueStateDto::Long,
            QueueState::Unknown => QueueStateDto::Unknown,
        },
        since: state.wall(q.since),
        for_ms: now.since_ms(q.since).max(0),
        length: q.length,
        in_zone: q.in_zone,
        saturated: q.saturated,
        wait_est_s: q.wait.map(|wait| (wait.wait_ms + 500) / 1000),
        wait_error_s: q.wait.map(|wait| (wait.error_ms + 500) / 1000),
        wait_src: q.wait.map(|wait| match wait.source {
            WaitSource::Ticket => WaitSourceDto::Ticket,
            WaitSource::Video => WaitSourceDto::Video,
        }),
        open_windows: q.open_windows,
        advised_windows: q.advised_windows,
        open_event: q.open_event.map(event_id_text),
        level: q.level.map(Into::into),
    }
}

fn camera(c: &CameraSnapshot, state: &AppState) -> CameraSnapshotDto {
    CameraSnapshotDto {
        camera: c.camera.to_string(),
        down: c.down.map(Into::into),
        last_seen: c.last_seen.map(|at| state.wall(at)),
    }
}

impl From<WindowState> for WindowStateDto {
    fn from(state: WindowState) -> Self {
        match state {
            WindowState::Staffed => WindowStateDto::Staffed,
            WindowState::Unstaffed => WindowStateDto::Unstaffed,
            WindowState::Paused => WindowStateDto::Paused,
            WindowState::OffDuty => WindowStateDto::OffDuty,
            WindowState::Unknown => WindowStateDto::Unknown,
        }
    }
}

impl From<Reason> for ReasonDto {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::VideoPresent => ReasonDto::VideoPresent,
            Reason::SensorPresent => ReasonDto::SensorPresent,
            Reason::VideoAndSensorPresent => ReasonDto::VideoAndSensorPresent,
            Reason::VideoAbsent => ReasonDto::VideoAbsent,
            Reason::SensorAbsent => ReasonDto::SensorAbsent,
            Reason::Conflict => ReasonDto::Conflict,
            Reason::PauseDeclared => ReasonDto::PauseDeclared,
            Reason::NotScheduled => ReasonDto::NotScheduled,
            Reason::CameraDown => ReasonDto::CameraDown,
            Reason::SensorStale => ReasonDto::SensorStale,
            Reason::SensorSuspect => ReasonDto::SensorSuspect,
            Reason::SensorDown => ReasonDto::SensorDown,
            Reason::NoObservation => ReasonDto::NoObservation,
            Reason::ClockUnsynced => ReasonDto::ClockUnsynced,
            Reason::StaticPresence => ReasonDto::StaticPresence,
            Reason::OnLeave => ReasonDto::OnLeave,
            Reason::CoveredByGroup => ReasonDto::CoveredByGroup,
            Reason::PauseOverLimit => ReasonDto::PauseOverLimit,
            Reason::ExtraOpen => ReasonDto::ExtraOpen,
        }
    }
}

impl From<Tri> for TriDto {
    fn from(tri: Tri) -> Self {
        match tri {
            Tri::Yes => TriDto::Yes,
            Tri::No => TriDto::No,
            Tri::Unknown => TriDto::Unknown,
        }
    }
}

impl From<Level> for LevelDto {
    fn from(level: Level) -> Self {
        match level {
            Level::Info => LevelDto::Info,
            Level::Fault => LevelDto::Fault,
            Level::Notice => LevelDto::Notice,
            Level::Warn => LevelDto::Warn,
            Level::Severe => LevelDto::Severe,
        }
    }
}

impl From<FaultCause> for FaultDto {
    fn from(cause: FaultCause) -> Self {
        match cause {
            FaultCause::Offline => FaultDto::Offline,
            FaultCause::Dark => FaultDto::Dark,
            FaultCause::Blocked => FaultDto::Blocked,
            FaultCause::Blurry => FaultDto::Blurry,
            FaultCause::Frozen => FaultDto::Frozen,
            FaultCause::Moved => FaultDto::Moved,
            FaultCause::Defect => FaultDto::Defect,
            FaultCause::Unanalysed => FaultDto::Unanalysed,
        }
    }
}
