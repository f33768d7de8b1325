//! Boxes that count a record as arrived only when the centre has it for good: the centre acknowledges, and nothing is lost whatever
//! the broker forgets while the centre is away.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[path = "../../edge-uplink/tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use edge_uplink::store::mem::MemStore;
use edge_uplink::{AckBy, EventStore, MqttVersion};
use hall_central::report::Expected;
use hall_central::{CentralError, Fleet, Follow, FollowConfig, Report};
use support::broker::{Broker, Memory, Subscriber, until};
use support::certificates::{Authority, VALID, listener};
use support::uplink::{ROOT, Running, config_in};
use support::{clock, record};
use tokio_util::sync::CancellationToken;

fn follow_config(port: u16, dir: &Path) -> FollowConfig {
    FollowConfig {
        host: "127.0.0.1".into(),
        port,
        tls: None,
        login: None,
        client_id: "centre".into(),
        filters: vec!["hall/v1/#".into()],
        prefix: "hall/v1".into(),
        clock_tolerance: None,
        state: Some(dir.join("state")),
        ndjson: Some(dir.join("all.jsonl")),
        postgres: None,
        ack: true,
        board_rows: 5,
    }
}

/// The test's states are not those of a real hall, and would be counted as invalid.
fn of_events(broker: &Broker, dir: &Path) -> FollowConfig {
    FollowConfig {
        filters: vec![format!("{ROOT}/status"), format!("{ROOT}/event")],
        ..follow_config(broker.port, dir)
    }
}

struct Following {
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<Fleet>,
}

async fn follow(cfg: FollowConfig) -> Following {
    let follow = Follow::open(cfg, clock()).await.unwrap();
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    Following {
        cancel,
        task: tokio::spawn(async move { follow.run(token).await.unwrap() }),
    }
}

impl Following {
    async fn stop(self) -> Fleet {
        self.cancel.cancel();
        self.task.await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_without_memory_dies_while_the_centre_is_away_and_nothing_is_lost() {
    let mut broker = Broker::start(Memory::Forgets);
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn EventStore> = Arc::new(MemStore::new(clock()));
    let mut cfg = config_in(MqttVersion::V3, broker.port);
    cfg.ack = AckBy::Centre;
    cfg.resend_after = Duration::from_secs(1);
    let up = Running::start(cfg, store.clone());
    let mut n = 0;
    for round in 0..3 {
        let centre = follow(of_events(&broker, dir.path())).await;
        for _ in 0..30 {
            n += 1;
            up.append(&[record(n, 1)]);
        }
        until("acknowledged by the centre", 60, || store.acked() == n).await;
        if round % 2 == 0 {
            centre.stop().await;
        } else {
            centre.task.abort();
        }
        // The centre is away: the broker takes these for its session, dies, and remembers nothing.
        for _ in 0..20 {
            n += 1;
            up.append(&[record(n, 1)]);
        }
        until("with the broker", 60, || up.status().broker_has == n).await;
        assert_eq!(store.acked(), n - 20, "the broker's word moves nothing");
        broker.kill();
        n += 1;
        up.append(&[record(n, 1)]);
        broker.restart();
        until("back, and nobody is there", 60, || {
            up.status().connected && up.status().broker_has == n
        })
        .await;
        assert_eq!(store.acked(), n - 21);
    }
    let centre = follow(of_events(&broker, dir.path())).await;
    until("all acknowledged", 60, || store.acked() == n).await;
    let fleet = centre.stop().await;
    let expected = Expected {
        source: ROOT.strip_prefix("hall/v1").unwrap().into(),
        last_seq: n,
        last_hash: store.stats().last_hash,
    };
    let report = Report::of(&fleet, &[expected]);
    assert!(report.is_clean(), "{}", report.text());
    assert_eq!(report.records, n);
    let kept = std::fs::read_to_string(dir.path().join("all.jsonl")).unwrap();
    let ids: BTreeSet<String> = kept
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line["topic"].as_str().unwrap().ends_with("/event"))
        .map(|line| line["payload"]["id"].to_string())
        .collect();
    assert_eq!(ids.len() as u64, n, "what was acknowledged is in the file");
    up.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_centre_that_begins_later_acknowledges_from_where_the_box_says_it_stands() {
    let broker = Broker::start(Memory::Forgets);
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn EventStore> = Arc::new(MemStore::new(clock()));
    store
        .append(&(1..=10).map(|n| record(n, 1)).collect::<Vec<_>>())
        .unwrap();
    // Counted as arrived by the broker's word, before the centre was asked to acknowledge.
    store.set_acked(10).unwrap();
    let mut cfg = config_in(MqttVersion::V3, broker.port);
    cfg.ack = AckBy::Centre;
    let up = Running::start(cfg, store.clone());
    let mut live = support::uplink::live();
    let golden = include_str!("../../hall-wire/tests/golden/meta.json");
    live.meta = serde_json::from_str(golden).unwrap();
    live.meta["store"]["acked_seq"] = 10.into();
    up.live.send_replace(Arc::new(live));
    let sub = Subscriber::start(broker.port, "watch").await;
    until("told", 20, || {
        (sub.json("/meta").iter()).any(|meta| meta["store"]["acked_seq"] == 10)
    })
    .await;
    let centre = follow(follow_config(broker.port, dir.path())).await;
    up.append(&[record(11, 1), record(12, 1)]);
    until("acknowledged", 60, || store.acked() == 12).await;
    let told = sub.json("/ack");
    let last = told.last().unwrap();
    assert_eq!(
        (&last["acked_seq"], &last["hash"]),
        (&12.into(), &store.stats().last_hash.into())
    );
    centre.stop().await;
    up.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_centre_proves_itself_with_a_certificate_and_acknowledges_nothing_it_does_not_keep() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ours = Authority::new(dir, "ours");
    let server = ours.sign(dir, "server", &["127.0.0.1"], VALID);
    let broker = Broker::start_with(Memory::Forgets, &listener(&server, Some(&ours)));
    let mut cfg = follow_config(broker.port, dir);
    cfg.tls = ours.trusted(Some(ours.sign(dir, "centre", &[], VALID)));
    let follow = Follow::open(cfg.clone(), clock()).await.unwrap();
    let (progress, cancel) = (follow.progress(), CancellationToken::new());
    let task = tokio::spawn(follow.run(cancel.clone()));
    until("connected by mutual TLS", 20, || {
        progress.borrow().connected
    })
    .await;
    cancel.cancel();
    task.await.unwrap().unwrap();

    cfg.ndjson = None;
    let refused = Follow::open(cfg, clock()).await;
    assert!(matches!(refused, Err(CentralError::NothingKept)));
}
