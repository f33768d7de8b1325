//! Follows a broker: a fresh client for each connection, a persistent session where state is kept, and no acknowledgement before
//! what arrived is where it has to be.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use edge_uplink::clock::WallFn;
use edge_uplink::{Tls, transport};
use hall_core::backoff::Backoff;
use rumqttc::{AsyncClient, Event, EventLoop, Incoming, MqttOptions, Publish, QoS, Transport};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::CentralError;
use crate::ack::Watermarks;
use crate::board::board;
use crate::journal::Journal;
use crate::message::Arrived;
use crate::ndjson::Ndjson;
use crate::postgres::Database;
use crate::report::Report;
use crate::watch::{Fleet, Passed};

/// Packets read and not yet handled. When full the event loop waits, and with it the broker.
const EVENTS_MAX: usize = 1_000;
/// Messages handled as one batch: one transaction, one write to the journal.
const BATCH_MAX: usize = 500;
/// Acknowledgements waiting to be sent: more than can be read at once, so that giving one never waits.
const REQUESTS_MAX: usize = 8_192;
/// A larger packet ends the connection; the contract's are under 16 KiB.
const PACKET_MAX_BYTES: usize = 256 * 1024;

/// Whom to follow and where to put it.
#[derive(Debug, Clone)]
pub struct FollowConfig {
    /// Broker's host.
    pub host: String,
    /// Broker's port.
    pub port: u16,
    /// TLS; `None` for clear text.
    pub tls: Option<Tls>,
    /// User and password.
    pub login: Option<(String, String)>,
    /// Client id; with `state` the broker keeps a session for it.
    pub client_id: String,
    /// Topic filters.
    pub filters: Vec<String>,
    /// Begin of every topic.
    pub prefix: String,
    /// Largest difference of clocks; `None`: not compared.
    pub clock_tolerance: Option<Duration>,
    /// Folder that keeps what is known over restarts.
    pub state: Option<PathBuf>,
    /// File of all messages.
    pub ndjson: Option<PathBuf>,
    /// Address of a database.
    pub postgres: Option<String>,
    /// Acknowledge to each box what is kept here for good; only together with `state` and a file or database of the records.
    pub ack: bool,
    /// Boxes on the board.
    pub board_rows: usize,
}

/// How it is going, for whoever shows it.
#[derive(Debug, Clone)]
pub struct Progress {
    /// What is known, in figures.
    pub report: Arc<Report>,
    /// The same as a board of [`FollowConfig::board_rows`] boxes.
    pub board: Arc<str>,
    /// Connected.
    pub connected: bool,
    /// Last trouble, in words.
    pub trouble: Option<String>,
    /// When a message came last, Unix milliseconds; 0 before any.
    pub last_unix_ms: i64,
}

/// The subscriber.
pub struct Follow {
    cfg: FollowConfig,
    wall: WallFn,
    fleet: Fleet,
    watermarks: Watermarks,
    journal: Option<Journal>,
    ndjson: Option<Ndjson>,
    database: Option<Database>,
    progress: watch::Sender<Progress>,
    trouble: Option<String>,
    last_unix_ms: i64,
    /// Stopped before the database had what was taken: it must come again, so the state is not kept.
    unsaved: bool,
}

/// How often it is told how things are going.
const SHOW_EVERY: Duration = Duration::from_millis(500);

