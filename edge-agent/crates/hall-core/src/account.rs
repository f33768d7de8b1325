//! How a window's time counts, and the pieces of time the engine hands to whoever adds figures up. Plain data.

use crate::ids::{QueueId, WindowId};
use crate::time::Stamp;

/// How a window's time counts in the figures; the classes are disjoint and together they are all time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeClass {
    /// On duty and staffed.
    Staffed,
    /// On duty and nobody there, without excuse.
    Unstaffed,
    /// On duty, nobody there, excused by approved leave or covered by the group.
    Excused,
    /// On duty, declared paused, within the limit: excused.
    Paused,
    /// On duty, declared paused, beyond the limit: counts like unstaffed.
    PausedOver,
    /// On duty (or with a clock nobody believes), and nobody can say.
    Unknown,
    /// Not scheduled.
    OffDuty,
    /// Not scheduled, and yet somebody serves.
    ExtraOpen,
}

/// The window was of this class from `from` to `to`. A later interval replaces what an earlier one said about the same time:
/// states are confirmed with a delay and dated back.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// The window.
    pub window: WindowId,
    /// Start.
    pub from: Stamp,
    /// End.
    pub to: Stamp,
    /// How it counts.
    pub class: TimeClass,
}

/// Where a waiting time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaitSource {
    /// The ticket machine.
    Ticket,
    /// Entry and exit curves or throughput seen by video: an estimate.
    Video,
}

/// One finished wait.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitSample {
    /// The queue.
    pub queue: QueueId,
    /// When the wait ended.
    pub at: Stamp,
    /// How long it was, in milliseconds.
    pub wait_ms: i64,
    /// How that is known.
    pub source: WaitSource,
    /// Service time, in milliseconds, where the ticket machine tells it.
    pub service_ms: Option<i64>,
    /// Called and nobody came, or left without service.
    pub abandoned: bool,
}

/// Leave entered or cancelled afterwards: the part of `from..to` that counts as unstaffed counts as excused instead (`excused`),
/// or no longer does. All other classes stay as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Excuse {
    /// The window.
    pub window: WindowId,
    /// Start.
    pub from: Stamp,
    /// End.
    pub to: Stamp,
    /// Excused from now on, or no longer.
    pub excused: bool,
}
