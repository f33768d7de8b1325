//! Checks evidence packs: every sealed revision, the order of revisions, and the hash over the whole. Pure; needs no box.

use hall_wire::event::SealedRecord;
use hall_wire::seal::{hash_holds, sha256_hex};
use serde::Deserialize;

/// What a sound pack holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPack {
    /// ULID of the event.
    pub event: String,
    /// Sealed revisions.
    pub revisions: usize,
    /// Sequence numbers of the first and last of them, to find them in an export of the event log.
    pub seqs: (u64, u64),
    /// Lines of the trace.
    pub trace: usize,
    /// Rule profile and revision it was judged by.
    pub rule: String,
}

/// What is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the evidence is not as the box made it: {why}")]
pub struct BrokenPack {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

#[derive(Deserialize)]
struct Head {
    kind: String,
    event: String,
    rule: String,
    revisions: usize,
    trace: usize,
}

#[derive(Deserialize)]
struct End {
    kind: String,
    lines: usize,
    sha256: String,
}

/// Whether a file that begins with this line is a pack.
#[must_use]
pub fn is_pack(first_line: &[u8]) -> bool {
    serde_json::from_slice::<Head>(first_line).is_ok_and(|head| head.kind == "evidence")
}

/// Checks a pack.
///
/// # Errors
/// The first line that is not as the box made it.
pub fn verify_pack(bytes: &[u8]) -> Result<VerifiedPack, BrokenPack> {
    let broken = |line: usize, why: &str| BrokenPack {
        line,
        why: why.into(),
    };
    let text = bytes
        .strip_suffix(b"\n")
        .ok_or_else(|| broken(1, "the file does not end with a whole line"))?;
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let (last, body) = lines
        .split_last()
        .ok_or_else(|| broken(1, "the file is empty"))?;
    let head: Head = body
        .first()
        .and_then(|line| serde_json::from_slice(line).ok())
        .ok_or_else(|| broken(1, "it is not the head of an evidence pack"))?;
    let mut seqs = None;
    let mut before: Option<SealedRecord> = None;
    for n in 1..=head.revisions {
        let line = body
            .get(n)
            .ok_or_else(|| broken(n + 1, "a revision is missing"))?;
        if !hash_holds(line) {
            return Err(broken(n + 1, "its content does not have its hash"));
        }
        let sealed: SealedRecord = serde_json::from_slice(line)
            .map_err(|e| broken(n + 1, &format!("it is no sealed record ({e})")))?;
        if sealed.record.event_id != head.event {
            return Err(broken(n + 1, "it is of another event"));
        }
        if let Some(before) = &before {
            if sealed.record.rev <= before.record.rev || sealed.seq <= before.seq {
                return Err(broken(n + 1, "it does not follow the revision before"));
            }
            if sealed.seq == before.seq + 1 && sealed.prev != before.hash {
                return Err(broken(
                    n + 1,
                    "it points to another record than the one before",
                ));
            }
        }
        seqs = Some((seqs.map_or(sealed.seq, |(first, _)| first), sealed.seq));
        before = Some(sealed);
    }
    let end: End = serde_json::from_slice(last).map_err(|_| {
        broken(
            lines.len(),
            "the pack is cut off: its last line is not the end",
        )
    })?;
    if end.kind != "end" || end.lines != body.len() || body.len() != 1 + head.revisions + head.trace
    {
        return Err(broken(lines.len(), "lines are missing or too many"));
    }
    let sealed = &bytes[..bytes.len() - last.len() - 1];
    if sha256_hex(sealed) != end.sha256 {
        return Err(broken(lines.len(), "the lines before do not have its hash"));
    }
    Ok(VerifiedPack {
        event: head.event,
        revisions: head.revisions,
        seqs: seqs.unwrap_or_default(),
        trace: head.trace,
        rule: head.rule,
    })
}
