//! The event log on sled 0.34: appends, reads, retention, and staying usable when the disk is full or the database breaks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use hall_wire::event::{EventRecord, SealedRecord};

use super::ballast::Ballast;
use super::codec::{GapReason, GapRecord, LineKind, LogLine, finite, seal};
use super::head::Head;
use super::query::{Query, TimeField};
use super::sled_open::{self, head_path, lock_dir, put_gap};
use super::sled_trees::{Index, Tail, Trees};
use super::trim::{TrimPlan, TrimPolicy, Trimmed, Unacked};
use super::{EventStore, StoreStats, checkpoint};
use crate::clock::{Stopwatch, WallFn};
use crate::error::StoreError;

/// Lines looked at in one go while trimming.
const TRIM_CHUNK: usize = 512;
/// What is trimmed of acknowledged records when the disk is full: a tenth, at least this many bytes.
const FULL_TRIM_MIN_BYTES: u64 = 1 << 20;

/// Where and how the log is kept.
#[derive(Clone)]
pub struct StoreConfig {
    /// Storage directory: holds `events/`, `head.json`, `checkpoint`, `reserve` and `store.lock`.
    pub dir: PathBuf,
    /// Bytes of the database's page cache. sled's own default of 1 GiB is too much for a box.
    pub cache_bytes: u64,
    /// Bytes set aside on the disk for recovery from a full one; 0 for none.
    pub reserve_bytes: u64,
    /// Wall clock, for gaps and for naming a log that was set aside.
    pub clock: WallFn,
}

impl StoreConfig {
    /// 32 MiB of cache and 16 MiB of reserve.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, clock: WallFn) -> Self {
        StoreConfig {
            dir: dir.into(),
            cache_bytes: 32 << 20,
            reserve_bytes: 16 << 20,
            clock,
        }
    }
}

/// An open log.
pub struct Opened {
    /// The log.
    pub store: SledStore,
    /// Where a damaged log was set aside; tell a person.
    pub quarantined: Option<PathBuf>,
}

/// The [`EventStore`] on sled.
pub struct SledStore {
    cfg: StoreConfig,
    /// Held as long as the store lives, through reopening and quarantine.
    _lock: std::fs::File,
    /// `None` while the database could not be reopened, and after close. Readers hold the read side for the whole call,
    /// so that no handle is left when the database has to be closed and opened again.
    trees: RwLock<Option<Trees>>,
    /// Taken by writers first, always before `trees`.
    state: Mutex<State>,
    last_seq: AtomicU64,
    acked: AtomicU64,
    skipped: AtomicU64,
}

struct State {
    tail: Tail,
    ballast: Ballast,
    last_flush_us: u64,
    degraded: Option<String>,
    quarantined: Option<PathBuf>,
    closed: bool,
}

