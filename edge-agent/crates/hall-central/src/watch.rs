//! What the subscriber knows of every box, and what it finds wrong. Pure: told what arrived and when.

use std::collections::{BTreeMap, VecDeque};

use edge_uplink::GapReason;
use hall_wire::event::ClockQuality;
use hall_wire::time::parse_rfc3339;
use serde::{Deserialize, Serialize};

use crate::message::{Arrived, EventMessage, Message, StatusRecord, read, split_topic};
use crate::runs::Runs;

/// Faults kept word for word; all are counted.
const FAULTS_KEPT: usize = 100;
/// Records per box whose id and hash are remembered, to tell a repetition from another record with the same number: more than a
/// box sends again after a broken connection (200).
const REMEMBERED: usize = 256;
/// Characters of a hash that are remembered for that.
const HASH_CHARS: usize = 16;
/// `prev` of the first record ever.
const GENESIS: &str = edge_uplink::store::codec::GENESIS;

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Not as the contract says.
    Invalid,
    /// One number with two ids, or one id with two contents: it stays after de-duplication by id.
    Duplicate,
    /// A record that does not have its hash, or does not follow the one before.
    Chain,
    /// A box whose clock is not believed, or differs from ours.
    Clock,
}

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Kind.
    pub kind: FaultKind,
    /// Box, or the topic when there is none.
    pub source: String,
    /// In words.
    pub why: String,
    /// When it was found, Unix milliseconds.
    pub at_unix_ms: i64,
}

/// One box.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BoxWatch {
    /// Numbers that arrived or were announced as gone.
    pub runs: Runs,
    /// `Some(true)`: online; `None`: nothing heard yet.
    pub online: Option<bool>,
    /// Session of the last birth.
    session: Option<String>,
    /// Number, short id and hash of the newest records.
    recent: VecDeque<(u64, String, String)>,
    /// Level of every open event, by its ULID.
    pub open: BTreeMap<String, String>,
    /// Highest revision of events that ended while numbers before were missing: what is found during a catch-up goes before the
    /// backlog, and an older revision that comes after must not open them again. Empty once nothing is missing.
    #[serde(default)]
    ended: BTreeMap<String, u32>,
    /// Records.
    pub records: u64,
    /// Of these, marked late.
    pub late: u64,
    /// Deliveries of a record that was there already.
    pub repeats: u64,
    /// Numbers announced as gone.
    pub announced: u64,
    /// Up to here the box counts its records as arrived, by its `meta`: what came before is not waited for.
    #[serde(default)]
    base: u64,
    /// Live summaries.
    pub summaries: u64,
    /// Wills of the present session.
    pub wills: u64,
    /// The clock was found wrong and not yet right again.
    clock_wrong: bool,
}

/// All boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    prefix: String,
    /// Largest difference of clocks in milliseconds; `None`: clocks are not compared.
    tolerance_ms: Option<i64>,
    /// By CloudEvents source.
    pub boxes: BTreeMap<String, BoxWatch>,
    /// Faults by kind.
    pub counts: BTreeMap<FaultKind, u64>,
    /// The newest of them.
    pub faults: VecDeque<Fault>,
    /// Messages.
    pub messages: u64,
}

/// A message worth passing on.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// Box.
    pub source: String,
    /// What it says.
    pub message: Message,
}

impl Fleet {
    /// Knows nothing yet. Topics begin with `prefix`; clocks may differ by `tolerance_ms` (`None`: are not compared).
    #[must_use]
    pub fn new(prefix: &str, tolerance_ms: Option<i64>) -> Self {
        Fleet {
            prefix: prefix.into(),
            tolerance_ms,
            boxes: BTreeMap::new(),
            counts: BTreeMap::new(),
            faults: VecDeque::new(),
            messages: 0,
        }
    }

    /// Takes one message; gives it back when it is valid and was not there before.
    pub fn take(&mut self, arrived: &Arrived) -> Option<Passed> {
        self.messages += 1;
        let now = arrived.at_unix_ms;
        let Some((source, leaf)) = split_topic(&self.prefix, &arrived.topic) else {
            self.fault(FaultKind::Invalid, &arrived.topic, "a topic of no box", now);
            return None;
        };
        let message = match read(source, leaf, &arrived.payload) {
            Ok(Message::Ours) => return None,
            Ok(message) => message,
            Err(why) => {
                self.fault(FaultKind::Invalid, source, &format!("{leaf}: {why}"), now);
                return None;
            }
        };
        let known = self.boxes.entry(source.to_owned()).or_default();
        let mut found = Vec::new();
        let fresh = known.take(&message, &mut found);
        if let Some(tolerance_ms) = self.tolerance_ms
            && let Some(why) = clock_of(&message, arrived, tolerance_ms)
        {
            match why {
                Some(why) if !known.clock_wrong => {
                    known.clock_wrong = true;
                    found.push((FaultKind::Clock, why));
                }
                Some(_) => {}
                None => known.clock_wrong = false,
            }
        }
        for (kind, why) in found {
            self.fault(kind, source, &why, now);
        }
        fresh.then(|| Passed {
            source: source.to_owned(),
            message,
        })
    }

    fn fault(&mut self, kind: FaultKind, source: &str, why: &str, at_unix_ms: i64) {
        *self.counts.entry(kind).or_default() += 1;
        if self.faults.len() == FAULTS_KEPT {
            self.faults.pop_front();
        }
        self.faults.push_back(Fault {
            kind,
            source: source.into(),
            why: why.into(),
            at_unix_ms,
        });
    }
}

