//! Records that count as arrived only by the centre's own word, against a real mosquitto.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use edge_uplink::store::mem::MemStore;
use edge_uplink::store::{TrimPolicy, Unacked};
use edge_uplink::{AckBy, EventStore, GapReason, Mode, MqttVersion};
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};
use serde_json::{Value, json};
use support::broker::{Broker, Memory, Subscriber, until};
use support::uplink::{ROOT, Running, config_in};
use support::{T0, clock, record, wall};

in_both_versions![
    the_cursor_and_with_it_retention_moves_only_with_the_centres_watermark,
    a_watermark_that_cannot_be_of_this_log_moves_nothing,
    what_the_centre_does_not_acknowledge_is_sent_again_until_it_does,
    a_watermark_of_before_is_found_on_connecting,
];

fn mem() -> Arc<dyn EventStore> {
    Arc::new(MemStore::new(clock()))
}

fn start(version: MqttVersion, port: u16, store: Arc<dyn EventStore>) -> Running {
    let mut cfg = config_in(version, port);
    cfg.ack = AckBy::Centre;
    cfg.resend_after = Duration::from_secs(3600);
    Running::start(cfg, store)
}

/// Publishes on the box's `ack` topic as the centre does, and waits until the broker has it.
async fn acknowledge(port: u16, retain: bool, payload: impl ToString) {
    let (client, mut events) = AsyncClient::new(MqttOptions::new("ack", "127.0.0.1", port), 10);
    let topic = format!("{ROOT}/ack");
    client
        .try_publish(topic, QoS::AtLeastOnce, retain, payload.to_string())
        .unwrap();
    loop {
        if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await.unwrap() {
            return;
        }
    }
}

/// What the centre says of a number, with the hash it has by then.
fn watermark(store: &dyn EventStore, seq: u64) -> Value {
    let line = store.read(seq, 1).unwrap().remove(0);
    json!({"v": 1, "acked_seq": seq, "hash": line.chain(), "at": "2026-09-21T10:00:00.000+08:00"})
}

/// Drops all that may be dropped; how much that was.
fn trimmed(store: &dyn EventStore) -> u64 {
    let policy = TrimPolicy {
        now: wall(T0),
        max_age_ms: None,
        max_live_bytes: Some(0),
        unacked: Unacked::Keep,
    };
    store.trim(&policy).unwrap().lines
}

async fn the_cursor_and_with_it_retention_moves_only_with_the_centres_watermark(
    version: MqttVersion,
) {
    let broker = Broker::start(Memory::Forgets);
    let up = start(version, broker.port, mem());
    until("connected", 20, || up.status().connected).await;
    up.append(&[record(1, 1), record(2, 1)]);
    let gap = up.store.note_loss(2, GapReason::RingOverflow).unwrap();
    up.append(&[record(3, 1)]);
    until("with the broker", 20, || up.status().broker_has == 5).await;
    let status = up.status();
    assert_eq!(
        (status.acked, status.backlog, status.mode),
        (0, 5, Mode::Live)
    );
    assert_eq!(trimmed(up.store.as_ref()), 0, "nothing may go yet");

    acknowledge(broker.port, true, watermark(up.store.as_ref(), 1)).await;
    until("the first", 20, || up.store.acked() == 1).await;
    assert_eq!(trimmed(up.store.as_ref()), 1);
    // A gap is acknowledged by the hash it carries over.
    acknowledge(broker.port, true, watermark(up.store.as_ref(), gap.to)).await;
    until("the gap", 20, || up.store.acked() == gap.to).await;
    acknowledge(broker.port, true, watermark(up.store.as_ref(), 5)).await;
    until("all", 20, || up.store.acked() == 5).await;
    assert_eq!(
        (up.status().backlog, up.status().last_error.clone()),
        (0, None)
    );
    up.stop().await;
}

