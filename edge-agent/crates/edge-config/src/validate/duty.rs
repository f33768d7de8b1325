//! Duty times: weeks, dated exceptions, calendars of holidays and make-up workdays.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hall_core::config::{DaySegment, DutyCalendar, DutyException, WeeklyDuty};
use hall_core::ids::WindowId;
use jiff::civil;

use crate::load;
use crate::mistake::{Finding, Mistake, quote, show};
use crate::raw::{RawCalendar, RawConfig, RawWeek};
use crate::schema;
use crate::validate::Check;
use crate::validate::dates::{core_date, date, range};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Longest range of one exception: a window closed for a year of building work.
const MAX_EXCEPTION_DAYS: i32 = 366;

/// The hall's duty calendar.
pub(super) fn calendar(raw: &RawConfig, check: &mut Check<'_>) -> DutyCalendar {
    let duty = &raw.duty;
    let weekly = week(
        "duty",
        [
            &duty.mon, &duty.tue, &duty.wed, &duty.thu, &duty.fri, &duty.sat, &duty.sun,
        ],
        check,
    );
    let never = weekly.days.iter().all(Vec::is_empty)
        && duty
            .exceptions
            .iter()
            .all(|exception| exception.times.is_empty());
    if never && raw.windows.iter().all(|window| window.duty.is_none()) {
        check.warn(
            "duty",
            "the hall is never on duty, so nothing is ever judged",
            "add times such as mon = [\"09:00-12:00\", \"13:00-17:00\"]",
        );
    }
    let mut days = BTreeMap::new();
    let mut years = BTreeSet::new();
    for (n, file) in duty.calendars.iter().enumerate() {
        calendar_file(
            &format!("duty.calendars[{n}]"),
            file,
            &mut days,
            &mut years,
            check,
        );
    }
    let of = |kind: DayKind| {
        days.iter()
            .filter(|(_, (day, _))| *day == kind)
            .map(|(date, _)| core_date(*date))
            .collect()
    };
    DutyCalendar {
        weekly,
        holidays: of(DayKind::Off),
        workdays: of(DayKind::Work),
        exceptions: exceptions(raw, check),
        leave: super::roster::leave(raw, check),
        calendar_years: years.into_iter().collect(),
    }
}

/// A window's own week.
pub(super) fn window_week(path: &str, raw: &RawWeek, check: &mut Check<'_>) -> WeeklyDuty {
    week(
        path,
        [
            &raw.mon, &raw.tue, &raw.wed, &raw.thu, &raw.fri, &raw.sat, &raw.sun,
        ],
        check,
    )
}

fn week(path: &str, days: [&Vec<String>; 7], check: &mut Check<'_>) -> WeeklyDuty {
    let mut weekly = WeeklyDuty::default();
    for ((day, times), segments) in DAYS.iter().zip(days).zip(&mut weekly.days) {
        *segments = times_of(&format!("{path}.{day}"), times, check);
    }
    weekly
}

/// Segments in order with a gap between each two.
fn times_of(path: &str, times: &[String], check: &mut Check<'_>) -> Vec<DaySegment> {
    let mut segments: Vec<DaySegment> = Vec::with_capacity(times.len());
    for (n, text) in times.iter().enumerate() {
        let path = format!("{path}[{n}]");
        let Some(segment) = segment(text) else {
            check.mistake(
                path,
                format!("{} is not a time span", quote(text)),
                "write \"09:00-12:00\"; the day ends at 24:00",
            );
            continue;
        };
        if segment.from_s >= segment.to_s {
            check.mistake(path, format!("{} ends before it begins", quote(text)), "a span past midnight is written as two: until 24:00, and from 00:00 of the next day");
            continue;
        }
        match segments.last() {
            Some(before) if segment.from_s < before.to_s => check.mistake(
                path,
                format!("{} begins before the span in front of it ends", quote(text)),
                "write the spans in order, without overlap",
            ),
            Some(before) if segment.from_s == before.to_s => check.mistake(
                path,
                format!("{} begins when the span in front of it ends", quote(text)),
                "write the two as one span",
            ),
            _ => segments.push(segment),
        }
    }
    segments
}

fn segment(text: &str) -> Option<DaySegment> {
    let (from, to) = text.split_once('-')?;
    Some(DaySegment {
        from_s: time_of_day_s(from.trim())?,
        to_s: time_of_day_s(to.trim())?,
    })
}

fn time_of_day_s(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    if !(1..=2).contains(&hours.len())
        || minutes.len() != 2
        || !text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b':')
    {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let at_s = hours * 3600 + minutes * 60;
    (minutes < 60 && at_s <= 86_400).then_some(at_s)
}

