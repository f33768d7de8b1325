//! Retention: which of the oldest lines may go. Pure.

use super::codec::{GapReason, GapRecord, LineKind, LogLine};
use super::query::unix_ms;
use crate::clock::WallTime;

/// What may happen to records the centre has not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unacked {
    /// They stay, whatever the limits say.
    Keep,
    /// They may go, and a gap is announced in their place. For an operator's order or a disk that leaves no choice.
    Drop,
}

/// Limits of what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrimPolicy {
    /// The present.
    pub now: WallTime,
    /// Lines last updated longer ago may go, in milliseconds.
    pub max_age_ms: Option<i64>,
    /// Oldest lines go until what is left is at most so many bytes. The database takes 2–4 times as much on disk and
    /// never gives space back to the file system: space of removed lines is used again.
    pub max_live_bytes: Option<u64>,
    /// Unacknowledged records.
    pub unacked: Unacked,
}

/// What a trim did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trimmed {
    /// Lines removed.
    pub lines: u64,
    /// Bytes of the lines removed.
    pub bytes: u64,
    /// Unacknowledged records that had to go.
    pub gap: Option<GapRecord>,
}

/// Decides line by line from the oldest on.
#[derive(Debug)]
pub(crate) struct TrimPlan {
    policy: TrimPolicy,
    acked: u64,
    live_bytes: u64,
    /// What stands in the place of the unacknowledged lines dropped so far.
    dropped: Option<GapRecord>,
}

impl TrimPlan {
    pub(crate) fn new(policy: TrimPolicy, acked: u64, live_bytes: u64) -> Self {
        TrimPlan {
            policy,
            acked,
            live_bytes,
            dropped: None,
        }
    }

    /// Whether this line, the oldest left, goes. Must be asked in order, until the first `false`.
    pub(crate) fn removes(&mut self, line: &LogLine) -> bool {
        let acked = line.seq <= self.acked;
        if !acked && self.policy.unacked == Unacked::Keep {
            return false;
        }
        let too_old = self.policy.max_age_ms.is_some_and(|max| match line.gap() {
            // An unannounced gap is as old as what it stands for, so that later drops are merged into it.
            Some(_) if !acked => true,
            _ => self.policy.now.unix_ms - made_unix_ms(line) > max,
        });
        let too_much = self
            .policy
            .max_live_bytes
            .is_some_and(|max| self.live_bytes > max);
        if !(too_old || too_much) {
            return false;
        }
        self.live_bytes = self.live_bytes.saturating_sub(line.json.len() as u64);
        if !acked {
            self.dropped = Some(match (self.dropped.take(), line.gap()) {
                (None, Some(gap)) => gap,
                (None, None) => self.gap_over(line.from, line),
                (Some(before), _) => self.gap_over(before.from, line),
            });
        }
        true
    }

    fn gap_over(&self, from: u64, last: &LogLine) -> GapRecord {
        GapRecord::new(
            from,
            last.seq,
            GapReason::Retention,
            self.policy.now,
            &last.chain(),
        )
    }

    /// The gap to store in place of unacknowledged lines.
    pub(crate) fn gap(&self) -> Option<GapRecord> {
        self.dropped.clone()
    }
}

fn made_unix_ms(line: &LogLine) -> i64 {
    match line.kind {
        LineKind::Event => line.record().map_or(0, |r| unix_ms(&r.record.updated)),
        LineKind::Gap => line.gap().map_or(0, |g| unix_ms(&g.at)),
    }
}
