//! The subscriber against a real mosquitto and the real uplink: a sound box is clean over restarts, each injected fault is found.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

// The uplink's own test parts: a real broker, a running uplink, records.
#[path = "../../edge-uplink/tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::Arc;

use edge_uplink::EventStore;
use edge_uplink::store::mem::MemStore;
use hall_central::report::Expected;
use hall_central::{Arrived, Fleet, Follow, FollowConfig, Report};
use support::broker::{Broker, Memory, Subscriber, until};
use support::uplink::{ROOT, Running, config};
use support::{T0, clock, closed, record};
use tokio_util::sync::CancellationToken;

const SOURCE: &str = "/51/5119/511921/511921-001/b1";

fn follow_config(port: u16, dir: &Path) -> FollowConfig {
    FollowConfig {
        host: "127.0.0.1".into(),
        port,
        tls: None,
        login: None,
        client_id: "centre".into(),
        filters: vec![format!("{ROOT}/status"), format!("{ROOT}/event")],
        prefix: "hall/v1".into(),
        clock_tolerance: None,
        state: Some(dir.join("state")),
        ndjson: Some(dir.join("all.jsonl")),
        postgres: None,
        ack: false,
        board_rows: 5,
    }
}

struct Following {
    cancel: CancellationToken,
    progress: tokio::sync::watch::Receiver<hall_central::Progress>,
    task: tokio::task::JoinHandle<Fleet>,
}

async fn follow(cfg: FollowConfig) -> Following {
    let follow = Follow::open(cfg, clock()).await.unwrap();
    let (progress, cancel) = (follow.progress(), CancellationToken::new());
    let token = cancel.clone();
    Following {
        cancel,
        progress,
        task: tokio::spawn(async move { follow.run(token).await.unwrap() }),
    }
}

impl Following {
    fn report(&self) -> Arc<Report> {
        self.progress.borrow().report.clone()
    }