fn exceptions(raw: &RawConfig, check: &mut Check<'_>) -> Vec<DutyException> {
    let mut exceptions = Vec::with_capacity(raw.duty.exceptions.len());
    let mut seen: BTreeSet<(civil::Date, Option<&str>)> = BTreeSet::new();
    for (n, exception) in raw.duty.exceptions.iter().enumerate() {
        let path = format!("duty.exceptions[{n}]");
        for (m, window) in exception.windows.iter().enumerate() {
            check.reference(
                &format!("{path}.windows[{m}]"),
                window,
                "windows",
                raw.windows.iter().map(|window| window.id.as_str()),
            );
        }
        let segments = times_of(&format!("{path}.times"), &exception.times, check);
        let Some(dates) = exception_dates(&path, &exception.date, exception.to.as_deref(), check)
        else {
            continue;
        };
        let concerned: Vec<Option<&str>> = if exception.windows.is_empty() {
            vec![None]
        } else {
            exception
                .windows
                .iter()
                .map(|window| Some(window.as_str()))
                .collect()
        };
        for window in concerned {
            let doubled: Vec<&civil::Date> = dates
                .iter()
                .filter(|date| !seen.insert((**date, window)))
                .collect();
            if let Some(date) = doubled.first() {
                let who = window.map_or("the hall".to_string(), |window| {
                    format!("the window {}", quote(window))
                });
                check.mistake(
                    path.clone(),
                    format!("{date} already has an exception for {who}"),
                    "write all times of a date in one exception",
                );
            }
        }
        let windows: Vec<WindowId> = exception
            .windows
            .iter()
            .map(|window| WindowId::from(window.as_str()))
            .collect();
        exceptions.extend(dates.into_iter().map(|date| DutyException {
            date: core_date(date),
            windows: windows.clone(),
            segments: segments.clone(),
        }));
    }
    exceptions
}

/// The dates of an exception; `None` when one of its ends is no date or they make no range.
fn exception_dates(
    path: &str,
    from: &str,
    to: Option<&str>,
    check: &mut Check<'_>,
) -> Option<Vec<civil::Date>> {
    let mut end = |key: &str, text: &str| {
        let end = date(text);
        if end.is_none() {
            check.mistake(
                format!("{path}.{key}"),
                format!("{} is not a date", quote(text)),
                "write year-month-day, for example 2026-10-10",
            );
        }
        end
    };
    let first = end("date", from);
    let last = to.map_or(first, |to| end("to", to));
    let (first, last) = (first?, last?);
    let wrong = if last < first {
        Some((
            "the range ends before it begins",
            "to is the last date of the range",
        ))
    } else if (last - first).get_days() >= MAX_EXCEPTION_DAYS {
        Some((
            "the range is longer than 366 days",
            "check the years; for good, change the week instead",
        ))
    } else {
        None
    };
    if let Some((message, hint)) = wrong {
        check.mistake(format!("{path}.to"), message, hint);
        return None;
    }
    Some(
        first
            .series(jiff::Span::new().days(1))
            .take_while(|date| *date <= last)
            .collect(),
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum DayKind {
    Off,
    Work,
}

type Days = BTreeMap<civil::Date, (DayKind, String)>;

/// Reads one calendar into `days`; what is wrong inside it is reported at its own lines.
fn calendar_file(
    path: &str,
    name: &str,
    days: &mut Days,
    years: &mut BTreeSet<i32>,
    check: &mut Check<'_>,
) {
    let file = check.resolve(name);
    let bytes = match load::read(&file) {
        Ok(bytes) => bytes,
        Err(finding) => {
            check.mistakes.push(Finding {
                path: path.to_string(),
                ..finding
            });
            return;
        }
    };
    let parsed = match load::parse::<RawCalendar>(&bytes, &file, &schema::calendar_schema()) {
        Ok(parsed) => parsed,
        Err(mistakes) => {
            check.elsewhere.extend(mistakes);
            return;
        }
    };
    check.calendar_bytes.push(bytes);
    let mut findings = parsed.findings;
    years.extend(&parsed.raw.years);
    let speaks_for = &parsed.raw.years;
    for (key, entries, kind) in [
        ("off", &parsed.raw.off, DayKind::Off),
        ("work", &parsed.raw.work, DayKind::Work),
    ] {
        for (n, text) in entries.iter().enumerate() {
            let place = format!("{key}[{n}]");
            match range(text) {
                Ok(dates) => {
                    for date in dates {
                        if speaks_for.is_empty() {
                            years.insert(i32::from(date.year()));
                        }
                        if let Some((_, other)) = days.insert(
                            date,
                            (kind, format!("{place} of {}", show(Path::new(name)))),
                        ) {
                            findings.push(Finding::new(
                                &place,
                                format!("{date} is already named by {other}"),
                                "name each date once, in off or in work",
                            ));
                        }
                    }
                }
                Err((message, hint)) => findings.push(Finding::new(&place, message, hint)),
            }
        }
    }
    let mut mistakes: Vec<Mistake> = findings
        .into_iter()
        .map(|finding| {
            let line = parsed.document.line(&finding.path);
            finding.at(&file, line)
        })
        .collect();
    mistakes.sort_by_key(|mistake| mistake.line);
    check.elsewhere.extend(mistakes);
}
