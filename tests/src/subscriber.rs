//! The centre's side of MQTT: an independent subscriber that keeps every message, removes duplicates of events by their id and
//! looks for gaps in their sequence. Whatever it hears under the contract's prefix must satisfy the published schemas to the letter: a
//! test that hears anything else fails when its subscriber is dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use hall_central::message::split_topic;
use hall_central::schemas::Schemas;
use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::Value;

use crate::wait;

/// One message as it arrived.
#[derive(Debug, Clone)]
pub struct Message {
    /// Topic.
    pub topic: String,
    /// Payload as text; MQTT v1 has only JSON.
    pub payload: String,
    /// From the broker's store of retained messages.
    pub retain: bool,
    /// When it came.
    pub at: SystemTime,
}

impl Message {
    /// The payload as JSON; `Null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.payload).unwrap_or(Value::Null)
    }
}

/// What the sequence numbers of all events say about loss.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Continuity {
    /// Different event revisions.
    pub distinct: usize,
    /// Messages that repeated an id already seen.
    pub duplicates: usize,
    /// First and last sequence number.
    pub span: Option<(u64, u64)>,
    /// Numbers between them that never came.
    pub missing: Vec<u64>,
    /// Numbers that came with two different ids: two histories.
    pub forked: Vec<u64>,
}

/// A subscriber that reconnects for ever, quickly. Ends when dropped.
pub struct Subscriber {
    messages: Arc<Mutex<Vec<Message>>>,
    connections: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
    client: Client,
    thread: Option<JoinHandle<()>>,
}

/// What contract v1's topics begin with.
const PREFIX: &str = "hall/v1";

/// Checks a message of the contract; other topics are none of its business.
fn check(topic: &str, payload: &str) -> Result<(), String> {
    if !topic.starts_with(PREFIX) {
        return Ok(());
    }
    let (source, leaf) = split_topic(PREFIX, topic).ok_or("the contract knows no such topic")?;
    Schemas::strict().check_leaf(leaf, payload)?;
    hall_central::message::read(source, leaf, payload).map(|_| ())
}

