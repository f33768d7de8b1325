//! The uplink against a real mosquitto: state for late joiners, will and farewell, backlog in order, nothing lost.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use edge_uplink::store::mem::MemStore;
use edge_uplink::store::{SledStore, StoreConfig};
use edge_uplink::{EventStore, GapReason, Mode, MqttVersion};
use serde_json::{Value, json};
use support::broker::{Broker, Gate, Memory, Subscriber, until};
use support::uplink::{ROOT, Running, config_in};
use support::{T0, clock, record};

in_both_versions![
    late_joiner_finds_the_present_state_and_records_arrive_as_stored,
    a_lost_box_is_told_by_its_will_and_a_stopped_one_says_so_itself,
    after_hours_offline_state_comes_first_then_the_backlog_in_order_once,
    no_record_is_missing_after_the_broker_was_killed_again_and_again,
    a_box_killed_before_its_acknowledgements_sends_the_same_ids_again,
    a_record_too_large_to_publish_leaves_a_gap_and_not_a_blockade,
    states_are_repeated_and_old_records_are_late,
];

fn mem() -> Arc<dyn EventStore> {
    Arc::new(MemStore::new(clock()))
}

fn seq(event: &Value) -> u64 {
    event["sequence"].as_str().unwrap().parse().unwrap()
}

/// Events by id, in the order of their first arrival; the same id must always carry the same content but for `late`.
fn unique(sub: &Subscriber) -> Vec<Value> {
    let mut first: BTreeMap<String, Value> = BTreeMap::new();
    let mut order = Vec::new();
    for mut event in sub.json("/event") {
        let id = event["id"].as_str().unwrap().to_owned();
        event["data"]
            .as_object_mut()
            .unwrap()
            .remove("late")
            .unwrap();
        match first.get(&id) {
            Some(before) => assert_eq!(before, &event),
            None => {
                first.insert(id, event.clone());
                order.push(event);
            }
        }
    }
    order
}

async fn late_joiner_finds_the_present_state_and_records_arrive_as_stored(version: MqttVersion) {
    let broker = Broker::start(Memory::Forgets);
    let up = Running::start(config_in(version, broker.port), mem());
    until("connected", 10, || up.status().connected).await;
    up.append(&[record(1, 1), record(2, 1)]);
    until("acknowledged", 10, || up.status().acked == 2).await;
    let sub = Subscriber::start(broker.port, "late").await;
    until("retained", 10, || sub.seen().len() >= 6).await;
    let got: BTreeMap<String, Value> = sub
        .seen()
        .iter()
        .map(|p| {
            assert!(p.retain, "{}", p.topic);
            (
                p.topic.strip_prefix(ROOT).unwrap().to_owned(),
                serde_json::from_slice(&p.payload).unwrap(),
            )
        })
        .collect();
    assert_eq!(
        got.keys().collect::<Vec<_>>(),
        [
            "/meta",
            "/state/queue/Q1",
            "/state/window/W1",
            "/state/window/W2",
            "/status",
            "/summary/live"
        ]
    );
    assert_eq!(got["/status"]["online"], true);
    assert_eq!(got["/status"]["v"], 1);
    assert_eq!(got["/status"]["session"].as_str().unwrap().len(), 26);
    assert_eq!(got["/state/window/W1"]["state"], "staffed");

    // A change goes out at once, a vanished window is cleared, and events are stored bytes.
    let mut changed = support::uplink::live();
    changed.windows.remove("W2");
    changed
        .windows
        .insert("W1".into(), json!({"v": 1, "state": "unstaffed"}));
    up.live.send_replace(Arc::new(changed));
    up.append(&[record(3, 1)]);
    until("change and event", 10, || {
        sub.json("/state/window/W1").len() == 2 && !sub.json("/event").is_empty()
    })
    .await;
    until("cleared", 10, || {
        sub.seen()
            .iter()
            .any(|p| p.topic.ends_with("/W2") && p.payload.is_empty())
    })
    .await;
    let published = sub
        .seen()
        .into_iter()
        .find(|p| p.topic.ends_with("/event"))
        .unwrap();
    assert!(!published.retain);
    let stored = up.store.read(3, 1).unwrap()[0].json.clone();
    let expected = format!("\"data\":{},\"late\":", stored.strip_suffix('}').unwrap());
    assert!(
        String::from_utf8(published.payload.to_vec())
            .unwrap()
            .contains(&expected)
    );
    assert_eq!(up.status().mode, Mode::Live);
    until("cursor stored", 5, || up.store.acked() == 3).await;
    up.stop().await;
}

