//! The inference threads: each takes the next camera's newest frame, finds the people, hands the finding on. Knows no
//! rule and no pipeline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use hall_core::HallTime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::attention::AttentionWatch;
use crate::board::{Done, FrameBoard, Taken};
use crate::detector::{Detector, DetectorOptions, ModelInfo};
use crate::error::VisionError;
use crate::frame::{Clock, Frame, FrameDetections, Mask};
use crate::manifest::ModelSpec;
use crate::preview::PreviewStore;

/// Frames older than this when their turn comes are skipped: a newer one is on its way.
pub const STALE_AFTER: Duration = Duration::from_secs(1);
/// An inference takes milliseconds; one that takes this long will not end.
pub const STUCK_AFTER: Duration = Duration::from_secs(10);
/// How often idle workers look up.
const IDLE: Duration = Duration::from_millis(500);
/// How long workers may take to finish the frame in hand.
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// A failing model is reported this often, not at every frame.
const COMPLAIN_EVERY_MS: i64 = 10_000;

/// Settings of the pool.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Threads, one session each. Two with one thread each beat one with two.
    pub workers: usize,
    /// The model.
    pub model: ModelSpec,
    /// The sessions.
    pub detector: DetectorOptions,
}

/// Counters of one worker, written by it alone.
#[derive(Debug, Default)]
struct Beat {
    /// `HallTime` since when it is busy with one frame; 0: idle.
    busy_since: AtomicI64,
    frames: AtomicU64,
    failures: AtomicU64,
    inference_us: AtomicU64,
    ended: AtomicBool,
}

/// How the pool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolHealth {
    /// Workers whose thread has ended.
    pub ended: usize,
    /// How long the slowest worker has been at its present frame.
    pub longest_busy: Duration,
    /// Frames analysed.
    pub frames: u64,
    /// Frames whose analysis failed.
    pub failures: u64,
    /// Time spent in inference, all workers together.
    pub inference: Duration,
}

struct Worker {
    thread: JoinHandle<()>,
    beat: Arc<Beat>,
}

/// Reads the pool's health from elsewhere.
#[derive(Clone)]
pub struct PoolGauge {
    beats: Arc<[Arc<Beat>]>,
}

/// The running threads.
pub struct InferencePool {
    workers: Vec<Worker>,
    board: Arc<FrameBoard>,
    clock: Clock,
    model: ModelInfo,
}

impl std::fmt::Debug for InferencePool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InferencePool")
            .field("workers", &self.workers.len())
            .field("model", &self.model)
            .finish()
    }
}

impl std::fmt::Debug for PoolGauge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PoolGauge")
            .field("workers", &self.beats.len())
            .finish()
    }
}

impl InferencePool {
    /// Loads a session per worker and starts the threads. Blocks while models load (tens of milliseconds each). Findings
    /// go to `findings`; when it is full the workers wait, and frames are dropped in the board, where they are counted. Of
    /// cameras that `attention` does not cover, frames are taken and let go unseen: their findings say so.
    ///
    /// # Errors
    /// As [`Detector::load`]; [`VisionError::Pool`] when a thread cannot be started.
    pub fn start(
        options: &PoolOptions,
        board: Arc<FrameBoard>,
        clock: Clock,
        previews: Arc<PreviewStore>,
        attention: AttentionWatch,
        findings: mpsc::Sender<FrameDetections>,
    ) -> Result<InferencePool, VisionError> {
        let detectors = (0..options.workers.max(1))
            .map(|_| Detector::load(&options.model, &options.detector))
            .collect::<Result<Vec<_>, _>>()?;
        let model = detectors[0].info().clone();
        let mut workers = Vec::with_capacity(detectors.len());
        for (number, detector) in detectors.into_iter().enumerate() {
            let beat = Arc::new(Beat::default());
            let task = Task {
                detector,
                board: Arc::clone(&board),
                clock: Arc::clone(&clock),
                previews: Arc::clone(&previews),
                attention: attention.clone(),
                findings: findings.clone(),
                beat: Arc::clone(&beat),
                complained_at: None,
            };
            let thread = std::thread::Builder::new()
                .name(format!("infer:{number}"))
                .spawn(move || task.run())
                .map_err(|e| VisionError::Pool {
                    reason: format!("no thread for worker {number}: {e}"),
                })?;
            workers.push(Worker { thread, beat });
        }
        Ok(InferencePool {
            workers,
            board,
            clock,
            model,
        })
    }

