//! The broker and the subscriber: memory, restart on the same port, duplicates and gaps.

use std::time::Duration;

use edge_tests::broker::{Broker, Memory};
use edge_tests::subscriber::Subscriber;
use edge_tests::wait;
use rumqttc::{Client, MqttOptions, QoS};

/// Publishes messages on a connection of its own and waits until the broker has taken each.
fn publish(port: u16, messages: &[(&str, &str, bool)]) {
    let mut options = MqttOptions::new("publisher", "127.0.0.1", port);
    options.set_keep_alive(Duration::from_secs(5));
    let (client, mut connection) = Client::new(options, 100);
    for (topic, payload, retain) in messages {
        client
            .publish(*topic, QoS::AtLeastOnce, *retain, payload.as_bytes())
            .unwrap();
    }
    let mut taken = 0;
    for event in connection.iter() {
        if let rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_)) = event.unwrap() {
            taken += 1;
            if taken == messages.len() {
                break;
            }
        }
    }
}

#[test]
fn a_broker_forgets_or_remembers_retained_messages_over_a_kill() {
    for (memory, kept) in [(Memory::None, false), (Memory::Persistent, true)] {
        let mut broker = Broker::start(memory).unwrap();
        let port = broker.port();
        publish(port, &[("a/state", "1", true)]);
        // The database is saved within a second of the change.
        if kept {
            broker.stop().unwrap();
        } else {
            broker.kill();
        }
        broker.restart().unwrap();
        assert_eq!(broker.port(), port);
        let subscriber = Subscriber::start(port, "a/#", None).unwrap();
        publish(port, &[("a/end", "1", false)]);
        wait::until("the last message", Duration::from_secs(5), || {
            subscriber.last("a/end")
        })
        .unwrap();
        assert_eq!(subscriber.last("a/state").is_some(), kept, "{memory:?}");
    }
}

#[test]
fn subscriber_comes_back_after_a_restart_and_sees_duplicates_gaps_and_forks() {
    let mut broker = Broker::start(Memory::None).unwrap();
    let subscriber = Subscriber::start(broker.port(), "h/#", None).unwrap();
    let event = |id: &str, seq: u64| format!(r#"{{"id":"{id}","sequence":{seq},"data":{{}}}}"#);
    let send = |port, events: &[String]| {
        let messages: Vec<_> = events
            .iter()
            .map(|e| ("h/1/b/event", e.as_str(), false))
            .collect();
        publish(port, &messages);
    };
    send(broker.port(), &[event("a/1", 1), event("a/2", 2)]);
    broker.restart().unwrap();
    subscriber.wait_connected(2).unwrap();
    send(
        broker.port(),
        &[event("a/2", 2), event("b/1", 5), event("c/1", 5)],
    );
    wait::until_true("all five messages", Duration::from_secs(5), || {
        subscriber.messages().len() == 5
    })
    .unwrap();
    let seen = subscriber.continuity();
    assert_eq!(seen.distinct, 4);
    assert_eq!(seen.duplicates, 1);
    assert_eq!(seen.span, Some((1, 5)));
    assert_eq!(seen.missing, [3, 4]);
    assert_eq!(seen.forked, [5]);
    assert_eq!(subscriber.events().len(), 4);
}
