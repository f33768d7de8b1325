//! The stored forms: sealed event lines, gap lines, and how both sit in a value. Pure; knows no database.

use hall_wire::event::{EventRecord, SealedRecord};
use hall_wire::schema::{GapKind, Instant, One, Seq, Sha256Hex};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use hall_wire::seal::{GENESIS, hash_holds, sha256_hex, split_hash, with_hash};

use crate::clock::WallTime;
use crate::error::StoreError;

const VALUE_EVENT_V1: u8 = 1;
const VALUE_GAP_V1: u8 = 2;

/// Why sequence numbers hold no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// Retention had to drop records the centre had not acknowledged.
    Retention,
    /// The disk was full for so long that the memory ring overflowed.
    RingOverflow,
    /// A damaged log was set aside.
    Quarantined,
    /// A stored value cannot be read by this version. Announced to the centre, not stored.
    Unreadable,
    /// A record too large for the contract's 16 KiB. Announced to the centre, not stored.
    TooLarge,
}

/// A line that stands for sequence numbers without a record.
///
/// It is no link of the hash chain: it carries over in `chain` the hash that the next record's `prev` holds, and
/// protects itself with its own `hash`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GapRecord {
    /// Equal to `to`, so that every line has a `seq`.
    #[schemars(with = "Seq")]
    pub seq: u64,
    /// Format version: 1.
    #[schemars(with = "One")]
    pub v: u32,
    /// Always `gap`.
    #[schemars(with = "GapKind")]
    pub kind: String,
    /// First sequence number without a record.
    #[schemars(with = "Seq")]
    pub from: u64,
    /// Last one.
    #[schemars(with = "Seq")]
    pub to: u64,
    /// Why.
    pub reason: GapReason,
    /// When this was found, RFC 3339.
    #[schemars(with = "Instant")]
    pub at: String,
    /// `prev` of the record after; not meaningful for `unreadable` and `too_large`.
    #[schemars(with = "Sha256Hex")]
    pub chain: String,
    /// SHA-256, hex, over this object's JSON up to and including `chain`.
    #[schemars(with = "Sha256Hex")]
    pub hash: String,
}

impl GapRecord {
    /// A gap with its own hash in place.
    #[must_use]
    pub fn new(from: u64, to: u64, reason: GapReason, at: WallTime, chain: &str) -> Self {
        let mut gap = GapRecord {
            seq: to,
            v: 1,
            kind: "gap".into(),
            from,
            to,
            reason,
            at: at.rfc3339(),
            chain: chain.into(),
            hash: String::new(),
        };
        gap.hash = sha256_hex(gap.unsealed().as_bytes());
        gap
    }

    /// The line as stored, exported and published.
    #[must_use]
    pub fn line(&self) -> String {
        with_hash(self.unsealed(), &self.hash)
    }

    fn unsealed(&self) -> String {
        let reason =
            serde_json::to_string(&self.reason).expect("invariant: a unit variant is JSON");
        format!(
            r#"{{"seq":{},"v":{},"kind":"gap","from":{},"to":{},"reason":{},"at":"{}","chain":"{}""#,
            self.seq, self.v, self.from, self.to, reason, self.at, self.chain
        )
    }
}

/// What a line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// One revision of one event.
    Event,
    /// Sequence numbers without a record.
    Gap,
}

/// One line of the log, exactly as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// First sequence number it stands for (`seq`, except for gaps).
    pub from: u64,
    /// Its own, and for gaps the last, sequence number.
    pub seq: u64,
    /// Which kind.
    pub kind: LineKind,
    /// Canonical JSON, without a line end.
    pub json: String,
}

impl LogLine {
    /// The event record; `None` for gaps, or when a newer version wrote something this one cannot parse.
    #[must_use]
    pub fn record(&self) -> Option<SealedRecord> {
        match self.kind {
            LineKind::Event => serde_json::from_str(&self.json).ok(),
            LineKind::Gap => None,
        }
    }

    /// The gap; `None` for events.
    #[must_use]
    pub fn gap(&self) -> Option<GapRecord> {
        match self.kind {
            LineKind::Event => None,
            LineKind::Gap => serde_json::from_str(&self.json).ok(),
        }
    }

    /// What `prev` of the record after this line holds.
    #[must_use]
    pub fn chain(&self) -> String {
        match self.gap() {
            Some(gap) => gap.chain,
            None => split_hash(self.json.as_bytes())
                .map(|(_, hash)| hash.to_owned())
                .unwrap_or_default(),
        }
    }

    /// The line of a gap.
    #[must_use]
    pub fn from_gap(gap: &GapRecord) -> Self {
        LogLine {
            from: gap.from,
            seq: gap.to,
            kind: LineKind::Gap,
            json: gap.line(),
        }
    }
}

/// Seals a record: gives it its place in the chain. Returns it with its line.
///
/// Numbers that are no numbers (NaN, infinite) become 0: JSON has no word for them and the line must be readable again.
///
/// # Errors
/// When the record cannot be written as JSON.
pub fn seal(
    seq: u64,
    record: &EventRecord,
    prev: &str,
) -> Result<(SealedRecord, String), StoreError> {
    #[derive(Serialize)]
    struct Unsealed<'a> {
        seq: u64,
        #[serde(flatten)]
        record: &'a EventRecord,
        prev: &'a str,
    }
    let record = finite(record.clone());
    let mut json = serde_json::to_string(&Unsealed {
        seq,
        record: &record,
        prev,
    })
    .map_err(|source| StoreError::Encode { source })?;
    json.pop();
    let hash = sha256_hex(json.as_bytes());
    let line = with_hash(json, &hash);
    Ok((
        SealedRecord {
            seq,
            record,
            prev: prev.into(),
            hash,
        },
        line,
    ))
}

/// The record as it can be stored.
pub(crate) fn finite(mut record: EventRecord) -> EventRecord {
    for x in [
        &mut record.duration_s,
        &mut record.absent_s,
        &mut record.unobserved_s,
        &mut record.confidence,
    ] {
        if !x.is_finite() {
            *x = 0.0;
        }
    }
    record
}

/// The value that holds a line: one byte for the form, then the line.
#[must_use]
pub(crate) fn encode(kind: LineKind, json: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(1 + json.len());
    value.push(match kind {
        LineKind::Event => VALUE_EVENT_V1,
        LineKind::Gap => VALUE_GAP_V1,
    });
    value.extend_from_slice(json.as_bytes());
    value
}

/// The line in a value; `None` when the form is unknown or the bytes are no text.
pub(crate) fn decode(seq: u64, value: &[u8]) -> Option<LogLine> {
    let (form, json) = value.split_first()?;
    let json = std::str::from_utf8(json).ok()?.to_owned();
    match *form {
        VALUE_EVENT_V1 => Some(LogLine {
            from: seq,
            seq,
            kind: LineKind::Event,
            json,
        }),
        VALUE_GAP_V1 => {
            let from = serde_json::from_str::<GapRecord>(&json).ok()?.from;
            Some(LogLine {
                from,
                seq,
                kind: LineKind::Gap,
                json,
            })
        }
        _ => None,
    }
}
