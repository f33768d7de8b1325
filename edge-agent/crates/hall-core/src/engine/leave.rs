//! Approved leave entered or cancelled by an order: what it excuses from now on, and what it changes of the past. Nothing that was
//! given out is edited: what changes gets a further revision that says who, why and that it came late.

use super::group::{Group, find_rule};
use super::record::Facts;
use super::window::WindowRule;
use super::{Engine, Output};
use crate::account::Excuse;
use crate::config::Leave;
use crate::duty::{Post, duty_at};
use crate::event::{EndReason, Event, EventCode, EventId, Level, Review, Revision, Subject, Tag};
use crate::ids::{LeaveId, WindowId};
use crate::leave::{LeaveSpan, common_leave, overlap_ms};
use crate::order::{Actor, CaseAction, CaseReason, Refusal, Role};
use crate::time::HallTime;

/// Orders about leave that ended longer ago are forgotten, with the events they could concern.
const KEEP_MS: i64 = 62 * 86_400_000;

/// A post whose absence is judged, and its leave before and after an order, in Unix milliseconds.
struct Affected {
    subject: Subject,
    before: Vec<LeaveSpan>,
    after: Vec<LeaveSpan>,
}

/// An absence as it was when the order came.
struct Absence {
    id: EventId,
    review: Review,
    facts: Facts,
    ladder_ms: [i64; 3],
    onset_ms: i64,
    /// Milliseconds of it that the order excuses.
    excused_ms: i64,
    /// Still going on: the leave that lies in it (Unix milliseconds).
    running: Option<LeaveSpan>,
}

/// What leave makes of it.
struct Verdict {
    review: Review,
    /// What is left is too short to be reported.
    excused: bool,
    /// For one that was going on: where it ends (Unix milliseconds).
    end_ms: Option<i64>,
    /// Milliseconds its figures lose. Where nobody knows how absence lay in them, they are absence: in favour of the window.
    cut_ms: i64,
}

impl Absence {
    fn verdict(&self, now_ms: i64) -> Verdict {
        let taken_ms = match self.running {
            Some((from, _)) => now_ms - from.max(self.onset_ms),
            None => self.excused_ms,
        };
        let left_ms = (self.facts.absent_ms - taken_ms).max(0);
        let excused = left_ms < self.ladder_ms[0];
        let end_ms = self.running.map(|(from, to)| {
            if excused {
                to.min(now_ms)
            } else {
                from.max(self.onset_ms)
            }
        });
        let cut_ms = match end_ms {
            Some(end_ms) => now_ms - end_ms,
            None if excused => 0,
            None => taken_ms,
        };
        Verdict {
            review: if excused && self.review == Review::Suspected {
                Review::Excused
            } else {
                self.review
            },
            excused,
            end_ms,
            cut_ms,
        }
    }
}

impl Engine {
    /// Approved leave for windows, also afterwards. The same id again replaces it, unless that took back time already excused.
    pub(super) fn grant_leave(
        &mut self,
        tx: &str,
        at: HallTime,
        given: HallTime,
        by: &Actor,
        leave: &Leave,
    ) -> Result<Vec<EventId>, Refusal> {
        if leave.windows.is_empty() || leave.from_local_ms >= leave.to_local_ms {
            return Err(Refusal::Invalid);
        }
        if leave
            .windows
            .iter()
            .any(|window| self.core.layout.window(window).is_none())
        {
            return Err(Refusal::Unknown);
        }
        may_decide(by, &leave.windows)?;
        let now_ms = self.local_ms(at);
        let known = self.core.cfg.duty.leave.iter().find(|l| l.id == leave.id);
        if let Some(old) = known.filter(|old| old.from_local_ms < old.to_local_ms.min(now_ms)) {
            let past_to_ms = old.to_local_ms.min(now_ms);
            let keeps = leave.from_local_ms <= old.from_local_ms && leave.to_local_ms >= past_to_ms;
            if !keeps || old.windows.iter().any(|w| !leave.windows.contains(w)) {
                return Err(Refusal::State);
            }
        }
        Ok(self.enter_leave(tx, at, given, by, leave.clone()))
    }

