//! The declared pauses of one window, and the one that lasts too long (`pause_overrun`). Knows no staffing: that a pause
//! excuses absence is the window's business.

use super::feelers::Feelers;
use super::fusion::Gate;
use super::pause_quota::Quota;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use super::roster::Stretch;
use crate::event::{EndReason, EventCode, Level, Subject};
use crate::ids::WindowId;
use crate::time::HallTime;
use crate::tri::Tri;

/// What the window knows when its pauses are judged.
pub(crate) struct Signal<'a> {
    pub window: &'a WindowId,
    pub feelers: &'a Feelers,
    pub gate: Gate,
    pub stretch: Option<Stretch>,
}

impl Signal<'_> {
    /// Sensors that declare the pause.
    pub fn evidence(&self, at: HallTime, ctx: &Ctx<'_>) -> Vec<String> {
        let mut evidence = Vec::new();
        self.feelers.pause_evidence(at, ctx.limits, &mut evidence);
        evidence
    }
}

/// A pause going on.
#[derive(Debug, Clone, PartialEq)]
struct Running {
    since: HallTime,
    /// Time of it that nobody observed, in milliseconds; it does not count.
    unobserved_ms: i64,
    /// Limit and rule as at its start.
    limit_ms: i64,
    rule: String,
    record: Option<OpenRecord>,
    /// The signal is gone, since when and why; a flicker of up to the tolerance is none.
    gone: Option<(HallTime, EndReason)>,
    /// Set after a restart until the signal is heard of.
    resumed: Option<Resumed>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Resumed {
    last_observed: HallTime,
    /// When a signal not heard of is given up.
    heard_by: HallTime,
}

impl Running {
    fn facts(&self, end: HallTime) -> Facts {
        Facts {
            duration_ms: end.since_ms(self.since).max(0),
            unobserved_ms: self.unobserved_ms,
            ..Facts::default()
        }
    }

    fn limit_at(&self) -> HallTime {
        self.since.plus_ms(self.limit_ms + self.unobserved_ms)
    }
}

/// A running pause as a restart needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningPause {
    /// Its start.
    pub since: HallTime,
    /// Time of it that nobody observed, in milliseconds.
    pub unobserved_ms: i64,
    /// Its limit, in milliseconds, as at its start.
    pub limit_ms: i64,
    /// Profile and revision at its start.
    pub rule: String,
    /// Its `pause_overrun`, if it was published.
    pub record: Option<OpenRecord>,
    /// Last instant at which it was observed.
    pub last_observed: HallTime,
    /// End of the duty it belongs to.
    pub duty_to: HallTime,
}

/// The pauses of one window.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pauses {
    running: Option<Running>,
    pub(super) quota: Quota,
    duty_to: HallTime,
    /// The flicker just over: the pause went on all along since then.
    flickered: Option<HallTime>,
}

impl Pauses {
    /// Judges at `at`; call it whenever anything of the window is evaluated.
    pub fn follow(&mut self, at: HallTime, signal: &Signal<'_>, ctx: &mut Ctx<'_>) {
        self.flickered = None;
        let tolerance = ctx.limits.gap_tolerance;
        let declared = signal.feelers.declared(at, ctx.limits);
        self.quota.follow(at, declared, signal.stretch, ctx);
        match (signal.gate, &mut self.running) {
            (Gate::Paused, Some(running)) => {
                if let Some(resumed) = running.resumed.take() {
                    let gap = at.since_ms(resumed.last_observed).max(0);
                    running.unobserved_ms += if gap > ctx.limits.bridge { gap } else { 0 };
                }
                match running.gone.take() {
                    Some((gone, reason)) if at.since_ms(gone) > tolerance => {
                        self.end(at, gone, reason, ctx);
                        self.begin(at, signal, ctx);
                    }
                    flicker => self.flickered = flicker.map(|(gone, _)| gone),
                }
            }
            (Gate::Paused, None) => self.begin(at, signal, ctx),
            (Gate::OffDuty | Gate::Spare, Some(running)) => {
                let (end, reason) = running.gone.unwrap_or((at, EndReason::ScheduleEnd));
                self.end(at, end, reason, ctx);
            }
            // A published one stays: nobody knows what time it is. Another counts anew once somebody does.
            (Gate::Unsynced, Some(running)) if running.record.is_none() => self.running = None,
            (Gate::Unsynced, _) | (_, None) => {}
            (_, Some(running)) => match running.resumed {
                Some(resumed) => {
                    if declared.is_no() || at >= resumed.heard_by {
                        self.end(at, resumed.last_observed, EndReason::PowerLoss, ctx);
                    }
                }
                None => {
                    let reason = match declared {
                        Tri::Unknown => EndReason::Unobservable,
                        _ => EndReason::PauseEnded,
                    };
                    let (gone, reason) = *running.gone.get_or_insert((at, reason));
                    if at.since_ms(gone) > tolerance {
                        self.end(at, gone, reason, ctx);
                    }
                }
            },
        }
        self.exceed(at, signal, ctx);
        if let Some(stretch) = signal.stretch {
            self.duty_to = stretch.to;
        }
    }

