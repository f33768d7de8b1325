//! One local day of a book as it is stored: all that is needed to work the day's figures out again, whenever late data come. Plain data.

use hall_core::account::TimeClass;
use hall_core::ids::{QueueId, WindowId};

use crate::book::Book;
use crate::calendar::{DAY_MS, LocalDay, Period, PeriodKind};
use crate::fact::EventFact;
use crate::queue::{QueueMinute, Wait};
use crate::rating::RatingTotals;
use crate::rollup::Published;
use crate::spans::Span;

/// A book that goes on looks again at the periods of this time; what is older was rolled up when it was stored.
const RECENT_MS: i64 = 2 * DAY_MS;

/// A window's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowDay {
    /// Which.
    pub window: WindowId,
    /// How its time counts, as the engine judged it then.
    pub times: Vec<Span<TimeClass>>,
    /// Leave entered (true) or cancelled (false) afterwards.
    pub excuses: Vec<Span<bool>>,
}

/// A queue's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDay {
    /// Which.
    pub queue: QueueId,
    /// Minutes on duty, by start in local milliseconds.
    pub minutes: Vec<(i64, QueueMinute)>,
    /// Finished waits, in order.
    pub waits: Vec<Wait>,
}

/// A day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDay {
    /// Which.
    pub day: LocalDay,
    /// Everything before was told, local milliseconds.
    pub until_ms: i64,
    /// Windows.
    pub windows: Vec<WindowDay>,
    /// Queues.
    pub queues: Vec<QueueDay>,
    /// Events that began on it.
    pub events: Vec<EventFact>,
    /// Totals of the evaluation terminals.
    pub ratings: Vec<(WindowId, RatingTotals)>,
    /// Roll-ups of periods that begin on it.
    pub published: Vec<(Period, Published)>,
}

impl Book {
    /// A day as it is to be stored; `None` when nothing is known of it, or no longer all.
    #[must_use]
    pub fn day(&self, day: LocalDay) -> Option<StoredDay> {
        if day < self.oldest_day() {
            return None;
        }
        let (from_ms, to_ms) = (day.from_ms(), day.from_ms() + DAY_MS);
        let windows: Vec<WindowDay> = (self.windows.iter())
            .map(|(id, line)| WindowDay {
                window: id.clone(),
                times: line.times.within(from_ms, to_ms).collect(),
                excuses: line.excuses.within(from_ms, to_ms).collect(),
            })
            .filter(|window| !window.times.is_empty() || !window.excuses.is_empty())
            .collect();
        let queues: Vec<QueueDay> = (self.queues.iter())
            .map(|(id, line)| {
                let duty = self.duty(id, from_ms, to_ms);
                let on_duty =
                    |at: i64, ms: u32| duty.within(at, at + i64::from(ms)).next().is_some();
                QueueDay {
                    queue: id.clone(),
                    minutes: (line.minutes.range(from_ms..to_ms))
                        .filter(|(at, minute)| on_duty(**at, minute.ms))
                        .map(|(at, minute)| (*at, *minute))
                        .collect(),
                    waits: line.waits.get(&day).cloned().unwrap_or_default(),
                }
            })
            .filter(|queue| !queue.minutes.is_empty() || !queue.waits.is_empty())
            .collect();
        let events: Vec<EventFact> = (self.events.range(self.id_at(from_ms)..self.id_at(to_ms)))
            .map(|(_, fact)| fact.clone())
            .collect();
        let published: Vec<(Period, Published)> = (self.published.iter())
            .filter(|(period, _)| LocalDay::of(period.from_ms) == day)
            .map(|(period, published)| (*period, *published))
            .collect();
        let rated = self.ratings.get(&day).into_iter().flatten();
        let ratings: Vec<_> = rated.map(|(id, totals)| (id.clone(), *totals)).collect();
        let any =
            !(windows.is_empty() && queues.is_empty() && events.is_empty() && ratings.is_empty());
        any.then(|| StoredDay {
            day,
            until_ms: self.until_ms().min(to_ms),
            windows,
            queues,
            events,
            ratings,
            published,
        })
    }

    /// Takes a stored day back in. What is known already and differs is replaced.
    pub fn load(&mut self, stored: StoredDay) {
        for window in stored.windows {
            let line = self.windows.entry(window.window).or_default();
            for span in window.times {
                line.times.set(span.from_ms, span.to_ms, span.value);
            }
            for span in window.excuses {
                line.excuses.set(span.from_ms, span.to_ms, span.value);
            }
        }
        for queue in stored.queues {
            let line = self.queues.entry(queue.queue).or_default();
            line.minutes.extend(queue.minutes);
            if !queue.waits.is_empty() {
                line.waits.insert(stored.day, queue.waits);
            }
        }
        for fact in stored.events {
            self.enter(fact);
        }
        if !stored.ratings.is_empty() {
            let totals = stored.ratings.into_iter().collect();
            self.ratings.insert(stored.day, totals);
        }
        self.published.extend(stored.published);
        self.reached(stored.until_ms);
        self.touch(stored.day.from_ms(), stored.until_ms);
    }

    /// An empty book goes on with what an earlier one had stored: nothing of it is new, but what was running may not have been
    /// rolled up to its end.
    pub fn restore(&mut self, days: impl IntoIterator<Item = StoredDay>) {
        days.into_iter().for_each(|stored| self.load(stored));
        let recent_ms = self.until_ms().saturating_sub(RECENT_MS);
        self.forget_news(|period| period.kind >= PeriodKind::Day || period.to_ms > recent_ms);
    }

    /// Everything before was told, also where nothing is said of it: a box that was off.
    pub fn told_until(&mut self, local_ms: i64) {
        self.reached(local_ms);
    }
}
