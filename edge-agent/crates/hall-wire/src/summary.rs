//! The live summary v1 (`summary/live`): the last full minute of the hall. Knows no transport.

use hall_core::summary::Summary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::{WaitSourceWord, wait_source_name};
use crate::schema::{Count, Id, Instant, NotNegative, One, Seconds, Share, SummaryKind};
use crate::state::whole_seconds;
use crate::time::rfc3339;

/// The live summary, v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SummaryRecord {
    /// Format version: 1.
    #[schemars(with = "One")]
    pub v: u32,
    /// Always `summary`.
    #[schemars(with = "SummaryKind")]
    pub kind: String,
    /// Hall id.
    #[schemars(with = "Id")]
    pub hall: String,
    /// Box id.
    #[schemars(with = "Id")]
    #[serde(rename = "box")]
    pub box_id: String,
    /// Start of the period, RFC 3339 with milliseconds and offset.
    #[schemars(with = "Instant")]
    pub from: String,
    /// End of the period.
    #[schemars(with = "Instant")]
    pub to: String,
    /// Windows by state at `to`.
    pub windows: WindowCountsRecord,
    /// Queues over the period.
    pub queues: Vec<QueueSummaryRecord>,
    /// Open events at `to`.
    #[schemars(with = "Count")]
    pub open_events: u32,
    /// Share of scheduled window time in the period whose state was known, 0–1.
    #[schemars(with = "Share")]
    pub coverage: f64,
}

/// Windows by state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WindowCountsRecord {
    /// On duty.
    #[schemars(with = "Count")]
    pub scheduled: u32,
    /// Of these, staffed.
    #[schemars(with = "Count")]
    pub staffed: u32,
    /// Of these, unstaffed (suspected).
    #[schemars(with = "Count")]
    pub unstaffed: u32,
    /// Of these, paused.
    #[schemars(with = "Count")]
    pub paused: u32,
    /// Of these, not observable.
    #[schemars(with = "Count")]
    pub unknown: u32,
}

/// One queue over the period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueueSummaryRecord {
    /// Queue id.
    #[schemars(with = "Id")]
    pub id: String,
    /// Time-weighted mean length; null when never observed.
    #[schemars(with = "Option<NotNegative>")]
    pub len_avg: Option<f64>,
    /// Longest; null when never observed.
    #[schemars(with = "Option<Count>")]
    pub len_max: Option<u32>,
    /// The count reached what the zone can hold: at least this many.
    pub saturated: bool,
    /// Estimated wait of somebody who joins at `to`, in seconds; null: insufficient data.
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
    /// People (tickets) that left the line for a counter in the last 20 min on duty; who leaves together counts once.
    #[schemars(with = "Count")]
    #[serde(default)]
    pub departures: u32,
    /// Windows it feeds that serve at `to`.
    #[schemars(with = "Count")]
    #[serde(default)]
    pub open_windows: u32,
    /// Windows that should be open to keep waits within target (Erlang C); null: no advice.
    #[schemars(with = "Option<Count>")]
    #[serde(default)]
    pub advised_windows: Option<u32>,
}

impl SummaryRecord {
    /// The v1 form of a core summary.
    #[must_use]
    pub fn new(summary: &Summary, hall: &str, box_id: &str) -> Self {
        let w = summary.windows;
        SummaryRecord {
            v: 1,
            kind: "summary".into(),
            hall: hall.into(),
            box_id: box_id.into(),
            from: rfc3339(summary.from),
            to: rfc3339(summary.to),
            windows: WindowCountsRecord {
                scheduled: w.scheduled,
                staffed: w.staffed,
                unstaffed: w.unstaffed,
                paused: w.paused,
                unknown: w.unknown,
            },
            queues: summary
                .queues
                .iter()
                .map(|q| QueueSummaryRecord {
                    id: q.queue.to_string(),
                    len_avg: q.len_avg.map(|v| rounded(v, 100.0)),
                    len_max: q.len_max,
                    saturated: q.saturated,
                    wait_est_s: q.wait.map(|wait| whole_seconds(wait.wait_ms)),
                    wait_error_s: q.wait.map(|wait| whole_seconds(wait.error_ms)),
                    wait_src: q.wait.map(|wait| wait_source_name(wait.source).into()),
                    departures: q.departures,
                    open_windows: q.open_windows,
                    advised_windows: q.advised_windows,
                })
                .collect(),
            open_events: summary.open_events,
            coverage: rounded(summary.coverage, 1000.0),
        }
    }
}

fn rounded(value: f32, steps: f64) -> f64 {
    (f64::from(value) * steps).round() / steps
}
