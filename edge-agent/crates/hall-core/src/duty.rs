//! The duty calendar: when who should be on post, in local time. Knows no clock and no engine; local instants are given as
//! milliseconds of the local calendar since 1970-01-01T00:00 local.

use crate::config::{Date, DaySegment, DutyCalendar, WeeklyDuty};
use crate::ids::WindowId;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Days over which back-to-back duty (a hall open around the clock) is followed before the calendar is asked again.
const HORIZON_DAYS: i64 = 8;

/// One uninterrupted stretch of duty; segments that touch, also over midnight, are one stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DutySpan {
    /// Start, local milliseconds, inclusive.
    pub from_ms: i64,
    /// End, local milliseconds, exclusive.
    pub to_ms: i64,
    /// No further stretch begins on the local day on which this one ends.
    pub last_of_day: bool,
}

/// Duty at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DutyNow {
    /// The stretch the instant lies in; `None`: off duty.
    pub span: Option<DutySpan>,
    /// When to ask again: the end of the stretch, the start of the next one, or the next local midnight. Always later
    /// than the instant asked about.
    pub until_ms: i64,
}

/// Whose duty is asked for: the hall's, or one window's with its own weekly times if it has any.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Post<'a> {
    /// The window; `None`: the hall as such.
    pub window: Option<&'a WindowId>,
    /// The window's own weekly times.
    pub weekly: Option<&'a WeeklyDuty>,
}

/// Duty of `post` at `local_ms`.
#[must_use]
pub fn duty_at(calendar: &DutyCalendar, post: Post<'_>, local_ms: i64) -> DutyNow {
    duty_of_any(calendar, &[post], local_ms)
}

/// When at least one of `posts` is on duty at `local_ms`: the duty of a crew.
#[must_use]
pub fn duty_of_any(calendar: &DutyCalendar, posts: &[Post<'_>], local_ms: i64) -> DutyNow {
    let day = local_ms.div_euclid(DAY_MS);
    let spans = day_spans(calendar, posts, day);
    if let Some(&(from, to)) = spans
        .iter()
        .find(|(from, to)| (*from..*to).contains(&local_ms))
    {
        let span = grow(calendar, posts, day, from, to);
        return DutyNow {
            span: Some(span),
            until_ms: span.to_ms,
        };
    }
    let next = spans
        .iter()
        .map(|(from, _)| *from)
        .find(|from| *from > local_ms);
    DutyNow {
        span: None,
        until_ms: next.unwrap_or((day + 1) * DAY_MS),
    }
}

/// A year no calendar speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingYear {
    /// The year.
    pub year: i32,
    /// Since when that is to be mended: 1 December before it, local milliseconds.
    pub since_ms: i64,
}

/// The first year that the loaded calendars should speak for at `local_ms` and do not: this one, and from 1 December on (the State
/// Council announces the list in November) the next one. `None` also without any calendar: then the hall goes by its weeks alone.
#[must_use]
pub fn missing_year(calendar: &DutyCalendar, local_ms: i64) -> Option<MissingYear> {
    if calendar.calendar_years.is_empty() {
        return None;
    }
    let today = date_at(local_ms);
    let next = (today.month == 12).then_some(today.year + 1);
    let year = [today.year]
        .into_iter()
        .chain(next)
        .find(|year| !calendar.calendar_years.contains(year))?;
    let mut first = local_ms.div_euclid(DAY_MS);
    // At most 13 months back.
    while date_of(first)
        != (Date {
            year: year - 1,
            month: 12,
            day: 1,
        })
    {
        first -= 1;
    }
    Some(MissingYear {
        year,
        since_ms: first * DAY_MS,
    })
}

/// The local date of a local instant.
#[must_use]
pub fn date_at(local_ms: i64) -> Date {
    date_of(local_ms.div_euclid(DAY_MS))
}

