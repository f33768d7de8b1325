//! Where `replay` takes its observations from: a file, or what the box itself kept. Replays nothing.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use edge_config::Config;
use hall_archive::{Day, days};
use hall_core::track::TrackerConfig;
use hall_replay::{ArchiveSteps, Asked, FileSteps, ReplayError, Told};
use hall_wire::time::parse_rfc3339;

use crate::cli::ReplayArgs;

/// Steps in order of time.
pub type Steps = Box<dyn Iterator<Item = Result<Told, ReplayError>>>;

/// The steps asked for.
///
/// # Errors
/// When they cannot be read, or a day or time is none.
pub fn steps(args: &ReplayArgs, config: &Config, tracker: TrackerConfig) -> anyhow::Result<Steps> {
    if let Some(dir) = &args.archive {
        return of_archive(dir, asked(args, dir, config.utc_offset_s)?, config);
    }
    let path = args.input.as_deref().context("--input is missing")?;
    of_file(path, config, tracker)
}

/// The steps the box itself kept.
///
/// # Errors
/// When they cannot be read.
pub fn of_archive(dir: &Path, asked: Asked, config: &Config) -> anyhow::Result<Steps> {
    let steps = ArchiveSteps::open(dir, asked, config.utc_offset_s)?;
    Ok(Box::new(steps))
}

/// The steps of a file; `-` is standard input.
///
/// # Errors
/// When it cannot be read.
pub fn of_file(path: &Path, config: &Config, tracker: TrackerConfig) -> anyhow::Result<Steps> {
    let input: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Box::new(BufReader::new(file))
    };
    let steps = FileSteps::new(&config.engine, config.utc_offset_s, tracker, input);
    Ok(Box::new(steps))
}

/// Of an archive without a day or a time, everything.
fn asked(args: &ReplayArgs, dir: &Path, utc_offset_s: i32) -> anyhow::Result<Asked> {
    if let Some(text) = &args.day {
        let day = Day::parse(text)
            .with_context(|| format!("--day: '{text}' is no day; write it like 2026-11-22"))?;
        return Ok(Asked::day(day, utc_offset_s));
    }
    if let (Some(from), Some(to)) = (&args.from, &args.to) {
        let asked = Asked {
            from_unix_ms: parse_rfc3339(from).context("--from")?.0,
            to_unix_ms: parse_rfc3339(to).context("--to")?.0,
        };
        anyhow::ensure!(
            asked.from_unix_ms < asked.to_unix_ms,
            "--to: must be later than --from"
        );
        return Ok(asked);
    }
    let days = days(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let (first, last) = match days[..] {
        [] => anyhow::bail!("{} has no observations", dir.display()),
        [(only, _)] => (only, only),
        [(first, _), .., (last, _)] => (first, last),
    };
    Ok(Asked {
        from_unix_ms: first.begins_unix_ms(utc_offset_s),
        to_unix_ms: Day(last.0 + 1).begins_unix_ms(utc_offset_s),
    })
}
