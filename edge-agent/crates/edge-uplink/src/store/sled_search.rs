//! Answers a query with the index that narrows it most.

use hall_wire::event::SealedRecord;

use super::query::{Query, TimeField};
use super::sled_trees::{Index, Trees};
use crate::error::StoreError;

/// Records that match, newest first.
pub(super) fn search(trees: &Trees, query: &Query) -> Result<Vec<SealedRecord>, StoreError> {
    let mut found = Vec::new();
    let mut visit = |seq: u64| -> Result<bool, StoreError> {
        if found.len() >= query.limit {
            return Ok(false);
        }
        let Some(sealed) = trees.line(seq)?.and_then(|l| l.record()) else {
            return Ok(true);
        };
        let wanted = query.matches(&sealed)
            && (!query.latest_only || trees.revision(&sealed.record)?.1 == Some(sealed.record.rev));
        if wanted {
            found.push(sealed);
        }
        Ok(found.len() < query.limit)
    };
    let seqs = if query.open_only {
        let mut seqs = trees.open_seqs()?;
        seqs.reverse();
        Some(seqs)
    } else if query.has_time() {
        let (from, to) = (
            query.from_unix_ms.unwrap_or(i64::MIN),
            query.to_unix_ms.unwrap_or(i64::MAX),
        );
        Some(trees.time_seqs(query.time == TimeField::Updated, from, to)?)
    } else {
        None
    };
    let before = query.before_seq.unwrap_or(u64::MAX);
    match (seqs, &query.subject, &query.code) {
        (Some(seqs), _, _) => {
            for seq in seqs.into_iter().filter(|s| *s < before) {
                if !visit(seq)? {
                    break;
                }
            }
        }
        (None, Some((kind, id)), _) => trees.walk_down(Index::Subject(kind, id), before, visit)?,
        (None, None, Some(code)) => trees.walk_down(Index::Code(code), before, visit)?,
        (None, None, None) => trees.walk_down(Index::Log, before, visit)?,
    }
    Ok(found)
}
