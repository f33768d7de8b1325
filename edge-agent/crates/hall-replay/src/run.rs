//! One engine run with simulated time: wakes it at its own deadlines, gives it what it is told, lets it die and resume. Judges nothing
//! and knows no file.

use std::collections::BTreeMap;
use std::sync::Arc;

use hall_core::HallTime;
use hall_core::config::{EngineConfig, Rules};
use hall_core::engine::{Checkpoint, Engine, Output};
use hall_core::event::{Event, EventId};
use hall_core::observe::{Input, SystemFact, ZoneSnapshot};
use hall_core::snapshot::HallSnapshot;
use hall_core::time::WallClock;
use hall_metrics::{Book, Layout, Rollup};
use hall_wire::checkpoint::CheckpointRecord;
use hall_wire::event::{ClockQuality, EventRecord, RecordContext};
use hall_wire::interval::{ExcuseRecord, IntervalRecord};
use hall_wire::order::AnswerRecord;
use hall_wire::rollup::RollupRecord;
use hall_wire::summary::SummaryRecord;

use crate::driver::{ReplayOptions, ReplayOutput, ReplayStats};
use crate::error::ReplayError;
use crate::source::Told;

/// More wake-ups than this at one instant mean that the engine does not get on.
const WAKE_UPS_MAX: u32 = 10_000;

/// One thing that happens in a replay.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A camera sees something; shared, so that a picture that stays the same all day is never copied.
    Picture(Arc<ZoneSnapshot>),
    /// The engine is told something else.
    Input(Input),
    /// Other rules from here on.
    Rules(Box<Rules>),
    /// The process died at `last` (`None`: at the step before) and runs again.
    Restart {
        /// When it died.
        last: Option<HallTime>,
    },
    /// A recorded process began here. If it is the first, it begins with what it knew; otherwise it is a restart of the one before.
    Start(Box<Start>),
}

/// What a recorded process began with.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Its clock.
    pub clock: WallClock,
    /// What the one before it had left.
    pub checkpoint: Option<Checkpoint>,
}

/// An engine in simulated time.
#[derive(Debug)]
pub struct Run<'a> {
    engine: Engine,
    cfg: EngineConfig,
    clock: WallClock,
    context: RecordContext,
    options: &'a ReplayOptions,
    stats: ReplayStats,
    now: HallTime,
    /// Newest revision of every event, as the box's log holds it.
    log: BTreeMap<EventId, Event>,
    /// Only where roll-ups are asked for.
    book: Option<Book>,
}

impl<'a> Run<'a> {
    /// An engine that starts at `start` with `clock`, knowing nothing.
    #[must_use]
    pub fn new(
        cfg: &EngineConfig,
        options: &'a ReplayOptions,
        clock: WallClock,
        start: HallTime,
    ) -> Self {
        Run {
            engine: Engine::new(cfg.clone(), clock, start),
            cfg: cfg.clone(),
            clock,
            context: RecordContext {
                hall: cfg.hall.clone(),
                box_id: cfg.box_id.clone(),
                config_sha256: options.config_sha256.clone(),
                model_sha256: String::new(),
                clock: quality(clock),
                audit_head: None,
            },
            options,
            stats: ReplayStats {
                from_ms: Some(start.0),
                to_ms: Some(start.0),
                ..ReplayStats::default()
            },
            now: start,
            log: BTreeMap::new(),
            book: (!options.rollups.is_empty()).then(|| {
                let layout = Layout::new(cfg, clock.utc_offset_s, &options.departments);
                Book::over(layout, options.rollups.clone())
            }),
        }
    }

    /// An engine that starts with what is told first: with a trusted clock, unless that is another clock or a start with one.
    #[must_use]
    pub fn begin(
        cfg: &EngineConfig,
        options: &'a ReplayOptions,
        utc_offset_s: i32,
        first: &Told,
    ) -> Self {
        let clock = match &first.step {
            Step::Input(Input::Clock(clock)) => *clock,
            Step::Start(start) => start.clock,
            _ => WallClock::unix(utc_offset_s),
        };
        Run::new(cfg, options, clock, first.at)
    }

    /// The present state of the hall.
    #[must_use]
    pub fn snapshot(&self) -> HallSnapshot {
        self.engine.snapshot()
    }

