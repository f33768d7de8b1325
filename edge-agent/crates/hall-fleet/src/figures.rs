//! Figures of a run: how far it is, how long it took to come back. Counts; judges nothing.

use std::time::Duration;

use tokio::time::Instant;

use crate::fleet::{Progress, SAMPLE_EVERY};
use crate::worker::Worker;

/// Figures over the run.
#[derive(Default)]
pub(crate) struct Figures {
    pub backlog_max: u64,
    pub peak_acked_per_s: f64,
    published: u64,
    /// When the line came back, and the highest number of every box then.
    back: Option<(Instant, Vec<u64>)>,
    pub reconnected_s: Option<f64>,
    pub drained_s: Option<f64>,
}

impl Figures {
    pub fn line_back(&mut self, workers: &[Worker]) {
        let made = workers.iter().map(|w| w.store.last_seq()).collect();
        self.back = Some((Instant::now(), made));
    }

    pub fn sample(
        &mut self,
        workers: &[Worker],
        since: Duration,
        elapsed: Duration,
        cut: bool,
    ) -> Progress {
        let (mut connected, mut backlog, mut published, mut records) = (0, 0, 0, 0);
        let mut is_drained = true;
        for (n, worker) in workers.iter().enumerate() {
            let last = worker.store.last_seq();
            // Before the guard below: a second look under it could wait for ever behind a change that waits for both.
            published += worker.published();
            let status = worker.status.borrow();
            connected += usize::from(status.connected);
            backlog += last - status.acked.min(last);
            records += last;
            is_drained &= self
                .back
                .as_ref()
                .is_some_and(|(_, made)| status.acked >= made[n]);
        }
        if let Some((at, _)) = &self.back {
            let after_s = at.elapsed().as_secs_f64();
            if connected == workers.len() {
                self.reconnected_s.get_or_insert(after_s);
            }
            if is_drained {
                self.drained_s.get_or_insert(after_s);
            }
        }
        let acked_per_s = (published - self.published) as f64 / since.as_secs_f64().max(0.001);
        self.published = published;
        self.backlog_max = self.backlog_max.max(backlog);
        if since >= SAMPLE_EVERY / 2 {
            self.peak_acked_per_s = self.peak_acked_per_s.max(acked_per_s);
        }
        Progress {
            elapsed_s: elapsed.as_secs_f64(),
            connected,
            records,
            backlog,
            acked_per_s,
            cut,
        }
    }
}
