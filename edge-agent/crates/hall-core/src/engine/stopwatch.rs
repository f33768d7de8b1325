//! Adds up how long something has gone on: observed and unobserved time, dated back when a gap is noticed late. Knows not what.

use crate::time::HallTime;

/// Milliseconds since an onset; observed and unobserved together are the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stopwatch {
    pub observed_ms: i64,
    pub unobserved_ms: i64,
    now: HallTime,
    gap_since: Option<HallTime>,
}

impl Stopwatch {
    /// Observed from `onset` to `now`.
    pub fn start(onset: HallTime, now: HallTime) -> Self {
        Stopwatch {
            observed_ms: now.since_ms(onset).max(0),
            now,
            ..Stopwatch::default()
        }
    }

    /// In a gap since `last_observed`, with what had been added up before.
    pub fn resume(observed_ms: i64, unobserved_ms: i64, last_observed: HallTime) -> Self {
        Stopwatch {
            observed_ms,
            unobserved_ms,
            now: last_observed,
            gap_since: Some(last_observed),
        }
    }

    /// Goes to `at` as things are.
    pub fn run(&mut self, at: HallTime) {
        let ms = at.since_ms(self.now).max(0);
        self.now = self.now.max(at);
        if self.gap_since.is_some() {
            self.unobserved_ms += ms;
        } else {
            self.observed_ms += ms;
        }
    }

    /// Turns out not to have been observed since `since`.
    pub fn lose(&mut self, since: HallTime) {
        if self.gap_since.is_none() {
            let ms = self.now.since_ms(since).clamp(0, self.observed_ms);
            self.observed_ms -= ms;
            self.unobserved_ms += ms;
            self.gap_since = Some(self.now.plus_ms(-ms));
        }
    }

    /// Observed again; a gap of up to `bridge_ms` counts as observed.
    pub fn see(&mut self, bridge_ms: i64) {
        if let Some(since) = self.gap_since.take() {
            let ms = self.now.since_ms(since);
            if ms <= bridge_ms {
                self.observed_ms += ms;
                self.unobserved_ms -= ms;
            }
        }
    }

    /// Where the gap going on began.
    pub fn gap_since(&self) -> Option<HallTime> {
        self.gap_since
    }

    /// When `limit_ms` will have been observed; `None` in a gap.
    pub fn reaches(&self, limit_ms: i64) -> Option<HallTime> {
        self.gap_since
            .is_none()
            .then(|| self.now.plus_ms(limit_ms - self.observed_ms))
    }
}
