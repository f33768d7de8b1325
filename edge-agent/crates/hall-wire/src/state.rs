//! The retained states v1 (`state/window/{id}`, `state/queue/{id}`): what the centre and the page see as "now". Knows no
//! transport and not when to publish.

use hall_core::snapshot::{QueueSnapshot, WindowSnapshot};
use hall_core::time::{HallTime, WallClock};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{event_id_text, level_name, seconds};
use crate::schema::{Count, Id, Instant, One, QueueKind, Seconds, Share, Ulid, WindowKind};
use crate::time::rfc3339;

use crate::name::{
    LevelWord, QueueStateWord, ReasonWord, TriWord, WaitSourceWord, WindowStateWord,
};
pub use crate::name::{
    queue_state_name, reason_name, tri_name, wait_source_name, window_state_name,
};

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
    #[schemars(with = "One")]
    pub v: u32,
    /// Always `window`.
    #[schemars(with = "WindowKind")]
    pub kind: String,
    /// Hall id.
    #[schemars(with = "Id")]
    pub hall: String,
    /// Box id.
    #[schemars(with = "Id")]
    #[serde(rename = "box")]
    pub box_id: String,
    /// Window id.
    #[schemars(with = "Id")]
    pub id: String,
    /// When this view was taken, RFC 3339 with milliseconds and offset.
    #[schemars(with = "Instant")]
    pub at: String,
    /// `staffed`; `unstaffed` (suspected); `paused` (declared); `off_duty`; `unknown` (nobody can say: never counted as unstaffed).
    #[schemars(with = "WindowStateWord")]
    pub state: String,
    /// Since when, back-dated.
    #[schemars(with = "Instant")]
    pub since: String,
    /// Why: the row of the truth table that decided.
    #[schemars(with = "ReasonWord")]
    pub reason: String,
    /// Whether video alone sees somebody on post.
    #[schemars(with = "TriWord")]
    pub video: String,
    /// Whether healthy presence sensors say that somebody is.
    #[schemars(with = "TriWord")]
    pub sensor: String,
    /// Sources that agree with the state, for example `video:cam2`.
    pub evidence_sources: Vec<String>,
    /// A clerk is on post but not at the seat.
    pub away_from_seat: bool,
    /// Customers at the counter.
    #[schemars(with = "Count")]
    pub customers: u32,
    /// ULID of the open event; null without one.
    #[schemars(with = "Option<Ulid>")]
    pub open_event: Option<String>,
    /// Its level; null without one.
    #[schemars(with = "Option<LevelWord>")]
    pub level: Option<String>,
    /// Observed absence of the present episode, in seconds.
    #[schemars(with = "Seconds")]
    pub absent_s: f64,
    /// Share of the last minute on duty in which this window could be observed; null while it was never on duty.
    #[schemars(with = "Option<Share>")]
    pub coverage: Option<f64>,
}

/// One queue now, v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueueStateRecord {
    /// Format version: 1.
    #[schemars(with = "One")]
    pub v: u32,
    /// Always `queue`.
    #[schemars(with = "QueueKind")]
    pub kind: String,
    /// Hall id.
    #[schemars(with = "Id")]
    pub hall: String,
    /// Box id.
    #[schemars(with = "Id")]
    #[serde(rename = "box")]
    pub box_id: String,
    /// Queue id.
    #[schemars(with = "Id")]
    pub id: String,
    /// When this view was taken.
    #[schemars(with = "Instant")]
    pub at: String,
    /// `normal`, `long` (suspected: over the limit for long enough) or `unknown`.
    #[schemars(with = "QueueStateWord")]
    pub state: String,
    /// Since when.
    #[schemars(with = "Instant")]
    pub since: String,
    /// People queuing (dwelt long enough); null when unknown.
    #[schemars(with = "Option<Count>")]
    pub length: Option<u32>,
    /// People in the zone, dwelt or not; null when unknown.
    #[schemars(with = "Option<Count>")]
    pub in_zone: Option<u32>,
    /// The count reached what the zone can hold: at least this many.
    pub saturated: bool,
    /// Estimated wait of somebody who joins now, in seconds; null: insufficient data.
    #[schemars(with = "Option<Seconds>")]
    #[serde(default)]
    pub wait_est_s: Option<f64>,
    /// One standard error of it, in seconds; null without an estimate.
    #[schemars(with = "Option<Seconds>")]
    #[serde(default)]
    pub wait_error_s: Option<f64>,
    /// Where the estimate comes from; null without one.
    #[schemars(with = "Option<WaitSourceWord>")]
    #[serde(default)]
    pub wait_src: Option<String>,
    /// Windows it feeds that serve now.
    #[schemars(with = "Count")]
    #[serde(default)]
    pub open_windows: u32,
    /// Windows that should be open to keep waits within target (Erlang C); null: no advice.
    #[schemars(with = "Option<Count>")]
    #[serde(default)]
    pub advised_windows: Option<u32>,
    /// ULID of the open event; null without one.
    #[schemars(with = "Option<Ulid>")]
    pub open_event: Option<String>,
    /// Its level; null without one.
    #[schemars(with = "Option<LevelWord>")]
    pub level: Option<String>,
}

impl WindowStateRecord {
    /// The v1 form; `coverage` is the window's over the last minute.
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

/// An estimate claims no fractions of a second.
pub(crate) fn whole_seconds(ms: i64) -> f64 {
    (ms as f64 / 1000.0).round()
}
