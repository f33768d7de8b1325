//! A customer at the counter of a window that should be staffed and is not: `customer_unattended`. What is absence and when
//! it is duty time it takes from the window's rule.

use super::fusion::Gate;
use super::limits::Limits;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use super::stopwatch::Stopwatch;
use super::window::{Company, WindowRule};
use crate::event::{EndReason, EventCode, EventId, Level, Subject};
use crate::time::HallTime;
use crate::tri::Tri;

/// Customers at the counter without a break.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Visit {
    since: HallTime,
    /// Nobody is seen there since then; for up to `customer_left_s` that is none of a break.
    gone: Option<HallTime>,
    /// Nobody sees the counter since then.
    blind: Option<HallTime>,
}

/// Customers have been there and the window empty since the onset.
#[derive(Debug, Clone, PartialEq)]
struct Running {
    onset: HallTime,
    watch: Stopwatch,
    customers_max: u32,
    /// Limit and rule as at the onset.
    limit_ms: i64,
    rule: String,
    record: Option<OpenRecord>,
    /// Set after a restart until a customer and the empty window have been seen again.
    resumed: Option<HallTime>,
}

impl Running {
    fn facts(&self, end: HallTime) -> Facts {
        let duration_ms = end.since_ms(self.onset).max(0);
        let unobserved_ms = self.watch.unobserved_ms.clamp(0, duration_ms);
        Facts {
            duration_ms,
            absent_ms: duration_ms - unobserved_ms,
            unobserved_ms,
            customers_max: self.customers_max,
            ..Facts::default()
        }
    }
}

/// A running `customer_unattended` as a restart needs it, published or not yet.
#[derive(Debug, Clone, PartialEq)]
pub struct UnattendedCheckpoint {
    /// Since when.
    pub onset: HallTime,
    /// Observed so far, in milliseconds.
    pub observed_ms: i64,
    /// Not observed so far, in milliseconds.
    pub unobserved_ms: i64,
    /// Most customers.
    pub customers_max: u32,
    /// Limit as at the onset, in milliseconds.
    pub limit_ms: i64,
    /// Profile and revision at the onset.
    pub rule: String,
    /// The event, if it was published.
    pub record: Option<OpenRecord>,
    /// Last instant at which it was observed.
    pub last_observed: HallTime,
    /// End of the duty it belongs to.
    pub duty_to: HallTime,
}

/// The customers of one window.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unattended {
    visit: Option<Visit>,
    running: Option<Running>,
    /// End of the duty last known.
    duty_to: HallTime,
}

impl Unattended {
    pub fn record(&self) -> Option<&OpenRecord> {
        self.running.as_ref().and_then(|r| r.record.as_ref())
    }

    /// Events it belongs with, told with its next revision.
    pub fn relate(&mut self, events: &[EventId]) {
        if let Some(record) = self.running.as_mut().and_then(|r| r.record.as_mut()) {
            record.relate(events);
        }
    }

    /// Follows the customers; `seen` is `None` while nobody sees the counter, last seen at `last_seen`.
    fn visit(
        &mut self,
        at: HallTime,
        seen: Option<u32>,
        last_seen: Option<HallTime>,
        limits: &Limits,
    ) {
        match (seen, &mut self.visit) {
            (None, None) => {}
            (None, Some(visit)) => {
                visit.blind.get_or_insert(last_seen.unwrap_or(at).min(at));
            }
            (Some(n), visit) => {
                if let Some(v) = visit {
                    let blind = v.blind.take().map_or(0, |since| at.since_ms(since));
                    if blind > limits.bridge {
                        // Nobody knows who was there meanwhile.
                        *visit = None;
                    }
                }
                match visit {
                    Some(v) if n > 0 => v.gone = None,
                    Some(v) => {
                        v.gone.get_or_insert(at);
                    }
                    None if n > 0 => {
                        *visit = Some(Visit {
                            since: at,
                            gone: None,
                            blind: None,
                        });
                    }
                    // Whoever an event speaks of has left since.
                    None if self.running.is_some() => {
                        *visit = Some(Visit {
                            since: at,
                            gone: Some(at),
                            blind: None,
                        });
                    }
                    None => {}
                }
            }
        }
    }

    /// The customer has left, and when.
    fn left(&self, at: HallTime, limits: &Limits) -> Option<HallTime> {
        let visit = self.visit.filter(|v| v.blind.is_none())?;
        let gone = visit.gone?;
        (at.since_ms(gone) >= limits.customer_left).then_some(gone)
    }

