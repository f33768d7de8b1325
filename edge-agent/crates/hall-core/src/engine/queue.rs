//! The rule of one queue: too long for too long, until it has been short for long enough. Knows no window but the duty of
//! those it feeds.

use super::layout::QueueView;
use super::limits::Limits;
use super::line::Line;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use super::roster::Roster;
use crate::config::QueueConfig;
use crate::event::{EndReason, EventCode, Level, Subject, Tag};
use crate::ids::QueueId;
use crate::observe::FaultCause;
use crate::snapshot::{QueueSnapshot, QueueState};
use crate::summary::QueueSummary;
use crate::time::HallTime;

/// One camera's view of the queue.
#[derive(Debug, Clone)]
struct Eye {
    camera: usize,
    name: String,
    line: Line,
    down: Option<FaultCause>,
    valid: bool,
}

impl Eye {
    fn fresh(&self, at: HallTime, limits: &Limits) -> bool {
        self.valid && self.down.is_none() && self.line.last().is_some_and(|last| at.since_ms(last) <= limits.camera_stale)
    }
}

/// The length has been at or over the limit since `onset`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rise {
    onset: HallTime,
    unobserved_ms: i64,
    peak: u32,
    saturated: bool,
}

/// A published event.
#[derive(Debug, Clone)]
struct Open {
    record: OpenRecord,
    rise: Rise,
    /// Since when the length is at or under the clear count, and how much of that nobody observed.
    short: Option<(HallTime, i64)>,
    /// Set after a restart until the queue has been seen long again: where observation broke off.
    resumed: Option<HallTime>,
}

/// What a queue did since the last summary.
#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    person_ms: i64,
    known_ms: i64,
    max: u32,
    saturated: bool,
}

