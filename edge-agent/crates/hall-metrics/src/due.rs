//! When a book's periods are rolled up: which are affected by what was told, which are due, which have changed since they were
//! published, and what is too old to be told of in full. Works no figure out.

use hall_core::time::Stamp;

use crate::book::{Book, KEEP_DAYS, SETTLE_MS};
use crate::calendar::{DAY_MS, LocalDay, Period, PeriodKind};
use crate::figures::Figures;
use crate::rollup::{Published, Rollup, print};

impl Book {
    /// Something new is known about this time.
    pub(crate) fn touch(&mut self, from_ms: i64, to_ms: i64) {
        self.pend(from_ms, to_ms);
        self.store_again(from_ms, to_ms);
    }

    /// Periods in this time have to be rolled up (again).
    pub(crate) fn pend(&mut self, from_ms: i64, to_ms: i64) {
        if self.touched.0 <= from_ms && to_ms <= self.touched.1 {
            return;
        }
        let finest = self.kinds.iter().min().copied();
        let mut at = from_ms.max(self.oldest_ms());
        while let Some(finest) = finest.filter(|_| at < to_ms) {
            let slot = Period::containing(finest, at);
            for kind in &self.kinds {
                self.pending.insert(Period::containing(*kind, at));
            }
            self.touched = (slot.from_ms, slot.to_ms);
            at = slot.to_ms;
        }
    }

    /// Days in this time differ from what is stored.
    pub(crate) fn store_again(&mut self, from_ms: i64, to_ms: i64) {
        let first = LocalDay::of(from_ms.max(self.oldest_ms()));
        let last = LocalDay::of(to_ms.saturating_sub(1));
        self.changed.extend((first.0..=last.0).map(LocalDay));
    }

    pub(crate) fn oldest_ms(&self) -> i64 {
        self.until_ms.saturating_sub(KEEP_DAYS * DAY_MS)
    }

    /// What is known now is not new, but for these periods.
    pub(crate) fn forget_news(&mut self, but: impl Fn(&Period) -> bool) {
        self.pending.retain(|period| but(period));
        self.changed.clear();
        self.touched = (i64::MAX, i64::MIN);
    }

    /// It is `now`: roll-ups that are due, new ones and those that late data changed. What is too old is forgotten.
    pub fn due(&mut self, now: Stamp) -> Vec<Rollup> {
        if let Some(now_ms) = self.local(now) {
            self.until_ms = now_ms;
            self.forget();
        }
        self.roll(self.until_ms.saturating_sub(SETTLE_MS))
    }

    /// All roll-ups that are due when no more will come, those of running periods as far as they go.
    pub fn flush(&mut self) -> Vec<Rollup> {
        self.roll(i64::MAX)
    }

    fn roll(&mut self, settled_ms: i64) -> Vec<Rollup> {
        let due: Vec<Period> = (self.pending.iter())
            .filter(|period| period.to_ms <= settled_ms)
            .copied()
            .collect();
        if due.is_empty() {
            return Vec::new();
        }
        self.touched = (i64::MAX, i64::MIN);
        let mut rollups: Vec<Rollup> = due.iter().filter_map(|p| self.roll_up(*p)).collect();
        rollups.sort_by_key(|rollup| (rollup.period.to_ms, rollup.period.kind));
        rollups
    }

    fn roll_up(&mut self, period: Period) -> Option<Rollup> {
        self.pending.remove(&period);
        let rollup = self.rollup(period)?;
        let print = print(&rollup.figures, rollup.until_ms);
        let before = self.published.get(&period);
        let short = period.kind < PeriodKind::Day;
        if before.is_none() && short && rollup.figures.is_idle()
            || before.is_some_and(|before| before.print == print)
        {
            return None;
        }
        let rev = before.map_or(0, |before| before.rev) + 1;
        let delivered = before.map_or(0, |before| before.delivered);
        let published = Published {
            rev,
            print,
            delivered,
        };
        self.published.insert(period, published);
        self.changed.insert(LocalDay::of(period.from_ms));
        Some(Rollup { rev, ..rollup })
    }

    /// A period's figures as they are now, with the revision last published (0: never); `None` before anything is known of it.
    #[must_use]
    pub fn rollup(&self, period: Period) -> Option<Rollup> {
        let until_ms = self.until_ms.min(period.to_ms);
        (until_ms > period.from_ms).then(|| Rollup {
            period,
            rev: self.published.get(&period).map_or(0, |known| known.rev),
            until_ms,
            figures: Figures {
                // The day that is running counts as a whole one: its totals grow.
                ratings: self.ratings(period.from_ms, period.to_ms),
                ..self.figures(period.from_ms, until_ms)
            },
        })
    }

    fn forget(&mut self) {
        let oldest = LocalDay(LocalDay::of(self.until_ms).0 - KEEP_DAYS);
        // A clock that ran far ahead and was set right leaves days in the future.
        let (from_ms, to_ms) = (oldest.from_ms(), self.until_ms.saturating_add(2 * DAY_MS));
        for line in self.windows.values_mut() {
            line.times.keep(from_ms, to_ms);
            line.excuses
                .keep(from_ms, to_ms.saturating_add(KEEP_DAYS * DAY_MS));
        }
        self.windows.retain(|_, line| !line.times.is_empty());
        for line in self.queues.values_mut() {
            line.minutes.retain(|at, _| (from_ms..to_ms).contains(at));
            line.waits
                .retain(|day, _| *day >= oldest && day.from_ms() < to_ms);
        }
        (self.ratings).retain(|day, _| *day >= oldest && day.from_ms() < to_ms);
        let first = self.id_at(from_ms);
        self.events
            .retain(|id, fact| *id >= first || fact.end_ms.is_none());
        let events = &self.events;
        self.offline.retain(|id| events.contains_key(id));
        self.published.retain(|p, _| p.to_ms > from_ms);
        // A period whose beginning is forgotten is never published again with less.
        self.pending
            .retain(|p| p.from_ms >= from_ms && p.from_ms < to_ms);
    }
}
