//! The centre's own acknowledgement: what it says is checked against our log before it may move the cursor, and what it does not
//! say for too long is sent again.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Session;
use crate::clock::tick;
use crate::outbox::AckBy;
use crate::wire::AckRecord;

/// Records that the centre does not acknowledge are sent again at longer and longer intervals, up to this.
const RESEND_WAIT_MAX: Duration = Duration::from_secs(3600);

/// What the log says to a watermark.
type Checked = (u64, Result<bool, String>);

/// Waiting for the centre.
pub(super) struct Centre {
    /// The read that proves a watermark; a newer one waits in `next`.
    checking: JoinSet<Checked>,
    next: Option<AckRecord>,
    /// Since when the broker has records that the centre does not acknowledge.
    waits_since: Option<Instant>,
    wait: Duration,
}

impl Centre {
    pub fn new(wait: Duration) -> Self {
        Centre {
            checking: JoinSet::new(),
            next: None,
            waits_since: None,
            wait,
        }
    }

    /// The next check that ends. Waits for ever while none runs.
    pub async fn checked(&mut self) -> Option<Checked> {
        match self.checking.join_next().await {
            Some(checked) => checked.ok(),
            None => std::future::pending().await,
        }
    }
}

impl Session<'_> {
    /// A message on `ack`. What cannot be true of this log moves nothing.
    pub(super) fn centre_acknowledges(&mut self, payload: &[u8], retained: bool) {
        if self.up.cfg.ack != AckBy::Centre || payload.is_empty() {
            return;
        }
        let told = match serde_json::from_slice::<AckRecord>(payload) {
            Ok(told) if told.v == 1 => told,
            _ => return self.trouble("the centre's acknowledgement is not in the form of the contract: {\"v\":1,\"acked_seq\":…,\"hash\":\"…\"}".into()),
        };
        let (seq, last) = (
            told.acked_seq,
            self.up.outbox.acked() + self.up.outbox.backlog(),
        );
        if seq <= self.up.outbox.acked() {
            // An older one: the cursor never goes back. A centre that has lost records asks for them by resync.
            return;
        }
        if seq > last {
            return self.trouble(format!(
                "the centre acknowledges record {seq}, and this log ends at {last}: it speaks of another log under this box's name; give the box another id, or clear its ack topic at the broker"
            ));
        }
        match &told.hash {
            None if retained => self.trouble(format!(
                "the centre's acknowledgement of record {seq} was kept by the broker and has no hash: it may be about an earlier log of this box and is not believed"
            )),
            None => self.acknowledged(seq),
            Some(_) => {
                self.centre.next = Some(told);
                self.check_next();
            }
        }
    }

    /// Looks the newest watermark up in the log, one at a time.
    fn check_next(&mut self) {
        if !self.centre.checking.is_empty() {
            return;
        }
        let Some(AckRecord {
            acked_seq, hash, ..
        }) = self.centre.next.take()
        else {
            return;
        };
        let store = self.up.store.clone();
        self.centre.checking.spawn_blocking(move || {
            let proved = store
                .read(acked_seq, 1)
                .map(|lines| {
                    lines
                        .first()
                        .is_some_and(|line| line.seq == acked_seq && Some(line.chain()) == hash)
                })
                .map_err(|error| error.to_string());
            (acked_seq, proved)
        });
    }

    /// Takes over what the log said.
    pub(super) fn checked(&mut self, checked: Option<Checked>) {
        match checked {
            Some((seq, Ok(true))) => self.acknowledged(seq),
            Some((seq, Ok(false))) => self.trouble(format!(
                "the centre acknowledges a record {seq} that is not ours: it speaks of another log under this box's name; give the box another id, or clear its ack topic at the broker"
            )),
            Some((_, Err(error))) => self.trouble(error),
            None => {}
        }
        self.check_next();
    }

    fn acknowledged(&mut self, seq: u64) {
        if self.up.outbox.watermark(seq).is_some() {
            self.centre.waits_since = None;
            self.centre.wait = self.up.cfg.resend_after;
        }
    }

    /// Sends again what the centre has not acknowledged for too long: a broker without memory may have lost it on the way.
    pub(super) fn resend(&mut self) {
        if !self.up.outbox.awaits_centre() {
            self.centre.waits_since = None;
            return;
        }
        let since = *self.centre.waits_since.get_or_insert_with(tick);
        if since.elapsed() < self.centre.wait {
            return;
        }
        let from = self.up.outbox.acked() + 1;
        tracing::info!(
            from,
            waited_s = self.centre.wait.as_secs(),
            "The centre has not acknowledged what was sent; it is sent again."
        );
        self.centre.waits_since = None;
        self.centre.wait = (self.centre.wait * 2).min(RESEND_WAIT_MAX);
        self.rewind(from);
    }

    /// When [`resend`](Self::resend) has something to do.
    pub(super) fn resend_at(&self) -> Option<Instant> {
        self.centre
            .waits_since
            .map(|since| since + self.centre.wait)
    }
}