    /// The hall, with the rules now in force.
    #[must_use]
    pub fn config(&self) -> &EngineConfig {
        &self.cfg
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> WallClock {
        self.clock
    }

    /// Lets time run to `at` and then `step` happen; `line` is where it was told, for errors.
    ///
    /// # Errors
    /// When the engine does not get on, or a restart begins before the step before it.
    pub fn step(
        &mut self,
        at: HallTime,
        line: u64,
        step: Step,
        sink: &mut dyn FnMut(ReplayOutput),
    ) -> Result<(), ReplayError> {
        match step {
            Step::Picture(picture) => {
                self.wake_until(at, line, sink)?;
                self.engine.look(at, &picture);
                self.given(at, sink);
            }
            Step::Input(input) => {
                self.wake_until(at, line, sink)?;
                self.give(at, input, sink);
            }
            Step::Rules(rules) => {
                self.wake_until(at, line, sink)?;
                self.cfg.rules = *rules;
                self.engine.reconfigure(at, self.cfg.clone());
                let fact = SystemFact::ConfigChanged(String::new());
                self.give(at, Input::System(fact), sink);
            }
            Step::Start(start) if self.stats.inputs == 0 && self.now == at => {
                if let Some(checkpoint) = &start.checkpoint {
                    self.engine.resume(checkpoint);
                    self.drain(sink);
                }
            }
            Step::Start(start) => {
                // What it left is what this run's own engine leaves, judged by this run's rules.
                let left = start.checkpoint.map_or(self.now, |left| left.at);
                let last = left.max(self.now).min(at);
                self.wake_until(last, line, sink)?;
                self.engine.handle(last, Input::Tick);
                self.drain(sink);
                self.clock = start.clock;
                self.context.clock = quality(start.clock);
                self.restart(at);
                self.drain(sink);
            }
            Step::Restart { last } => {
                let last = last.unwrap_or(self.now);
                if last < self.now {
                    return Err(ReplayError::DiesBefore {
                        line,
                        early_ms: self.now.since_ms(last),
                    });
                }
                self.wake_until(last, line, sink)?;
                self.engine.handle(last, Input::Tick);
                self.drain(sink);
                self.restart(at);
                let fact = SystemFact::PowerRestored(last);
                self.give(at, Input::System(fact), sink);
            }
        }
        Ok(())
    }

    /// Lets time run on to `until`; what the replay went through.
    ///
    /// # Errors
    /// When the engine does not get on.
    pub fn end(
        mut self,
        until: Option<HallTime>,
        line: u64,
        sink: &mut dyn FnMut(ReplayOutput),
    ) -> Result<ReplayStats, ReplayError> {
        self.run_on(until, line, sink)?;
        if let Some(mut book) = self.finish() {
            give_rollups(&book.flush(), book.layout(), sink);
        }
        Ok(self.stats)
    }

    /// Lets time run on to `until`; the figures, where they were asked for.
    ///
    /// # Errors
    /// When the engine does not get on.
    pub fn end_with_figures(
        mut self,
        until: Option<HallTime>,
        line: u64,
    ) -> Result<Option<Book>, ReplayError> {
        self.run_on(until, line, &mut |_| {})?;
        Ok(self.finish())
    }

    fn run_on(
        &mut self,
        until: Option<HallTime>,
        line: u64,
        sink: &mut dyn FnMut(ReplayOutput),
    ) -> Result<(), ReplayError> {
        if let Some(until) = until {
            self.wake_until(until, line, sink)?;
            self.engine.handle(until, Input::Tick);
            self.drain(sink);
            self.stats.to_ms = Some(until.0);
        }
        Ok(())
    }

    /// The rest of the last minute belongs to the figures, too.
    fn finish(&mut self) -> Option<Book> {
        let mut book = self.book.take()?;
        self.engine
            .finish(HallTime(self.stats.to_ms.unwrap_or(self.now.0)));
        while let Some(output) = self.engine.poll_output() {
            book.take(&output);
        }
        Some(book)
    }

    /// A new process, with what the one before had written down.
    fn restart(&mut self, at: HallTime) {
        let record = CheckpointRecord::from(&self.engine.checkpoint());
        let written = serde_json::to_string(&record)
            .expect("invariant: a checkpoint holds only texts, numbers and lists");
        let read: CheckpointRecord =
            serde_json::from_str(&written).expect("invariant: what was just written can be read");
        let checkpoint = Checkpoint::try_from(read)
            .expect("invariant: a checkpoint just written holds known names");
        let mut engine = Engine::new(self.cfg.clone(), self.clock, at);
        engine.recall(self.log.values().cloned());
        engine.resume(&checkpoint);
        self.engine = engine;
        self.now = at;
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
            self.clock = *clock;
            self.context.clock = quality(*clock);
        }
        self.engine.handle(at, input);
        self.given(at, sink);
    }

    fn given(&mut self, at: HallTime, sink: &mut dyn FnMut(ReplayOutput)) {
        self.now = at;
        self.stats.inputs += 1;
        self.stats.to_ms = Some(at.0);
        self.drain(sink);
    }

    fn drain(&mut self, sink: &mut dyn FnMut(ReplayOutput)) {
        while let Some(output) = self.engine.poll_output() {
            if let Some(book) = &mut self.book {
                book.take(&output);
                if let Output::Summary(summary) = &output {
                    give_rollups(&book.due(summary.to), book.layout(), sink);
                }
            }
            let said = match &output {
                Output::Event(event) => Some(event.updated),
                Output::Summary(summary) => Some(summary.to),
                Output::Interval(interval) => Some(interval.to),
                _ => None,
            };
            let from = self.options.from_unix_ms;
            let early = from
                .zip(said)
                .is_some_and(|(from, said)| said.unix_ms < from);
            match output {
                Output::Event(event) => {
                    let record = EventRecord::new(&event, &self.context);
                    self.log.insert(event.id, event);
                    if !early {
                        self.stats.events += 1;
                        sink(ReplayOutput::Event(Box::new(record)));
                    }
                }
                _ if early => {}
                Output::Summary(summary) if self.options.summaries => {
                    self.stats.summaries += 1;
                    let record =
                        SummaryRecord::new(&summary, &self.context.hall, &self.context.box_id);
                    sink(ReplayOutput::Summary(record));
                }
                Output::Interval(interval) if self.options.intervals => {
                    sink(ReplayOutput::Interval(IntervalRecord::from(&interval)));
                }
                Output::Excuse(excuse) if self.options.intervals => {
                    sink(ReplayOutput::Excuse(ExcuseRecord::from(&excuse)));
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

fn give_rollups(rollups: &[Rollup], layout: &Layout, sink: &mut dyn FnMut(ReplayOutput)) {
    for rollup in rollups {
        for part in RollupRecord::parts(rollup, layout) {
            sink(ReplayOutput::Rollup(Box::new(part)));
        }
    }
}

fn quality(clock: WallClock) -> ClockQuality {
    ClockQuality {
        synced: clock.synced,
        offset_ms: clock.offset_ms,
    }
}
