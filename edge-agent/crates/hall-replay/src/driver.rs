//! Replays an observation file: its records in order of time, each as a step of a run. Judges nothing.

use std::collections::BTreeMap;
use std::io::BufRead;

use hall_core::HallTime;
use hall_core::config::EngineConfig;
use hall_core::ids::WindowId;
use hall_core::track::TrackerConfig;
use hall_metrics::{Book, PeriodKind};
use hall_wire::event::EventRecord;
use hall_wire::interval::{ExcuseRecord, IntervalRecord};
use hall_wire::order::AnswerRecord;
use hall_wire::rollup::RollupRecord;
use hall_wire::summary::SummaryRecord;
use serde::Serialize;

use crate::error::ReplayError;
use crate::run::Run;
use crate::source::{FileSteps, Told};

/// How a replay is done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReplayOptions {
    /// Unix milliseconds up to which time runs on after the last record; `None`: to the last record.
    pub until_ms: Option<i64>,
    /// Unix milliseconds by the wall clock before which nothing is given out, though judged; `None`: from the first record on.
    pub from_unix_ms: Option<i64>,
    /// Also give out the summaries of every minute.
    pub summaries: bool,
    /// Also give out how every window's time counts.
    pub intervals: bool,
    /// Also give out the answers to orders that were carried out; refusals are always given out.
    pub answers: bool,
    /// Also give out roll-ups over these periods, when they are due and again when late data changed them.
    pub rollups: Vec<PeriodKind>,
    /// Departments of the windows, for the roll-ups.
    pub departments: BTreeMap<WindowId, String>,
    /// Put into the event records: SHA-256 of the configuration, hex.
    pub config_sha256: String,
    /// For records of kind `detections`.
    pub tracker: TrackerConfig,
}

/// What a replay gives out, in the order in which the box would have.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ReplayOutput {
    /// A revision of an event.
    Event(Box<EventRecord>),
    /// The summary of a minute.
    Summary(SummaryRecord),
    /// How a piece of a window's time counts.
    Interval(IntervalRecord),
    /// Counted time is excused afterwards.
    Excuse(ExcuseRecord),
    /// The answer to an order.
    Answer(AnswerRecord),
    /// The figures of a period.
    Rollup(Box<RollupRecord>),
}

impl ReplayOutput {
    /// One line of JSON without its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("invariant: records hold only texts, numbers and lists")
    }
}

/// What a replay went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplayStats {
    /// Observations given to the engine, repetitions counted.
    pub inputs: u64,
    /// Times the engine was woken between them.
    pub wake_ups: u64,
    /// Event revisions given out.
    pub events: u64,
    /// Summaries given out.
    pub summaries: u64,
    /// Unix milliseconds of the first record; `None` for an empty file.
    pub from_ms: Option<i64>,
    /// Unix milliseconds at which time ended.
    pub to_ms: Option<i64>,
}

/// Replays `input` on the hall `cfg`, whose local time is `utc_offset_s` east of UTC, with default options.
///
/// The engine starts at the first record with a trusted clock (or with the one the file begins with) and is woken at every deadline of its own between records; at
/// the same instant it is woken before the record is given to it. Time ends with the last record. Nothing is closed at the end: an
/// event still open stays open, as on a box that is running.
///
/// # Errors
/// When the file is wrong or speaks of cameras, zones or sensors the hall does not have. What came before has been given out.
pub fn replay(
    cfg: &EngineConfig,
    utc_offset_s: i32,
    input: impl BufRead,
    sink: &mut dyn FnMut(ReplayOutput),
) -> Result<ReplayStats, ReplayError> {
    replay_with(cfg, utc_offset_s, &ReplayOptions::default(), input, sink)
}

/// [`replay`] with options.
///
/// # Errors
/// As [`replay`], and when `options.until_ms` lies before the last record.
pub fn replay_with(
    cfg: &EngineConfig,
    utc_offset_s: i32,
    options: &ReplayOptions,
    input: impl BufRead,
    sink: &mut dyn FnMut(ReplayOutput),
) -> Result<ReplayStats, ReplayError> {
    let steps = FileSteps::new(cfg, utc_offset_s, options.tracker, input);
    replay_steps(cfg, utc_offset_s, options, steps, sink)
}

/// Replays `steps`, in order of time, as [`replay_with`] does those of a file.
///
/// # Errors
/// The first of the steps that is an error, and when `options.until_ms` lies before the last one.
pub fn replay_steps(
    cfg: &EngineConfig,
    utc_offset_s: i32,
    options: &ReplayOptions,
    steps: impl Iterator<Item = Result<Told, ReplayError>>,
    sink: &mut dyn FnMut(ReplayOutput),
) -> Result<ReplayStats, ReplayError> {
    let (run, last_line) = run_steps(cfg, utc_offset_s, options, steps, sink)?;
    let until = options.until_ms.map(HallTime);
    run.map_or_else(
        || Ok(ReplayStats::default()),
        |run| run.end(until, last_line, sink),
    )
}

/// Replays `steps` and gives the book of figures they add up to, of at most the last 62 days; `None` without any step.
///
/// # Errors
/// As [`replay_steps`].
pub fn figures(
    cfg: &EngineConfig,
    utc_offset_s: i32,
    options: &ReplayOptions,
    steps: impl Iterator<Item = Result<Told, ReplayError>>,
) -> Result<Option<Book>, ReplayError> {
    let options = ReplayOptions {
        rollups: vec![PeriodKind::Month],
        ..options.clone()
    };
    let (run, last_line) = run_steps(cfg, utc_offset_s, &options, steps, &mut |_| {})?;
    let until = options.until_ms.map(HallTime);
    run.map_or(Ok(None), |run| run.end_with_figures(until, last_line))
}

fn run_steps<'a>(
    cfg: &EngineConfig,
    utc_offset_s: i32,
    options: &'a ReplayOptions,
    steps: impl Iterator<Item = Result<Told, ReplayError>>,
    sink: &mut dyn FnMut(ReplayOutput),
) -> Result<(Option<Run<'a>>, u64), ReplayError> {
    let mut run: Option<Run<'a>> = None;
    let mut last_line = 0;
    for told in steps {
        let told = told?;
        last_line = told.line;
        if let Some(until_ms) = options.until_ms.filter(|&until_ms| until_ms < told.at.0) {
            return Err(ReplayError::EndsBefore {
                line: told.line,
                early_ms: told.at.0 - until_ms,
            });
        }
        run.get_or_insert_with(|| Run::begin(cfg, options, utc_offset_s, &told))
            .step(told.at, told.line, told.step, sink)?;
    }
    Ok((run, last_line))
}
