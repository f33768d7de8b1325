//! How much of a processor a process has used.

use std::time::Duration;

use anyhow::{Context, Result};

/// The kernel counts in hundredths of a second for everybody who asks (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// User and system time of a process with all its threads since its start.
///
/// # Errors
/// When it has ended.
pub fn of(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = std::fs::read_to_string(&path).context(path)?;
    // The name in brackets may hold spaces; behind it the fields are numbers: state is the third, utime and stime are 14 and 15.
    let (_, fields) = text.rsplit_once(") ").context("no name")?;
    let ticks = |field: usize| -> Result<u32> {
        let text = fields.split(' ').nth(field - 3).context("too short")?;
        Ok(text.parse()?)
    };
    Ok(TICK * (ticks(14)? + ticks(15)?))
}
