//! How fast a backlog goes out and when states are repeated, spread so that boxes do not move in step. Pure: time and randomness are given.

use std::time::Duration;

use tokio::time::Instant;

/// A timer wakes up to a millisecond late; what it slept too long is made up for, up to this much, so that the rate is kept.
const MAKE_UP: Duration = Duration::from_millis(20);

/// When the next record of a backlog may go.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    rate_per_s: u32,
    due: Instant,
}

impl Pace {
    /// Records per second on average; 0: no limit.
    #[must_use]
    pub fn new(rate_per_s: u32, now: Instant) -> Self {
        Pace {
            rate_per_s,
            due: now,
        }
    }

    /// The next record may go then.
    #[must_use]
    pub fn due(&self) -> Instant {
        self.due
    }

    /// A record went: the next one may go after the rate's interval, half as much more or less.
    pub fn sent(&mut self, now: Instant, random: f64) {
        if let Some(interval) = Duration::from_secs(1).checked_div(self.rate_per_s) {
            let begin = self.due.max(now - MAKE_UP);
            self.due = begin + interval.mul_f64(0.5 + random.clamp(0.0, 1.0));
        }
    }
}

/// A period ± a tenth, so that boxes started together drift apart.
#[must_use]
pub fn jittered(period: Duration, random: f64) -> Duration {
    period.mul_f64(0.9 + 0.2 * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends whenever it may, waking `late` after the time it asked for.
    fn records_in_10_s(rate_per_s: u32, late: Duration) -> usize {
        let start = Instant::now();
        let (mut pace, mut now, mut sent) = (Pace::new(rate_per_s, start), start, 0);
        while now < start + Duration::from_secs(10) {
            while pace.due() <= now {
                pace.sent(now, f64::from(sent * 37 % 100) / 99.0);
                sent += 1;
            }
            now = pace.due() + late;
        }
        sent as usize
    }

    #[test]
    fn pace_keeps_the_rate_on_average_however_late_the_timer_is() {
        for (rate_per_s, late_ms) in [(1, 0), (50, 0), (50, 2), (2_000, 1), (10_000, 2)] {
            let sent = records_in_10_s(rate_per_s, Duration::from_millis(late_ms));
            let wanted = rate_per_s as usize * 10;
            assert!(
                sent.abs_diff(wanted) <= wanted / 20 + 1,
                "{rate_per_s}/s, {late_ms} ms late: {sent} of {wanted}"
            );
        }
    }

    #[test]
    fn a_pause_is_not_made_up_for_by_a_burst_and_no_rate_is_no_limit() {
        let start = Instant::now();
        let mut pace = Pace::new(100, start);
        pace.sent(start, 0.5);
        let later = start + Duration::from_secs(5);
        let burst = std::iter::repeat_with(|| {
            pace.sent(later, 0.5);
            pace.due()
        })
        .take_while(|due| *due <= later)
        .count();
        assert!(burst <= 2, "{burst}");
        let mut free = Pace::new(0, start);
        free.sent(later, 1.0);
        assert_eq!(free.due(), start);
        assert_eq!(jittered(Duration::from_secs(60), 0.0).as_secs(), 54);
        assert_eq!(jittered(Duration::from_secs(60), 1.0).as_secs(), 66);
    }
}
