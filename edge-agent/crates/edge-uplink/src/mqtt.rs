//! The uplink component: connects, lets a session run, waits, connects again, for ever. Network trouble is its normal
//! state and never its end.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hall_core::backoff::Backoff;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::client::{AHEAD, WINDOW};
use crate::clock::{Stopwatch, WallFn, tick};
use crate::command::{Command, CommandGate, Reply};
use crate::connect::UplinkConfig;
use crate::error::UplinkError;
use crate::outbox::{AckBy, Mode, Outbox};
use crate::retained::RetainedTopics;
use crate::rollups::{RollupQueue, Rollups};
use crate::session::{self, Ended};
use crate::store::EventStore;
use crate::tls::{self, Certificate};
use crate::topics::Topics;
use crate::wire::LiveState;

/// A connection that lived this long was a healthy one, and the next wait is a short one again.
const HEALTHY: Duration = Duration::from_secs(60);

/// Records that arrived within this time before a connection broke are sent again, …
const RESEND_WITHIN: Duration = Duration::from_secs(10);
/// … at most so many.
const RESEND_MAX: usize = 200;

/// How the uplink is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UplinkStatus {
    /// Offline, catching up or live.
    pub mode: Mode,
    /// The broker has accepted the connection.
    pub connected: bool,
    /// Everything up to here has arrived, by the word of whoever is configured to say so.
    pub acked: u64,
    /// The broker has everything up to here; the same as `acked` unless the centre acknowledges.
    pub broker_has: u64,
    /// Numbers stored that have not arrived.
    pub backlog: u64,
    /// What went wrong last; kept after it was mended.
    pub last_error: Option<String>,
    /// Records that arrived since the start, repeated ones included.
    pub published: u64,
    /// Connections after the first.
    pub reconnects: u64,
    /// Payloads over the contract's or the broker's size that were left out, since the start.
    pub oversized: u64,
    /// MQTT 5: records of which the broker said that nobody is subscribed to them, since the start.
    pub unheard: u64,
    /// Certificates in the configured files, those that expire first in front.
    pub certificates: Vec<Certificate>,
}

impl Default for UplinkStatus {
    fn default() -> Self {
        UplinkStatus {
            mode: Mode::Offline,
            connected: false,
            acked: 0,
            broker_has: 0,
            backlog: 0,
            last_error: None,
            published: 0,
            reconnects: 0,
            oversized: 0,
            unheard: 0,
            certificates: Vec::new(),
        }
    }
}

/// The way of commands through the uplink.
#[derive(Debug, Clone)]
pub struct Commands {
    /// Who may command this box.
    pub gate: CommandGate,
    /// Commands for the agent. Full: the next one is answered as busy.
    pub desk: mpsc::Sender<Command>,
    /// Answers of the agent. Shared by every attempt of the uplink; only one runs at a time.
    pub replies: Arc<Mutex<mpsc::Receiver<Reply>>>,
}

/// Publishes states and records to the centre's broker.
pub struct Uplink {
    pub(crate) cfg: UplinkConfig,
    pub(crate) store: Arc<dyn EventStore>,
    /// Highest durable number.
    pub(crate) seqs: watch::Receiver<u64>,
    /// Latest wins: a state that changed twice between two sends is sent once.
    pub(crate) live: watch::Receiver<Arc<LiveState>>,
    pub(crate) wall: WallFn,
    pub(crate) topics: Topics,
    pub(crate) outbox: Outbox,
    /// Retained topics published by any connection, so that one that vanishes can be cleared.
    pub(crate) retained: RetainedTopics,
    pub(crate) status: watch::Sender<UplinkStatus>,
    /// What arrived last, and when: the only memory across connections beside the outbox.
    recent: VecDeque<(u64, Instant)>,
    /// Who may command, and who carries it out; `None`: nobody may.
    pub(crate) commands: Option<Commands>,
    /// Figures of periods on their way.
    pub(crate) rollups: RollupQueue,
    /// Transactions of the newest resyncs: each is done once.
    pub(crate) resynced: VecDeque<String>,
    /// Connections the broker accepted.
    pub(crate) connections: u64,
    pub(crate) counts: Counts,
    /// What was said of the certificates last, and when.
    pub(crate) warned: Option<(String, Instant)>,
}

