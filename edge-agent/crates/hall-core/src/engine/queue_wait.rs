//! The part of a queue's rule that goes beyond its length: who tells of it, tickets, the waits, and the rules that live on them.

use super::Output;
use super::limits::Limits;
use super::long_wait::{LongWait, Measure};
use super::lookout::{Step, Teller, Told};
use super::mismatch::Counts;
use super::new_window::Alarm;
use super::queue::{QueueRule, facts};
use super::queue_view::QueueCheckpoint;
use super::record::Ctx;
use super::tickets::Ended;
use crate::account::{WaitSample, WaitSource};
use crate::event::Subject;
use crate::observe::Ticket;
use crate::snapshot::WaitEstimate;
use crate::time::HallTime;

const DAY_MS: i64 = 86_400_000;

impl QueueRule {
    /// The ticket machine speaks.
    pub fn hear_ticket(&mut self, at: HallTime, ticket: &Ticket, ctx: &mut Ctx<'_>) {
        let at = self.account(at, ctx.limits);
        let Some(tickets) = &mut self.lookout.tickets else {
            return;
        };
        let said = tickets.hear(at, ticket);
        let (told, on_duty) = (
            self.teller == Some(Teller::Tickets),
            self.on_duty_since.is_some(),
        );
        if told && on_duty {
            // Numbers told anew after an outage were taken long ago: they are no arrivals of now.
            if let Some(joined) = said.joined {
                self.flow.join(joined);
            }
            if let Some(called) = said.called {
                self.flow.leave(called, 0);
            }
        }
        if let Some(ended) = said.ended {
            if let Some(service_ms) = ended.service_ms {
                self.flow.tell_service(service_ms);
            }
            self.give_wait(ended, ctx);
        }
        self.evaluate(at, ctx);
    }

    /// The ticket machine was reported down (or up: then it tells its numbers anew).
    pub fn tickets_health(&mut self, at: HallTime, down: bool, ctx: &mut Ctx<'_>) {
        let at = self.account(at, ctx.limits);
        if down && let Some(tickets) = &mut self.lookout.tickets {
            tickets.lose();
        }
        self.evaluate(at, ctx);
    }

    fn give_wait(&self, ended: Ended, ctx: &mut Ctx<'_>) {
        ctx.out.push_back(Output::Wait(WaitSample {
            queue: self.id.clone(),
            at: ctx.clock.stamp(ended.at),
            wait_ms: ended.wait_ms,
            source: WaitSource::Ticket,
            service_ms: ended.service_ms,
            abandoned: ended.abandoned,
        }));
    }

    /// Follows who joins and who leaves the line. Returns since when it is as it is now: a departure is known a moment later.
    pub(super) fn follow(&mut self, at: HallTime, ctx: &mut Ctx<'_>) -> HallTime {
        let steps = self.lookout.settle(at, self.teller, ctx.limits);
        let mut since = at;
        if self.on_duty_since.is_none() {
            return since;
        }
        for step in steps {
            match step {
                Step::Joined(None) => {}
                Step::Joined(Some(came)) => {
                    self.flow.join(came);
                    since = since.min(came);
                }
                Step::Left(exit) => {
                    self.flow.leave(exit.at, ctx.limits.gap_tolerance + 1);
                    since = since.min(exit.at);
                    if let Some(wait_ms) = exit.wait_ms {
                        ctx.out.push_back(Output::Wait(WaitSample {
                            queue: self.id.clone(),
                            at: ctx.clock.stamp(exit.at),
                            wait_ms,
                            source: WaitSource::Video,
                            service_ms: None,
                            abandoned: false,
                        }));
                    }
                }
            }
        }
        since
    }

    /// Another source tells of the line from now on. It neither raises nor clears by that alone: nothing is dated back over the
    /// change, and a less preferred source that contradicts what the one before said must agree with it once.
    pub(super) fn change_teller(&mut self, at: HallTime, told: Option<Told>, limits: &Limits) {
        let Some(told) = told else { return };
        let Some(before) = self.teller.replace(told.by).filter(|by| *by != told.by) else {
            return;
        };
        self.told_since = self.lookout.last(before).unwrap_or(at).min(at);
        if before == Teller::Tickets || told.by == Teller::Tickets {
            self.told_since = at;
            self.rise = None;
            if let Some(open) = &mut self.open {
                open.short = None;
            }
            self.long_wait.forget();
            self.flow.restart(at);
        }
        let other_way = match self.open {
            Some(_) => told.length <= limits.queue_clear && self.last_length > limits.queue_clear,
            None => told.length >= limits.queue_raise && self.last_length < limits.queue_raise,
        };
        self.disputed = told.by > before && other_way;
    }

