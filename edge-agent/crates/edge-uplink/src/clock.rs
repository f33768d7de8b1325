//! How this crate is given time: wall time from outside, and stopwatches for measuring itself. Nothing else here asks a clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hall_wire::time::rfc3339_ms;

/// An instant of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallTime {
    /// Unix time in milliseconds.
    pub unix_ms: i64,
    /// Local offset from UTC in seconds.
    pub utc_offset_s: i32,
}

impl WallTime {
    /// RFC 3339 with milliseconds and offset.
    #[must_use]
    pub fn rfc3339(self) -> String {
        rfc3339_ms(self.unix_ms, self.utc_offset_s)
    }
}

/// The wall clock as the agent sees it, handed in by the composition root.
pub type WallFn = Arc<dyn Fn() -> WallTime + Send + Sync>;

/// Measures how long something of our own took; never used for the time of an event.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The present on the timers' own line, for deadlines of our own; stands still with paused test time.
pub(crate) fn tick() -> tokio::time::Instant {
    tokio::time::Instant::now()
}
