//! The retained states v1 (`state/window/{id}`, `state/queue/{id}`): what the centre and the page see as "now". Knows no
//! transport and not when to publish.

use hall_core::account::WaitSource;
use hall_core::snapshot::{QueueSnapshot, QueueState, Reason, WindowSnapshot, WindowState};
use hall_core::time::{HallTime, WallClock};
use hall_core::tri::Tri;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{event_id_text, level_name, seconds};
use crate::time::rfc3339;

/// Facts that every state carries.
#[derive(Debug, Clone, PartialEq)]
pub struct StateContext {
    /// Hall id.
    pub hall: String,
    /// Box id.
    pub box_id: String,
    /// When the view was taken.
    pub at: HallTime,
    /// For wall renderings.
    pub clock: WallClock,
}

/// One window now, v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WindowStateRecord {
    /// Format version: 1.
    pub v: u32,
    /// Always `window`.
    pub kind: String,
    /// Hall id.
    pub hall: String,
    /// Box id.
    #[serde(rename = "box")]
    pub box_id: String,
    /// Window id.
    pub id: String,
    /// When this view was taken, RFC 3339 with milliseconds and offset.
    pub at: String,
    /// `staffed`, `unstaffed`, `paused`, `off_duty` or `unknown`.
    pub state: String,
    /// Since when, back-dated.
    pub since: String,
    /// Row of the truth table that decided, for example `video_absent`.
    pub reason: String,
    /// What video alone says: `yes`, `no` or `unknown`.
    pub video: String,
    /// What healthy presence sensors say.
    pub sensor: String,
    /// Sources that agree with the state, for example `video:cam2`.
    pub evidence_sources: Vec<String>,
    /// A clerk is on post but not at the seat.
    pub away_from_seat: bool,
    /// Customers at the counter.
    pub customers: u32,
    /// ULID of the open event; null without one.
    pub open_event: Option<String>,
    /// Its level; null without one.
    pub level: Option<String>,
    /// Observed absence of the present episode, in seconds.
    pub absent_s: f64,
    /// Share of the last minute's scheduled time whose state was known, over the hall, 0–1; null before the first minute.
    pub coverage: Option<f64>,
}

/// One queue now, v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueueStateRecord {
    /// Format version: 1.
    pub v: u32,
    /// Always `queue`.
    pub kind: String,
    /// Hall id.
    pub hall: String,
    /// Box id.
    #[serde(rename = "box")]
    pub box_id: String,
    /// Queue id.
    pub id: String,
    /// When this view was taken.
    pub at: String,
    /// `normal`, `long` or `unknown`.
    pub state: String,
    /// Since when.
    pub since: String,
    /// People queuing (dwelt long enough); null when unknown.
    pub length: Option<u32>,
    /// People in the zone, dwelt or not; null when unknown.
    pub in_zone: Option<u32>,
    /// The count reached what the zone can hold: at least this many.
    pub saturated: bool,
    /// Estimated wait of somebody who joins now, in seconds; null: insufficient data.
    #[serde(default)]
    pub wait_est_s: Option<f64>,
    /// One standard error of it, in seconds; null without an estimate.
    #[serde(default)]
    pub wait_error_s: Option<f64>,
    /// Where it comes from: `ticket` or `video`; null without an estimate.
    #[serde(default)]
    pub wait_src: Option<String>,
    /// Windows it feeds that serve now.
    #[serde(default)]
    pub open_windows: u32,
    /// Windows that should be open to keep waits within target (Erlang C); null: no advice.
    #[serde(default)]
    pub advised_windows: Option<u32>,
    /// ULID of the open event; null without one.
    pub open_event: Option<String>,
    /// Its level; null without one.
    pub level: Option<String>,
}