    /// 销假: the leave ends now, or never begins. What it excused stays excused.
    pub(super) fn cancel_leave(
        &mut self,
        tx: &str,
        at: HallTime,
        by: &Actor,
        id: &LeaveId,
    ) -> Result<Vec<EventId>, Refusal> {
        let all = &self.core.cfg.duty.leave;
        let Some(mut leave) = all.iter().find(|leave| &leave.id == id).cloned() else {
            return Err(Refusal::Unknown);
        };
        may_decide(by, &leave.windows)?;
        let now_ms = self.local_ms(at);
        if leave.to_local_ms <= now_ms {
            return Err(Refusal::State);
        }
        leave.to_local_ms = now_ms.max(leave.from_local_ms);
        Ok(self.enter_leave(tx, at, at, by, leave))
    }

    /// Puts leave in force; returns the events it gave a further revision.
    fn enter_leave(
        &mut self,
        tx: &str,
        at: HallTime,
        given: HallTime,
        by: &Actor,
        leave: Leave,
    ) -> Vec<EventId> {
        self.enter();
        let mut affected: Vec<Affected> = self
            .posts_of(&leave, at)
            .into_iter()
            .map(|(subject, windows)| Affected {
                before: self.unix_spans(&windows),
                after: Vec::new(),
                subject,
            })
            .collect();
        self.remember_leave(at, leave.clone());
        for (post, (_, windows)) in affected.iter_mut().zip(self.posts_of(&leave, at)) {
            post.after = self.unix_spans(&windows);
        }
        let mut revised = Vec::new();
        if self.core.clock.synced {
            let revision = Revision {
                action: CaseAction::Excuse,
                by: by.id.clone(),
                role: by.role,
                reason: CaseReason::Leave,
                at: self.core.clock.stamp(given),
                retroactive: true,
                tx: tx.to_owned(),
            };
            for post in &affected {
                revised.extend(self.excuse_events(at, post, &revision));
                self.excuse_running(at, post);
            }
            self.excuse_time(at, &leave);
        }
        for post in &affected {
            self.reschedule_post(&post.subject, at);
        }
        revised
    }

    /// What is judged as one: each window, its group and the hall, with those of its windows that are on duty in the leave (so far).
    fn posts_of(&self, leave: &Leave, at: HallTime) -> Vec<(Subject, Vec<WindowId>)> {
        let local_ms = leave.to_local_ms.min(self.local_ms(at)) - 1;
        let duty = &self.core.cfg.duty;
        let on_duty = |ix: &&usize| {
            let window = &self.core.cfg.windows[**ix];
            let post = Post {
                window: Some(&window.id),
                weekly: window.duty.as_ref(),
            };
            duty_at(duty, post, local_ms).span.is_some()
        };
        let id_of = |ix: usize| self.core.cfg.windows[ix].id.clone();
        let concerned = |group: &&Group| {
            let mut ids = group.members.iter().map(|ix| id_of(*ix));
            ids.any(|id| leave.windows.contains(&id))
        };
        let windows = (leave.windows.iter())
            .map(|window| (Subject::Window(window.clone()), vec![window.clone()]));
        let groups = self.groups.iter().filter(concerned).map(|group| {
            let crew = group.members.iter().filter(on_duty).map(|ix| id_of(*ix));
            (group.rule.subject.clone(), crew.collect())
        });
        windows.chain(groups).collect()
    }

    fn reschedule_post(&mut self, subject: &Subject, at: HallTime) {
        if let Subject::Window(id) = subject {
            if let Some(ix) = self.core.layout.window(id) {
                self.windows[ix].reschedule(at, &mut self.core.ctx(&mut self.out));
                self.rearm_window(ix);
            }
        } else if let Some(ix) = (self.groups.iter()).position(|g| g.rule.subject == *subject) {
            (self.groups[ix].rule).reschedule(at, &mut self.core.ctx(&mut self.out));
            self.rearm_group(ix);
        }
    }

    fn local_ms(&self, at: HallTime) -> i64 {
        self.core.clock.unix_ms(at) + i64::from(self.core.clock.utc_offset_s) * 1000
    }

    /// The leave all of `windows` share, in Unix milliseconds.
    fn unix_spans(&self, windows: &[WindowId]) -> Vec<LeaveSpan> {
        let offset_ms = i64::from(self.core.clock.utc_offset_s) * 1000;
        common_leave(&self.core.cfg.duty.leave, windows.iter())
            .into_iter()
            .map(|(from, to)| (from - offset_ms, to - offset_ms))
            .collect()
    }