impl Follow {
    /// Opens the files and the database.
    ///
    /// # Errors
    /// When one cannot be used.
    pub async fn open(cfg: FollowConfig, wall: WallFn) -> Result<Self, CentralError> {
        if cfg.ack && (cfg.state.is_none() || (cfg.ndjson.is_none() && cfg.postgres.is_none())) {
            return Err(CentralError::NothingKept);
        }
        // Every connection reads the files again; what cannot be used at all is said at once.
        transport(cfg.tls.as_ref())?;
        let tolerance_ms = cfg.clock_tolerance.map(|t| t.as_millis() as i64);
        let fresh = Fleet::new(&cfg.prefix, tolerance_ms);
        let (journal, fleet) = match &cfg.state {
            Some(dir) => {
                let (journal, fleet) = Journal::open(dir, fresh)?;
                (Some(journal), fleet)
            }
            None => (None, fresh),
        };
        let ndjson = cfg.ndjson.as_deref().map(Ndjson::open).transpose()?;
        let database = match &cfg.postgres {
            Some(url) => Some(Database::open(url).await?),
            None => None,
        };
        let progress = watch::Sender::new(Progress {
            report: Arc::new(Report::of(&fleet, &[])),
            board: "".into(),
            connected: false,
            trouble: None,
            last_unix_ms: 0,
        });
        Ok(Follow {
            cfg,
            wall,
            fleet,
            watermarks: Watermarks::default(),
            journal,
            ndjson,
            database,
            progress,
            trouble: None,
            last_unix_ms: 0,
            unsaved: false,
        })
    }

