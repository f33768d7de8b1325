//! The component that adds figures up while the hall runs, and the hall's end of it. Judges nothing and never holds up judging.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use edge_sensors::rating::Rating;
use edge_uplink::rollups::Delivered;
use hall_core::engine::Output;
use hall_core::time::Stamp;
use hall_metrics::Layout;
use tokio::sync::{Mutex, mpsc};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::files::DayFiles;
use super::ledger::Ledger;
use super::outgoing::{Outgoing, report};
use crate::clock::Clock;

/// Without anything new, and after a disk that refused, so often. Else what changed is written down as soon as a minute is over, a
/// person has decided: what a killed process loses of the figures is less than a minute, and counts as unknown.
const ROUND_EVERY: Duration = Duration::from_secs(60);
/// Batches on the way to the desk. Full: the hall keeps its own.
const CAPACITY: usize = 256;
/// Outputs the hall keeps while the desk does not take them: hours of a large hall. More: the oldest half goes.
const WAITING_MAX: usize = 50_000;

/// The hall's end: hands over what the engine says, never waits.
#[derive(Debug)]
pub struct FiguresPort {
    tx: mpsc::Sender<Vec<Output>>,
    waiting: Vec<Output>,
}

impl FiguresPort {
    /// A port and where its batches come out.
    #[must_use]
    pub fn open() -> (Self, mpsc::Receiver<Vec<Output>>) {
        let (tx, rx) = mpsc::channel(CAPACITY);
        let port = FiguresPort {
            tx,
            waiting: Vec::new(),
        };
        (port, rx)
    }

    /// Something the engine said.
    pub fn take(&mut self, output: Output) {
        self.waiting.push(output);
    }

    /// Hands over what was taken, or keeps it for the next time.
    pub fn hand_over(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        match self.tx.try_send(std::mem::take(&mut self.waiting)) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            Err(mpsc::error::TrySendError::Full(mut batch)) => {
                if batch.len() > WAITING_MAX {
                    tracing::error!(
                        "The figures do not keep up; their oldest facts are lost and count as unknown."
                    );
                    batch.drain(..WAITING_MAX / 2);
                }
                self.waiting = batch;
            }
        }
    }
}

/// Ratings kept while nobody believes the clock; more are not counted.
const RATED_MAX: usize = 10_000;

/// Adds figures up.
pub struct FiguresDesk {
    rx: mpsc::Receiver<Vec<Output>>,
    layout: Layout,
    files: DayFiles,
    clock: Arc<Clock>,
    /// Kept over the attempts of the task: what was not saved yet is in it. `None` after a panic; then the files know the most.
    ledger: Option<Ledger>,
    ratings: mpsc::Receiver<Rating>,
    /// Until the next round, or until somebody believes the clock.
    rated: Vec<Rating>,
    /// What goes to the centre; `None` without one.
    outgoing: Option<Outgoing>,
}

impl FiguresDesk {
    /// A desk that takes what comes out of a port.
    #[must_use]
    pub fn new(
        layout: Layout,
        files: DayFiles,
        clock: Arc<Clock>,
        rx: mpsc::Receiver<Vec<Output>>,
    ) -> Self {
        FiguresDesk {
            rx,
            layout,
            files,
            clock,
            ledger: None,
            // Closed: without terminals none come.
            ratings: mpsc::channel(1).1,
            rated: Vec::new(),
            outgoing: None,
        }
    }

    /// Where roll-ups go.
    #[must_use]
    pub fn with_outgoing(mut self, outgoing: Option<Outgoing>) -> Self {
        self.outgoing = outgoing;
        self
    }

    /// Where ratings come from.
    #[must_use]
    pub fn with_ratings(mut self, ratings: mpsc::Receiver<Rating>) -> Self {
        self.ratings = ratings;
        self
    }

    /// Adds up until cancelled; then takes what is still waiting and saves it.
    ///
    /// # Errors
    /// When the days kept cannot be listed, or adding up panicked.
    pub async fn run(desk: Arc<Mutex<Self>>, cancel: CancellationToken) -> anyhow::Result<()> {
        let mut owned = desk.lock().await;
        let desk = &mut *owned;
        let mut rounds = tokio::time::interval(ROUND_EVERY);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Reads what was kept before the first words of the hall come.
        desk.round().await?;
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                batch = desk.rx.recv() => match batch {
                    Some(batch) => if desk.ledger().enter(batch) {
                        desk.round().await?;
                    },
                    None => break,
                },
                Some(rating) = desk.ratings.recv() => desk.keep(rating),
                report = report(&mut desk.outgoing) => if desk.delivered(&report) {
                    desk.round().await?;
                },
                _ = rounds.tick() => desk.round().await?,
            }
        }
        while let Ok(batch) = desk.rx.try_recv() {
            desk.ledger().enter(batch);
        }
        while let Ok(rating) = desk.ratings.try_recv() {
            desk.keep(rating);
        }
        desk.round().await
    }

    fn keep(&mut self, rating: Rating) {
        if self.rated.len() < RATED_MAX {
            self.rated.push(rating);
        }
    }

    /// Takes a report of the uplink. Returns true when nothing is offered any more and the next ones should be.
    fn delivered(&mut self, report: &Delivered) -> bool {
        let Some(outgoing) = &mut self.outgoing else {
            return false;
        };
        let Some(period) = outgoing.settle(report) else {
            return false;
        };
        let all = outgoing.offered().is_empty();
        self.ledger().delivered(period, report.rev);
        all
    }

    fn ledger(&mut self) -> &mut Ledger {
        let (layout, files) = (&self.layout, &self.files);
        self.ledger
            .get_or_insert_with(|| Ledger::new(layout.clone(), files.clone()))
    }

    async fn round(&mut self) -> anyhow::Result<()> {
        self.ledger();
        let Some(mut ledger) = self.ledger.take() else {
            return Ok(());
        };
        let now = self.now();
        if now.is_some() && ledger.is_ready() {
            let wall = self.clock.wall();
            for rating in self.rated.drain(..) {
                ledger.rate(&rating.window, rating.option, wall.stamp(rating.at));
            }
        }
        let before = self.outgoing.as_ref().map(|o| o.offered().to_vec());
        let work = move || {
            let rollups = ledger.round(now);
            let offer = before.map(|before| ledger.outgoing(&before));
            (ledger, rollups, offer)
        };
        let (ledger, rollups, offer) = tokio::task::spawn_blocking(work)
            .await
            .context("adding figures up")?;
        self.ledger = Some(ledger);
        if let (Some(outgoing), Some(offer)) = (&mut self.outgoing, offer) {
            outgoing.offer(offer);
        }
        let rollups = rollups?;
        if !rollups.is_empty() {
            let again = rollups.iter().filter(|rollup| rollup.rev > 1).count();
            tracing::debug!(rollups = rollups.len(), again, "Figures rolled up.");
        }
        Ok(())
    }

    /// `None` while nobody believes the clock.
    fn now(&self) -> Option<Stamp> {
        let wall = self.clock.wall();
        wall.synced.then(|| wall.stamp(self.clock.now()))
    }
}
