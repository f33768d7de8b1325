//! Drives the engine over an observation file with simulated time. Owns the order of inputs and wake-ups; judges nothing.

use std::io::BufRead;

use hall_core::HallTime;
use hall_core::config::EngineConfig;
use hall_core::engine::{Engine, Output};
use hall_core::observe::Input;
use hall_core::time::WallClock;
use hall_core::track::TrackerConfig;
use hall_wire::event::{ClockQuality, EventRecord, RecordContext};
use hall_wire::interval::IntervalRecord;
use hall_wire::order::AnswerRecord;
use hall_wire::summary::SummaryRecord;
use hall_wire::timeline::Timeline;
use serde::Serialize;

use crate::error::ReplayError;
use crate::hall::Hall;

/// More wake-ups than this at one instant mean that the engine does not get on.
const WAKE_UPS_MAX: u32 = 10_000;

/// How a replay is done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReplayOptions {
    /// Unix milliseconds up to which time runs on after the last record; `None`: to the last record.
    pub until_ms: Option<i64>,
    /// Also give out the summaries of every minute.
    pub summaries: bool,
    /// Also give out how every window's time counts.
    pub intervals: bool,
    /// Also give out the answers to orders that were carried out; refusals are always given out.
    pub answers: bool,
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
    /// The answer to an order.
    Answer(AnswerRecord),
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
/// The engine starts at the first record with a trusted clock and is woken at every deadline of its own between records; at
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
    let mut hall = Hall::new(cfg, options.tracker, utc_offset_s);
    let mut run: Option<Run<'_>> = None;
    let mut last_line = 0;
    for moment in Timeline::new(input) {
        let moment = moment?;
        let at = HallTime(moment.at_ms);
        last_line = moment.line;
        if let Some(until_ms) = options.until_ms.filter(|&until_ms| until_ms < moment.at_ms) {
            return Err(ReplayError::EndsBefore {
                line: moment.line,
                early_ms: moment.at_ms - until_ms,
            });
        }
        let input = hall.input(at, moment.line, &moment.observation)?;
        let run = run.get_or_insert_with(|| Run::new(cfg, options, utc_offset_s, at));
        run.wake_until(at, last_line, sink)?;
        run.give(at, input, sink);
    }
    let Some(mut run) = run else {
        return Ok(ReplayStats::default());
    };
    if let Some(until_ms) = options.until_ms {
        let until = HallTime(until_ms);
        run.wake_until(until, last_line, sink)?;
        run.engine.handle(until, Input::Tick);
        run.drain(sink);
        run.stats.to_ms = Some(until_ms);
    }
    Ok(run.stats)
}

struct Run<'a> {
    engine: Engine,
    context: RecordContext,
    options: &'a ReplayOptions,
    stats: ReplayStats,
}

impl<'a> Run<'a> {
    fn new(
        cfg: &EngineConfig,
        options: &'a ReplayOptions,
        utc_offset_s: i32,
        start: HallTime,
    ) -> Self {
        Run {
            engine: Engine::new(cfg.clone(), WallClock::unix(utc_offset_s), start),
            context: RecordContext {
                hall: cfg.hall.clone(),
                box_id: cfg.box_id.clone(),
                config_sha256: options.config_sha256.clone(),
                model_sha256: String::new(),
                clock: ClockQuality {
                    synced: true,
                    offset_ms: 0,
                },
            },
            options,
            stats: ReplayStats {
                from_ms: Some(start.0),
                to_ms: Some(start.0),
                ..ReplayStats::default()
            },
        }
    }

    fn wake_until(
        &mut self,
        to: HallTime,
        line: u64,
        sink: &mut dyn FnMut(ReplayOutput),
    ) -> Result<(), ReplayError> {
        let (mut latest, mut same) = (None, 0);
        while let Some(deadline) = self
            .engine
            .next_deadline()
            .filter(|deadline| *deadline <= to)
        {
            same = if latest >= Some(deadline) {
                same + 1
            } else {
                0
            };
            if same > WAKE_UPS_MAX {
                return Err(ReplayError::Stuck {
                    line,
                    at_ms: deadline.0,
                });
            }
            latest = latest.max(Some(deadline));
            self.engine.handle(deadline, Input::Tick);
            self.stats.wake_ups += 1;
            self.drain(sink);
        }
        Ok(())
    }

    fn give(&mut self, at: HallTime, input: Input, sink: &mut dyn FnMut(ReplayOutput)) {
        if let Input::Clock(clock) = &input {
            self.context.clock = ClockQuality {
                synced: clock.synced,
                offset_ms: clock.offset_ms,
            };
        }
        self.engine.handle(at, input);
        self.stats.inputs += 1;
        self.stats.to_ms = Some(at.0);
        self.drain(sink);
    }

    fn drain(&mut self, sink: &mut dyn FnMut(ReplayOutput)) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Event(event) => {
                    self.stats.events += 1;
                    sink(ReplayOutput::Event(Box::new(EventRecord::new(
                        &event,
                        &self.context,
                    ))));
                }
                Output::Summary(summary) if self.options.summaries => {
                    self.stats.summaries += 1;
                    let record =
                        SummaryRecord::new(&summary, &self.context.hall, &self.context.box_id);
                    sink(ReplayOutput::Summary(record));
                }
                Output::Interval(interval) if self.options.intervals => {
                    sink(ReplayOutput::Interval(IntervalRecord::from(&interval)));
                }
                Output::Answer(answer) if self.options.answers || answer.result.is_err() => {
                    sink(ReplayOutput::Answer(AnswerRecord::from(&answer)));
                }
                Output::Summary(_)
                | Output::Interval(_)
                | Output::Wait(_)
                | Output::Excuse(_)
                | Output::Answer(_) => {}
            }
        }
    }
}
