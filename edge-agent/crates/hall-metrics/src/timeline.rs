//! How a stretch of time went, for showing: every window's time piece by piece and hour by hour, every queue step by step. The same
//! pieces the sums are made of, so a picture of a day and its figures cannot differ.

use std::collections::BTreeMap;

use hall_core::account::TimeClass;
use hall_core::ids::{QueueId, WindowId};

use crate::book::{Book, WindowLine};
use crate::calendar::{DAY_MS, HOUR_MS, LocalDay};
use crate::fact::EventFact;
use crate::figures::{Scope, Staffing};
use crate::queue::{QueueFigures, counted};
use crate::spans::{Span, Spans};
use crate::times::ClassTimes;

/// Time per class in one local hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourTimes {
    /// Start of the hour, local milliseconds.
    pub from_ms: i64,
    /// Window time in it.
    pub times: ClassTimes,
}

/// The hall in one hour of one day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayHour {
    /// Start of the hour, local milliseconds.
    pub from_ms: i64,
    /// Time of all windows in it.
    pub times: ClassTimes,
    /// All queues together.
    pub queues: QueueFigures,
}

/// A queue over one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueStep {
    /// Start of the step, local milliseconds.
    pub from_ms: i64,
    /// Length and waits in it.
    pub figures: QueueFigures,
}

/// One window's day.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowTimeline {
    /// Which.
    pub window: WindowId,
    /// Its figures.
    pub staffing: Staffing,
    /// How its time counts, in order.
    pub pieces: Vec<Span<TimeClass>>,
    /// Hours in which it was scheduled or served.
    pub hours: Vec<HourTimes>,
}

/// One queue's day.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueCurve {
    /// Which.
    pub queue: QueueId,
    /// Its figures.
    pub figures: QueueFigures,
    /// Steps in which anything was observed.
    pub steps: Vec<QueueStep>,
}

/// One day of a hall.
#[derive(Debug, Clone, PartialEq)]
pub struct DayView {
    /// Which.
    pub day: LocalDay,
    /// Local time's offset from UTC in seconds.
    pub utc_offset_s: i32,
    /// Figures reach up to here, local milliseconds.
    pub until_ms: i64,
    /// Staffing of the hall.
    pub staffing: Staffing,
    /// Windows by id.
    pub windows: Vec<WindowTimeline>,
    /// Queues by id.
    pub queues: Vec<QueueCurve>,
    /// Length of a queue's step.
    pub step_ms: i64,
    /// The hall hour by hour.
    pub hours: Vec<DayHour>,
    /// Events that began on it, oldest first.
    pub events: Vec<EventFact>,
}

impl Book {
    /// A day as a picture, its queues in steps of `step_ms`.
    #[must_use]
    pub fn day_view(&self, day: LocalDay, step_ms: i64) -> DayView {
        let (from_ms, to_ms) = (day.from_ms(), day.from_ms() + DAY_MS);
        let figures = self.figures(from_ms, to_ms);
        let windows = figures.windows.keys().map(|window| WindowTimeline {
            window: window.clone(),
            staffing: figures.staffing(&Scope::Window(window.clone()), &self.layout),
            pieces: self.timeline(window, from_ms, to_ms),
            hours: self.hours(day, Some(window)),
        });
        let queues = figures.queues.iter().map(|(queue, total)| QueueCurve {
            queue: queue.clone(),
            figures: total.clone(),
            steps: self.queue_steps(queue, day, step_ms),
        });
        DayView {
            day,
            utc_offset_s: self.layout.utc_offset_s,
            until_ms: self.until_ms.clamp(from_ms, to_ms),
            staffing: figures.staffing(&Scope::Hall, &self.layout),
            windows: windows.collect(),
            queues: queues.collect(),
            step_ms,
            hours: self.day_hours(day),
            events: figures.events,
        }
    }

    /// How a window's time from `from_ms` to `to_ms` counts, in order and without gaps since its first interval, as far as told; leave
    /// entered or cancelled afterwards is in it.
    #[must_use]
    pub fn timeline(&self, window: &WindowId, from_ms: i64, to_ms: i64) -> Vec<Span<TimeClass>> {
        self.windows.get(window).map_or_else(Vec::new, |line| {
            self.pieces(window, line, from_ms, to_ms.min(self.until_ms))
        })
    }

