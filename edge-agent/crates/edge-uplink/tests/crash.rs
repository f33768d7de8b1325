//! The log through a killed process, a damaged database, and a second opener.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use edge_uplink::export::export;
use edge_uplink::store::{Opened, SledStore, StoreConfig};
use edge_uplink::verify::{Verified, verify};
use edge_uplink::{EventStore, GapReason, StoreError};
use support::{clock, record};

const CHILD_DIR: &str = "EDGE_UPLINK_TEST_WRITER_DIR";

fn open(dir: &Path) -> Opened {
    SledStore::open(StoreConfig {
        reserve_bytes: 1 << 20,
        ..StoreConfig::new(dir, clock())
    })
    .unwrap()
}

fn sound(store: &dyn EventStore) -> Verified {
    let mut out = Vec::new();
    export(store, 1, u64::MAX, &mut out).unwrap();
    verify(&out[..]).unwrap()
}

/// Not a test by itself: the process that is killed. Appends until it dies and prints every acknowledged number.
#[test]
fn child_that_appends_until_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else {
        return;
    };
    let store = open(Path::new(&dir)).store;
    let mut out = std::io::stdout().lock();
    let mut n = store.last_seq();
    loop {
        let batch: Vec<_> = (0..n % 7 + 1).map(|i| record(n + i, 1)).collect();
        let sealed = store.append(&batch).unwrap();
        n += batch.len() as u64;
        let last = sealed.last().unwrap();
        writeln!(out, "stored {} {}", last.seq, last.hash).unwrap();
        out.flush().unwrap();
        if n.is_multiple_of(11) {
            store.set_acked(n / 2).unwrap();
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = (0, String::new());
    for round in 0..25u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child_that_appends_until_killed", "--exact", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let (tx, rx) = std::sync::mpsc::sync_channel(100_000);
        let reader = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut words = line.split(' ').skip_while(|w| !w.ends_with("stored"));
                if let (Some(_), Some(seq), Some(hash)) = (words.next(), words.next(), words.next())
                {
                    tx.send((seq.parse::<u64>().unwrap(), hash.to_owned()))
                        .unwrap();
                }
            }
        });
        let mut last = rx
            .recv_timeout(Duration::from_secs(20))
            .expect("the child writes");
        // Somewhere in its work, at another place in every round.
        std::thread::sleep(Duration::from_micros(3_700 * (round * round % 31)));
        child.kill().unwrap();
        child.wait().unwrap();
        reader.join().unwrap();
        last = rx.try_iter().last().unwrap_or(last);
        assert!(last.0 > acknowledged.0);
        acknowledged = last;

        let opened = open(dir.path());
        assert_eq!(opened.quarantined, None);
        let store = opened.store;
        let line = store.read(acknowledged.0, 1).unwrap().remove(0);
        assert_eq!(line.record().unwrap().hash, acknowledged.1, "round {round}");
        let verified = sound(&store);
        assert!(verified.from_genesis && verified.gaps.is_empty());
        assert!(verified.last_seq >= acknowledged.0);
        assert_eq!(
            (verified.records, store.stats().records),
            (store.last_seq(), store.last_seq())
        );
        assert_eq!(
            store.open_events().unwrap().len() as u64,
            store.last_seq(),
            "the index is complete"
        );
        store.close().unwrap();
    }
    println!("25 kills, {} records", acknowledged.0);
}

fn filled(dir: &Path, n: u64, acked: u64) {
    let store = open(dir).store;
    for i in 1..=n {
        store.append(&[record(i, 1)]).unwrap();
    }
    store.set_acked(acked).unwrap();
    store.checkpoint_save(b"engine").unwrap();
    store.close().unwrap();
}

const MARK: &[u8] = b"{\"seq\":300,";

/// Byte of record 300 on the medium.
fn find_300(bytes: &[u8]) -> usize {
    bytes.windows(MARK.len()).rposition(|w| w == MARK).unwrap() + 40
}

#[test]
fn damaged_log_is_set_aside_salvaged_and_its_numbers_never_used_again() {
    type Damage = fn(&mut Vec<u8>);
    let rows: &[(&str, Damage, u64)] = &[
        (
            "cut in the middle of the last record",
            |db| db.truncate(find_300(db)),
            299,
        ),
        (
            "last record altered",
            |db| {
                *db = {
                    let at = find_300(db);
                    let mut d = std::mem::take(db);
                    d[at] ^= 1;
                    d
                }
            },
            299,
        ),
        ("start overwritten", |db| db[..4096].fill(0), 300),
        ("all rubbish", |db| db.fill(0xA5), 0),
        ("empty", Vec::clear, 0),
    ];
    for (name, damage, expected) in rows {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path(), 300, 280);
        let db = dir.path().join("events/db");
        let mut bytes = fs::read(&db).unwrap();
        damage(&mut bytes);
        fs::write(&db, bytes).unwrap();
        let opened = open(dir.path());
        let store = &opened.store;
        println!("{name}: {:?} {:?}", opened.quarantined, store.stats());
        let aside = opened.quarantined.clone().expect("set aside");
        assert!(
            aside.is_dir()
                && aside
                    .file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with("events.quarantined-2026")
        );
        assert_eq!(store.stats().quarantined, opened.quarantined);
        assert_eq!((store.last_seq(), store.acked()), (300, 280), "{name}");
        assert!(
            store.stats().records.abs_diff(*expected) <= 2,
            "{name}: {}",
            store.stats().records
        );
        assert_eq!(
            store.checkpoint_load().unwrap().as_deref(),
            Some(&b"engine"[..])
        );
        let next = store.append(&[record(1000, 1)]).unwrap();
        assert_eq!(next[0].seq, 301, "{name}");
        let verified = sound(store);
        assert_eq!(verified.last_seq, 301, "{name}");
        if *expected < 300 {
            let gap = verified.gaps.last().unwrap();
            assert_eq!(
                (gap.reason, gap.to),
                (GapReason::Quarantined, 300),
                "{name}"
            );
            assert!(gap.from > 280, "what the centre has is no gap");
        }
        // And once more from disk.
        store.close().unwrap();
        drop(opened);
        let again = open(dir.path());
        assert_eq!(
            (again.quarantined, again.store.last_seq()),
            (None, 301),
            "{name}"
        );
    }
}

