//! One connection from CONNECT to its end: current state first, then the backlog in order, then records as they come.
//!
//! The event loop is polled by a task of its own and nothing here ever waits for it to take a request, so neither can
//! block the other. What was submitted is matched in order with the packet ids the event loop reports, and an
//! acknowledgement counts only within this connection.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, Incoming, Outgoing, QoS, Transport};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use ulid::Ulid;

use crate::clock::tick;
use crate::cloudevent;
use crate::command::Reply;
use crate::connect::last_will;
use crate::mqtt::{Uplink, WINDOW};
use crate::outbox::Take;
use crate::pace::{jittered, paced};
use crate::poller::{Polled, accepted, poll, words};
use crate::states::States;
use crate::store::{GapReason, GapRecord, LogLine};
use crate::wire::{LiveState, PAYLOAD_MAX_BYTES, Status};

mod commands;
mod rollups;
mod stop;

use commands::{REPLIES_MAX, answer};
use stop::{FAREWELL_AFTER, STOP_WAIT, Stopping};

/// Events of the event loop on their way here. When full the event loop waits: nothing here waits for it in turn.
const EVENTS_MAX: usize = 256;
/// Lines read ahead.
const READ_AHEAD: usize = 64;
/// Without an acknowledgement for this long, or two keep-alives if that is longer, the connection is given up: a broker
/// that answers pings but takes nothing is no broker.
const ACK_WAIT_MIN: Duration = Duration::from_secs(10);
/// Before the log is read again after it could not be.
const READ_RETRY: Duration = Duration::from_secs(1);
/// A record older than this is late even when it was stored on this connection.
const LATE_AFTER_MS: i64 = 60_000;
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
    client: AsyncClient,
    id: String,
    /// In the order given to the event loop, packet id not known yet.
    submitted: VecDeque<Sent>,
    under_way: HashMap<u16, Sent>,
    /// When an acknowledgement last came, or the first packet was submitted.
    alive: Instant,
    states: States,
    lines: VecDeque<LogLine>,
    replies: VecDeque<Reply>,
    /// The next backlog record may go then.
    paced_until: Instant,
    /// The log may be read again then.
    read_after: Instant,
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
    let (client, event_loop) = up.cfg.client(
        transport,
        last_will(&up.topics.status(), &will.json()),
        WINDOW,
    );
    let (events_tx, mut events) = mpsc::channel(EVENTS_MAX);
    // Ends with this function: dropping the set drops the event loop and closes its socket.
    let mut poller = JoinSet::new();
    poller.spawn(poll(event_loop, events_tx));
    tokio::select! {
        biased;
        () = cancel.cancelled() => return Ended::Stopped,
        ended = accepted(&mut events) => if let Some(reason) = ended { return Ended::Lost(reason) },
    }
    let now = tick();
    let mut session = Session {
        up,
        client,
        id,
        submitted: VecDeque::new(),
        under_way: HashMap::new(),
        alive: now,
        states: States::default(),
        lines: VecDeque::new(),
        replies: VecDeque::new(),
        paced_until: now,
        read_after: now,
        stopping: Stopping::No,
    };
    session.run(&mut events, cancel).await
}

