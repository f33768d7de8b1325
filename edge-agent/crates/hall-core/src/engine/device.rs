//! What the box knows about itself: a clock nobody believes, steps of the clock, a full disk, a restart, another configuration or
//! model. None of it depends on duty; a fact of one instant is raised and closed in that instant.

use super::Engine;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use crate::event::{EndReason, Event, EventCode, EventId, Level, Phase, Subject, Tag};
use crate::observe::SystemFact;
use crate::time::{HallTime, Stamp, WallClock};

/// A clock that is not believed for this long is a fault: the limit of every other fault of profile P0 (domain §1.4, camera fault
/// 60 s), so that a box which is told the time within its first minute reports nothing.
const UNSYNCED_MS: i64 = 60_000;
/// A step of a believed clock by at least this much is reported: where the domain reference (§3.2) begins to warn.
const STEP_MS: i64 = 5_000;
/// Events whose times may still be put right; more than this in one boot without a clock are only flagged.
const DOUBTFUL_MAX: usize = 4_096;

/// The box itself.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    /// Since when nobody believes the clock.
    unsynced_since: Option<HallTime>,
    unsynced: Option<OpenRecord>,
    storage_low: Option<OpenRecord>,
    /// Events first given out under a clock nobody believed, until their times are put right.
    doubtful: Vec<EventId>,
}

impl Device {
    pub fn new(start: HallTime, clock: &WallClock) -> Self {
        Device {
            unsynced_since: (!clock.synced).then_some(start),
            unsynced: None,
            storage_low: None,
            doubtful: Vec::new(),
        }
    }

    /// Open events.
    pub fn records(&self) -> impl Iterator<Item = &OpenRecord> {
        self.unsynced.iter().chain(&self.storage_low)
    }

    /// Goes on with an open event after a restart.
    pub fn resume(&mut self, record: OpenRecord, now: HallTime, ctx: &mut Ctx<'_>) {
        match record.code {
            EventCode::StorageLow => self.storage_low = Some(record),
            EventCode::TimeUnsynced => {
                let since = record.onset.at.min(now);
                self.unsynced = Some(record);
                if self.unsynced_since.is_some() {
                    self.unsynced_since = Some(since);
                } else {
                    self.believe(since, now, ctx);
                }
            }
            _ => {}
        }
    }

    /// The wall clock was set, became believed or is no longer; `before` is what it was.
    pub fn set_clock(&mut self, at: HallTime, before: WallClock, ctx: &mut Ctx<'_>) {
        let by_ms = ctx.clock.offset_ms - before.offset_ms;
        // The first setting of a clock nobody believed is no step: no time was shown as true before it.
        if before.synced && by_ms.abs() >= STEP_MS {
            let sign = if by_ms < 0 { "" } else { "+" };
            let said = format!("clock:{sign}{} s", by_ms as f64 / 1000.0);
            let stamp = ctx.clock.stamp(at);
            moment(ctx, at, EventCode::ClockStep, stamp, said);
        }
        match (before.synced, ctx.clock.synced) {
            (true, false) => self.unsynced_since = Some(at),
            (false, true) => {
                let since = self.unsynced_since.take().unwrap_or(at);
                self.believe(since, at, ctx);
            }
            _ => {}
        }
    }

    fn believe(&mut self, since: HallTime, at: HallTime, ctx: &mut Ctx<'_>) {
        if let Some(mut record) = self.unsynced.take() {
            // The times it was raised with were wrong; the instants behind them are not.
            let onset = ctx.clock.stamp(record.onset.at);
            if onset != record.onset {
                record.onset = onset;
                record.raised = ctx.clock.stamp(record.raised.at);
                record.add_tag(Tag::Restamped);
            }
            let end = ctx.clock.stamp(at);
            record.close(ctx, at, end, EndReason::Recovered, length(since, at));
        }
    }

