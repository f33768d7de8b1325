//! Waiting for a condition, with a deadline and words for what did not come. The only place in the tests that sleeps.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Polls `condition` until it yields a value.
///
/// # Errors
/// Names `what` when `within` has passed.
pub fn until<T>(
    what: &str,
    within: Duration,
    mut condition: impl FnMut() -> Option<T>,
) -> Result<T> {
    let deadline = Instant::now() + within;
    let mut pause = Duration::from_millis(5);
    loop {
        if let Some(value) = condition() {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            bail!("waited {:.1} s in vain for: {what}", within.as_secs_f64());
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// Polls a plain condition.
///
/// # Errors
/// Names `what` when `within` has passed.
pub fn until_true(what: &str, within: Duration, mut condition: impl FnMut() -> bool) -> Result<()> {
    until(what, within, || condition().then_some(()))
}

/// Watches that `condition` keeps holding for `during`.
///
/// # Errors
/// Names `what` as soon as it does not.
pub fn throughout(what: &str, during: Duration, mut condition: impl FnMut() -> bool) -> Result<()> {
    let end = Instant::now() + during;
    while Instant::now() < end {
        if !condition() {
            bail!("did not hold: {what}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
