//! Lines of the log read ahead of sending, in the background: the session never waits for the disk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clock::tick;
use crate::cloudevent::{self, Facts};
use crate::store::{EventStore, LogLine};

/// Lines of one read.
const READ_MAX: usize = 256;
/// With fewer lines left the next read begins.
const READ_BELOW: usize = 128;
/// Before the log is read again after it could not be.
const READ_RETRY: Duration = Duration::from_secs(1);

/// A line and what its envelope repeats, parsed where it was read.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub line: LogLine,
    /// `None`: no event of this form.
    pub facts: Option<Facts>,
}

/// The lines of one lane.
pub(super) struct ReadAhead {
    lines: VecDeque<Ready>,
    /// Everything before this number has been read.
    upto: u64,
    /// At most one read.
    reading: JoinSet<Result<Vec<Ready>, String>>,
    retry_at: Instant,
}

impl ReadAhead {
    pub fn new() -> Self {
        ReadAhead {
            lines: VecDeque::new(),
            upto: 0,
            reading: JoinSet::new(),
            retry_at: tick(),
        }
    }

    pub fn front(&self) -> Option<&Ready> {
        self.lines.front()
    }

    pub fn pop(&mut self) -> Option<Ready> {
        self.lines.pop_front()
    }

    /// Forgets what was read: sending starts somewhere else.
    pub fn forget(&mut self) {
        *self = ReadAhead::new();
    }

    /// Begins to read on when little is left: `from` is the next number to send, `end` the last of the lane.
    pub fn want(&mut self, store: &Arc<dyn EventStore>, from: u64, end: u64) {
        let from = from.max(self.upto);
        if from > end
            || self.lines.len() >= READ_BELOW
            || !self.reading.is_empty()
            || tick() < self.retry_at
        {
            return;
        }
        let store = store.clone();
        self.reading.spawn_blocking(move || {
            let lines = store.read(from, READ_MAX).map_err(|e| e.to_string())?;
            Ok(lines
                .into_iter()
                .map(|line| Ready {
                    facts: cloudevent::facts(&line),
                    line,
                })
                .collect())
        });
    }

    /// The next read that ends, taken over; the trouble it had. Waits for ever while none runs.
    pub async fn read(&mut self) -> Option<String> {
        let Some(done) = self.reading.join_next().await else {
            return std::future::pending().await;
        };
        let trouble = match done {
            Ok(Ok(lines)) if lines.is_empty() => {
                "the log has no record where one is expected".to_owned()
            }
            Ok(Ok(lines)) => {
                self.upto = lines.last().map_or(self.upto, |ready| ready.line.seq + 1);
                self.lines.extend(lines);
                return None;
            }
            Ok(Err(error)) => error,
            Err(error) => error.to_string(),
        };
        self.retry_at = tick() + READ_RETRY;
        Some(trouble)
    }

    /// When it may be read again, if nothing is left and no read runs.
    pub fn idle_until(&self) -> Option<Instant> {
        (self.lines.is_empty() && self.reading.is_empty()).then_some(self.retry_at)
    }
}
