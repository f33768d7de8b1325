//! Home Assistant in the hall: publishes states and the discovery of them, retained, on the hall's own broker. A link of its own beside the
//! uplink, since Home Assistant listens to one broker, and that is the hall's and not the centre's. Knows no rule.

mod announcement;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hall_core::backoff::Backoff;
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, Outgoing, QoS};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use ulid::Ulid;

use crate::clock::WallFn;
use crate::connect::last_will;
use crate::poller::{Polled, accepted, poll};
use crate::states::States;
use crate::topics::Topics;
use crate::wire::{LiveState, Status};

pub use announcement::{Announcement, Labels};

const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Requests to the event loop. Full: the rest waits for the next event, and states merge.
const REQUESTS_MAX: usize = 32;
/// Events on their way here. Full: the event loop waits.
const EVENTS_MAX: usize = 64;
/// The largest announcement: four hundred windows and queues.
const PACKET_MAX_BYTES: usize = 1024 * 1024;
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
        let mut options = MqttOptions::new(&self.cfg.client_id, &self.cfg.host, self.cfg.port);
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_session(true)
            .set_max_packet_size(PACKET_MAX_BYTES, PACKET_MAX_BYTES);
        if self.cfg.enabled {
            let will = self.status(&session, Some("connection_lost"));
            options.set_last_will(last_will(&self.topics.status(), &will));
        }
        if let Some((user, password)) = &self.cfg.login {
            options.set_credentials(user, password);
        }
        let (client, event_loop) = AsyncClient::new(options, REQUESTS_MAX);
        let (events_tx, mut events) = mpsc::channel(EVENTS_MAX);
        // Ends with this function: dropping the set closes the socket.
        let mut poller = JoinSet::new();
        poller.spawn(poll(event_loop, events_tx));
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Ended::Done,
            refused = accepted(&mut events) => if let Some(reason) = refused { return Ended::Lost(reason) },
        }
        *connected = true;
        (self.told)(None);
        let mut link = Link {
            client,
            events,
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
        for filter in [self.announcement.topic(), &self.topics.states()] {
            if link.client.try_subscribe(filter, QoS::AtLeastOnce).is_err() {
                return Ended::Lost("the connection ended".into());
            }
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
                event = link.events.recv() => match event {
                    Some(Ok(Event::Incoming(Incoming::Publish(kept)))) if kept.retain => {
                        self.found(link, &kept.topic, &kept.payload);
                    }
                    Some(Ok(event)) => link.count(&event),
                    Some(Err(error)) => return Ended::Lost(error.to_string()),
                    None => return Ended::Lost("the connection ended".into()),
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
    client: AsyncClient,
    events: mpsc::Receiver<Polled>,
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
        let taken = self
            .client
            .try_publish(topic, QoS::AtLeastOnce, true, payload)
            .is_ok();
        self.unconfirmed += usize::from(taken);
        taken
    }

    fn count(&mut self, event: &Event) {
        if matches!(event, Event::Incoming(Incoming::PubAck(_))) {
            self.unconfirmed = self.unconfirmed.saturating_sub(1);
        }
    }

    /// Sends what is left, waits for the broker's word on all of it, and says goodbye.
    async fn finish(&mut self) -> Result<(), String> {
        loop {
            self.pump();
            if self.first.is_empty() && self.unconfirmed == 0 {
                let _ = self.client.try_disconnect();
            }
            match self.events.recv().await {
                Some(Ok(Event::Outgoing(Outgoing::Disconnect))) => return Ok(()),
                Some(Ok(event)) => self.count(&event),
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("the connection ended".into()),
            }
        }
    }
}
