//! One connection from CONNECT to its end: current state first, then the backlog in order, and records as they come.
//!
//! The event loop is polled by a task of its own and nothing here ever waits for it to take a request, so neither can
//! block the other. What was submitted is matched in order with the packet ids the event loop reports, and an
//! acknowledgement counts only within this connection.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use rumqttc::Transport;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use ulid::Ulid;

use crate::client::{Batch, Client, Dial, Limits, Will, accepted};
use crate::clock::tick;
use crate::command::Reply;
use crate::error::StoreError;
use crate::mqtt::Uplink;
use crate::outbox::Lane;
use crate::pace::{Pace, jittered};
use crate::states::States;
use crate::wire::{PAYLOAD_MAX_BYTES, Status};

mod commands;
mod read_ahead;
mod receive;
mod rollups;
mod send;
mod stop;
mod watermark;

use commands::{REPLIES_MAX, answer};
use read_ahead::ReadAhead;
use stop::{FAREWELL_AFTER, STOP_WAIT, Stopping};
use watermark::Centre;

/// Without an acknowledgement for this long, or two keep-alives if that is longer, the connection is given up: a broker
/// that answers pings but takes nothing is no broker.
const ACK_WAIT_MIN: Duration = Duration::from_secs(10);

/// The cursor is written at most this often: what a power cut costs is sent again and de-duplicated.
const KEEP_EVERY: Duration = Duration::from_millis(50);

/// How a connection ended.
pub(crate) enum Ended {
    /// By our wish.
    Stopped,
    /// By trouble, in words.
    Lost(String),
}

/// What a packet under way was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    State,
    Reply,
    /// The line ending at this number.
    Line(u64),
    /// A part of the roll-up with this number.
    Rollup(u64),
    Farewell,
}

struct Session<'a> {
    up: &'a mut Uplink,
    client: Client,
    limits: Limits,
    id: String,
    /// In the order given to the event loop, packet id not known yet.
    submitted: VecDeque<Sent>,
    under_way: HashMap<u16, Sent>,
    /// When an acknowledgement last came, or the first packet was submitted.
    alive: Instant,
    states: States,
    backlog: ReadAhead,
    fresh: ReadAhead,
    replies: VecDeque<Reply>,
    pace: Pace,
    centre: Centre,
    /// The cursor on its way to the store: one write at a time, the newest cursor goes next.
    keeping: JoinSet<Result<(), StoreError>>,
    kept: u64,
    keep_at: Instant,
    /// That nobody listens was said on this connection.
    unheard_told: bool,
    stopping: Stopping,
}

/// Runs one connection.
pub(crate) async fn run(
    up: &mut Uplink,
    transport: Transport,
    cancel: &CancellationToken,
) -> Ended {
    if cancel.is_cancelled() {
        return Ended::Stopped;
    }
    let now = (up.wall)();
    let id = Ulid::from_parts(now.unix_ms.max(0) as u64, rand::random()).to_string();
    let will = Status {
        v: 1,
        online: false,
        session: id.clone(),
        at: now.rfc3339(),
        reason: Some("connection_lost"),
    };
    let will = Will {
        topic: &up.topics.status(),
        payload: &will.json(),
    };
    // Ends with this function: dropping the set drops the event loop and closes its socket.
    let mut poller = JoinSet::new();
    let (client, mut told) =
        Client::begin(&Dial::centre(&up.cfg), transport, Some(&will), &mut poller);
    let (limits, rest) = tokio::select! {
        biased;
        () = cancel.cancelled() => return Ended::Stopped,
        answer = accepted(&mut told) => match answer {
            Ok(accepted) => accepted,
            Err(reason) => return Ended::Lost(reason),
        },
    };
    if (limits.packet_max_bytes as usize) < PAYLOAD_MAX_BYTES {
        tracing::warn!(
            packet_max_bytes = limits.packet_max_bytes,
            "The broker takes smaller packets than the contract needs: larger records are announced as gaps, larger states left out. Ask for 32 KiB."
        );
    }
    let now = tick();
    let mut session = Session {
        client,
        limits,
        id,
        submitted: VecDeque::new(),
        under_way: HashMap::new(),
        alive: now,
        states: States::default(),
        backlog: ReadAhead::new(),
        fresh: ReadAhead::new(),
        replies: VecDeque::new(),
        pace: Pace::new(up.cfg.backlog_rate_per_s, now),
        centre: Centre::new(up.cfg.resend_after),
        keeping: JoinSet::new(),
        kept: up.outbox.acked(),
        keep_at: now,
        unheard_told: false,
        stopping: Stopping::No,
        up,
    };
    if let Some(ended) = session.take_all(rest) {
        return ended;
    }
    session.run(&mut told, cancel).await
}

