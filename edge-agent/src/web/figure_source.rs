//! The port to the kept figures: days, and the month's report. Calls may block for seconds; they are made off the async threads, one at
//! a time, so that whoever looks at figures never takes more than one core from judging.

use hall_metrics::timeline::DayView;
use hall_metrics::{LocalDay, Month};
use hall_report::{Format, Lang, Table};

use super::inputs::SourceError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// Nothing is kept of the time asked for.
    #[error("nothing is kept of that time")]
    Nothing {
        /// First and last day kept; `None`: none is.
        kept: Option<(LocalDay, LocalDay)>,
    },
    /// The figures cannot be read.
    #[error(transparent)]
    Failed(#[from] SourceError),
}

/// A report, and the days it had to go without because their figures cannot be read.
#[derive(Debug)]
pub struct Report<T> {
    /// The report.
    pub body: T,
    /// Days left out.
    pub left_out: usize,
}

/// Read side of the kept figures.
pub trait FigureSource: Send + Sync + 'static {
    /// Days of which figures are kept, oldest first.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn days(&self) -> Result<Vec<LocalDay>, SourceError>;

    /// A number that differs whenever an answer about the day may.
    ///
    /// # Errors
    /// As [`FigureSource::days`].
    fn day_mark(&self, day: LocalDay) -> Result<u64, SourceError>;

    /// The same of a month's report.
    ///
    /// # Errors
    /// As [`FigureSource::days`].
    fn month_mark(&self, month: Month) -> Result<u64, SourceError>;

    /// A day.
    ///
    /// # Errors
    /// When nothing is kept of it, or it cannot be read.
    fn day(&self, day: LocalDay) -> Result<DayView, FigureError>;

    /// A month's report as a file.
    ///
    /// # Errors
    /// As [`FigureSource::day`].
    fn report(
        &self,
        month: Month,
        format: Format,
        lang: Lang,
    ) -> Result<Report<Vec<u8>>, FigureError>;

    /// The tables of a month's report.
    ///
    /// # Errors
    /// As [`FigureSource::day`].
    fn tables(&self, month: Month, lang: Lang) -> Result<Report<Vec<Table>>, FigureError>;
}
