//! Roll-ups on a connection: after the events that waited, one at a time at the backlog's rate, so that an outage of days is made up for
//! without a burst.

use super::{Sent, Session, Stopping};
use crate::client::Message;
use crate::clock::tick;
use crate::outbox::Mode;

impl Session<'_> {
    /// Submits roll-ups, as far as it is their turn.
    pub(super) fn pump_rollups(&mut self) {
        while self.rollups_may_go() && tick() >= self.pace.due() {
            let Some((number, period, payload)) = self.up.rollups.next() else {
                return;
            };
            let rollup = Message {
                topic: self.up.topics.rollup(period),
                payload: payload.as_bytes().to_vec(),
                ..Message::default()
            };
            if !self.publish(Sent::Rollup(number), rollup) {
                return;
            }
            self.up.rollups.sent();
            self.pace.sent(tick(), rand::random());
        }
    }

    /// Events come first, and nothing new is begun while stopping.
    pub(super) fn rollups_may_go(&self) -> bool {
        self.stopping == Stopping::No
            && self.up.outbox.mode() == Mode::Live
            && self.up.rollups.next().is_some()
            && self.room()
    }
}
