//! The outward side of a window's rule: the state it shows, and when it must be woken next. Decides no event.

use super::Output;
use super::fusion::{Gate, judge};
use super::limits::Limits;
use super::links::PostFacts;
use super::record::Ctx;
use super::tally::Tally;
use super::window::{Company, WindowRule};
use crate::account::{Interval, TimeClass};
use crate::event::Subject;
use crate::ids::SensorId;
use crate::snapshot::{Reason, WindowSnapshot, WindowState};
use crate::time::HallTime;
use crate::tri::Tri;

impl WindowRule {
    /// Updates the state shown: the gate first, then what is confirmed, with the row of the truth table that says so.
    pub(super) fn show(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        if self.crew.is_some() {
            return;
        }
        let gate = self.table_gate();
        let (state, reason) = self.state_behind(gate, at, ctx.limits);
        let class = class_of(state, reason, gate);
        if state != self.shown.0 || class != self.class {
            let since = self.state_since(gate, at);
            // What was shown meanwhile was not yet known better.
            let from = since.max(self.shown_since).max(self.class_since);
            self.tally.correct(self.class, class, at.since_ms(from));
            self.count_up(at, ctx);
            if class != self.class {
                self.class_since = from;
            }
            self.class = class;
            // A minute may have been summed up already before a picture of it arrived.
            self.give_interval(from, at.max(self.counted_to), ctx);
            if state != self.shown.0 {
                let paused = self.pauses.since().filter(|_| self.gate == Gate::Paused);
                self.shown_since = paused.unwrap_or(since);
            }
        }
        self.shown = (state, reason);
    }

    /// Video surely sees somebody at the seat, on duty and not paused: confirmed, there now, and not only at the printer.
    pub(super) fn seat_seen(&self, at: HallTime, limits: &Limits) -> bool {
        self.gate == Gate::Open
            && self.video.confirmed().is_yes()
            && self.video.raw().is_yes()
            && !self.sight.away_from_seat(at, limits)
    }

    /// Since when video contradicts this sensor, if that has become an event.
    pub(super) fn contradicts(&self, sensor: &SensorId) -> Option<HallTime> {
        let record = self.conflict.record()?;
        (record.subject == Subject::Sensor(sensor.clone())).then_some(record.onset.at)
    }

    /// The gate with what the window's group makes of it.
    pub(super) fn table_gate(&self) -> Gate {
        match (self.gate, self.company) {
            (Gate::Open, Company::Covered) => Gate::Covered,
            (Gate::Open, Company::Unsure) => Gate::CoverUnknown,
            (gate, _) => gate,
        }
    }

    fn state_behind(&self, gate: Gate, at: HallTime, limits: &Limits) -> (WindowState, Reason) {
        let says = self.sight.says(at, limits);
        let sensor = self.feelers.say(at, limits);
        let (raw, raw_reason) = judge(gate, says, sensor, self.conflict.trust());
        let state = match (gate, self.post.confirmed()) {
            (Gate::Paused, _) if self.pauses.over_limit() => return (raw, Reason::PauseOverLimit),
            (Gate::Unsynced | Gate::OffDuty | Gate::Paused, _) => return (raw, raw_reason),
            (Gate::Spare, Tri::Yes) => return (WindowState::OffDuty, Reason::ExtraOpen),
            (Gate::Spare, _) => return (WindowState::OffDuty, Reason::NotScheduled),
            (_, Tri::Yes) => WindowState::Staffed,
            (Gate::CoverUnknown, Tri::No) => WindowState::Unknown,
            (_, Tri::No) => WindowState::Unstaffed,
            (_, Tri::Unknown) => WindowState::Unknown,
        };
        if state == raw {
            return (state, raw_reason);
        }
        // Confirmed only now although the raw answer has just changed again.
        let reason = match (state, gate) {
            (WindowState::Unstaffed, Gate::OnLeave) => Reason::OnLeave,
            (WindowState::Unstaffed, Gate::Covered) => Reason::CoveredByGroup,
            _ if state == self.shown.0 && !excuses(self.shown.1) => self.shown.1,
            (WindowState::Staffed, _) => Reason::VideoPresent,
            (WindowState::Unstaffed, _) => Reason::VideoAbsent,
            _ => Reason::NoObservation,
        };
        (state, reason)
    }

    /// Since when what is shown holds, dated back.
    fn state_since(&self, gate: Gate, at: HallTime) -> HallTime {
        match gate {
            Gate::Unsynced | Gate::OffDuty => return at,
            Gate::Paused => return self.pauses.flickered().unwrap_or(at),
            _ => {}
        }
        let own = match self.post.confirmed() {
            Tri::Yes => self.post.since(),
            Tri::No => self.post.since().max(self.company_since),
            Tri::Unknown => self.post.gap_since().unwrap_or(at),
        };
        own.max(self.opened_at).min(at)
    }

    /// Gives out how the time up to `at` counts, as far as that is known now.
    pub(super) fn count_up(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.give_interval(self.counted_to, at, ctx);
        self.counted_to = self.counted_to.max(at);
    }

    fn give_interval(&self, from: HallTime, to: HallTime, ctx: &mut Ctx<'_>) {
        if from < to {
            let interval = Interval {
                window: self.id.clone(),
                from: ctx.clock.stamp(from),
                to: ctx.clock.stamp(to),
                class: self.class,
            };
            ctx.out.push_back(Output::Interval(interval));
        }
    }