/// One queue.
#[derive(Debug, Clone)]
pub(crate) struct QueueRule {
    pub(super) id: QueueId,
    capacity: Option<u32>,
    eyes: Vec<Eye>,
    rosters: Vec<Roster>,
    on_duty_since: Option<HallTime>,
    rise: Option<Rise>,
    open: Option<Open>,
    /// Start of the time nobody observes.
    blind_since: Option<HallTime>,
    minute: Minute,
    state_since: HallTime,
    state: QueueState,
    settled_at: HallTime,
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
                let known = old.as_ref().and_then(|old| old.eyes.iter().find(|eye| &eye.name == name)).cloned();
                match known {
                    Some(eye) => Eye { camera: *camera, ..eye },
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
            Some(old) => QueueRule { capacity: cfg.capacity, eyes, rosters, ..old },
            None => QueueRule {
                id: cfg.id.clone(),
                capacity: cfg.capacity,
                eyes,
                rosters,
                on_duty_since: None,
                rise: None,
                open: None,
                blind_since: Some(start),
                minute: Minute::default(),
                state_since: start,
                state: QueueState::Unknown,
                settled_at: start,
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
        let Some(record) = saved.record.clone() else { return };
        let rise = Rise {
            onset: record.onset.at.plus_ms(shift_ms),
            unobserved_ms: saved.unobserved_ms,
            peak: saved.peak,
            saturated: record.tags.contains(&Tag::Saturated),
        };
        self.blind_since = Some(last_observed);
        self.open = Some(Open { record, rise, short: None, resumed: Some(last_observed) });
        if ctx.clock.synced && !self.on_duty() {
            self.close(now, last_observed, EndReason::PowerLoss, 0, ctx);
        }
    }

    /// What a restart needs.
    pub fn checkpoint(&self) -> QueueCheckpoint {
        QueueCheckpoint {
            queue: self.id.clone(),
            record: self.open.as_ref().map(|open| open.record.clone()),
            unobserved_ms: self.open.as_ref().map_or(0, |open| open.rise.unobserved_ms),
            peak: self.open.as_ref().map_or(0, |open| open.rise.peak),
            last_observed: self.blind_since.or_else(|| self.eyes.iter().filter_map(|eye| eye.line.last()).max()),
        }
    }

    /// Acts on every deadline up to `now`.
    pub fn settle(&mut self, now: HallTime, ctx: &mut Ctx<'_>) {
        while let Some(due) = self.next(ctx.limits).filter(|due| *due <= now) {
            self.advance(due, ctx);
        }
    }

    /// Takes what one picture shows of the queue.
    pub fn observe(&mut self, camera: usize, at: HallTime, view: &QueueView, ctx: &mut Ctx<'_>) {
        let at = self.advance(at, ctx);
        if let Some(eye) = self.eyes.iter_mut().find(|eye| eye.camera == camera && eye.down.is_none()) {
            eye.valid = true;
            eye.line.observe(at, view, ctx.limits);
        }
        self.evaluate(at, ctx);
    }

    /// A camera was reported down or up.
    pub fn camera_health(&mut self, camera: usize, at: HallTime, down: Option<FaultCause>, ctx: &mut Ctx<'_>) {
        let at = self.advance(at, ctx);
        for eye in self.eyes.iter_mut().filter(|eye| eye.camera == camera) {
            eye.down = down;
            eye.valid &= down.is_none();
        }
        self.evaluate(at, ctx);
    }

    /// The wall clock or the calendar changed.
    pub fn reschedule(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let at = self.advance(at, ctx);
        self.rosters.iter_mut().for_each(|roster| roster.refresh(at, ctx));
        self.evaluate(at, ctx);
    }

    /// The configuration no longer holds this queue.
    pub fn remove(mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.close(at, at, EndReason::Reconfigured, 0, ctx);
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    fn on_duty(&self) -> bool {
        self.rosters.iter().any(|roster| roster.stretch().is_some())
    }

    /// The first configured healthy camera.
    fn active(&self, at: HallTime, limits: &Limits) -> Option<&Eye> {
        self.eyes.iter().find(|eye| eye.fresh(at, limits))
    }

    fn advance(&mut self, at: HallTime, ctx: &mut Ctx<'_>) -> HallTime {
        let from = self.settled_at;
        let at = at.max(from);
        if let Some(length) = self.active(from, ctx.limits).map(|eye| eye.line.length(from, ctx.limits)) {
            self.minute.person_ms += i64::from(length) * at.since_ms(from);
            self.minute.known_ms += at.since_ms(from);
        }
        self.settled_at = at;
        self.evaluate(at, ctx);
        at
    }

    fn evaluate(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.eyes.iter_mut().for_each(|eye| eye.line.settle(at, ctx.limits));
        self.see(at, ctx.limits);
        self.judge(at, ctx);
        if self.rosters.iter().any(|roster| roster.until() <= at) {
            self.rosters.iter_mut().filter(|r| r.until() <= at).for_each(|roster| roster.refresh(at, ctx));
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
                let resumed = self.open.as_ref().is_some_and(|open| open.resumed.is_some());
                if gap > limits.bridge || resumed {
                    self.rise.iter_mut().for_each(|rise| rise.unobserved_ms += gap);
                    if let Some(open) = &mut self.open {
                        open.rise.unobserved_ms += gap;
                        open.short.iter_mut().for_each(|(_, unobserved)| *unobserved += gap);
                    }
                }
            }
            _ => {}
        }
    }

    fn judge(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let limits = ctx.limits;
        let Some(on_duty_since) = self.on_duty_since else { return };
        let Some(eye) = self.active(at, limits) else { return };
        let length = eye.line.length(at, limits);
        let firm = eye.line.firm_length(at, limits);
        let in_zone = eye.line.in_zone().unwrap_or(0);
        let short_since = eye.line.at_most_since(limits.queue_clear, at);
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
                return;
            }
            let (since, unobserved) = *open.short.get_or_insert((short_since.max(open.rise.onset), 0));
            let due = since.plus_ms(limits.queue_clear_hold + unobserved);
            // Whoever came before the clearing was due may still turn out to be queuing.
            let decided = in_zone <= limits.queue_clear || at >= due.plus_ms(limits.queue_dwell);
            if at >= due && decided {
                let (end, reason) = match open.resumed {
                    Some(last) => (last, EndReason::PowerLoss),
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
        let onset = at.plus_ms(-limits.queue_dwell).max(on_duty_since);
        let rise = self.rise.get_or_insert(Rise { onset, unobserved_ms: 0, peak: 0, saturated: false });
        rise.peak = rise.peak.max(length);
        rise.saturated |= saturated;
        let due = rise.onset.plus_ms(limits.queue_duration + rise.unobserved_ms);
        if at >= due && firm >= limits.queue_raise {
            let rise = *rise;
            let opening = Opening {
                code: EventCode::QueueLong,
                subject: Subject::Queue(self.id.clone()),
                level: Level::Warn,
                onset: ctx.clock.stamp(rise.onset),
                rule: limits.rule.clone(),
                evidence: vec![source],
                tags: if rise.saturated { vec![Tag::Saturated] } else { Vec::new() },
            };
            let record = OpenRecord::raise(ctx, at, opening, facts(&rise, at, 0));
            self.rise = None;
            self.open = Some(Open { record, rise, short: None, resumed: None });
        }
    }

    fn close(&mut self, at: HallTime, end: HallTime, reason: EndReason, after_end_ms: i64, ctx: &mut Ctx<'_>) {
        let Some(open) = self.open.take() else { return };
        let mut rise = open.rise;
        rise.unobserved_ms -= after_end_ms;
        if reason == EndReason::PowerLoss {
            // The whole gap lies after the end.
            rise.unobserved_ms = 0;
        }
        let stamp = ctx.clock.stamp(end);
        open.record.close(ctx, at, stamp, reason, facts(&rise, end, 0));
    }

    pub fn next(&self, limits: &Limits) -> Option<HallTime> {
        let after = self.settled_at;
        let mut due: Option<HallTime> = None;
        let mut offer = |t: HallTime| {
            if t > after && t.0 < i64::MAX {
                due = Some(due.map_or(t, |d| d.min(t)));
            }
        };
        for roster in &self.rosters {
            offer(roster.until());
        }
        for eye in self.eyes.iter().filter(|eye| eye.valid && eye.down.is_none()) {
            if let Some(last) = eye.line.last() {
                offer(last.plus_ms(limits.camera_stale + 1));
            }
            if let Some(t) = eye.line.next(after, limits) {
                offer(t);
            }
        }
        if let Some(rise) = &self.rise {
            offer(rise.onset.plus_ms(limits.queue_duration + rise.unobserved_ms));
        }
        if let Some((since, unobserved)) = self.open.as_ref().and_then(|open| open.short) {
            let clear = since.plus_ms(limits.queue_clear_hold + unobserved);
            offer(clear);
            offer(clear.plus_ms(limits.queue_dwell));
        }
        due
    }

    /// The queue as it is at the last instant acted on.
    pub fn snapshot(&self, at: HallTime, limits: &Limits) -> QueueSnapshot {
        let eye = self.active(at, limits);
        let length = eye.map(|eye| eye.line.length(at, limits));
        QueueSnapshot {
            queue: self.id.clone(),
            state: self.state,
            since: self.state_since,
            length,
            in_zone: eye.and_then(|eye| eye.line.in_zone()),
            saturated: self.capacity.is_some_and(|capacity| length.is_some_and(|length| length >= capacity)),
            open_event: self.open.as_ref().map(|open| open.record.id),
            level: self.open.as_ref().map(|open| open.record.level),
        }
    }

    /// Closes the running minute.
    pub fn summary(&mut self, at: HallTime, ctx: &mut Ctx<'_>) -> QueueSummary {
        self.advance(at, ctx);
        let minute = std::mem::take(&mut self.minute);
        let known = minute.known_ms > 0;
        if let Some(length) = self.active(at, ctx.limits).map(|eye| eye.line.length(at, ctx.limits)) {
            self.minute.max = length;
        }
        QueueSummary {
            queue: self.id.clone(),
            len_avg: known.then(|| (minute.person_ms as f64 / minute.known_ms as f64) as f32),
            len_max: known.then_some(minute.max),
            saturated: minute.saturated,
        }
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

/// A queue as a restart needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueCheckpoint {
    /// Which.
    pub queue: QueueId,
    /// Open event.
    pub record: Option<OpenRecord>,
    /// Unobserved time in it.
    pub unobserved_ms: i64,
    /// Most people in it.
    pub peak: u32,
    /// Last observation; `None`: never.
    pub last_observed: Option<HallTime>,
}