    /// Keeps leave that came by an order, beside and before what the configuration says.
    fn remember_leave(&mut self, at: HallTime, leave: Leave) {
        let oldest_ms = self.local_ms(at) - KEEP_MS;
        self.ordered_leave
            .retain(|known| known.id != leave.id && known.to_local_ms >= oldest_ms);
        self.ordered_leave.push(leave);
        self.merge_leave();
    }

    /// Brings ordered leave into the calendar in force; it replaces what the configuration says under the same id.
    pub(super) fn merge_leave(&mut self) {
        let all = &mut self.core.cfg.duty.leave;
        all.retain(|known| self.ordered_leave.iter().all(|leave| leave.id != known.id));
        all.extend(self.ordered_leave.iter().cloned());
    }

    /// Revises the events of a post that the leave takes time from.
    fn excuse_events(
        &mut self,
        at: HallTime,
        post: &Affected,
        revision: &Revision,
    ) -> Vec<EventId> {
        let now = self.core.clock.stamp(at);
        let absences = self.absences(at, post);
        let mut revised = Vec::new();
        for absence in absences {
            let verdict = absence.verdict(now.unix_ms);
            let clock = self.core.clock;
            if let Some((_, to_ms)) = absence.running
                && let Some(rule) = find_rule(&mut self.windows, &mut self.groups, &post.subject)
                && let Some(episode) = &rule.episode
            {
                // By the clock of its onset, as everything about it.
                let after_ms = to_ms - absence.onset_ms;
                let to = episode.onset.at.plus_ms(after_ms).min(at);
                rule.count_from(to);
            }
            let ladder_ms = absence.ladder_ms;
            revised.extend(self.revise(
                absence.id,
                now,
                verdict.review,
                revision.clone(),
                |event| {
                    if let Some(end_ms) = verdict.end_ms {
                        event.end = Some(clock.stamp(clock.hall(end_ms)));
                        event.end_reason = Some(EndReason::Excused);
                    }
                    shorten(event, &absence.facts, verdict.cut_ms);
                    if !verdict.excused && event.code != EventCode::HallUnstaffed {
                        let left = level_of(event.absent_ms, ladder_ms, &event.tags);
                        event.level = event.level.min(left);
                    }
                },
            ));
        }
        revised
    }

    /// Published absences of a post that the leave takes time from, oldest first. What people have decided about a closed one stands:
    /// they can excuse it themselves.
    fn absences(&mut self, at: HallTime, post: &Affected) -> Vec<Absence> {
        let now_ms = self.core.clock.unix_ms(at);
        let limits = &self.core.limits;
        let excused_ms = |from: i64, to: i64| {
            overlap_ms(&post.after, from, to) - overlap_ms(&post.before, from, to)
        };
        let mut found: Vec<Absence> = self
            .book
            .iter()
            .filter(|event| event.subject == post.subject && event.review == Review::Suspected)
            .filter_map(|event| {
                let first = match event.code {
                    EventCode::Unstaffed | EventCode::HallUnstaffed => limits.ladder[0],
                    EventCode::LateOpen => limits.open_grace,
                    _ => return None,
                };
                let end = event.end?;
                Some(Absence {
                    id: event.id,
                    review: event.review,
                    facts: Facts {
                        duration_ms: event.duration_ms,
                        absent_ms: event.absent_ms,
                        unobserved_ms: event.unobserved_ms,
                        brief_returns: event.brief_returns,
                        customers_max: event.customers_max,
                        ..Facts::default()
                    },
                    ladder_ms: [first, limits.ladder[1], limits.ladder[2]],
                    onset_ms: event.onset.unix_ms,
                    excused_ms: excused_ms(event.onset.unix_ms, end.unix_ms),
                    running: None,
                })
            })
            .filter(|absence| absence.excused_ms > 0)
            .collect();
        let Some(rule) = find_rule(&mut self.windows, &mut self.groups, &post.subject) else {
            return found;
        };
        rule.account(at, &self.core.ctx(&mut self.out));
        if let Some(episode) = &rule.episode
            && let Some(record) = &episode.record
            && let Some(known) = self.book.get(record.id)
        {
            let onset_ms = episode.onset.unix_ms;
            let span = post
                .after
                .iter()
                .rev()
                .find(|(from, to)| *from < now_ms && *to > onset_ms);
            let running = span.map(|span| Absence {
                id: record.id,
                review: known.review,
                facts: episode.facts(episode.account(limits)),
                ladder_ms: episode.rule.ladder_ms,
                onset_ms,
                excused_ms: excused_ms(onset_ms, now_ms),
                running: Some(*span),
            });
            found.extend(running.filter(|absence| absence.excused_ms > 0));
        }
        found
    }