    fn end(&mut self, at: HallTime, end: HallTime, reason: EndReason, ctx: &mut Ctx<'_>) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        let (end, reason) = match (running.resumed, reason) {
            (Some(last), EndReason::Staffed | EndReason::CustomerLeft) => {
                (last, EndReason::PowerLoss)
            }
            _ => (end.max(running.onset), reason),
        };
        if matches!(reason, EndReason::PowerLoss | EndReason::Unobservable) {
            // The time nobody saw it lies after the end.
            let before = running.watch.unobserved_ms - at.since_ms(end);
            running.watch.unobserved_ms = before.max(0);
        }
        if let Some(record) = running.record.take() {
            let stamp = ctx.clock.stamp(end);
            record.close(ctx, at, stamp, reason, running.facts(end));
        }
    }

    /// The configuration no longer holds the window.
    pub fn remove(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        self.end(at, at, EndReason::Reconfigured, ctx);
    }

    /// When it must be judged next, if nothing changes.
    pub fn due(&self, limits: &Limits) -> impl Iterator<Item = HallTime> {
        let gone = self
            .visit
            .and_then(|v| v.gone.filter(|_| v.blind.is_none()));
        let left = gone.map(|gone| gone.plus_ms(limits.customer_left));
        let running = self
            .running
            .as_ref()
            .filter(|r| r.record.is_none() && gone.is_none());
        let reached = running.and_then(|r| r.watch.reaches(r.limit_ms));
        left.into_iter().chain(reached)
    }

    pub fn checkpoint(&self, at: HallTime) -> Option<UnattendedCheckpoint> {
        self.running.as_ref().map(|r| {
            let mut watch = r.watch;
            watch.run(at);
            let last_observed = r.resumed.or_else(|| watch.gap_since()).unwrap_or(at);
            let after = at.since_ms(last_observed).clamp(0, watch.unobserved_ms);
            UnattendedCheckpoint {
                onset: r.onset,
                observed_ms: watch.observed_ms,
                unobserved_ms: watch.unobserved_ms - after,
                customers_max: r.customers_max,
                limit_ms: r.limit_ms,
                rule: r.rule.clone(),
                record: r.record.clone(),
                last_observed,
                duty_to: self.duty_to,
            }
        })
    }

    /// Goes on with what was running when observation broke off; instants are already this engine's.
    pub fn resume(
        &mut self,
        saved: UnattendedCheckpoint,
        gate: Gate,
        now: HallTime,
        ctx: &mut Ctx<'_>,
    ) {
        let over = gate.is_off_duty() || gate != Gate::Unsynced && saved.duty_to <= now;
        let until = saved.duty_to.min(now).max(saved.last_observed);
        let mut watch =
            Stopwatch::resume(saved.observed_ms, saved.unobserved_ms, saved.last_observed);
        watch.run(if over { until } else { now });
        self.duty_to = saved.duty_to;
        self.running = Some(Running {
            onset: saved.onset,
            watch,
            customers_max: saved.customers_max,
            limit_ms: saved.limit_ms,
            rule: saved.rule,
            record: saved.record,
            resumed: Some(saved.last_observed),
        });
        if over {
            self.end(now, until, EndReason::ScheduleEnd, ctx);
        }
    }
}

