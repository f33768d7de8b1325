//! Duty times and calendar files as written.

use schemars::JsonSchema;
use serde::Deserialize;

/// Duty times of a week. Days left out are closed.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawWeek {
    /// Monday, for example ["09:00-12:00", "13:00-17:00"].
    pub mon: Vec<String>,
    /// Tuesday.
    pub tue: Vec<String>,
    /// Wednesday.
    pub wed: Vec<String>,
    /// Thursday.
    pub thu: Vec<String>,
    /// Friday.
    pub fri: Vec<String>,
    /// Saturday.
    pub sat: Vec<String>,
    /// Sunday.
    pub sun: Vec<String>,
}

/// When windows should be open. Priority: exception, then holiday or make-up workday, then the week.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDuty {
    /// Monday, for example ["09:00-12:00", "13:00-17:00"].
    #[serde(default)]
    pub mon: Vec<String>,
    /// Tuesday.
    #[serde(default)]
    pub tue: Vec<String>,
    /// Wednesday.
    #[serde(default)]
    pub wed: Vec<String>,
    /// Thursday.
    #[serde(default)]
    pub thu: Vec<String>,
    /// Friday.
    #[serde(default)]
    pub fri: Vec<String>,
    /// Saturday.
    #[serde(default)]
    pub sat: Vec<String>,
    /// Sunday.
    #[serde(default)]
    pub sun: Vec<String>,
    /// Files of public holidays and make-up workdays, for example ["../calendars/cn-2026.toml"].
    #[serde(default)]
    pub calendars: Vec<String>,
    /// Dates with other times.
    #[serde(default)]
    pub exceptions: Vec<RawException>,
}

/// Other duty times on one date.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawException {
    /// Date, for example 2026-10-10.
    pub date: String,
    /// Ids of the windows concerned; empty: the whole hall.
    #[serde(default)]
    pub windows: Vec<String>,
    /// Times, for example ["09:00-12:00"]; empty: closed.
    #[serde(default)]
    pub times: Vec<String>,
}

/// A calendar file: public holidays and make-up workdays of a year, as announced.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCalendar {
    /// Closed: dates "2026-10-01" or ranges "2026-10-01..2026-10-07", both ends included.
    #[serde(default)]
    pub off: Vec<String>,
    /// Weekend dates worked like a weekday (调休上班).
    #[serde(default)]
    pub work: Vec<String>,
}
