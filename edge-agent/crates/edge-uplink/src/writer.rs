//! The store thread: takes events, appends them in batches, and only then lets the rest of the box know they exist.
//! Knows no database.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hall_wire::event::EventRecord;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout_at;

use crate::clock::tick;
use crate::error::StoreError;
use crate::store::{EventStore, GapReason};

/// A batch is written when it holds so many events …
const BATCH_MAX: usize = 64;
/// … or this long after its first one.
const BATCH_WAIT: Duration = Duration::from_millis(50);
/// Between two tries while the log cannot be written.
const RETRY: Duration = Duration::from_millis(500);
/// At the end, for so long it is tried to write what is left.
const DRAIN_WAIT: Duration = Duration::from_secs(3);
/// Events that may wait in memory while the log cannot be written: days of a busy hall, a few MB. When they are more,
/// the oldest go and their number is recorded as a gap.
const RING_MAX: usize = 4096;

/// Something to do once everything handed over before it is durable: telling somebody so. Dropped undone when the writer ends
/// or some of that was lost.
pub struct Receipt(Box<dyn FnOnce() + Send>);

impl Receipt {
    /// `tell` is called on the store thread and must not wait.
    #[must_use]
    pub fn new(tell: impl FnOnce() + Send + 'static) -> Self {
        Receipt(Box::new(tell))
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt")
    }
}

/// What the hall hands to the writer, in order.
#[derive(Debug)]
pub enum StoreItem {
    /// An event to keep.
    Event(Box<EventRecord>),
    /// The engine's checkpoint after all events handed over before it. Only the newest counts, and it is saved only once
    /// those events are durable: a checkpoint must never know of an event that a crash could still lose.
    Checkpoint(Vec<u8>),
    /// Tells when all of the above is durable.
    Receipt(Receipt),
}

/// Receipts that may wait while the log cannot be written; of more the oldest are dropped.
const RECEIPTS_MAX: usize = 256;

/// How the writer is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriterStatus {
    /// Events waiting in memory, not durable and not visible yet.
    pub waiting: usize,
    /// Events lost because the ring overflowed, since the start.
    pub lost: u64,
    /// Why the last write failed; `None` when it did not.
    pub last_error: Option<String>,
}

/// Appends events to the log, in order.
///
/// Input is a bounded channel: senders wait while a batch is written. While the log *cannot* be written, events move
/// into a ring in memory instead, so that judging goes on.
pub struct StoreWriter {
    store: Arc<dyn EventStore>,
    rx: mpsc::Receiver<StoreItem>,
    seq_tx: watch::Sender<u64>,
    status_tx: watch::Sender<WriterStatus>,
    ring: VecDeque<EventRecord>,
    checkpoint: Option<Vec<u8>>,
    receipts: VecDeque<Receipt>,
    ring_max: usize,
    /// Lost since the last gap was stored.
    lost_unrecorded: u64,
}

impl StoreWriter {
    /// A writer; `seq_tx` tells the highest durable sequence number.
    #[must_use]
    pub fn new(
        store: Arc<dyn EventStore>,
        rx: mpsc::Receiver<StoreItem>,
        seq_tx: watch::Sender<u64>,
    ) -> Self {
        StoreWriter {
            store,
            rx,
            seq_tx,
            status_tx: watch::Sender::new(WriterStatus::default()),
            ring: VecDeque::new(),
            checkpoint: None,
            receipts: VecDeque::new(),
            ring_max: RING_MAX,
            lost_unrecorded: 0,
        }
    }

    /// The same with room for `events` in memory.
    #[must_use]
    pub fn with_ring(mut self, events: usize) -> Self {
        self.ring_max = events.max(1);
        self
    }