    /// An absence going on counts anew from the end of leave that lay in it.
    fn excuse_running(&mut self, at: HallTime, post: &Affected) {
        let clock = self.core.clock;
        let now_ms = clock.unix_ms(at);
        let Some(rule) = find_rule(&mut self.windows, &mut self.groups, &post.subject) else {
            return;
        };
        rule.account(at, &self.core.ctx(&mut self.out));
        let since_ms = clock.unix_ms(rule.post.since().max(rule.opened_at));
        let past = post
            .after
            .iter()
            .rev()
            .find(|(from, to)| *from < now_ms && *to > since_ms && *to <= now_ms);
        if let Some((_, to)) = past {
            rule.count_from(clock.hall(*to));
        }
    }

    /// The figures of the past.
    fn excuse_time(&mut self, at: HallTime, leave: &Leave) {
        let to_local_ms = leave.to_local_ms.min(self.local_ms(at));
        if leave.from_local_ms >= to_local_ms {
            return;
        }
        let clock = self.core.clock;
        let stamp = |local_ms: i64| {
            clock.stamp(clock.hall(local_ms - i64::from(clock.utc_offset_s) * 1000))
        };
        for window in &leave.windows {
            self.out.push_back(Output::Excuse(Excuse {
                window: window.clone(),
                from: stamp(leave.from_local_ms),
                to: stamp(to_local_ms),
                excused: true,
            }));
        }
    }
}

impl WindowRule {
    /// Absence counts from here on only; what was observed before the last gap is not known piece by piece any more.
    pub(super) fn count_from(&mut self, from: HallTime) {
        self.episode = None;
        self.opened_at = self.opened_at.max(from).max(self.post.filled_from());
    }
}

/// Gives an event these figures, less `cut_ms`.
fn shorten(event: &mut Event, facts: &Facts, cut_ms: i64) {
    event.duration_ms = (facts.duration_ms - cut_ms).max(0);
    event.absent_ms = (facts.absent_ms - cut_ms).max(0);
    event.unobserved_ms = facts.unobserved_ms.min(event.duration_ms - event.absent_ms);
    event.brief_returns = facts.brief_returns;
    event.customers_max = facts.customers_max;
    if event.duration_ms > 0 {
        let observed_ms = event.duration_ms - event.unobserved_ms;
        event.confidence = observed_ms as f32 / event.duration_ms as f32;
    }
}

/// The level that `absent_ms` of absence reaches.
pub(super) fn level_of(absent_ms: i64, ladder_ms: [i64; 3], tags: &[Tag]) -> Level {
    let level = match ladder_ms {
        [_, _, severe] if absent_ms >= severe => Level::Severe,
        [_, warn, _] if absent_ms >= warn => Level::Warn,
        _ => Level::Notice,
    };
    if tags.contains(&Tag::WhilePeopleWait) {
        level.step_up()
    } else {
        level
    }
}

/// Only who answers for the hall or supervises it decides about leave; those whose windows they are never do.
fn may_decide(by: &Actor, windows: &[WindowId]) -> Result<(), Refusal> {
    let in_scope = |window: &WindowId| by.windows.is_empty() || by.windows.contains(window);
    match by.role {
        Role::ChiefRepresentative if windows.iter().any(in_scope) => Err(Refusal::OwnCase),
        Role::Province | Role::Supervisor | Role::HallManager if windows.iter().all(in_scope) => {
            Ok(())
        }
        Role::Province | Role::Supervisor | Role::HallManager => Err(Refusal::Scope),
        _ => Err(Refusal::Role),
    }
}
