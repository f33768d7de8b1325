//! One contract, every store: what `EventStore` promises holds for sled and for memory alike.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::path::Path;

use edge_uplink::export::export;
use edge_uplink::store::codec::GENESIS;
use edge_uplink::store::mem::MemStore;
use edge_uplink::store::{SledStore, StoreConfig};
use edge_uplink::verify::{Verified, verify};
use edge_uplink::{EventStore, GapReason, LineKind, Query, TimeField, TrimPolicy, Unacked};
use support::{T0, clock, closed, record, wall};

fn sled(dir: &Path) -> SledStore {
    let opened = SledStore::open(StoreConfig {
        reserve_bytes: 1 << 20,
        ..StoreConfig::new(dir, clock())
    })
    .unwrap();
    assert_eq!(opened.quarantined, None);
    opened.store
}

fn check(claim: impl Fn(&dyn EventStore)) {
    let dir = tempfile::tempdir().unwrap();
    claim(&sled(dir.path()));
    claim(&MemStore::new(clock()));
}

fn exported(store: &dyn EventStore) -> (Vec<u8>, Verified) {
    let mut out = Vec::new();
    export(store, 1, u64::MAX, &mut out).unwrap();
    let verified = verify(&out[..]).unwrap();
    (out, verified)
}

fn seqs(store: &dyn EventStore, query: Query) -> Vec<u64> {
    store.query(&query).unwrap().iter().map(|r| r.seq).collect()
}

