//! Home Assistant in the hall: publishes states and the discovery of them, retained, on the hall's own broker. A link of its own beside the
//! uplink, since Home Assistant listens to one broker, and that is the hall's and not the centre's. Knows no rule.

mod announcement;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hall_core::backoff::Backoff;
use rumqttc::Transport;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use ulid::Ulid;

use crate::client::{self, Batch, Client, Dial, Message, Will};
use crate::clock::WallFn;
use crate::connect::MqttVersion;
use crate::states::States;
use crate::topics::Topics;
use crate::wire::{LiveState, Status};

pub use announcement::{Announcement, Labels};

const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));
const KEEP_ALIVE_S: u32 = 15;
/// The largest announcement: four hundred windows and queues.
const PACKET_MAX_BYTES: u32 = 1024 * 1024;
/// Time to say goodbye.
const FAREWELL_WITHIN: Duration = Duration::from_secs(2);

/// Where Home Assistant listens.
#[derive(Clone)]
pub struct HomeAssistantConfig {
    /// Broker's host.
    pub host: String,
    /// Broker's port.
    pub port: u16,
    /// User and password.
    pub login: Option<(String, String)>,
    /// Client id, stable.
    pub client_id: String,
    /// False: what was published is taken back, and nothing more is.
    pub enabled: bool,
}

/// What became of the link, for whoever shows it: `None` while it works.
pub type Told = Arc<dyn Fn(Option<&str>) + Send + Sync>;

/// The link.
pub struct HomeAssistant {
    cfg: HomeAssistantConfig,
    topics: Topics,
    announcement: Announcement,
    live: watch::Receiver<Arc<LiveState>>,
    wall: WallFn,
    told: Told,
    /// State topics the broker keeps of us, so that one that vanished can be cleared.
    retained: BTreeSet<String>,
}

enum Ended {
    /// By our wish, or with nothing left to do.
    Done,
    /// By trouble, in words.
    Lost(String),
}

impl HomeAssistant {
    /// Does no IO. `topics` are those of this link alone: two writers of one topic would contradict each other.
    #[must_use]
    pub fn new(
        cfg: HomeAssistantConfig,
        topics: Topics,
        announcement: Announcement,
        live: watch::Receiver<Arc<LiveState>>,
        wall: WallFn,
        told: Told,
    ) -> Self {
        HomeAssistant {
            cfg,
            topics,
            announcement,
            live,
            wall,
            told,
            retained: BTreeSet::new(),
        }
    }

    /// Runs until cancelled. Switched off, it takes back what an earlier run published, once.
    pub async fn run(mut self, cancel: CancellationToken) {
        let mut backoff = Backoff::new(BACKOFF.0, BACKOFF.1);
        loop {
            let mut connected = false;
            let reason = match self.connection(&cancel, &mut connected).await {
                Ended::Done => break,
                Ended::Lost(reason) => reason,
            };
            if connected {
                backoff.reset();
            }
            (self.told)(Some(&reason));
            let pause = backoff.next(rand::random());
            tracing::warn!(broker = %format_args!("{}:{}", self.cfg.host, self.cfg.port), %reason,
                retry_ms = pause.as_millis() as u64, "No connection to Home Assistant's broker.");
            tokio::select! {
                biased;
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
        cancel.cancelled().await;
    }

    /// One connection, with a client and an event loop of its own.
    async fn connection(&mut self, cancel: &CancellationToken, connected: &mut bool) -> Ended {
        let session =
            Ulid::from_parts((self.wall)().unix_ms.max(0) as u64, rand::random()).to_string();
        let (user, password) = self
            .cfg
            .login
            .as_ref()
            .map(|(u, p)| (u.as_str(), p.as_str()))
            .unzip();
        let dial = Dial {
            mqtt_version: MqttVersion::V3,
            host: &self.cfg.host,
            port: self.cfg.port,
            client_id: &self.cfg.client_id,
            user,
            password,
            keep_alive_s: KEEP_ALIVE_S,
            packet_max_bytes: PACKET_MAX_BYTES,
        };
        let will = Will {
            topic: &self.topics.status(),
            payload: &self.status(&session, Some("connection_lost")),
        };
        // Ends with this function: dropping the set closes the socket.
        let mut poller = JoinSet::new();
        let will = self.cfg.enabled.then_some(&will);
        let (client, mut told) = Client::begin(&dial, Transport::tcp(), will, &mut poller);
        let rest = tokio::select! {
            biased;
            () = cancel.cancelled() => return Ended::Done,
            answer = client::accepted(&mut told) => match answer {
                Ok((_, rest)) => rest,
                Err(reason) => return Ended::Lost(reason),
            },
        };
        *connected = true;
        (self.told)(None);
        let mut link = Link {
            client,
            batches: told,
            told: rest.into(),
            states: States::default(),
            first: VecDeque::new(),
            unconfirmed: 0,
        };
        if self.cfg.enabled {
            self.publish(&mut link, &session, cancel).await
        } else {
            self.take_back(&mut link, cancel).await
        }
    }

    async fn publish(
        &mut self,
        link: &mut Link,
        session: &str,
        cancel: &CancellationToken,
    ) -> Ended {
        // Asked for before anything is published: what the broker kept of an earlier run comes as such, marked as retained.
        let filters = [self.announcement.topic().to_owned(), self.topics.states()];
        if !link.client.subscribe(&filters) {
            return Ended::Lost("the connection ended".into());
        }
        link.first.push_back((
            self.topics.status(),
            self.status(session, None).into_bytes(),
        ));
        link.first.push_back((
            self.announcement.topic().to_owned(),
            self.announcement.payload(),
        ));
        self.want(link);
        tracing::info!(
            topic = self.announcement.topic(),
            "Home Assistant's broker connected."
        );
        let mut live_open = true;
        loop {
            link.pump();
            tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    let farewell = self.status(session, Some("stopping"));
                    link.first.clear();
                    link.states = States::default();
                    link.first.push_back((self.topics.status(), farewell.into_bytes()));
                    let _ = tokio::time::timeout(FAREWELL_WITHIN, link.finish()).await;
                    return Ended::Done;
                }
                told = link.told() => match told {
                    Ok(client::Told::Message { topic, payload, retained: true }) => {
                        self.found(link, &topic, &payload);
                    }
                    Ok(told) => link.count(&told),
                    Err(reason) => return Ended::Lost(reason),
                },
                changed = self.live.changed(), if live_open => match changed {
                    Ok(()) => self.want(link),
                    Err(_) => live_open = false,
                },
            }
        }
    }