impl Session<'_> {
    async fn run(
        &mut self,
        events: &mut mpsc::Receiver<Polled>,
        cancel: &CancellationToken,
    ) -> Ended {
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
            self.refill().await;
            self.pump();
            self.pump_rollups();
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
                event = events.recv() => match event {
                    Some(Ok(Event::Outgoing(Outgoing::Disconnect))) => return Ended::Stopped,
                    Some(Ok(event)) => self.on_event(&event).await,
                    Some(Err(_)) | None if self.stopping != Stopping::No => return Ended::Stopped,
                    Some(Err(error)) => return Ended::Lost(words(&error)),
                    None => return Ended::Lost("the connection ended".into()),
                },
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
                () = self.up.rollups.offered() => self.up.rollups.refill(),
                Some(reply) = answer(&mut answers), if self.replies.len() < REPLIES_MAX => self.replies.push_back(reply),
                () = sleep_until(wake) => {
                    if tick() >= refresh_at {
                        refresh_at = tick() + jittered(interval, rand::random());
                        self.states.repeat();
                    }
                    if self.silent() {
                        return Ended::Lost(format!("no acknowledgement for {} s", self.ack_wait().as_secs()));
                    }
                }
            }
            self.up.tell(|_| ());
        }
    }

    fn birth(&mut self) {
        let status = self.status(true, None);
        self.publish(
            self.up.topics.status(),
            status.into_bytes(),
            Sent::State,
            Retain::Yes,
        );
    }

    fn status(&self, online: bool, reason: Option<&'static str>) -> String {
        Status {
            v: 1,
            online,
            session: self.id.clone(),
            at: (self.up.wall)().rfc3339(),
            reason,
        }
        .json()
    }

    async fn want(&mut self, live: &LiveState) {
        let (topics, known) = (&self.up.topics, &mut self.up.retained.topics);
        let before = known.len();
        let oversized = self.states.want(live, topics, known);
        if known.len() != before {
            self.up.retained.save().await;
        }
        for topic in &oversized {
            tracing::error!(topic, "A state is too large to publish and is left out.");
        }
        self.up
            .tell(|status| status.oversized += oversized.len() as u64);
    }

    /// Reads on in the log when nothing read is left to send.
    async fn refill(&mut self) {
        let Some(next) = self.up.outbox.next() else {
            return;
        };
        if !self.lines.is_empty() || tick() < self.read_after {
            return;
        }
        let store = self.up.store.clone();
        let read = tokio::task::spawn_blocking(move || store.read(next, READ_AHEAD)).await;
        let problem = match read {
            Ok(Ok(lines)) if lines.is_empty() => {
                "the log has no record where one is expected".to_owned()
            }
            Ok(Ok(lines)) => {
                self.lines.extend(lines);
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        self.read_after = tick() + READ_RETRY;
        self.up.tell(|status| status.last_error = Some(problem));
    }

    /// Submits as much as the window takes: states first.
    fn pump(&mut self) {
        if matches!(self.stopping, Stopping::Farewell { .. }) {
            return;
        }
        while self.room() {
            let Some((topic, payload)) = self.states.next() else {
                break;
            };
            if !self.publish(topic, payload, Sent::State, Retain::Yes) {
                return;
            }
            self.states.sent();
        }
        while self.room() {
            let Some(reply) = self.replies.pop_front() else {
                break;
            };
            let topic = self.up.topics.reply(&reply.tx);
            self.publish(topic, reply.json().into_bytes(), Sent::Reply, Retain::No);
        }
        while self.room() && self.up.outbox.next().is_some() {
            let Some(line) = self.lines.front() else {
                return;
            };
            let backlog = self.up.outbox.is_backlog(line.seq);
            if backlog && self.stopping == Stopping::No && tick() < self.paced_until {
                return;
            }
            let line = line.clone();
            match self.up.outbox.take(line.from, line.seq) {
                Take::Skip => {
                    self.lines.pop_front();
                    continue;
                }
                Take::Hole { from, to } => {
                    tracing::error!(
                        from,
                        to,
                        "The log has no readable records here; a gap is announced."
                    );
                    let gap = self.gap(from, to, GapReason::Unreadable);
                    self.up.outbox.take(from, to);
                    self.submit_gap(&gap, backlog);
                }
                Take::Send => {
                    self.lines.pop_front();
                    self.submit_line(&line, backlog);
                }
            }
            if backlog {
                self.paced_until = tick() + paced(self.up.cfg.backlog_rate_per_s, rand::random());
            }
        }
    }

    fn room(&self) -> bool {
        self.submitted.len() + self.under_way.len() < usize::from(WINDOW)
    }

    fn gap(&self, from: u64, to: u64, reason: GapReason) -> GapRecord {
        GapRecord::new(
            from,
            to,
            reason,
            (self.up.wall)(),
            crate::store::codec::GENESIS,
        )
    }

    fn submit_line(&mut self, line: &LogLine, backlog: bool) {
        if let Some(gap) = line.gap() {
            self.submit_gap(&gap, backlog);
            return;
        }
        let source = self.up.topics.source();
        let payload = cloudevent::facts(line).and_then(|facts| {
            let age_ms = (self.up.wall)().unix_ms - crate::store::query::unix_ms(&facts.updated);
            cloudevent::event(line, &facts, source, backlog || age_ms > LATE_AFTER_MS)
        });
        let reason = match payload {
            Some(payload) if payload.len() <= PAYLOAD_MAX_BYTES => {
                self.publish(
                    self.up.topics.event(),
                    payload.into_bytes(),
                    Sent::Line(line.seq),
                    Retain::No,
                );
                return;
            }
            Some(_) => GapReason::TooLarge,
            None => GapReason::Unreadable,
        };
        tracing::error!(
            seq = line.seq,
            ?reason,
            "A record cannot be published; a gap is announced in its place."
        );
        self.up
            .tell(|status| status.oversized += u64::from(reason == GapReason::TooLarge));
        let gap = self.gap(line.seq, line.seq, reason);
        self.submit_gap(&gap, backlog);
    }

    fn submit_gap(&mut self, gap: &GapRecord, late: bool) {
        let cfg = &self.up.cfg;
        let payload = cloudevent::gap(gap, &cfg.hall, &cfg.box_id, self.up.topics.source(), late)
            .expect("invariant: a gap of our making is JSON");
        self.publish(
            self.up.topics.event(),
            payload.into_bytes(),
            Sent::Line(gap.to),
            Retain::No,
        );
    }

    /// Hands one packet to the event loop; false when it does not take it. The request channel is as large as the window
    /// that [`room`](Self::room) guards, so this only happens when the event loop has ended, and then its error is next.
    fn publish(&mut self, topic: String, payload: Vec<u8>, sent: Sent, retain: Retain) -> bool {
        if self.submitted.is_empty() && self.under_way.is_empty() {
            self.alive = tick();
        }
        let taken = self
            .client
            .try_publish(topic, QoS::AtLeastOnce, retain == Retain::Yes, payload)
            .is_ok();
        if taken {
            self.submitted.push_back(sent);
        }
        taken
    }

    async fn on_event(&mut self, event: &Event) {
        match event {
            Event::Outgoing(Outgoing::Publish(id)) => {
                if let Some(sent) = self.submitted.pop_front() {
                    self.under_way.insert(*id, sent);
                }
            }
            Event::Incoming(Incoming::PubAck(ack)) => {
                self.alive = tick();
                match self.under_way.remove(&ack.pkid) {
                    Some(Sent::Line(seq)) => self.arrived(seq).await,
                    Some(Sent::Farewell) => {
                        // The answer is Outgoing::Disconnect, or the stop's deadline.
                        let _ = self.client.try_disconnect();
                    }
                    Some(Sent::Rollup(number)) => self.up.rollups.arrived(number, tick()),
                    Some(Sent::State | Sent::Reply) | None => {}
                }
            }
            Event::Incoming(Incoming::Publish(publish)) => {
                self.command(&publish.topic, &publish.payload);
            }
            _ => {}
        }
    }

    async fn arrived(&mut self, seq: u64) {
        self.up.remember(seq);
        let moved = self.up.outbox.ack(seq);
        self.up.tell(|status| status.published += 1);
        let Some(cursor) = moved else { return };
        let store = self.up.store.clone();
        let set = tokio::task::spawn_blocking(move || store.set_acked(cursor)).await;
        if let Ok(Err(error)) = set {
            // The cursor in memory is right; after a restart some records are sent again.
            self.up
                .tell(|status| status.last_error = Some(error.to_string()));
        }
    }

    /// When something is due even if nothing happens.
    fn wake_at(&self) -> Instant {
        let far = tick() + Duration::from_secs(3600);
        let mut at = far;
        if !(self.submitted.is_empty() && self.under_way.is_empty()) {
            at = at.min(self.alive + self.ack_wait());
        }
        if self.up.outbox.next().is_some() && self.room() {
            at = at.min(if self.lines.is_empty() {
                self.read_after
            } else {
                self.paced_until
            });
        }
        if self.rollups_may_go() {
            at = at.min(self.paced_until);
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

/// Whether the broker keeps a message for later subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retain {
    Yes,
    No,
}