    /// How the writer is doing, to watch while it runs.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<WriterStatus> {
        self.status_tx.subscribe()
    }

    /// Runs until every sender is gone and what they sent is stored. Blocks; give it a thread of its own.
    ///
    /// # Errors
    /// At the end, when events were left that could not be stored within 3 s: they are lost.
    pub fn run(mut self) -> Result<(), StoreError> {
        self.seq_tx.send_replace(self.store.last_seq());
        let runtime = match tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
        {
            Ok(runtime) => runtime,
            Err(source) => {
                return Err(StoreError::Io {
                    what: "start the store's timer",
                    path: "store".into(),
                    source,
                });
            }
        };
        // Only channel and timer are awaited; the store itself is called outside, so that blocking is plain blocking.
        while runtime.block_on(self.gather()) {
            self.store_ring();
        }
        let deadline = runtime.block_on(async { tick() }) + DRAIN_WAIT;
        while let Err(error) = self.try_store() {
            if runtime.block_on(async { tick() }) >= deadline {
                tracing::error!(%error, events = self.ring.len(), "Events could not be stored before the end and are lost.");
                return Err(error);
            }
            runtime.block_on(async { tokio::time::sleep(RETRY).await });
        }
        Ok(())
    }

    /// Waits for events, or while some are waiting to be retried for the next try. False when no more can come.
    async fn gather(&mut self) -> bool {
        let idle = self.lost_unrecorded == 0
            && self.ring.is_empty()
            && self.checkpoint.is_none()
            && self.receipts.is_empty();
        if idle {
            match self.rx.recv().await {
                Some(item) => self.keep(item),
                None => return false,
            }
            let deadline = tick() + BATCH_WAIT;
            while self.ring.len() < BATCH_MAX {
                match timeout_at(deadline, self.rx.recv()).await {
                    Ok(Some(item)) => self.keep(item),
                    // The closed channel is seen again by the next call, after this batch.
                    Ok(None) | Err(_) => break,
                }
            }
            return true;
        }
        let deadline = tick() + RETRY;
        loop {
            match timeout_at(deadline, self.rx.recv()).await {
                Ok(Some(item)) => self.keep(item),
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }

    fn keep(&mut self, item: StoreItem) {
        let record = match item {
            StoreItem::Event(record) => *record,
            StoreItem::Checkpoint(bytes) => {
                self.checkpoint = Some(bytes);
                return;
            }
            StoreItem::Receipt(receipt) => {
                if self.receipts.len() >= RECEIPTS_MAX {
                    self.receipts.pop_front();
                }
                self.receipts.push_back(receipt);
                return;
            }
        };
        if self.ring.len() >= self.ring_max {
            self.ring.pop_front();
            // Whose event that was is not known: nobody waiting is told that all is well.
            self.receipts.clear();
            self.lost_unrecorded += 1;
            self.status_tx.send_modify(|s| s.lost += 1);
        }
        self.ring.push_back(record);
    }

    fn store_ring(&mut self) {
        let failing = self.status_tx.borrow().last_error.is_some();
        match self.try_store() {
            Err(error) if !failing => {
                tracing::error!(%error, "Events cannot be stored; they wait in memory.")
            }
            Err(error) => {
                tracing::debug!(%error, waiting = self.ring.len(), "Events still cannot be stored.")
            }
            Ok(()) if failing => tracing::info!("Waiting events were stored."),
            Ok(()) => {}
        }
    }

    fn try_store(&mut self) -> Result<(), StoreError> {
        let result = self.store_all();
        self.told(result.as_ref().err().map(ToString::to_string));
        result
    }

    fn store_all(&mut self) -> Result<(), StoreError> {
        if self.lost_unrecorded > 0 {
            let gap = self
                .store
                .note_loss(self.lost_unrecorded, GapReason::RingOverflow)?;
            tracing::error!(
                from = gap.from,
                to = gap.to,
                "Events were lost while the log could not be written; a gap is recorded."
            );
            self.lost_unrecorded = 0;
            self.seq_tx.send_replace(self.store.last_seq());
        }
        while !self.ring.is_empty() {
            let batch: Vec<EventRecord> = self.ring.iter().take(BATCH_MAX).cloned().collect();
            self.store.append(&batch)?;
            self.ring.drain(..batch.len());
            self.seq_tx.send_replace(self.store.last_seq());
        }
        if let Some(bytes) = &self.checkpoint {
            self.store.checkpoint_save(bytes)?;
            self.checkpoint = None;
        }
        for Receipt(tell) in self.receipts.drain(..) {
            tell();
        }
        Ok(())
    }

    fn told(&self, error: Option<String>) {
        let waiting = self.ring.len();
        self.status_tx.send_if_modified(|status| {
            let changed = status.waiting != waiting || status.last_error != error;
            status.waiting = waiting;
            status.last_error = error;
            changed
        });
    }
}
