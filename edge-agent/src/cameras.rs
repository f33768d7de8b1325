//! The desk where cameras report: keeps each camera's present state for health and page, and tells the hall who is up and
//! down. Knows no pipeline and no rule.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use edge_vision::ingest::{CameraEvent, CameraReport};
use hall_core::HallTime;
use hall_core::ids::CameraId;
use hall_core::observe::{FaultCause, SourceHealth, SourceId};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// What a camera last said of itself.
#[derive(Debug, Clone, PartialEq)]
pub enum CameraNow {
    /// Pictures arrive; size and codec of the stream in words.
    Up(String),
    /// No pictures; why, in words.
    Down(&'static str),
}

/// Present state per camera, shared with health; a camera that has reported nothing yet is not in it.
pub type CameraStates = Arc<Mutex<BTreeMap<CameraId, CameraNow>>>;

/// The desk's channels.
pub struct CameraDesk {
    /// What cameras report.
    pub reports: mpsc::Receiver<CameraReport>,
    /// To the hall.
    pub hall: mpsc::Sender<SourceHealth>,
    /// For health.
    pub states: CameraStates,
    /// Why nothing is analysed, while that is so.
    pub trouble: watch::Receiver<Option<String>>,
    /// The box's clock.
    pub clock: Arc<Clock>,
}

impl CameraDesk {
    /// Runs until cancelled or all cameras are gone.
    ///
    /// # Errors
    /// When the hall is gone.
    pub async fn run(&mut self, cancel: CancellationToken) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                report = self.reports.recv() => match report {
                    Some(report) => self.report(report).await?,
                    // A hall of sensors alone has no cameras, and a vital component that ends would end the box: be there,
                    // and do nothing.
                    None => {
                        cancel.cancelled().await;
                        return Ok(());
                    }
                },
                // The sender lives as long as the box.
                Ok(()) = self.trouble.changed() => self.analysis_changed().await?,
            }
        }
    }

    async fn report(&mut self, report: CameraReport) -> anyhow::Result<()> {
        let (now, down) = match report.event {
            CameraEvent::Up {
                width,
                height,
                codec,
                ..
            } => (
                CameraNow::Up(format!("{codec} {width}×{height}")),
                self.unanalysed(),
            ),
            CameraEvent::Down { cause, .. } => {
                (CameraNow::Down(cause.text()), Some(FaultCause::Offline))
            }
            CameraEvent::Stats { .. } => return Ok(()),
        };
        self.states
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(report.camera.clone(), now);
        self.tell(report.camera, report.at, down).await
    }

    /// Analysis stopped or began: cameras that deliver are not to blame, and their windows are unknown meanwhile.
    async fn analysis_changed(&mut self) -> anyhow::Result<()> {
        self.trouble.borrow_and_update();
        let states = self
            .states
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let at = self.clock.now();
        for (camera, state) in states {
            if matches!(state, CameraNow::Up(_)) {
                self.tell(camera, at, self.unanalysed()).await?;
            }
        }
        Ok(())
    }

    fn unanalysed(&self) -> Option<FaultCause> {
        self.trouble
            .borrow()
            .is_some()
            .then_some(FaultCause::Unanalysed)
    }

    async fn tell(
        &self,
        camera: CameraId,
        at: HallTime,
        down: Option<FaultCause>,
    ) -> anyhow::Result<()> {
        let health = SourceHealth {
            source: SourceId::Camera(camera),
            at,
            down,
        };
        self.hall
            .send(health)
            .await
            .map_err(|_| anyhow::anyhow!("the hall task is gone"))
    }
}
