//! Figures of one queue: its length over time and the waits that ended. Pure addition; quantiles are exact.

use std::collections::BTreeMap;

use hall_core::account::WaitSource;

use crate::quantile;
use crate::times::ratio;

/// Waits up to this count as within the first target, in milliseconds (domain §4.1).
pub const TARGET_15_MS: u32 = 15 * 60_000;
/// The second target.
pub const TARGET_30_MS: u32 = 30 * 60_000;

/// One minute of a queue's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QueueMinute {
    /// Length of the piece, in milliseconds.
    pub ms: u32,
    /// Time-weighted mean length, in tenths of a person.
    pub mean_tenths: u32,
    /// Greatest length.
    pub max: u32,
    /// The count reached what the zone can hold.
    pub saturated: bool,
}

/// One finished wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wait {
    /// When it ended, local milliseconds.
    pub at_ms: i64,
    /// How long it was.
    pub wait_ms: u32,
    /// Service time, where known.
    pub service_ms: Option<u32>,
    /// Left without service.
    pub abandoned: bool,
    /// How that is known.
    pub source: WaitSource,
}

/// A queue over some time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct QueueFigures {
    /// Milliseconds on duty at a mean length, by tenths of a person.
    pub lengths: BTreeMap<u32, i64>,
    /// Greatest length; `None` when never observed.
    pub len_max: Option<u32>,
    /// Time at the zone's capacity: lengths there are lower bounds.
    pub saturated_ms: i64,
    /// Finished waits.
    pub waits: Vec<Wait>,
}

/// What a set of times says.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Samples.
    pub n: u64,
    /// Mean, in milliseconds.
    pub mean_ms: f64,
    /// Median (nearest rank).
    pub p50_ms: u32,
    /// 90th percentile.
    pub p90_ms: u32,
    /// Longest.
    pub max_ms: u32,
}

impl Spread {
    /// Of samples in any order; `None` without any.
    #[must_use]
    pub fn of(mut samples: Vec<u32>) -> Option<Spread> {
        samples.sort_unstable();
        let sum: i64 = samples.iter().map(|ms| i64::from(*ms)).sum();
        Some(Spread {
            n: samples.len() as u64,
            mean_ms: sum as f64 / samples.len() as f64,
            p50_ms: quantile::of_sorted(&samples, 0.5)?,
            p90_ms: quantile::of_sorted(&samples, 0.9)?,
            max_ms: *samples.last()?,
        })
    }
}

impl QueueFigures {
    /// Adds a minute.
    pub fn add_minute(&mut self, minute: &QueueMinute) {
        *self.lengths.entry(minute.mean_tenths).or_default() += i64::from(minute.ms);
        self.len_max = self.len_max.max(Some(minute.max));
        if minute.saturated {
            self.saturated_ms += i64::from(minute.ms);
        }
    }

    /// Adds another time's figures.
    pub fn merge(&mut self, other: &QueueFigures) {
        for (length, ms) in &other.lengths {
            *self.lengths.entry(*length).or_default() += ms;
        }
        self.len_max = self.len_max.max(other.len_max);
        self.saturated_ms += other.saturated_ms;
        self.waits.extend(&other.waits);
    }

    /// Nothing was observed and nobody waited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty() && self.waits.is_empty()
    }

    /// Time on duty whose length is known.
    #[must_use]
    pub fn known_ms(&self) -> i64 {
        self.lengths.values().sum()
    }

    /// Time-weighted mean length.
    #[must_use]
    pub fn len_mean(&self) -> Option<f64> {
        let person_tenths: i64 = (self.lengths.iter())
            .map(|(l, ms)| i64::from(*l) * ms)
            .sum();
        ratio(person_tenths, self.known_ms()).map(|tenths| tenths / 10.0)
    }

    /// The length that 95 % of the time was not exceeded, by minute means.
    #[must_use]
    pub fn len_p95(&self) -> Option<f64> {
        let weighted: Vec<(u32, i64)> = self.lengths.iter().map(|(l, ms)| (*l, *ms)).collect();
        quantile::of_weighted(&weighted, 0.95).map(|tenths| f64::from(tenths) / 10.0)
    }

    /// Where the waits come from; tickets, as soon as one of them is from tickets.
    #[must_use]
    pub fn wait_source(&self) -> Option<WaitSource> {
        self.waits.iter().map(|wait| wait.source).min()
    }

    fn served(&self) -> impl Iterator<Item = &Wait> {
        self.waits.iter().filter(|wait| !wait.abandoned)
    }

    /// Waits that ended with service.
    #[must_use]
    pub fn wait(&self) -> Option<Spread> {
        Spread::of(self.served().map(|wait| wait.wait_ms).collect())
    }

    /// Service times, where a source tells them.
    #[must_use]
    pub fn service(&self) -> Option<Spread> {
        Spread::of(self.served().filter_map(|wait| wait.service_ms).collect())
    }

    /// Waits of at most `target_ms`, and all.
    #[must_use]
    pub fn within(&self, target_ms: u32) -> (u64, u64) {
        let within = self.served().filter(|w| w.wait_ms <= target_ms).count() as u64;
        (within, self.served().count() as u64)
    }

    /// Those who left without service, and all.
    #[must_use]
    pub fn abandoned(&self) -> (u64, u64) {
        let left = self.waits.iter().filter(|wait| wait.abandoned).count();
        (left as u64, self.waits.len() as u64)
    }
}

/// Of a day's waits those that count: where there is one ticket, tickets override what video estimates (domain §4.3 d).
#[must_use]
pub fn counted(day: &[Wait]) -> Vec<Wait> {
    let source = day.iter().map(|wait| wait.source).min();
    (day.iter().filter(|wait| Some(wait.source) == source))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(minutes: u32, source: WaitSource, abandoned: bool) -> Wait {
        Wait {
            at_ms: 0,
            wait_ms: minutes * 60_000,
            service_ms: (source == WaitSource::Ticket).then_some(300_000),
            abandoned,
            source,
        }
    }

    #[test]
    fn tickets_override_what_video_estimates() {
        let mut day = vec![wait(50, WaitSource::Video, false)];
        assert_eq!(counted(&day), day);
        for minutes in [5, 15, 16, 40] {
            day.push(wait(minutes, WaitSource::Ticket, false));
        }
        day.push(wait(99, WaitSource::Ticket, true));
        let queue = QueueFigures {
            waits: counted(&day),
            ..QueueFigures::default()
        };
        let spread = queue.wait().unwrap();
        assert_eq!((spread.n, spread.mean_ms), (4, 19.0 * 60_000.0));
        assert_eq!((spread.p50_ms, spread.p90_ms), (15 * 60_000, 40 * 60_000));
        assert_eq!(queue.within(TARGET_15_MS), (2, 4));
        assert_eq!(queue.within(TARGET_30_MS), (3, 4));
        assert_eq!(queue.abandoned(), (1, 5));
        assert_eq!(queue.service().unwrap().n, 4);
    }

    #[test]
    fn the_mean_length_is_weighted_by_time() {
        let mut queue = QueueFigures::default();
        let minute = |ms, mean_tenths, max| QueueMinute {
            ms,
            mean_tenths,
            max,
            saturated: max > 9,
        };
        queue.add_minute(&minute(60_000, 20, 3));
        queue.add_minute(&minute(30_000, 80, 10));
        assert_eq!(queue.len_mean(), Some(4.0));
        assert_eq!(queue.len_p95(), Some(8.0));
        assert_eq!(queue.len_max, Some(10));
        assert_eq!(queue.saturated_ms, 30_000);
    }
}
