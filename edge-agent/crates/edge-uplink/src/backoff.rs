//! How long to wait before the next connection, and between two records of a backlog. Pure: randomness is given.

use std::time::Duration;

/// Full-jitter back-off: each wait is drawn between the least and a ceiling that doubles up to the most, so that boxes
/// cut off together do not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter").
#[derive(Debug, Clone)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits between `min` and `max`.
    #[must_use]
    pub fn new(min: Duration, max: Duration) -> Self {
        Backoff {
            min,
            max: max.max(min),
            failures: 0,
        }
    }

    /// The next wait; `random` is in 0..1.
    pub fn next(&mut self, random: f64) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let ceiling = self
            .min
            .saturating_mul(1 << self.failures.min(20))
            .min(self.max);
        self.min + (ceiling - self.min).mul_f64(random.clamp(0.0, 1.0))
    }

    /// The last connection was a healthy one: start from the least again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// The time between two records of a backlog: the rate's interval, half as much more or less.
#[must_use]
pub fn paced(rate_per_s: u32, random: f64) -> Duration {
    let interval = Duration::from_secs(1) / rate_per_s.max(1);
    interval.mul_f64(0.5 + random.clamp(0.0, 1.0))
}

/// A period ± a tenth, so that boxes started together drift apart.
#[must_use]
pub fn jittered(period: Duration, random: f64) -> Duration {
    period.mul_f64(0.9 + 0.2 * random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_most_and_start_again_after_health() {
        let secs = Duration::from_secs;
        let mut b = Backoff::new(secs(1), secs(120));
        let longest: Vec<u64> = (0..9).map(|_| b.next(1.0).as_secs()).collect();
        assert_eq!(longest, [2, 4, 8, 16, 32, 64, 120, 120, 120]);
        assert_eq!(b.next(0.0), secs(1));
        b.reset();
        assert_eq!(b.next(1.0), secs(2));
        let mut odd = Backoff::new(secs(5), secs(1));
        assert_eq!(odd.next(0.7), secs(5));
        for _ in 0..100 {
            odd.next(1.0);
        }
    }

    #[test]
    fn pace_keeps_the_rate_on_average() {
        let mean: f64 = (0..100)
            .map(|i| paced(50, f64::from(i) / 99.0).as_secs_f64())
            .sum::<f64>()
            / 100.0;
        assert!((mean - 0.02).abs() < 1e-6, "{mean}");
        assert!(paced(0, 0.5) >= Duration::from_millis(500));
        assert_eq!(jittered(Duration::from_secs(60), 0.0).as_secs(), 54);
        assert_eq!(jittered(Duration::from_secs(60), 1.0).as_secs(), 66);
    }
}