/// Joins a day's stretch with those that touch it over midnight.
fn grow(calendar: &DutyCalendar, posts: &[Post<'_>], day: i64, from: i64, to: i64) -> DutySpan {
    let (mut from, mut to) = (from, to);
    let mut first = day;
    while from == first * DAY_MS && day - first < HORIZON_DAYS {
        first -= 1;
        match day_spans(calendar, posts, first).last() {
            Some(&(f, t)) if t == from => from = f,
            _ => break,
        }
    }
    let mut last = day;
    while to == (last + 1) * DAY_MS && last - day < HORIZON_DAYS {
        match day_spans(calendar, posts, last + 1).first() {
            Some(&(f, t)) if f == to => to = t,
            _ => break,
        }
        last += 1;
    }
    let last_of_day = !day_spans(calendar, posts, last)
        .iter()
        .any(|(f, _)| *f >= to);
    DutySpan {
        from_ms: from,
        to_ms: to,
        last_of_day,
    }
}

/// A day's stretches in local milliseconds, in order, touching ones joined.
fn day_spans(calendar: &DutyCalendar, posts: &[Post<'_>], day: i64) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = posts
        .iter()
        .flat_map(|post| day_segments(calendar, *post, day))
        .map(|s| {
            (
                i64::from(s.from_s) * 1000,
                (i64::from(s.to_s) * 1000).min(DAY_MS),
            )
        })
        .filter(|(from, to)| from < to)
        .map(|(from, to)| (day * DAY_MS + from, day * DAY_MS + to))
        .collect();
    spans.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// The segments in force on a day: an exception naming the window, else one for the whole hall, else closed on a holiday,
/// else the weekly template. Of several exceptions of one kind on a date the last one written counts. A make-up workday
/// that falls on a weekend takes the template of Monday, or of the first weekday that has duty at all.
fn day_segments<'a>(calendar: &'a DutyCalendar, post: Post<'a>, day: i64) -> &'a [DaySegment] {
    let date = date_of(day);
    let dated = |own: bool| {
        calendar.exceptions.iter().rev().find(|e| {
            e.date == date
                && if own {
                    post.window.is_some_and(|w| e.windows.contains(w))
                } else {
                    e.windows.is_empty()
                }
        })
    };
    if let Some(exception) = dated(true).or_else(|| dated(false)) {
        return &exception.segments;
    }
    if calendar.holidays.contains(&date) {
        return &[];
    }
    let days = &post.weekly.unwrap_or(&calendar.weekly).days;
    let weekday = (day + 3).rem_euclid(7) as usize;
    if weekday >= 5 && calendar.workdays.contains(&date) {
        return days[..5].iter().find(|d| !d.is_empty()).map_or(&[], |d| d);
    }
    &days[weekday]
}

/// The date of a day number since 1970-01-01 (Howard Hinnant, `civil_from_days`,
/// <https://howardhinnant.github.io/date_algorithms.html>).
fn date_of(day: i64) -> Date {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    Date {
        year: year as i32,
        month: month as u8,
        day: (doy - (153 * mp + 2) / 5 + 1) as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DutyException;

    fn hours(segments: &[(u32, u32)]) -> Vec<DaySegment> {
        segments
            .iter()
            .map(|(from, to)| DaySegment {
                from_s: from * 3600,
                to_s: to * 3600,
            })
            .collect()
    }

    fn weekly(segments: &[(u32, u32)]) -> WeeklyDuty {
        let mut weekly = WeeklyDuty::default();
        weekly.days[..5].fill(hours(segments));
        weekly
    }

    /// Local milliseconds of an hour of a day in September 2026 (the 21st is a Monday).
    fn at(day: i64, hour: i64) -> i64 {
        (20_454 + 243 + day - 1) * DAY_MS + hour * 3_600_000
    }

    fn date(day: u8) -> Date {
        Date {
            year: 2026,
            month: 9,
            day,
        }
    }

    fn calendar() -> DutyCalendar {
        DutyCalendar {
            weekly: weekly(&[(9, 12), (13, 17)]),
            ..DutyCalendar::default()
        }
    }

    const HALL: Post<'static> = Post {
        window: None,
        weekly: None,
    };

    #[test]
    fn dates_follow_the_calendar() {
        for (day, year, month, of_month) in [
            (0, 1970, 1, 1),
            (-1, 1969, 12, 31),
            (20_717, 2026, 9, 21),
            (11_016, 2000, 2, 29),
            (20_819, 2027, 1, 1),
        ] {
            assert_eq!(
                date_of(day),
                Date {
                    year,
                    month,
                    day: of_month
                },
                "day {day}"
            );
        }
        assert_eq!(date_at(at(21, 23)), date(21));
    }

    #[test]
    fn duty_begins_and_ends_to_the_millisecond() {
        let calendar = calendar();
        let on = |ms| duty_at(&calendar, HALL, ms).span.is_some();
        assert!(!on(at(21, 9) - 1) && on(at(21, 9)) && on(at(21, 12) - 1) && !on(at(21, 12)));
        let morning = duty_at(&calendar, HALL, at(21, 10));
        assert_eq!(
            morning,
            DutyNow {
                span: Some(DutySpan {
                    from_ms: at(21, 9),
                    to_ms: at(21, 12),
                    last_of_day: false
                }),
                until_ms: at(21, 12)
            }
        );
        assert!(
            duty_at(&calendar, HALL, at(21, 13))
                .span
                .is_some_and(|span| span.last_of_day)
        );
        assert_eq!(
            duty_at(&calendar, HALL, at(21, 12)),
            DutyNow {
                span: None,
                until_ms: at(21, 13)
            }
        );
        assert_eq!(
            duty_at(&calendar, HALL, at(21, 17)),
            DutyNow {
                span: None,
                until_ms: at(22, 0)
            }
        );
    }

    #[test]
    fn exceptions_beat_holidays_beat_templates() {
        let w1 = WindowId::from("W1");
        let own = weekly(&[(8, 10)]);
        let mut calendar = calendar();
        calendar.weekly.days[5] = hours(&[(10, 11)]);
        calendar.workdays = vec![date(20), date(26)];
        calendar.holidays = vec![date(22), date(23)];
        calendar.exceptions = vec![
            DutyException {
                date: date(23),
                windows: Vec::new(),
                segments: hours(&[(14, 15)]),
            },
            DutyException {
                date: date(23),
                windows: vec![w1.clone()],
                segments: Vec::new(),
            },
        ];
        let hours_on = |post: Post<'_>, day| -> Vec<i64> {
            (0..24)
                .filter(|hour| duty_at(&calendar, post, at(day, *hour)).span.is_some())
                .collect()
        };
        let window = Post {
            window: Some(&w1),
            weekly: None,
        };
        let special = Post {
            window: Some(&w1),
            weekly: Some(&own),
        };
        for (day, post, expected, why) in [
            (
                21,
                HALL,
                &[9, 10, 11, 13, 14, 15, 16][..],
                "an ordinary Monday",
            ),
            (19, HALL, &[10], "an ordinary Saturday"),
            (
                20,
                HALL,
                &[9, 10, 11, 13, 14, 15, 16],
                "a make-up Sunday is worked like a Monday",
            ),
            (
                26,
                HALL,
                &[9, 10, 11, 13, 14, 15, 16],
                "so is a make-up Saturday, whatever Saturdays are like",
            ),
            (
                20,
                special,
                &[8, 9],
                "by the window's own Monday, if it has one",
            ),
            (22, HALL, &[], "a holiday"),
            (22, special, &[], "a holiday for every window"),
            (23, HALL, &[14], "an exception opens a holiday"),
            (
                23,
                window,
                &[],
                "an exception naming the window comes first",
            ),
        ] {
            assert_eq!(hours_on(post, day), expected, "{why}");
        }
    }

    #[test]
    fn touching_segments_are_one_stretch_even_over_midnight() {
        let mut calendar = DutyCalendar::default();
        calendar.weekly.days[0] = hours(&[(13, 24), (9, 12), (12, 13)]);
        calendar.weekly.days[1] = hours(&[(0, 6), (8, 9)]);
        let span = duty_at(&calendar, HALL, at(21, 23)).span;
        assert_eq!(
            span,
            Some(DutySpan {
                from_ms: at(21, 9),
                to_ms: at(22, 6),
                last_of_day: false
            })
        );
        assert_eq!(
            duty_at(&calendar, HALL, at(22, 1)).span,
            span,
            "asked from the other side of midnight"
        );
        let mut always = DutyCalendar::default();
        always.weekly.days.fill(hours(&[(0, 24)]));
        let now = duty_at(&always, HALL, at(21, 10));
        assert!(
            now.until_ms > at(28, 0),
            "around the clock no midnight interrupts"
        );
    }

    #[test]
    fn a_year_no_calendar_speaks_for_is_missing_from_the_first_of_december_before_it() {
        let first_of = |year: i64, month: i64| {
            // 2026-12-01 is day 20 788; months of interest only.
            let day = match (year, month) {
                (2026, 11) => 20_758,
                (2026, 12) => 20_788,
                (2027, 1) => 20_819,
                (2027, 12) => 21_153,
                _ => unreachable!(),
            };
            day * DAY_MS
        };
        let december = first_of(2026, 12);
        for (years, at_ms, expected) in [
            (&[][..], december, None),
            (&[2026], first_of(2026, 11), None),
            (&[2026], december - 1, None),
            (&[2026], december, Some((2027, december))),
            (&[2026, 2027], december, None),
            (&[2026], first_of(2027, 1), Some((2027, december))),
            (&[2026], first_of(2027, 12), Some((2027, december))),
            (
                &[2026, 2027],
                first_of(2027, 12),
                Some((2028, first_of(2027, 12))),
            ),
        ] {
            let calendar = DutyCalendar {
                calendar_years: years.to_vec(),
                ..DutyCalendar::default()
            };
            let missing = missing_year(&calendar, at_ms).map(|m| (m.year, m.since_ms));
            assert_eq!(missing, expected, "{years:?} at {at_ms}");
        }
    }

    #[test]
    fn nonsense_segments_are_ignored() {
        let mut calendar = DutyCalendar::default();
        calendar.weekly.days[0] = vec![
            DaySegment {
                from_s: 7200,
                to_s: 3600,
            },
            DaySegment {
                from_s: 80_000,
                to_s: 999_999,
            },
        ];
        assert_eq!(duty_at(&calendar, HALL, at(21, 1)).span, None);
        assert_eq!(duty_at(&calendar, HALL, at(21, 23)).until_ms, at(22, 0));
    }
}
