//! What is said at the end: found faults, counts, and whether all that was published arrived. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::watch::{Fault, FaultKind, Fleet};

/// What one box had published when it stopped, as `edge-agent fleet --report` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// CloudEvents source.
    pub source: String,
    /// Highest number.
    pub last_seq: u64,
    /// Hash of its last record.
    pub last_hash: String,
}

/// A hole in a box's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hole {
    /// Box.
    pub source: String,
    /// First missing number.
    pub from: u64,
    /// Last missing number.
    pub to: u64,
}

/// The final report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Boxes heard of.
    pub boxes: u64,
    /// Of these, online.
    pub online: u64,
    /// Messages.
    pub messages: u64,
    /// Records, each counted once.
    pub records: u64,
    /// Of these, marked late.
    pub late: u64,
    /// Deliveries of a record that was there already: no fault, de-duplication by id removes them.
    pub repeats: u64,
    /// Live summaries.
    pub summaries: u64,
    /// Wills.
    pub wills: u64,
    /// Events open.
    pub open_events: u64,
    /// Numbers that boxes announced as gone.
    pub announced_gone: u64,
    /// Numbers missing.
    pub missing: u64,
    /// Where, the first hundred.
    pub gaps: Vec<Hole>,
    /// Duplicates that stay after de-duplication by id.
    pub lasting_duplicates: u64,
    /// Records that do not have their hash or do not follow the one before.
    pub chain_faults: u64,
    /// Messages that are not as the contract says.
    pub invalid: u64,
    /// Boxes found with a wrong clock.
    pub clock_faults: u64,
    /// Compared with what was published: boxes whose last hash differs.
    pub wrong_heads: u64,
    /// The newest faults word for word.
    pub faults: Vec<Fault>,
}

impl Report {
    /// Of what the fleet is known to be now. With `expected`, every number from 1 to the last published one must be there.
    #[must_use]
    pub fn of(fleet: &Fleet, expected: &[Expected]) -> Self {
        let sum = |of: fn(&crate::watch::BoxWatch) -> u64| fleet.boxes.values().map(of).sum();
        let count = |kind| fleet.counts.get(&kind).copied().unwrap_or(0);
        let mut holes: BTreeMap<&str, Vec<(u64, u64)>> = (fleet.boxes.iter())
            .map(|(source, known)| (source.as_str(), known.runs.holes()))
            .collect();
        let mut wrong_heads = 0;
        for e in expected.iter().filter(|e| e.last_seq > 0) {
            let known = fleet.boxes.get(&e.source);
            let missing = known.map_or_else(
                || vec![(1, e.last_seq)],
                |b| b.runs.missing_in(1, e.last_seq),
            );
            let head = known.and_then(|b| b.runs.head());
            wrong_heads += u64::from(head != Some(e.last_hash.as_str()));
            holes.insert(&e.source, missing);
        }
        let gaps: Vec<Hole> = (holes.iter())
            .flat_map(|(source, holes)| {
                holes.iter().map(|&(from, to)| Hole {
                    source: (*source).to_owned(),
                    from,
                    to,
                })
            })
            .collect();
        Report {
            boxes: fleet.boxes.len() as u64,
            online: sum(|b| u64::from(b.online == Some(true))),
            messages: fleet.messages,
            records: sum(|b| b.records),
            late: sum(|b| b.late),
            repeats: sum(|b| b.repeats),
            summaries: sum(|b| b.summaries),
            wills: sum(|b| b.wills),
            open_events: sum(|b| b.open.len() as u64),
            announced_gone: sum(|b| b.announced),
            missing: gaps.iter().map(|h| h.to - h.from + 1).sum(),
            gaps: gaps.into_iter().take(100).collect(),
            lasting_duplicates: count(FaultKind::Duplicate),
            chain_faults: count(FaultKind::Chain),
            invalid: count(FaultKind::Invalid),
            clock_faults: count(FaultKind::Clock),
            wrong_heads,
            faults: fleet.faults.iter().cloned().collect(),
        }
    }

    /// Nothing is missing, doubled, broken, invalid or out of time.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let faults = [
            self.missing,
            self.lasting_duplicates,
            self.chain_faults,
            self.invalid,
            self.clock_faults,
            self.wrong_heads,
        ];
        faults.iter().all(|n| *n == 0)
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "boxes {} ({} online), messages {}, records {} ({} late), repeats {}, summaries {}, wills {}, open events {}\n\
             gaps {} (numbers missing {}, announced as gone {}), lasting duplicates {}, chain faults {}, invalid {}, clock faults {}, wrong heads {}\n",
            self.boxes,
            self.online,
            self.messages,
            self.records,
            self.late,
            self.repeats,
            self.summaries,
            self.wills,
            self.open_events,
            self.gaps.len(),
            self.missing,
            self.announced_gone,
            self.lasting_duplicates,
            self.chain_faults,
            self.invalid,
            self.clock_faults,
            self.wrong_heads,
        );
        for hole in self.gaps.iter().take(10) {
            text += &format!("missing at {}: {} to {}\n", hole.source, hole.from, hole.to);
        }
        for fault in self.faults.iter().rev().take(10) {
            text += &format!("{:?} at {}: {}\n", fault.kind, fault.source, fault.why);
        }
        text
    }
}
