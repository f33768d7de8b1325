//! What looks like a person and never moves: a coat, a poster, a screen? Owns the `static_presence_suspect` event of one window;
//! what counts as never moving it is told.

use super::Engine;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use crate::event::{EndReason, EventCode, Level, Subject};
use crate::ids::WindowId;
use crate::time::HallTime;

/// The suspicion at one window, if there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct StaticPresence {
    record: Option<OpenRecord>,
}

impl StaticPresence {
    /// Goes on with an open event after a restart.
    pub fn restore(record: OpenRecord) -> Self {
        StaticPresence {
            record: Some(record),
        }
    }

    pub fn record(&self) -> Option<&OpenRecord> {
        self.record.as_ref()
    }

    /// Nothing has moved since `since`.
    pub fn suspect(
        &mut self,
        ctx: &mut Ctx<'_>,
        at: HallTime,
        since: HallTime,
        window: &WindowId,
        evidence: Vec<String>,
    ) {
        if self.record.is_some() {
            return;
        }
        let opening = Opening {
            code: EventCode::StaticPresenceSuspect,
            subject: Subject::Window(window.clone()),
            level: Level::Info,
            onset: ctx.clock.stamp(since),
            rule: ctx.limits.rule.clone(),
            evidence,
            tags: Vec::new(),
        };
        self.record = Some(OpenRecord::raise(ctx, at, opening, length(since, at)));
    }

    /// Something moves there, nobody is there any more, or its duty is over.
    pub fn end(&mut self, ctx: &mut Ctx<'_>, at: HallTime, reason: EndReason) {
        self.end_at(ctx, at, at, reason);
    }

    fn end_at(&mut self, ctx: &mut Ctx<'_>, at: HallTime, end: HallTime, reason: EndReason) {
        if let Some(record) = self.record.take() {
            let facts = length(record.onset.at.min(end), end);
            let end = ctx.clock.stamp(end);
            record.close(ctx, at, end, reason, facts);
        }
    }
}

impl Engine {
    /// Goes on with a suspicion after a restart: what stood still there is still not believed until it moves. `last` is when the
    /// box was alive last.
    pub(super) fn resume_static(&mut self, record: &OpenRecord, last: HallTime, now: HallTime) {
        let Subject::Window(id) = &record.subject else {
            return;
        };
        let mut statics = StaticPresence::restore(record.clone());
        let mut ctx = self.core.ctx(&mut self.out);
        let Some(ix) = self.core.layout.window(id) else {
            statics.end(&mut ctx, now, EndReason::Reconfigured);
            return;
        };
        let window = &mut self.windows[ix];
        if window.gate.is_off_duty() {
            statics.end_at(&mut ctx, now, last, EndReason::PowerLoss);
        } else {
            window.statics = statics;
            window.sight.suspect();
        }
    }
}

fn length(since: HallTime, at: HallTime) -> Facts {
    Facts {
        duration_ms: at.since_ms(since).max(0),
        ..Facts::default()
    }
}