impl WindowRule {
    /// Judges customers at `at`; after absence has been.
    pub(super) fn follow_customers(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        if self.crew.is_some() {
            return;
        }
        let limits = ctx.limits;
        let gate = self.table_gate();
        if let Some(stretch) = self.roster.stretch() {
            self.unattended.duty_to = stretch.to;
        }
        let seen = self.sight.counter(at, limits);
        let counter_seen = self.sight.counter_seen();
        let known = seen.is_some()
            && self.post.raw() != Tri::Unknown
            && gate != Gate::Unsynced
            && gate != Gate::CoverUnknown;
        if let Some(running) = &mut self.unattended.running {
            running.watch.run(at);
            if known {
                let bridge = if running.resumed.is_some() {
                    -1
                } else {
                    limits.bridge
                };
                running.watch.see(bridge);
            } else {
                let post = self.post.gap_since().unwrap_or(at);
                let counter = counter_seen.filter(|_| seen.is_none()).unwrap_or(at);
                running.watch.lose(post.min(counter));
            }
            running.customers_max = running.customers_max.max(seen.unwrap_or(0));
        }
        self.unattended.visit(at, seen, counter_seen, limits);

        let present = self.post.confirmed().is_yes().then(|| self.post.since());
        let left = self.unattended.left(at, limits);
        let moved = self.post.raw() == Tri::Unknown && self.sight.moved();
        let end = match gate {
            Gate::OffDuty | Gate::Spare => Some((at, EndReason::ScheduleEnd)),
            Gate::Paused | Gate::OnLeave | Gate::Covered => Some((at, EndReason::Excused)),
            Gate::Unsynced => None,
            Gate::Open | Gate::CoverUnknown => match (present, left, moved) {
                (Some(since), left, _) if left.is_none_or(|left| since <= left) => {
                    Some((since, EndReason::Staffed))
                }
                (_, Some(left), _) => Some((left, EndReason::CustomerLeft)),
                (_, _, true) => {
                    let gap = self
                        .unattended
                        .running
                        .as_ref()
                        .and_then(|r| r.watch.gap_since());
                    Some((gap.unwrap_or(at), EndReason::Unobservable))
                }
                _ => None,
            },
        };
        if let Some((end, reason)) = end {
            self.unattended.end(at, end, reason, ctx);
        }
        if self.gate == Gate::Unsynced && self.unattended.record().is_none() {
            self.unattended.running = None;
        }
        if left.is_some() && self.unattended.running.is_none() {
            self.unattended.visit = None;
        }
        if gate == Gate::Open && known && self.post.confirmed().is_no() {
            self.begin_unattended(at, ctx);
        }
        self.tell_unattended(at, ctx);
        self.link_customers();
    }

    /// Customers there and nobody to serve them: begins where both began.
    fn begin_unattended(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        let Some(visit) = self.unattended.visit else {
            return;
        };
        match &mut self.unattended.running {
            Some(running) => {
                if visit.gone.is_none() {
                    running.resumed = None;
                }
            }
            None => {
                let onset = self
                    .post
                    .since()
                    .max(self.opened_at)
                    .max(visit.since)
                    .max(self.alone_since())
                    .min(at);
                self.unattended.running = Some(Running {
                    onset,
                    watch: Stopwatch::start(onset, at),
                    customers_max: self.sight.customers(at, ctx.limits),
                    limit_ms: ctx.limits.customer_unattended,
                    rule: ctx.limits.rule.clone(),
                    record: None,
                    resumed: None,
                });
            }
        }
    }

    /// Since when nobody of its group covers it.
    fn alone_since(&self) -> HallTime {
        match self.company {
            Company::Alone => self.opened_at,
            _ => self.company_since,
        }
    }

    /// Publishes it when it has been observed for the limit, unless somebody is at the post or no customer at the counter at
    /// this moment: then as soon as it is seen to go on.
    fn tell_unattended(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let nobody = self.nobody_at(ctx.limits.gap_tolerance);
        let (gate, absence) = (self.table_gate(), self.absence());
        let Some(running) = &mut self.unattended.running else {
            return;
        };
        let waits = self
            .unattended
            .visit
            .is_some_and(|v| v.gone.is_none() && v.blind.is_none());
        if running.record.is_some()
            || running.watch.observed_ms < running.limit_ms
            || gate != Gate::Open
            || !waits
            || nobody.is_none_or(|t| t > at)
        {
            return;
        }
        let mut evidence = Vec::new();
        self.sight.evidence(at, false, ctx.limits, &mut evidence);
        self.feelers.evidence(at, false, ctx.limits, &mut evidence);
        let opening = Opening {
            code: EventCode::CustomerUnattended,
            subject: Subject::Window(self.id.clone()),
            level: Level::Warn,
            onset: ctx.clock.stamp(running.onset),
            rule: running.rule.clone(),
            evidence,
            tags: Vec::new(),
        };
        let related = absence.map(|(id, _)| id).into_iter().collect();
        let facts = running.facts(at);
        running.record = Some(OpenRecord::raise_with(ctx, at, opening, related, facts));
    }

    /// An absence and the customer left alone in it name each other with their next revisions.
    fn link_customers(&mut self) {
        let absence = self.episode.as_mut().and_then(|e| e.record.as_mut());
        if let (Some(absence), Some(customer)) = (absence, self.unattended.record().map(|r| r.id)) {
            absence.relate(&[customer]);
        }
        if let Some((absence, _)) = self.absence() {
            self.unattended.relate(&[absence]);
        }
    }
}
