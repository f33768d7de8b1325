//! The month's report (月报, domain §1.7) as one structure: what is printed, in which order of rank, and what is left out because too
//! little was observed. Knows no language and no paper.

use std::collections::BTreeMap;

use hall_core::event::EventCode;
use hall_core::ids::WindowId;

use crate::book::Book;
use crate::calendar::{LocalDay, Month};
use crate::fact::{EventFact, is_device_fault};
use crate::figures::{Figures, Scope, Staffing};
use crate::queue::QueueFigures;
use crate::tally::{Episodes, EventTally};
use crate::timeline::DayHour;

/// Below this coverage no rank is given (domain §1.7).
pub const RANK_COVERAGE_MIN: f64 = 0.8;
/// At most so many of the events taken out of the counts are listed one by one.
pub const DROPPED_LISTED: usize = 500;

/// A department or a window in the report.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Window id or name of the department.
    pub id: String,
    /// Staffing.
    pub staffing: Staffing,
    /// Its `unstaffed` episodes.
    pub unstaffed: Episodes,
    /// Its `late_open` events.
    pub late_open: Episodes,
    /// Place by staffing rate, 1 the best, equal rates the same; `None` under a coverage of 0.8.
    pub rank: Option<u32>,
    /// Staffing rate minus that of the month before.
    pub change: Option<f64>,
    /// Staffing rate minus that of the same month last year.
    pub change_year: Option<f64>,
}

/// The hall's leading figures of another month.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Which month.
    pub month: Month,
    /// Staffing of the hall.
    pub staffing: Staffing,
    /// Counts.
    pub tally: EventTally,
    /// All queues.
    pub queues: QueueFigures,
}

/// Queues in one local hour, all days together.
#[derive(Debug, Clone, PartialEq)]
pub struct Hour {
    /// 0–23.
    pub hour: u8,
    /// Length and waits.
    pub queues: QueueFigures,
}

/// The month's report.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthReport {
    /// Hall id.
    pub hall: String,
    /// Box id.
    pub box_id: String,
    /// Local time's offset from UTC in seconds.
    pub utc_offset_s: i32,
    /// Which month.
    pub month: Month,
    /// Figures reach up to here, local milliseconds.
    pub until_ms: i64,
    /// The month is over and told to its end.
    pub complete: bool,
    /// Days of which something is known.
    pub days: u32,
    /// Staffing of the hall.
    pub staffing: Staffing,
    /// Share of the devices' time in which they were online.
    pub device_online_rate: Option<f64>,
    /// Departments, by rank, those without one last.
    pub departments: Vec<Ranked>,
    /// Windows, the same.
    pub windows: Vec<Ranked>,
    /// Counts over the hall.
    pub tally: EventTally,
    /// Queues by id.
    pub queues: Vec<(String, QueueFigures)>,
    /// All queues together.
    pub all_queues: QueueFigures,
    /// Queues by local hour.
    pub hours: Vec<Hour>,
    /// Every hour of every day in which anything was scheduled, served or observed in a queue, in order.
    pub day_hours: Vec<DayHour>,
    /// Hour with the greatest mean length.
    pub peak_hour: Option<u8>,
    /// Faults of devices by code.
    pub device_faults: BTreeMap<EventCode, u32>,
    /// 真实, 完整, 准确; 实时 is known elsewhere.
    pub truth: Option<f64>,
    /// Coverage of the hall.
    pub completeness: Option<f64>,
    /// 1 − false alarms.
    pub accuracy: Option<f64>,
    /// Events taken out of the counts, oldest first, at most [`DROPPED_LISTED`].
    pub dropped: Vec<EventFact>,
    /// 上月; `None` when nothing is known of it.
    pub previous: Option<Comparison>,
    /// 去年同期.
    pub year_before: Option<Comparison>,
}

/// Figures of a month as far as the book has them; `None` when it has none.
fn figures(book: &Book, month: Month) -> Option<Figures> {
    let figures = book.rollup(month.period())?.figures;
    (figures.elapsed_ms > 0 || !figures.events.is_empty()).then_some(figures)
}

