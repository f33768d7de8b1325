//! The end of a connection by our wish: what fits is sent, then the farewell.

use std::time::Duration;

use tokio::time::Instant;

use super::{Sent, Session};

/// What may be done after the stop signal, and when it is time for the farewell.
pub(super) const STOP_WAIT: Duration = Duration::from_secs(3);
pub(super) const FAREWELL_AFTER: Duration = Duration::from_millis(2_500);

/// How far stopping has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopping {
    No,
    Draining { since: Instant },
    Farewell { since: Instant },
}

impl Session<'_> {
    /// Goes on with stopping; true when it is done.
    pub(super) fn step_stop(&mut self) -> bool {
        match self.stopping {
            Stopping::No => false,
            Stopping::Draining { since } => {
                let drained = self.up.outbox.is_sent() && self.states.is_sent();
                if (drained || since.elapsed() >= FAREWELL_AFTER) && self.room() {
                    let farewell = self.status(false, Some("stopping"));
                    self.publish(Sent::Farewell, self.status_message(farewell));
                    self.stopping = Stopping::Farewell { since };
                }
                since.elapsed() >= STOP_WAIT
            }
            Stopping::Farewell { since } => since.elapsed() >= STOP_WAIT,
        }
    }
}
