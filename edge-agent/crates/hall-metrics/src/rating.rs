//! Totals of the evaluation terminals: how often each option was pressed at a window on a day. There is no smaller grain: neither the
//! hour nor the case of a rating is kept, so that none leads to a person.

use std::collections::BTreeMap;

use hall_core::ids::WindowId;
use hall_core::rating::{Polarity, RatingOption};

use crate::book::Book;
use crate::calendar::{DAY_MS, LocalDay};

/// How often each option was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RatingTotals {
    /// In the order of [`RatingOption::ALL`].
    pub counts: [u32; 6],
}

impl RatingTotals {
    /// Presses of an option.
    #[must_use]
    pub fn of(&self, option: RatingOption) -> u32 {
        self.counts[option as usize]
    }

    /// All presses.
    #[must_use]
    pub fn all(&self) -> u32 {
        self.counts.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Presses of options with this polarity.
    #[must_use]
    pub fn with(&self, polarity: Polarity) -> u32 {
        (RatingOption::ALL.into_iter())
            .filter(|option| option.polarity() == polarity)
            .fold(0, |sum, option| sum.saturating_add(self.of(option)))
    }

    /// Adds presses of an option.
    pub fn add(&mut self, option: RatingOption, n: u32) {
        let count = &mut self.counts[option as usize];
        *count = count.saturating_add(n);
    }

    /// Adds other totals.
    pub fn merge(&mut self, other: &RatingTotals) {
        for option in RatingOption::ALL {
            self.add(option, other.of(option));
        }
    }
}

impl Book {
    /// One rating at a window, local milliseconds.
    pub fn rate(&mut self, window: &WindowId, option: RatingOption, local_ms: i64) {
        let day = self.ratings.entry(LocalDay::of(local_ms)).or_default();
        day.entry(window.clone()).or_default().add(option, 1);
        self.touch(local_ms, local_ms + 1);
    }

    /// Totals of the whole days in a time.
    #[must_use]
    pub fn ratings(&self, from_ms: i64, to_ms: i64) -> BTreeMap<WindowId, RatingTotals> {
        let mut totals: BTreeMap<WindowId, RatingTotals> = BTreeMap::new();
        let whole = |day: &LocalDay| day.from_ms() >= from_ms && day.from_ms() + DAY_MS <= to_ms;
        for (_, windows) in self.ratings.iter().filter(|(day, _)| whole(day)) {
            for (window, rated) in windows {
                totals.entry(window.clone()).or_default().merge(rated);
            }
        }
        totals
    }
}
