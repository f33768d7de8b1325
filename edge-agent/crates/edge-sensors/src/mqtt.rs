//! One connection to the sensors' broker: subscribes every bound topic, reconnects for ever, reports the link. Knows no rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use hall_core::HallTime;
use hall_core::backoff::Backoff;
use hall_core::ids::{GatewayId, SensorId};
use hall_core::observe::{FaultCause, SensorReading, SourceHealth, SourceId};
use rumqttc::{AsyncClient, ConnectReturnCode, Event, MqttOptions, Packet, Publish, QoS};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::mailbox::{Mailbox, SensorInput};
use crate::meaning::{Meaning, TopicAdapter, reading_time};

/// Where the sensors' broker is, and who we are there.
#[derive(Clone)]
pub struct BrokerAddress {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// MQTT client id; fixed per box so that a session can persist.
    pub client_id: String,
    /// User and password, when the broker asks.
    pub login: Option<(String, String)>,
}

/// The link to the sensors' broker, for health.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkStatus {
    /// Connected and subscribed.
    pub connected: bool,
    /// Why not, in words; empty while connected.
    pub trouble: String,
    /// Payloads not understood so far.
    pub refused: u64,
    /// Readings merged because the hall was busy.
    pub coalesced: u64,
}

/// A source of hall time and Unix milliseconds, taken together.
pub type Now = Arc<dyn Fn() -> (HallTime, i64) + Send + Sync>;

/// Something on the sensors' broker that is no sensor.
pub trait TopicHearer: Send + Sync {
    /// Topics to subscribe.
    fn topics(&self) -> Vec<String>;

    /// Takes a message, also one on a topic that is not its own.
    ///
    /// # Errors
    /// When a payload on its topic says nothing usable; in words for a person, without ticket numbers.
    fn hear(&self, topic: &str, payload: &[u8], retained: bool) -> Result<(), String>;
}

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(15);
/// Device payloads are a few hundred bytes; a larger one is not ours to read.
const MAX_PACKET_BYTES: usize = 64 * 1024;

/// The sensors of one broker.
pub struct MqttSensors {
    address: BrokerAddress,
    /// By topic, so that a flood on one topic costs no look at the others.
    sensors: HashMap<String, Vec<Arc<dyn TopicAdapter>>>,
    hearers: Vec<Arc<dyn TopicHearer>>,
    now: Now,
    out: mpsc::Sender<SensorInput>,
    status: watch::Sender<LinkStatus>,
    broker: Option<GatewayId>,
    bridges: BTreeMap<SensorId, GatewayId>,
}

impl MqttSensors {
    /// Does no IO. `out` is the hall's bounded channel; when it is full readings merge per sensor in a [`Mailbox`].
    #[must_use]
    pub fn new(
        address: BrokerAddress,
        sensors: Vec<Arc<dyn TopicAdapter>>,
        now: Now,
        out: mpsc::Sender<SensorInput>,
        status: watch::Sender<LinkStatus>,
    ) -> Self {
        let mut by_topic: HashMap<String, Vec<Arc<dyn TopicAdapter>>> = HashMap::new();
        for sensor in sensors {
            for topic in sensor.topics() {
                by_topic.entry(topic).or_default().push(sensor.clone());
            }
        }
        MqttSensors {
            address,
            sensors: by_topic,
            hearers: Vec::new(),
            now,
            out,
            status,
            broker: None,
            bridges: BTreeMap::new(),
        }
    }

    /// The broker as a gateway, down and up with the connection, and the bridges that sensors hang on, down and up as they say.
    #[must_use]
    pub fn with_gateways(
        mut self,
        broker: GatewayId,
        bridges: BTreeMap<SensorId, GatewayId>,
    ) -> Self {
        self.broker = Some(broker);
        self.bridges = bridges;
        self
    }

    /// What else is heard on the broker.
    #[must_use]
    pub fn with_hearers(mut self, hearers: Vec<Arc<dyn TopicHearer>>) -> Self {
        self.hearers = hearers;
        self
    }