impl Uplink {
    /// An uplink over the log, from where the last one stopped.
    ///
    /// # Errors
    /// When the configuration cannot work whatever the network does.
    pub fn new(
        cfg: UplinkConfig,
        store: Arc<dyn EventStore>,
        seqs: watch::Receiver<u64>,
        live: watch::Receiver<Arc<LiveState>>,
        wall: WallFn,
    ) -> Result<Self, UplinkError> {
        if cfg.keep_alive_s < 5 {
            return Err(UplinkError::KeepAlive {
                keep_alive_s: cfg.keep_alive_s,
            });
        }
        let topics = Topics::new(&cfg.prefix, &cfg.area, &cfg.hall, &cfg.box_id)?;
        // A file that cannot be used is the installer's to mend, not a network trouble. Every connection reads them again.
        tls::transport(cfg.tls.as_ref())?;
        let window = usize::from(WINDOW) + usize::from(AHEAD);
        let mut outbox = Outbox::new(store.acked(), window, cfg.ack);
        outbox.stored(store.last_seq());
        let status = watch::Sender::new(UplinkStatus {
            acked: outbox.acked(),
            backlog: outbox.backlog(),
            ..UplinkStatus::default()
        });
        Ok(Uplink {
            cfg,
            store,
            seqs,
            live,
            wall,
            topics,
            outbox,
            retained: RetainedTopics::default(),
            status,
            recent: VecDeque::new(),
            commands: None,
            rollups: RollupQueue::default(),
            resynced: VecDeque::new(),
            connections: 0,
            counts: Counts::default(),
            warned: None,
        })
    }

    /// The same, taking commands of those who may; `None`: of nobody.
    #[must_use]
    pub fn with_commands(mut self, commands: Option<Commands>) -> Self {
        self.commands = commands;
        self
    }

    /// The same, remembering its retained topics in `file` over restarts.
    #[must_use]
    pub fn with_retained_file(mut self, file: PathBuf) -> Self {
        self.retained = RetainedTopics::open(file, self.topics.root());
        self
    }

    /// The same, sending the roll-ups that are offered; `None`: of nobody.
    #[must_use]
    pub fn with_rollups(mut self, rollups: Option<Rollups>) -> Self {
        self.rollups = RollupQueue::new(rollups);
        self
    }

    /// The same, telling its status to a channel that outlives it.
    #[must_use]
    pub fn with_status(mut self, status: watch::Sender<UplinkStatus>) -> Self {
        status.send_replace(self.status.borrow().clone());
        self.status = status;
        self
    }

