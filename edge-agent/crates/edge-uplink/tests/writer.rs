//! The store thread: batches, order, back-pressure, durable before visible.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use edge_uplink::store::mem::MemStore;
use edge_uplink::writer::{Receipt, StoreItem};
use edge_uplink::{
    EventStore, GapReason, GapRecord, LogLine, Query, StoreError, StoreStats, StoreWriter,
    TrimPolicy, Trimmed,
};
use hall_wire::event::{EventRecord, SealedRecord};
use support::{clock, record};
use tokio::sync::{mpsc, watch};

/// A store whose disk can fail and be slow.
struct Failing {
    inner: MemStore,
    broken: AtomicBool,
    batches: Mutex<Vec<usize>>,
    gate: (Mutex<bool>, Condvar),
    loss_calls: AtomicUsize,
}

impl Failing {
    fn new() -> Arc<Failing> {
        Arc::new(Failing {
            inner: MemStore::new(clock()),
            broken: AtomicBool::new(false),
            batches: Mutex::new(Vec::new()),
            gate: (Mutex::new(true), Condvar::new()),
            loss_calls: AtomicUsize::new(0),
        })
    }

    fn set_gate(&self, open: bool) {
        *self.gate.0.lock().unwrap() = open;
        self.gate.1.notify_all();
    }

    fn ready(&self) -> Result<(), StoreError> {
        let open = self.gate.0.lock().unwrap();
        drop(self.gate.1.wait_while(open, |open| !*open).unwrap());
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Full {
                dir: "disk".into(),
                detail: "test".into(),
            });
        }
        Ok(())
    }
}

impl EventStore for Failing {
    fn append(&self, records: &[EventRecord]) -> Result<Vec<SealedRecord>, StoreError> {
        self.ready()?;
        self.batches.lock().unwrap().push(records.len());
        self.inner.append(records)
    }
    fn note_loss(&self, count: u64, reason: GapReason) -> Result<GapRecord, StoreError> {
        self.ready()?;
        self.loss_calls.fetch_add(1, Ordering::SeqCst);
        self.inner.note_loss(count, reason)
    }
    fn read(&self, from_seq: u64, max: usize) -> Result<Vec<LogLine>, StoreError> {
        self.inner.read(from_seq, max)
    }
    fn query(&self, query: &Query) -> Result<Vec<SealedRecord>, StoreError> {
        self.inner.query(query)
    }
    fn open_events(&self) -> Result<Vec<SealedRecord>, StoreError> {
        self.inner.open_events()
    }
    fn last_seq(&self) -> u64 {
        self.inner.last_seq()
    }
    fn acked(&self) -> u64 {
        self.inner.acked()
    }
    fn set_acked(&self, seq: u64) -> Result<(), StoreError> {
        self.inner.set_acked(seq)
    }
    fn trim(&self, policy: &TrimPolicy) -> Result<Trimmed, StoreError> {
        self.inner.trim(policy)
    }
    fn stats(&self) -> StoreStats {
        self.inner.stats()
    }
    fn checkpoint_save(&self, bytes: &[u8]) -> Result<(), StoreError> {
        self.ready()?;
        self.inner.checkpoint_save(bytes)
    }
    fn checkpoint_load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.checkpoint_load()
    }
    fn close(&self) -> Result<(), StoreError> {
        self.inner.close()
    }
}

fn event(n: u64) -> StoreItem {
    StoreItem::Event(Box::new(record(n, 1)))
}

fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn events_are_stored_in_order_in_batches_and_drained_at_the_end() {
    let store = Failing::new();
    store.set_gate(false);
    let (tx, rx) = mpsc::channel(500);
    let (seq_tx, seq_rx) = watch::channel(0);
    let writer = StoreWriter::new(store.clone(), rx, seq_tx);
    let thread = std::thread::spawn(move || writer.run());
    for n in 1..=300 {
        tx.blocking_send(event(n)).unwrap();
    }
    tx.blocking_send(StoreItem::Checkpoint(b"after 300".to_vec()))
        .unwrap();
    assert_eq!(*seq_rx.borrow(), 0, "not visible before it is durable");
    store.set_gate(true);
    drop(tx);
    thread.join().unwrap().unwrap();
    assert_eq!((*seq_rx.borrow(), store.last_seq()), (300, 300));
    let ids: Vec<String> = store
        .read(1, 999)
        .unwrap()
        .iter()
        .map(|l| l.record().unwrap().record.event_id)
        .collect();
    assert_eq!(
        ids,
        (1..=300).map(|n| record(n, 1).event_id).collect::<Vec<_>>()
    );
    let batches = store.batches.lock().unwrap().clone();
    assert!(
        batches.iter().all(|n| *n <= 64) && batches.len() < 20,
        "{batches:?}"
    );
    assert_eq!(
        store.checkpoint_load().unwrap().as_deref(),
        Some(&b"after 300"[..])
    );
}

