//! The kept figures as the page asks for them.

use hall_metrics::timeline::DayView;
use hall_metrics::{LocalDay, Month};
use hall_report::{Format, Lang, Table};

use super::query::{Answered, FigureQuery, QueryError};
use crate::web::figure_source::{FigureError, FigureSource, Report};
use crate::web::inputs::SourceError;

/// A queue's curve is drawn in steps of five minutes: 288 points a day at most.
const STEP_MS: i64 = 5 * 60_000;

impl FigureQuery {
    fn failed(&self, what: &str, error: &anyhow::Error) -> SourceError {
        SourceError {
            what: what.into(),
            reason: format!("{error:#}"),
        }
    }

    fn refusal(&self, what: &str, error: QueryError) -> FigureError {
        match error {
            QueryError::Nothing { .. } => {
                // A day that cannot be read counts as none here; what is wrong with it is for the log.
                tracing::debug!(%error, "The page asked for figures that are not there.");
                let days = self.files.days().unwrap_or_default();
                FigureError::Nothing {
                    kept: days.first().copied().zip(days.last().copied()),
                }
            }
            other => FigureError::Failed(self.failed(what, &other.into())),
        }
    }

    fn report_of<T>(
        &self,
        what: &str,
        answer: Result<Answered<T>, QueryError>,
    ) -> Result<Report<T>, FigureError> {
        let answer = answer.map_err(|error| self.refusal(what, error))?;
        for warning in &answer.warnings {
            tracing::warn!(%warning, "A report goes without a day.");
        }
        Ok(Report {
            body: answer.body,
            left_out: answer.warnings.len(),
        })
    }

    fn mark(&self, months: &[(LocalDay, LocalDay)]) -> Result<u64, SourceError> {
        (self.files.mark(months)).map_err(|error| self.failed("look for days of figures", &error))
    }
}

impl FigureSource for FigureQuery {
    fn days(&self) -> Result<Vec<LocalDay>, SourceError> {
        (self.files.days()).map_err(|error| self.failed("list the days of figures", &error))
    }

    fn day_mark(&self, day: LocalDay) -> Result<u64, SourceError> {
        self.mark(&[(day, day)])
    }

    fn month_mark(&self, month: Month) -> Result<u64, SourceError> {
        let days = |month: Month| (month.first_day(), LocalDay(month.next().first_day().0 - 1));
        self.mark(&[month.year_before(), month.previous(), month].map(days))
    }

    fn day(&self, day: LocalDay) -> Result<DayView, FigureError> {
        let answer = self.day_view(day, STEP_MS);
        Ok(self.report_of("read a day of figures", answer)?.body)
    }

    fn report(
        &self,
        month: Month,
        format: Format,
        lang: Lang,
    ) -> Result<Report<Vec<u8>>, FigureError> {
        self.report_of(
            "make a report",
            FigureQuery::report(self, month, format, lang),
        )
    }

    fn tables(&self, month: Month, lang: Lang) -> Result<Report<Vec<Table>>, FigureError> {
        self.report_of(
            "make the tables of a report",
            FigureQuery::tables(self, month, lang),
        )
    }
}
