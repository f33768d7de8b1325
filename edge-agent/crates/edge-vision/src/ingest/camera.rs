//! One camera, supervised: plays its pipeline, watches that frames keep coming, builds it anew for ever. Knows nothing
//! of what the frames show.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use gstreamer::MessageView;
use gstreamer::prelude::ElementExt;
use hall_core::HallTime;
use hall_core::backoff::Backoff;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::event::{CameraEvent, CameraReport, DownCause};
use super::pipeline::{Built, build};
use super::spec::{CameraSpec, DecodeMode, Repeat, Source};
use super::state::{Change, set};
use crate::board::LatestSlot;
use crate::error::VisionError;
use crate::frame::Clock;

/// First pause between two attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause: with the longest connection attempt it still lets a camera be seen within 30 s of its return.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A connection that held this long makes the next failure count as the first.
const HEALTHY: Duration = Duration::from_secs(60);
/// How often the watchdog looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often statistics are reported.
const STATS_EVERY_MS: i64 = 10_000;
/// A camera may space key frames this much further apart than its stream may be silent.
const KEY_FRAME_PATIENCE: u32 = 6;

/// A camera's component.
pub struct Camera {
    spec: CameraSpec,
    slot: LatestSlot,
    clock: Clock,
    reports: mpsc::Sender<CameraReport>,
    seq: Arc<AtomicU64>,
}

/// How one attempt ended.
struct Attempt {
    cause: DownCause,
    /// For how long frames came.
    healthy: Duration,
}

impl std::fmt::Debug for Camera {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Camera")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

impl Camera {
    /// A camera that puts its frames into `slot`, dated by `clock`, and reports to `reports`. Starts nothing.
    ///
    /// # Errors
    /// [`VisionError::CameraSpec`] when the settings cannot work.
    pub fn new(
        spec: CameraSpec,
        slot: LatestSlot,
        clock: Clock,
        reports: mpsc::Sender<CameraReport>,
    ) -> Result<Camera, VisionError> {
        Ok(Camera {
            spec: spec.check()?,
            slot,
            clock,
            reports,
            seq: Arc::new(AtomicU64::new(0)),
        })
    }

    /// Plays until cancelled. A camera that is away is not an error: it is reported and tried again for ever.
    ///
    /// # Errors
    /// [`VisionError::GStreamer`] when GStreamer or one of its elements is missing, which no waiting mends.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), VisionError> {
        super::start_gstreamer()?;
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut reported: Option<DownCause> = None;
        loop {
            let Some(attempt) = self.play(&cancel, &mut reported).await? else {
                self.slot.close();
                return Ok(());
            };
            let repeat = match &self.spec.source {
                Source::File { repeat, .. } => Some(*repeat),
                _ => None,
            };
            let ended = attempt.cause == DownCause::Ended;
            if ended && repeat == Some(Repeat::Forever) && reported.is_none() {
                continue;
            }
            if attempt.healthy >= HEALTHY {
                backoff.reset();
            }
            let pause = match repeat {
                Some(Repeat::Never) if ended => None,
                _ => Some(backoff.next(rand::random())),
            };
            if reported != Some(attempt.cause) {
                reported = Some(attempt.cause);
                tracing::warn!(
                    camera = %self.spec.id, source = %self.spec.source.shown(), cause = attempt.cause.text(),
                    "camera down"
                );
                self.report(
                    CameraEvent::Down {
                        cause: attempt.cause,
                        retry_in: pause,
                    },
                    &cancel,
                )
                .await;
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => {}
                () = async {
                    match pause {
                        Some(pause) => tokio::time::sleep(pause).await,
                        None => std::future::pending().await,
                    }
                } => {}
            }
        }
    }

    /// One attempt, from connecting to the end of the stream; `None` when cancelled.
    async fn play(
        &self,
        cancel: &CancellationToken,
        reported: &mut Option<DownCause>,
    ) -> Result<Option<Attempt>, VisionError> {
        if cancel.is_cancelled() {
            return Ok(None);
        }
        let built = build(&self.spec, &self.slot, &self.clock, &self.seq)?;
        let started = (self.clock)();
        let camera = self.spec.id.as_str();
        let cause = match set(&built.pipeline, gstreamer::State::Playing, camera).await {
            // A refusal has left its reason on the bus.
            Change::Done | Change::Refused => self.watch(&built, started, cancel, reported).await,
            Change::Stuck => Some(DownCause::Failed),
        };
        built.entry.alive.store(false, Ordering::Release);
        if set(&built.pipeline, gstreamer::State::Null, camera).await == Change::Stuck {
            tracing::error!(
                camera, deadline = ?super::state::DEADLINE,
                "the camera's pipeline does not stop and is abandoned with its memory; a new one is built"
            );
            // Dropping a pipeline that is not stopped would block or abort here.
            std::mem::forget(built.pipeline);
        }
        let first = built.entry.counters.analysed.load(Ordering::Relaxed) > 0;
        let healthy_ms = if first {
            (self.clock)().since_ms(started)
        } else {
            0
        };
        Ok(cause.map(|cause| Attempt {
            cause,
            healthy: Duration::from_millis(healthy_ms.max(0) as u64),
        }))
    }

