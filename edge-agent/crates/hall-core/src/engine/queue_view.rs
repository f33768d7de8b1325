//! The outward side of a queue's rule: when it must be woken, what it shows, sums up and saves. Decides no event.

use super::limits::Limits;
use super::long_wait::WaitCheckpoint;
use super::lookout::Teller;
use super::queue::{Minute, QueueRule};
use super::record::{Ctx, OpenRecord};
use crate::event::EventId;
use crate::ids::QueueId;
use crate::snapshot::QueueSnapshot;
use crate::summary::QueueSummary;
use crate::time::{HallTime, Stamp};

impl QueueRule {
    /// What a restart needs.
    pub fn checkpoint(&self, now: HallTime, limits: &Limits) -> QueueCheckpoint {
        let open = self.open.as_ref();
        let mut long_wait = self.long_wait.checkpoint();
        if let (Some(wait), Some(reached)) = (&mut long_wait, self.wait_reached(now, limits)) {
            wait.wait_ms = wait.wait_ms.max(reached);
        }
        QueueCheckpoint {
            queue: self.id.clone(),
            record: open.map(|open| open.record.clone()),
            unobserved_ms: open.map_or(0, |open| open.rise.unobserved_ms),
            peak: open.map_or(0, |open| open.rise.peak),
            last_observed: self.last_observed(now),
            staffed_at_raise: open.and(self.new_window.staffed()),
            mitigated_at: open.and_then(|open| open.rise.mitigated_at),
            no_new_window: self.new_window.record().cloned(),
            long_wait,
            source_mismatch: self.mismatch.record().cloned(),
        }
    }

    fn last_observed(&self, now: HallTime) -> Option<HallTime> {
        match self.teller {
            _ if self.blind_since.is_some() => self.blind_since,
            // A machine that is not reported down has nothing new to say.
            Some(Teller::Tickets) => Some(now),
            _ => self.lookout.last_seen(),
        }
    }

    /// Its published and open `queue_long` and `long_wait` events.
    pub fn events(&self) -> Vec<EventId> {
        let long = self.open.as_ref().map(|open| &open.record);
        let records = long.into_iter().chain(self.long_wait.record());
        records.map(|record| record.id).collect()
    }

    /// Published and not closed.
    pub fn open_events(&self) -> usize {
        let others = [
            self.long_wait.record(),
            self.new_window.record(),
            self.mismatch.record(),
        ];
        usize::from(self.open.is_some()) + others.iter().flatten().count()
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
        if let Some(t) = self.lookout.next(after, limits) {
            offer(t);
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
        self.next_of_others(limits, &mut offer);
        due
    }

    /// The queue as it is at the last instant acted on.
    pub fn snapshot(&self, at: HallTime, limits: &Limits) -> QueueSnapshot {
        let told = self.lookout.told(at, limits);
        let length = told.map(|told| told.length);
        let seen = told.is_some_and(|told| told.by != Teller::Tickets);
        QueueSnapshot {
            queue: self.id.clone(),
            state: self.state,
            since: self.state_since,
            length,
            in_zone: self.lookout.in_zone(at, limits),
            saturated: seen && self.capacity.is_some_and(|most| length >= Some(most)),
            wait: self.wait(at, limits),
            open_windows: self.fed.open.len() as u32,
            advised_windows: self.advice(at, limits),
            open_event: self.open.as_ref().map(|open| open.record.id),
            level: self.open.as_ref().map(|open| open.record.level),
        }
    }

    /// Closes the running minute. The rules stay where they are: a picture of before that arrives later counts from its own
    /// instant, wherever the wall clock's minutes end.
    pub fn summary(&mut self, at: HallTime, ctx: &mut Ctx<'_>) -> QueueSummary {
        let length = self.lookout.length(self.settled_at, ctx.limits);
        self.minute.add(length, self.settled_at, at);
        let next = Minute {
            summed_to: at.max(self.settled_at),
            ..Minute::default()
        };
        let minute = std::mem::replace(&mut self.minute, next);
        let flow = self.flow.clone();
        self.flow.account(at);
        let known = minute.known_ms > 0;
        if let Some(length) = self.lookout.length(at, ctx.limits) {
            self.minute.max = length;
            // Who has stood there all along need not be seen again for it.
            let by_video = self.teller != Some(Teller::Tickets);
            self.minute.saturated = by_video
                && self.on_duty_since.is_some()
                && self.capacity.is_some_and(|capacity| length >= capacity);
        }
        let summary = QueueSummary {
            queue: self.id.clone(),
            len_avg: known.then(|| (minute.person_ms as f64 / minute.known_ms as f64) as f32),
            len_max: known.then_some(minute.max),
            saturated: minute.saturated,
            wait: self.wait(at, ctx.limits),
            departures: self.flow.departures(),
            open_windows: self.fed.open.len() as u32,
            advised_windows: self.advice(at, ctx.limits),
        };
        self.flow = flow;
        summary
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
    /// Windows that served when the event was raised.
    pub staffed_at_raise: Option<u32>,
    /// When another window was opened for it.
    pub mitigated_at: Option<Stamp>,
    /// Open `no_new_window`.
    pub no_new_window: Option<OpenRecord>,
    /// Open `long_wait`.
    pub long_wait: Option<WaitCheckpoint>,
    /// Open `source_mismatch`.
    pub source_mismatch: Option<OpenRecord>,
}

impl QueueCheckpoint {
    /// Every open event in it.
    pub fn records(&self) -> impl Iterator<Item = &OpenRecord> {
        let waits = self.long_wait.as_ref().map(|wait| &wait.record);
        [
            self.record.as_ref(),
            self.no_new_window.as_ref(),
            waits,
            self.source_mismatch.as_ref(),
        ]
        .into_iter()
        .flatten()
    }

    /// Keeps only the events `open` says yes to. Returns false when none is left.
    pub fn retain(&mut self, open: impl Fn(EventId) -> bool) -> bool {
        let gone = |record: &OpenRecord| !open(record.id);
        for slot in [
            &mut self.record,
            &mut self.no_new_window,
            &mut self.source_mismatch,
        ] {
            slot.take_if(|record| gone(record));
        }
        self.long_wait.take_if(|wait| gone(&wait.record));
        self.records().next().is_some()
    }
}
