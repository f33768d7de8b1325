//! A window's absences: when one begins, climbs the ladder and ends. What is observed and when it is duty time it takes
//! from the window's rule.

use super::episode::{Account, Episode, Piece};
use super::fusion::Gate;
use super::record::{Ctx, OpenRecord, Opening};
use super::roster::Stretch;
use super::window::{Company, WindowRule};
use crate::event::{EndReason, EventCode, Level, Subject, Tag};
use crate::time::{HallTime, Stamp};

impl WindowRule {
    /// Begins, escalates or ends the episode.
    pub(super) fn follow(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        if self.episode.is_none() {
            self.begin(at, ctx);
        }
        let customers = self.customers(at, ctx.limits);
        let Some(episode) = &mut self.episode else {
            return;
        };
        episode.customers_max = episode.customers_max.max(customers);
        if let Some((last_observed, account)) = episode.resumed {
            if self.post.confirmed().is_yes() {
                let end = ctx.clock.stamp(last_observed);
                self.close(at, end, EndReason::PowerLoss, Some(account), ctx);
                return;
            }
            if self.gate != Gate::Unsynced
                && self.post.confirmed().is_no()
                && at.since_ms(self.post.filled_from()) >= ctx.limits.absent_confirm
            {
                episode.resumed = None;
            }
        }
        let Some(episode) = &self.episode else { return };
        if self.post.raw().is_yes()
            && episode.resumed.is_none()
            && let Some(back) = episode.returned(ctx.limits)
        {
            let end = ctx.clock.stamp(back.from);
            // Badly seen, the window may still count as empty: the next absence must be confirmed anew.
            self.post.declare_present(back.from);
            let reason = if self.subject == Subject::Hall {
                EndReason::Staffed
            } else {
                EndReason::Returned
            };
            self.close(at, end, reason, Some(back.account), ctx);
            return;
        }
        self.climb(at, ctx);
    }

    /// Publishes the level due, unless somebody is there at this moment: then as soon as the absence is seen to go on.
    pub(super) fn climb(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let Some(episode) = &mut self.episode else {
            return;
        };
        if let Some(record) = &mut episode.record {
            record.relate(&self.waiting);
            record.relate(self.roll_up.as_slice());
            record.relate(self.crew.as_ref().map_or(&[], |crew| &crew.related));
        }
        if self.gate != Gate::Open
            || !self.post.raw().is_no()
            || !episode.nobody_there()
            || self.post.calm_at(at, ctx.limits) > at
        {
            return;
        }
        let Some(ladder) = episode.level_due() else {
            return;
        };
        let ladder = if episode.code == EventCode::HallUnstaffed {
            Level::Severe
        } else {
            ladder
        };
        let wait = !self.waiting.is_empty();
        let level = if wait { ladder.step_up() } else { ladder };
        if let Some(record) = &mut episode.record
            && !record.aggravate(&self.waiting)
            && record.level >= level
        {
            return;
        }
        let evidence = match &self.crew {
            Some(crew) => crew.evidence.clone(),
            None => {
                let mut evidence = Vec::new();
                self.sight.evidence(at, false, ctx.limits, &mut evidence);
                self.feelers.evidence(at, false, ctx.limits, &mut evidence);
                evidence
            }
        };
        let facts = episode.facts(episode.account(ctx.limits));
        match &mut episode.record {
            Some(record) => {
                record.add_evidence(evidence);
                record.escalate(ctx, at, level.max(record.level), facts);
            }
            None => {
                let opening = Opening {
                    code: episode.code,
                    subject: self.subject.clone(),
                    level,
                    onset: episode.onset,
                    rule: episode.rule.rule.clone(),
                    evidence,
                    tags: wait.then_some(Tag::WhilePeopleWait).into_iter().collect(),
                };
                let customer = self.unattended.record().map(|record| record.id);
                let crew = self.crew.iter().flat_map(|crew| &crew.related);
                let related = (self.waiting.iter().chain(&self.roll_up).chain(crew))
                    .copied()
                    .chain(customer)
                    .collect();
                episode.record = Some(OpenRecord::raise_with(ctx, at, opening, related, facts));
            }
        }
    }

