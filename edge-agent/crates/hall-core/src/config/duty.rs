//! When posts should be manned: weekly times, dated exceptions, holidays, approved leave, and posts that cover for each other.
//! Plain data.

use crate::ids::{LeaveId, WindowId};

/// A piece of a local day, in seconds after local midnight, `from` inclusive, `to` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySegment {
    /// Start.
    pub from_s: u32,
    /// End; at most 86 400.
    pub to_s: u32,
}

/// Duty segments per weekday, Monday first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WeeklyDuty {
    /// Segments in order, not overlapping.
    pub days: [Vec<DaySegment>; 7],
}

/// A local calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year.
    pub year: i32,
    /// Month 1–12.
    pub month: u8,
    /// Day 1–31.
    pub day: u8,
}

/// Duty on one date that replaces the weekly template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyException {
    /// Date.
    pub date: Date,
    /// Windows concerned; empty: the whole hall.
    pub windows: Vec<WindowId>,
    /// Segments; empty: closed.
    pub segments: Vec<DaySegment>,
}

/// Approved leave: excuses absence at a window, but does not delete scheduled time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// Id; entering the same id again replaces it.
    pub id: LeaveId,
    /// Windows concerned.
    pub windows: Vec<WindowId>,
    /// Start, local milliseconds since 1970-01-01T00:00 local, inclusive.
    pub from_local_ms: i64,
    /// End, local milliseconds, exclusive.
    pub to_local_ms: i64,
    /// Account or office that approved it; never the person who is away.
    pub approved_by: String,
    /// Window that covers meanwhile, for display.
    pub cover: Option<WindowId>,
}

/// When who should be on post. Priority: dated exception, then holiday or make-up workday, then weekly template.
/// Leave and pauses only excuse, they do not delete time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DutyCalendar {
    /// The hall's weekly template.
    pub weekly: WeeklyDuty,
    /// Public holidays: closed.
    pub holidays: Vec<Date>,
    /// Make-up workdays (调休上班): a weekend date worked like a weekday.
    pub workdays: Vec<Date>,
    /// Dated exceptions.
    pub exceptions: Vec<DutyException>,
    /// Approved leave known beforehand.
    pub leave: Vec<Leave>,
    /// Years the loaded holiday calendars speak for; empty: no calendar is loaded.
    pub calendar_years: Vec<i32>,
}