async fn a_lost_box_is_told_by_its_will_and_a_stopped_one_says_so_itself(version: MqttVersion) {
    let broker = Broker::start(Memory::Forgets);
    let sub = Subscriber::start(broker.port, "watch").await;
    let up = Running::start(config_in(version, broker.port), mem());
    until("birth", 10, || sub.json("/status").len() == 1).await;
    // Dropping the task closes the socket without a DISCONNECT, as a power cut does.
    up.task.abort();
    until("will", 10, || sub.json("/status").len() == 2).await;
    let told = sub.json("/status");
    assert_eq!(
        (&told[1]["online"], &told[1]["reason"]),
        (&json!(false), &json!("connection_lost"))
    );
    assert_eq!(told[0]["session"], told[1]["session"]);

    let up = Running::start(config_in(version, broker.port), mem());
    until("birth again", 10, || sub.json("/status").len() == 3).await;
    for n in 1..=20 {
        up.append(&[record(n, 1)]);
    }
    let store = up.store.clone();
    up.stop().await;
    until("farewell", 10, || sub.json("/status").len() == 4).await;
    let told = sub.json("/status");
    assert_eq!(
        (&told[3]["online"], &told[3]["reason"]),
        (&json!(false), &json!("stopping"))
    );
    assert_ne!(told[2]["session"], told[0]["session"]);
    assert_eq!(store.acked(), 20, "what fits is sent before the farewell");
    // A subscriber that comes later, and so after every will could have been sent, finds the farewell.
    let late = Subscriber::start(broker.port, "late").await;
    until("retained farewell", 10, || late.json("/status").len() == 1).await;
    assert_eq!(late.json("/status")[0]["reason"], "stopping");
}

async fn after_hours_offline_state_comes_first_then_the_backlog_in_order_once(
    version: MqttVersion,
) {
    let mut broker = Broker::start(Memory::Forgets);
    broker.kill();
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn EventStore> = Arc::new(
        SledStore::open(StoreConfig::new(dir.path(), clock()))
            .unwrap()
            .store,
    );
    let mut cfg = config_in(version, broker.port);
    cfg.backlog_rate_per_s = 200;
    let up = Running::start(cfg, store);
    for n in 1..=120 {
        up.append(&[record(n, 1), record(n, 2)]);
    }
    let gap = up.store.note_loss(3, GapReason::RingOverflow).unwrap();
    up.append(&[record(500, 1)]);
    until("tried", 10, || {
        let status = up.status();
        status.last_error.is_some() && (status.mode, status.backlog) == (Mode::Offline, 244)
    })
    .await;

    // The centre is there before the box; events on a broker without memory need a subscription.
    up.cancel.cancel();
    let Running { store, task, .. } = up;
    task.await.unwrap();
    broker.restart();
    let sub = Subscriber::start(broker.port, "centre").await;
    let mut cfg = config_in(version, broker.port);
    cfg.backlog_rate_per_s = 200;
    let up = Running::start(cfg, store);
    let began = Instant::now();
    until("caught up", 30, || up.status().acked == 244).await;
    assert!(
        began.elapsed() >= Duration::from_millis(900),
        "240 records at 200/s take over a second"
    );
    until("all there", 10, || sub.json("/event").len() >= 242).await;

    let topics: Vec<String> = sub.seen().iter().map(|p| p.topic.clone()).collect();
    let first_event = topics.iter().position(|t| t.ends_with("/event")).unwrap();
    let before: BTreeSet<&str> = topics[..first_event]
        .iter()
        .map(|t| t.strip_prefix(ROOT).unwrap())
        .collect();
    assert_eq!(
        before.len(),
        6,
        "status, meta, states and summary before the first event: {before:?}"
    );
    assert_eq!(topics[0], format!("{ROOT}/status"));
    let events = sub.json("/event");
    assert_eq!(events.len(), 242, "each once");
    let order: Vec<u64> = events.iter().map(seq).collect();
    assert_eq!(order, (1..=240).chain([gap.to, 244]).collect::<Vec<_>>());
    assert!(events.iter().all(|e| e["data"]["late"] == true));
    assert_eq!(events[240]["type"], "hall.log.gap.v1");
    assert_eq!(
        (&events[240]["data"]["from"], &events[240]["data"]["to"]),
        (&json!(241), &json!(243))
    );
    up.append(&[record(1000, 1)]);
    until("live", 10, || sub.json("/event").len() == 243).await;
    assert_eq!(up.status().mode, Mode::Live);
    up.stop().await;
}

