//! The box's clocks: the only module that asks the system for the time. Everything else is given instants.

mod kernel;
mod trust;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use edge_config::ClockTrust;
use hall_core::{HallTime, WallClock};
use hall_wire::event::ClockQuality;

pub use kernel::Discipline;
use kernel::discipline;
use trust::Trust;

/// A difference between wall and monotonic clock smaller than this is drift, which the map follows silently.
const STEP_MS: i64 = 500;

/// Hall time and wall time of this boot.
pub struct Clock {
    anchor: Instant,
    anchor_unix_ms: i64,
    state: Mutex<State>,
}

struct State {
    wall: WallClock,
    trust: Trust,
    discipline: Discipline,
}

/// What a look at the wall clock found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockChange {
    /// As expected.
    None,
    /// Slow drift, followed.
    Drift,
    /// A step by this many milliseconds, or trust gained or lost.
    Step(i64),
}

impl Clock {
    /// Anchors hall time to the wall clock as it is now.
    #[must_use]
    pub fn start(utc_offset_s: i32, policy: ClockTrust) -> Self {
        let unix_ms = unix_ms();
        let (mut trust, discipline) = (Trust::new(policy), discipline());
        Clock {
            anchor: Instant::now(),
            anchor_unix_ms: unix_ms,
            state: Mutex::new(State {
                wall: WallClock {
                    offset_ms: 0,
                    utc_offset_s,
                    synced: trust.believes(HallTime(unix_ms), unix_ms, discipline),
                },
                trust,
                discipline,
            }),
        }
    }

    /// Hall time now: monotonic, unmoved by steps of the wall clock.
    #[must_use]
    pub fn now(&self) -> HallTime {
        HallTime(self.anchor_unix_ms + self.anchor.elapsed().as_millis() as i64)
    }

    /// How hall time maps to the wall clock, as of the last [`Clock::look`].
    #[must_use]
    pub fn wall(&self) -> WallClock {
        self.lock().wall
    }

    /// Whether the kernel says that somebody keeps the clock right, as of the last [`Clock::look`], and how far off it can be,
    /// in milliseconds (`None`: nobody has kept it since the start).
    #[must_use]
    pub fn discipline(&self) -> (Discipline, Option<i64>) {
        let now = self.now();
        let state = self.lock();
        (state.discipline, state.trust.error_ms(now))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hall time and its wall rendering in Unix milliseconds.
    #[must_use]
    pub fn now_with_unix_ms(&self) -> (HallTime, i64) {
        let now = self.now();
        (now, self.wall().unix_ms(now))
    }

    /// Clock quality for records.
    #[must_use]
    pub fn quality(&self) -> ClockQuality {
        let wall = self.wall();
        ClockQuality {
            synced: wall.synced,
            offset_ms: wall.offset_ms,
        }
    }

    /// Compares the wall clock with hall time and updates the map; call about once a second.
    pub fn look(&self) -> ClockChange {
        let unix_ms = unix_ms();
        let (now, discipline) = (self.now(), discipline());
        let offset_ms = unix_ms - now.0;
        let mut state = self.lock();
        state.discipline = discipline;
        let synced = state.trust.believes(now, unix_ms, discipline);
        let wall = &mut state.wall;
        let moved_ms = offset_ms - wall.offset_ms;
        let trust_changed = synced != wall.synced;
        if moved_ms == 0 && !trust_changed {
            return ClockChange::None;
        }
        wall.offset_ms = offset_ms;
        wall.synced = synced;
        if moved_ms.abs() >= STEP_MS || trust_changed {
            ClockChange::Step(moved_ms)
        } else {
            ClockChange::Drift
        }
    }
}

/// Unix milliseconds by the wall clock; negative before 1970.
#[must_use]
pub fn unix_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_millis() as i64,
        Err(before) => -(before.duration().as_millis() as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hall_time_starts_at_wall_time_and_only_moves_forward() {
        let clock = Clock::start(28_800, ClockTrust::Rtc);
        let first = clock.now();
        assert!((first.0 - unix_ms()).abs() < 1000);
        assert!(clock.now() >= first);
        assert!(clock.wall().synced);
        assert!(matches!(
            clock.look(),
            ClockChange::None | ClockChange::Drift
        ));
    }
}