/// A small generator, so that a failing seed can be named.
fn next_random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn random_damage_never_stops_the_box_nor_passes_a_changed_record() {
    let master = tempfile::tempdir().unwrap();
    filled(master.path(), 300, 280);
    let original: Vec<String> = {
        let store = open(master.path()).store;
        store
            .read(1, 1000)
            .unwrap()
            .into_iter()
            .map(|l| l.json)
            .collect()
    };
    let (mut aside, mut kept) = (0, 0);
    for seed in 1..=40u64 {
        let dir = tempfile::tempdir().unwrap();
        let copied = Command::new("cp")
            .arg("-r")
            .arg(format!("{}/.", master.path().display()))
            .arg(dir.path())
            .status();
        assert!(copied.unwrap().success());
        let db = dir.path().join("events/db");
        let mut bytes = fs::read(&db).unwrap();
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for _ in 0..=seed % 20 {
            let at = next_random(&mut random) as usize % bytes.len();
            let end = bytes
                .len()
                .min(at + next_random(&mut random) as usize % 600);
            for byte in &mut bytes[at..end] {
                *byte ^= next_random(&mut random) as u8;
            }
        }
        fs::write(&db, bytes).unwrap();
        let opened = open(dir.path());
        let store = &opened.store;
        assert_eq!(
            store.append(&[record(1000, 1)]).unwrap()[0].seq,
            301,
            "seed {seed}"
        );
        let verified = sound(store);
        assert_eq!(verified.last_seq, 301, "seed {seed}");
        for line in store.read(1, 1000).unwrap() {
            if line.gap().is_none() && line.seq <= 300 {
                assert_eq!(line.json, original[line.seq as usize - 1], "seed {seed}");
            }
        }
        // Everything the centre does not have is there or is told.
        assert!(verified.first_seq <= 281, "seed {seed}: {verified:?}");
        aside += u64::from(store.stats().quarantined.is_some());
        kept += verified.records;
    }
    println!(
        "40 damaged logs: {aside} set aside, {kept} of {} records kept",
        40 * 301
    );
}

#[test]
fn numbers_are_not_used_again_even_when_the_head_file_is_lost_with_the_end() {
    for lose_end in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path(), 300, 20);
        fs::remove_file(dir.path().join("head.json")).unwrap();
        if lose_end {
            let db = dir.path().join("events/db");
            let mut bytes = fs::read(&db).unwrap();
            let at = bytes
                .windows(11)
                .position(|w| w == b"{\"seq\":290,")
                .unwrap();
            bytes[at + 40] ^= 1;
            fs::write(&db, bytes).unwrap();
        }
        let opened = open(dir.path());
        assert_eq!(opened.quarantined.is_some(), lose_end);
        assert_eq!(opened.store.append(&[record(1000, 1)]).unwrap()[0].seq, 301);
        let verified = sound(&opened.store);
        assert_eq!((verified.first_seq, verified.last_seq), (1, 301));
        // sled may have written record 290 more than once; then it is not even lost.
        let gaps: Vec<_> = verified.gaps.iter().map(|g| (g.from, g.to)).collect();
        assert!(
            gaps.is_empty() || lose_end && gaps == [(290, 290)],
            "{gaps:?}"
        );
    }
}

#[test]
fn log_that_comes_back_shorter_announces_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 40, 10);
    let backup = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .arg("-r")
        .arg(dir.path().join("events"))
        .arg(backup.path())
        .status()
        .unwrap();
    assert!(copied.success());
    let store = open(dir.path()).store;
    store.append(&[record(100, 1), record(101, 1)]).unwrap();
    store.close().unwrap();
    drop(store);
    fs::remove_dir_all(dir.path().join("events")).unwrap();
    fs::rename(backup.path().join("events"), dir.path().join("events")).unwrap();
    let opened = open(dir.path());
    assert!(opened.quarantined.is_some());
    assert_eq!(opened.store.append(&[record(102, 1)]).unwrap()[0].seq, 43);
    let verified = sound(&opened.store);
    assert_eq!(verified.records, 41);
    assert_eq!(
        verified
            .gaps
            .iter()
            .map(|g| (g.from, g.to))
            .collect::<Vec<_>>(),
        [(41, 42)]
    );
}

#[test]
fn second_opener_is_refused_and_nothing_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path()).store;
    first.append(&[record(1, 1)]).unwrap();
    let Err(error) = SledStore::open(StoreConfig::new(dir.path(), clock())) else {
        panic!("opened twice")
    };
    assert!(matches!(error, StoreError::InUse { .. }));
    assert!(
        error.to_string().contains("another edge-agent is using"),
        "{error}"
    );
    assert!(fs::read_dir(dir.path()).unwrap().all(|e| {
        !e.unwrap()
            .file_name()
            .to_str()
            .unwrap()
            .contains("quarantined")
    }));
    first.append(&[record(2, 1)]).unwrap();
    drop(first);
    assert_eq!(open(dir.path()).store.last_seq(), 2);
}

#[test]
fn directory_that_cannot_be_used_is_an_error_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"x").unwrap();
    let Err(error) = SledStore::open(StoreConfig::new(file.join("store"), clock())) else {
        panic!("opened")
    };
    assert!(error.to_string().contains("file/store"), "{error}");
}
