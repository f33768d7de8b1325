//! The MQTT client of one connection, the same to a session in both versions of MQTT: what may be asked of it, and what it tells.

mod reasons;
mod v4;
mod v5;

use rumqttc::Transport;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::connect::{MqttVersion, UplinkConfig};

/// Packets under way at once, states and records together; fewer where the broker says so.
pub(crate) const WINDOW: u16 = 100;
/// Messages that wait at the event loop beside those under way, so that it has the next one at hand when an acknowledgement comes.
pub(crate) const AHEAD: u16 = 100;
/// Largest packet to and from the centre.
const PACKET_MAX_BYTES: u32 = 256 * 1024;
const CONNECT_TIMEOUT_S: u64 = 10;
/// Requests to the event loop: publishes, and beside them the subscription and the goodbye.
const REQUESTS_MAX: usize = WINDOW as usize + AHEAD as usize + 2;
/// Batches of what the event loop tells on their way to the session. When full the event loop waits: nothing there waits for it in
/// turn.
const BATCHES_MAX: usize = 64;

/// One message to publish.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    /// Kept by the broker for later subscribers.
    pub retain: bool,
    /// MQTT 5: a broker drops it when nobody renews it for so long.
    pub expires_after_s: Option<u32>,
    /// MQTT 5: user properties.
    pub properties: Vec<(String, String)>,
    /// MQTT 5: content type.
    pub content_type: Option<&'static str>,
}

impl Message {
    /// Bytes of its packet, at most: headers and lengths at their largest.
    pub fn packet_bytes_max(&self) -> usize {
        let properties = self.properties.iter().map(|(k, v)| 5 + k.len() + v.len());
        let content_type = self.content_type.map_or(0, |t| 3 + t.len());
        5 + 2
            + self.topic.len()
            + 2
            + 4
            + 5
            + content_type
            + properties.sum::<usize>()
            + self.payload.len()
    }
}

/// What the broker allows on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Packets under way at once.
    pub window: u16,
    /// Largest packet it takes.
    pub packet_max_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            window: WINDOW,
            packet_max_bytes: PACKET_MAX_BYTES,
        }
    }
}

/// What the event loop tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The broker has accepted the connection.
    Accepted(Limits),
    /// The next of the submitted messages is under way with this packet id.
    Sent(u16),
    /// The broker has it. `heard`: as far as the broker says, somebody is subscribed.
    Acked { id: u16, heard: bool },
    /// The broker does not take it, in words.
    Refused { id: u16, why: String },
    /// A message for us.
    Message {
        topic: String,
        payload: Vec<u8>,
        /// Kept by the broker from before the subscription.
        retained: bool,
    },
    /// The answer to the subscription: for each filter why it is refused, in words.
    Subscribed(Vec<Option<String>>),
    /// Our goodbye is sent.
    Goodbye,
}

/// What the event loop tells, in order, and at its end how it ended, in words.
pub(crate) type Batch = Vec<Result<Told, String>>;

/// That messages are under way alone is no news: it only has to be known before their acknowledgements.
fn is_worth_a_wake(batch: &Batch) -> bool {
    batch.iter().any(|told| !matches!(told, Ok(Told::Sent(_))))
}

/// Whom to call, and as whom.
#[derive(Clone, Copy)]
pub(crate) struct Dial<'a> {
    pub mqtt_version: MqttVersion,
    pub host: &'a str,
    pub port: u16,
    pub client_id: &'a str,
    pub user: Option<&'a str>,
    pub password: Option<&'a str>,
    pub keep_alive_s: u32,
    /// Largest packet, in either direction: rumqttc's own default of 10 KiB kills the connection with the first larger one.
    pub packet_max_bytes: u32,
}

impl<'a> Dial<'a> {
    /// The centre's broker.
    pub fn centre(cfg: &'a UplinkConfig) -> Dial<'a> {
        Dial {
            mqtt_version: cfg.mqtt_version,
            host: &cfg.host,
            port: cfg.port,
            client_id: &cfg.client_id,
            user: cfg.user.as_deref(),
            password: cfg.password.as_deref(),
            keep_alive_s: cfg.keep_alive_s,
            packet_max_bytes: PACKET_MAX_BYTES,
        }
    }
}

/// The last will: the retained offline status.
pub(crate) struct Will<'a> {
    pub topic: &'a str,
    pub payload: &'a str,
}

/// A handle to the event loop of one connection. Nothing here waits.
pub(crate) enum Client {
    V4(rumqttc::AsyncClient),
    V5(rumqttc::v5::AsyncClient),
}

impl Client {
    /// Begins a connection with a fresh client and event loop: rumqttc silently drops or shifts what was under way when it
    /// reconnects by itself. The event loop runs in `tasks` and ends with them.
    pub fn begin(
        dial: &Dial<'_>,
        transport: Transport,
        will: Option<&Will<'_>>,
        tasks: &mut JoinSet<()>,
    ) -> (Client, mpsc::Receiver<Batch>) {
        let (told_tx, told) = mpsc::channel(BATCHES_MAX);
        let client = match dial.mqtt_version {
            MqttVersion::V3 => {
                let (client, event_loop) = v4::begin(dial, transport, will);
                tasks.spawn(v4::poll(event_loop, told_tx));
                Client::V4(client)
            }
            MqttVersion::V5 => {
                let (client, event_loop) = v5::begin(dial, transport, will);
                tasks.spawn(v5::poll(event_loop, told_tx));
                Client::V5(client)
            }
        };
        (client, told)
    }

    /// Hands one message to the event loop; false when it does not take it. The request channel takes all that may wait, so
    /// this only happens when the event loop has ended, and then its error is next.
    pub fn publish(&self, message: Message) -> bool {
        match self {
            Client::V4(client) => v4::publish(client, message),
            Client::V5(client) => v5::publish(client, message),
        }
    }

    /// Asks for the messages of all filters; false as with [`publish`](Self::publish).
    pub fn subscribe(&self, filters: &[String]) -> bool {
        match self {
            Client::V4(client) => v4::subscribe(client, filters),
            Client::V5(client) => v5::subscribe(client, filters),
        }
    }

    /// Says goodbye; the answer is [`Told::Goodbye`].
    pub fn goodbye(&self) {
        let _ = match self {
            Client::V4(client) => client.try_disconnect().is_ok(),
            Client::V5(client) => client.try_disconnect().is_ok(),
        };
    }
}

/// Waits for the broker's word on the connection; what was told after it comes along.
///
/// # Errors
/// The reason when it is not a yes.
pub(crate) async fn accepted(told: &mut mpsc::Receiver<Batch>) -> Result<(Limits, Batch), String> {
    while let Some(batch) = told.recv().await {
        let mut batch = batch.into_iter();
        while let Some(told) = batch.next() {
            if let Told::Accepted(limits) = told? {
                return Ok((limits, batch.collect()));
            }
        }
    }
    Err("the connection ended before it began".into())
}
