//! Roll-ups on a connection: after the events that waited, one at a time at the backlog's rate, so that an outage of days is made up for
//! without a burst.

use super::{Retain, Sent, Session, Stopping};
use crate::clock::tick;
use crate::outbox::Mode;
use crate::pace::paced;

impl Session<'_> {
    /// Submits roll-ups, as far as it is their turn.
    pub(super) fn pump_rollups(&mut self) {
        while self.rollups_may_go() && tick() >= self.paced_until {
            let Some((number, period, payload)) = self.up.rollups.next() else {
                return;
            };
            let (topic, payload) = (self.up.topics.rollup(period), payload.as_bytes().to_vec());
            if !self.publish(topic, payload, Sent::Rollup(number), Retain::No) {
                return;
            }
            self.up.rollups.sent();
            self.paced_until = tick() + paced(self.up.cfg.backlog_rate_per_s, rand::random());
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
