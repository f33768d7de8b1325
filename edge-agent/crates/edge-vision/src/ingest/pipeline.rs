//! Builds one camera's GStreamer pipeline: source, decoder, rate gate, scaling, and the sink that hands frames on.
//! Knows nothing of reconnecting.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks};
use tokio::sync::Notify;

use super::capture::CaptureTimes;
use super::late::LateGate;
use super::rate::RateGate;
use super::spec::{CameraSpec, DecodeMode, Source};
use super::{file, rtsp};
use crate::board::LatestSlot;
use crate::error::VisionError;
use crate::frame::{Clock, Frame};
use crate::picture::Picture;

/// What the stream says of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct StreamInfo {
    pub(super) codec: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) nominal_fps: Option<f32>,
}

/// Counters of one pipeline, written by its streaming threads.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) received: AtomicU64,
    pub(super) received_bytes: AtomicU64,
    pub(super) analysed: AtomicU64,
    /// Encoded pictures not decoded because the box had fallen behind.
    pub(super) late: AtomicU64,
    /// Arrival of the newest encoded picture, `HallTime`; 0: none yet.
    pub(super) data_at: AtomicI64,
    /// Arrival of the newest decoded picture, before the rate gate; 0: none yet.
    pub(super) decoded_at: AtomicI64,
    /// Capture time of the newest frame handed on.
    pub(super) frame_at: AtomicI64,
    pub(super) delay_ms: AtomicU64,
}

/// Where a source's decoded video enters the common part of the pipeline.
pub(super) struct Entry {
    scale: gstreamer::Element,
    size: gstreamer::Element,
    fit: (u32, u32),
    claimed: AtomicBool,
    gate: Mutex<RateGate>,
    late: Mutex<LateGate>,
    clock: Clock,
    pub(super) counters: Counters,
    pub(super) info: Mutex<StreamInfo>,
    /// Rung at the first frame.
    pub(super) first_frame: Notify,
    /// False once the pipeline is given up: a wedged one must not hand on frames when it wakes.
    pub(super) alive: AtomicBool,
}

/// A pipeline ready to play.
pub(super) struct Built {
    pub(super) pipeline: gstreamer::Pipeline,
    pub(super) entry: Arc<Entry>,
}

pub(super) fn make(name: &'static str) -> Result<gstreamer::Element, VisionError> {
    gstreamer::ElementFactory::make(name)
        .build()
        .map_err(|_| VisionError::GStreamer {
            reason: format!("the element {name} is missing"),
        })
}

fn wired(error: &dyn std::fmt::Display) -> VisionError {
    VisionError::GStreamer {
        reason: format!("a pipeline cannot be put together: {error}"),
    }
}

/// Builds the pipeline of `spec`; frames are numbered from `*seq` on, dated by `clock` and put into `slot`.
pub(super) fn build(
    spec: &CameraSpec,
    slot: &LatestSlot,
    clock: &Clock,
    seq: &Arc<AtomicU64>,
) -> Result<Built, VisionError> {
    let pipeline = gstreamer::Pipeline::new();
    let scale = make("videoscale")?;
    let convert = make("videoconvert")?;
    let size = make("capsfilter")?;
    size.set_property("caps", i420(None));
    let sink = AppSink::builder()
        .max_buffers(1)
        .drop(true)
        // A file plays in real time; a camera's frames are dated by their stamps and need no waiting.
        .sync(matches!(spec.source, Source::File { .. }))
        .build();
    let common = [&scale, &convert, &size, sink.upcast_ref()];
    pipeline.add_many(common).map_err(|e| wired(&e))?;
    gstreamer::Element::link_many(common).map_err(|e| wired(&e))?;
    let entry = Arc::new(Entry {
        scale,
        size,
        fit: (spec.max_width_px, spec.max_height_px),
        claimed: AtomicBool::new(false),
        gate: Mutex::new(RateGate::new(spec.analysis_fps)),
        late: Mutex::new(LateGate::new(spec.latency.as_nanos() as u64)),
        clock: Arc::clone(clock),
        counters: Counters::default(),
        info: Mutex::new(StreamInfo::default()),
        first_frame: Notify::new(),
        alive: AtomicBool::new(true),
    });
    entry.watch_decoded()?;
    sink.set_callbacks(hand_on(
        spec,
        slot.clone(),
        Arc::clone(clock),
        Arc::clone(&entry),
        Arc::clone(seq),
    ));
    match &spec.source {
        Source::Rtsp { .. } => rtsp::add(spec, &pipeline, &entry)?,
        Source::File { path, .. } => file::add_file(path, spec.decode, &pipeline, &entry)?,
        Source::Device { path } => file::add_device(path, &pipeline, &entry)?,
    }
    Ok(Built { pipeline, entry })
}

fn i420(size: Option<(u32, u32)>) -> gstreamer::Caps {
    let caps = gstreamer::Caps::builder("video/x-raw").field("format", "I420");
    match size {
        Some((width, height)) => caps
            .field("width", width as i32)
            .field("height", height as i32)
            .build(),
        None => caps.build(),
    }
}

