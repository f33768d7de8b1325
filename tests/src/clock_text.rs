//! Times as the agent writes them (RFC 3339 with offset), as instants.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use jiff::Timestamp;

/// The instant of an RFC 3339 text.
///
/// # Errors
/// When it is none, or lies before 1970.
pub fn instant(text: &str) -> Result<SystemTime> {
    let at: Timestamp = text
        .parse()
        .with_context(|| format!("'{text}' is not an RFC 3339 time"))?;
    let ms =
        u64::try_from(at.as_millisecond()).with_context(|| format!("'{text}' lies before 1970"))?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(ms))
}

/// Seconds from `earlier` to `later`, negative when it is the other way round.
#[must_use]
pub fn seconds_between(earlier: SystemTime, later: SystemTime) -> f64 {
    match later.duration_since(earlier) {
        Ok(d) => d.as_secs_f64(),
        Err(e) => -e.duration().as_secs_f64(),
    }
}
