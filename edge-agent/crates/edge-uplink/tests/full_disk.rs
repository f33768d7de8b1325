//! A really full disk: a small tmpfs. Judging goes on, nothing acknowledged is lost, and what is lost is told.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use edge_uplink::export::export;
use edge_uplink::store::{SledStore, StoreConfig};
use edge_uplink::verify::{Verified, verify};
use edge_uplink::writer::StoreItem;
use edge_uplink::{EventStore, GapReason, StoreWriter};
use support::{clock, record};
use tokio::sync::{mpsc, watch};

/// A 24 MB file system of our own.
struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    fn mount(test: &str) -> Option<Disk> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
            .arg(dir.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Disk { dir }),
            other => {
                say_skipped(&format!(
                    "{test}: mounting a tmpfs is not permitted here ({other:?})"
                ));
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Takes every byte that is left.
    fn fill(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        let mut file = File::create(&path).unwrap();
        for block in [65_536, 4096, 1] {
            while file.write_all(&vec![7; block]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.dir.path()).status();
    }
}

fn open(disk: &Disk) -> SledStore {
    let cfg = StoreConfig {
        reserve_bytes: 4 << 20,
        ..StoreConfig::new(disk.path().join("store"), clock())
    };
    SledStore::open(cfg).unwrap().store
}

fn sound(store: &dyn EventStore) -> Verified {
    let mut out = Vec::new();
    export(store, 1, u64::MAX, &mut out).unwrap();
    verify(&out[..]).unwrap()
}

fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn full_disk_is_survived_on_the_reserve_and_nothing_acknowledged_is_lost() {
    let Some(disk) =
        Disk::mount("full_disk_is_survived_on_the_reserve_and_nothing_acknowledged_is_lost")
    else {
        return;
    };
    let store = open(&disk);
    assert!(store.stats().reserve_ready);
    let mut stored = 0;
    while stored < 2000 {
        store
            .append(
                &(stored..stored + 50)
                    .map(|n| record(n, 1))
                    .collect::<Vec<_>>(),
            )
            .unwrap();
        stored += 50;
    }
    store.set_acked(1500).unwrap();
    let filler = disk.fill("filler");
    // The reserve carries on far enough to trim what the centre has, and later writes use that space again.
    let mut next = || {
        let batch: Vec<_> = (stored..stored + 50).map(|n| record(n, 1)).collect();
        store.append(&batch)?;
        stored += 50;
        store.set_acked(stored - 500)
    };
    for _ in 0..100 {
        next().expect("5000 records more on a full disk, as long as there are records to trim");
    }
    assert!(
        store.stats().first_seq > 1,
        "acknowledged records were trimmed"
    );
    assert!(
        store.stats().first_seq <= store.acked() + 1,
        "unacknowledged ones were not"
    );
    assert!(!store.stats().reserve_ready);
    // The database needs a little more with every turn, so that without help it ends some day.
    let failed = (0..400).find_map(|_| next().err());
    println!("stored {stored} in all, then {failed:?}");
    fs::remove_file(&filler).unwrap();
    if let Some(error) = failed {
        assert!(error.is_full(), "{error}");
        assert!(store.stats().degraded.is_some());
        wait("usable again", || {
            store.append(&[record(999_999, 1)]).is_ok()
        });
        assert_eq!(store.stats().degraded, None);
    }
    let last = store.last_seq();
    assert!(last >= stored);
    let verified = sound(&store);
    assert_eq!((verified.last_seq, verified.gaps.len()), (last, 0));
    store.close().unwrap();
    drop(store);
    let store = open(&disk);
    assert_eq!(sound(&store).last_seq, last);
    assert!(
        store.stats().reserve_ready,
        "the reserve is back with the space"
    );
}

#[test]
fn judging_goes_on_while_the_disk_stays_full_and_losses_are_told() {
    let Some(disk) = Disk::mount("judging_goes_on_while_the_disk_stays_full_and_losses_are_told")
    else {
        return;
    };
    let store: Arc<dyn EventStore> = Arc::new(open(&disk));
    let (tx, rx) = mpsc::channel(8);
    let (seq_tx, seq_rx) = watch::channel(0);
    let writer = StoreWriter::new(store.clone(), rx, seq_tx).with_ring(100);
    let status = writer.status();
    let thread = std::thread::spawn(move || writer.run());
    let mut n = 0;
    let mut send = |count: u64| {
        for _ in 0..count {
            n += 1;
            let began = Instant::now();
            tx.blocking_send(StoreItem::Event(Box::new(record(n, 1))))
                .unwrap();
            assert!(
                began.elapsed() < Duration::from_secs(5),
                "judging waits for the disk"
            );
        }
        n
    };
    let before = send(200);
    wait("stored", || *seq_rx.borrow() == before);
    let filler = disk.fill("filler");
    // Nothing is acknowledged, so nothing may be trimmed: the reserve is all there is.
    let mut refill = 0;
    let mut last = before;
    while status.borrow().last_error.is_none() {
        last = send(50);
        wait("stored or refused", || {
            *seq_rx.borrow() == last || status.borrow().last_error.is_some()
        });
        refill += 1;
        disk.fill(&format!("filler{refill}"));
        assert!(refill < 200, "the disk is never full");
    }
    let durable = *seq_rx.borrow();
    assert_eq!(
        store.last_seq(),
        durable,
        "what waits in memory is not visible"
    );
    last = send(300).max(last);
    wait("ring overflow is counted", || status.borrow().lost > 0);
    let lost = status.borrow().lost;
    fs::remove_file(&filler).unwrap();
    for i in 1..=refill {
        fs::remove_file(disk.path().join(format!("filler{i}"))).unwrap();
    }
    wait("drained", || {
        status.borrow().waiting == 0 && status.borrow().last_error.is_none()
    });
    drop(tx);
    thread.join().unwrap().unwrap();
    let lost = status.borrow().lost.max(lost);
    assert_eq!(store.last_seq(), last, "stored and lost numbers add up");
    let verified = sound(store.as_ref());
    println!(
        "{last} sent, {lost} lost and told, {} stored",
        verified.records
    );
    assert_eq!(verified.records, last - lost);
    assert!(
        verified
            .gaps
            .iter()
            .all(|g| g.reason == GapReason::RingOverflow)
    );
    assert_eq!(
        verified.gaps.iter().map(|g| g.to - g.from + 1).sum::<u64>(),
        lost
    );
}

/// Past the test harness, which would swallow what a passing test prints.
fn say_skipped(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "\nSKIPPED {what}");
}
