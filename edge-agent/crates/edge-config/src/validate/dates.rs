//! Dates and ranges of dates as written.

use hall_core::config::Date;
use jiff::civil;

use crate::mistake::quote;

/// Longest range of one calendar entry; longer is a slip in a date.
const MAX_RANGE_DAYS: usize = 31;

/// The dates of "2026-10-01" or "2026-10-01..2026-10-07".
pub(crate) fn range(text: &str) -> Result<Vec<civil::Date>, (String, String)> {
    let example = "write \"2026-10-01\" or \"2026-10-01..2026-10-07\"".to_string();
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (Some(from), Some(to)) = (date(from.trim()), date(to.trim())) else {
        return Err((
            format!("{} is not a date or range of dates", quote(text)),
            example,
        ));
    };
    if from > to {
        return Err((format!("{} ends before it begins", quote(text)), example));
    }
    let dates: Vec<civil::Date> = from
        .series(jiff::Span::new().days(1))
        .take_while(|date| *date <= to)
        .take(MAX_RANGE_DAYS + 1)
        .collect();
    if dates.len() > MAX_RANGE_DAYS {
        return Err((
            format!("{} is longer than {MAX_RANGE_DAYS} days", quote(text)),
            "check the year and month of both ends".into(),
        ));
    }
    Ok(dates)
}

/// Exactly `YYYY-MM-DD`, a date that exists.
pub(crate) fn date(text: &str) -> Option<civil::Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(n, byte)| {
            if n == 4 || n == 7 {
                byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        });
    if !shape {
        return None;
    }
    civil::Date::new(
        text[..4].parse().ok()?,
        text[5..7].parse().ok()?,
        text[8..].parse().ok()?,
    )
    .ok()
}

/// In the engine's terms.
pub(crate) fn core_date(date: civil::Date) -> Date {
    Date {
        year: i32::from(date.year()),
        month: date.month() as u8,
        day: date.day() as u8,
    }
}