    /// What was observed from `from` to `at` was no observation.
    pub(super) fn unsee(&mut self, from: HallTime, at: HallTime) {
        self.blind_since = Some(self.blind_since.map_or(from, |since| since.min(from)));
        self.flow.unsee(from);
        self.rise = self.rise.filter(|rise| rise.onset < from);
        if let Some(open) = &mut self.open {
            open.short = open.short.filter(|(since, _)| *since < from);
        }
        self.long_wait.unsee(from);
        let lost = at.since_ms(from).clamp(0, self.minute.known_ms);
        let length = i64::from(self.length.unwrap_or(0));
        self.minute.known_ms -= lost;
        self.minute.person_ms = (self.minute.person_ms - lost * length).max(0);
    }

    /// A stretch of duty begins: the line's speed is measured anew, and numbers of another day are dropped.
    pub(super) fn begin_duty(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        self.flow.restart(at);
        let midnight = ctx.local_ms(at).div_euclid(DAY_MS) * DAY_MS;
        let midnight = ctx.hall_of_local(midnight);
        if let Some(tickets) = &mut self.lookout.tickets {
            tickets.drop_before(midnight, at);
        }
    }

    /// A stretch of duty is over; if it was the day's last, numbers nobody closed are dropped.
    pub(super) fn end_duty(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        let again = self.rosters.iter().map(|roster| roster.until()).min();
        let day = |t: HallTime| ctx.local_ms(t).div_euclid(DAY_MS);
        let today = again.is_some_and(|t| t.0 < i64::MAX && day(t) == day(at));
        if ctx.clock.synced
            && !today
            && let Some(tickets) = &mut self.lookout.tickets
        {
            tickets.end_day(at);
        }
    }

    /// The open `queue_long` as the rule for new windows sees it.
    pub(super) fn alarm(&self) -> Option<Alarm> {
        let open = self.open.as_ref()?;
        let shift_ms = open.rise.onset.since_ms(open.record.onset.at);
        Some(Alarm {
            id: open.record.id,
            raised: open.record.raised.at.plus_ms(shift_ms),
            unobserved_ms: open.rise.unobserved_ms,
            doubtful: self.blind_since.is_some() || open.short.is_some(),
        })
    }

    /// The rules that go by what the length's rule has decided; `since`: see [`QueueRule::follow`].
    pub(super) fn judge_others(
        &mut self,
        at: HallTime,
        told: Option<Told>,
        since: HallTime,
        ctx: &mut Ctx<'_>,
    ) {
        let subject = Subject::Queue(self.id.clone());
        let alarm = self.alarm();
        let opened = self.new_window.judge(at, alarm, &self.fed, &subject, ctx);
        if opened && let Some(open) = &mut self.open {
            open.rise.mitigated_at = self.new_window.mitigated();
            let (level, facts) = (open.record.level, facts(&open.rise, at, 0));
            open.record.escalate(ctx, at, level, facts);
        }
        let Some(on_duty_since) = self.on_duty_since else {
            return;
        };
        let since = since
            .max(on_duty_since)
            .max(self.seen_since)
            .max(self.told_since)
            .min(at);
        let measure = told.and_then(|told| self.measure(at, told, since, ctx.limits));
        let lost = self.blind_since.unwrap_or(at);
        self.long_wait
            .judge(at, measure.as_ref(), lost, &subject, ctx);
        let counts = self.counts(at, told, ctx.limits);
        self.mismatch.judge(at, counts.as_ref(), &subject, ctx);
    }

