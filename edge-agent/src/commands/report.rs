//! `report`: a month's report, from the kept figures or from observations judged anew.

use std::io::{IsTerminal, Write};

use anyhow::Context;
use edge_config::Config;
use hall_metrics::{Book, LocalDay};
use hall_replay::{Asked, ReplayOptions};
use hall_report::Format;

use super::{Exit, complain, load_config, observations};
use crate::cli::ReportArgs;
use crate::figures::{Answered, FigureQuery, departments};
use crate::vision_port::DetectorPlan;

/// Writes the report of a month.
///
/// # Errors
/// When nothing is known of the month, or the report cannot be written where it should go.
pub fn report(args: &ReportArgs) -> anyhow::Result<Exit> {
    let config = match load_config(&args.config.config) {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    if args.out.is_none() && args.format == Format::Xlsx && std::io::stdout().is_terminal() {
        complain("a workbook is nothing for a terminal: name a file with --out report.xlsx");
        return Ok(Exit::Failed);
    }
    let query = FigureQuery::new(&config);
    let answer = match judged_anew(args, &config)? {
        Some(book) => Answered {
            body: query.render(&book, args.month, args.format, args.lang)?,
            warnings: Vec::new(),
        },
        None => query.report(args.month, args.format, args.lang)?,
    };
    for warning in answer.warnings {
        complain(&format!("warning: {warning}"));
    }
    match &args.out {
        Some(path) => std::fs::write(path, answer.body)
            .with_context(|| format!("cannot write {}", path.display()))?,
        None => {
            let mut out = std::io::stdout().lock();
            out.write_all(&answer.body)
                .and_then(|()| out.flush())
                .context("cannot write to standard output")?;
        }
    }
    Ok(Exit::Ok)
}

/// The figures of observations, where these are asked for.
fn judged_anew(args: &ReportArgs, config: &Config) -> anyhow::Result<Option<Book>> {
    let tracker = DetectorPlan::new(config)
        .map(|plan| plan.tracker())
        .unwrap_or_default();
    let period = args.month.period();
    let steps = match (&args.input, &args.archive) {
        (Some(path), _) => observations::of_file(path, config, tracker)?,
        (None, Some(dir)) => {
            let unix_ms = |local_ms: i64| local_ms - i64::from(config.utc_offset_s) * 1000;
            let asked = Asked {
                from_unix_ms: unix_ms(period.from_ms),
                to_unix_ms: unix_ms(period.to_ms),
            };
            observations::of_archive(dir, asked, config)?
        }
        (None, None) => return Ok(None),
    };
    let options = ReplayOptions {
        departments: departments(config),
        tracker,
        ..ReplayOptions::default()
    };
    let book = hall_replay::figures(&config.engine, config.utc_offset_s, &options, steps)?;
    let (first, last) = (LocalDay::of(period.from_ms), LocalDay::of(period.to_ms - 1));
    let told = |book: &Book| (first.0..=last.0).any(|day| book.knows(LocalDay(day)));
    let book = book.filter(told).with_context(|| {
        let (year, month) = (args.month.year, args.month.month);
        format!("the observations say nothing of {year:04}-{month:02}")
    })?;
    Ok(Some(book))
}
