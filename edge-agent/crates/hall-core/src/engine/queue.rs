//! The rule of one queue: too long for too long, until it has been short for long enough. Knows no window but the duty of
//! those it feeds.

use super::layout::QueueView;
use super::limits::Limits;
use super::line::Line;
use super::links::Fed;
use super::queue_view::QueueCheckpoint;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use super::roster::Roster;
use crate::config::QueueConfig;
use crate::event::{EndReason, EventCode, Level, Subject, Tag};
use crate::ids::QueueId;
use crate::observe::FaultCause;
use crate::snapshot::QueueState;
use crate::time::HallTime;

/// One camera's view of the queue.
#[derive(Debug, Clone)]
pub(super) struct Eye {
    camera: usize,
    name: String,
    pub(super) line: Line,
    pub(super) down: Option<FaultCause>,
    pub(super) valid: bool,
}

impl Eye {
    fn fresh(&self, at: HallTime, limits: &Limits) -> bool {
        self.valid
            && self.down.is_none()
            && self
                .line
                .last()
                .is_some_and(|last| at.since_ms(last) <= limits.camera_stale)
    }
}

/// The length has been at or over the limit since `onset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rise {
    pub(super) onset: HallTime,
    pub(super) unobserved_ms: i64,
    pub(super) peak: u32,
    saturated: bool,
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
    pub(super) person_ms: i64,
    pub(super) known_ms: i64,
    pub(super) max: u32,
    pub(super) saturated: bool,
}

