//! What is asked of the figures: a month's report, roll-ups of periods. Answers from the days on disk, which are at most a minute old; so
//! the command line can ask while the agent runs, and gets what the page gets.

use std::ops::Range;

use edge_config::Config;
use hall_core::event::EventCode;
use hall_metrics::calendar::DAY_MS;
use hall_metrics::timeline::DayView;
use hall_metrics::{Book, Layout, LocalDay, Month, MonthReport, Period, PeriodKind, StoredDay};
use hall_report::{Format, Lang, Names, Table};
use hall_wire::day::{day_text, parse_day, parse_month};
use hall_wire::rollup::RollupRecord;
use hall_wire::time::parse_rfc3339;

use super::files::DayFiles;
use super::{folder, layout, names};

/// Periods in one answer.
pub const PERIODS_MAX: i64 = 400;
/// A device's fault that began at most so long before is still known of.
const FAULT_DAYS: i64 = 62;
/// The subject that is the hall as a whole.
const HALL: &str = "hall";

/// Why the figures do not answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Nothing is known of the time asked for.
    #[error("there are no figures of {asked}: {known}")]
    Nothing {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: String,
    },
    /// A month, a day or an instant that is none.
    #[error("'{0}' is no {1}")]
    Wrong(String, &'static str),
    /// The end is before the beginning.
    #[error("there is no time from {0} to {1}")]
    Backwards(String, String),
    /// More than one answer can hold.
    #[error(
        "that is {0} periods, an answer holds at most {PERIODS_MAX}; ask for a shorter time or longer periods"
    )]
    TooMany(i64),
    /// Nothing of this name is in the hall.
    #[error(
        "the hall has no window, queue or department '{0}'; write `hall` for the hall as a whole"
    )]
    Subject(String),
    /// The days cannot be read, or the report not written.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// Where the figures are asked.
#[derive(Debug, Clone)]
pub struct FigureQuery {
    /// The hall.
    pub layout: Layout,
    /// Its names.
    pub names: Names,
    /// Its days.
    pub files: DayFiles,
}

/// An answer, and what a person should know about it: the days that could not be read.
#[derive(Debug)]
pub struct Answered<T> {
    /// The answer.
    pub body: T,
    /// One sentence each.
    pub warnings: Vec<String>,
}

/// The month of `2026-09`.
///
/// # Errors
/// When it is none.
pub fn month(text: &str) -> Result<Month, QueryError> {
    parse_month(text).ok_or_else(|| QueryError::Wrong(text.into(), "month; write it like 2026-09"))
}