/// The largest even size within `fit` with the proportions of `width` × `height`; never larger than the picture.
fn fitted(width: u32, height: u32, fit: (u32, u32)) -> (u32, u32) {
    let ratio = (f64::from(fit.0) / f64::from(width)).min(f64::from(fit.1) / f64::from(height));
    if ratio >= 1.0 {
        return (width, height);
    }
    let side = |v: u32| (((f64::from(v) * ratio) / 2.0).round() as u32 * 2).max(2);
    (side(width), side(height))
}

impl Entry {
    /// True for the first video stream only.
    pub(super) fn claim(&self) -> bool {
        !self.claimed.swap(true, Ordering::AcqRel)
    }

    pub(super) fn is_claimed(&self) -> bool {
        self.claimed.load(Ordering::Acquire)
    }

    /// Puts a decoder (and, for key frames only, a gate before it) behind `parsed`, an element whose only output is one
    /// encoded picture per buffer, and links it to the common part.
    pub(super) fn decode(
        self: &Arc<Self>,
        pipeline: &gstreamer::Pipeline,
        parsed: &gstreamer::Pad,
        codec: &str,
        decoder: &'static str,
        mode: DecodeMode,
    ) -> Result<(), VisionError> {
        let wrong = |e: gstreamer::glib::BoolError| wired(&e);
        self.watch_encoded(parsed, codec);
        let decoder = make(decoder)?;
        if decoder.has_property("max-threads") {
            // One thread per decoder: more only cost memory and latency when there are many cameras.
            decoder.set_property("max-threads", 1_i32);
        }
        pipeline.add(&decoder).map_err(wrong)?;
        decoder.link(&self.scale).map_err(wrong)?;
        let mut first = decoder.clone();
        if mode == DecodeMode::KeyFramesOnly {
            let gate = make("identity")?;
            gate.set_property_from_str("drop-buffer-flags", "delta-unit");
            pipeline.add(&gate).map_err(wrong)?;
            gate.link(&decoder).map_err(wrong)?;
            gate.sync_state_with_parent().map_err(wrong)?;
            first = gate;
        }
        decoder.sync_state_with_parent().map_err(wrong)?;
        let input = first
            .static_pad("sink")
            .ok_or_else(|| wired(&"a decoder without input"))?;
        parsed.link(&input).map(|_| ()).map_err(|e| wired(&e))
    }

    /// Links a pad of raw pictures straight to the common part.
    pub(super) fn take_raw(
        self: &Arc<Self>,
        pad: &gstreamer::Pad,
        codec: &str,
    ) -> Result<(), VisionError> {
        self.watch_encoded(pad, codec);
        let input = self
            .scale
            .static_pad("sink")
            .ok_or_else(|| wired(&"scaling without input"))?;
        pad.link(&input).map(|_| ()).map_err(|e| wired(&e))
    }

    /// Counts what arrives, before anything is dropped: the watchdog's evidence that the camera is sending.
    fn watch_encoded(self: &Arc<Self>, pad: &gstreamer::Pad, codec: &str) {
        self.lock_info().codec = codec.to_owned();
        // Weak: the entry holds elements of the very pipeline that would hold the entry.
        let counted = Arc::downgrade(self);
        pad.add_probe(gstreamer::PadProbeType::BUFFER, move |pad, probe| {
            let (Some(entry), Some(buffer)) = (counted.upgrade(), probe.buffer()) else {
                return gstreamer::PadProbeReturn::Ok;
            };
            let counters = &entry.counters;
            counters.received.fetch_add(1, Ordering::Relaxed);
            counters
                .received_bytes
                .fetch_add(buffer.size() as u64, Ordering::Relaxed);
            counters.data_at.store((entry.clock)().0, Ordering::Relaxed);
            if entry.too_late(pad, buffer) {
                counters.late.fetch_add(1, Ordering::Relaxed);
                return gstreamer::PadProbeReturn::Handled;
            }
            gstreamer::PadProbeReturn::Ok
        });
    }

    /// Whether the box has fallen so far behind this stream that decoding the picture is wasted.
    fn too_late(&self, pad: &gstreamer::Pad, buffer: &gstreamer::BufferRef) -> bool {
        let stamp = pad
            .sticky_event::<gstreamer::event::Segment>(0)
            .and_then(|event| {
                let segment = event
                    .segment()
                    .downcast_ref::<gstreamer::ClockTime>()?
                    .clone();
                segment.to_running_time(buffer.pts()?)
            });
        let (Some(stamp), Some(now)) = (stamp, self.scale.current_running_time()) else {
            return false;
        };
        let key = !buffer.flags().contains(gstreamer::BufferFlags::DELTA_UNIT);
        let late_ns = now.nseconds().saturating_sub(stamp.nseconds());
        let mut gate = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        !gate.passes(stamp.nseconds(), late_ns, key)
    }