impl MonthReport {
    /// The report of a month from a book that holds its days, and those it is compared with as far as they are known.
    #[must_use]
    pub fn new(book: &Book, month: Month) -> Self {
        let (layout, period) = (book.layout(), month.period());
        let now = figures(book, month).unwrap_or_default();
        let until_ms = book.until_ms().clamp(period.from_ms, period.to_ms);
        let before = figures(book, month.previous());
        let year = figures(book, month.year_before());
        let compare = |month: Month, figures: &Option<Figures>| {
            figures.as_ref().map(|figures| Comparison {
                month,
                staffing: figures.staffing(&Scope::Hall, layout),
                tally: figures.tally(&Scope::Hall, layout, until_ms),
                queues: figures.all_queues(),
            })
        };
        let ranked = |id: String, scope: Scope| {
            let tally = now.tally(&scope, layout, until_ms);
            let staffing = now.staffing(&scope, layout);
            let rate = staffing.sum.times.staffing_rate();
            let change = |other: &Option<Figures>| {
                let other = other.as_ref()?.staffing(&scope, layout);
                Some(rate? - other.sum.times.staffing_rate()?)
            };
            Ranked {
                id,
                unstaffed: tally.unstaffed,
                late_open: tally.late_open,
                rank: None,
                change: change(&before),
                change_year: change(&year),
                staffing,
            }
        };
        let windows: Vec<Ranked> = (now.windows.keys())
            .map(|id: &WindowId| ranked(id.to_string(), Scope::Window(id.clone())))
            .collect();
        let departments: Vec<Ranked> = (layout.departments().into_iter())
            .map(|name| ranked(name.clone(), Scope::Department(name)))
            .collect();
        let tally = now.tally(&Scope::Hall, layout, until_ms);
        let staffing = now.staffing(&Scope::Hall, layout);
        let hours: Vec<Hour> = (now.queues_by_hour.iter())
            .map(|(hour, queues)| Hour {
                hour: *hour,
                queues: queues.clone(),
            })
            .collect();
        MonthReport {
            hall: layout.hall.clone(),
            box_id: layout.box_id.clone(),
            utc_offset_s: layout.utc_offset_s,
            month,
            until_ms,
            complete: until_ms >= period.to_ms,
            days: days_known(book, month),
            staffing,
            device_online_rate: now.device_online_rate(),
            departments: in_order_of_rank(departments),
            windows: in_order_of_rank(windows),
            queues: (now.queues.iter())
                .map(|(id, queue)| (id.to_string(), queue.clone()))
                .collect(),
            all_queues: now.all_queues(),
            day_hours: (days_of(month).flat_map(|day| book.day_hours(day))).collect(),
            peak_hour: peak_hour(&hours),
            hours,
            device_faults: (tally.by_code.iter())
                .filter(|(code, _)| is_device_fault(**code))
                .map(|(code, n)| (*code, *n))
                .collect(),
            truth: tally.truth(),
            completeness: staffing.sum.times.coverage(),
            accuracy: tally.accuracy(),
            dropped: (now.events.iter())
                .filter(|fact| !fact.counts())
                .take(DROPPED_LISTED)
                .cloned()
                .collect(),
            previous: compare(month.previous(), &before),
            year_before: compare(month.year_before(), &year),
            tally,
        }
    }

    /// Windows that were scheduled, and of these opened at least once.
    #[must_use]
    pub fn windows_opened(&self) -> (u32, u32) {
        let opened = self.windows.iter().filter(|w| w.staffing.sum.opened > 0);
        (
            self.staffing.windows_scheduled,
            u32::try_from(opened.count()).unwrap_or(u32::MAX),
        )
    }
}

fn days_of(month: Month) -> impl Iterator<Item = LocalDay> {
    let period = month.period();
    let (first, last) = (
        LocalDay::of(period.from_ms).0,
        LocalDay::of(period.to_ms - 1).0,
    );
    (first..=last).map(LocalDay)
}

fn days_known(book: &Book, month: Month) -> u32 {
    let known = days_of(month).filter(|day| book.knows(*day));
    u32::try_from(known.count()).unwrap_or(31)
}

/// By rank, then those without one; equal ones by id.
fn in_order_of_rank(mut ranked: Vec<Ranked>) -> Vec<Ranked> {
    let rate = |ranked: &Ranked| {
        let times = &ranked.staffing.sum.times;
        let covered = times.coverage().is_some_and(|c| c >= RANK_COVERAGE_MIN);
        times.staffing_rate().filter(|_| covered)
    };
    ranked.sort_by(|a, b| {
        let (x, y) = (rate(a), rate(b));
        (y.partial_cmp(&x).unwrap_or(std::cmp::Ordering::Equal)).then_with(|| a.id.cmp(&b.id))
    });
    let rates: Vec<Option<f64>> = ranked.iter().map(rate).collect();
    for (n, entry) in ranked.iter_mut().enumerate() {
        entry.rank = rates[n].map(|own| {
            let better = rates.iter().flatten().filter(|other| **other > own);
            better.count() as u32 + 1
        });
    }
    ranked
}

/// The hour with the greatest mean length; the earliest of equal ones.
fn peak_hour(hours: &[Hour]) -> Option<u8> {
    let mut peak: Option<(u8, f64)> = None;
    for hour in hours {
        if let Some(mean) = hour.queues.len_mean()
            && mean > peak.map_or(0.0, |(_, mean)| mean)
        {
            peak = Some((hour.hour, mean));
        }
    }
    peak.map(|(hour, _)| hour)
}