impl BoxWatch {
    /// Whether the message says something that was not known.
    fn take(&mut self, message: &Message, found: &mut Vec<(FaultKind, String)>) -> bool {
        match message {
            Message::Status(status) => return self.status(status),
            Message::Summary(_) => self.summaries += 1,
            Message::Meta(meta) => {
                self.base = meta["store"]["acked_seq"].as_u64().unwrap_or(self.base);
            }
            Message::Event(event) => return self.event(event, found),
            Message::Gap(_, gap, _) => {
                // What is still in the box's log but could not be sent says nothing of the chain.
                let knows = !matches!(gap.reason, GapReason::Unreadable | GapReason::TooLarge);
                let chain = knows.then_some(gap.chain.as_str());
                let taken = self.runs.take(gap.from, gap.to, None, chain);
                self.announced += taken.fresh;
                self.chain(taken.broken, found);
                return taken.fresh > 0;
            }
            _ => {}
        }
        true
    }

    /// Up to which number nothing is missing here, and the hash of the chain there, as far as it is known; `None`: nothing beyond
    /// what the box knows already.
    #[must_use]
    pub fn watermark(&self) -> Option<(u64, Option<&str>)> {
        self.runs.prefix(self.base)
    }

    /// A will of an older connection says nothing.
    fn status(&mut self, status: &StatusRecord) -> bool {
        if !status.online && self.session.as_ref().is_some_and(|s| *s != status.session) {
            return false;
        }
        let was = self.online.replace(status.online);
        self.session = Some(status.session.clone());
        let lost = status.reason.as_deref() == Some("connection_lost");
        if lost && was == Some(true) {
            self.wills += 1;
        }
        true
    }

    fn event(&mut self, event: &EventMessage, found: &mut Vec<(FaultKind, String)>) -> bool {
        let (seq, record) = (event.record.seq, &event.record);
        if !event.hash_holds {
            found.push((
                FaultKind::Chain,
                format!("record {seq} does not have its hash"),
            ));
        }
        // Hall and box are the same for all of one source.
        let short_id = format!("{}/{}", record.record.event_id, record.record.rev);
        let short_hash: String = record.hash.chars().take(HASH_CHARS).collect();
        let same_id = self.recent.iter().find(|(_, id, _)| *id == short_id);
        let same_seq = self.recent.iter().find(|(number, _, _)| *number == seq);
        let why = match (same_id, same_seq) {
            (Some((number, _, _)), _) if *number != seq => {
                Some(format!("{} came as number {number} and as {seq}", event.id))
            }
            (Some((_, _, hash)), _) if *hash != short_hash => {
                Some(format!("{} came with two contents", event.id))
            }
            (None, Some((_, id, _))) => {
                Some(format!("number {seq} came as {id} and as {}", event.id))
            }
            _ => None,
        };
        if let Some(why) = why {
            found.push((FaultKind::Duplicate, why));
            return false;
        }
        if seq == 1 && record.prev != GENESIS {
            found.push((
                FaultKind::Chain,
                "the first record has one before it".into(),
            ));
        }
        let taken = self
            .runs
            .take(seq, seq, Some(&record.prev), Some(&record.hash));
        self.chain(taken.broken, found);
        if taken.fresh == 0 {
            self.repeats += 1;
            return false;
        }
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((seq, short_id, short_hash));
        self.records += 1;
        self.late += u64::from(event.late);
        let r = &record.record;
        if r.state != "open" {
            self.open.remove(&r.event_id);
            self.ended.insert(r.event_id.clone(), r.rev);
        } else if self.ended.get(&r.event_id).is_none_or(|rev| *rev < r.rev) {
            self.open.insert(r.event_id.clone(), r.level.clone());
        }
        if self.runs.is_whole() {
            self.ended.clear();
        }
        true
    }

    fn chain(&self, broken: Vec<u64>, found: &mut Vec<(FaultKind, String)>) {
        for seq in broken {
            let why = format!("record {seq} does not follow the one before it");
            found.push((FaultKind::Chain, why));
        }
    }
}

/// What the message says of its box's clock: nothing, `None` for right, or what is wrong.
fn clock_of(message: &Message, arrived: &Arrived, tolerance_ms: i64) -> Option<Option<String>> {
    let now = arrived.at_unix_ms;
    let (time, clock, may_be_old): (&str, Option<ClockQuality>, bool) = match message {
        Message::Event(e) => {
            let r = &e.record.record;
            (&r.updated, Some(r.clock), e.late)
        }
        Message::Window(state) => (&state.at, None, true),
        // A will was written when its connection began.
        Message::Status(status) => (&status.at, None, !status.online || arrived.retained),
        Message::Summary(summary) => (&summary.to, None, true),
        _ => return None,
    };
    let ahead_ms = parse_rfc3339(time).ok()?.0 - now;
    Some(if clock.is_some_and(|c| !c.synced) {
        Some("its clock is not believed by the box itself".into())
    } else if ahead_ms > tolerance_ms {
        Some(format!("its clock is {} s ahead of ours", ahead_ms / 1000))
    } else if !may_be_old && -ahead_ms > tolerance_ms + 60_000 {
        Some(format!("its clock is {} s behind ours", -ahead_ms / 1000))
    } else if may_be_old {
        // Old times are allowed here, so they prove nothing right.
        return None;
    } else {
        None
    })
}