    /// How long people wait: the estimate for somebody who joins now, or what the oldest ticket has waited, if that is longer.
    fn measure(
        &self,
        at: HallTime,
        told: Told,
        since: HallTime,
        limits: &Limits,
    ) -> Option<Measure> {
        let party = party(told.by, limits);
        let estimate = self.flow.wait(at, told.length, party, source(told.by));
        let estimate = estimate.map(|estimate| estimate.wait_ms);
        let oldest = self.oldest(told.by).map(|taken| at.since_ms(taken));
        Some(Measure {
            wait_ms: estimate.max(oldest)?,
            length: told.length,
            since,
            source: self.lookout.name(told.by),
        })
    }

    /// What a wait that is already too long has come to by `at`, if nothing has happened since.
    pub(super) fn wait_reached(&self, at: HallTime, limits: &Limits) -> Option<i64> {
        let (by, length) = (self.teller?, self.length?);
        if self.on_duty_since.is_none() || self.blind_since.is_some() || !self.long_wait.runs() {
            return None;
        }
        let estimate = self.flow.wait(at, length, party(by, limits), source(by));
        let oldest = self.oldest(by).map(|taken| at.since_ms(taken));
        estimate.map(|estimate| estimate.wait_ms).max(oldest)
    }

    fn oldest(&self, by: Teller) -> Option<HallTime> {
        let tickets = self.lookout.tickets.as_ref();
        tickets
            .filter(|_| by == Teller::Tickets)
            .and_then(|tickets| tickets.oldest())
    }

    fn counts(&self, at: HallTime, told: Option<Told>, limits: &Limits) -> Option<Counts> {
        let told = told.filter(|told| told.by == Teller::Tickets)?;
        let people = self.lookout.tickets.as_ref()?.people();
        let video = self.lookout.seen_length(at, limits)?;
        let sources = [
            self.lookout.name(told.by),
            self.lookout.seen_by(at, limits)?,
        ];
        Some(Counts {
            tickets: people.max((f64::from(told.length) * limits.party).round() as u32),
            video,
            sources,
        })
    }

    /// The wait of somebody who joins now.
    pub(super) fn wait(&self, at: HallTime, limits: &Limits) -> Option<WaitEstimate> {
        let (by, length) = (self.teller?, self.length?);
        self.on_duty_since?;
        self.flow.wait(at, length, party(by, limits), source(by))
    }

    /// Windows that should be open to keep enough waits within target, as far as there are windows on duty.
    pub(super) fn advice(&self, at: HallTime, limits: &Limits) -> Option<u32> {
        self.on_duty_since?;
        self.length?;
        let load = self.flow.load(at, party(self.teller?, limits))?;
        let most = self.fed.on_duty.max(self.fed.open.len() as u32);
        load.windows_for(limits.service_level_s, limits.service_level_target, most)
    }

    /// Deadlines of these rules.
    pub(super) fn next_of_others(&self, limits: &Limits, offer: &mut impl FnMut(HallTime)) {
        let at = self.settled_at;
        if let Some(due) = self.new_window.next(self.alarm(), limits) {
            offer(due);
        }
        if self.on_duty_since.is_none() {
            return;
        }
        self.long_wait.next(limits, offer);
        self.mismatch.next(limits, offer);
        let (Some(teller), Some(length)) = (self.teller, self.length) else {
            return;
        };
        let levels = LongWait::levels_ms(limits);
        if let Some(due) = self.flow.next(at, length, party(teller, limits), &levels) {
            offer(due);
        }
        if let Some(oldest) = self.oldest(teller) {
            levels
                .iter()
                .for_each(|level| offer(oldest.plus_ms(*level)));
        }
    }

    /// Goes on after a restart with the events of these rules.
    pub(super) fn resume_others(
        &mut self,
        saved: &QueueCheckpoint,
        last_observed: HallTime,
        shift_ms: i64,
    ) {
        if let Some(wait) = &saved.long_wait {
            self.long_wait.resume(wait, last_observed, shift_ms);
        }
        if let Some(record) = &saved.source_mismatch {
            self.mismatch.resume(record.clone(), shift_ms);
        }
    }
}

fn source(by: Teller) -> WaitSource {
    match by {
        Teller::Tickets => WaitSource::Ticket,
        Teller::Camera(_) => WaitSource::Video,
    }
}

/// People per case: a ticket is a case.
fn party(by: Teller, limits: &Limits) -> f64 {
    match by {
        Teller::Tickets => 1.0,
        Teller::Camera(_) => limits.party,
    }
}
