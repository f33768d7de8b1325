//! The warning that the calendars are about to end. It depends on the day on which it is asked for, and so is none of the file's own.

use hall_core::duty::missing_year;

use crate::config::Config;
use crate::mistake::Mistake;

impl Config {
    /// What to say at `unix_ms` when no calendar speaks for the year, or from 1 December on for the next one; `None`: all is well, or
    /// the hall names no calendar.
    #[must_use]
    pub fn calendar_warning(&self, unix_ms: i64) -> Option<Mistake> {
        let local_ms = unix_ms + i64::from(self.utc_offset_s) * 1000;
        let missing = missing_year(&self.engine.duty, local_ms)?;
        Some(Mistake {
            file: self.path.clone(),
            line: None,
            path: "duty.calendars".into(),
            message: format!("no calendar speaks for {}", missing.year),
            hint: "holidays and make-up workdays of that year are unknown; add its calendar as soon as it is announced".into(),
        })
    }
}
