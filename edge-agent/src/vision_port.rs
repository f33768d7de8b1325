//! Joins the vision crate to the box: camera and detector settings from the configuration, pictures for the page, figures for
//! health. Knows no rule.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use edge_config::{CameraConfig, CameraSource, Config, Decode, Repeat};
use edge_vision::attention::Attention;
use edge_vision::board::FrameBoard;
use edge_vision::frame::FrameDetections;
use edge_vision::ingest::{self, CameraSpec, DecodeMode, Password, Source};
use edge_vision::pool::{InferencePool, PoolGauge, PoolOptions};
use edge_vision::preview::PreviewStore;
use edge_vision::{DetectorOptions, Manifest, ModelSpec, VisionError};
use hall_core::HallTime;
use hall_core::ids::CameraId;
use hall_core::track::TrackerConfig;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::web::inputs::{CameraBoxes, FrameJpeg, FrameSource, SourceError};

/// Detections down to this share of the operating threshold keep a track alive; they never start one. Much weaker boxes of the
/// default model are mostly second boxes of the same people: at 0.8 and below the demo clips' queue counts them and never clears.
const WEAK_SHARE: f32 = 0.9;
/// One worker does for this many cameras at the usual five pictures a second.
const CAMERAS_PER_WORKER: usize = 4;
/// A runtime that cannot be loaded is tried again after this long: an installer may have mended it.
const LOAD_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// One camera in figures since the start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CameraFigures {
    /// Pictures analysed.
    pub analysed: u64,
    /// Pictures let go unseen, off duty.
    pub off_duty: u64,
    /// Pictures passed over: replaced by a newer one or too old.
    pub dropped: u64,
    /// Capture time of the newest picture, analysed or not.
    pub last_frame_at: Option<HallTime>,
    /// Mean inference time over all cameras.
    pub infer_ms: Option<f32>,
}

/// Frames, previews and the inference pool's pulse.
pub struct VisionPort {
    /// Newest frame per camera.
    pub board: Arc<FrameBoard>,
    previews: Arc<PreviewStore>,
    attention: watch::Sender<Attention>,
    gauge: watch::Sender<Option<PoolGauge>>,
    trouble: watch::Sender<Option<String>>,
    shown_score: f32,
}

/// What the detector is to be, from configuration and manifest.
pub struct DetectorPlan {
    /// The model.
    pub model: ModelSpec,
    /// SHA-256 of its file, hex.
    pub sha256: String,
    /// Score at which a detection counts.
    pub threshold: f32,
    options: DetectorOptions,
    workers: usize,
}

impl DetectorPlan {
    /// Reads manifest and model file; loads nothing.
    ///
    /// # Errors
    /// When the manifest, the model's entry or its file is wrong; the text says what to do.
    pub fn new(config: &Config) -> Result<Self, VisionError> {
        let wanted = &config.detector;
        let manifest = Manifest::read(&wanted.manifest)?;
        let model = match &wanted.model {
            Some(name) => manifest.model(name)?,
            None => manifest.default_model()?,
        }
        .clone();
        let (_, sha256) = model.read()?;
        let threshold = wanted
            .score_threshold
            .or(model.score_threshold)
            .unwrap_or(0.5);
        Ok(DetectorPlan {
            sha256,
            threshold,
            options: DetectorOptions {
                runtime_library: wanted.runtime_library.clone(),
                intra_threads: wanted.threads as usize,
                provider: wanted.execution_provider.as_str().into(),
                score_threshold: Some(threshold * WEAK_SHARE),
            },
            workers: config.cameras.len().div_ceil(CAMERAS_PER_WORKER).max(1),
            model,
        })
    }

    /// Which scores start and keep tracks.
    #[must_use]
    pub fn tracker(&self) -> TrackerConfig {
        TrackerConfig {
            high_score: self.threshold,
            low_score: self.threshold * WEAK_SHARE,
            ..TrackerConfig::default()
        }
    }
}

impl VisionPort {
    /// An empty port; the page shows detections from `shown_score` on.
    #[must_use]
    pub fn new(shown_score: f32) -> Self {
        VisionPort {
            board: FrameBoard::new(),
            previews: PreviewStore::new(),
            // Until the hall has said who is on duty, nobody is looked for.
            attention: watch::Sender::new(Attention::none()),
            gauge: watch::Sender::new(None),
            trouble: watch::Sender::new(None),
            shown_score,
        }
    }

