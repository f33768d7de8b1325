//! The event log on sled 0.34: appends, reads, retention, and staying usable when the disk is full or the database breaks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use hall_wire::event::{EventRecord, SealedRecord};

use super::ballast::Ballast;
use super::codec::{GapReason, GapRecord, LogLine};
use super::head::Head;
use super::query::Query;
use super::sled_open::{self, Doubt, head_path, lock_dir, put_gap};
use super::sled_search::search;
use super::sled_trees::{Tail, Trees};
use super::sled_writes::{append_all, trim_oldest};
use super::trim::{TrimPolicy, Trimmed, Unacked};
use super::{EventStore, StoreStats, checkpoint};
use crate::clock::{Stopwatch, WallFn};
use crate::error::StoreError;

/// There while the log is open, and after an end without closing it.
const RUNNING: &str = "running";
/// What is trimmed of acknowledged records when the disk is full: a tenth, at least this many bytes.
const FULL_TRIM_MIN_BYTES: u64 = 1 << 20;

/// Where and how the log is kept.
#[derive(Clone)]
pub struct StoreConfig {
    /// Storage directory: holds `events/`, `head.json`, `checkpoint`, `reserve`, `running` and `store.lock`.
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
    /// How often the database was opened.
    opened: AtomicU64,
    /// Taken by writers first, always before `trees`.
    state: Mutex<State>,
    last_seq: AtomicU64,
    acked: AtomicU64,
    skipped: AtomicU64,
}

struct State {
    tail: Tail,
    ballast: Ballast,
    /// Bytes of lines the log may hold while the disk is full.
    cap: Option<u64>,
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
        let running = cfg.dir.join(RUNNING);
        let doubt = if running.exists() {
            Doubt::Unclean
        } else {
            Doubt::None
        };
        let loaded = match sled_open::open(&cfg, doubt) {
            Err(error) if error.is_full() && ballast.free() => {
                tracing::warn!(%error, "The disk is full; the reserve was given up to open the event log.");
                sled_open::open(&cfg, doubt)
            }
            other => other,
        }?;
        // Without the mark an unclean end is not noticed next time, which costs a check and nothing else.
        if let Err(error) = std::fs::write(&running, b"") {
            tracing::warn!(%error, "The mark of a running agent could not be written.");
        }
        ballast.restore();
        let quarantined = loaded.quarantined.clone();
        let store = SledStore {
            _lock: lock,
            last_seq: AtomicU64::new(loaded.tail.last_seq),
            acked: AtomicU64::new(loaded.acked),
            skipped: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            trees: RwLock::new(Some(loaded.trees)),
            state: Mutex::new(State {
                tail: loaded.tail,
                ballast,
                cap: None,
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

    fn with_trees<T>(
        &self,
        f: impl FnOnce(&Trees) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let trees = self.trees.read().unwrap_or_else(PoisonError::into_inner);
        match trees.as_ref() {
            Some(trees) => f(trees),
            None => Err(self.unavailable("closed, or waiting for the disk")),
        }
    }

    /// A read. Damage that only shows when a record is read is dealt with as damage found at the start: the log is
    /// checked, set aside and salvaged, and the read is tried once more.
    fn read_trees<T>(&self, f: impl Fn(&Trees) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let opened = self.opened.load(Ordering::Acquire);
        match self.with_trees(&f) {
            Err(error @ StoreError::Damaged { .. }) => {
                let mut state = self.state();
                // Another reader may have met the same damage and be done with it.
                if !state.closed && self.opened.load(Ordering::Acquire) == opened {
                    tracing::error!(%error, "The event log is damaged; checking it.");
                    if let Err(error) = self.reopen(&mut state, &error) {
                        state.degraded = Some(error.to_string());
                        return Err(error);
                    }
                }
                drop(state);
                self.with_trees(f)
            }
            other => other,
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
        let tried = match state.cap {
            Some(cap) => self
                .trim_to_cap(&mut state, cap)
                .and_then(|()| self.try_write(&mut state, &op)),
            None => self.try_write(&mut state, &op),
        };
        let result = match tried {
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
                if state.ballast.ready() {
                    state.cap = None;
                }
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
        let (value, flush_us) = self.with_trees(|trees| {
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
        let doubt = match cause {
            StoreError::Damaged { .. } => Doubt::Damage,
            _ => Doubt::None,
        };
        let loaded = match sled_open::open(&self.cfg, doubt) {
            Err(error) if error.is_full() && state.ballast.free() => {
                sled_open::open(&self.cfg, doubt)
            }
            other => other,
        }?;
        if loaded.quarantined.is_some() {
            state.quarantined = loaded.quarantined;
        }
        self.acked.fetch_max(loaded.acked, Ordering::AcqRel);
        *self.trees.write().unwrap_or_else(PoisonError::into_inner) = Some(loaded.trees);
        self.opened.fetch_add(1, Ordering::AcqRel);
        self.adopt(state, loaded.tail);
        if cause.is_full() {
            let live = state.tail.counts.live_bytes;
            let cap = live.saturating_sub((live / 10).max(FULL_TRIM_MIN_BYTES));
            state.cap = Some(cap);
            self.trim_to_cap(state, cap)?;
        }
        Ok(())
    }

    /// While the disk is full the log may not grow: every new record takes the place of an old acknowledged one.
    fn trim_to_cap(&self, state: &mut State, cap: u64) -> Result<(), StoreError> {
        if state.tail.counts.live_bytes <= cap {
            return Ok(());
        }
        let policy = TrimPolicy {
            now: (self.cfg.clock)(),
            max_age_ms: None,
            max_live_bytes: Some(cap),
            unacked: Unacked::Keep,
        };
        let acked = self.acked.load(Ordering::Acquire);
        let trimmed = self.try_write(state, |trees, tail| {
            trim_oldest(trees, tail, acked, &policy)
        })?;
        if trimmed.lines > 0 {
            tracing::warn!(
                lines = trimmed.lines,
                "Oldest acknowledged records were dropped because the disk is full."
            );
        }
        Ok(())
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
        self.read_trees(|trees| search(trees, query))
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
        self.with_trees(|trees| trees.put_acked(self.acked()))
    }

    fn trim(&self, policy: &TrimPolicy) -> Result<Trimmed, StoreError> {
        self.write(|trees, tail| trim_oldest(trees, tail, self.acked(), policy))
    }

    fn stats(&self) -> StoreStats {
        let state = self.state();
        let measured = self.with_trees(|trees| Ok((trees.lines(0, 1)?.0, trees.disk_bytes())));
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
        let flushed = self.with_trees(Trees::flush);
        self.save_head(&state.tail);
        self.drop_trees();
        if flushed.is_ok() {
            // Left behind it only means a longer next start.
            let _ = std::fs::remove_file(self.cfg.dir.join(RUNNING));
        }
        flushed
    }
}
