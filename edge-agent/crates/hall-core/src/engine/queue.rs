//! The rule of one queue: too long for too long, until it has been short for long enough; and the home of the rules that go with
//! it (waits, new windows, tickets against video). Knows no window but those it feeds.

use super::flow::{Crew, Flow};
use super::layout::QueueView;
use super::limits::Limits;
use super::links::Fed;
use super::long_wait::LongWait;
use super::lookout::{Lookout, Teller, Told};
use super::mismatch::Mismatch;
use super::new_window::NewWindow;
use super::queue_view::QueueCheckpoint;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use super::roster::Roster;
use crate::config::QueueConfig;
use crate::event::{EndReason, EventCode, Level, Subject, Tag};
use crate::ids::QueueId;
use crate::observe::FaultCause;
use crate::snapshot::QueueState;
use crate::time::{HallTime, Stamp};

/// The length has been at or over the limit since `onset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rise {
    pub(super) onset: HallTime,
    pub(super) unobserved_ms: i64,
    pub(super) peak: u32,
    saturated: bool,
    /// When another window was opened for it.
    pub(super) mitigated_at: Option<Stamp>,
}

/// A published event.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) record: OpenRecord,
    pub(super) rise: Rise,
    /// Since when the length is at or under the clear count, and how much of that nobody observed.
    pub(super) short: Option<(HallTime, i64)>,
    /// Set after a restart until the queue has been seen long again: where observation broke off, and what of the time
    /// before that had not been observed.
    resumed: Option<(HallTime, i64)>,
}

/// What a queue did since the last summary.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Minute {
    /// Up to where it has been summed up: pictures of the minute before may still come.
    pub(super) summed_to: HallTime,
    pub(super) person_ms: i64,
    pub(super) known_ms: i64,
    pub(super) max: u32,
    pub(super) saturated: bool,
}

impl Minute {
    /// The line was so long from `from` to `to`.
    pub(super) fn add(&mut self, length: Option<u32>, from: HallTime, to: HallTime) {
        if let Some(length) = length {
            let ms = to.since_ms(from.max(self.summed_to)).max(0);
            self.person_ms += i64::from(length) * ms;
            self.known_ms += ms;
        }
    }
}

/// One queue.
#[derive(Debug, Clone)]
pub(crate) struct QueueRule {
    pub(super) id: QueueId,
    pub(super) capacity: Option<u32>,
    pub(super) lookout: Lookout,
    /// Who told of the line last, and since when only he counts: nothing is dated back over a change of source.
    pub(super) teller: Option<Teller>,
    pub(super) told_since: HallTime,
    /// The source before said otherwise: until this one has agreed with it once, it neither raises nor clears.
    pub(super) disputed: bool,
    pub(super) last_length: u32,
    /// What was told last; `None`: nobody knows.
    pub(super) length: Option<u32>,
    pub(super) flow: Flow,
    pub(super) long_wait: LongWait,
    pub(super) new_window: NewWindow,
    pub(super) mismatch: Mismatch,
    pub(super) rosters: Vec<Roster>,
    /// The windows it feeds, as they are now.
    pub(super) fed: Fed,
    pub(super) on_duty_since: Option<HallTime>,
    pub(super) rise: Option<Rise>,
    pub(super) open: Option<Open>,
    /// Start of the time nobody observes.
    pub(super) blind_since: Option<HallTime>,
    /// End of the last gap that was too long to bridge: nothing is dated back over it.
    pub(super) seen_since: HallTime,
    pub(super) minute: Minute,
    pub(super) state_since: HallTime,
    pub(super) state: QueueState,
    pub(super) settled_at: HallTime,
    /// Up to where pictures have said nothing new.
    seen_at: HallTime,
}

impl QueueRule {
    pub fn new(
        cfg: &QueueConfig,
        cameras: &[(usize, String)],
        down: &[Option<FaultCause>],
        rosters: Vec<Roster>,
        start: HallTime,
        old: Option<QueueRule>,
    ) -> Self {
        let known = old.as_ref().map(|old| old.lookout.clone());
        let lookout = Lookout::new(cfg, cameras, down, known);
        let mut queue = match old {
            Some(old) => QueueRule {
                capacity: cfg.capacity,
                lookout,
                // Cameras may have changed places.
                teller: None,
                rosters,
                ..old
            },
            None => QueueRule {
                id: cfg.id.clone(),
                capacity: cfg.capacity,
                lookout,
                teller: None,
                told_since: start,
                disputed: false,
                last_length: 0,
                length: None,
                flow: Flow::new(start),
                long_wait: LongWait::default(),
                new_window: NewWindow::default(),
                mismatch: Mismatch::default(),
                rosters,
                fed: Fed::default(),
                on_duty_since: None,
                rise: None,
                open: None,
                blind_since: Some(start),
                seen_since: start,
                minute: Minute::default(),
                state_since: start,
                state: QueueState::Unknown,
                settled_at: start,
                seen_at: start,
            },
        };
        if queue.on_duty() && queue.on_duty_since.is_none() {
            queue.on_duty_since = Some(start);
        }
        queue
    }

