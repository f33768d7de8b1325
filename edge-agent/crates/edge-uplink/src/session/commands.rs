//! Commands on a connection: heard, checked, handed to the agent or answered at once.

use tokio::sync::{MutexGuard, mpsc};

use super::Session;
use crate::command::{Reason, Refused, Reply, Verb};

/// Replies waiting to be sent. Full: those of the agent wait in its channel; of our own the oldest goes, and the command is given again.
pub(super) const REPLIES_MAX: usize = 16;
/// Resyncs remembered; after a restart of the box one that is still good is done once more.
const RESYNCS_MAX: usize = 64;
/// A clock that shows less was never set: nobody knows whether a command is still good. 2026-01-01T00:00:00Z.
const CLOCK_SET_UNIX_MS: i64 = 1_767_225_600_000;

impl Session<'_> {
    /// Asks for what the centre says: its commands, if anybody may command, and its acknowledgements, if they count. Nothing here
    /// waits for the answer: a command that is missed is given again by whoever misses the reply.
    pub(super) fn subscribe(&self) {
        let filters = self.up.filters();
        if !filters.is_empty() && !self.client.subscribe(&filters) {
            tracing::warn!("The centre cannot be heard on this connection.");
        }
    }

    /// Takes a command, or answers why not.
    pub(super) fn command(&mut self, topic: &str, payload: &[u8]) {
        let (Some(commands), Some(verb)) = (&self.up.commands, self.up.topics.verb(topic)) else {
            return;
        };
        let wall = (self.up.wall)();
        let now = (wall.unix_ms >= CLOCK_SET_UNIX_MS).then_some(wall.unix_ms);
        let busy = |tx: String| Refused {
            tx,
            reason: Reason::Busy,
            detail: "too many commands wait; give it again later".into(),
        };
        let at = wall.rfc3339();
        let reply = match commands.gate.check(verb, payload, now) {
            Ok(command) => {
                tracing::info!(verb, tx = %command.tx, by = %command.by.id, signer = %command.signer, "Command of the centre.");
                match command.verb {
                    Verb::Resync { from_seq } => {
                        if !self.up.resynced.contains(&command.tx) {
                            self.rewind(from_seq);
                            self.up.resynced.push_back(command.tx.clone());
                            let over = self.up.resynced.len().saturating_sub(RESYNCS_MAX);
                            self.up.resynced.drain(..over);
                        }
                        Some(Reply::done(command.tx, at, Vec::new(), None))
                    }
                    _ => match commands.desk.try_send(command) {
                        Ok(()) => None,
                        Err(error) => Some(Reply::refused(busy(error.into_inner().tx), at)),
                    },
                }
            }
            Err(refused) => {
                tracing::warn!(verb, tx = %refused.tx, reason = refused.reason.name(), detail = %refused.detail,
                    "A command of the centre is refused.");
                Some(Reply::refused(refused, at))
            }
        };
        if let Some(reply) = reply {
            if self.replies.len() >= 2 * REPLIES_MAX {
                self.replies.pop_front();
            }
            self.replies.push_back(reply);
        }
    }
}

/// The agent's next answer; waits for ever where no commands are taken.
pub(super) async fn answer(
    answers: &mut Option<MutexGuard<'_, mpsc::Receiver<Reply>>>,
) -> Option<Reply> {
    match answers {
        Some(answers) => answers.recv().await,
        None => std::future::pending().await,
    }
}
