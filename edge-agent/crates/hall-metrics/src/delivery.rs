//! Which roll-ups the centre does not have yet. What was rolled up and not delivered is remembered by its revision alone; its figures are
//! worked out again when it can be sent, so that an outage of weeks needs no queue. Knows no transport.

use crate::book::Book;
use crate::calendar::{LocalDay, Period, PeriodKind};
use crate::rollup::{Rollup, print};

impl Book {
    /// Periods from a quarter of an hour on whose newest revision is not delivered, those that ended first before others; minutes are for the
    /// box itself.
    #[must_use]
    pub fn undelivered(&self) -> Vec<(Period, u32)> {
        let mut waiting: Vec<(Period, u32)> = (self.published.iter())
            .filter(|(period, known)| {
                period.kind >= PeriodKind::Quarter && known.delivered < known.rev
            })
            .map(|(period, known)| (*period, known.rev))
            .collect();
        waiting.sort_by_key(|(period, _)| (period.to_ms, period.kind));
        waiting
    }

    /// The roll-up of a period in the revision last published; `None` when its figures have changed since: they are due again, with the next
    /// revision.
    #[must_use]
    pub fn as_published(&self, period: Period) -> Option<Rollup> {
        let known = self.published.get(&period)?;
        let rollup = self.rollup(period)?;
        (print(&rollup.figures, rollup.until_ms) == known.print).then_some(rollup)
    }

    /// The centre has this revision of a period.
    pub fn delivered(&mut self, period: Period, rev: u32) {
        if let Some(known) = self.published.get_mut(&period)
            && known.delivered < rev
            && rev <= known.rev
        {
            known.delivered = rev;
            self.mark_changed(LocalDay::of(period.from_ms));
        }
    }
}
