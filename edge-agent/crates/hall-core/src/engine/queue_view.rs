//! The outward side of a queue's rule: when it must be woken, what it shows, sums up and saves. Decides no event.

use super::limits::Limits;
use super::queue::QueueRule;
use super::record::{Ctx, OpenRecord};
use crate::event::EventId;
use crate::ids::QueueId;
use crate::snapshot::QueueSnapshot;
use crate::summary::QueueSummary;
use crate::time::HallTime;

impl QueueRule {
    /// What a restart needs.
    pub fn checkpoint(&self) -> QueueCheckpoint {
        QueueCheckpoint {
            queue: self.id.clone(),
            record: self.open.as_ref().map(|open| open.record.clone()),
            unobserved_ms: self.open.as_ref().map_or(0, |open| open.rise.unobserved_ms),
            peak: self.open.as_ref().map_or(0, |open| open.rise.peak),
            last_observed: self
                .blind_since
                .or_else(|| self.eyes.iter().filter_map(|eye| eye.line.last()).max()),
        }
    }

    /// Its published and open `queue_long` and `long_wait` events.
    pub fn events(&self) -> Vec<EventId> {
        self.open.iter().map(|open| open.record.id).collect()
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
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
        for eye in self
            .eyes
            .iter()
            .filter(|eye| eye.valid && eye.down.is_none())
        {
            if let Some(last) = eye.line.last() {
                offer(last.plus_ms(limits.camera_stale + 1));
            }
            if let Some(t) = eye.line.next(after, limits) {
                offer(t);
            }
        }
        if let Some(rise) = &self.rise {
            offer(
                rise.onset
                    .plus_ms(limits.queue_duration + rise.unobserved_ms),
            );
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
            saturated: self
                .capacity
                .is_some_and(|capacity| length.is_some_and(|length| length >= capacity)),
            wait: None,
            open_windows: self.fed.open.len() as u32,
            advised_windows: None,
            open_event: self.open.as_ref().map(|open| open.record.id),
            level: self.open.as_ref().map(|open| open.record.level),
        }
    }

    /// Closes the running minute.
    pub fn summary(&mut self, at: HallTime, ctx: &mut Ctx<'_>) -> QueueSummary {
        let at = self.account(at, ctx.limits);
        let minute = std::mem::take(&mut self.minute);
        let known = minute.known_ms > 0;
        if let Some(length) = self
            .active(at, ctx.limits)
            .map(|eye| eye.line.length(at, ctx.limits))
        {
            self.minute.max = length;
            // Who has stood there all along need not be seen again for it.
            self.minute.saturated = self.on_duty_since.is_some()
                && self.capacity.is_some_and(|capacity| length >= capacity);
        }
        QueueSummary {
            queue: self.id.clone(),
            len_avg: known.then(|| (minute.person_ms as f64 / minute.known_ms as f64) as f32),
            len_max: known.then_some(minute.max),
            saturated: minute.saturated,
        }
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
