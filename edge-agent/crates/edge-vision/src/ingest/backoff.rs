//! How long to wait before the next attempt at a camera. Pure: time and chance are given.

use std::time::Duration;

/// First pause.
const FIRST: Duration = Duration::from_millis(250);
/// Longest pause: with the longest connection attempt it still lets a camera be seen within 30 s of its return.
const LONGEST: Duration = Duration::from_secs(10);
/// A connection that held this long makes the next failure count as the first.
const HEALTHY: Duration = Duration::from_secs(60);

/// Pauses that double from 250 ms to 10 s, for ever.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after an attempt whose frames came for `healthy`; `chance` in 0–1 spreads many cameras out.
    pub(crate) fn after(&mut self, healthy: Duration, chance: f32) -> Duration {
        if healthy >= HEALTHY {
            self.failures = 0;
        }
        let pause = LONGEST.min(FIRST * 2_u32.pow(self.failures.min(10)));
        self.failures = self.failures.saturating_add(1);
        pause.mul_f32(0.5 + 0.5 * chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_cap_and_start_over_after_a_healthy_minute() {
        let mut backoff = Backoff::default();
        let mut pause = |healthy_s: u64, chance: f32| {
            backoff
                .after(Duration::from_secs(healthy_s), chance)
                .as_millis()
        };
        assert_eq!(
            [pause(0, 1.0), pause(0, 1.0), pause(0, 1.0)],
            [250, 500, 1000]
        );
        assert_eq!(pause(59, 1.0), 2000, "59 s of health are not enough");
        assert_eq!(pause(60, 1.0), 250, "60 s are");
        for _ in 0..1_000 {
            assert!(pause(0, 1.0) <= 10_000);
        }
        assert_eq!(pause(0, 0.0), 5_000, "chance shortens, by half at most");
        assert_eq!(pause(0, 1.0), 10_000, "and the attempts never end");
    }
}