    async fn stop(self) -> Fleet {
        self.cancel.cancel();
        self.task.await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_subscriber_misses_nothing_and_writes_each_record_once() {
    let broker = Broker::start(Memory::Forgets);
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn EventStore> = Arc::new(MemStore::new(clock()));
    let up = Running::start(config(broker.port), store.clone());
    let mut n = 0;
    for round in 0..3_u64 {
        let centre = follow(follow_config(broker.port, dir.path())).await;
        until("following", 10, || centre.progress.borrow().connected).await;
        until("known", 10, || {
            centre.report().records == n && centre.report().online == 1
        })
        .await;
        for _ in 0..30 {
            n += 1;
            up.append(&[record(n, 1)]);
        }
        until("followed", 10, || centre.report().records == n).await;
        if round == 1 {
            // As a kill: no snapshot, the journal alone is left.
            centre.task.abort();
        } else {
            centre.stop().await;
        }
        // Nobody listens; the broker keeps it for the session.
        for _ in 0..10 {
            n += 1;
            up.append(&[if n % 2 == 0 {
                record(n, 1)
            } else {
                closed(n, 1)
            }]);
        }
        until("acknowledged", 10, || up.status().acked == n).await;
    }
    let centre = follow(follow_config(broker.port, dir.path())).await;
    until("all there", 10, || centre.report().records == n).await;
    let fleet = centre.stop().await;
    let expected = Expected {
        source: SOURCE.into(),
        last_seq: n,
        last_hash: store.stats().last_hash,
    };
    let report = Report::of(&fleet, std::slice::from_ref(&expected));
    assert!(report.is_clean(), "{}", report.text());
    let text = std::fs::read_to_string(dir.path().join("all.jsonl")).unwrap();
    let events = text.lines().filter(|l| l.contains("/event\"")).count() as u64;
    assert_eq!(events, n, "each record is one line");

    let beyond = Expected {
        last_seq: n + 2,
        ..expected
    };
    let report = Report::of(&fleet, &[beyond]);
    assert_eq!((report.missing, report.is_clean()), (2, false));
    up.stop().await;
}

/// What a real box published: ten records on its event topic.
async fn published() -> Vec<Arrived> {
    let broker = Broker::start(Memory::Forgets);
    let sub = Subscriber::start(broker.port, "centre").await;
    let up = Running::start(config(broker.port), Arc::new(MemStore::new(clock())));
    up.append(&(1..=10).map(|n| record(n, 1)).collect::<Vec<_>>());
    until("all there", 10, || sub.json("/event").len() == 10).await;
    up.stop().await;
    sub.seen()
        .iter()
        .filter(|p| p.topic.ends_with("/event"))
        .map(|p| Arrived {
            topic: p.topic.clone(),
            payload: String::from_utf8(p.payload.to_vec()).unwrap(),
            retained: false,
            at_unix_ms: T0 + 400_000,
        })
        .collect()
}

/// The same record with another hash in place of its own, so that it is sound in itself.
fn resealed(payload: &str, from: &str, to: &str) -> String {
    let changed = payload.replace(from, to);
    assert_ne!(changed, payload, "nothing to change");
    let data = changed.split_once("\"data\":").unwrap().1;
    let body = data.split_once(",\"hash\":\"").unwrap().0;
    let old = data.split_once(",\"hash\":\"").unwrap().1[..64].to_owned();
    changed.replace(
        &old,
        &edge_uplink::store::codec::sha256_hex(body.as_bytes()),
    )
}

fn report_of(messages: &[Arrived], tolerance_ms: Option<i64>) -> Report {
    let mut fleet = Fleet::new("hall/v1", tolerance_ms);
    for message in messages {
        fleet.take(message);
    }
    Report::of(&fleet, &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_injected_fault_is_found_and_only_that() {
    let sound = published().await;
    let figures = |r: &Report| {
        (
            r.missing,
            r.lasting_duplicates,
            r.chain_faults,
            r.invalid,
            r.clock_faults,
        )
    };
    type Row = (
        &'static str,
        fn(&mut Vec<Arrived>),
        (u64, u64, u64, u64, u64),
    );
    let rows: [Row; 11] = [
        ("nothing", |_| {}, (0, 0, 0, 0, 0)),
        (
            "a repetition and a shuffle",
            |m| {
                let again = m[4].clone();
                m.push(again);
                m.swap(1, 7);
            },
            (0, 0, 0, 0, 0),
        ),
        (
            "a lost record",
            |m| {
                m.remove(5);
            },
            (1, 0, 0, 0, 0),
        ),
        (
            "an id with two contents",
            |m| {
                let mut other = m[4].clone();
                other.payload =
                    resealed(&other.payload, "\"customers_max\":2", "\"customers_max\":3");
                m.push(other);
            },
            (0, 1, 0, 0, 0),
        ),
        (
            "a number with two ids",
            |m| {
                let mut other = m[4].clone();
                other.payload = resealed(
                    &other.payload,
                    "01J80000000000000000000005",
                    "01J80000000000000000000099",
                );
                m.push(other);
            },
            (0, 1, 0, 0, 0),
        ),
        (
            "a record changed on the way",
            |m| {
                m[5].payload = m[5]
                    .payload
                    .replace("\"brief_returns\":0", "\"brief_returns\":7")
            },
            (0, 0, 1, 0, 0),
        ),
        (
            "a record exchanged and sealed anew",
            |m| {
                m[5].payload = resealed(&m[5].payload, "\"brief_returns\":0", "\"brief_returns\":7")
            },
            (0, 0, 1, 0, 0),
        ),
        (
            "a payload that is none",
            |m| m[9].payload.truncate(100),
            (0, 0, 0, 1, 0),
        ),
        (
            "an id that is not the record's",
            |m| {
                m[9].payload = m[9]
                    .payload
                    .replacen("/1\",\"source\"", "/2\",\"source\"", 1)
            },
            (0, 0, 0, 1, 0),
        ),
        (
            "a box behind its time",
            |m| m.iter_mut().for_each(|one| one.at_unix_ms += 600_000),
            (0, 0, 0, 0, 1),
        ),
        (
            "a box ahead of its time",
            |m| m.iter_mut().for_each(|one| one.at_unix_ms -= 600_000),
            (0, 0, 0, 0, 1),
        ),
    ];
    for (what, inject, wanted) in rows {
        let mut messages = sound.clone();
        inject(&mut messages);
        // The ten were made over ten seconds, and some are marked late by the age of a test clock.
        for one in &mut messages {
            one.payload = one.payload.replace("\"late\":true}", "\"late\":false}");
        }
        let report = report_of(&messages, Some(120_000));
        assert_eq!(figures(&report), wanted, "{what}: {}", report.text());
        assert_eq!(report.is_clean(), wanted == (0, 0, 0, 0, 0), "{what}");
    }
    let unsynced = |one: &Arrived| Arrived {
        payload: resealed(&one.payload, "\"synced\":true", "\"synced\":false"),
        ..one.clone()
    };
    let report = report_of(&[unsynced(&sound[0])], Some(120_000));
    assert_eq!(report.clock_faults, 1);
    // Whoever asks not to compare clocks is not told.
    assert!(report_of(&[unsynced(&sound[0])], None).is_clean());
}
