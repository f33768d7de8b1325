//! The event log's contract: gapless sequence, hash chain, durable before visible. Knows no database and no network.

pub mod ballast;
pub mod checkpoint;
pub mod codec;
pub mod head;
pub mod mem;
pub mod query;
pub mod salvage;
pub mod sled;
mod sled_keys;
mod sled_open;
mod sled_rebuild;
mod sled_search;
mod sled_trees;
mod sled_writes;
pub mod trim;

use std::path::PathBuf;

use hall_wire::event::{EventRecord, SealedRecord};

pub use self::codec::{GapReason, GapRecord, LineKind, LogLine};
pub use self::query::{Query, TimeField};
pub use self::sled::{Opened, SledStore, StoreConfig};
pub use self::trim::{TrimPolicy, Trimmed, Unacked};
use crate::error::StoreError;

/// The event log.
///
/// Every call may block on the disk: async code calls it from a blocking thread. All methods may be used from any
/// thread; appends are serialised.
pub trait EventStore: Send + Sync {
    /// Seals and stores the records in order; when it returns they survive a power cut.
    ///
    /// Sequence numbers follow [`last_seq`](Self::last_seq) without a gap. A record that is already stored word for word
    /// (same event, same revision) is not stored twice: the stored one is returned, so a batch may be retried. A
    /// revision number already used by the same event for other content is raised to the next free one, because
    /// `event_id` and `rev` are the receiver's de-duplication key.
    ///
    /// # Errors
    /// Nothing of the batch counts as stored; the batch may be given again.
    fn append(&self, records: &[EventRecord]) -> Result<Vec<SealedRecord>, StoreError>;

    /// Uses up `count` sequence numbers for records that were lost before they could be stored.
    ///
    /// # Errors
    /// When the gap could not be stored.
    fn note_loss(&self, count: u64, reason: GapReason) -> Result<GapRecord, StoreError>;

    /// Up to `max` lines from sequence number `from_seq` on, in order, exactly as stored. Values of an unknown version
    /// are left out and counted in [`StoreStats::skipped`].
    ///
    /// # Errors
    /// When the log cannot be read.
    fn read(&self, from_seq: u64, max: usize) -> Result<Vec<LogLine>, StoreError>;

    /// Records that match, newest (highest sequence number) first.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn query(&self, query: &Query) -> Result<Vec<SealedRecord>, StoreError>;

    /// Latest revision of every event still open, oldest first.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn open_events(&self) -> Result<Vec<SealedRecord>, StoreError>;

    /// Highest sequence number given out; 0 before the first.
    fn last_seq(&self) -> u64;

    /// Everything up to here has reached the centre.
    fn acked(&self) -> u64;

    /// Moves the cursor forward (never back, never past [`last_seq`](Self::last_seq)). Not flushed at once: after a
    /// power cut some records may be sent again, which receivers de-duplicate.
    ///
    /// # Errors
    /// When the log cannot be written.
    fn set_acked(&self, seq: u64) -> Result<(), StoreError>;

    /// Removes the oldest lines by age and size.
    ///
    /// # Errors
    /// When the log cannot be written.
    fn trim(&self, policy: &TrimPolicy) -> Result<Trimmed, StoreError>;

    /// How the log is doing.
    fn stats(&self) -> StoreStats;

    /// Keeps the engine's checkpoint, replacing the one before atomically.
    ///
    /// # Errors
    /// When it could not be written; the one before is still there.
    fn checkpoint_save(&self, bytes: &[u8]) -> Result<(), StoreError>;

    /// The last checkpoint kept; `None` when there is none or it is damaged.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    fn checkpoint_load(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Flushes and closes; later calls fail with [`StoreError::Unavailable`].
    ///
    /// # Errors
    /// When the last flush failed.
    fn close(&self) -> Result<(), StoreError>;
}

/// How the log is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreStats {
    /// Event records kept.
    pub records: u64,
    /// Lowest sequence number kept; 0 when empty.
    pub first_seq: u64,
    /// Highest given out.
    pub last_seq: u64,
    /// Hash of the last record: the head of the chain.
    pub last_hash: String,
    /// Cursor.
    pub acked: u64,
    /// Bytes of the lines kept, without the database's own overhead.
    pub live_bytes: u64,
    /// Bytes the database takes on disk (a high-water mark: it never shrinks).
    pub disk_bytes: u64,
    /// How long the last flush to the medium took, in microseconds.
    pub last_flush_us: u64,
    /// Why the log cannot be written at present; `None` when all is well.
    pub degraded: Option<String>,
    /// Values of an unknown version that were left out since the start.
    pub skipped: u64,
    /// The reserve that is freed when the disk is full is in place.
    pub reserve_ready: bool,
    /// A damaged log was set aside here since the start.
    pub quarantined: Option<PathBuf>,
}
