//! The rule `source_mismatch`: tickets and video have counted very differently for too long. For information: which of them is
//! wrong is for people to find out. Knows no other rule.

use super::limits::Limits;
use super::record::{Ctx, Facts, OpenRecord, Opening};
use crate::event::{EndReason, EventCode, Level, Subject};
use crate::time::HallTime;

/// With fewer people than this between them, a companion more or less is no disagreement.
const LEAST: u32 = 3;

/// What both say at one instant.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    /// People who came with the tickets that wait.
    pub tickets: u32,
    /// People in line.
    pub video: u32,
    pub sources: [String; 2],
}

impl Counts {
    /// They differ by more than the share of the greater one.
    fn differ(&self, ratio: f64) -> bool {
        let (most, difference) = (
            self.tickets.max(self.video),
            self.tickets.abs_diff(self.video),
        );
        difference >= LEAST && f64::from(difference) > ratio * f64::from(most)
    }
}

/// The rule of one queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mismatch {
    since: Option<HallTime>,
    open: Option<(OpenRecord, HallTime)>,
    /// Since when they agree again.
    agreed: Option<HallTime>,
}

impl Mismatch {
    pub fn record(&self) -> Option<&OpenRecord> {
        self.open.as_ref().map(|(record, _)| record)
    }

    pub fn resume(&mut self, record: OpenRecord, shift_ms: i64) {
        let onset = record.onset.at.plus_ms(shift_ms);
        self.open = Some((record, onset));
    }

    /// Judges what both say; `None`: one of them is not heard, so they neither agree nor differ, and the time begins anew.
    pub fn judge(
        &mut self,
        at: HallTime,
        counts: Option<&Counts>,
        subject: &Subject,
        ctx: &mut Ctx<'_>,
    ) {
        let limits = ctx.limits;
        let Some(counts) = counts else {
            self.since = None;
            self.agreed = None;
            return;
        };
        if !counts.differ(limits.mismatch_ratio) {
            self.since = None;
            let agreed = *self.agreed.get_or_insert(at);
            if at.since_ms(agreed) >= limits.queue_clear_hold {
                self.close(at, agreed, EndReason::Recovered, ctx);
            }
            return;
        }
        self.agreed = None;
        let since = *self.since.get_or_insert(at);
        if self.open.is_some() || at.since_ms(since) < limits.mismatch {
            return;
        }
        let opening = Opening {
            code: EventCode::SourceMismatch,
            subject: subject.clone(),
            level: Level::Info,
            onset: ctx.clock.stamp(since),
            rule: limits.rule.clone(),
            evidence: counts.sources.to_vec(),
            tags: Vec::new(),
        };
        let record = OpenRecord::raise(ctx, at, opening, facts(since, at));
        self.open = Some((record, since));
    }

    pub fn close(&mut self, at: HallTime, end: HallTime, reason: EndReason, ctx: &mut Ctx<'_>) {
        self.since = None;
        let Some((record, onset)) = self.open.take() else {
            return;
        };
        let stamp = ctx.clock.stamp(end);
        record.close(ctx, at, stamp, reason, facts(onset, end.max(onset)));
    }

    pub fn next(&self, limits: &Limits, offer: &mut impl FnMut(HallTime)) {
        if let Some(since) = self.since.filter(|_| self.open.is_none()) {
            offer(since.plus_ms(limits.mismatch));
        }
        if let Some(agreed) = self.agreed.filter(|_| self.open.is_some()) {
            offer(agreed.plus_ms(limits.queue_clear_hold));
        }
    }
}

fn facts(onset: HallTime, end: HallTime) -> Facts {
    Facts {
        duration_ms: end.since_ms(onset).max(0),
        ..Facts::default()
    }
}