    /// Loads the runtime and the model, again and again until they can be loaded, and runs the workers until cancelled. A
    /// plan that failed is not tried again.
    ///
    /// # Errors
    /// When a worker is stuck or ended: the process has to be started again.
    pub async fn infer(
        &self,
        plan: Result<Arc<DetectorPlan>, String>,
        clock: edge_vision::frame::Clock,
        findings: mpsc::Sender<FrameDetections>,
        cancel: CancellationToken,
    ) -> anyhow::Result<()> {
        let plan = match plan {
            Ok(plan) => plan,
            Err(reason) => {
                // Records name the model they rest on, so a mended one counts from a new start.
                tracing::error!(%reason, "No inference: cameras are not judged, windows with nothing but cameras are unknown. Mend it (`edge-agent doctor`) and start the agent again.");
                self.trouble.send_replace(Some(reason));
                cancel.cancelled().await;
                return Ok(());
            }
        };
        let pool = loop {
            let options = PoolOptions {
                workers: plan.workers,
                model: plan.model.clone(),
                detector: plan.options.clone(),
            };
            let (board, clock) = (self.board.clone(), clock.clone());
            let (previews, findings) = (self.previews.clone(), findings.clone());
            let attention = self.attention.subscribe();
            let loaded = tokio::task::spawn_blocking(move || {
                InferencePool::start(&options, board, clock, previews, attention, findings)
            })
            .await?
            .map_err(|e| e.to_string());
            match loaded {
                Ok(pool) => break pool,
                Err(reason) => {
                    tracing::error!(%reason, "No inference: cameras are not judged, windows with nothing but cameras are unknown. Run `edge-agent doctor`; loading is tried again.");
                    self.trouble.send_replace(Some(reason));
                }
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOAD_AGAIN_AFTER) => {}
            }
        };
        self.trouble.send_replace(None);
        self.gauge.send_replace(Some(pool.gauge()));
        tracing::info!(model = %pool.model().name, sha256 = %pool.model().sha256, "Inference runs.");
        Ok(pool.run(cancel).await?)
    }

    /// Where the hall says which cameras are on duty.
    #[must_use]
    pub fn attention(&self) -> watch::Sender<Attention> {
        self.attention.clone()
    }

    /// Why nothing is analysed; `None` while inference runs or starts.
    #[must_use]
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }

    /// How long the slowest worker has been at one picture, in milliseconds.
    #[must_use]
    pub fn stuck_for_ms(&self, now: HallTime) -> i64 {
        self.gauge
            .borrow()
            .as_ref()
            .map_or(0, |g| g.health(now).longest_busy.as_millis() as i64)
    }

    /// Figures per camera.
    #[must_use]
    pub fn figures(&self, now: HallTime) -> BTreeMap<CameraId, CameraFigures> {
        let health = self
            .gauge
            .borrow()
            .as_ref()
            .map(|g| g.health(now))
            .unwrap_or_default();
        let infer_ms = (health.frames > 0)
            .then(|| health.inference.as_secs_f32() * 1000.0 / health.frames as f32);
        self.board
            .counts()
            .into_iter()
            .map(|(camera, counts)| {
                let analysed = counts.taken.saturating_sub(counts.stale + counts.off_duty);
                let figures = CameraFigures {
                    analysed,
                    off_duty: counts.off_duty,
                    dropped: counts.replaced + counts.stale,
                    last_frame_at: counts.newest_at,
                    infer_ms: infer_ms.filter(|_| analysed > 0),
                };
                (camera, figures)
            })
            .collect()
    }
}

impl FrameSource for VisionPort {
    fn jpeg(&self, camera: &CameraId, max_width_px: u32) -> Result<Option<FrameJpeg>, SourceError> {
        match self.previews.jpeg(camera, max_width_px) {
            None => Ok(None),
            Some(Ok(preview)) => Ok(Some(FrameJpeg {
                bytes: preview.jpeg,
                at: preview.at,
            })),
            Some(Err(error)) => Err(SourceError {
                what: format!("picture of {camera}"),
                reason: error.to_string(),
            }),
        }
    }

    fn off_duty(&self, camera: &CameraId) -> bool {
        !self.attention.borrow().covers(camera)
    }

    fn boxes(&self, camera: &CameraId) -> Option<CameraBoxes> {
        let analysed = self.previews.latest(camera)?;
        let detections = analysed
            .detections
            .into_iter()
            .filter(|d| d.score >= self.shown_score)
            .collect();
        Some(CameraBoxes {
            at: analysed.frame.at,
            detections,
        })
    }
}

/// How a configured camera is taken.
#[must_use]
pub fn camera_spec(camera: &CameraConfig) -> CameraSpec {
    let source = match &camera.source {
        CameraSource::Rtsp {
            url,
            user,
            password,
        } => Source::Rtsp {
            url: url.clone(),
            user: user.clone(),
            password: password
                .as_ref()
                .map(|p| Password::new(p.expose().to_owned())),
        },
        CameraSource::File { path, repeat } => Source::File {
            path: path.clone(),
            repeat: match repeat {
                Repeat::Loop => ingest::Repeat::Forever,
                Repeat::Once => ingest::Repeat::Never,
            },
        },
        CameraSource::Device { path } => Source::Device { path: path.clone() },
    };
    CameraSpec {
        analysis_fps: camera.analysis_fps,
        max_width_px: camera.max_width_px,
        max_height_px: camera.max_width_px,
        decode: match camera.decode {
            Decode::AllFrames => DecodeMode::Full,
            Decode::KeyFrames => DecodeMode::KeyFramesOnly,
        },
        ..CameraSpec::new(camera.id.clone(), source)
    }
}
