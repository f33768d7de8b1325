//! RFC 3339 renderings with milliseconds and offset, and back.

use hall_core::time::Stamp;
use jiff::Timestamp;
use jiff::tz::Offset;

/// A text that is no RFC 3339 instant.
#[derive(Debug, thiserror::Error)]
#[error(
    "'{text}' is not an RFC 3339 time with offset, for example 2026-09-21T10:00:00.000+08:00: {reason}"
)]
pub struct TimeError {
    text: String,
    reason: String,
}

/// `2026-09-21T10:00:00.000+08:00` for a stamp.
#[must_use]
pub fn rfc3339(stamp: Stamp) -> String {
    rfc3339_ms(stamp.unix_ms, stamp.utc_offset_s)
}

/// The same from Unix milliseconds and an offset from UTC in seconds. Instants outside the years −9999 to 9999 are clamped.
#[must_use]
pub fn rfc3339_ms(unix_ms: i64, utc_offset_s: i32) -> String {
    let ts = Timestamp::from_millisecond(unix_ms).unwrap_or(if unix_ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    });
    let offset = Offset::from_seconds(utc_offset_s).unwrap_or(Offset::UTC);
    let civil = offset.to_datetime(ts);
    let (sign, abs) = if utc_offset_s < 0 {
        ('-', -utc_offset_s)
    } else {
        ('+', utc_offset_s)
    };
    format!(
        "{}.{:03}{}{:02}:{:02}",
        civil.strftime("%Y-%m-%dT%H:%M:%S"),
        civil.millisecond(),
        sign,
        abs / 3600,
        abs % 3600 / 60
    )
}

/// Unix milliseconds and offset (seconds east of UTC) of an RFC 3339 text.
///
/// # Errors
/// When the text is not an instant with an offset.
pub fn parse_rfc3339(text: &str) -> Result<(i64, i32), TimeError> {
    let fail = |reason: String| TimeError {
        text: text.to_owned(),
        reason,
    };
    let pieces = jiff::fmt::temporal::DateTimeParser::new()
        .parse_pieces(text)
        .map_err(|e| fail(e.to_string()))?;
    let offset = pieces
        .to_numeric_offset()
        .ok_or_else(|| fail("the offset is missing".into()))?;
    let time = pieces
        .time()
        .ok_or_else(|| fail("the time of day is missing".into()))?;
    let ts = offset
        .to_timestamp(pieces.date().to_datetime(time))
        .map_err(|e| fail(e.to_string()))?;
    Ok((ts.as_millisecond(), offset.seconds()))
}

/// A text that is no local time.
#[derive(Debug, thiserror::Error)]
#[error("'{text}' is not a local time, for example 2026-09-21T14:00")]
pub struct LocalTimeError {
    text: String,
}

/// Milliseconds of the local calendar since 1970-01-01T00:00 local, of `2026-09-21T14:00` or `2026-09-21T14:00:30`.
///
/// # Errors
/// When the text is anything else, also when it has an offset.
pub fn parse_local_ms(text: &str) -> Result<i64, LocalTimeError> {
    let fail = || LocalTimeError {
        text: text.to_owned(),
    };
    // The length keeps out offsets, zones and sub-seconds, which the parser below would read over.
    if !matches!(text.len(), 16 | 19) || text.as_bytes()[10] != b'T' {
        return Err(fail());
    }
    let civil: jiff::civil::DateTime = text.parse().map_err(|_| fail())?;
    Offset::UTC
        .to_timestamp(civil)
        .map(Timestamp::as_millisecond)
        .map_err(|_| fail())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_round_trip_with_milliseconds_and_offset() {
        for text in [
            "2026-09-21T10:00:00.000+08:00",
            "2026-01-01T00:00:00.007-03:30",
            "1970-01-01T00:00:00.000+00:00",
        ] {
            let (ms, off) = parse_rfc3339(text).unwrap();
            assert_eq!(rfc3339_ms(ms, off), text);
        }
        assert_eq!(parse_rfc3339("2026-09-21T10:00:00Z").unwrap().1, 0);
        assert!(parse_rfc3339("2026-09-21T10:00:00").is_err());
    }
}
