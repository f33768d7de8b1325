//! The rule `no_new_window`: a queue is still too long some time after its alarm, and no window more serves it. Knows the windows
//! only as the queue does, and of the queue only its open event.

use super::limits::Limits;
use super::links::Fed;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use crate::event::{EndReason, EventCode, EventId, Level, Subject};
use crate::time::{HallTime, Stamp};

/// The open `queue_long` this rule goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Alarm {
    pub id: EventId,
    /// First published.
    pub raised: HallTime,
    /// Time in it that nobody observed, so far.
    pub unobserved_ms: i64,
    /// Nobody observes the queue now, or it is short again and only not yet for long enough.
    pub doubtful: bool,
}

/// What is remembered of an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Watching {
    id: EventId,
    raised: HallTime,
    unobserved_ms: i64,
    /// Windows that served when it was raised.
    staffed: u32,
}

/// The rule of one queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewWindow {
    watching: Option<Watching>,
    /// When another window was opened for the open alarm.
    mitigated: Option<Stamp>,
    record: Option<OpenRecord>,
}

impl NewWindow {
    pub fn record(&self) -> Option<&OpenRecord> {
        self.record.as_ref()
    }

    /// When another window was opened for the open alarm.
    pub fn mitigated(&self) -> Option<Stamp> {
        self.mitigated
    }

    /// Windows that served when the open alarm was raised.
    pub fn staffed(&self) -> Option<u32> {
        self.watching.map(|watching| watching.staffed)
    }

    /// Goes on after a restart with an alarm that was raised at `raised`.
    pub fn resume(
        &mut self,
        alarm: Alarm,
        staffed: Option<u32>,
        mitigated: Option<Stamp>,
        record: Option<OpenRecord>,
    ) {
        self.watching = staffed.map(|staffed| Watching {
            id: alarm.id,
            raised: alarm.raised,
            unobserved_ms: alarm.unobserved_ms,
            staffed,
        });
        self.mitigated = mitigated;
        self.record = record;
    }

    /// Judges at `at`. Returns true when another window has just been opened: the alarm gets a revision that says so.
    pub fn judge(
        &mut self,
        at: HallTime,
        alarm: Option<Alarm>,
        fed: &Fed,
        subject: &Subject,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let Some(alarm) = alarm else { return false };
        let open = fed.open.len() as u32;
        let known = self.watching.filter(|watching| watching.id == alarm.id);
        let watching = known.unwrap_or(Watching {
            id: alarm.id,
            raised: alarm.raised,
            unobserved_ms: alarm.unobserved_ms,
            staffed: open,
        });
        if known.is_none() {
            self.mitigated = None;
        }
        self.watching = Some(watching);
        if open > watching.staffed {
            if self.mitigated.is_some() {
                return false;
            }
            let newest = fed.open.iter().map(|window| window.since).max();
            let since = newest.unwrap_or(at).max(watching.raised).min(at);
            self.mitigated = Some(ctx.clock.stamp(since));
            self.close(at, since, EndReason::WindowOpened, ctx);
            return true;
        }
        let due = self.due(&watching, &alarm, ctx.limits);
        if alarm.doubtful || self.mitigated.is_some() || self.record.is_some() || at < due {
            return false;
        }
        // All windows serve already, one that cannot be seen may, or somebody is just coming.
        let (may_serve, coming) = (open + fed.unknown, fed.coming > 0);
        if may_serve >= fed.total || may_serve > watching.staffed || coming {
            return false;
        }
        let opening = Opening {
            code: EventCode::NoNewWindow,
            subject: subject.clone(),
            level: Level::Warn,
            onset: ctx.clock.stamp(watching.raised),
            rule: ctx.limits.rule.clone(),
            evidence: Vec::new(),
            tags: Vec::new(),
        };
        let facts = self.facts(at);
        self.record = Some(OpenRecord::raise_with(
            ctx,
            at,
            opening,
            vec![alarm.id],
            facts,
        ));
        false
    }

    /// The alarm is over.
    pub fn end(&mut self, at: HallTime, end: HallTime, reason: EndReason, ctx: &mut Ctx<'_>) {
        self.close(at, end, reason, ctx);
        self.watching = None;
        self.mitigated = None;
    }

    fn due(&self, watching: &Watching, alarm: &Alarm, limits: &Limits) -> HallTime {
        let unobserved = alarm.unobserved_ms - watching.unobserved_ms;
        watching
            .raised
            .plus_ms(limits.new_window + unobserved.max(0))
    }

    pub fn next(&self, alarm: Option<Alarm>, limits: &Limits) -> Option<HallTime> {
        let (watching, alarm) = (self.watching?, alarm?);
        let quiet = self.mitigated.is_some() || self.record.is_some() || alarm.doubtful;
        (!quiet).then(|| self.due(&watching, &alarm, limits))
    }

    fn close(&mut self, at: HallTime, end: HallTime, reason: EndReason, ctx: &mut Ctx<'_>) {
        let Some(record) = self.record.take() else {
            return;
        };
        let facts = self.facts(end);
        let stamp = ctx.clock.stamp(end);
        record.close(ctx, at, stamp, reason, facts);
    }

    fn facts(&self, end: HallTime) -> Facts {
        let begun = self.watching.map_or(end, |watching| watching.raised);
        Facts {
            duration_ms: end.since_ms(begun).max(0),
            ..Facts::default()
        }
    }
}