    /// How the uplink is doing, to watch while it runs.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<UplinkStatus> {
        self.status.subscribe()
    }

    /// Runs until cancelled; then has 3 s to send what fits and to say goodbye.
    ///
    /// # Errors
    /// None at present: every network trouble leads to another try.
    pub async fn run(mut self, cancel: CancellationToken) -> Result<(), UplinkError> {
        let mut backoff = Backoff::new(self.cfg.backoff_min, self.cfg.backoff_max);
        loop {
            let lived = Stopwatch::start();
            self.look_at_certificates().await;
            let ended = match tls::transport(self.cfg.tls.as_ref()) {
                Ok(transport) => session::run(&mut self, transport, &cancel).await,
                Err(error) => Ended::Lost(error.to_string()),
            };
            self.outbox.disconnected();
            self.keep_cursor().await;
            self.broke();
            self.outbox.stored(self.store.last_seq());
            let reason = match ended {
                Ended::Stopped => {
                    self.tell(|status| status.connected = false);
                    return Ok(());
                }
                Ended::Lost(reason) => reason,
            };
            if lived.elapsed() >= HEALTHY.min(self.cfg.backoff_max) {
                backoff.reset();
            }
            let wait = backoff.next(rand::random());
            let first = self.status.borrow().connected
                || self.status.borrow().last_error.as_ref() != Some(&reason);
            if first {
                tracing::warn!(%reason, broker = %self.cfg.host, "No connection to the centre; events are kept and sent later.");
            } else {
                tracing::debug!(%reason, wait_ms = wait.as_millis() as u64, "Still no connection to the centre.");
            }
            self.tell(|status| {
                status.connected = false;
                status.last_error = Some(reason);
            });
            let due = tick() + wait;
            loop {
                tokio::select! {
                    biased;
                    () = cancel.cancelled() => return Ok(()),
                    () = tokio::time::sleep_until(due) => break,
                    Ok(()) = self.seqs.changed() => {
                        let last = *self.seqs.borrow_and_update();
                        self.outbox.stored(last);
                        self.tell(|_| ());
                    }
                }
            }
        }
    }

    /// What the centre is listened to for.
    pub(crate) fn filters(&self) -> Vec<String> {
        let commands = self.commands.as_ref().map(|_| self.topics.commands());
        let ack = (self.cfg.ack == AckBy::Centre).then(|| self.topics.ack());
        commands.into_iter().chain(ack).collect()
    }

    /// What a connection may not have written yet when it ended.
    async fn keep_cursor(&self) {
        let (store, cursor) = (self.store.clone(), self.outbox.acked());
        let kept = tokio::task::spawn_blocking(move || store.set_acked(cursor)).await;
        if let Ok(Err(error)) = kept {
            // The cursor in memory is right; after a restart some records are sent again.
            self.tell(|status| status.last_error = Some(error.to_string()));
        }
    }

    /// From where the next connection sends: what arrived just before the last one broke is sent again, because a broker
    /// without persistence may have acknowledged it and died before anybody had it.
    pub(crate) fn resume_from(&self) -> u64 {
        let recent = self.recent.iter().map(|(seq, _)| *seq);
        recent.min().unwrap_or(self.outbox.acked() + 1)
    }

    /// Remembers what has just arrived.
    pub(crate) fn remember(&mut self, seq: u64) {
        self.recent.push_back((seq, tick()));
        if self.recent.len() > RESEND_MAX {
            self.recent.pop_front();
        }
    }

    /// Forgets what arrived long enough before the connection broke; the break may have been noticed late.
    fn broke(&mut self) {
        let notice = Duration::from_secs(u64::from(self.cfg.keep_alive_s)) * 3 / 2;
        self.recent
            .retain(|(_, at)| at.elapsed() < notice + RESEND_WITHIN);
        self.rollups.broke(notice + RESEND_WITHIN);
    }

    /// Updates the status, with what the outbox knows.
    pub(crate) fn tell(&self, change: impl FnOnce(&mut UplinkStatus)) {
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            self.update(status);
            *status != before
        });
    }

    /// The same without a change of anything else; cheap enough for every acknowledgement.
    pub(crate) fn refresh(&self) {
        self.status.send_if_modified(|status| self.update(status));
    }

    fn update(&self, status: &mut UplinkStatus) -> bool {
        let figures = |s: &UplinkStatus| (s.mode, s.acked, s.broker_has, s.backlog, s.published);
        let before = figures(status);
        status.mode = self.outbox.mode();
        status.acked = self.outbox.acked();
        status.broker_has = self.outbox.confirmed();
        status.backlog = self.outbox.backlog();
        status.published = self.counts.published;
        status.unheard = self.counts.unheard;
        figures(status) != before
    }
}

/// Counted for every record, told with the rest.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub published: u64,
    pub unheard: u64,
}