    /// Takes a fact.
    pub fn note(&mut self, at: HallTime, fact: &SystemFact, ctx: &mut Ctx<'_>) {
        let now = ctx.clock.stamp(at);
        match fact {
            SystemFact::StorageLow(true) if self.storage_low.is_none() => {
                let opening = opening(EventCode::StorageLow, Level::Fault, now, "disk", ctx);
                self.storage_low = Some(OpenRecord::raise(ctx, at, opening, Facts::default()));
            }
            SystemFact::StorageLow(true) => {}
            SystemFact::StorageLow(false) => {
                if let Some(record) = self.storage_low.take() {
                    let facts = length(record.onset.at, at);
                    record.close(ctx, at, now, EndReason::Recovered, facts);
                }
            }
            SystemFact::PowerRestored(since) => {
                let since = (*since).min(at);
                let onset = ctx.clock.stamp(since);
                let opening = opening(EventCode::PowerRestored, Level::Info, onset, "box", ctx);
                let facts = Facts {
                    unobserved_ms: at.since_ms(since),
                    ..length(since, at)
                };
                OpenRecord::raise(ctx, at, opening, facts).close(
                    ctx,
                    at,
                    now,
                    EndReason::Recovered,
                    facts,
                );
            }
            SystemFact::ConfigChanged(sha256) => {
                moment(
                    ctx,
                    at,
                    EventCode::ConfigChanged,
                    now,
                    named("config", sha256),
                );
            }
            SystemFact::ModelChanged(sha256) => {
                moment(
                    ctx,
                    at,
                    EventCode::ModelChanged,
                    now,
                    named("model", sha256),
                );
            }
        }
    }

    /// Reports a clock nobody believes once it is due.
    pub fn settle(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let Some(since) = self.unsynced_since.filter(|_| self.next() <= Some(at)) else {
            return;
        };
        if self.unsynced.is_none() {
            let onset = ctx.clock.stamp(since);
            let opening = opening(EventCode::TimeUnsynced, Level::Fault, onset, "clock", ctx);
            self.unsynced = Some(OpenRecord::raise(ctx, at, opening, length(since, at)));
        }
    }

    pub fn next(&self) -> Option<HallTime> {
        let due = |since: HallTime| since.plus_ms(UNSYNCED_MS);
        self.unsynced_since
            .filter(|_| self.unsynced.is_none())
            .map(due)
    }

    /// Remembers what was given out under a clock nobody believed.
    pub fn given_out(&mut self, event: &Event, clock: &WallClock) {
        if !clock.synced && event.phase == Phase::Raised && self.doubtful.len() < DOUBTFUL_MAX {
            self.doubtful.push(event.id);
        }
    }
}

impl Engine {
    /// The clock is believed again: events that were first given out without get a revision with the times that the same
    /// instants have by the present clock. Their ids stay.
    pub(super) fn restamp(&mut self, at: HallTime) {
        let clock = self.core.clock;
        for id in std::mem::take(&mut self.device.doubtful) {
            let Some(known) = self.book.get(id) else {
                continue;
            };
            let anew = |stamp: Stamp| clock.stamp(stamp.at);
            if known.tags.contains(&Tag::Restamped) || anew(known.onset) == known.onset {
                continue;
            }
            let mut event = known.clone();
            event.onset = anew(event.onset);
            event.raised = anew(event.raised);
            event.end = event.end.map(anew);
            event.mitigated_at = event.mitigated_at.map(anew);
            event.updated = clock.stamp(at);
            event.phase = Phase::Revised;
            event.revision = None;
            event.tags.push(Tag::Restamped);
            self.out.push_back(super::Output::Event(event));
        }
    }
}

/// A fact of one instant.
fn moment(ctx: &mut Ctx<'_>, at: HallTime, code: EventCode, now: Stamp, said: String) {
    let opening = opening(code, Level::Info, now, &said, ctx);
    let facts = Facts::default();
    OpenRecord::raise(ctx, at, opening, facts).close(ctx, at, now, EndReason::Momentary, facts);
}

fn opening(code: EventCode, level: Level, onset: Stamp, said: &str, ctx: &Ctx<'_>) -> Opening {
    Opening {
        code,
        subject: Subject::Device,
        level,
        onset,
        rule: ctx.limits.rule.clone(),
        evidence: vec![said.to_owned()],
        tags: Vec::new(),
    }
}

fn named(kind: &str, sha256: &str) -> String {
    if sha256.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind}:{sha256}")
    }
}

fn length(since: HallTime, at: HallTime) -> Facts {
    Facts {
        duration_ms: at.since_ms(since).max(0),
        ..Facts::default()
    }
}