impl Session<'_> {
    async fn run(&mut self, told: &mut mpsc::Receiver<Batch>, cancel: &CancellationToken) -> Ended {
        self.up.connections += 1;
        let reconnects = self.up.connections - 1;
        let from = self.up.resume_from();
        self.up.outbox.connected(self.up.store.last_seq(), from);
        self.up.tell(|status| {
            status.connected = true;
            status.reconnects = reconnects;
        });
        tracing::info!(session = %self.id, backlog = self.up.outbox.backlog(), "Connected to the centre.");
        self.birth();
        self.subscribe();
        self.up.rollups.connected();
        let live = self.up.live.borrow_and_update().clone();
        self.want(&live).await;
        let interval = Duration::from_secs(u64::from(self.up.cfg.state_interval_s.max(1)));
        let mut refresh_at = tick() + jittered(interval, rand::random());
        let mut seqs = self.up.seqs.clone();
        let (mut seqs_open, mut live_open) = (true, true);
        let answers = self.up.commands.as_ref().map(|c| c.replies.clone());
        let mut answers = match &answers {
            Some(answers) => Some(answers.lock().await),
            None => None,
        };
        loop {
            self.read_on();
            self.pump();
            self.pump_rollups();
            self.keep_cursor();
            self.resend();
            if self.stopping != Stopping::No && self.step_stop() {
                return Ended::Stopped;
            }
            let wake = self.wake_at().min(refresh_at);
            tokio::select! {
                biased;
                () = cancel.cancelled(), if self.stopping == Stopping::No => {
                    self.up.outbox.stored(self.up.store.last_seq());
                    self.stopping = Stopping::Draining { since: tick() };
                }
                // Before what a fast drain tells all the time: what is new goes out first.
                changed = seqs.changed(), if seqs_open => match changed {
                    Ok(()) => self.up.outbox.stored(*seqs.borrow_and_update()),
                    Err(_) => seqs_open = false,
                },
                changed = self.up.live.changed(), if live_open => match changed {
                    Ok(()) => {
                        let live = self.up.live.borrow_and_update().clone();
                        self.want(&live).await;
                    }
                    Err(_) => live_open = false,
                },
                batch = told.recv() => {
                    let batch = batch.unwrap_or_else(|| vec![Err("the connection ended".into())]);
                    if let Some(ended) = self.take_all(batch) {
                        return ended;
                    }
                },
                () = self.up.rollups.offered() => self.up.rollups.refill(),
                Some(reply) = answer(&mut answers), if self.replies.len() < REPLIES_MAX => self.replies.push_back(reply),
                trouble = self.backlog.read() => self.log_trouble(trouble),
                trouble = self.fresh.read() => self.log_trouble(trouble),
                checked = self.centre.checked() => self.checked(checked),
                Some(kept) = self.keeping.join_next() => if let Ok(Err(error)) = kept {
                    // The cursor in memory is right; after a restart some records are sent again.
                    self.log_trouble(Some(error.to_string()));
                },
                () = sleep_until(wake) => {
                    if tick() >= refresh_at {
                        refresh_at = tick() + jittered(interval, rand::random());
                        self.states.repeat();
                        self.up.look_at_certificates().await;
                    }
                    if self.silent() {
                        return Ended::Lost(format!("no acknowledgement for {} s", self.ack_wait().as_secs()));
                    }
                }
            }
            self.up.refresh();
        }
    }

    /// Takes all that the event loop has told; the end of the connection if it says so.
    fn take_all(&mut self, batch: Batch) -> Option<Ended> {
        for told in batch {
            let ended = match told {
                Ok(told) => self.take(told),
                Err(_) if self.stopping != Stopping::No => Some(Ended::Stopped),
                Err(why) => Some(Ended::Lost(why)),
            };
            if ended.is_some() {
                return ended;
            }
        }
        None
    }

    fn lines(&mut self, lane: Lane) -> &mut ReadAhead {
        match lane {
            Lane::Backlog => &mut self.backlog,
            Lane::Live => &mut self.fresh,
        }
    }

    fn read_on(&mut self) {
        for lane in [Lane::Live, Lane::Backlog] {
            if let Some(next) = self.up.outbox.next_of(lane) {
                let (end, store) = (self.up.outbox.end_of(lane), self.up.store.clone());
                self.lines(lane).want(&store, next, end);
            }
        }
    }

    /// Sends everything from `from` on again.
    fn rewind(&mut self, from: u64) {
        self.up.outbox.rewind(from);
        self.backlog.forget();
        self.fresh.forget();
    }

    fn log_trouble(&self, trouble: Option<String>) {
        if trouble.is_some() {
            self.up.tell(|status| status.last_error = trouble);
        }
    }

    fn keep_cursor(&mut self) {
        let cursor = self.up.outbox.acked();
        if cursor > self.kept && self.keeping.is_empty() && tick() >= self.keep_at {
            self.kept = cursor;
            self.keep_at = tick() + KEEP_EVERY;
            let store = self.up.store.clone();
            self.keeping.spawn_blocking(move || store.set_acked(cursor));
        }
    }

    /// When something is due even if nothing happens.
    fn wake_at(&self) -> Instant {
        let mut at = tick() + Duration::from_secs(3600);
        if !(self.submitted.is_empty() && self.under_way.is_empty()) {
            at = at.min(self.alive + self.ack_wait());
        }
        if let Some((lane, _)) = self.up.outbox.next().filter(|_| self.room()) {
            let lines = match lane {
                Lane::Backlog => &self.backlog,
                Lane::Live => &self.fresh,
            };
            at = match lines.idle_until() {
                Some(retry_at) => at.min(retry_at),
                None if lines.front().is_some() && lane == Lane::Backlog => at.min(self.pace.due()),
                None => at,
            };
        }
        if self.rollups_may_go() {
            at = at.min(self.pace.due());
        }
        if self.up.outbox.acked() > self.kept && self.keeping.is_empty() {
            at = at.min(self.keep_at);
        }
        if let Some(resend_at) = self.resend_at() {
            at = at.min(resend_at);
        }
        match self.stopping {
            Stopping::No => at,
            Stopping::Draining { since } if since.elapsed() < FAREWELL_AFTER => {
                at.min(since + FAREWELL_AFTER)
            }
            Stopping::Draining { since } | Stopping::Farewell { since } => {
                at.min(since + STOP_WAIT)
            }
        }
    }

    fn ack_wait(&self) -> Duration {
        ACK_WAIT_MIN.max(2 * Duration::from_secs(u64::from(self.up.cfg.keep_alive_s)))
    }

    fn silent(&self) -> bool {
        !(self.submitted.is_empty() && self.under_way.is_empty())
            && self.alive.elapsed() >= self.ack_wait()
    }
}
