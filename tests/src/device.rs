//! A device on an MQTT broker that asks for a login: gets in or not, publishes, hears.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, bail};
use rumqttc::{Client, ConnectReturnCode, Event, MqttOptions, Outgoing, Packet, QoS};

use crate::wait;

const SOON: Duration = Duration::from_secs(10);

/// A connected device. Disconnects when dropped.
pub struct Device {
    client: Client,
    ended: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<(String, String)>>>,
    thread: Option<JoinHandle<()>>,
    published: usize,
}

impl Device {
    /// Connects to 127.0.0.1:`port`, as `login` (user and password) if there is one.
    ///
    /// # Errors
    /// When the broker refuses, or does not answer.
    pub fn connect(port: u16, client_id: &str, login: Option<(&str, &str)>) -> Result<Device> {
        let mut options = MqttOptions::new(client_id, "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(5));
        options.set_max_packet_size(1 << 20, 1 << 20);
        if let Some((user, password)) = login {
            options.set_credentials(user, password);
        }
        // Capacity 100 requests; a full one makes the publisher wait.
        let (client, mut connection) = Client::new(options, 100);
        match connection.recv_timeout(SOON) {
            Ok(Ok(Event::Incoming(Packet::ConnAck(ack))))
                if ack.code == ConnectReturnCode::Success => {}
            other => bail!("not let in: {other:?}"),
        }
        let ended = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let thread = std::thread::Builder::new().name("device".into()).spawn({
            let (ended, acknowledged, heard) = (ended.clone(), acknowledged.clone(), heard.clone());
            move || {
                for event in connection.iter() {
                    match event {
                        Ok(Event::Incoming(Packet::PubAck(_) | Packet::SubAck(_))) => {
                            acknowledged.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(Event::Incoming(Packet::Publish(p))) => {
                            let text = String::from_utf8_lossy(&p.payload).into_owned();
                            heard
                                .lock()
                                .unwrap_or_else(PoisonError::into_inner)
                                .push((p.topic, text));
                        }
                        Ok(Event::Outgoing(Outgoing::Disconnect)) => return,
                        Ok(_) => {}
                        // A device that is thrown out does not come back by itself here.
                        Err(_) => {
                            ended.store(true, Ordering::SeqCst);
                            return;
                        }
                    }
                }
            }
        })?;
        Ok(Device {
            client,
            ended,
            acknowledged,
            heard,
            thread: Some(thread),
            published: 0,
        })
    }

    /// Publishes with QoS 1 and waits until the broker has it.
    ///
    /// # Errors
    /// When it does not acknowledge.
    pub fn publish(&mut self, topic: &str, payload: &str, retain: bool) -> Result<()> {
        self.client
            .publish(topic, QoS::AtLeastOnce, retain, payload)?;
        self.done()
    }

    /// Subscribes and waits until that is granted, or refused: a broker says neither.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn subscribe(&mut self, filter: &str) -> Result<()> {
        self.client.subscribe(filter, QoS::AtLeastOnce)?;
        self.done()
    }

    /// A client that publishes beside this one, without waiting.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Topics and payloads heard so far.
    #[must_use]
    pub fn heard(&self) -> Vec<(String, String)> {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether the broker has ended the connection.
    #[must_use]
    pub fn is_thrown_out(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    fn done(&mut self) -> Result<()> {
        self.published += 1;
        let wanted = self.published;
        wait::until_true("the broker to acknowledge", SOON, || {
            self.acknowledged.load(Ordering::SeqCst) >= wanted
        })
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // Fails only when the connection has ended already.
        let _ = self.client.disconnect();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}
