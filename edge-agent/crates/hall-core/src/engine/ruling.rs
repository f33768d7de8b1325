//! A person decides which of two sources was wrong while they disagreed. If it was the sensor, it is not believed until it goes off,
//! and the absence that video alone saw is raised afterwards; if it was video, the sensor counts. Time that counted as unknown
//! meanwhile then counts as what the other source said. Owns no state.

use super::Engine;
use super::Output;
use super::episode::{Account, Episode};
use super::fusion::Gate;
use super::leave::level_of;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use super::window::WindowRule;
use crate::account::{Interval, TimeClass};
use crate::config::Cover;
use crate::duty::{self, Post};
use crate::event::{EndReason, Event, EventCode, EventId, Revision, Subject, Tag};
use crate::ids::WindowId;
use crate::order::CaseReason;
use crate::time::{HallTime, WallClock};

/// Pieces of time, in order.
type Spans = Vec<(HallTime, HallTime)>;

impl Engine {
    /// Acts on a decision about a `sensor_conflict`; returns the events that it raised. A reason that names no source decides nothing.
    pub(super) fn rule_between(
        &mut self,
        at: HallTime,
        conflict: EventId,
        decision: &Revision,
    ) -> Vec<EventId> {
        let class = match decision.reason {
            CaseReason::SensorWrong => TimeClass::Unstaffed,
            CaseReason::VideoWrong => TimeClass::Staffed,
            _ => return Vec::new(),
        };
        let Some((sensor, ix)) = self.book.get(conflict).and_then(|event| {
            let Subject::Sensor(id) = &event.subject else {
                return None;
            };
            let sensor = self.core.layout.sensor(id)?;
            let window = &self.core.cfg.sensors[sensor].window;
            Some((sensor, self.core.layout.window(window)?))
        }) else {
            return Vec::new();
        };
        let mut ctx = self.core.ctx(&mut self.out);
        let window = &mut self.windows[ix];
        window.account(at, &ctx);
        let going_on = (window.conflict.record()).is_some_and(|record| record.id == conflict);
        if going_on {
            window
                .conflict
                .resolve(&mut ctx, at, at, EndReason::Resolved);
        }
        self.enter();
        let Some(event) = self.book.get(conflict).cloned() else {
            return Vec::new();
        };
        let window = &mut self.windows[ix];
        let mut spans = spans_of(&event, window, &self.core.clock);
        let mut raised = None;
        if class == TimeClass::Staffed {
            if going_on {
                window.conflict.distrust_video();
                window.post.declare(event.onset.at, true);
                // The state shown is dated back by itself.
                spans.clear();
            }
        } else {
            let id = &self.core.cfg.sensors[sensor].id;
            let stuck = (window.feelers.on_since(id)).is_some_and(|on| on <= event.onset.at);
            let judged = self.is_judged(ix, &event);
            let now_absent = judged && going_on && self.windows[ix].is_seen_empty();
            if now_absent {
                self.begin_absence(ix, &event, spans.pop());
            }
            if stuck || going_on {
                self.rule_out(sensor, at);
            }
            raised = match &self.windows[ix].episode {
                Some(episode) if now_absent => episode.record.as_ref().map(|record| record.id),
                _ if judged => self.raise_afterwards(at, ix, &event),
                _ => None,
            };
        }
        let mut ctx = self.core.ctx(&mut self.out);
        self.windows[ix].recount(&spans, class, &mut ctx);
        self.windows[ix].account(at, &ctx);
        self.windows[ix].evaluate(at, &mut ctx);
        self.rearm_window(ix);
        self.enter();
        let closed = self.claim_end(ix, &event);
        raised
            .and_then(|id| self.mark(at, id, decision, closed))
            .into_iter()
            .collect()
    }

    /// The window has an absence of its own, and only this sensor spoke against it.
    fn is_judged(&self, ix: usize, conflict: &Event) -> bool {
        let window = &self.core.cfg.windows[ix].id;
        let shared = |cover: Cover| cover == Cover::Either;
        let groups = &self.core.cfg.groups;
        let in_group = groups
            .iter()
            .any(|group| shared(group.cover) && group.windows.contains(window));
        let sensors = conflict.evidence_sources.iter();
        !in_group
            && sensors
                .filter(|source| !source.starts_with("video:"))
                .count()
                <= 1
    }

    /// The disagreement was going on: so is the absence, since it began.
    fn begin_absence(&mut self, ix: usize, conflict: &Event, to_now: Option<(HallTime, HallTime)>) {
        let code = self.absence_code(ix, conflict);
        let window = &mut self.windows[ix];
        let mut episode = Episode::new(code, conflict.onset, &self.core.limits);
        let observed_ms = conflict.absent_ms + conflict.unobserved_ms;
        episode = Episode::restore(
            code,
            conflict.onset,
            episode.rule,
            Account {
                absent_ms: conflict.absent_ms,
                unobserved_ms: conflict.unobserved_ms,
                paused_ms: (conflict.duration_ms - observed_ms).max(0),
                ..Account::default()
            },
        );
        window.episode = Some(episode);
        if let Some((since, _)) = to_now {
            window.post.declare(since, false);
        }
    }