    /// Waits for the end of a playing pipeline and says why it ended; `None` when cancelled.
    async fn watch(
        &self,
        built: &Built,
        started: HallTime,
        cancel: &CancellationToken,
        reported: &mut Option<DownCause>,
    ) -> Option<DownCause> {
        let bus = built
            .pipeline
            .bus()
            .expect("invariant: a pipeline has a bus");
        let mut messages = bus.stream();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut stats = Stats {
            since: started,
            received: 0,
            bytes: 0,
            analysed: 0,
            late: 0,
        };
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return None,
                message = messages.next() => match message.as_ref().map(|m| m.view()) {
                    Some(MessageView::Error(error)) => {
                        let error = error.error();
                        // The text is GStreamer's own and may quote the address: the code has to do.
                        tracing::debug!(camera = %self.spec.id, domain = ?error.domain(), "pipeline error");
                        return Some(self.meaning(DownCause::of(&error)));
                    }
                    Some(MessageView::Eos(_)) | None => return Some(self.meaning(DownCause::Closed)),
                    Some(_) => {}
                },
                () = built.entry.first_frame.notified() => {
                    *reported = None;
                    let info = built.entry.lock_info().clone();
                    tracing::info!(
                        camera = %self.spec.id, codec = info.codec, width = info.width, height = info.height,
                        "camera up"
                    );
                    let up = CameraEvent::Up {
                        width: info.width,
                        height: info.height,
                        codec: info.codec,
                        nominal_fps: info.nominal_fps,
                    };
                    self.report(up, cancel).await;
                }
                _ = looks.tick() => {
                    let now = (self.clock)();
                    if let Some(cause) = self.silent(built, started, now) {
                        return Some(cause);
                    }
                    if let Some(event) = stats.due(built, now) {
                        // Nobody listening to statistics holds up no camera.
                        let _ = self.reports.try_send(self.dated(event));
                    }
                }
            }
        }
    }

    /// What a cause means for this kind of source.
    fn meaning(&self, cause: DownCause) -> DownCause {
        match (&self.spec.source, cause) {
            (Source::File { .. }, DownCause::Closed) => DownCause::Ended,
            (Source::File { .. } | Source::Device { .. }, DownCause::Unreachable) => {
                DownCause::NotFound
            }
            _ => cause,
        }
    }

    /// Whether the stream has been silent for too long. A stalled camera raises no error of its own, ever.
    fn silent(&self, built: &Built, started: HallTime, now: HallTime) -> Option<DownCause> {
        let since = |at: i64| now.since_ms(if at == 0 { started } else { HallTime(at) });
        let counters = &built.entry.counters;
        let patience_ms = self.spec.silence.as_millis() as i64;
        let decoded_ms = match self.spec.decode {
            DecodeMode::Full => patience_ms,
            DecodeMode::KeyFramesOnly => patience_ms * i64::from(KEY_FRAME_PATIENCE),
        };
        let data_at = counters.data_at.load(Ordering::Relaxed);
        if since(data_at) >= patience_ms {
            let cause = if data_at == 0 {
                DownCause::Unreachable
            } else {
                DownCause::Silent
            };
            return Some(self.meaning(cause));
        }
        (since(counters.decoded_at.load(Ordering::Relaxed)) >= decoded_ms)
            .then_some(DownCause::Undecodable)
    }

    fn dated(&self, event: CameraEvent) -> CameraReport {
        CameraReport {
            camera: self.spec.id.clone(),
            at: (self.clock)(),
            event,
        }
    }

    /// Ups and downs must arrive: waits for room, but not past the end.
    async fn report(&self, event: CameraEvent, cancel: &CancellationToken) {
        let report = self.dated(event);
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            // A closed receiver means the program is ending.
            _ = self.reports.send(report) => {}
        }
    }
}

/// Counter readings at the last statistics.
struct Stats {
    since: HallTime,
    received: u64,
    bytes: u64,
    analysed: u64,
    late: u64,
}

impl Stats {
    fn due(&mut self, built: &Built, now: HallTime) -> Option<CameraEvent> {
        let span_ms = now.since_ms(self.since);
        let counters = &built.entry.counters;
        let frame_at = counters.frame_at.load(Ordering::Relaxed);
        if span_ms < STATS_EVERY_MS || frame_at == 0 {
            return None;
        }
        let rate = |counter: &AtomicU64, last: &mut u64| {
            let value = counter.load(Ordering::Relaxed);
            let per_s = (value - *last) as f32 * 1000.0 / span_ms as f32;
            *last = value;
            per_s
        };
        let received_per_s = rate(&counters.received, &mut self.received);
        let analysed_per_s = rate(&counters.analysed, &mut self.analysed);
        let late_per_s = rate(&counters.late, &mut self.late);
        let received_kbit_per_s = rate(&counters.received_bytes, &mut self.bytes) * 8.0 / 1000.0;
        self.since = now;
        Some(CameraEvent::Stats {
            received_per_s,
            analysed_per_s,
            late_per_s,
            received_kbit_per_s,
            last_frame_at: HallTime(frame_at),
            last_delay: Duration::from_millis(counters.delay_ms.load(Ordering::Relaxed)),
        })
    }
}