    /// Goes on with an event that was open when observation broke off.
    pub fn resume(
        &mut self,
        saved: &QueueCheckpoint,
        last_observed: HallTime,
        shift_ms: i64,
        now: HallTime,
        ctx: &mut Ctx<'_>,
    ) {
        self.resume_others(saved, last_observed, shift_ms);
        let Some(record) = saved.record.clone() else {
            if let Some(record) = saved.no_new_window.clone() {
                let end = ctx.clock.stamp(last_observed);
                record.close(ctx, now, end, EndReason::PowerLoss, Facts::default());
            }
            self.end_foreign(now, last_observed, ctx);
            return;
        };
        let rise = Rise {
            onset: record.onset.at.plus_ms(shift_ms),
            unobserved_ms: saved.unobserved_ms,
            peak: saved.peak,
            saturated: record.tags.contains(&Tag::Saturated),
            mitigated_at: saved.mitigated_at,
        };
        self.blind_since = Some(last_observed);
        self.open = Some(Open {
            record,
            rise,
            short: None,
            resumed: Some((last_observed, saved.unobserved_ms)),
        });
        if let (Some(open), Some(alarm)) = (&self.open, self.alarm()) {
            let mitigated = open.rise.mitigated_at;
            self.new_window.resume(
                alarm,
                saved.staffed_at_raise,
                mitigated,
                saved.no_new_window.clone(),
            );
        }
        self.end_foreign(now, last_observed, ctx);
    }

    /// Duty is over meanwhile: what was open ended where it was last observed.
    fn end_foreign(&mut self, now: HallTime, last_observed: HallTime, ctx: &mut Ctx<'_>) {
        let same_duty = |r: &Roster| r.stretch().is_some_and(|s| s.from <= last_observed);
        if ctx.clock.synced && !self.rosters.iter().any(same_duty) {
            self.close(now, last_observed, EndReason::PowerLoss, 0, ctx);
            self.long_wait
                .close(now, last_observed, EndReason::PowerLoss, ctx);
            self.mismatch
                .close(now, last_observed, EndReason::PowerLoss, ctx);
        }
    }

    /// Acts on every deadline up to `now`.
    pub fn settle(&mut self, now: HallTime, ctx: &mut Ctx<'_>) {
        while let Some(due) = self.next(ctx.limits).filter(|due| *due <= now) {
            let at = self.account(due, ctx.limits);
            self.evaluate(at, ctx);
        }
    }

    /// Takes what one picture shows of the queue. False: nothing new, and no deadline comes sooner for it.
    pub fn observe(
        &mut self,
        camera: usize,
        at: HallTime,
        view: &QueueView,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        if !ctx.limits.thorough && self.blind_since.is_none() {
            let at = at.max(self.settled_at).max(self.seen_at);
            if self.lookout.again(camera, at, view, ctx.limits) {
                self.seen_at = at;
                return false;
            }
        }
        let at = self.account(at, ctx.limits);
        self.lookout.observe(camera, at, view, ctx.limits);
        self.evaluate(at, ctx);
        true
    }

    /// A camera was reported down or up at `when`, which may be before what has been acted on: a frozen picture is noticed late.
    pub fn camera_health(
        &mut self,
        camera: usize,
        when: HallTime,
        down: Option<FaultCause>,
        ctx: &mut Ctx<'_>,
    ) {
        let at = self.account(when, ctx.limits);
        if self.lookout.health(camera, when, down, self.teller) {
            self.unsee(when, at);
        }
        self.evaluate(at, ctx);
    }

    /// The wall clock or the calendar changed.
    pub fn reschedule(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let at = self.account(at, ctx.limits);
        self.rosters
            .iter_mut()
            .for_each(|roster| roster.refresh(at, ctx));
        self.evaluate(at, ctx);
    }