    /// Starts an episode once absence on duty is confirmed, back-dated to where it began.
    pub(super) fn begin(&mut self, at: HallTime, ctx: &Ctx<'_>) {
        if self.company != Company::Alone {
            return;
        }
        let Some(stretch) = self.roster.stretch().filter(|_| self.gate == Gate::Open) else {
            return;
        };
        if !self.post.confirmed().is_no()
            || self
                .nobody_at(ctx.limits.gap_tolerance)
                .is_none_or(|t| t > at)
        {
            return;
        }
        // What an absence before this one was held over is not counted again piece by piece.
        let seen_since = self.post.since().max(self.post.filled_from());
        let mut onset = seen_since.max(self.opened_at);
        // A first observation within a camera's normal silence after the start of duty is as good as one at the start.
        let first_look = onset == self.post.filled_from()
            && onset.since_ms(stretch.from) <= ctx.limits.camera_stale;
        let late = onset <= stretch.from || first_look;
        if late && self.opened_at <= stretch.from {
            onset = stretch.from;
        }
        let code = if self.subject == Subject::Hall {
            EventCode::HallUnstaffed
        } else if late {
            EventCode::LateOpen
        } else {
            EventCode::Unstaffed
        };
        let mut episode = Episode::new(code, ctx.clock.stamp(onset), ctx.limits);
        let mut reached = onset;
        for (from, to, yes) in self.post.spans_between(onset, at) {
            episode.add(reached, from, Piece::Absent, ctx.limits);
            episode.add(
                from,
                to,
                if yes { Piece::Present } else { Piece::Absent },
                ctx.limits,
            );
            reached = to;
        }
        episode.add(reached, at, Piece::Absent, ctx.limits);
        self.episode = Some(episode);
    }

    /// When the absence now observed has outlasted a detector's drop-out; `None` when somebody is there.
    pub(super) fn nobody_at(&self, tolerance: i64) -> Option<HallTime> {
        self.post.absent_from().map(|(from, after_presence)| {
            if after_presence {
                from.plus_ms(tolerance + 1)
            } else {
                from
            }
        })
    }

    /// A boundary of duty.
    pub(super) fn turn(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let before = self.roster.stretch();
        self.roster.refresh(at, ctx);
        let goes_on =
            before.is_some_and(|b| self.roster.stretch().is_some_and(|now| now.from <= b.to));
        if before.is_some() && !goes_on {
            self.end_duty(at, before.is_some_and(|b| b.last_of_day), ctx);
            self.gate = Gate::OffDuty;
        }
        self.begin_leave(at, ctx);
        self.regate(at, ctx);
    }

    /// Approved leave begins: a published absence ends with it; one that was not counts for nothing (see `regate`).
    pub(super) fn begin_leave(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        if self.roster.leave().is_some()
            && self.gate != Gate::OnLeave
            && self.episode.as_ref().is_some_and(|e| e.record.is_some())
        {
            let end = ctx.clock.stamp(at);
            self.close(at, end, EndReason::Excused, None, ctx);
        }
    }

    /// After a restart without a believed clock: an absence of another stretch of duty ends where it was last seen.
    pub(super) fn end_foreign(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let Some(episode) = self.episode.as_ref().filter(|_| ctx.clock.synced) else {
            return;
        };
        let Some((last_observed, account)) = episode.resumed else {
            return;
        };
        let began_ms = |stretch: Stretch| ctx.clock.unix_ms(stretch.from);
        if self
            .roster
            .stretch()
            .is_none_or(|stretch| began_ms(stretch) > episode.onset.unix_ms)
        {
            let end = ctx.clock.stamp(last_observed);
            self.close(at, end, EndReason::PowerLoss, Some(account), ctx);
        }
    }

    pub(super) fn end_duty(&mut self, at: HallTime, last_of_day: bool, ctx: &mut Ctx<'_>) {
        (self.conflict).resolve(ctx, at, at, EndReason::ScheduleEnd);
        let Some(episode) = &mut self.episode else {
            return;
        };
        let to_the_end =
            self.post.raw().is_no() && episode.nobody_there() && self.gate == Gate::Open;
        if let Some(record) = episode
            .record
            .as_mut()
            .filter(|_| last_of_day && to_the_end)
        {
            record.add_tag(Tag::EarlyClose);
        }
        let end = ctx.clock.stamp(at);
        self.close(at, end, EndReason::ScheduleEnd, None, ctx);
    }

    /// Nobody can follow this absence any further: it ends where it was last seen.
    pub(super) fn unobservable(&mut self, at: HallTime, ctx: &mut Ctx<'_>) {
        let Some((since, account)) = self.episode.as_ref().and_then(Episode::gap) else {
            return;
        };
        let end = ctx.clock.stamp(since);
        self.close(at, end, EndReason::Unobservable, Some(account), ctx);
    }

    /// Ends the episode; an event is closed only if one was published.
    pub(super) fn close(
        &mut self,
        at: HallTime,
        end: Stamp,
        reason: EndReason,
        account: Option<Account>,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(mut episode) = self.episode.take() else {
            return;
        };
        let Some(record) = episode.record.take() else {
            return;
        };
        let account = account.unwrap_or_else(|| episode.account(ctx.limits));
        record.close(ctx, at, end, reason, episode.facts(account));
    }
}
