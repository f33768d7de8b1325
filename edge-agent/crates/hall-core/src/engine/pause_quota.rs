//! How often a window pauses on one local day, and the event that says it was too often (`pause_quota`).

use super::pause::Signal;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use super::roster::Stretch;
use crate::event::{EndReason, EventCode, Level, Subject};
use crate::time::HallTime;
use crate::tri::Tri;

const DAY_MS: i64 = 86_400_000;

/// The pauses of a local day, as a restart needs them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PauseDay {
    /// Local day, counted from 1970-01-01.
    pub day: i64,
    /// Pauses that began on it.
    pub count: u32,
    /// The signal has been on since the last of them.
    pub signal_counted: bool,
    /// Start of the pause that was one too many.
    pub onset: HallTime,
    /// Its `pause_quota`, if it was published and the day is not over.
    pub record: Option<OpenRecord>,
}

/// The day's count of one window.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quota {
    today: PauseDay,
    /// The signal is off since then; off for longer than a flicker, the next one is another pause.
    off_since: Option<HallTime>,
    /// When its day ends; only with an open event.
    midnight: Option<HallTime>,
    stretch: Option<Stretch>,
}

impl Quota {
    /// Follows the signal, and ends the day: with the window's last stretch of duty, or at local midnight.
    pub fn follow(
        &mut self,
        at: HallTime,
        declared: Tri,
        stretch: Option<Stretch>,
        ctx: &mut Ctx<'_>,
    ) {
        match declared {
            Tri::No => {
                self.off_since.get_or_insert(at);
            }
            Tri::Yes => {
                if let Some(off) = self.off_since.take() {
                    self.today.signal_counted &= at.since_ms(off) <= ctx.limits.gap_tolerance;
                }
            }
            // Whoever is not heard may have been on all the time: no further pause.
            Tri::Unknown => {}
        }
        let was = std::mem::replace(&mut self.stretch, stretch);
        if !ctx.clock.synced || self.today.record.is_none() {
            return;
        }
        let ended = was.filter(|was| was.last_of_day && was.to <= at && stretch.is_none());
        if let Some(was) = ended {
            self.close(at, was.to, EndReason::ScheduleEnd, ctx);
        } else if ctx.local_ms(at).div_euclid(DAY_MS) == self.today.day {
            self.midnight = Some(self.midnight(ctx));
        } else {
            let end = self.midnight(ctx).max(self.today.onset);
            self.close(at, end.min(at), EndReason::ScheduleEnd, ctx);
        }
    }

    fn midnight(&self, ctx: &Ctx<'_>) -> HallTime {
        ctx.hall_of_local((self.today.day + 1) * DAY_MS)
    }

    /// A pause begins at `at`.
    pub fn count(&mut self, at: HallTime, signal: &Signal<'_>, ctx: &mut Ctx<'_>) {
        let day = ctx.local_ms(at).div_euclid(DAY_MS);
        if day != self.today.day {
            (self.today.day, self.today.count) = (day, 0);
        }
        if self.today.signal_counted {
            return;
        }
        self.today.signal_counted = true;
        self.today.count += 1;
        if self.today.count != ctx.limits.pause_quota.saturating_add(1)
            || self.today.record.is_some()
        {
            return;
        }
        let opening = Opening {
            code: EventCode::PauseQuota,
            subject: Subject::Window(signal.window.clone()),
            level: Level::Info,
            onset: ctx.clock.stamp(at),
            rule: ctx.limits.rule.clone(),
            evidence: signal.evidence(at, ctx),
            tags: Vec::new(),
        };
        self.today.record = Some(OpenRecord::raise(ctx, at, opening, Facts::default()));
        self.today.onset = at;
        self.midnight = Some(self.midnight(ctx));
    }

    pub fn close(&mut self, at: HallTime, end: HallTime, reason: EndReason, ctx: &mut Ctx<'_>) {
        self.midnight = None;
        let Some(record) = self.today.record.take() else {
            return;
        };
        let facts = Facts {
            duration_ms: end.since_ms(self.today.onset).max(0),
            ..Facts::default()
        };
        let stamp = ctx.clock.stamp(end);
        record.close(ctx, at, stamp, reason, facts);
    }

    pub fn record(&self) -> Option<&OpenRecord> {
        self.today.record.as_ref()
    }

    /// When it must be judged next, if no signal changes.
    pub fn due(&self) -> Option<HallTime> {
        self.midnight
    }

    /// What a restart needs; `None`: nothing.
    pub fn checkpoint(&self) -> Option<PauseDay> {
        (self.today.count > 0).then(|| PauseDay {
            signal_counted: self.today.signal_counted && self.off_since.is_none(),
            ..self.today.clone()
        })
    }

    /// Goes on after a restart; instants are already this engine's. A signal heard again is the one from before.
    pub fn resume(&mut self, saved: PauseDay, now: HallTime, ctx: &Ctx<'_>) {
        self.today = saved;
        self.off_since = None;
        self.midnight = self
            .today
            .record
            .is_some()
            .then(|| self.midnight(ctx).max(now.plus_ms(1)));
    }
}