    pub(crate) fn pieces(
        &self,
        id: &WindowId,
        line: &WindowLine,
        from_ms: i64,
        to_ms: i64,
    ) -> Vec<Span<TimeClass>> {
        let mut pieces = Spans::new();
        for (from, to, class) in self.line(id, line, from_ms, to_ms) {
            pieces.set(from, to, class);
            let (becomes, wants) = match class {
                TimeClass::Unstaffed => (TimeClass::Excused, true),
                TimeClass::Excused => (TimeClass::Unstaffed, false),
                _ => continue,
            };
            for span in line.excuses.within(from, to) {
                if span.value == wants {
                    pieces.set(span.from_ms, span.to_ms, becomes);
                }
            }
        }
        pieces.within(from_ms, to_ms).collect()
    }

    /// The hours of a day in which a window (`None`: any, added up) was scheduled or served, in order.
    #[must_use]
    pub fn hours(&self, day: LocalDay, window: Option<&WindowId>) -> Vec<HourTimes> {
        let mut hours = [ClassTimes::default(); 24];
        let start = day.from_ms();
        for (id, line) in &self.windows {
            if window.is_some_and(|only| only != id) {
                continue;
            }
            let end = (start + DAY_MS).min(self.until_ms);
            for span in self.pieces(id, line, start, end) {
                let mut at = span.from_ms;
                while at < span.to_ms {
                    let hour = (at - start) / HOUR_MS;
                    let next = (start + (hour + 1) * HOUR_MS).min(span.to_ms);
                    hours[hour as usize].add(span.value, next - at);
                    at = next;
                }
            }
        }
        (0_i64..)
            .zip(hours)
            .map(|(hour, times)| HourTimes {
                from_ms: start + hour * HOUR_MS,
                times,
            })
            .filter(|hour| hour.times.scheduled_ms() > 0 || hour.times.extra_open_ms > 0)
            .collect()
    }

    /// The hours of a day in which anything was scheduled, served or observed in a queue, in order.
    #[must_use]
    pub fn day_hours(&self, day: LocalDay) -> Vec<DayHour> {
        let mut hours: BTreeMap<i64, DayHour> = BTreeMap::new();
        let blank = |from_ms: i64| DayHour {
            from_ms,
            times: ClassTimes::default(),
            queues: QueueFigures::default(),
        };
        for hour in self.hours(day, None) {
            let entry = hours.entry(hour.from_ms);
            entry.or_insert_with(|| blank(hour.from_ms)).times = hour.times;
        }
        for queue in self.queues.keys() {
            for step in self.queue_steps(queue, day, HOUR_MS) {
                let entry = hours.entry(step.from_ms);
                let hour = entry.or_insert_with(|| blank(step.from_ms));
                hour.queues.merge(&step.figures);
            }
        }
        hours.into_values().collect()
    }

    /// A queue's day in steps of `step_ms`, in order; steps in which nothing was observed and nobody's wait ended are left out.
    #[must_use]
    pub fn queue_steps(&self, queue: &QueueId, day: LocalDay, step_ms: i64) -> Vec<QueueStep> {
        let Some(line) = self.queues.get(queue) else {
            return Vec::new();
        };
        let (from_ms, to_ms) = (day.from_ms(), day.from_ms() + DAY_MS);
        let duty = self.duty(queue, from_ms, to_ms);
        let mut steps: BTreeMap<i64, QueueFigures> = BTreeMap::new();
        let step_of = |at: i64| from_ms + (at - from_ms) / step_ms * step_ms;
        for (at, minute) in line.minutes.range(from_ms..to_ms) {
            if duty.within(*at, at + i64::from(minute.ms)).next().is_some() {
                let step = steps.entry(step_of(*at)).or_default();
                step.add_minute(minute);
            }
        }
        for wait in line
            .waits
            .get(&day)
            .map_or_else(Vec::new, |day| counted(day))
        {
            let step = steps.entry(step_of(wait.at_ms)).or_default();
            step.waits.push(wait);
        }
        (steps.into_iter())
            .map(|(from_ms, figures)| QueueStep { from_ms, figures })
            .collect()
    }
}
