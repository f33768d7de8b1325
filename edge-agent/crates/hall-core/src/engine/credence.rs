//! How far a presence sensor's word can be believed: a sensor that never goes off outside duty, that never goes on while video sees
//! somebody, that goes on and off all the time, or that a person found to be wrong, is `suspect` and not listened to. Owns that
//! judgement of one sensor; knows no window state and no event.

use std::collections::VecDeque;

use super::limits::Limits;
use super::record::Ctx;
use super::roster::Roster;
use crate::config::{SensorConfig, SensorKind, WeeklyDuty};
use crate::event::Tag;
use crate::ids::SensorId;
use crate::time::HallTime;

const HOUR_MS: i64 = 3_600_000;
/// Ons remembered of the last hour: as many as the highest limit a profile may have, one a second.
const EDGES_MAX: usize = 3_601;

/// Why a sensor is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// On for `stuck_on_s` outside duty without one off; until it goes off.
    StuckOn,
    /// Never on while video saw somebody at the seat for `stuck_off_s`; until it goes on.
    StuckOff,
    /// On more than `flapping_count_per_h` times within an hour; until an hour heard without a break has no more than half of that.
    Flapping,
    /// A person decided so; until it goes off.
    Ruled,
}

impl Doubt {
    /// The remark on the sensor's event; `None`: the person who decided it knows.
    pub(crate) fn tag(self) -> Option<Tag> {
        match self {
            Doubt::StuckOn => Some(Tag::StuckOn),
            Doubt::StuckOff => Some(Tag::StuckOff),
            Doubt::Flapping => Some(Tag::Flapping),
            Doubt::Ruled => None,
        }
    }
}

/// What is known of a sensor's credence when the box goes down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredenceCheckpoint {
    /// Which.
    pub sensor: SensorId,
    /// Why it is not believed, and since when there was reason for it.
    pub doubt: Option<(Doubt, HallTime)>,
    /// How long it has been heard to be on outside duty without one off, in milliseconds.
    pub on_ms: i64,
    /// Where that time began.
    pub on_from: HallTime,
    /// How long it has been heard to be off while video saw somebody at the seat, without one on, in milliseconds.
    pub off_ms: i64,
    /// Where that time began.
    pub off_from: HallTime,
}

/// One sensor.
#[derive(Debug, Clone)]
pub(crate) struct Credence {
    id: SensorId,
    /// Only what tells presence can be stuck: a pause switch left on has its own limit.
    tells_presence: bool,
    /// Video surely sees somebody at the seat of its window.
    seen: bool,
    stale_ms: Option<i64>,
    roster: Roster,
    /// Last reading; `None` while nothing can be heard.
    last: Option<HallTime>,
    value: bool,
    heard_from: HallTime,
    on_ms: i64,
    on_from: HallTime,
    off_ms: i64,
    off_from: HallTime,
    /// When it went on, within the last hour.
    edges: VecDeque<HallTime>,
    doubt: Option<(Doubt, HallTime)>,
    settled_at: HallTime,
}

impl Credence {
    /// A sensor of a window with this duty; `old` knew the same sensor.
    pub fn new(
        cfg: &SensorConfig,
        weekly: Option<WeeklyDuty>,
        old: Option<Credence>,
        at: HallTime,
        ctx: &Ctx<'_>,
    ) -> Self {
        let roster = Roster::new(Some(cfg.window.clone()), weekly, at, ctx);
        let stale_ms = cfg.stale_s.map(|s| i64::from(s) * 1000);
        let tells_presence = cfg.kind != SensorKind::Pause;
        match old {
            Some(old) => Credence {
                tells_presence,
                stale_ms,
                roster,
                ..old
            },
            None => Credence {
                id: cfg.id.clone(),
                tells_presence,
                seen: false,
                stale_ms,
                roster,
                last: None,
                value: false,
                heard_from: at,
                on_ms: 0,
                on_from: at,
                off_ms: 0,
                off_from: at,
                edges: VecDeque::new(),
                doubt: None,
                settled_at: at,
            },
        }
    }

    pub fn id(&self) -> &SensorId {
        &self.id
    }

    /// Why it is not believed, and since when there was reason for it.
    pub fn doubt(&self) -> Option<(Doubt, HallTime)> {
        self.doubt
    }

    /// How often it went on within the hour up to `at`.
    pub fn ons_within_hour(&self, at: HallTime) -> usize {
        let recent = |edge: &&HallTime| at.since_ms(**edge) < HOUR_MS;
        self.edges.iter().rev().take_while(recent).count()
    }

    pub fn checkpoint(&self) -> Option<CredenceCheckpoint> {
        let counted = self.on_ms > 0 || self.off_ms > 0;
        (self.doubt.is_some() || counted).then(|| CredenceCheckpoint {
            sensor: self.id.clone(),
            doubt: self.doubt,
            on_ms: self.on_ms,
            on_from: self.on_from,
            off_ms: self.off_ms,
            off_from: self.off_from,
        })
    }

    /// Goes on after a restart: what was not believed before is not believed now.
    pub fn restore(&mut self, saved: &CredenceCheckpoint, shift: i64) {
        self.doubt = saved
            .doubt
            .map(|(doubt, since)| (doubt, since.plus_ms(shift)));
        self.on_ms = saved.on_ms;
        self.on_from = saved.on_from.plus_ms(shift);
        self.off_ms = saved.off_ms;
        self.off_from = saved.off_from.plus_ms(shift);
    }

    /// From `at` on video surely sees somebody at the seat of its window, or no longer does.
    pub fn see(&mut self, at: HallTime, seen: bool, ctx: &Ctx<'_>) {
        self.settle(at, ctx);
        self.seen = seen;
    }