    fn begin(&mut self, at: HallTime, signal: &Signal<'_>, ctx: &mut Ctx<'_>) {
        self.quota.count(at, signal, ctx);
        self.running = Some(Running {
            since: at,
            unobserved_ms: 0,
            limit_ms: ctx.limits.pause_limit,
            rule: ctx.limits.rule.clone(),
            record: None,
            gone: None,
            resumed: None,
        });
    }

    /// Publishes a pause that has lasted its limit.
    fn exceed(&mut self, at: HallTime, signal: &Signal<'_>, ctx: &mut Ctx<'_>) {
        let Some(running) = &mut self.running else {
            return;
        };
        if running.record.is_some()
            || running.gone.is_some()
            || running.resumed.is_some()
            || at < running.limit_at()
        {
            return;
        }
        let opening = Opening {
            code: EventCode::PauseOverrun,
            subject: Subject::Window(signal.window.clone()),
            level: Level::Notice,
            onset: ctx.clock.stamp(running.since),
            rule: running.rule.clone(),
            evidence: signal.evidence(at, ctx),
            tags: Vec::new(),
        };
        let facts = running.facts(at);
        running.record = Some(OpenRecord::raise(ctx, at, opening, facts));
    }

    fn end(&mut self, at: HallTime, end: HallTime, reason: EndReason, ctx: &mut Ctx<'_>) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        if let Some(record) = running.record.take() {
            let stamp = ctx.clock.stamp(end);
            record.close(ctx, at, stamp, reason, running.facts(end));
        }
    }

    /// The configuration no longer holds the window.
    pub fn remove(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.end(at, at, EndReason::Reconfigured, ctx);
        self.quota.close(at, at, EndReason::Reconfigured, ctx);
    }

    /// The pause going on has lasted longer than it may.
    pub fn over_limit(&self) -> bool {
        self.running.as_ref().is_some_and(|r| r.record.is_some())
    }

    /// Start of the pause going on.
    pub fn since(&self) -> Option<HallTime> {
        self.running.as_ref().map(|r| r.since)
    }

    /// The pause that seemed to end at this instant went on.
    pub fn flickered(&self) -> Option<HallTime> {
        self.flickered
    }

    /// Published and open events.
    pub fn records(&self) -> impl Iterator<Item = &OpenRecord> {
        let overrun = self.running.as_ref().and_then(|r| r.record.as_ref());
        overrun.into_iter().chain(self.quota.record())
    }

    /// When it must be judged next, if no signal changes.
    pub fn due(&self, tolerance_ms: i64) -> impl Iterator<Item = HallTime> {
        let running = self.running.as_ref().map(|r| match (r.resumed, r.gone) {
            (Some(resumed), _) => resumed.heard_by,
            (None, Some((gone, _))) => gone.plus_ms(tolerance_ms + 1),
            (None, None) => r.limit_at(),
        });
        running.into_iter().chain(self.quota.due())
    }

    /// The running pause as a restart needs it.
    pub fn checkpoint(&self, at: HallTime) -> Option<RunningPause> {
        self.running.as_ref().map(|r| RunningPause {
            since: r.since,
            unobserved_ms: r.unobserved_ms,
            limit_ms: r.limit_ms,
            rule: r.rule.clone(),
            record: r.record.clone(),
            last_observed: match (r.resumed, r.gone) {
                (Some(resumed), _) => resumed.last_observed,
                (None, Some((gone, _))) => gone,
                (None, None) => at,
            },
            duty_to: self.duty_to,
        })
    }

    /// Goes on with a pause that was running when observation broke off; instants are already this engine's.
    pub fn resume(
        &mut self,
        saved: RunningPause,
        signal: &Signal<'_>,
        now: HallTime,
        ctx: &mut Ctx<'_>,
    ) {
        let over =
            signal.gate.is_off_duty() || signal.gate != Gate::Unsynced && saved.duty_to <= now;
        let end = saved.duty_to.min(now).max(saved.last_observed);
        self.duty_to = saved.duty_to;
        self.running = Some(Running {
            since: saved.since,
            unobserved_ms: saved.unobserved_ms
                + if over {
                    end.since_ms(saved.last_observed)
                } else {
                    0
                },
            limit_ms: saved.limit_ms,
            rule: saved.rule,
            record: saved.record,
            gone: None,
            resumed: Some(Resumed {
                last_observed: saved.last_observed,
                heard_by: now.plus_ms(signal.feelers.pause_stale_ms(ctx.limits)),
            }),
        });
        if over {
            self.end(now, end, EndReason::ScheduleEnd, ctx);
        }
    }
}