    /// Something about the windows it feeds has changed.
    pub fn hear(&mut self, at: HallTime, fed: Fed, ctx: &mut Ctx<'_>) {
        if self.fed != fed {
            let at = self.account(at, ctx.limits);
            self.flow.crew(Crew {
                staffed: fed.open.len() as u32,
                busy: fed.busy,
            });
            self.fed = fed;
            self.evaluate(at, ctx);
        }
    }

    /// The configuration no longer holds this queue.
    pub fn remove(mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.close(at, at, EndReason::Reconfigured, 0, ctx);
        self.long_wait.close(at, at, EndReason::Reconfigured, ctx);
        self.mismatch.close(at, at, EndReason::Reconfigured, ctx);
    }

    pub(super) fn on_duty(&self) -> bool {
        self.rosters.iter().any(|roster| roster.stretch().is_some())
    }

    /// Goes to `at` with the length as it is. Returns the instant reached, never earlier than the one before.
    pub(super) fn account(&mut self, at: HallTime, limits: &Limits) -> HallTime {
        let from = self.settled_at;
        let at = at.max(from).max(self.seen_at);
        self.minute.add(self.lookout.length(from, limits), from, at);
        self.settled_at = at;
        self.flow.account(at);
        if let Some(wait_ms) = self.wait_reached(at, limits) {
            self.long_wait.reach(wait_ms);
        }
        at
    }

    pub(super) fn evaluate(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let since = self.follow(at, ctx);
        let told = self.lookout.told(at, ctx.limits);
        self.change_teller(at, told, ctx.limits);
        self.see(at, told.is_some(), ctx.limits);
        self.judge(at, told, ctx);
        if self.rosters.iter().any(|roster| roster.until() <= at) {
            self.rosters
                .iter_mut()
                .filter(|r| r.until() <= at)
                .for_each(|roster| roster.refresh(at, ctx));
        }
        match (self.on_duty(), self.on_duty_since) {
            (true, None) => {
                self.on_duty_since = Some(at);
                self.begin_duty(at, ctx);
                self.judge(at, told, ctx);
            }
            (false, was) => {
                if was.is_some() {
                    self.end_duty(at, ctx);
                }
                self.on_duty_since = None;
                self.rise = None;
                self.long_wait.forget();
                if ctx.clock.synced {
                    self.close(at, at, EndReason::ScheduleEnd, 0, ctx);
                    self.long_wait.end_duty(at, ctx);
                    self.mismatch.close(at, at, EndReason::ScheduleEnd, ctx);
                }
            }
            (true, Some(_)) => {}
        }
        self.length = told.map(|told| told.length);
        if let Some(length) = self.length {
            self.flow.line(at, length);
        }
        self.judge_others(at, told, since, ctx);
        let state = match (&self.open, self.blind_since) {
            (_, Some(_)) => QueueState::Unknown,
            (Some(_), None) => QueueState::Long,
            (None, None) => QueueState::Normal,
        };
        if state != self.state {
            self.state = state;
            self.state_since = at;
        }
    }

    /// Notices when nobody observes the queue and when somebody does again; unobserved time stops every timer.
    fn see(&mut self, at: HallTime, seen: bool, limits: &Limits) {
        match (seen, self.blind_since) {
            (false, None) => {
                let last = self.teller.and_then(|teller| self.lookout.last(teller));
                let since = last.unwrap_or(at).min(at);
                self.blind_since = Some(since);
                self.flow.watch(at, Some(since));
            }
            (true, Some(since)) => {
                self.blind_since = None;
                self.flow.watch(at, None);
                let gap = at.since_ms(since).max(0);
                let resumed = self
                    .open
                    .as_ref()
                    .is_some_and(|open| open.resumed.is_some());
                if gap > limits.bridge || resumed {
                    self.seen_since = at;
                    self.rise
                        .iter_mut()
                        .for_each(|rise| rise.unobserved_ms += gap);
                    if let Some(open) = &mut self.open {
                        open.rise.unobserved_ms += gap;
                        open.short
                            .iter_mut()
                            .for_each(|(_, unobserved)| *unobserved += gap);
                    }
                }
            }
            _ => {}
        }
    }