    /// Runs until cancelled or the hall is gone.
    pub async fn run(self, cancel: CancellationToken) {
        let mailbox = Mailbox::default();
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = self.connections(&mailbox) => {}
            () = mailbox.forward(self.out.clone()) => {}
        }
    }

    async fn connections(&self, mailbox: &Mailbox) {
        let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
        loop {
            let mut subscribed = false;
            let trouble = self.connection(mailbox, &mut subscribed).await;
            self.status.send_modify(|s| {
                s.connected = false;
                s.trouble.clone_from(&trouble);
                s.coalesced = mailbox.coalesced();
            });
            self.tell_broker(mailbox, Some(FaultCause::Offline));
            if subscribed {
                backoff.reset();
            }
            let pause = backoff.next(rand::random());
            tracing::warn!(broker = %format_args!("{}:{}", self.address.host, self.address.port), %trouble,
                retry_ms = pause.as_millis() as u64, "Sensor broker not reachable; sensors are ignored once stale.");
            tokio::time::sleep(pause).await;
        }
    }

    /// One connection, from CONNECT to its end; returns why it ended.
    async fn connection(&self, mailbox: &Mailbox, subscribed: &mut bool) -> String {
        let mut options = MqttOptions::new(
            &self.address.client_id,
            &self.address.host,
            self.address.port,
        );
        options.set_keep_alive(Duration::from_secs(15));
        options.set_clean_session(true);
        options.set_max_packet_size(MAX_PACKET_BYTES, MAX_PACKET_BYTES);
        if let Some((user, password)) = &self.address.login {
            options.set_credentials(user, password);
        }
        // Requests: one subscribe per topic; sized for all of them so that subscribing never waits for the poll below.
        let mut topics: Vec<String> = self.sensors.keys().cloned().collect();
        topics.extend(self.hearers.iter().flat_map(|h| h.topics()));
        topics.sort();
        topics.dedup();
        let (client, mut eventloop) = AsyncClient::new(options, topics.len().max(1));
        loop {
            match eventloop.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(ack)))
                    if ack.code == ConnectReturnCode::Success =>
                {
                    for topic in &topics {
                        if let Err(e) = client.try_subscribe(topic, QoS::AtLeastOnce) {
                            return format!("cannot subscribe '{topic}': {e}");
                        }
                    }
                    *subscribed = true;
                    self.tell_broker(mailbox, None);
                    self.status.send_modify(|s| {
                        s.connected = true;
                        s.trouble.clear();
                    });
                    tracing::info!(broker = %format_args!("{}:{}", self.address.host, self.address.port),
                        topics = topics.len(), "Sensor broker connected.");
                }
                Ok(Event::Incoming(Packet::ConnAck(ack))) => {
                    return format!("broker refused the connection: {:?}", ack.code);
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    self.message(mailbox, &publish);
                }
                Ok(_) => {}
                Err(e) => return e.to_string(),
            }
        }
    }

    fn tell_broker(&self, mailbox: &Mailbox, down: Option<FaultCause>) {
        if let Some(broker) = &self.broker {
            let (source, at) = (SourceId::Gateway(broker.clone()), (self.now)().0);
            mailbox.health(SourceHealth { source, at, down });
        }
    }

    fn message(&self, mailbox: &Mailbox, publish: &Publish) {
        let (at, unix_ms) = (self.now)();
        for hearer in &self.hearers {
            if let Err(reason) = hearer.hear(&publish.topic, &publish.payload, publish.retain) {
                self.status.send_modify(|s| s.refused += 1);
                tracing::debug!(topic = %publish.topic, %reason, "Payload refused.");
            }
        }
        // A bridge is told of once, however many sensors hang on it.
        let mut bridges = BTreeSet::new();
        for sensor in self.sensors.get(&publish.topic).into_iter().flatten() {
            match sensor.interpret(&publish.topic, &publish.payload, publish.retain) {
                Ok(Some(Meaning::Reading {
                    value,
                    quality,
                    measured_unix_ms,
                })) => mailbox.reading(SensorReading {
                    sensor: sensor.id().clone(),
                    at: reading_time(measured_unix_ms, at, unix_ms),
                    value,
                    quality,
                }),
                Ok(Some(meaning @ (Meaning::Online | Meaning::Offline))) => {
                    mailbox.health(SourceHealth {
                        source: SourceId::Sensor(sensor.id().clone()),
                        at,
                        down: (meaning == Meaning::Offline).then_some(FaultCause::Offline),
                    });
                }
                Ok(Some(Meaning::Bridge(up))) => {
                    if let Some(bridge) = self.bridges.get(sensor.id())
                        && bridges.insert(bridge)
                    {
                        mailbox.health(SourceHealth {
                            source: SourceId::Gateway(bridge.clone()),
                            at,
                            down: (!up).then_some(FaultCause::Offline),
                        });
                    }
                }
                Ok(Some(Meaning::Nothing) | None) => {}
                Err(e) => {
                    self.status.send_modify(|s| s.refused += 1);
                    tracing::debug!(error = %e, "Sensor payload refused.");
                }
            }
        }
    }
}