#[test]
fn sequence_is_gapless_and_chained() {
    check(|store| {
        assert_eq!((store.last_seq(), store.read(1, 10).unwrap().len()), (0, 0));
        let first = store.append(&[record(1, 1), record(2, 1)]).unwrap();
        let next = store.append(&[record(3, 1)]).unwrap();
        assert_eq!(first[0].prev, GENESIS);
        assert_eq!((first[0].seq, first[1].seq, next[0].seq), (1, 2, 3));
        assert_eq!(
            (&first[1].prev, &next[0].prev),
            (&first[0].hash, &first[1].hash)
        );
        let lines = store.read(2, 10).unwrap();
        assert_eq!(lines.iter().map(|l| l.seq).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(lines[1].record().unwrap(), next[0]);
        let (_, verified) = exported(store);
        assert_eq!(
            (verified.records, verified.last_seq, verified.from_genesis),
            (3, 3, true)
        );
        assert_eq!(verified.last_hash, store.stats().last_hash);
    });
}

#[test]
fn retried_batch_is_stored_once_and_a_used_revision_is_raised() {
    check(|store| {
        let batch = [record(1, 1), record(1, 2), record(2, 1)];
        let first = store.append(&batch).unwrap();
        assert_eq!(store.append(&batch).unwrap(), first);
        assert_eq!(store.last_seq(), 3);
        let other = store.append(&[closed(1, 2)]).unwrap();
        assert_eq!((other[0].seq, other[0].record.rev), (4, 3));
        exported(store);
    });
}

#[test]
fn queries_find_by_window_code_time_and_openness_newest_first() {
    check(|store| {
        let records: Vec<_> = (1..=20).map(|n| record(n, 1)).collect();
        store.append(&records).unwrap();
        store
            .append(&[record(7, 2), closed(7, 3), closed(8, 2)])
            .unwrap();
        let all = Query {
            limit: 1000,
            ..Query::default()
        };
        let window = |w: &str| Some(("window".to_owned(), w.to_owned()));
        let rows: &[(&str, Query, &[u64])] = &[
            (
                "newest three",
                Query {
                    limit: 3,
                    ..all.clone()
                },
                &[23, 22, 21],
            ),
            (
                "next page",
                Query {
                    limit: 3,
                    before_seq: Some(21),
                    ..all.clone()
                },
                &[20, 19, 18],
            ),
            (
                "window",
                Query {
                    subject: window("W3"),
                    ..all.clone()
                },
                &[22, 21, 17, 12, 7, 2],
            ),
            (
                "window page",
                Query {
                    subject: window("W3"),
                    before_seq: Some(17),
                    limit: 2,
                    ..all.clone()
                },
                &[12, 7],
            ),
            (
                "window latest",
                Query {
                    subject: window("W3"),
                    latest_only: true,
                    ..all.clone()
                },
                &[22, 17, 12, 2],
            ),
            (
                "unknown window",
                Query {
                    subject: window("W"),
                    ..all.clone()
                },
                &[],
            ),
            (
                "code",
                Query {
                    code: Some("late_open".into()),
                    ..all.clone()
                },
                &[18, 15, 12, 9, 6, 3],
            ),
            (
                "code and window",
                Query {
                    code: Some("late_open".into()),
                    subject: window("W3"),
                    ..all.clone()
                },
                &[12],
            ),
            (
                "onset range: from is in, to is out",
                Query {
                    from_unix_ms: Some(T0 + 5000),
                    to_unix_ms: Some(T0 + 8000),
                    ..all.clone()
                },
                &[22, 21, 7, 6, 5],
            ),
            (
                "updated range",
                Query {
                    time: TimeField::Updated,
                    from_unix_ms: Some(T0 + 900_000),
                    ..all.clone()
                },
                &[22],
            ),
            (
                "open in a window",
                Query {
                    open_only: true,
                    subject: window("W3"),
                    ..all.clone()
                },
                &[17, 12, 2],
            ),
            (
                "open, limited",
                Query {
                    open_only: true,
                    limit: 2,
                    ..all.clone()
                },
                &[20, 19],
            ),
            (
                "empty range",
                Query {
                    from_unix_ms: Some(T0 + 9000),
                    to_unix_ms: Some(T0 + 8000),
                    ..all.clone()
                },
                &[],
            ),
        ];
        for (name, query, expected) in rows {
            assert_eq!(seqs(store, query.clone()), *expected, "{name}");
        }
        let open: Vec<_> = store.open_events().unwrap().iter().map(|r| r.seq).collect();
        assert_eq!(
            open,
            (1..=20)
                .filter(|n| ![7, 8].contains(n))
                .collect::<Vec<u64>>()
        );
    });
}

#[test]
fn cursor_only_moves_forward_and_never_past_the_end() {
    check(|store| {
        store
            .append(&[record(1, 1), record(2, 1), record(3, 1)])
            .unwrap();
        for (set, expected) in [(2, 2), (1, 2), (9, 3)] {
            store.set_acked(set).unwrap();
            assert_eq!(store.acked(), expected);
        }
    });
}

#[test]
fn trimming_stops_at_the_cursor_unless_told_to_leave_a_gap() {
    check(|store| {
        let records: Vec<_> = (1..=1500).map(|n| record(n, 1)).collect();
        store.append(&records).unwrap();
        store.set_acked(4).unwrap();
        let keep = TrimPolicy {
            now: wall(T0 + 1_000_000_000),
            max_age_ms: Some(0),
            max_live_bytes: Some(0),
            unacked: Unacked::Keep,
        };
        let trimmed = store.trim(&keep).unwrap();
        assert_eq!((trimmed.lines, trimmed.gap), (4, None));
        assert_eq!((store.stats().first_seq, store.stats().records), (5, 1496));

        let live = store.stats().live_bytes;
        let per_line = live / 1496;
        let force = TrimPolicy {
            max_age_ms: None,
            max_live_bytes: Some(live - 600 * per_line),
            unacked: Unacked::Drop,
            ..keep
        };
        let gap = store.trim(&force).unwrap().gap.unwrap();
        assert_eq!((gap.from, gap.reason), (5, GapReason::Retention));
        assert!((600..=620).contains(&gap.to), "{}", gap.to);
        let lines = store.read(1, 2).unwrap();
        assert_eq!(
            (lines[0].kind, lines[0].from, lines[1].seq),
            (LineKind::Gap, 5, gap.to + 1)
        );
        let (_, verified) = exported(store);
        assert_eq!((verified.gaps.len(), verified.records), (1, 1500 - gap.to));

        // A second drop before the first gap was announced is one gap.
        let again = TrimPolicy {
            max_live_bytes: Some(live - 1000 * per_line),
            ..force
        };
        let merged = store.trim(&again).unwrap().gap.unwrap();
        assert!(merged.from == 5 && merged.to > gap.to);
        let (_, verified) = exported(store);
        assert_eq!(
            (verified.gaps.len(), verified.records),
            (1, 1500 - merged.to)
        );
        assert_eq!(store.stats().records, 1500 - merged.to);

        // Nothing to do leaves the gap as it is.
        assert_eq!(
            store
                .trim(&TrimPolicy {
                    max_live_bytes: Some(u64::MAX),
                    ..force
                })
                .unwrap()
                .lines,
            0
        );
        store.append(&[record(2000, 1)]).unwrap();
        exported(store);
        assert!(
            store
                .query(&Query {
                    subject: Some(("window".into(), "W2".into())),
                    limit: 9999,
                    ..Query::default()
                })
                .unwrap()
                .iter()
                .all(|r| r.seq > merged.to)
        );
    });
}

#[test]
fn everything_acknowledged_and_trimmed_leaves_the_numbers_going_on() {
    let dir = tempfile::tempdir().unwrap();
    let last = {
        let store = sled(dir.path());
        store.append(&[record(1, 1), record(2, 1)]).unwrap();
        store.set_acked(2).unwrap();
        let all = TrimPolicy {
            now: wall(T0),
            max_age_ms: None,
            max_live_bytes: Some(0),
            unacked: Unacked::Keep,
        };
        assert_eq!(store.trim(&all).unwrap().lines, 2);
        store.close().unwrap();
        store.stats().last_hash
    };
    let store = sled(dir.path());
    let next = store.append(&[record(3, 1)]).unwrap();
    assert_eq!((next[0].seq, &next[0].prev), (3, &last));
    assert_eq!(
        store.stats().live_bytes,
        store.read(1, 9).unwrap()[0].json.len() as u64
    );
}

#[test]
fn lost_events_use_up_numbers_and_are_told() {
    check(|store| {
        store.append(&[record(1, 1)]).unwrap();
        let gap = store.note_loss(5, GapReason::RingOverflow).unwrap();
        assert_eq!((gap.from, gap.to, store.last_seq()), (2, 6, 6));
        assert_eq!(store.append(&[record(2, 1)]).unwrap()[0].seq, 7);
        assert_eq!(store.read(2, 1).unwrap()[0].gap().unwrap(), gap);
        let (_, verified) = exported(store);
        assert_eq!((verified.records, verified.gaps), (2, vec![gap]));
    });
}

#[test]
fn checkpoint_is_kept_and_replaced() {
    check(|store| {
        assert_eq!(store.checkpoint_load().unwrap(), None);
        for bytes in [&b"one"[..], b"", &[0u8; 100_000]] {
            store.checkpoint_save(bytes).unwrap();
            assert_eq!(store.checkpoint_load().unwrap().as_deref(), Some(bytes));
        }
    });
}

#[test]
fn numbers_that_are_no_numbers_do_not_make_a_record_unreadable() {
    check(|store| {
        let mut r = record(1, 1);
        r.confidence = f64::NAN;
        store.append(&[r.clone()]).unwrap();
        assert_eq!(
            store.read(1, 1).unwrap()[0]
                .record()
                .unwrap()
                .record
                .confidence,
            0.0
        );
        store.append(&[r]).unwrap();
        assert_eq!(store.last_seq(), 1);
    });
}

#[test]
fn one_changed_byte_anywhere_is_found_at_its_record() {
    check(|store| {
        store.append(&[record(1, 1), record(2, 1)]).unwrap();
        store.note_loss(3, GapReason::RingOverflow).unwrap();
        store.append(&[record(3, 1)]).unwrap();
        let (good, _) = exported(store);
        let line_of = |at: usize| good[..at].iter().filter(|b| **b == b'\n').count();
        for at in 0..good.len() {
            for flip in [0x01u8, 0x20, 0x80] {
                let mut bad = good.clone();
                bad[at] ^= flip;
                let Err(edge_uplink::verify::VerifyError::Broken(broken)) = verify(&bad[..]) else {
                    panic!("byte {at} ^ {flip:#x} was not found");
                };
                let line = line_of(at);
                let seq = [1, 2, 3, 6][line];
                assert_eq!(
                    (broken.line, broken.seq),
                    (line as u64 + 1, Some(seq)),
                    "byte {at}: {broken}"
                );
            }
        }
    });
}

#[test]
fn removed_doubled_and_swapped_lines_are_found() {
    let store = MemStore::new(clock());
    store
        .append(&(1..=5).map(|n| record(n, 1)).collect::<Vec<_>>())
        .unwrap();
    let (good, _) = exported(&store);
    let lines: Vec<&[u8]> = good.split_inclusive(|b| *b == b'\n').collect();
    for (name, order, line) in [
        ("removed", vec![0, 1, 3, 4], 3),
        ("doubled", vec![0, 1, 1, 2], 3),
        ("swapped", vec![0, 2, 1], 2),
        ("foreign first", vec![4, 0], 2),
    ] {
        let bad: Vec<u8> = order.iter().flat_map(|i| lines[*i].to_vec()).collect();
        let error = verify(&bad[..]).unwrap_err();
        let edge_uplink::verify::VerifyError::Broken(broken) = error else {
            panic!("{name}: {error}")
        };
        assert_eq!(broken.line, line, "{name}");
    }
    assert!(!verify(&good[lines[0].len()..]).unwrap().from_genesis);
}
