//! `replay`: recorded observations through the same rules, with simulated time.

use std::io::{BufWriter, Write};

use anyhow::Context;
use hall_replay::ReplayOptions;

use super::{Exit, complain, load_config, observations, shadow};
use crate::cli::ReplayArgs;
use crate::figures::departments;
use crate::vision_port::DetectorPlan;

/// Prints events (and minute summaries) as JSON lines.
///
/// # Errors
/// When the observations cannot be read or do not follow their format; the message names the line.
pub fn replay(args: &ReplayArgs) -> anyhow::Result<Exit> {
    let config = match load_config(&args.config.config) {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let until_ms = match &args.until {
        Some(text) => Some(hall_wire::time::parse_rfc3339(text).context("--until")?.0),
        None => None,
    };
    let from_unix_ms = match &args.from {
        Some(text) => Some(hall_wire::time::parse_rfc3339(text).context("--from")?.0),
        None => None,
    };
    let options = ReplayOptions {
        until_ms,
        from_unix_ms,
        summaries: args.summaries,
        intervals: args.intervals,
        answers: args.answers,
        rollups: args.rollups.clone(),
        departments: departments(&config),
        config_sha256: config.sha256.clone(),
        // Recorded detections are followed as the box itself would follow them; without its model, as by default.
        tracker: DetectorPlan::new(&config)
            .map(|plan| plan.tracker())
            .unwrap_or_default(),
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let steps = observations::steps(args, &config, options.tracker)?;
    if let Some(path) = &args.shadow {
        let rules = match edge_config::load_rules(path, &config.engine.rules) {
            Ok(rules) => rules,
            Err(errors) => {
                complain(&errors.to_string());
                return Ok(Exit::BadConfig);
            }
        };
        let found =
            hall_replay::compare(&config.engine, &rules, config.utc_offset_s, &options, steps)?;
        shadow::print(&found, args.format, &mut out)?;
        out.flush()?;
        complain(&format!(
            "{} observations replayed twice",
            found.stats.inputs
        ));
        return Ok(Exit::Ok);
    }
    let mut written = Ok(());
    let stats = hall_replay::replay_steps(
        &config.engine,
        config.utc_offset_s,
        &options,
        steps,
        &mut |output| {
            if written.is_ok() {
                written = writeln!(out, "{}", output.to_json());
            }
        },
    )?;
    written?;
    out.flush()?;
    complain(&format!(
        "{} observations replayed: {} event revisions, {} summaries",
        stats.inputs, stats.events, stats.summaries
    ));
    Ok(Exit::Ok)
}
