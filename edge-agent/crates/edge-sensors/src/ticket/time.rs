//! The times ticket machines write: with or without zone, date or seconds. Asks no clock.

use hall_wire::time::parse_rfc3339;
use jiff::civil::{DateTime, Time};

/// Local forms besides RFC 3339; slashes are read as dashes, `T` as a space.
const DATED: [&str; 3] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
];
const OF_TODAY: [&str; 2] = ["%H:%M:%S", "%H:%M"];
const DAY_MS: i64 = 86_400_000;

/// Unix milliseconds of what a machine wrote: RFC 3339, `2026-09-21 09:02:11`, `2026/9/21 09:02`, `20260921090211`, `09:02:11` (the day it
/// is now), Unix seconds or milliseconds. Times without a zone are the hall's. `None`: not a time.
#[must_use]
pub fn machine_time(text: &str, utc_offset_s: i32, now_unix_ms: i64) -> Option<i64> {
    let text = text.trim();
    if let Ok((unix_ms, _)) = parse_rfc3339(text) {
        return Some(unix_ms);
    }
    let offset_ms = i64::from(utc_offset_s) * 1000;
    let unix = |local: DateTime| {
        let utc = jiff::tz::Offset::UTC.to_timestamp(local).ok()?;
        Some(utc.as_millisecond() - offset_ms)
    };
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.len() {
            10 => text.parse::<i64>().ok().map(|s| s * 1000),
            13 => text.parse().ok(),
            14 => unix(DateTime::strptime("%Y%m%d%H%M%S", text).ok()?),
            _ => None,
        };
    }
    let plain = text.replace('/', "-").replacen('T', " ", 1);
    if let Some(local) = DATED
        .iter()
        .find_map(|f| DateTime::strptime(f, &plain).ok())
    {
        return unix(local);
    }
    let time = OF_TODAY
        .iter()
        .find_map(|f| Time::strptime(f, &plain).ok())?;
    let midnight_ms = (now_unix_ms + offset_ms).div_euclid(DAY_MS) * DAY_MS;
    let of_day_ms = time.duration_since(Time::midnight()).as_millis();
    Some(midnight_ms - offset_ms + i64::try_from(of_day_ms).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_the_same_instant() {
        // 2026-09-21T10:00:00+08:00; it is half past ten.
        let (expected, now) = (1_789_956_000_000, 1_789_957_800_000);
        for text in [
            "2026-09-21T10:00:00+08:00",
            "2026-09-21T02:00:00Z",
            "2026-09-21 10:00:00",
            "2026-09-21T10:00:00",
            "2026-09-21 10:00:00.000",
            "2026/9/21 10:00:00",
            "2026/09/21 10:00",
            "20260921100000",
            " 10:00:00 ",
            "10:00",
            "1789956000",
            "1789956000000",
        ] {
            assert_eq!(machine_time(text, 28_800, now), Some(expected), "{text}");
        }
        for text in ["", "now", "25:00", "2026-13-01 10:00:00", "123"] {
            assert_eq!(machine_time(text, 28_800, now), None, "{text}");
        }
    }
}
