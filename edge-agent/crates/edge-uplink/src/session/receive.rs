//! What comes in: acknowledgements, refusals, answers to the subscription, messages of the centre.

use super::{Ended, Sent, Session};
use crate::client::Told;
use crate::clock::tick;
use crate::outbox::AckBy;

impl Session<'_> {
    /// Takes what the event loop tells; the end of the connection if it says so.
    pub(super) fn take(&mut self, told: Told) -> Option<Ended> {
        match told {
            Told::Sent(id) => {
                if let Some(sent) = self.submitted.pop_front() {
                    self.under_way.insert(id, sent);
                }
            }
            Told::Acked { id, heard } => {
                self.alive = tick();
                match self.under_way.remove(&id) {
                    Some(Sent::Line(seq)) => self.arrived(seq, heard),
                    Some(Sent::Rollup(number)) => self.up.rollups.arrived(number, tick()),
                    Some(Sent::Farewell) => self.client.goodbye(),
                    Some(Sent::State | Sent::Reply) | None => {}
                }
            }
            Told::Refused { id, why } => {
                self.alive = tick();
                match self.under_way.remove(&id) {
                    // It is not with the broker, and what comes behind it would go the same way: it is tried again later.
                    Some(Sent::Line(seq)) => {
                        return Some(Ended::Lost(format!(
                            "the broker does not take event {seq}: {why}"
                        )));
                    }
                    Some(Sent::Rollup(_)) => {
                        return Some(Ended::Lost(format!(
                            "the broker does not take a roll-up: {why}"
                        )));
                    }
                    Some(Sent::Farewell) => return Some(Ended::Stopped),
                    Some(Sent::State | Sent::Reply) | None => {
                        self.trouble(format!("the broker does not take a state or reply: {why}"));
                    }
                }
            }
            Told::Message {
                topic,
                payload,
                retained,
            } => {
                if topic == self.up.topics.ack() {
                    self.centre_acknowledges(&payload, retained);
                } else {
                    self.command(&topic, &payload);
                }
            }
            Told::Subscribed(answers) => {
                for (filter, refused) in self.up.filters().iter().zip(answers) {
                    if let Some(why) = refused {
                        self.trouble(format!(
                            "the broker does not let this box read {filter}: {why}"
                        ));
                    }
                }
            }
            Told::Goodbye => return Some(Ended::Stopped),
            Told::Accepted(_) => {}
        }
        None
    }

    /// The broker has the line ending at this number.
    fn arrived(&mut self, seq: u64, heard: bool) {
        if self.up.cfg.ack == AckBy::Broker {
            self.up.remember(seq);
        }
        self.up.outbox.ack(seq);
        if !heard && !self.unheard_told {
            self.unheard_told = true;
            tracing::warn!(
                "Nobody is subscribed to this box's events at the broker: what is sent reaches nobody, and a later subscriber does not get it."
            );
        }
        self.up.counts.published += 1;
        self.up.counts.unheard += u64::from(!heard);
    }

    /// Tells a trouble that does not end the connection, once.
    pub(super) fn trouble(&mut self, words: String) {
        if self.up.status.borrow().last_error.as_ref() != Some(&words) {
            tracing::warn!(reason = %words, "Trouble with the centre's broker.");
            self.up.tell(|status| status.last_error = Some(words));
        }
    }
}
