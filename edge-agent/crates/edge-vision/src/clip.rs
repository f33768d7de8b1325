//! Decodes a video file frame by frame, every frame, as fast as they are asked for. Knows no camera.

use std::path::{Path, PathBuf};

use gstreamer::prelude::*;
use gstreamer_app::AppSink;

use crate::error::VisionError;
use crate::ingest::start_gstreamer;
use crate::picture::Picture;

/// File name endings taken as clips when a folder is read.
pub const CLIP_ENDINGS: [&str; 8] = ["mp4", "mkv", "mov", "avi", "ts", "h264", "h265", "m4v"];

/// A frame of a file is decoded in milliseconds. decodebin can swallow the error of a damaged file (it drops messages of
/// elements that fail while it plugs them); after this long there is no frame to wait for.
const PATIENCE: gstreamer::ClockTime = gstreamer::ClockTime::from_seconds(10);

/// The frames of one clip, in order.
pub struct Clip {
    path: PathBuf,
    pipeline: gstreamer::Pipeline,
    sink: AppSink,
    ended: bool,
}

impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clip")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Clip {
    /// Opens a clip.
    ///
    /// # Errors
    /// [`VisionError::GStreamer`], or [`VisionError::Picture`] when the file cannot be opened.
    pub fn open(path: &Path) -> Result<Clip, VisionError> {
        start_gstreamer()?;
        // GStreamer's own error for an absent file is less clear than the system's.
        std::fs::File::open(path).map_err(|e| wrong(path, &format!("cannot be read: {e}")))?;
        let missing = |e: gstreamer::glib::BoolError| VisionError::GStreamer {
            reason: e.to_string(),
        };
        let make = |name: &str| {
            gstreamer::ElementFactory::make(name)
                .build()
                .map_err(missing)
        };
        let source = make("filesrc")?;
        source.set_property("location", path);
        let decode = make("decodebin")?;
        let convert = make("videoconvert")?;
        let sink = AppSink::builder()
            .caps(
                &gstreamer::Caps::builder("video/x-raw")
                    .field("format", "I420")
                    .build(),
            )
            .max_buffers(2)
            .sync(false)
            .build();
        let pipeline = gstreamer::Pipeline::new();
        pipeline
            .add_many([&source, &decode, &convert, sink.upcast_ref()])
            .map_err(missing)?;
        source.link(&decode).map_err(missing)?;
        convert.link(&sink).map_err(missing)?;
        let input = convert
            .static_pad("sink")
            .ok_or_else(|| wrong(path, "no input"))?;
        decode.connect_pad_added(move |_, pad| {
            let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
            let video = caps
                .structure(0)
                .is_some_and(|s| s.name().starts_with("video/x-raw"));
            if video && !input.is_linked() {
                // A refused link ends in an error on the bus, which the reader reports.
                let _ = pad.link(&input);
            }
        });
        let clip = Clip {
            path: path.to_path_buf(),
            pipeline,
            sink,
            ended: false,
        };
        // A refusal leaves its reason on the bus, where the first frame looks for it.
        let _ = clip.pipeline.set_state(gstreamer::State::Playing);
        Ok(clip)
    }

    fn failure(&self) -> Option<VisionError> {
        let bus = self.pipeline.bus()?;
        let message = bus.pop_filtered(&[gstreamer::MessageType::Error])?;
        let gstreamer::MessageView::Error(error) = message.view() else {
            return None;
        };
        Some(wrong(
            &self.path,
            &format!(
                "not a readable picture or clip ({})",
                error.error().message()
            ),
        ))
    }
}

fn wrong(path: &Path, reason: &str) -> VisionError {
    VisionError::Picture {
        what: path.display().to_string(),
        reason: reason.to_owned(),
    }
}

impl Iterator for Clip {
    type Item = Result<Picture, VisionError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        // In short steps: an error on the bus does not wake the sink.
        let mut waited = gstreamer::ClockTime::ZERO;
        let step = gstreamer::ClockTime::from_mseconds(100);
        while waited < PATIENCE {
            if let Some(sample) = self.sink.try_pull_sample(step) {
                return Some(Picture::video(&sample));
            }
            self.ended = true;
            if let Some(failure) = self.failure() {
                return Some(Err(failure));
            }
            if self.sink.is_eos() {
                return None;
            }
            self.ended = false;
            waited += step;
        }
        self.ended = true;
        Some(Err(wrong(
            &self.path,
            &format!(
                "no frame for {} s: not a readable picture or clip",
                PATIENCE.seconds()
            ),
        )))
    }
}

impl Drop for Clip {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gstreamer::State::Null);
    }
}