    /// Everything this configuration may have published is cleared; an empty retained message removes it (MQTT 3.1.1, 3.3.1.3).
    async fn take_back(&mut self, link: &mut Link, cancel: &CancellationToken) -> Ended {
        let labels = self.announcement.labels();
        let windows = labels
            .windows
            .iter()
            .map(|(id, _)| self.topics.window_state(id));
        let queues = labels
            .queues
            .iter()
            .map(|(id, _)| self.topics.queue_state(id));
        let all = [self.announcement.topic().to_owned(), self.topics.status()];
        let topics = all.into_iter().chain(windows).chain(queues);
        link.first = topics.map(|topic| (topic, Vec::new())).collect();
        tokio::select! {
            biased;
            () = cancel.cancelled() => Ended::Done,
            done = link.finish() => match done {
                Ok(()) => {
                    tracing::info!("What Home Assistant was told is taken back.");
                    Ended::Done
                }
                Err(reason) => Ended::Lost(reason),
            },
        }
    }

    /// Takes over the present states of windows and queues; the rest of the contract is not for Home Assistant.
    fn want(&mut self, link: &mut Link) {
        let live = self.live.borrow_and_update().clone();
        let shown = LiveState {
            windows: live.windows.clone(),
            queues: live.queues.clone(),
            ..LiveState::default()
        };
        for topic in link.states.want(&shown, &self.topics, &mut self.retained) {
            tracing::error!(topic, "A state is too large to publish and is left out.");
        }
    }

    /// What the broker kept of an earlier run: entities and states that are no more are removed.
    fn found(&mut self, link: &mut Link, topic: &str, payload: &[u8]) {
        if topic == self.announcement.topic() {
            if let Some(removal) = self.announcement.removal(payload) {
                link.first.push_back((topic.to_owned(), removal));
                link.first
                    .push_back((topic.to_owned(), self.announcement.payload()));
            }
        } else if !payload.is_empty() && self.retained.insert(topic.to_owned()) {
            self.want(link);
        }
    }

    fn status(&self, session: &str, reason: Option<&'static str>) -> String {
        Status {
            v: 1,
            online: reason.is_none(),
            session: session.to_owned(),
            at: (self.wall)().rfc3339(),
            reason,
        }
        .json()
    }
}

/// One connection's client and what is still to be sent.
struct Link {
    client: Client,
    batches: mpsc::Receiver<Batch>,
    /// What was told and not looked at yet.
    told: VecDeque<Result<client::Told, String>>,
    states: States,
    /// Sent before the states, in order.
    first: VecDeque<(String, Vec<u8>)>,
    /// Published, and not acknowledged yet.
    unconfirmed: usize,
}

impl Link {
    /// Hands over as much as the event loop takes.
    fn pump(&mut self) {
        while let Some((topic, payload)) = self.first.front() {
            if !self.send(topic.clone(), payload.clone()) {
                return;
            }
            self.first.pop_front();
        }
        while let Some((topic, payload)) = self.states.next() {
            if !self.send(topic, payload) {
                return;
            }
            self.states.sent();
        }
    }

    fn send(&mut self, topic: String, payload: Vec<u8>) -> bool {
        let taken = self.client.publish(Message {
            topic,
            payload,
            retain: true,
            ..Message::default()
        });
        self.unconfirmed += usize::from(taken);
        taken
    }

    /// What the event loop tells next; the reason when it has ended.
    async fn told(&mut self) -> Result<client::Told, String> {
        loop {
            if let Some(told) = self.told.pop_front() {
                return told;
            }
            match self.batches.recv().await {
                Some(batch) => self.told.extend(batch),
                None => return Err("the connection ended".into()),
            }
        }
    }

    fn count(&mut self, told: &client::Told) {
        use client::Told::{Acked, Refused};
        if matches!(told, Acked { .. } | Refused { .. }) {
            self.unconfirmed = self.unconfirmed.saturating_sub(1);
        }
    }

    /// Sends what is left, waits for the broker's word on all of it, and says goodbye.
    async fn finish(&mut self) -> Result<(), String> {
        loop {
            self.pump();
            if self.first.is_empty() && self.unconfirmed == 0 {
                self.client.goodbye();
            }
            match self.told().await? {
                client::Told::Goodbye => return Ok(()),
                told => self.count(&told),
            }
        }
    }
}