    /// The next instant at which something may happen without an input; always later than the last one acted on.
    pub fn next(&self, limits: &Limits) -> Option<HallTime> {
        let after = self.settled_at;
        let mut due: Option<HallTime> = None;
        let mut offer = |t: Option<HallTime>| {
            if let Some(t) = t.filter(|t| *t > after) {
                due = Some(due.map_or(t, |d| d.min(t)));
            }
        };
        offer(self.sight.stale_at(after, limits));
        offer(self.sight.still_at(after, limits));
        offer(self.feelers.stale_at(after, limits));
        offer(self.video.confirm_at(limits));
        offer(self.post.confirm_at(limits));
        offer(self.conflict.due(limits.conflict));
        offer(Some(self.roster.until()).filter(|t| t.0 < i64::MAX));
        self.pauses
            .due(limits.gap_tolerance)
            .for_each(|due| offer(Some(due)));
        self.unattended.due(limits).for_each(|due| offer(Some(due)));
        let raw = self.post.raw();
        match &self.episode {
            None if self.gate == Gate::Open && self.post.confirmed().is_no() => {
                offer(self.nobody_at(limits.gap_tolerance));
            }
            None => {}
            Some(episode) => match raw {
                Tri::Yes => offer(episode.return_left_ms(limits).map(|ms| after.plus_ms(ms))),
                Tri::No if self.gate == Gate::Open => {
                    offer(episode.dropout_left_ms(limits).map(|ms| after.plus_ms(ms)));
                    if episode.nobody_there() {
                        offer(Some(self.post.calm_at(after, limits)));
                        offer(episode.next_rung_ms().map(|ms| after.plus_ms(ms)));
                    }
                }
                _ => {}
            },
        }
        due
    }

    /// Time per state up to `at`.
    pub fn tally_at(&self, at: HallTime) -> Tally {
        let mut tally = self.tally;
        tally.add(self.class, at.since_ms(self.settled_at).max(0));
        tally
    }

    /// What others may know.
    pub fn facts(&self, at: HallTime, limits: &Limits) -> PostFacts {
        let serves = matches!(self.class, TimeClass::Staffed | TimeClass::ExtraOpen);
        let record = self.absence().map(|(id, _)| id);
        PostFacts {
            on_duty: matches!(self.gate, Gate::Open | Gate::Paused),
            staffed_since: serves.then_some(self.shown_since),
            absence: record,
            unknown: self.gate == Gate::Open && self.class == TimeClass::Unknown,
            coming: self.gate == Gate::Open && !serves && self.post.raw().is_yes(),
            busy: serves && self.sight.customers(at, limits) > 0,
        }
    }

    /// Published and not closed.
    pub fn open_events(&self) -> usize {
        let episode = self
            .episode
            .as_ref()
            .is_some_and(|episode| episode.record.is_some());
        usize::from(episode)
            + usize::from(self.conflict.record().is_some())
            + usize::from(self.statics.record().is_some())
            + self.pauses.records().count()
            + usize::from(self.unattended.record().is_some())
    }

    /// The window as it is at the last instant acted on, with its running figures brought up to `at`.
    pub fn snapshot(&self, at: HallTime, limits: &Limits) -> WindowSnapshot {
        let (state, reason) = self.shown;
        let mut evidence = Vec::new();
        match state {
            WindowState::Staffed | WindowState::Unstaffed => {
                let present = state == WindowState::Staffed;
                self.sight.evidence(at, present, limits, &mut evidence);
                self.feelers.evidence(at, present, limits, &mut evidence);
            }
            WindowState::Paused => self.feelers.pause_evidence(at, limits, &mut evidence),
            WindowState::OffDuty | WindowState::Unknown => {}
        }
        let absence = self
            .absence()
            .filter(|_| self.company == Company::Alone || state == WindowState::Unstaffed);
        let running = if self.gate == Gate::Open && self.post.raw().is_no() {
            at.since_ms(self.settled_at)
        } else {
            0
        };
        WindowSnapshot {
            window: self.id.clone(),
            state,
            since: self.shown_since,
            reason,
            video: self.video.confirmed(),
            sensor: self.feelers.presence(at, limits),
            evidence_sources: evidence,
            away_from_seat: state == WindowState::Staffed && self.sight.away_from_seat(at, limits),
            customers: self.sight.customers(at, limits),
            open_event: absence.map(|(id, _)| id),
            level: absence.map(|(_, level)| level),
            absent_ms: self
                .episode
                .as_ref()
                .map_or(0, |e| e.account(limits).absent_ms + running.max(0)),
        }
    }
}

/// How time in a state counts.
fn class_of(state: WindowState, reason: Reason, gate: Gate) -> TimeClass {
    match state {
        WindowState::Staffed => TimeClass::Staffed,
        WindowState::Unstaffed if matches!(gate, Gate::OnLeave | Gate::Covered) => {
            TimeClass::Excused
        }
        WindowState::Unstaffed => TimeClass::Unstaffed,
        WindowState::Paused if reason == Reason::PauseOverLimit => TimeClass::PausedOver,
        WindowState::Paused => TimeClass::Paused,
        WindowState::Unknown => TimeClass::Unknown,
        WindowState::OffDuty if reason == Reason::ExtraOpen => TimeClass::ExtraOpen,
        WindowState::OffDuty => TimeClass::OffDuty,
    }
}

/// Reasons that hold only while leave or cover does.
fn excuses(reason: Reason) -> bool {
    matches!(reason, Reason::OnLeave | Reason::CoveredByGroup)
}