impl FigureQuery {
    /// The figures of a configured hall.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        FigureQuery {
            layout: layout(config),
            names: names(config),
            files: DayFiles::new(folder(config)),
        }
    }

    /// A month's report.
    ///
    /// # Errors
    /// When nothing is known of the month, or the days cannot be read.
    pub fn report(
        &self,
        month: Month,
        format: Format,
        lang: Lang,
    ) -> Result<Answered<Vec<u8>>, QueryError> {
        let Answered { body, warnings } = self.month_book(month)?;
        let body = self.render(&body, month, format, lang)?;
        Ok(Answered { body, warnings })
    }

    /// The tables of a month's report.
    ///
    /// # Errors
    /// As [`FigureQuery::report`].
    pub fn tables(&self, month: Month, lang: Lang) -> Result<Answered<Vec<Table>>, QueryError> {
        let Answered { body, warnings } = self.month_book(month)?;
        let report = MonthReport::new(&body, month);
        Ok(Answered {
            body: hall_report::tables(&report, &self.names, lang),
            warnings,
        })
    }

    /// A day as a picture, its queues in steps of `step_ms`.
    ///
    /// # Errors
    /// When nothing is known of the day, or it cannot be read.
    pub fn day_view(&self, day: LocalDay, step_ms: i64) -> Result<Answered<DayView>, QueryError> {
        let mut warnings = Vec::new();
        let (from_ms, to_ms) = (day.from_ms(), day.from_ms() + DAY_MS);
        let days = self.days(from_ms, to_ms, &mut warnings)?;
        if days.is_empty() {
            return Err(self.nothing(day_text(day), &warnings));
        }
        let mut book = Book::over(self.layout.clone(), Vec::new());
        days.into_iter().for_each(|stored| book.load(stored));
        self.told_on(&mut book, to_ms)?;
        Ok(Answered {
            body: book.day_view(day, step_ms),
            warnings,
        })
    }

    /// A month's days, and those it is compared with.
    fn month_book(&self, month: Month) -> Result<Answered<Book>, QueryError> {
        let mut book = Book::over(self.layout.clone(), Vec::new());
        let mut warnings = Vec::new();
        for other in [month.year_before(), month.previous(), month] {
            let period = other.period();
            let days = self.days(period.from_ms, period.to_ms, &mut warnings)?;
            if other == month && days.is_empty() {
                let asked = format!("{:04}-{:02}", month.year, month.month);
                return Err(self.nothing(asked, &warnings));
            }
            days.into_iter().for_each(|stored| book.load(stored));
        }
        self.told_on(&mut book, month.period().to_ms)?;
        Ok(Answered {
            body: book,
            warnings,
        })
    }

    /// The report of a month out of a book that holds its days.
    ///
    /// # Errors
    /// When it cannot be written in this form.
    pub fn render(
        &self,
        book: &Book,
        month: Month,
        format: Format,
        lang: Lang,
    ) -> Result<Vec<u8>, QueryError> {
        let report = MonthReport::new(book, month);
        hall_report::render(&report, &self.names, lang, format)
            .map_err(|error| QueryError::Failed(error.into()))
    }

    /// The time from `from` to `to`, local milliseconds; both are RFC 3339 instants, or local days that belong to it.
    ///
    /// # Errors
    /// When one is neither.
    pub fn time(&self, from: &str, to: &str) -> Result<Range<i64>, QueryError> {
        let offset_ms = i64::from(self.layout.utc_offset_s) * 1000;
        let bound = |text: &str, after_ms: i64| -> Result<i64, QueryError> {
            if let Some(day) = parse_day(text) {
                return Ok(day.from_ms() + after_ms);
            }
            let what =
                "local day or RFC 3339 time; write it like 2026-09-21 or 2026-09-21T10:00:00+08:00";
            let (unix_ms, _) =
                parse_rfc3339(text).map_err(|_| QueryError::Wrong(text.into(), what))?;
            Ok(unix_ms + offset_ms)
        };
        let time = bound(from, 0)?..bound(to, DAY_MS)?;
        if time.is_empty() {
            return Err(QueryError::Backwards(from.into(), to.into()));
        }
        Ok(time)
    }

    /// Roll-ups of the periods of a kind that begin in `time`, oldest first; those of which nothing is known are left out. `rev` is
    /// that of the last publication, 0 before the first. Of `subject`, if given, and of nothing else.
    ///
    /// # Errors
    /// When that is too much for one answer, nobody knows the subject, or the days cannot be read.
    pub fn rollups(
        &self,
        kind: PeriodKind,
        time: Range<i64>,
        subject: Option<&str>,
    ) -> Result<Answered<Vec<RollupRecord>>, QueryError> {
        if let Some(subject) = subject.filter(|subject| !self.knows(subject)) {
            return Err(QueryError::Subject(subject.into()));
        }
        let opening = Period::containing(kind, time.start);
        let count =
            (time.end.saturating_sub(time.start)).max(0) / (opening.to_ms - opening.from_ms);
        if count > PERIODS_MAX {
            return Err(QueryError::TooMany(count));
        }
        let mut answer = Answered {
            body: Vec::new(),
            warnings: Vec::new(),
        };
        // Never more than a month in memory, and what of it goes on: the devices that were out before and may be still.
        let before_ms = opening.from_ms - FAULT_DAYS * DAY_MS;
        let mut before = self.days(before_ms, opening.from_ms, &mut answer.warnings)?;
        before.iter_mut().for_each(keep_faults);
        before.retain(|stored| !stored.events.is_empty());
        let mut at = opening.from_ms;
        while at < time.end {
            let month = Period::containing(PeriodKind::Month, at);
            let end = month
                .to_ms
                .min(Period::containing(kind, time.end - 1).to_ms);
            let days = self.days(at, end, &mut answer.warnings)?;
            let mut book = Book::over(self.layout.clone(), Vec::new());
            for stored in before.iter().chain(&days) {
                book.load(stored.clone());
            }
            self.told_on(&mut book, end)?;
            while at < end {
                let period = Period::containing(kind, at);
                at = period.to_ms;
                if time.contains(&period.from_ms) {
                    answer.body.extend(self.records(&book, period, subject));
                }
            }
            before.extend(days);
            before.iter_mut().for_each(keep_faults);
            before.retain(|stored| !stored.events.is_empty());
        }
        Ok(answer)
    }

    fn records(&self, book: &Book, period: Period, subject: Option<&str>) -> Vec<RollupRecord> {
        let Some(rollup) = book.rollup(period) else {
            return Vec::new();
        };
        let figures = &rollup.figures;
        // As published: of the night there is nothing to say.
        if figures.is_idle() && (period.kind < PeriodKind::Day || figures.elapsed_ms == 0) {
            return Vec::new();
        }
        let mut parts = RollupRecord::parts(&rollup, &self.layout);
        if let Some(subject) = subject {
            for part in &mut parts {
                part.total.take_if(|_| subject != HALL);
                part.windows.retain(|window| window.id == subject);
                part.departments
                    .retain(|department| department.id == subject);
                part.queues.retain(|queue| queue.id == subject);
            }
            parts.retain(|part| {
                part.total.is_some()
                    || !part.windows.is_empty()
                    || !part.departments.is_empty()
                    || !part.queues.is_empty()
            });
        }
        parts
    }

    fn knows(&self, subject: &str) -> bool {
        let layout = &self.layout;
        subject == HALL
            || layout.windows.keys().any(|id| id.as_str() == subject)
            || layout.queues.keys().any(|id| id.as_str() == subject)
            || layout.departments().iter().any(|name| name == subject)
    }

    /// The days of a time that can be read.
    fn days(
        &self,
        from_ms: i64,
        to_ms: i64,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<StoredDay>, QueryError> {
        let loaded = (self.files).load(LocalDay::of(from_ms), LocalDay::of(to_ms - 1))?;
        let left_out =
            |(day, reason): (LocalDay, String)| format!("{} is left out: {reason}", day_text(day));
        warnings.extend(loaded.damaged.into_iter().map(left_out));
        Ok(loaded.days)
    }

    /// A box that has run later has told of everything before.
    fn told_on(&self, book: &mut Book, to_ms: i64) -> Result<(), QueryError> {
        let last = self.files.days()?.last().copied();
        if let Some(last) = last.filter(|last| last.from_ms() > book.until_ms()) {
            book.told_until(last.from_ms().min(to_ms));
        }
        Ok(())
    }

    fn nothing(&self, asked: String, warnings: &[String]) -> QueryError {
        let days = self.files.days().unwrap_or_default();
        let mut known = match (days.first(), days.last()) {
            (Some(first), Some(last)) => {
                format!(
                    "they reach from {} to {}",
                    day_text(*first),
                    day_text(*last)
                )
            }
            _ => "this hall has not run yet, or keeps its figures elsewhere ([storage] dir)"
                .to_owned(),
        };
        for warning in warnings {
            known = format!("{known}; {warning}");
        }
        QueryError::Nothing { asked, known }
    }
}

/// What of a day counts for later ones.
fn keep_faults(stored: &mut StoredDay) {
    stored.windows.clear();
    stored.queues.clear();
    stored.published.clear();
    let lasting = |code| matches!(code, EventCode::CameraOffline | EventCode::SensorFault);
    stored.events.retain(|fact| lasting(fact.code));
}