    fn judge(&mut self, at: HallTime, told: Option<Told>, ctx: &mut Ctx<'_>) {
        let limits = ctx.limits;
        let Some(on_duty_since) = self.on_duty_since else {
            return;
        };
        let Some(told) = told else {
            return;
        };
        let Told {
            length,
            firm,
            in_zone,
            ..
        } = told;
        let source = self.lookout.name(told.by);
        let by_video = told.by != Teller::Tickets;
        let saturated = by_video && self.capacity.is_some_and(|capacity| length >= capacity);
        self.last_length = length;
        self.minute.max = self.minute.max.max(length);
        self.minute.saturated |= saturated;

        if let Some(open) = &mut self.open {
            open.rise.peak = open.rise.peak.max(length);
            if saturated {
                open.record.add_tag(Tag::Saturated);
            }
            if length > limits.queue_clear {
                open.short = None;
                open.resumed = None;
                if open.record.aggravate(&self.fed.absences) {
                    let level = open.record.level.step_up();
                    open.record
                        .escalate(ctx, at, level, facts(&open.rise, at, 0));
                }
                self.disputed = false;
                return;
            }
            if self.disputed {
                if length > 0 {
                    open.short = None;
                    return;
                }
                self.told_since = self.lookout.at_most_since(told.by, 0, at, limits);
                self.disputed = false;
            }
            let short_since = self
                .lookout
                .at_most_since(told.by, limits.queue_clear, at, limits)
                .max(open.rise.onset)
                .max(self.seen_since)
                .max(self.told_since);
            let (since, unobserved) = *open.short.get_or_insert((short_since, 0));
            let due = since.plus_ms(limits.queue_clear_hold + unobserved);
            // Whoever came before the clearing was due may still turn out to be queuing.
            let decided = in_zone <= limits.queue_clear || at >= due.plus_ms(told.dwell_ms);
            if at >= due && decided {
                let (end, reason) = match open.resumed {
                    Some((last, _)) => (last, EndReason::PowerLoss),
                    None => (since, EndReason::Cleared),
                };
                self.close(at, end, reason, unobserved, ctx);
            }
            return;
        }
        if length < limits.queue_raise {
            self.rise = None;
            self.disputed = false;
            return;
        }
        if self.disputed {
            self.rise = None;
            return;
        }
        let onset = at
            .plus_ms(-told.dwell_ms)
            .max(on_duty_since)
            .max(self.seen_since)
            .max(self.told_since);
        let rise = self.rise.get_or_insert(Rise {
            onset,
            unobserved_ms: 0,
            peak: 0,
            saturated: false,
            mitigated_at: None,
        });
        rise.peak = rise.peak.max(length);
        rise.saturated |= saturated;
        let due = rise
            .onset
            .plus_ms(limits.queue_duration + rise.unobserved_ms);
        if at >= due && firm >= limits.queue_raise {
            let rise = *rise;
            let empty = !self.fed.absences.is_empty();
            let opening = Opening {
                code: EventCode::QueueLong,
                subject: Subject::Queue(self.id.clone()),
                level: if empty { Level::Severe } else { Level::Warn },
                onset: ctx.clock.stamp(rise.onset),
                rule: limits.rule.clone(),
                evidence: vec![source],
                tags: [
                    (rise.saturated, Tag::Saturated),
                    (empty, Tag::WhilePeopleWait),
                ]
                .into_iter()
                .filter_map(|(holds, tag)| holds.then_some(tag))
                .collect(),
            };
            let related = self.fed.absences.clone();
            let record = OpenRecord::raise_with(ctx, at, opening, related, facts(&rise, at, 0));
            self.rise = None;
            self.open = Some(Open {
                record,
                rise,
                short: None,
                resumed: None,
            });
        }
    }

    fn close(
        &mut self,
        at: HallTime,
        end: HallTime,
        reason: EndReason,
        after_end_ms: i64,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(open) = self.open.take() else { return };
        let mut rise = open.rise;
        rise.unobserved_ms -= after_end_ms;
        if let Some((_, before)) = open.resumed.filter(|_| reason == EndReason::PowerLoss) {
            // The outage lies after the end.
            rise.unobserved_ms = before;
        }
        let stamp = ctx.clock.stamp(end);
        open.record
            .close(ctx, at, stamp, reason, facts(&rise, end, 0));
        self.new_window.end(at, end, reason, ctx);
    }
}

pub(super) fn facts(rise: &Rise, end: HallTime, absent_ms: i64) -> Facts {
    Facts {
        duration_ms: end.since_ms(rise.onset).max(0),
        absent_ms,
        unobserved_ms: rise.unobserved_ms.max(0),
        peak: Some(rise.peak),
        mitigated_at: rise.mitigated_at,
        ..Facts::default()
    }
}