impl Subscriber {
    /// Subscribes to `filter` at the broker on `port` and waits until that is granted. With `Some(session)` the broker keeps the
    /// subscription, and messages for it, over disconnections.
    ///
    /// # Errors
    /// When there is no broker within 5 s.
    pub fn start(port: u16, filter: &str, session: Option<&str>) -> Result<Subscriber> {
        let name = session.map_or_else(
            || format!("watch-{}-{port}", std::process::id()),
            ToOwned::to_owned,
        );
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        options
            .set_keep_alive(Duration::from_secs(5))
            .set_clean_session(session.is_none());
        options.set_max_packet_size(1 << 20, 1 << 20);
        // Capacity 10 requests; this client makes one per connection.
        let (client, mut connection) = Client::new(options, 10);
        let messages = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let ended = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new()
            .name("subscriber".into())
            .spawn({
                let (messages, connections, ended, client) = (
                    messages.clone(),
                    connections.clone(),
                    ended.clone(),
                    client.clone(),
                );
                let filter = filter.to_owned();
                move || {
                    for event in connection.iter() {
                        if ended.load(Ordering::SeqCst) {
                            return;
                        }
                        match event {
                            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                                // Fails only when this subscriber is being dropped.
                                let _ = client.try_subscribe(&filter, QoS::AtLeastOnce);
                            }
                            Ok(Event::Incoming(Packet::SubAck(_))) => {
                                connections.fetch_add(1, Ordering::SeqCst);
                            }
                            Ok(Event::Incoming(Packet::Publish(p))) => {
                                messages
                                    .lock()
                                    .unwrap_or_else(PoisonError::into_inner)
                                    .push(Message {
                                        topic: p.topic,
                                        payload: String::from_utf8_lossy(&p.payload).into_owned(),
                                        retain: p.retain,
                                        at: SystemTime::now(),
                                    });
                            }
                            Ok(_) => {}
                            // The broker is away: this loop is the retry, a short pause keeps it from spinning.
                            Err(_) => std::thread::park_timeout(Duration::from_millis(50)),
                        }
                    }
                }
            })?;
        let subscriber = Subscriber {
            messages,
            connections,
            ended,
            client,
            thread: Some(thread),
        };
        subscriber.wait_connected(1)?;
        Ok(subscriber)
    }

    /// How often a subscription has been granted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until the subscription has been granted `times` times since the start.
    ///
    /// # Errors
    /// When that takes more than 10 s.
    pub fn wait_connected(&self, times: usize) -> Result<()> {
        wait::until_true(
            "the subscription to be granted",
            Duration::from_secs(10),
            || self.connections() >= times,
        )
    }

    /// All messages so far, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.lock().clone()
    }

    /// Messages that break the contract, in words.
    #[must_use]
    pub fn invalid(&self) -> Vec<String> {
        let messages = self.lock();
        let faults = messages.iter().filter_map(|m| {
            let why = check(&m.topic, &m.payload).err()?;
            Some(format!("{}: {why}: {}", m.topic, m.payload))
        });
        faults.collect()
    }

    /// Newest message on a topic that ends with `suffix`.
    #[must_use]
    pub fn last(&self, suffix: &str) -> Option<Message> {
        self.lock()
            .iter()
            .rev()
            .find(|m| m.topic.ends_with(suffix))
            .cloned()
    }

    /// Events in order of arrival, without duplicates.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        let mut seen = BTreeSet::new();
        self.lock()
            .iter()
            .filter(|m| is_event(&m.topic))
            .map(Message::json)
            .filter(|e| seen.insert(e["id"].as_str().unwrap_or_default().to_owned()))
            .collect()
    }

    /// Waits for an event for which `wanted` holds, given its envelope and its data.
    ///
    /// # Errors
    /// Lists the events that did come.
    pub fn wait_event(
        &self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&Value, &Value) -> bool,
    ) -> Result<Value> {
        wait::until(what, within, || {
            self.events().into_iter().find(|e| wanted(e, &e["data"]))
        })
        .with_context(|| {
            let seen: Vec<_> = self.events().iter().map(brief).collect();
            format!("events that came: {seen:#?}")
        })
    }

    /// What the sequence numbers say.
    #[must_use]
    pub fn continuity(&self) -> Continuity {
        let mut by_seq: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
        let mut result = Continuity::default();
        let mut ids = BTreeSet::new();
        for event in self
            .lock()
            .iter()
            .filter(|m| is_event(&m.topic))
            .map(Message::json)
        {
            let id = event["id"].as_str().unwrap_or_default().to_owned();
            if !ids.insert(id.clone()) {
                result.duplicates += 1;
            }
            if let Some(seq) = sequence(&event) {
                by_seq.entry(seq).or_default().insert(id);
            }
        }
        result.distinct = ids.len();
        if let (Some((&first, _)), Some((&last, _))) =
            (by_seq.first_key_value(), by_seq.last_key_value())
        {
            result.span = Some((first, last));
            result.missing = (first..=last).filter(|s| !by_seq.contains_key(s)).collect();
        }
        result.forked = by_seq
            .iter()
            .filter(|(_, ids)| ids.len() > 1)
            .map(|(s, _)| *s)
            .collect();
        result
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread when it waits for the broker; fails only when it has ended.
        let _ = self.client.try_disconnect();
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
        if !std::thread::panicking() {
            let invalid = self.invalid();
            assert!(
                invalid.is_empty(),
                "published against the contract: {invalid:#?}"
            );
        }
    }
}

/// The box-wide sequence number of an event's envelope, written as a number or as text.
#[must_use]
pub fn sequence(event: &Value) -> Option<u64> {
    event["sequence"]
        .as_u64()
        .or_else(|| event["sequence"].as_str()?.parse().ok())
}

/// One line for a person: sequence, subject, code, phase, level.
#[must_use]
pub fn brief(event: &Value) -> String {
    let data = &event["data"];
    let text = |v: &Value| v.as_str().unwrap_or("?").to_owned();
    format!(
        "#{} {} {} {} {} onset {} duration {} s",
        sequence(event).map_or("?".into(), |s| s.to_string()),
        text(&event["subject"]),
        text(&data["code"]),
        text(&data["phase"]),
        text(&data["level"]),
        text(&data["onset"]),
        data["duration_s"]
    )
}

fn is_event(topic: &str) -> bool {
    topic.ends_with("/event")
}
