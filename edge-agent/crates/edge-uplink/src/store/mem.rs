//! The event log in memory, for tests and dry runs: the same contract, nothing survives.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hall_wire::event::{EventRecord, SealedRecord};

use super::codec::{GENESIS, GapReason, GapRecord, LineKind, LogLine, finite, seal};
use super::query::Query;
use super::trim::{TrimPlan, TrimPolicy, Trimmed};
use super::{EventStore, StoreStats};
use crate::clock::WallFn;
use crate::error::StoreError;

/// An [`EventStore`] without a disk.
pub struct MemStore {
    clock: WallFn,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    lines: BTreeMap<u64, LogLine>,
    last_seq: u64,
    last_hash: String,
    acked: u64,
    checkpoint: Option<Vec<u8>>,
}

impl MemStore {
    /// An empty log.
    #[must_use]
    pub fn new(clock: WallFn) -> Self {
        MemStore {
            clock,
            inner: Mutex::new(Inner {
                last_hash: GENESIS.into(),
                ..Inner::default()
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn records(&self) -> impl DoubleEndedIterator<Item = SealedRecord> + '_ {
        self.lines.values().filter_map(LogLine::record)
    }

    fn latest(&self) -> BTreeMap<String, SealedRecord> {
        let mut latest: BTreeMap<String, SealedRecord> = BTreeMap::new();
        for r in self.records() {
            let newer = latest
                .get(&r.record.event_id)
                .is_none_or(|have| have.record.rev <= r.record.rev);
            if newer {
                latest.insert(r.record.event_id.clone(), r);
            }
        }
        latest
    }

    fn live_bytes(&self) -> u64 {
        self.lines.values().map(|l| l.json.len() as u64).sum()
    }
}

impl EventStore for MemStore {
    fn append(&self, records: &[EventRecord]) -> Result<Vec<SealedRecord>, StoreError> {
        let mut inner = self.lock();
        let mut out = Vec::with_capacity(records.len());
        for record in records {
            let mut record = finite(record.clone());
            let same = inner
                .records()
                .find(|r| r.record.event_id == record.event_id && r.record.rev == record.rev);
            if let Some(same) = same {
                if same.record == record {
                    out.push(same);
                    continue;
                }
                let highest = inner
                    .latest()
                    .get(&record.event_id)
                    .map_or(0, |r| r.record.rev);
                record.rev = highest.saturating_add(1);
            }
            let seq = inner.last_seq + 1;
            let (sealed, json) = seal(seq, &record, &inner.last_hash)?;
            inner.lines.insert(
                seq,
                LogLine {
                    from: seq,
                    seq,
                    kind: LineKind::Event,
                    json,
                },
            );
            inner.last_seq = seq;
            inner.last_hash.clone_from(&sealed.hash);
            out.push(sealed);
        }
        Ok(out)
    }

    fn note_loss(&self, count: u64, reason: GapReason) -> Result<GapRecord, StoreError> {
        let mut inner = self.lock();
        let (from, to) = (inner.last_seq + 1, inner.last_seq + count.max(1));
        let gap = GapRecord::new(from, to, reason, (self.clock)(), &inner.last_hash);
        inner.lines.insert(to, LogLine::from_gap(&gap));
        inner.last_seq = to;
        Ok(gap)
    }

    fn read(&self, from_seq: u64, max: usize) -> Result<Vec<LogLine>, StoreError> {
        Ok(self
            .lock()
            .lines
            .range(from_seq..)
            .take(max)
            .map(|(_, l)| l.clone())
            .collect())
    }

    fn query(&self, query: &Query) -> Result<Vec<SealedRecord>, StoreError> {
        let inner = self.lock();
        let latest = inner.latest();
        let is_latest = |r: &SealedRecord| {
            latest
                .get(&r.record.event_id)
                .is_some_and(|l| l.seq == r.seq)
        };
        Ok(inner
            .records()
            .rev()
            .filter(|r| query.matches(r))
            .filter(|r| !(query.latest_only || query.open_only) || is_latest(r))
            .filter(|r| !query.open_only || r.record.state == "open")
            .take(query.limit)
            .collect())
    }

    fn open_events(&self) -> Result<Vec<SealedRecord>, StoreError> {
        let mut open: Vec<_> = self
            .lock()
            .latest()
            .into_values()
            .filter(|r| r.record.state == "open")
            .collect();
        open.sort_by_key(|r| r.seq);
        Ok(open)
    }

    fn last_seq(&self) -> u64 {
        self.lock().last_seq
    }

    fn acked(&self) -> u64 {
        self.lock().acked
    }

    fn set_acked(&self, seq: u64) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.acked = inner.acked.max(seq.min(inner.last_seq));
        Ok(())
    }

    fn trim(&self, policy: &TrimPolicy) -> Result<Trimmed, StoreError> {
        let mut inner = self.lock();
        let mut plan = TrimPlan::new(*policy, inner.acked, inner.live_bytes());
        let gone: Vec<LogLine> = inner
            .lines
            .values()
            .take_while(|line| plan.removes(line))
            .cloned()
            .collect();
        for line in &gone {
            inner.lines.remove(&line.seq);
        }
        let gap = plan.gap();
        if let Some(gap) = &gap {
            inner.lines.insert(gap.to, LogLine::from_gap(gap));
        }
        Ok(Trimmed {
            lines: gone.len() as u64,
            bytes: gone.iter().map(|l| l.json.len() as u64).sum(),
            gap,
        })
    }

    fn stats(&self) -> StoreStats {
        let inner = self.lock();
        StoreStats {
            records: inner
                .lines
                .values()
                .filter(|l| l.kind == LineKind::Event)
                .count() as u64,
            first_seq: inner.lines.values().next().map_or(0, |l| l.from),
            last_seq: inner.last_seq,
            last_hash: inner.last_hash.clone(),
            acked: inner.acked,
            live_bytes: inner.live_bytes(),
            reserve_ready: true,
            ..StoreStats::default()
        }
    }

    fn checkpoint_save(&self, bytes: &[u8]) -> Result<(), StoreError> {
        self.lock().checkpoint = Some(bytes.to_vec());
        Ok(())
    }

    fn checkpoint_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.lock().checkpoint.clone())
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
