//! How long to wait before the next attempt at something that failed. Pure: randomness is given, the caller waits.

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

    /// The longest wait.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.max
    }
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
}