    /// Takes a reading of good quality.
    pub fn observe(&mut self, at: HallTime, on: bool, ctx: &Ctx<'_>) {
        self.settle(at, ctx);
        let at = self.settled_at;
        let heard = self.audible_to(ctx.limits).is_some_and(|to| at <= to);
        if !heard {
            self.heard_from = at;
        }
        if !on {
            self.on_ms = 0;
            if matches!(self.doubt, Some((Doubt::StuckOn | Doubt::Ruled, _))) {
                self.doubt = None;
            }
        } else {
            self.off_ms = 0;
            if matches!(self.doubt, Some((Doubt::StuckOff, _))) {
                self.doubt = None;
            }
            if self.on_ms == 0 {
                self.on_from = at;
            }
            if heard && !self.value && self.tells_presence {
                self.edges.push_back(at);
                if self.edges.len() > EDGES_MAX {
                    self.edges.pop_front();
                }
            }
        }
        self.last = Some(at);
        self.value = on;
        self.judge(at, ctx);
    }

    /// From `at` on nothing it says counts: reported down, of bad quality, or its gateway is down.
    pub fn deafen(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        self.settle(at, ctx);
        self.last = None;
    }

    /// A person decided that it is wrong.
    pub fn rule_out(&mut self, at: HallTime) {
        if self.doubt.is_none() {
            self.doubt = Some((Doubt::Ruled, at));
        }
    }

    /// The wall clock or the calendar changed.
    pub fn reschedule(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        self.settle(at, ctx);
        self.turn(ctx);
    }

    /// Acts on every deadline up to `now`.
    pub fn settle(&mut self, now: HallTime, ctx: &Ctx<'_>) {
        while let Some(due) = self.next(ctx.limits).filter(|due| *due <= now) {
            self.advance(due, ctx);
            self.judge(due, ctx);
        }
        self.advance(now, ctx);
    }

    /// Adds the time up to `at` in which it was heard to be on although nobody has to be there, or off although somebody was.
    fn advance(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        if let Some(to) = self.audible_to(ctx.limits) {
            let heard = at.min(to).since_ms(self.settled_at).max(0);
            if self.counts(ctx) {
                self.on_ms += heard;
            }
            if self.misses() && heard > 0 {
                if self.off_ms == 0 {
                    self.off_from = self.settled_at;
                }
                self.off_ms += heard;
            }
        }
        self.settled_at = self.settled_at.max(at);
        if self.roster.until() <= at {
            self.turn(ctx);
        }
    }

    /// Duty begins or ends: the time outside it counts from its own start.
    fn turn(&mut self, ctx: &Ctx<'_>) {
        let was_on_duty = self.roster.stretch().is_some();
        self.roster.refresh(self.settled_at, ctx);
        if was_on_duty != self.roster.stretch().is_some() {
            self.on_ms = 0;
            self.on_from = self.settled_at;
        }
    }

    fn counts(&self, ctx: &Ctx<'_>) -> bool {
        self.tells_presence && self.value && ctx.clock.synced && self.roster.stretch().is_none()
    }

    /// Video sees somebody, and it says nobody.
    fn misses(&self) -> bool {
        self.tells_presence && self.seen && !self.value
    }

    fn judge(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        while self
            .edges
            .front()
            .is_some_and(|edge| at.since_ms(*edge) >= HOUR_MS)
        {
            self.edges.pop_front();
        }
        match self.doubt {
            None if self.tells_presence && self.on_ms >= ctx.limits.stuck_on && self.on_ms > 0 => {
                self.doubt = Some((Doubt::StuckOn, self.on_from));
            }
            None if self.off_ms >= ctx.limits.stuck_off && self.off_ms > 0 => {
                self.doubt = Some((Doubt::StuckOff, self.off_from));
            }
            None if self.edges.len() > ctx.limits.flapping => {
                self.doubt = self.edges.front().map(|edge| (Doubt::Flapping, *edge));
            }
            Some((Doubt::Flapping, _)) if self.calm_at(ctx.limits).is_some_and(|t| t <= at) => {
                self.doubt = None;
            }
            _ => {}
        }
    }

    /// Until when its last word counts.
    fn audible_to(&self, limits: &Limits) -> Option<HallTime> {
        self.last
            .map(|last| last.plus_ms(self.stale_ms.unwrap_or(limits.sensor_stale)))
    }

    /// When an hour will have been heard with no more than half of what is too much, if it is heard on and goes on no more.
    fn calm_at(&self, limits: &Limits) -> Option<HallTime> {
        self.last?;
        let half = limits.flapping / 2;
        let crowded = self.edges.len().checked_sub(half + 1);
        let from = crowded.map_or(self.heard_from, |ix| self.edges[ix].max(self.heard_from));
        Some(from.plus_ms(HOUR_MS))
    }

    /// When something may change without a reading; always later than the last instant acted on.
    pub fn next(&self, limits: &Limits) -> Option<HallTime> {
        if !self.tells_presence {
            return None;
        }
        let audible_to = self.audible_to(limits);
        let heard = |due: &HallTime| audible_to.is_some_and(|to| *due <= to);
        let stuck = || {
            let counting = self.value && self.roster.stretch().is_none();
            counting.then(|| self.settled_at.plus_ms(limits.stuck_on - self.on_ms))
        };
        let missing = || {
            self.misses()
                .then(|| self.settled_at.plus_ms(limits.stuck_off - self.off_ms))
        };
        let due = match self.doubt {
            None => (stuck().into_iter().chain(missing())).filter(heard).min(),
            Some((Doubt::Flapping, _)) => self.calm_at(limits).filter(heard),
            Some(_) => None,
        };
        let until = Some(self.roster.until()).filter(|t| t.0 < i64::MAX);
        due.into_iter()
            .chain(until)
            .filter(|due| *due > self.settled_at)
            .min()
    }
}
