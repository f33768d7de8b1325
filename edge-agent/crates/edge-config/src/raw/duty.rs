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
    /// Windows that one crew serves: A/B posts (AB岗), or several windows of one clerk.
    #[serde(default)]
    pub groups: Vec<RawGroup>,
    /// Approved leave known beforehand. It excuses absence; it does not take time out of the schedule.
    #[serde(default)]
    pub leave: Vec<RawLeave>,
}

/// Windows that one crew serves.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGroup {
    /// Id, unique in the hall, for example "AB1"; stands in events.
    pub id: String,
    /// Ids of its windows, at least two; a window is in one group at most.
    pub windows: Vec<String>,
    /// either: whoever is at one of the windows covers the group, which is judged as one post. dedicated: every window needs its own clerk.
    #[serde(default)]
    pub cover: RawCover,
    /// With either: windows that must be staffed; fewer than the group has.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 100))]
    pub min_staffed: u32,
}

/// Who counts for whom in a group.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawCover {
    #[default]
    Either,
    Dedicated,
}

/// Approved leave.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLeave {
    /// Id, unique in the hall; an order that cancels the leave names it.
    pub id: String,
    /// Ids of the windows concerned, at least one.
    pub windows: Vec<String>,
    /// Start, local time, for example "2026-09-21T14:00".
    pub from: String,
    /// End, local time, for example "2026-09-21T15:00".
    pub to: String,
    /// Account or office that approved it; never the person who is away.
    pub approved_by: String,
    /// Id of the window that serves meanwhile; shown, not judged.
    pub cover: Option<String>,
}

fn one() -> u32 {
    1
}

/// Other duty times on a date or a range of dates.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawException {
    /// Date, for example 2026-10-10.
    pub date: String,
    /// Last date of a range, both ends included; left out: the one date.
    pub to: Option<String>,
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
    /// Years the list speaks for, for example [2026]; left out: the years of its dates. A year no calendar speaks for is warned of
    /// from 1 December before it.
    #[serde(default)]
    #[schemars(inner(range(min = 2000, max = 2199)))]
    pub years: Vec<i32>,
    /// Closed: dates "2026-10-01" or ranges "2026-10-01..2026-10-07", both ends included.
    #[serde(default)]
    pub off: Vec<String>,
    /// Weekend dates worked like a weekday (调休上班).
    #[serde(default)]
    pub work: Vec<String>,
}