impl WindowStateRecord {
    /// The v1 form; `coverage` is that of the hall's last live summary.
    #[must_use]
    pub fn new(window: &WindowSnapshot, ctx: &StateContext, coverage: Option<f32>) -> Self {
        WindowStateRecord {
            v: 1,
            kind: "window".into(),
            hall: ctx.hall.clone(),
            box_id: ctx.box_id.clone(),
            id: window.window.to_string(),
            at: rfc3339(ctx.clock.stamp(ctx.at)),
            state: window_state_name(window.state).into(),
            since: rfc3339(ctx.clock.stamp(window.since)),
            reason: reason_name(window.reason).into(),
            video: tri_name(window.video).into(),
            sensor: tri_name(window.sensor).into(),
            evidence_sources: window.evidence_sources.clone(),
            away_from_seat: window.away_from_seat,
            customers: window.customers,
            open_event: window.open_event.map(event_id_text),
            level: window.level.map(|l| level_name(l).into()),
            absent_s: seconds(window.absent_ms),
            coverage: coverage.map(|c| (f64::from(c) * 1000.0).round() / 1000.0),
        }
    }
}

impl QueueStateRecord {
    /// The v1 form.
    #[must_use]
    pub fn new(queue: &QueueSnapshot, ctx: &StateContext) -> Self {
        QueueStateRecord {
            v: 1,
            kind: "queue".into(),
            hall: ctx.hall.clone(),
            box_id: ctx.box_id.clone(),
            id: queue.queue.to_string(),
            at: rfc3339(ctx.clock.stamp(ctx.at)),
            state: queue_state_name(queue.state).into(),
            since: rfc3339(ctx.clock.stamp(queue.since)),
            length: queue.length,
            in_zone: queue.in_zone,
            saturated: queue.saturated,
            wait_est_s: queue.wait.map(|wait| whole_seconds(wait.wait_ms)),
            wait_error_s: queue.wait.map(|wait| whole_seconds(wait.error_ms)),
            wait_src: queue.wait.map(|wait| wait_source_name(wait.source).into()),
            open_windows: queue.open_windows,
            advised_windows: queue.advised_windows,
            open_event: queue.open_event.map(event_id_text),
            level: queue.level.map(|l| level_name(l).into()),
        }
    }
}

/// Stable name of a window state.
#[must_use]
pub fn window_state_name(state: WindowState) -> &'static str {
    match state {
        WindowState::Staffed => "staffed",
        WindowState::Unstaffed => "unstaffed",
        WindowState::Paused => "paused",
        WindowState::OffDuty => "off_duty",
        WindowState::Unknown => "unknown",
    }
}

/// Stable name of a source of waits.
#[must_use]
pub fn wait_source_name(source: WaitSource) -> &'static str {
    match source {
        WaitSource::Ticket => "ticket",
        WaitSource::Video => "video",
    }
}

/// An estimate claims no fractions of a second.
pub(crate) fn whole_seconds(ms: i64) -> f64 {
    (ms as f64 / 1000.0).round()
}

/// Stable name of a queue state.
#[must_use]
pub fn queue_state_name(state: QueueState) -> &'static str {
    match state {
        QueueState::Normal => "normal",
        QueueState::Long => "long",
        QueueState::Unknown => "unknown",
    }
}

/// Stable name of a reason.
#[must_use]
pub fn reason_name(reason: Reason) -> &'static str {
    match reason {
        Reason::VideoPresent => "video_present",
        Reason::SensorPresent => "sensor_present",
        Reason::VideoAndSensorPresent => "video_and_sensor_present",
        Reason::VideoAbsent => "video_absent",
        Reason::SensorAbsent => "sensor_absent",
        Reason::Conflict => "conflict",
        Reason::PauseDeclared => "pause_declared",
        Reason::NotScheduled => "not_scheduled",
        Reason::CameraDown => "camera_down",
        Reason::SensorStale => "sensor_stale",
        Reason::SensorSuspect => "sensor_suspect",
        Reason::SensorDown => "sensor_down",
        Reason::NoObservation => "no_observation",
        Reason::ClockUnsynced => "clock_unsynced",
        Reason::StaticPresence => "static_presence",
        Reason::OnLeave => "on_leave",
        Reason::CoveredByGroup => "covered_by_group",
        Reason::PauseOverLimit => "pause_over_limit",
        Reason::ExtraOpen => "extra_open",
    }
}

/// `yes`, `no` or `unknown`.
#[must_use]
pub fn tri_name(tri: Tri) -> &'static str {
    match tri {
        Tri::Yes => "yes",
        Tri::No => "no",
        Tri::Unknown => "unknown",
    }
}
