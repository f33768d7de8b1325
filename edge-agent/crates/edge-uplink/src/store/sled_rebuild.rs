//! Makes a new log of what a damaged one still holds.

use std::collections::BTreeMap;
use std::path::Path;

use super::codec::{GENESIS, GapReason, GapRecord, LineKind, LogLine};
use super::head::Head;
use super::salvage::scan_dir;
use super::sled_trees::{Counts, Tail, Trees};
use crate::clock::WallTime;
use crate::error::StoreError;

/// At most so many numbers are taken out of a damaged log; the newest are kept.
pub(super) const SALVAGE_MAX: usize = 50_000;

/// Intact lines found in raw bytes, by number. Two may claim the same one: a batch that failed, and its retry.
#[derive(Default)]
pub(super) struct Salvaged {
    lines: BTreeMap<u64, Vec<LogLine>>,
}

impl Salvaged {
    /// Adds what the files under `dir` hold, keeping the newest `max` numbers.
    pub(super) fn scan(&mut self, dir: &Path, max: usize) {
        let scanned = scan_dir(dir, &mut |line| {
            let same = self.lines.entry(line.seq).or_default();
            if !same.contains(&line) {
                same.push(line);
            }
            if self.lines.len() > max {
                self.lines.pop_first();
            }
        });
        if let Err(error) = scanned {
            tracing::error!(%error, dir = %dir.display(), "The event log could not be searched completely for records.");
        }
    }

    /// Highest number found; 0 without any.
    pub(super) fn last_seq(&self) -> u64 {
        self.lines.last_key_value().map_or(0, |(seq, _)| *seq)
    }
}

/// Takes over what the damaged log still holds, and stands gaps in for the rest.
pub(super) fn rebuild(
    trees: &Trees,
    salvaged: &Salvaged,
    head: Option<&Head>,
    now: WallTime,
) -> Result<(), StoreError> {
    let found = &salvaged.lines;
    let head = match (head, found.last_key_value()) {
        (Some(head), _) => head.clone(),
        // Without a head nobody knows what the centre has: it gets everything again, and drops what it knows.
        (None, Some((last, lines))) => {
            let lowest = found
                .first_key_value()
                .map_or(1, |(seq, lines)| lines.first().map_or(*seq, |l| l.from));
            Head::new(*last, &lines[0].chain(), lowest - 1)
        }
        (None, None) => Head::genesis(),
    };
    let lines = consistent(found, &head, now);
    let kept = lines.iter().filter(|l| l.kind == LineKind::Event).count();
    let mut counts = Counts::default();
    for line in lines.iter().rev() {
        trees.put(line, line.record().as_ref())?;
        counts.add(line);
    }
    trees.put_tail(&Tail {
        last_seq: head.last_seq,
        last_hash: head.last_hash.clone(),
        counts,
    })?;
    trees.put_acked(head.acked)?;
    trees.flush()?;
    tracing::warn!(
        records = kept,
        last_seq = head.last_seq,
        "Records were taken over from the damaged event log."
    );
    Ok(())
}

/// Walks from the head down along the chain, so that of two lines with one number the acknowledged one is taken.
/// Returns newest first.
fn consistent(found: &BTreeMap<u64, Vec<LogLine>>, head: &Head, now: WallTime) -> Vec<LogLine> {
    let mut lines = Vec::new();
    let mut expected = (head.last_hash != GENESIS).then(|| head.last_hash.clone());
    let mut seq = head.last_seq;
    while seq > 0 {
        let candidates = found.get(&seq).map_or(&[][..], Vec::as_slice);
        let chosen = candidates
            .iter()
            .find(|l| expected.as_ref().is_none_or(|hash| l.chain() == *hash));
        if let Some(line) = chosen {
            expected = line.record().map(|r| r.prev);
            seq = line.from - 1;
            lines.push(line.clone());
            continue;
        }
        let below = found.range(..seq).next_back().map(|(lower, _)| *lower);
        // Nothing further down: what the centre has needs no gap.
        let from = below.unwrap_or(head.acked) + 1;
        if from <= seq {
            let chain = expected.take().unwrap_or_else(|| GENESIS.into());
            lines.push(LogLine::from_gap(&GapRecord::new(
                from,
                seq,
                GapReason::Quarantined,
                now,
                &chain,
            )));
        }
        match below {
            Some(lower) => seq = lower,
            None => break,
        }
    }
    lines
}