    pub(super) fn lock_info(&self) -> std::sync::MutexGuard<'_, StreamInfo> {
        self.info.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Looks at decoded pictures as they enter the common part: fixes the size to scale to when the stream's size is
    /// known or changes, and lets pictures through at the analysed rate.
    fn watch_decoded(self: &Arc<Self>) -> Result<(), VisionError> {
        let input = self
            .scale
            .static_pad("sink")
            .ok_or_else(|| wired(&"scaling without input"))?;
        let entry = Arc::downgrade(self);
        let kinds = gstreamer::PadProbeType::BUFFER | gstreamer::PadProbeType::EVENT_DOWNSTREAM;
        input.add_probe(kinds, move |_, probe| {
            let Some(entry) = entry.upgrade() else {
                return gstreamer::PadProbeReturn::Ok;
            };
            match &probe.data {
                Some(gstreamer::PadProbeData::Event(event)) => {
                    if let gstreamer::EventView::Caps(caps) = event.view() {
                        entry.note_format(caps.caps());
                    }
                }
                Some(gstreamer::PadProbeData::Buffer(buffer)) => {
                    entry
                        .counters
                        .decoded_at
                        .store((entry.clock)().0, Ordering::Relaxed);
                    let mut gate = entry.gate.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(stamp) = buffer.pts()
                        && !gate.passes(stamp.nseconds())
                    {
                        // Handled, not Drop: with Drop GStreamer 1.22 complains that the buffer is already gone.
                        return gstreamer::PadProbeReturn::Handled;
                    }
                }
                _ => {}
            }
            gstreamer::PadProbeReturn::Ok
        });
        Ok(())
    }

    fn note_format(&self, caps: &gstreamer::CapsRef) {
        let Ok(info) = gstreamer_video::VideoInfo::from_caps(caps) else {
            return;
        };
        let (width, height) = (info.width(), info.height());
        if width == 0 || height == 0 {
            return;
        }
        let fps = info.fps();
        let mut stream = self.lock_info();
        (stream.width, stream.height) = (width, height);
        stream.nominal_fps =
            (fps.numer() > 0).then(|| fps.numer() as f32 / fps.denom().max(1) as f32);
        drop(stream);
        self.size
            .set_property("caps", i420(Some(fitted(width, height, self.fit))));
    }
}

/// What happens to each picture that reaches the end: dated, numbered, put into the slot. Never blocks.
fn hand_on(
    spec: &CameraSpec,
    slot: LatestSlot,
    clock: Clock,
    entry: Arc<Entry>,
    seq: Arc<AtomicU64>,
) -> AppSinkCallbacks {
    let camera = spec.id.clone();
    let mut times = CaptureTimes::default();
    AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gstreamer::FlowError::Eos)?;
            if !entry.alive.load(Ordering::Acquire) {
                return Err(gstreamer::FlowError::Eos);
            }
            let now = clock();
            let stamp = sample.buffer().and_then(gstreamer::BufferRef::pts);
            let running_stamp = sample
                .segment()
                .and_then(|s| s.downcast_ref::<gstreamer::ClockTime>())
                .zip(stamp)
                .and_then(|(segment, stamp)| segment.to_running_time(stamp));
            let running = sink.current_running_time();
            let (at, delay) = times.place(
                now,
                running.map(gstreamer::ClockTime::nseconds),
                running_stamp.map(gstreamer::ClockTime::nseconds),
            );
            match Picture::video(&sample) {
                Ok(picture) => {
                    let counters = &entry.counters;
                    counters.frame_at.store(at.0, Ordering::Relaxed);
                    counters
                        .delay_ms
                        .store(delay.as_millis() as u64, Ordering::Relaxed);
                    if counters.analysed.fetch_add(1, Ordering::Relaxed) == 0 {
                        entry.first_frame.notify_one();
                    }
                    let seq = seq.fetch_add(1, Ordering::Relaxed);
                    slot.put(Frame {
                        camera: camera.clone(),
                        seq,
                        at,
                        picture,
                    });
                    Ok(gstreamer::FlowSuccess::Ok)
                }
                Err(error) => {
                    tracing::warn!(%camera, %error, "a frame cannot be used");
                    Err(gstreamer::FlowError::NotNegotiated)
                }
            }
        })
        .build()
}

#[cfg(test)]
mod tests {
    use super::fitted;

    #[test]
    fn pictures_are_only_ever_scaled_down_and_keep_their_proportions() {
        let check = |(w, h): (u32, u32), fit: (u32, u32), expected: (u32, u32)| {
            assert_eq!(fitted(w, h, fit), expected, "{w}×{h} into {fit:?}");
        };
        check((1920, 1080), (1280, 720), (1280, 720));
        check((2560, 1440), (1280, 720), (1280, 720));
        check((2592, 1944), (1280, 720), (960, 720));
        check((640, 360), (1280, 720), (640, 360));
        check((1080, 1920), (1280, 720), (406, 720));
        check((353, 288), (1280, 720), (353, 288));
        check((10_000, 10), (1280, 720), (1280, 2));
    }
}
