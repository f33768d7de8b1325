//! Whether the wall clock is believed. Pure: all it knows it is told.

use edge_config::ClockTrust;
use hall_core::HallTime;

use super::kernel::Discipline;

/// Wall times before this are not believed (2026-01-01T00:00:00Z): the box has no battery clock and boots in 1970.
const EARLIEST_BELIEVED_UNIX_MS: i64 = 1_767_225_600_000;
/// A clock with a larger error must not decide who is on duty (domain §3.2).
const ERROR_MAX_MS: i64 = 60_000;
/// A clock nobody keeps drifts by at most this much, in parts per million: what the kernel allows for (`MAXFREQ`, 500 ppm).
const DRIFT_PPM: i64 = 500;

/// Follows the clock's discipline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trust {
    policy: ClockTrust,
    /// When a daemon last kept it, and its error then.
    kept: Option<(HallTime, i64)>,
}

impl Trust {
    pub fn new(policy: ClockTrust) -> Self {
        Trust { policy, kept: None }
    }

    /// Believed at `now`, when the wall clock shows `unix_ms`?
    pub fn believes(&mut self, now: HallTime, unix_ms: i64, discipline: Discipline) -> bool {
        if let Discipline::Synced { max_error_ms } = discipline {
            self.kept = Some((now, max_error_ms));
        }
        let sane = unix_ms >= EARLIEST_BELIEVED_UNIX_MS;
        match self.policy {
            ClockTrust::Rtc => sane,
            // A kernel that does not say leaves nothing else to go by.
            ClockTrust::Ntp if discipline == Discipline::Unknown => sane,
            ClockTrust::Ntp => sane && self.error_ms(now).is_some_and(|ms| ms <= ERROR_MAX_MS),
        }
    }

    /// How far off the clock can be; `None`: nobody has kept it since the start.
    pub fn error_ms(&self, now: HallTime) -> Option<i64> {
        self.kept
            .map(|(at, ms)| ms + now.since_ms(at).max(0) * DRIFT_PPM / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SANE: i64 = EARLIEST_BELIEVED_UNIX_MS;
    const SYNCED: Discipline = Discipline::Synced { max_error_ms: 200 };

    #[test]
    fn the_policy_decides_what_a_clock_that_nobody_keeps_is_worth() {
        use Discipline::{Unknown, Unsynced};
        for (policy, unix_ms, discipline, believed) in [
            (ClockTrust::Rtc, SANE, Unsynced, true),
            (ClockTrust::Rtc, SANE, Unknown, true),
            (ClockTrust::Rtc, SANE - 1, SYNCED, false),
            (ClockTrust::Ntp, SANE, SYNCED, true),
            (ClockTrust::Ntp, SANE, Unsynced, false),
            (ClockTrust::Ntp, SANE, Unknown, true),
            (ClockTrust::Ntp, SANE - 1, SYNCED, false),
            (
                ClockTrust::Ntp,
                SANE,
                Discipline::Synced {
                    max_error_ms: 60_001,
                },
                false,
            ),
        ] {
            let got = Trust::new(policy).believes(HallTime(0), unix_ms, discipline);
            assert_eq!(got, believed, "{policy:?} {unix_ms} {discipline:?}");
        }
    }

    #[test]
    fn a_clock_that_was_kept_is_believed_until_it_may_be_a_minute_off() {
        let mut trust = Trust::new(ClockTrust::Ntp);
        assert!(!trust.believes(HallTime(0), SANE, Discipline::Unsynced));
        assert!(trust.believes(HallTime(1000), SANE, SYNCED));
        // 59.8 s at 500 ppm: about 33 hours.
        let limit = HallTime(1000 + 59_800 * 2_000 + 1_999);
        assert!(trust.believes(limit, SANE, Discipline::Unsynced));
        assert!(!trust.believes(limit.plus_ms(1), SANE, Discipline::Unsynced));
        assert!(
            trust.believes(limit.plus_ms(2), SANE, SYNCED),
            "until it is kept again"
        );
    }
}
