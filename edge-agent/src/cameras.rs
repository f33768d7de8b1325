//! The desk where cameras report: keeps each camera's present state for health and page, and tells the hall who is up and
//! down. Knows no pipeline and no rule.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use edge_vision::ingest::{CameraEvent, CameraReport};
use hall_core::ids::CameraId;
use hall_core::observe::{FaultCause, SourceHealth, SourceId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What a camera last said of itself.
#[derive(Debug, Clone, PartialEq)]
pub enum CameraNow {
    /// Nothing yet.
    Connecting,
    /// Pictures arrive; size and codec of the stream in words.
    Up(String),
    /// No pictures; why, in words.
    Down(&'static str),
}

/// Present state per camera, shared with health.
pub type CameraStates = Arc<Mutex<BTreeMap<CameraId, CameraNow>>>;

/// The desk's channels.
pub struct CameraDesk {
    /// What cameras report.
    pub reports: mpsc::Receiver<CameraReport>,
    /// To the hall.
    pub hall: mpsc::Sender<SourceHealth>,
    /// For health.
    pub states: CameraStates,
}

impl CameraDesk {
    /// Runs until cancelled or all cameras are gone.
    ///
    /// # Errors
    /// When the hall is gone.
    pub async fn run(&mut self, cancel: CancellationToken) -> anyhow::Result<()> {
        loop {
            let report = tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                report = self.reports.recv() => match report {
                    Some(report) => report,
                    None => {
                        // A hall of sensors alone has no cameras: nothing to do but to be there.
                        cancel.cancelled().await;
                        return Ok(());
                    }
                },
            };
            let (now, down) = match report.event {
                CameraEvent::Up {
                    width,
                    height,
                    codec,
                    ..
                } => (CameraNow::Up(format!("{codec} {width}×{height}")), None),
                CameraEvent::Down { cause, .. } => {
                    (CameraNow::Down(cause.text()), Some(FaultCause::Offline))
                }
                CameraEvent::Stats { .. } => continue,
            };
            self.states
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(report.camera.clone(), now);
            let health = SourceHealth {
                source: SourceId::Camera(report.camera),
                at: report.at,
                down,
            };
            if self.hall.send(health).await.is_err() {
                anyhow::bail!("the hall task is gone");
            }
        }
    }
}
