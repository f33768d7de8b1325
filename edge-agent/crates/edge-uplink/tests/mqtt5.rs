//! What only MQTT 5 can say, against a real mosquitto: attributes and expiry, refusals with their reason, the broker's limits.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::sync::{Arc, Mutex};

use edge_uplink::store::mem::MemStore;
use edge_uplink::{EventStore, MqttVersion};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Publish;
use rumqttc::v5::{AsyncClient, Event, Incoming, MqttOptions};
use serde_json::Value;
use support::broker::{Broker, Memory, Subscriber, until};
use support::uplink::{Running, config_in};
use support::{clock, record};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

fn mem() -> Arc<dyn EventStore> {
    Arc::new(MemStore::new(clock()))
}

fn start(port: u16) -> Running {
    Running::start(config_in(MqttVersion::V5, port), mem())
}

/// Waits until the box says why it does not get on.
async fn told(up: &Running, words: &str) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !up.status().last_error.is_some_and(|e| e.contains(words)) {
        assert!(
            std::time::Instant::now() < deadline,
            "'{words}' is not in {:?}",
            up.status()
        );
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// A subscriber that keeps the properties as well; ends with the returned set.
async fn listen(port: u16) -> (Arc<Mutex<Vec<Publish>>>, JoinSet<()>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = seen.clone();
    let (ready_tx, ready) = tokio::sync::oneshot::channel();
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut ready_tx = Some(ready_tx);
        let (client, mut events) =
            AsyncClient::new(MqttOptions::new("five", "127.0.0.1", port), 10);
        client.try_subscribe("#", QoS::AtLeastOnce).unwrap();
        while let Ok(event) = events.poll().await {
            match event {
                Event::Incoming(Incoming::Publish(publish)) => into.lock().unwrap().push(publish),
                Event::Incoming(Incoming::SubAck(_)) => {
                    let _ = ready_tx.take().unwrap().send(());
                }
                _ => {}
            }
        }
    });
    ready.await.unwrap();
    (seen, task)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_carry_their_attributes_beside_the_payload_and_states_expire() {
    let broker = Broker::start(Memory::Forgets);
    let (seen, _task) = listen(broker.port).await;
    let up = start(broker.port);
    up.append(&[record(1, 1)]);
    let of = |leaf: &str| {
        let seen = seen.lock().unwrap();
        seen.iter()
            .find(|p| std::str::from_utf8(&p.topic).unwrap().ends_with(leaf))
            .cloned()
    };
    until("all seen", 20, || {
        of("/event").is_some() && of("/summary/live").is_some()
    })
    .await;
    let event = of("/event").unwrap();
    let told = event.properties.unwrap();
    let payload: Value = serde_json::from_slice(&event.payload).unwrap();
    let attributes = [
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "subject",
        "sequence",
    ];
    assert_eq!(
        told.user_properties,
        attributes.map(|name| (name.to_owned(), payload[name].as_str().unwrap().to_owned())),
        "the same as in the payload"
    );
    assert_eq!(
        told.content_type.unwrap(),
        "application/cloudevents+json; charset=utf-8"
    );
    assert_eq!(told.payload_format_indicator, Some(1));
    assert_eq!(
        told.message_expiry_interval, None,
        "events are never dropped"
    );
    for leaf in [
        "/meta",
        "/state/window/W1",
        "/state/queue/Q1",
        "/summary/live",
    ] {
        let expiry_s = of(leaf)
            .unwrap()
            .properties
            .unwrap()
            .message_expiry_interval;
        assert_eq!(expiry_s, Some(180), "{leaf}: three intervals of 60 s");
    }
    let status = of("/status").unwrap().properties;
    assert_eq!(
        status.and_then(|p| p.message_expiry_interval),
        None,
        "who is offline stays so"
    );
    up.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_does_not_take_stays_in_the_log_with_the_reason() {
    let mut broker = Broker::start(Memory::Forgets);
    let (acl, conf) = (
        broker.dir().join("acl"),
        broker.dir().join("mosquitto.conf"),
    );
    let allowed = ["status", "meta", "state/#", "summary/#"];
    let lines = allowed.map(|leaf| format!("topic readwrite hall/v1/+/+/+/+/+/{leaf}\n"));
    std::fs::write(&acl, lines.concat()).unwrap();
    let mut text = std::fs::read_to_string(&conf).unwrap();
    text += &format!("\nacl_file {}\n", acl.display());
    std::fs::write(&conf, text).unwrap();
    broker.restart();
    let up = start(broker.port);
    up.append(&[record(1, 1)]);
    told(&up, "event 1: not authorised").await;
    assert_eq!((up.status().acked, up.status().backlog), (0, 1));
    std::fs::write(&acl, "topic readwrite #\n").unwrap();
    broker.restart();
    let sub = Subscriber::start(broker.port, "centre").await;
    until("arrived once allowed", 20, || up.status().acked == 1).await;
    until("seen", 10, || !sub.json("/event").is_empty()).await;
    up.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_brokers_limits_are_kept() {
    let broker = Broker::start_with(
        Memory::Forgets,
        "max_packet_size 4000\nmax_inflight_messages 2",
    );
    let sub = Subscriber::start(broker.port, "centre").await;
    let up = start(broker.port);
    let mut large = record(2, 1);
    large.evidence_sources = vec!["x".repeat(3_000)];
    up.append(&[record(1, 1), large]);
    up.append(&(3..=60).map(|n| record(n, 1)).collect::<Vec<_>>());
    until("all acknowledged", 30, || up.status().acked == 60).await;
    until("seen", 10, || sub.json("/event").len() == 60).await;
    let events = sub.json("/event");
    // Wherever it came: what was stored before the connection and what came after it go out side by side.
    let gap = events.iter().find(|e| e["data"]["from"] == 2).unwrap();
    assert_eq!(gap["data"]["reason"], "too_large");
    assert_eq!(up.status().oversized, 1);
    assert_eq!(
        up.status().reconnects,
        0,
        "a broker ends a connection that has more under way than it allows"
    );
    up.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_nobody_is_subscribed_to_are_counted() {
    let broker = Broker::start(Memory::Forgets);
    let up = start(broker.port);
    up.append(&[record(1, 1)]);
    until("acknowledged", 20, || up.status().acked == 1).await;
    assert_eq!(up.status().unheard, 1);
    let sub = Subscriber::start(broker.port, "centre").await;
    up.append(&[record(2, 1)]);
    until("seen", 20, || sub.json("/event").len() == 1).await;
    assert_eq!(up.status().unheard, 1);
    up.stop().await;
}

/// Accepts connections and says the same to each after its CONNECT.
async fn saying(words: &'static [u8]) -> (u16, JoinSet<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut connect = [0; 1024];
            let _ = socket.read(&mut connect).await;
            let _ = socket.write_all(words).await;
            let _ = socket.shutdown().await;
            // Until the box has read it and gone.
            let _ = socket.read(&mut connect).await;
        }
    });
    (port, task)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_or_ended_connection_is_told_by_its_reason() {
    for (words, reason) in [
        (&[0x20, 3, 0, 0x97, 0][..], "quota exceeded"),
        (&[0x20, 3, 0, 0x84, 0], "uplink.mqtt_version"),
        (&[0x20, 3, 0, 0x9C, 0], "another server"),
        // CONNACK of 3.1.1: protocol level not supported.
        (&[0x20, 2, 0, 1], "uplink.mqtt_version"),
        // Accepted, then DISCONNECT.
        (
            &[0x20, 3, 0, 0, 0, 0xE0, 2, 0x9D, 0],
            "the server has moved",
        ),
        (&[0x20, 3, 0, 0, 0, 0xE0, 2, 0x95, 0], "32 KiB"),
        (&[0x20, 3, 0, 0, 0, 0xE0, 2, 0x8E, 0], "same client id"),
    ] {
        let (port, _task) = saying(words).await;
        let up = start(port);
        told(&up, reason).await;
        up.stop().await;
    }
}
