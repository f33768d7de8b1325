//! A year's holidays and make-up workdays as the centre sends them, v1. Whether the dates can be is checked where calendars are read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::DateRange;

/// Public holidays and make-up workdays of one year, as announced by the State Council.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarRecord {
    /// The year; every date lies in it.
    #[schemars(range(min = 2000, max = 2199))]
    pub year: i32,
    /// Closed: dates `2027-10-01` or ranges `2027-10-01..2027-10-07`, both ends included, at most 31 days each.
    #[schemars(with = "Vec<DateRange>")]
    pub off: Vec<String>,
    /// Weekend dates worked like a weekday (调休上班), written the same way.
    #[schemars(with = "Vec<DateRange>")]
    pub work: Vec<String>,
}
