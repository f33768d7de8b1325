//! What goes out: states first, then replies, then records, as much as the broker's window takes.

use super::read_ahead::Ready;
use super::{Sent, Session, Stopping};
use crate::client::{AHEAD, Message};
use crate::clock::tick;
use crate::cloudevent::{self, CloudEvent};
use crate::connect::MqttVersion;
use crate::outbox::{Lane, Take};
use crate::store::{GapReason, GapRecord};
use crate::wire::{LiveState, PAYLOAD_MAX_BYTES, Status};

/// A record older than this is late even when it was stored on this connection.
const LATE_AFTER_MS: i64 = 60_000;
/// MQTT 5: a state that was not renewed for so many intervals is dropped by the broker rather than shown stale.
const EXPIRES_AFTER_INTERVALS: u32 = 3;
/// The summary is renewed once a minute whatever the interval of states.
const SUMMARY_EVERY_S: u32 = 60;
/// MQTT 5: what structured-mode CloudEvents are marked as (CloudEvents MQTT binding, 3.2.1).
const CLOUDEVENT: &str = "application/cloudevents+json; charset=utf-8";

impl Session<'_> {
    /// The birth: online, in this session.
    pub(super) fn birth(&mut self) {
        let status = self.status(true, None);
        self.publish(Sent::State, self.status_message(status));
    }

    /// The status never expires: who is offline stays so.
    pub(super) fn status_message(&self, payload: String) -> Message {
        Message {
            topic: self.up.topics.status(),
            payload: payload.into_bytes(),
            retain: true,
            ..Message::default()
        }
    }

    pub(super) fn status(&self, online: bool, reason: Option<&'static str>) -> String {
        Status {
            v: 1,
            online,
            session: self.id.clone(),
            at: (self.up.wall)().rfc3339(),
            reason,
        }
        .json()
    }

    pub(super) async fn want(&mut self, live: &LiveState) {
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

    /// Submits as much as the window takes: states first.
    pub(super) fn pump(&mut self) {
        if matches!(self.stopping, Stopping::Farewell { .. }) {
            return;
        }
        while self.room() {
            let Some((topic, payload)) = self.states.next() else {
                break;
            };
            let state = Message {
                expires_after_s: (!payload.is_empty()).then(|| self.expires_after_s()),
                topic,
                payload,
                retain: true,
                ..Message::default()
            };
            if !self.publish(Sent::State, state) {
                return;
            }
            self.states.sent();
        }
        while self.room() {
            let Some(reply) = self.replies.pop_front() else {
                break;
            };
            let reply = Message {
                topic: self.up.topics.reply(&reply.tx),
                payload: reply.json().into_bytes(),
                ..Message::default()
            };
            self.publish(Sent::Reply, reply);
        }
        while self.room() {
            let Some((lane, _)) = self.up.outbox.next() else {
                return;
            };
            let late = lane == Lane::Backlog;
            if late && self.stopping == Stopping::No && tick() < self.pace.due() {
                return;
            }
            if !self.record(lane) {
                return;
            }
            if late {
                self.pace.sent(tick(), rand::random());
            }
        }
    }

    /// Submits the next line of a lane; false when none is read.
    fn record(&mut self, lane: Lane) -> bool {
        let late = lane == Lane::Backlog;
        loop {
            let Some(ready) = self.lines(lane).front() else {
                return false;
            };
            let (from, to) = (ready.line.from, ready.line.seq);
            match self.up.outbox.take(lane, from, to) {
                Take::Skip => {
                    self.lines(lane).pop();
                    if self.up.outbox.next_of(lane).is_none() {
                        return true;
                    }
                }
                Take::Hole { from, to } => {
                    tracing::error!(
                        from,
                        to,
                        "The log has no readable records here; a gap is announced."
                    );
                    let gap = self.gap(from, to, GapReason::Unreadable);
                    self.up.outbox.take(lane, from, to);
                    self.submit_gap(&gap, late);
                    return true;
                }
                Take::Send => {
                    if let Some(ready) = self.lines(lane).pop() {
                        self.submit(ready, late);
                    }
                    return true;
                }
            }
        }
    }

    pub(super) fn room(&self) -> bool {
        let most = usize::from(self.limits.window) + usize::from(AHEAD);
        self.submitted.len() + self.under_way.len() < most
    }

    /// States are renewed once an interval, ± a tenth.
    fn expires_after_s(&self) -> u32 {
        EXPIRES_AFTER_INTERVALS * self.up.cfg.state_interval_s.max(SUMMARY_EVERY_S)
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

    fn submit(&mut self, ready: Ready, late: bool) {
        let Ready { line, facts } = ready;
        if let Some(gap) = line.gap() {
            self.submit_gap(&gap, late);
            return;
        }
        let message = facts.as_ref().and_then(|facts| {
            let is_old = || {
                let made_ms = crate::store::query::unix_ms(&facts.updated);
                (self.up.wall)().unix_ms - made_ms > LATE_AFTER_MS
            };
            let late = late || is_old();
            self.message(&cloudevent::event(
                &line,
                facts,
                self.up.topics.source(),
                late,
            )?)
        });
        let reason = match message {
            Some(message) if self.fits(&message) => {
                self.publish(Sent::Line(line.seq), message);
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
        self.submit_gap(&gap, late);
    }

    fn submit_gap(&mut self, gap: &GapRecord, late: bool) {
        let cfg = &self.up.cfg;
        let message = cloudevent::gap(gap, &cfg.hall, &cfg.box_id, self.up.topics.source(), late)
            .and_then(|event| self.message(&event))
            .expect("invariant: a gap of our making is JSON");
        self.publish(Sent::Line(gap.to), message);
    }

    /// An event as a message; in MQTT 5 its attributes stand beside the payload, so that a broker can route by them.
    fn message(&self, event: &CloudEvent<'_>) -> Option<Message> {
        let v5 = self.up.cfg.mqtt_version == MqttVersion::V5;
        Some(Message {
            topic: self.up.topics.event(),
            payload: event.json()?.into_bytes(),
            properties: if v5 { event.attributes() } else { Vec::new() },
            content_type: v5.then_some(CLOUDEVENT),
            ..Message::default()
        })
    }

    /// Within the contract's size and what the broker takes.
    fn fits(&self, message: &Message) -> bool {
        message.payload.len() <= PAYLOAD_MAX_BYTES
            && message.packet_bytes_max() <= self.limits.packet_max_bytes as usize
    }

    /// Hands one packet to the event loop; false when it does not take it, which is when it has ended: its error is next.
    pub(super) fn publish(&mut self, sent: Sent, message: Message) -> bool {
        if self.submitted.is_empty() && self.under_way.is_empty() {
            self.alive = tick();
        }
        if sent == Sent::State && !self.fits(&message) {
            tracing::error!(topic = %message.topic, "The broker does not take a state of this size; it is left out.");
            self.up.tell(|status| status.oversized += 1);
            return true;
        }
        let taken = self.client.publish(message);
        if taken {
            self.submitted.push_back(sent);
        }
        taken
    }
}
