//! How fast a backlog goes out and when states are repeated, spread so that boxes do not move in step. Pure: randomness is given.

use std::time::Duration;

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