async fn no_record_is_missing_after_the_broker_was_killed_again_and_again(version: MqttVersion) {
    for memory in [Memory::Forgets, Memory::Remembers] {
        // What waits in a broker without memory for a slow subscriber dies with it: it must not have to wait.
        let mut broker = Broker::start_with(memory, "max_inflight_messages 0");
        let gate = Gate::start(broker.port).await;
        let up = Running::start(config_in(version, gate.port), mem());
        let sub = Subscriber::start(broker.port, "centre").await;
        until("connected", 10, || up.status().connected).await;
        let mut n = 0;
        for round in 0..12u64 {
            for _ in 0..40 {
                n += 1;
                up.append(&[record(n, 1)]);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if round % 2 == 0 {
                until("some arrived", 20, || up.status().acked > n / 2).await;
            }
            // A broker without memory forgets the subscription as well, and then acknowledges records that nobody gets.
            // No sender can mend that without the centre's own acknowledgement; the centre has to be back first.
            gate.set_open(memory == Memory::Remembers);
            let subscriptions = sub.subscriptions();
            broker.kill();
            n += 1;
            up.append(&[record(n, 1)]);
            broker.restart();
            until("the centre is back", 20, || {
                sub.subscriptions() > subscriptions
            })
            .await;
            gate.set_open(true);
        }
        until("all acknowledged", 60, || {
            let status = up.status();
            (up.store.acked(), status.acked, status.backlog) == (n, n, 0)
        })
        .await;
        assert!(up.status().reconnects >= 6, "{:?}", up.status());
        if memory == Memory::Remembers {
            // With memory the broker may still hold some for the subscriber.
            until("all delivered", 30, || unique(&sub).len() as u64 == n).await;
        }
        let seqs: BTreeSet<u64> = unique(&sub).iter().map(seq).collect();
        let missing: Vec<u64> = (1..=n).filter(|s| !seqs.contains(s)).collect();
        println!(
            "{memory:?}: {n} records, {} deliveries, {} reconnects, missing {missing:?}",
            sub.json("/event").len(),
            up.status().reconnects
        );
        assert!(missing.is_empty(), "{memory:?}: {missing:?}");
        up.stop().await;
    }
}

async fn a_box_killed_before_its_acknowledgements_sends_the_same_ids_again(version: MqttVersion) {
    let broker = Broker::start(Memory::Forgets);
    let sub = Subscriber::start(broker.port, "centre").await;
    let store = mem();
    store
        .append(&(1..=300).map(|n| record(n, 1)).collect::<Vec<_>>())
        .unwrap();
    for _ in 0..30 {
        let acked = store.acked();
        if acked == 300 {
            break;
        }
        let up = Running::start(config_in(version, broker.port), store.clone());
        until("moving", 20, || up.status().acked > acked).await;
        up.task.abort();
        let _ = up.task.await;
    }
    let up = Running::start(config_in(version, broker.port), store.clone());
    until("done", 20, || up.status().acked == 300).await;
    until("all there", 10, || unique(&sub).len() == 300).await;
    assert_eq!(
        unique(&sub).iter().map(seq).collect::<Vec<_>>(),
        (1..=300).collect::<Vec<_>>()
    );
    up.stop().await;
}

async fn a_record_too_large_to_publish_leaves_a_gap_and_not_a_blockade(version: MqttVersion) {
    let broker = Broker::start(Memory::Forgets);
    let sub = Subscriber::start(broker.port, "centre").await;
    let up = Running::start(config_in(version, broker.port), mem());
    let mut large = record(2, 1);
    large.evidence_sources = vec!["x".repeat(20_000)];
    up.append(&[record(1, 1), large, record(3, 1)]);
    until("all acknowledged", 10, || up.status().acked == 3).await;
    until("seen", 10, || sub.json("/event").len() == 3).await;
    let events = sub.json("/event");
    assert_eq!(events[1]["data"]["reason"], "too_large");
    assert_eq!(events[1]["id"], "511921-001/b1/gap/2-2");
    assert_eq!(up.status().oversized, 1);
    up.stop().await;
}

async fn states_are_repeated_and_old_records_are_late(version: MqttVersion) {
    let broker = Broker::start(Memory::Forgets);
    let sub = Subscriber::start(broker.port, "centre").await;
    let mut cfg = config_in(version, broker.port);
    cfg.state_interval_s = 1;
    let up = Running::start(cfg, mem());
    until("repeated", 10, || sub.json("/state/window/W1").len() >= 3).await;
    let mut old = record(1, 1);
    old.updated = hall_wire::time::rfc3339_ms(T0 - 61_000, 28_800);
    up.append(&[old, record(2, 1)]);
    until("seen", 10, || sub.json("/event").len() == 2).await;
    let late: Vec<Value> = sub
        .json("/event")
        .iter()
        .map(|e| e["data"]["late"].clone())
        .collect();
    assert_eq!(late, [json!(true), json!(false)]);
    up.stop().await;
}