async fn a_watermark_that_cannot_be_of_this_log_moves_nothing(version: MqttVersion) {
    let broker = Broker::start(Memory::Forgets);
    // Kept by the broker from a box that was here before: no hash proves it.
    acknowledge(broker.port, true, json!({"v": 1, "acked_seq": 2})).await;
    let up = start(version, broker.port, mem());
    up.append(&[record(1, 1), record(2, 1), record(3, 1)]);
    until("not believed", 20, || {
        up.status().broker_has == 3
            && up
                .status()
                .last_error
                .is_some_and(|e| e.contains("is not believed"))
    })
    .await;
    let other = json!({"v": 1, "acked_seq": 2, "hash": "ab".repeat(32)});
    for (payload, words) in [
        (json!({"v": 1, "acked_seq": 4}), "this log ends at 3"),
        (json!({"v": 1, "acked_seq": u64::MAX}), "this log ends at 3"),
        (other, "a record 2 that is not ours"),
        (json!({"v": 2, "acked_seq": 2}), "not in the form"),
        (json!({"v": 1, "acked_seq": -1}), "not in the form"),
        (json!("2"), "not in the form"),
    ] {
        acknowledge(broker.port, false, &payload).await;
        until(words, 20, || {
            up.status().last_error.is_some_and(|e| e.contains(words))
        })
        .await;
        assert_eq!((up.status().acked, up.store.acked()), (0, 0), "{payload}");
    }
    // From a centre that follows now, a number alone is believed; the cursor never goes back.
    acknowledge(broker.port, false, json!({"v": 1, "acked_seq": 2})).await;
    until("believed", 20, || up.status().acked == 2).await;
    acknowledge(broker.port, false, watermark(up.store.as_ref(), 1)).await;
    acknowledge(broker.port, false, watermark(up.store.as_ref(), 3)).await;
    until("the last", 20, || up.store.acked() == 3).await;
    up.stop().await;
}

async fn what_the_centre_does_not_acknowledge_is_sent_again_until_it_does(version: MqttVersion) {
    let broker = Broker::start(Memory::Forgets);
    let sub = Subscriber::start(broker.port, "centre").await;
    let mut cfg = config_in(version, broker.port);
    cfg.ack = AckBy::Centre;
    cfg.resend_after = Duration::from_millis(200);
    let up = Running::start(cfg, mem());
    up.append(&[record(1, 1), record(2, 1)]);
    let times = |id: &str| {
        let events = sub.json("/event");
        events.iter().filter(|e| e["id"] == id).count()
    };
    let (first, second) = (
        format!("511921-001/b1/{}/1", record(1, 1).event_id),
        format!("511921-001/b1/{}/1", record(2, 1).event_id),
    );
    until("sent three times", 20, || {
        times(&first) >= 3 && times(&second) >= 3
    })
    .await;
    acknowledge(broker.port, true, watermark(up.store.as_ref(), 1)).await;
    until("the first", 20, || up.status().acked == 1).await;
    let (of_first, of_second) = (times(&first), times(&second));
    until("only the second goes on", 20, || {
        times(&second) >= of_second + 3
    })
    .await;
    assert!(times(&first) <= of_first + 1, "one may have been under way");
    acknowledge(broker.port, true, watermark(up.store.as_ref(), 2)).await;
    until("all", 20, || up.store.acked() == 2).await;
    up.stop().await;
}

async fn a_watermark_of_before_is_found_on_connecting(version: MqttVersion) {
    let broker = Broker::start(Memory::Forgets);
    let store = mem();
    store.append(&[record(1, 1), record(2, 1)]).unwrap();
    // The centre acknowledged while the box was off, after a first connection had sent all.
    acknowledge(broker.port, true, watermark(store.as_ref(), 2)).await;
    let up = start(version, broker.port, store);
    until("found", 20, || up.store.acked() == 2).await;
    assert_eq!(up.status().last_error, None);
    up.stop().await;
}
