//! A device on MQTT that comes back by itself: what it says, what the broker keeps of it, and its last will when it dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use rumqttc::{Client, Event, LastWill, MqttOptions, Packet, QoS};

use crate::wait;

/// How long the broker may take to acknowledge a message.
const SOON: Duration = Duration::from_secs(20);

/// A node; reconnects for ever until it dies or is dropped.
pub struct Node {
    client: Client,
    acknowledged: Arc<AtomicUsize>,
    sent: usize,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Node {
    /// A node that connects as `name`; `will` is topic and payload of its retained last will.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn connect(port: u16, name: &str, will: Option<(&str, &str)>) -> Result<Node> {
        let mut options = MqttOptions::new(name, "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(5));
        if let Some((topic, payload)) = will {
            options.set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, true));
        }
        // Capacity 100: a test waits for every message it sends, or floods with fewer.
        let (client, mut connection) = Client::new(options, 100);
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let over = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("node".into()).spawn({
            let (acknowledged, over) = (acknowledged.clone(), over.clone());
            move || {
                for event in connection.iter() {
                    if over.load(Ordering::SeqCst) {
                        // The connection is dropped without a farewell: the broker sends the will.
                        return;
                    }
                    match event {
                        Ok(Event::Incoming(Packet::PubAck(_))) => {
                            acknowledged.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(_) => {}
                        // The broker is away: this loop is the retry, a short pause keeps it from spinning.
                        Err(_) => std::thread::park_timeout(Duration::from_millis(50)),
                    }
                }
            }
        })?;
        Ok(Node {
            client,
            acknowledged,
            sent: 0,
            over,
            thread: Some(thread),
        })
    }

    /// Says something and waits until the broker has it.
    ///
    /// # Errors
    /// When there is no broker.
    pub fn say(&mut self, topic: &str, payload: &str) -> Result<()> {
        self.publish(topic, payload, false)
    }

    /// The same, to be kept by the broker.
    ///
    /// # Errors
    /// When there is no broker.
    pub fn keep(&mut self, topic: &str, payload: &str) -> Result<()> {
        self.publish(topic, payload, true)
    }

    fn publish(&mut self, topic: &str, payload: &str, retain: bool) -> Result<()> {
        self.client
            .publish(topic, QoS::AtLeastOnce, retain, payload)?;
        self.sent += 1;
        wait::until_true(&format!("{topic} to be taken"), SOON, || {
            self.acknowledged.load(Ordering::SeqCst) >= self.sent
        })
    }

    /// Loses power.
    pub fn die(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread by a packet of the broker's; fails only when the thread has ended.
        let _ = self
            .client
            .try_publish("node/last", QoS::AtLeastOnce, false, "");
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}
