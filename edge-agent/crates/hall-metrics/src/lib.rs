//! Figures: adds up what the engine gives out - how windows' time counts, events, queue lengths, waits - to roll-ups by period and to
//! the month's report. Every definition is written in `docs/metrics.md`. Knows no clock, no file, no wire form and no language.
#![forbid(unsafe_code)]

pub mod book;
pub mod calendar;
pub mod day;
mod delivery;
mod due;
pub mod fact;
pub mod figures;
pub mod layout;
pub mod month;
pub mod quantile;
pub mod queue;
pub mod rating;
pub mod rollup;
pub mod spans;
pub mod tally;
pub mod timeline;
pub mod times;

pub use book::Book;
pub use calendar::{LocalDay, Month, Period, PeriodKind};
pub use day::StoredDay;
pub use fact::EventFact;
pub use figures::{Figures, Scope};
pub use layout::Layout;
pub use month::MonthReport;
pub use rollup::Rollup;
pub use times::ClassTimes;