    /// How it is going, to watch.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Follows until cancelled; gives what is known then.
    ///
    /// # Errors
    /// When a file cannot be written. The broker and the database are waited for.
    pub async fn run(mut self, cancel: CancellationToken) -> Result<Fleet, CentralError> {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(15));
        while !cancel.is_cancelled() {
            let connected = match transport(self.cfg.tls.as_ref()) {
                Ok(transport) => {
                    let (client, event_loop) = self.client(transport);
                    let (events_tx, mut events) = mpsc::channel(EVENTS_MAX);
                    // Ends with this turn: dropping the set drops the event loop and closes its socket.
                    let mut poller = JoinSet::new();
                    poller.spawn(poll(event_loop, events_tx));
                    self.connection(&client, &mut events, &cancel).await?
                }
                Err(error) => {
                    self.trouble = Some(error.to_string());
                    false
                }
            };
            self.show(false);
            if connected {
                backoff.reset();
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                () = tokio::time::sleep(backoff.next(rand::random())) => {}
            }
        }
        if let Some(journal) = self.journal.as_mut().filter(|_| !self.unsaved) {
            journal.snapshot(&self.fleet)?;
        }
        self.show(false);
        Ok(self.fleet)
    }

    fn client(&self, transport: Transport) -> (AsyncClient, EventLoop) {
        let mut options = MqttOptions::new(&self.cfg.client_id, &self.cfg.host, self.cfg.port);
        options
            .set_transport(transport)
            .set_keep_alive(Duration::from_secs(30))
            .set_clean_session(self.cfg.state.is_none())
            .set_max_packet_size(PACKET_MAX_BYTES, PACKET_MAX_BYTES)
            .set_manual_acks(true);
        if let Some((user, password)) = &self.cfg.login {
            options.set_credentials(user, password);
        }
        AsyncClient::new(options, REQUESTS_MAX)
    }

    /// One connection to its end; whether the broker ever accepted it.
    async fn connection(
        &mut self,
        client: &AsyncClient,
        events: &mut mpsc::Receiver<Result<Event, String>>,
        cancel: &CancellationToken,
    ) -> Result<bool, CentralError> {
        let mut connected = false;
        let mut shown = tokio::time::interval(SHOW_EVERY);
        let mut taken = Vec::with_capacity(BATCH_MAX);
        loop {
            let count = tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(connected),
                _ = shown.tick() => {
                    self.show(connected);
                    if connected && !self.acknowledge(client) {
                        return Ok(connected);
                    }
                    continue;
                }
                count = events.recv_many(&mut taken, BATCH_MAX) => count,
            };
            if count == 0 {
                return Ok(connected);
            }
            let mut publishes = Vec::new();
            let mut ended = false;
            for event in taken.drain(..) {
                match event {
                    Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                        connected = true;
                        self.trouble = None;
                        self.watermarks.connected(&self.fleet);
                        for filter in &self.cfg.filters {
                            ended |= client.try_subscribe(filter, QoS::AtLeastOnce).is_err();
                        }
                    }
                    Ok(Event::Incoming(Incoming::SubAck(_))) => self.show(connected),
                    Ok(Event::Incoming(Incoming::Publish(publish))) => publishes.push(publish),
                    Ok(_) => {}
                    Err(words) => {
                        if self.trouble.as_ref() != Some(&words) {
                            tracing::warn!(reason = %words, "No connection to the broker; trying again.");
                        }
                        self.trouble = Some(words);
                        ended = true;
                    }
                }
            }
            self.batch(&publishes, cancel).await?;
            if self.unsaved {
                return Ok(connected);
            }
            for publish in &publishes {
                ended |= client.try_ack(publish).is_err();
            }
            if ended || !self.acknowledge(client) {
                return Ok(connected);
            }
        }
    }

    /// Publishes what the boxes may count as arrived, so many at a time; false when the event loop does not take it.
    fn acknowledge(&mut self, client: &AsyncClient) -> bool {
        if !self.cfg.ack {
            return true;
        }
        for _ in 0..BATCH_MAX {
            let Some(next) = self.watermarks.next(&self.fleet, &self.cfg.prefix) else {
                break;
            };
            if client
                .try_publish(next.topic, QoS::AtLeastOnce, true, next.payload)
                .is_err()
            {
                return false;
            }
        }
        true
    }

    /// Checks, passes on and keeps what arrived.
    async fn batch(
        &mut self,
        publishes: &[Publish],
        cancel: &CancellationToken,
    ) -> Result<(), CentralError> {
        if publishes.is_empty() {
            return Ok(());
        }
        let at_unix_ms = (self.wall)().unix_ms;
        self.last_unix_ms = at_unix_ms;
        let mut arrived = Vec::with_capacity(publishes.len());
        let mut passed: Vec<(Arrived, Passed)> = Vec::new();
        for publish in publishes {
            let one = Arrived {
                topic: publish.topic.clone(),
                payload: String::from_utf8_lossy(&publish.payload).into_owned(),
                retained: publish.retain,
                at_unix_ms,
            };
            if let Some(fresh) = self.fleet.take(&one) {
                passed.push((one.clone(), fresh));
            }
            arrived.push(one);
        }
        self.store(&passed, cancel).await;
        if self.unsaved {
            return Ok(());
        }
        if let Some(ndjson) = &mut self.ndjson {
            for (one, _) in &passed {
                ndjson.write(one)?;
            }
        }
        if let Some(journal) = &mut self.journal {
            journal.keep(&arrived, &self.fleet)?;
        }
        if self.cfg.ack && !passed.is_empty() {
            // What is acknowledged leaves the box: it must be safe here from a power cut as well.
            if let Some(ndjson) = &self.ndjson {
                ndjson.sync()?;
            }
            if let Some(journal) = &self.journal {
                journal.sync()?;
            }
            for (_, fresh) in &passed {
                self.watermarks.kept(&fresh.source);
            }
        }
        Ok(())
    }

    /// Waits for the database as long as it takes: the broker keeps what comes meanwhile.
    async fn store(&mut self, passed: &[(Arrived, Passed)], cancel: &CancellationToken) {
        let Some(database) = &mut self.database else {
            return;
        };
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));
        while let Err(error) = database.write(passed).await {
            tracing::warn!(%error, "The database does not take records; trying again.");
            self.trouble = Some(error.to_string());
            tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    self.unsaved = true;
                    return;
                }
                () = tokio::time::sleep(backoff.next(rand::random())) => {}
            }
        }
    }

    fn show(&self, connected: bool) {
        self.progress.send_replace(Progress {
            report: Arc::new(Report::of(&self.fleet, &[])),
            board: board(&self.fleet, self.cfg.board_rows).into(),
            connected,
            trouble: self.trouble.clone(),
            last_unix_ms: self.last_unix_ms,
        });
    }
}

/// Passes on what the event loop says, to its end.
async fn poll(mut event_loop: EventLoop, events: mpsc::Sender<Result<Event, String>>) {
    loop {
        let event = event_loop.poll().await.map_err(|e| e.to_string());
        let ended = event.is_err();
        if events.send(event).await.is_err() || ended {
            return;
        }
    }
}
