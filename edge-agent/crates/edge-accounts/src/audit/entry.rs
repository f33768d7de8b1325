//! One line of the access log, v1.

use hall_wire::seal::{sha256_hex, with_hash};
use serde::{Deserialize, Serialize};

use super::Deed;

/// Longest texts that come from outside, in characters.
const WHY_MAX: usize = 500;
const WORD_MAX: usize = 128;

/// What is to be logged. Who is an account or empty (nobody is named on loopback without accounts); the box itself is `box`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// Account.
    pub who: String,
    /// Its role by name; empty without an account.
    pub role: String,
    /// Address it came from; empty for the box itself and the centre.
    pub from: String,
    /// What.
    pub deed: Deed,
    /// To what: `camera:cam1`, `event:01K…`, `account:manager-1`; empty when there is nothing to name.
    pub object: String,
    /// Why, in the words of whoever did it, or a detail of the deed.
    pub why: String,
    /// Transaction, where the deed has one.
    pub tx: String,
}

/// Where the event log's chain stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsHead {
    /// Highest sequence number.
    pub seq: u64,
    /// Its record's hash.
    pub hash: String,
}

/// A line as stored. Field order is part of what is hashed: append only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedEntry {
    /// Gapless number, from 1.
    pub seq: u64,
    /// Format version: 1.
    pub v: u32,
    /// Always `audit`.
    pub kind: String,
    /// RFC 3339.
    pub at: String,
    /// Account; `box` for the box itself; empty when nobody is named.
    pub who: String,
    /// Role of the account.
    pub role: String,
    /// Address.
    pub from: String,
    /// What, by its stable name.
    pub deed: String,
    /// To what.
    pub object: String,
    /// Why.
    pub why: String,
    /// Transaction; empty without one.
    pub tx: String,
    /// Where the event log stood.
    pub events: EventsHead,
    /// Hash of the line before.
    pub prev: String,
    /// Hash of this line up to here.
    pub hash: String,
}

/// Seals an entry: gives it its place in the chain. Returns it with its line.
pub(super) fn seal(
    seq: u64,
    at: String,
    audited: &Audited,
    events: EventsHead,
    prev: &str,
) -> (SealedEntry, String) {
    #[derive(Serialize)]
    struct Unsealed<'a> {
        seq: u64,
        v: u32,
        kind: &'static str,
        at: &'a str,
        who: &'a str,
        role: &'a str,
        from: &'a str,
        deed: &'static str,
        object: &'a str,
        why: &'a str,
        tx: &'a str,
        events: &'a EventsHead,
        prev: &'a str,
    }
    let cut = |text: &str, max: usize| text.chars().take(max).collect::<String>();
    let (who, from) = (cut(&audited.who, WORD_MAX), cut(&audited.from, WORD_MAX));
    let (object, why) = (cut(&audited.object, WORD_MAX), cut(&audited.why, WHY_MAX));
    let tx = cut(&audited.tx, WORD_MAX);
    let mut json = serde_json::to_string(&Unsealed {
        seq,
        v: 1,
        kind: "audit",
        at: &at,
        who: &who,
        role: &audited.role,
        from: &from,
        deed: audited.deed.name(),
        object: &object,
        why: &why,
        tx: &tx,
        events: &events,
        prev,
    })
    .expect("invariant: plain fields are JSON");
    json.pop();
    let hash = sha256_hex(json.as_bytes());
    let line = with_hash(json, &hash);
    let sealed = SealedEntry {
        seq,
        v: 1,
        kind: "audit".into(),
        at,
        who,
        role: audited.role.clone(),
        from,
        deed: audited.deed.name().into(),
        object,
        why,
        tx,
        events,
        prev: prev.into(),
        hash,
    };
    (sealed, line)
}
