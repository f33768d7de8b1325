//! The time line that all cameras of one server share, so that they show the same moment of the same hall.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

/// Starts when somebody first looks, then runs for ever.
#[derive(Debug, Default)]
pub struct LoopClock {
    began: OnceLock<(Instant, SystemTime)>,
}

impl LoopClock {
    /// Starts the time line if it does not run yet, and returns the instant of its second 0.
    pub fn start(&self) -> Instant {
        self.began
            .get_or_init(|| (Instant::now(), SystemTime::now()))
            .0
    }

    /// Second 0, as monotonic and as wall time; `None` before the first client.
    #[must_use]
    pub fn began(&self) -> Option<(Instant, SystemTime)> {
        self.began.get().copied()
    }

    /// Wall time at which the clip's second `clip_s` is shown in round `round` (0 first) of a loop of length `period`.
    #[must_use]
    pub fn wall(&self, period: Duration, round: u32, clip_s: f64) -> Option<SystemTime> {
        self.began()
            .map(|(_, wall)| wall + period * round + Duration::from_secs_f64(clip_s))
    }
}
