//! The live summary of one minute: how many windows were in which state, how long queues were.

use crate::ids::QueueId;
use crate::snapshot::WaitEstimate;
use crate::time::Stamp;

/// Windows by state at the end of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WindowCounts {
    /// Windows on duty.
    pub scheduled: u32,
    /// Of these, staffed.
    pub staffed: u32,
    /// Of these, unstaffed (suspected).
    pub unstaffed: u32,
    /// Of these, paused.
    pub paused: u32,
    /// Of these, not observable.
    pub unknown: u32,
}

/// One queue over the period.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueSummary {
    /// Which.
    pub queue: QueueId,
    /// Time-weighted mean of the length; `None` when never observed.
    pub len_avg: Option<f32>,
    /// Longest; `None` when never observed.
    pub len_max: Option<u32>,
    /// Count at capacity at some time.
    pub saturated: bool,
    /// Estimated wait of somebody who joins at the end of the period; `None`: insufficient data.
    pub wait: Option<WaitEstimate>,
    /// People (tickets) that left the line for a counter in the last 20 min; who leaves together counts once.
    pub departures: u32,
    /// Windows it feeds that serve at the end of the period.
    pub open_windows: u32,
    /// Windows that should be open to keep waits within target; `None`: no advice.
    pub advised_windows: Option<u32>,
}

/// What happened between two wall-clock minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Start of the period.
    pub from: Stamp,
    /// End of the period.
    pub to: Stamp,
    /// Windows by state at `to`.
    pub windows: WindowCounts,
    /// Queues.
    pub queues: Vec<QueueSummary>,
    /// Open events at `to`.
    pub open_events: u32,
    /// Share of scheduled window time in the period whose state was known, 0–1; 1 when nothing was scheduled.
    pub coverage: f32,
}