#[test]
fn slow_disk_makes_senders_wait_instead_of_losing_events() {
    let store = Failing::new();
    store.set_gate(false);
    let (tx, rx) = mpsc::channel(4);
    let (seq_tx, seq_rx) = watch::channel(0);
    let writer = StoreWriter::new(store.clone(), rx, seq_tx);
    let thread = std::thread::spawn(move || writer.run());
    let mut accepted = 0;
    let deadline = Instant::now() + Duration::from_secs(2);
    while Instant::now() < deadline {
        match tx.try_send(event(accepted + 1)) {
            Ok(()) => accepted += 1,
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    assert!(accepted <= 64 + 4, "one batch and the channel: {accepted}");
    store.set_gate(true);
    wait("stored", || *seq_rx.borrow() == accepted);
    drop(tx);
    thread.join().unwrap().unwrap();
}

#[test]
fn broken_disk_keeps_events_in_memory_tells_losses_and_never_a_checkpoint_before_its_events() {
    let store = Failing::new();
    let (tx, rx) = mpsc::channel(4);
    let (seq_tx, seq_rx) = watch::channel(0);
    let writer = StoreWriter::new(store.clone(), rx, seq_tx).with_ring(10);
    let status = writer.status();
    let thread = std::thread::spawn(move || writer.run());
    tx.blocking_send(event(1)).unwrap();
    wait("first", || *seq_rx.borrow() == 1);
    store.broken.store(true, Ordering::SeqCst);
    for n in 2..=21 {
        tx.blocking_send(event(n)).unwrap();
    }
    tx.blocking_send(StoreItem::Checkpoint(b"after 21".to_vec()))
        .unwrap();
    wait("told", || {
        status.borrow().last_error.is_some() && status.borrow().lost == 10
    });
    assert_eq!(
        (*seq_rx.borrow(), store.checkpoint_load().unwrap()),
        (1, None)
    );
    store.broken.store(false, Ordering::SeqCst);
    wait("drained", || {
        *seq_rx.borrow() == 21 && status.borrow().last_error.is_none()
    });
    drop(tx);
    thread.join().unwrap().unwrap();
    let lines = store.read(1, 99).unwrap();
    let gap = lines[1].gap().unwrap();
    assert_eq!(
        (gap.from, gap.to, gap.reason),
        (2, 11, GapReason::RingOverflow)
    );
    assert_eq!(
        lines[2].record().unwrap().record.event_id,
        record(12, 1).event_id
    );
    assert_eq!(
        (lines.len(), store.loss_calls.load(Ordering::SeqCst)),
        (12, 1)
    );
    assert_eq!(
        store.checkpoint_load().unwrap().as_deref(),
        Some(&b"after 21"[..])
    );
}

#[test]
fn writer_ends_in_time_when_the_disk_stays_broken() {
    let store = Failing::new();
    store.broken.store(true, Ordering::SeqCst);
    let (tx, rx) = mpsc::channel(4);
    let writer = StoreWriter::new(store, rx, watch::channel(0).0);
    let thread = std::thread::spawn(move || writer.run());
    tx.blocking_send(event(1)).unwrap();
    drop(tx);
    let began = Instant::now();
    assert!(thread.join().unwrap().is_err());
    assert!(began.elapsed() < Duration::from_secs(6));
}

#[test]
fn a_receipt_tells_when_all_before_it_is_durable_and_never_when_some_of_it_is_lost() {
    let store = Failing::new();
    let (tx, rx) = mpsc::channel(4);
    let writer = StoreWriter::new(store.clone(), rx, watch::channel(0).0).with_ring(10);
    let status = writer.status();
    let thread = std::thread::spawn(move || writer.run());
    let (told, receipts) = std::sync::mpsc::channel();
    let receipt = |n: u64| {
        let (told, store) = (told.clone(), store.clone());
        StoreItem::Receipt(Receipt::new(move || {
            told.send((n, store.last_seq())).unwrap();
        }))
    };
    tx.blocking_send(receipt(0)).unwrap();
    let within = Duration::from_secs(20);
    assert_eq!(receipts.recv_timeout(within), Ok((0, 0)), "nothing before");
    store.broken.store(true, Ordering::SeqCst);
    tx.blocking_send(event(1)).unwrap();
    tx.blocking_send(receipt(1)).unwrap();
    wait("failing", || status.borrow().last_error.is_some());
    assert!(receipts.try_recv().is_err(), "not durable yet");
    store.broken.store(false, Ordering::SeqCst);
    assert_eq!(receipts.recv_timeout(within), Ok((1, 1)));
    store.broken.store(true, Ordering::SeqCst);
    tx.blocking_send(event(2)).unwrap();
    tx.blocking_send(receipt(2)).unwrap();
    for n in 3..=12 {
        tx.blocking_send(event(n)).unwrap();
    }
    wait("one is lost", || status.borrow().lost == 1);
    tx.blocking_send(receipt(3)).unwrap();
    store.broken.store(false, Ordering::SeqCst);
    // The lost one keeps its number, as a gap.
    assert_eq!(receipts.recv_timeout(within), Ok((3, 12)));
    drop((tx, told));
    thread.join().unwrap().unwrap();
    assert!(receipts.try_recv().is_err(), "receipt 2 was dropped");
}
