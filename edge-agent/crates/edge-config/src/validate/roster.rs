//! Who serves which window: groups that cover for each other, approved leave.

use std::collections::{BTreeMap, BTreeSet};

use hall_core::config::{Cover, GroupConfig, Leave};
use hall_core::ids::WindowId;
use jiff::civil;

use crate::mistake::quote;
use crate::raw::{RawConfig, RawCover};
use crate::validate::Check;

/// Longest leave of one entry; longer is a slip in a date, or a window that should be closed by an exception.
const MAX_LEAVE_DAYS: i64 = 366;

/// Groups of windows.
pub(super) fn groups(raw: &RawConfig, check: &mut Check<'_>) -> Vec<GroupConfig> {
    let groups = &raw.duty.groups;
    check.ids("duty.groups", groups.iter().map(|group| group.id.as_str()));
    let mut member_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, group) in groups.iter().enumerate() {
        let path = format!("duty.groups[{n}]");
        windows(&format!("{path}.windows"), &group.windows, raw, check);
        if group.windows.len() < 2 {
            check.mistake(
                format!("{path}.windows"),
                "a group has at least two windows",
                "name every window that the crew serves",
            );
        }
        for (m, window) in group.windows.iter().enumerate() {
            match member_of.insert(window, n) {
                Some(other) if other != n => check.mistake(
                    format!("{path}.windows[{m}]"),
                    format!("{} is already in duty.groups[{other}]", quote(window)),
                    "a window is in one group at most",
                ),
                _ => {}
            }
        }
        if group.cover == RawCover::Dedicated && group.min_staffed != 1 {
            check.mistake(
                format!("{path}.min_staffed"),
                "a group with cover = \"dedicated\" needs every window staffed",
                "leave min_staffed out, or write cover = \"either\"",
            );
        } else if group.windows.len() >= 2 && group.min_staffed as usize >= group.windows.len() {
            check.mistake(
                format!("{path}.min_staffed"),
                format!(
                    "{} of {} windows must be staffed, so nobody covers for anybody",
                    group.min_staffed,
                    group.windows.len()
                ),
                "write fewer than the group has, or cover = \"dedicated\"",
            );
        }
    }
    groups
        .iter()
        .map(|group| GroupConfig {
            id: group.id.as_str().into(),
            windows: ids(&group.windows),
            cover: match group.cover {
                RawCover::Either => Cover::Either,
                RawCover::Dedicated => Cover::Dedicated,
            },
            min_staffed: group.min_staffed,
        })
        .collect()
}

/// Approved leave.
pub(super) fn leave(raw: &RawConfig, check: &mut Check<'_>) -> Vec<Leave> {
    let all = &raw.duty.leave;
    check.ids("duty.leave", all.iter().map(|leave| leave.id.as_str()));
    let mut approved = Vec::with_capacity(all.len());
    for (n, leave) in all.iter().enumerate() {
        let path = format!("duty.leave[{n}]");
        windows(&format!("{path}.windows"), &leave.windows, raw, check);
        if leave.windows.is_empty() {
            check.mistake(
                format!("{path}.windows"),
                "the leave names no window",
                "name the windows it excuses",
            );
        }
        if leave.approved_by.trim().is_empty() {
            check.mistake(
                format!("{path}.approved_by"),
                "nobody approved the leave",
                "name the account or office that did",
            );
        }
        if let Some(cover) = &leave.cover {
            let path = format!("{path}.cover");
            reference(&path, cover, raw, check);
            if leave.windows.contains(cover) {
                check.mistake(
                    path,
                    format!("{} is on leave itself", quote(cover)),
                    "name the window that serves meanwhile",
                );
            }
        }
        let mut local = |key: &str, text: &str| {
            let time = local_ms(text);
            if time.is_none() {
                check.mistake(
                    format!("{path}.{key}"),
                    format!("{} is not a local time", quote(text)),
                    "write date and time without offset, for example \"2026-09-21T14:00\"",
                );
            }
            time
        };
        let (from, to) = (local("from", &leave.from), local("to", &leave.to));
        let (Some(from_local_ms), Some(to_local_ms)) = (from, to) else {
            continue;
        };
        if from_local_ms >= to_local_ms {
            check.mistake(
                format!("{path}.to"),
                "the leave ends before it begins",
                "to is the end, later than from",
            );
        } else if to_local_ms - from_local_ms > MAX_LEAVE_DAYS * 86_400_000 {
            check.mistake(
                format!("{path}.to"),
                "the leave is longer than 366 days",
                "check the years; a window that stays closed is a [[duty.exceptions]]",
            );
        }
        approved.push(Leave {
            id: leave.id.as_str().into(),
            windows: ids(&leave.windows),
            from_local_ms,
            to_local_ms,
            approved_by: leave.approved_by.clone(),
            cover: leave.cover.as_deref().map(WindowId::from),
        });
    }
    approved
}

/// Windows that exist, each named once.
fn windows(path: &str, windows: &[String], raw: &RawConfig, check: &mut Check<'_>) {
    let mut named = BTreeSet::new();
    for (m, window) in windows.iter().enumerate() {
        let path = format!("{path}[{m}]");
        reference(&path, window, raw, check);
        if !named.insert(window) {
            check.mistake(
                path,
                format!("{} is named twice", quote(window)),
                "name each window once",
            );
        }
    }
}

fn reference(path: &str, window: &str, raw: &RawConfig, check: &mut Check<'_>) {
    check.reference(
        path,
        window,
        "windows",
        raw.windows.iter().map(|window| window.id.as_str()),
    );
}

fn ids(windows: &[String]) -> Vec<WindowId> {
    windows
        .iter()
        .map(|id| WindowId::from(id.as_str()))
        .collect()
}

/// Milliseconds of the local calendar since 1970-01-01T00:00 local, of `2026-09-21T14:00` or with seconds.
fn local_ms(text: &str) -> Option<i64> {
    // The length keeps out offsets, zones and parts of seconds, which the parser would read over.
    if !matches!(text.len(), 16 | 19) || text.as_bytes()[10] != b'T' {
        return None;
    }
    let civil: civil::DateTime = text.parse().ok()?;
    jiff::tz::Offset::UTC
        .to_timestamp(civil)
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}