    /// The model in use.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        &self.model
    }

    /// A handle for reading the health while the pool runs.
    #[must_use]
    pub fn gauge(&self) -> PoolGauge {
        PoolGauge {
            beats: self.workers.iter().map(|w| Arc::clone(&w.beat)).collect(),
        }
    }

    /// Watches over the threads until cancelled, then closes the board and waits for the frames in hand.
    ///
    /// # Errors
    /// [`VisionError::Pool`] when a thread is stuck or has ended: a thread cannot be killed, so the process has to end
    /// and be started again.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), VisionError> {
        let gauge = self.gauge();
        let mut looks = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                _ = looks.tick() => {
                    if self.workers.iter().any(|w| w.thread.is_finished()) {
                        return Err(VisionError::Pool { reason: "an inference thread has ended by itself".into() });
                    }
                    let busy = gauge.health((self.clock)()).longest_busy;
                    if busy >= STUCK_AFTER {
                        return Err(VisionError::Pool {
                            reason: format!("an inference has not ended after {} s", busy.as_secs()),
                        });
                    }
                }
            }
        }
        self.board.close();
        let started = tokio::time::Instant::now();
        while !self.workers.iter().all(|w| w.thread.is_finished()) {
            if started.elapsed() > STOP_WITHIN {
                return Err(VisionError::Pool {
                    reason: "an inference thread did not end in time".into(),
                });
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

impl PoolGauge {
    /// The health at `now`.
    #[must_use]
    pub fn health(&self, now: HallTime) -> PoolHealth {
        let mut health = PoolHealth::default();
        for beat in self.beats.iter() {
            let since = beat.busy_since.load(Ordering::Acquire);
            let busy_ms = if since == 0 {
                0
            } else {
                now.since_ms(HallTime(since)).max(0)
            };
            health.longest_busy = health
                .longest_busy
                .max(Duration::from_millis(busy_ms as u64));
            health.frames += beat.frames.load(Ordering::Relaxed);
            health.failures += beat.failures.load(Ordering::Relaxed);
            health.inference += Duration::from_micros(beat.inference_us.load(Ordering::Relaxed));
            health.ended += usize::from(beat.ended.load(Ordering::Acquire));
        }
        health
    }
}

struct Task {
    detector: Detector,
    board: Arc<FrameBoard>,
    clock: Clock,
    previews: Arc<PreviewStore>,
    attention: AttentionWatch,
    findings: mpsc::Sender<FrameDetections>,
    beat: Arc<Beat>,
    complained_at: Option<HallTime>,
}

impl Drop for Task {
    fn drop(&mut self) {
        // Also when the thread panics.
        self.beat.ended.store(true, Ordering::Release);
    }
}

impl Task {
    fn run(mut self) {
        loop {
            match self.board.take(IDLE) {
                Taken::Closed => return,
                Taken::Idle => {}
                Taken::Frame(frame, masks) => {
                    let (camera, at) = (frame.camera.clone(), frame.at);
                    let now = (self.clock)();
                    let done = if now.since_ms(at) > STALE_AFTER.as_millis() as i64 {
                        Done::Stale
                    } else if !self.attention.borrow().covers(&camera) {
                        Done::OffDuty
                    } else {
                        Done::Analysed
                    };
                    let finding = match done {
                        Done::Stale => None,
                        Done::OffDuty => Some(self.let_go(&frame)),
                        Done::Analysed => {
                            self.beat.busy_since.store(now.0, Ordering::Release);
                            let finding = self.look(frame, masks);
                            self.beat.busy_since.store(0, Ordering::Release);
                            finding
                        }
                    };
                    // Waiting for the receiver is no stuck inference; a receiver that is gone ends the worker.
                    let heard =
                        finding.is_none_or(|finding| self.findings.blocking_send(finding).is_ok());
                    self.board.done(&camera, at, done);
                    if !heard {
                        return;
                    }
                }
            }
        }
    }

    /// A camera off duty: it delivers, and that is all that is found. No picture is kept either, since nobody in it would be made
    /// unrecognisable.
    fn let_go(&self, frame: &Frame) -> FrameDetections {
        self.previews.forget(&frame.camera);
        FrameDetections {
            camera: frame.camera.clone(),
            seq: frame.seq,
            at: frame.at,
            width: frame.picture.width(),
            height: frame.picture.height(),
            detections: None,
            inference: Duration::ZERO,
        }
    }

    fn look(&mut self, frame: Frame, masks: Arc<[Mask]>) -> Option<FrameDetections> {
        match self.detector.detect_masked(&frame.picture, &masks) {
            Ok((detections, inference)) => {
                self.beat.frames.fetch_add(1, Ordering::Relaxed);
                self.beat
                    .inference_us
                    .fetch_add(inference.as_micros() as u64, Ordering::Relaxed);
                let (camera, seq, at) = (frame.camera.clone(), frame.seq, frame.at);
                let (width, height) = (frame.picture.width(), frame.picture.height());
                self.previews.keep(frame, &detections, masks);
                Some(FrameDetections {
                    camera,
                    seq,
                    at,
                    width,
                    height,
                    detections: Some(detections),
                    inference,
                })
            }
            Err(error) => {
                // No finding is sent: the camera's windows become unknown, which is the truth.
                self.beat.failures.fetch_add(1, Ordering::Relaxed);
                let now = (self.clock)();
                if self
                    .complained_at
                    .is_none_or(|at| now.since_ms(at) >= COMPLAIN_EVERY_MS)
                {
                    self.complained_at = Some(now);
                    tracing::error!(camera = %frame.camera, %error, "a frame could not be analysed");
                }
                None
            }
        }
    }
}