/// One queue.
#[derive(Debug, Clone)]
pub(crate) struct QueueRule {
    pub(super) id: QueueId,
    pub(super) capacity: Option<u32>,
    pub(super) eyes: Vec<Eye>,
    pub(super) rosters: Vec<Roster>,
    /// The windows it feeds, as they are now.
    pub(super) fed: Fed,
    pub(super) on_duty_since: Option<HallTime>,
    pub(super) rise: Option<Rise>,
    pub(super) open: Option<Open>,
    /// Start of the time nobody observes.
    pub(super) blind_since: Option<HallTime>,
    /// End of the last gap that was too long to bridge: nothing is dated back over it.
    seen_since: HallTime,
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
        let eyes = cameras
            .iter()
            .map(|(camera, name)| {
                let known = old
                    .as_ref()
                    .and_then(|old| old.eyes.iter().find(|eye| &eye.name == name))
                    .cloned();
                match known {
                    Some(eye) => Eye {
                        camera: *camera,
                        ..eye
                    },
                    None => Eye {
                        camera: *camera,
                        name: name.clone(),
                        line: Line::default(),
                        down: down.get(*camera).copied().flatten(),
                        valid: false,
                    },
                }
            })
            .collect();
        let mut queue = match old {
            Some(old) => QueueRule {
                capacity: cfg.capacity,
                eyes,
                rosters,
                ..old
            },
            None => QueueRule {
                id: cfg.id.clone(),
                capacity: cfg.capacity,
                eyes,
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
        let Some(record) = saved.record.clone() else {
            return;
        };
        let rise = Rise {
            onset: record.onset.at.plus_ms(shift_ms),
            unobserved_ms: saved.unobserved_ms,
            peak: saved.peak,
            saturated: record.tags.contains(&Tag::Saturated),
        };
        self.blind_since = Some(last_observed);
        self.open = Some(Open {
            record,
            rise,
            short: None,
            resumed: Some((last_observed, saved.unobserved_ms)),
        });
        let same_duty = |r: &Roster| r.stretch().is_some_and(|s| s.from <= last_observed);
        if ctx.clock.synced && !self.rosters.iter().any(same_duty) {
            self.close(now, last_observed, EndReason::PowerLoss, 0, ctx);
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
            let mut eyes = self.eyes.iter_mut().filter(|eye| eye.camera == camera);
            if eyes
                .any(|eye| eye.valid && eye.down.is_none() && eye.line.again(at, view, ctx.limits))
            {
                self.seen_at = at;
                return false;
            }
        }
        let at = self.account(at, ctx.limits);
        if let Some(eye) = self
            .eyes
            .iter_mut()
            .find(|eye| eye.camera == camera && eye.down.is_none())
        {
            eye.valid = true;
            eye.line.observe(at, view, ctx.limits);
        }
        self.evaluate(at, ctx);
        true
    }

    /// A camera was reported down or up.
    pub fn camera_health(
        &mut self,
        camera: usize,
        at: HallTime,
        down: Option<FaultCause>,
        ctx: &mut Ctx<'_>,
    ) {
        let at = self.account(at, ctx.limits);
        for eye in self.eyes.iter_mut().filter(|eye| eye.camera == camera) {
            eye.down = down;
            eye.valid &= down.is_none();
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
            self.fed = fed;
            self.evaluate(at, ctx);
        }
    }

    /// The configuration no longer holds this queue.
    pub fn remove(mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.close(at, at, EndReason::Reconfigured, 0, ctx);
    }

    pub(super) fn on_duty(&self) -> bool {
        self.rosters.iter().any(|roster| roster.stretch().is_some())
    }

    /// The first configured healthy camera.
    pub(super) fn active(&self, at: HallTime, limits: &Limits) -> Option<&Eye> {
        self.eyes.iter().find(|eye| eye.fresh(at, limits))
    }

    /// Goes to `at` with the length as it is. Returns the instant reached, never earlier than the one before.
    pub(super) fn account(&mut self, at: HallTime, limits: &Limits) -> HallTime {
        let from = self.settled_at;
        let at = at.max(from).max(self.seen_at);
        if let Some(length) = self
            .active(from, limits)
            .map(|eye| eye.line.length(from, limits))
        {
            self.minute.person_ms += i64::from(length) * at.since_ms(from);
            self.minute.known_ms += at.since_ms(from);
        }
        self.settled_at = at;
        at
    }

    fn evaluate(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.eyes
            .iter_mut()
            .for_each(|eye| eye.line.settle(at, ctx.limits));
        self.see(at, ctx.limits);
        self.judge(at, ctx);
        if self.rosters.iter().any(|roster| roster.until() <= at) {
            self.rosters
                .iter_mut()
                .filter(|r| r.until() <= at)
                .for_each(|roster| roster.refresh(at, ctx));
        }
        match (self.on_duty(), self.on_duty_since) {
            (true, None) => {
                self.on_duty_since = Some(at);
                self.judge(at, ctx);
            }
            (false, _) => {
                self.on_duty_since = None;
                self.rise = None;
                if ctx.clock.synced {
                    self.close(at, at, EndReason::ScheduleEnd, 0, ctx);
                }
            }
            (true, Some(_)) => {}
        }
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
    fn see(&mut self, at: HallTime, limits: &Limits) {
        let seen = self.active(at, limits).is_some();
        match (seen, self.blind_since) {
            (false, None) => {
                let last = self.eyes.iter().filter_map(|eye| eye.line.last()).max();
                self.blind_since = Some(last.unwrap_or(at).min(at));
            }
            (true, Some(since)) => {
                self.blind_since = None;
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

    fn judge(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let limits = ctx.limits;
        let Some(on_duty_since) = self.on_duty_since else {
            return;
        };
        let Some(eye) = self.active(at, limits) else {
            return;
        };
        let length = eye.line.length(at, limits);
        let firm = eye.line.firm_length(at, limits);
        let in_zone = eye.line.in_zone().unwrap_or(0);
        let short_since = eye.line.at_most_since(limits.queue_clear, at, limits);
        let source = format!("video:{}", eye.name);
        let saturated = self.capacity.is_some_and(|capacity| length >= capacity);
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
                return;
            }
            let (since, unobserved) = *open
                .short
                .get_or_insert((short_since.max(open.rise.onset).max(self.seen_since), 0));
            let due = since.plus_ms(limits.queue_clear_hold + unobserved);
            // Whoever came before the clearing was due may still turn out to be queuing.
            let decided = in_zone <= limits.queue_clear || at >= due.plus_ms(limits.queue_dwell);
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
            return;
        }
        let onset = at
            .plus_ms(-limits.queue_dwell)
            .max(on_duty_since)
            .max(self.seen_since);
        let rise = self.rise.get_or_insert(Rise {
            onset,
            unobserved_ms: 0,
            peak: 0,
            saturated: false,
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
    }
}

fn facts(rise: &Rise, end: HallTime, absent_ms: i64) -> Facts {
    Facts {
        duration_ms: end.since_ms(rise.onset).max(0),
        absent_ms,
        unobserved_ms: rise.unobserved_ms.max(0),
        peak: Some(rise.peak),
        ..Facts::default()
    }
}
