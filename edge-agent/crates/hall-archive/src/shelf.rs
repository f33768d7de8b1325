//! The folder of day files: their names, and which of them have to go. Knows nothing of what they hold.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const DAY_MS: i64 = 86_400_000;
const SUFFIX: &str = ".obs";

/// A local day, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// The local day of Unix milliseconds.
    #[must_use]
    pub fn of(unix_ms: i64, utc_offset_s: i32) -> Self {
        Day((unix_ms + i64::from(utc_offset_s) * 1000).div_euclid(DAY_MS))
    }

    /// The day of `2026-09-21`; `None`: no such day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let noon = format!("{text}T00:00:00Z");
        let (unix_ms, _) = hall_wire::time::parse_rfc3339(&noon).ok()?;
        let day = Day::of(unix_ms, 0);
        (day.name() == text).then_some(day)
    }

    /// `2026-09-21`.
    #[must_use]
    pub fn name(self) -> String {
        let midnight = hall_wire::time::rfc3339_ms(self.0.saturating_mul(DAY_MS), 0);
        midnight.split('T').next().unwrap_or_default().to_owned()
    }

    /// When it begins, in Unix milliseconds.
    #[must_use]
    pub fn begins_unix_ms(self, utc_offset_s: i32) -> i64 {
        self.0 * DAY_MS - i64::from(utc_offset_s) * 1000
    }
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Days, today not counted.
    pub days: u32,
    /// Bytes of all files together.
    pub bytes: u64,
}

/// The file of a day.
#[must_use]
pub fn file_of(dir: &Path, day: Day) -> PathBuf {
    dir.join(format!("{}{SUFFIX}", day.name()))
}

/// The days there are, oldest first, with the sizes of their files.
///
/// # Errors
/// When the folder cannot be read.
pub fn days(dir: &Path) -> io::Result<Vec<(Day, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let day = name
            .to_str()
            .and_then(|name| name.strip_suffix(SUFFIX))
            .and_then(Day::parse);
        if let Some(day) = day {
            found.push((day, entry.metadata()?.len()));
        }
    }
    found.sort();
    Ok(found)
}

/// Removes the days that are too old on `today`, then the oldest ones until what is left, without today's file, leaves
/// `today_bytes` within the budget. Returns the bytes that are left besides today's.
///
/// # Errors
/// When the folder cannot be read or a file cannot be removed.
pub fn tidy(dir: &Path, today: Day, today_bytes: u64, budget: Budget) -> io::Result<u64> {
    let mut days: Vec<(Day, u64)> = days(dir)?;
    days.retain(|(day, _)| *day != today);
    let mut left: u64 = days.iter().map(|(_, bytes)| bytes).sum();
    for (day, bytes) in days {
        let old = today.0.saturating_sub(day.0) > i64::from(budget.days);
        if !old && left + today_bytes <= budget.bytes {
            break;
        }
        fs::remove_file(file_of(dir, day))?;
        tracing::info!(day = %day.name(), bytes, "Old observations removed.");
        left -= bytes;
    }
    Ok(left)
}

/// Removes the oldest day, unless it is the only one; which it was.
///
/// # Errors
/// When the folder cannot be read or the file cannot be removed.
pub fn drop_oldest(dir: &Path) -> io::Result<Option<Day>> {
    let days = match days(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        found => found?,
    };
    let [(oldest, _), _, ..] = days[..] else {
        return Ok(None);
    };
    fs::remove_file(file_of(dir, oldest))?;
    Ok(Some(oldest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_names() {
        let day = Day::of(1_789_920_000_000, 28_800);
        assert_eq!(day.name(), "2026-09-21");
        assert_eq!(Day::parse("2026-09-21"), Some(day));
        assert_eq!(Day::of(day.begins_unix_ms(28_800), 28_800), day);
        assert_eq!(
            Day::of(day.begins_unix_ms(28_800) - 1, 28_800),
            Day(day.0 - 1)
        );
        for none in ["2026-9-21", "2026-02-30", "yesterday", ""] {
            assert_eq!(Day::parse(none), None, "{none}");
        }
        assert_eq!(Day(0).name(), "1970-01-01");
    }

    #[test]
    fn age_and_budget_decide_what_goes() {
        fn left(budget: Budget, today_bytes: u64) -> Vec<i64> {
            let dir = tempfile::tempdir().unwrap();
            for day in 90..=100 {
                fs::write(file_of(dir.path(), Day(day)), [0; 10]).unwrap();
            }
            fs::write(dir.path().join("notes.txt"), "stays").unwrap();
            tidy(dir.path(), Day(100), today_bytes, budget).unwrap();
            assert!(dir.path().join("notes.txt").exists());
            let none = dir.path().join("none");
            assert_eq!(drop_oldest(&none).unwrap(), None);
            days(dir.path())
                .unwrap()
                .iter()
                .map(|(day, _)| day.0)
                .collect()
        }
        let bytes = |bytes| Budget { days: 7, bytes };
        assert_eq!(left(bytes(1000), 10), (93..=100).collect::<Vec<_>>());
        assert_eq!(left(bytes(40), 10), [97, 98, 99, 100]);
        assert_eq!(left(bytes(40), 25), [99, 100]);
        assert_eq!(left(bytes(5), 10), [100], "today's is never removed");
    }
}