impl SledStore {
    /// Opens or creates the log.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it, [`StoreError::Full`] when the disk is full even without the
    /// reserve, [`StoreError::Io`] when the directory cannot be used. A damaged log is no error: see [`Opened`].
    pub fn open(cfg: StoreConfig) -> Result<Opened, StoreError> {
        let lock = lock_dir(&cfg.dir)?;
        let mut ballast = Ballast::new(cfg.dir.join("reserve"), cfg.reserve_bytes);
        let loaded = match sled_open::open(&cfg) {
            Err(error) if error.is_full() && ballast.free() => {
                tracing::warn!(%error, "The disk is full; the reserve was given up to open the event log.");
                sled_open::open(&cfg)
            }
            other => other,
        }?;
        ballast.restore();
        let quarantined = loaded.quarantined.clone();
        let store = SledStore {
            _lock: lock,
            last_seq: AtomicU64::new(loaded.tail.last_seq),
            acked: AtomicU64::new(loaded.acked),
            skipped: AtomicU64::new(0),
            trees: RwLock::new(Some(loaded.trees)),
            state: Mutex::new(State {
                tail: loaded.tail,
                ballast,
                last_flush_us: 0,
                degraded: None,
                quarantined: loaded.quarantined,
                closed: false,
            }),
            cfg,
        };
        store.save_head(&store.state().tail);
        Ok(Opened { store, quarantined })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_trees<T>(
        &self,
        f: impl FnOnce(&Trees) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let trees = self.trees.read().unwrap_or_else(PoisonError::into_inner);
        match trees.as_ref() {
            Some(trees) => f(trees),
            None => Err(self.unavailable("closed, or waiting for the disk")),
        }
    }

    fn unavailable(&self, detail: &str) -> StoreError {
        StoreError::Unavailable {
            dir: self.cfg.dir.clone(),
            detail: detail.into(),
        }
    }

    /// One durable write: `op` stores lines and moves the tail, then everything is flushed, then the new tail counts.
    /// After an error the database is opened afresh, because sled refuses all work after its first failed write, and
    /// the write is tried once more.
    fn write<T>(
        &self,
        op: impl Fn(&Trees, &mut Tail) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut state = self.state();
        if state.closed {
            return Err(self.unavailable("closed"));
        }
        let result = match self.try_write(&mut state, &op) {
            Ok(value) => Ok(value),
            Err(error) => {
                tracing::warn!(%error, "The event log could not be written; opening it afresh.");
                self.reopen(&mut state, &error)
                    .and_then(|()| self.try_write(&mut state, &op))
            }
        };
        match &result {
            Ok(_) => {
                if state.degraded.take().is_some() {
                    tracing::info!("The event log can be written again.");
                }
                state.ballast.restore();
            }
            Err(error) => {
                state.degraded = Some(error.to_string());
                // A poisoned database would also refuse to be read correctly later; the next write opens it afresh.
                self.drop_trees();
            }
        }
        result
    }

    fn try_write<T>(
        &self,
        state: &mut State,
        op: impl Fn(&Trees, &mut Tail) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut tail = state.tail.clone();
        let (value, flush_us) = self.read_trees(|trees| {
            let value = op(trees, &mut tail)?;
            trees.put_tail(&tail)?;
            let watch = Stopwatch::start();
            trees.flush()?;
            Ok((value, watch.elapsed().as_micros() as u64))
        })?;
        state.last_flush_us = flush_us;
        self.adopt(state, tail);
        Ok(value)
    }

    /// Makes a durable tail the one that counts.
    fn adopt(&self, state: &mut State, tail: Tail) {
        state.tail = tail;
        self.save_head(&state.tail);
        self.last_seq.store(state.tail.last_seq, Ordering::Release);
    }

    /// The records are durable without it, so a failure is only told: the head is needed when the database is lost.
    fn save_head(&self, tail: &Tail) {
        let head = Head::new(
            tail.last_seq,
            &tail.last_hash,
            self.acked.load(Ordering::Acquire),
        );
        if let Err(error) = head.save(&head_path(&self.cfg.dir)) {
            tracing::warn!(%error, "head.json could not be written; it is tried again with the next batch.");
        }
    }

    fn drop_trees(&self) {
        let trees = self
            .trees
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if catch_unwind(AssertUnwindSafe(|| drop(trees))).is_err() {
            tracing::warn!("The database panicked while closing.");
        }
    }

    fn reopen(&self, state: &mut State, cause: &StoreError) -> Result<(), StoreError> {
        self.drop_trees();
        if cause.is_full() && state.ballast.free() {
            tracing::warn!("The disk is full; the reserve was given up for the event log.");
        }
        let loaded = match sled_open::open(&self.cfg) {
            Err(error) if error.is_full() && state.ballast.free() => sled_open::open(&self.cfg),
            other => other,
        }?;
        if loaded.quarantined.is_some() {
            state.quarantined = loaded.quarantined;
        }
        self.acked.fetch_max(loaded.acked, Ordering::AcqRel);
        *self.trees.write().unwrap_or_else(PoisonError::into_inner) = Some(loaded.trees);
        self.adopt(state, loaded.tail);
        if cause.is_full() {
            let live = state.tail.counts.live_bytes;
            let policy = TrimPolicy {
                now: (self.cfg.clock)(),
                max_age_ms: None,
                max_live_bytes: Some(live.saturating_sub((live / 10).max(FULL_TRIM_MIN_BYTES))),
                unacked: Unacked::Keep,
            };
            let acked = self.acked.load(Ordering::Acquire);
            let trimmed = self.try_write(state, |trees, tail| {
                trim_oldest(trees, tail, acked, &policy)
            })?;
            tracing::warn!(
                lines = trimmed.lines,
                "Oldest acknowledged records were dropped because the disk is full."
            );
        }
        Ok(())
    }
}

fn append_all(
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

fn trim_oldest(
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

impl EventStore for SledStore {
    fn append(&self, records: &[EventRecord]) -> Result<Vec<SealedRecord>, StoreError> {
        self.write(|trees, tail| append_all(trees, tail, records))
    }

    fn note_loss(&self, count: u64, reason: GapReason) -> Result<GapRecord, StoreError> {
        self.write(|trees, tail| {
            let to = tail.last_seq + count.max(1);
            let gap = GapRecord::new(
                tail.last_seq + 1,
                to,
                reason,
                (self.cfg.clock)(),
                &tail.last_hash,
            );
            put_gap(trees, tail, &gap)?;
            Ok(gap)
        })
    }

    fn read(&self, from_seq: u64, max: usize) -> Result<Vec<LogLine>, StoreError> {
        let (lines, skipped) = self.read_trees(|trees| trees.lines(from_seq, max))?;
        self.skipped.fetch_add(skipped, Ordering::Relaxed);
        Ok(lines)
    }

    fn query(&self, query: &Query) -> Result<Vec<SealedRecord>, StoreError> {
        self.read_trees(|trees| {
            let mut found = Vec::new();
            let mut visit = |seq: u64| -> Result<bool, StoreError> {
                if found.len() >= query.limit {
                    return Ok(false);
                }
                let Some(sealed) = trees.line(seq)?.and_then(|l| l.record()) else {
                    return Ok(true);
                };
                let wanted = query.matches(&sealed)
                    && (!query.latest_only
                        || trees.revision(&sealed.record)?.1 == Some(sealed.record.rev));
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
                (None, Some((kind, id)), _) => {
                    trees.walk_down(Index::Subject(kind, id), before, visit)?
                }
                (None, None, Some(code)) => trees.walk_down(Index::Code(code), before, visit)?,
                (None, None, None) => trees.walk_down(Index::Log, before, visit)?,
            }
            Ok(found)
        })
    }

    fn open_events(&self) -> Result<Vec<SealedRecord>, StoreError> {
        self.read_trees(|trees| {
            let mut open = Vec::new();
            for seq in trees.open_seqs()? {
                open.extend(trees.line(seq)?.and_then(|l| l.record()));
            }
            Ok(open)
        })
    }

    fn last_seq(&self) -> u64 {
        self.last_seq.load(Ordering::Acquire)
    }

    fn acked(&self) -> u64 {
        self.acked.load(Ordering::Acquire)
    }

    fn set_acked(&self, seq: u64) -> Result<(), StoreError> {
        let seq = seq.min(self.last_seq());
        if self.acked.fetch_max(seq, Ordering::AcqRel) >= seq {
            return Ok(());
        }
        self.read_trees(|trees| trees.put_acked(self.acked()))
    }

    fn trim(&self, policy: &TrimPolicy) -> Result<Trimmed, StoreError> {
        self.write(|trees, tail| trim_oldest(trees, tail, self.acked(), policy))
    }

    fn stats(&self) -> StoreStats {
        let state = self.state();
        let measured = self.read_trees(|trees| Ok((trees.lines(0, 1)?.0, trees.disk_bytes())));
        let (first, disk_bytes) = measured.unwrap_or_default();
        StoreStats {
            records: state.tail.counts.records,
            first_seq: first.first().map_or(0, |l| l.from),
            last_seq: state.tail.last_seq,
            last_hash: state.tail.last_hash.clone(),
            acked: self.acked(),
            live_bytes: state.tail.counts.live_bytes,
            disk_bytes,
            last_flush_us: state.last_flush_us,
            degraded: state.degraded.clone(),
            skipped: self.skipped.load(Ordering::Relaxed),
            reserve_ready: state.ballast.ready(),
            quarantined: state.quarantined.clone(),
        }
    }

    fn checkpoint_save(&self, bytes: &[u8]) -> Result<(), StoreError> {
        checkpoint::save(&self.cfg.dir.join("checkpoint"), bytes)
    }

    fn checkpoint_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        checkpoint::load(&self.cfg.dir.join("checkpoint"))
    }

    fn close(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.closed {
            return Ok(());
        }
        state.closed = true;
        let flushed = self.read_trees(Trees::flush);
        self.save_head(&state.tail);
        self.drop_trees();
        flushed
    }
}