    /// The disagreement is over, and so is the absence: it is raised as it was.
    fn raise_afterwards(&mut self, at: HallTime, ix: usize, conflict: &Event) -> Option<EventId> {
        let code = self.absence_code(ix, conflict);
        let limits = &self.core.limits;
        let first = if code == EventCode::LateOpen {
            limits.open_grace
        } else {
            limits.ladder[0]
        };
        if conflict.absent_ms < first {
            return None;
        }
        let video = |source: &&String| source.starts_with("video:");
        let opening = Opening {
            code,
            subject: self.windows[ix].subject.clone(),
            level: level_of(
                conflict.absent_ms,
                [first, limits.ladder[1], limits.ladder[2]],
                &[],
            ),
            onset: conflict.onset,
            rule: limits.rule.clone(),
            evidence: (conflict.evidence_sources.iter().filter(video).cloned()).collect(),
            tags: Vec::new(),
        };
        let facts = Facts {
            duration_ms: conflict.duration_ms,
            absent_ms: conflict.absent_ms,
            unobserved_ms: conflict.unobserved_ms,
            ..Facts::default()
        };
        let mut ctx = self.core.ctx(&mut self.out);
        let related = vec![conflict.id];
        Some(OpenRecord::raise_with(&mut ctx, at, opening, related, facts).id)
    }

    /// How an absence that is over ended; `None`: it goes on.
    fn claim_end(&self, ix: usize, conflict: &Event) -> Option<(EndReason, bool)> {
        let window = &self.windows[ix];
        let runs = |e: &Episode| e.onset.unix_ms == conflict.onset.unix_ms;
        if window.episode.as_ref().is_some_and(runs) {
            return None;
        }
        let end_ms = conflict.end?.unix_ms;
        let followed = |event: &Event| {
            event.subject == window.subject
                && matches!(event.code, EventCode::Unstaffed | EventCode::LateOpen)
                && event.onset.unix_ms == end_ms
        };
        let reason = match conflict.end_reason {
            Some(reason @ (EndReason::ScheduleEnd | EndReason::PowerLoss)) => reason,
            // Looked at while nobody could be seen, or while absence was excused.
            Some(EndReason::Resolved) => EndReason::Unobservable,
            // The sensor gave way, and absence was judged from there on.
            _ if self.book.iter().any(followed) => EndReason::Recovered,
            _ => EndReason::Returned,
        };
        let last = reason == EndReason::ScheduleEnd && self.ends_day(ix, end_ms);
        Some((reason, last))
    }

    /// Says of an absence who brought it to light, and how it ended if it is over.
    fn mark(
        &mut self,
        at: HallTime,
        id: EventId,
        decision: &Revision,
        closed: Option<(EndReason, bool)>,
    ) -> Option<EventId> {
        for window in &mut self.windows {
            let record = window.episode.as_mut().and_then(|e| e.record.as_mut());
            if let Some(record) = record.filter(|record| record.id == id) {
                record.add_tag(Tag::Reviewed);
            }
        }
        let review = self.book.get(id)?.review;
        let decision = Revision {
            retroactive: closed.is_some(),
            ..decision.clone()
        };
        let (now, clock) = (self.core.clock.stamp(at), self.core.clock);
        self.revise(id, now, review, decision, |event| {
            event.tags.push(Tag::Reviewed);
            if let Some((reason, last_of_day)) = closed {
                if last_of_day {
                    event.tags.push(Tag::EarlyClose);
                }
                let end_ms = event.onset.unix_ms + event.duration_ms;
                event.end = Some(clock.stamp(clock.hall(end_ms)));
                event.end_reason = Some(reason);
            }
        })
    }

    /// Nobody there from the start of a stretch of duty?
    fn absence_code(&self, ix: usize, conflict: &Event) -> EventCode {
        let local_ms = local_ms(conflict.onset.unix_ms, self.core.clock.utc_offset_s);
        let span = duty::duty_at(&self.core.cfg.duty, self.post(ix), local_ms).span;
        if span.is_some_and(|span| span.from_ms == local_ms) {
            EventCode::LateOpen
        } else {
            EventCode::Unstaffed
        }
    }

    fn ends_day(&self, ix: usize, end_unix_ms: i64) -> bool {
        let local_ms = local_ms(end_unix_ms, self.core.clock.utc_offset_s);
        let span = duty::duty_at(&self.core.cfg.duty, self.post(ix), local_ms - 1).span;
        span.is_some_and(|span| span.last_of_day)
    }

    fn post(&self, ix: usize) -> Post<'_> {
        let window = &self.core.cfg.windows[ix];
        Post {
            window: Some(&window.id),
            weekly: window.duty.as_ref(),
        }
    }
}

impl WindowRule {
    /// A camera sees at this moment that nobody is there, and that would be judged.
    fn is_seen_empty(&self) -> bool {
        self.gate == Gate::Open && self.video.raw().is_no() && self.video.confirmed().is_no()
    }

    /// Time that counted as unknown was of this class.
    fn recount(&mut self, spans: &Spans, class: TimeClass, ctx: &mut Ctx<'_>) {
        for (from, to) in spans {
            self.tally
                .correct(TimeClass::Unknown, class, to.since_ms(*from));
            ctx.out.push_back(Output::Interval(Interval {
                window: WindowId::clone(&self.id),
                from: ctx.clock.stamp(*from),
                to: ctx.clock.stamp(*to),
                class,
            }));
        }
    }
}

/// When video saw nobody during a disagreement that is over. What is not known piece by piece stays unknown.
fn spans_of(event: &Event, window: &WindowRule, clock: &WallClock) -> Spans {
    match window.conflict.absences(event.id) {
        Some(spans) => spans.to_vec(),
        None if event.absent_ms == event.duration_ms => {
            let from = clock.hall(event.onset.unix_ms);
            vec![(from, from.plus_ms(event.duration_ms))]
        }
        None => Vec::new(),
    }
}

fn local_ms(unix_ms: i64, utc_offset_s: i32) -> i64 {
    unix_ms + i64::from(utc_offset_s) * 1000
}
