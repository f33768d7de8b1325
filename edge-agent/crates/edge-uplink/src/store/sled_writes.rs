//! What one durable write does to the database's trees: appending, noting a loss, trimming. Does not flush.

use hall_wire::event::{EventRecord, SealedRecord};

use super::codec::{LineKind, LogLine, finite, seal};
use super::sled_trees::{Tail, Trees};
use super::trim::{TrimPlan, TrimPolicy, Trimmed};
use crate::error::StoreError;

/// Lines looked at in one go while trimming.
const TRIM_CHUNK: usize = 512;

/// Seals and stores the records.
pub(super) fn append_all(
    trees: &Trees,
    tail: &mut Tail,
    records: &[EventRecord],
) -> Result<Vec<SealedRecord>, StoreError> {
    let mut out = Vec::with_capacity(records.len());
    for record in records {
        let mut record = finite(record.clone());
        let (same, highest) = trees.revision(&record)?;
        if let Some(seq) = same {
            let stored = trees.line(seq)?.and_then(|l| l.record());
            if let Some(stored) = stored.filter(|s| s.record == record) {
                out.push(stored);
                continue;
            }
            record.rev = highest.unwrap_or(record.rev).saturating_add(1);
        }
        let seq = tail.last_seq + 1;
        let (sealed, json) = seal(seq, &record, &tail.last_hash)?;
        let line = LogLine {
            from: seq,
            seq,
            kind: LineKind::Event,
            json,
        };
        trees.put(&line, Some(&sealed))?;
        tail.last_seq = seq;
        tail.last_hash.clone_from(&sealed.hash);
        tail.counts.add(&line);
        out.push(sealed);
    }
    Ok(out)
}

/// Removes the oldest lines the policy lets go.
pub(super) fn trim_oldest(
    trees: &Trees,
    tail: &mut Tail,
    acked: u64,
    policy: &TrimPolicy,
) -> Result<Trimmed, StoreError> {
    let mut plan = TrimPlan::new(*policy, acked, tail.counts.live_bytes);
    let mut trimmed = Trimmed::default();
    let mut from = 0;
    loop {
        let (lines, _) = trees.lines(from, TRIM_CHUNK)?;
        let gone = lines.iter().take_while(|line| plan.removes(line)).count();
        // The gap is there before what it stands for goes: a crash in between leaves both, never neither.
        let gap = plan.gap();
        if let Some(gap) = &gap
            && trimmed.gap.as_ref() != Some(gap)
        {
            let line = LogLine::from_gap(gap);
            // Its key is that of the last line it stands for, which is counted out here and not removed below.
            tail.counts.add(&line);
            trees.put(&line, None)?;
        }
        for line in &lines[..gone] {
            let replaced = gap.as_ref().is_some_and(|g| g.to == line.seq);
            if replaced {
                trees.unindex(line)?;
            } else {
                trees.remove(line)?;
            }
            tail.counts.subtract(line);
            trimmed.lines += 1;
            trimmed.bytes += line.json.len() as u64;
        }
        if let Some(before) = trimmed
            .gap
            .take()
            .filter(|g| gap.as_ref().is_some_and(|now| now.to != g.to))
        {
            let line = LogLine::from_gap(&before);
            trees.remove(&line)?;
            tail.counts.subtract(&line);
        }
        trimmed.gap = gap;
        if gone < lines.len() || lines.is_empty() {
            return Ok(trimmed);
        }
        from = lines[gone - 1].seq + 1;
    }
}
