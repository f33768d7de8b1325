//! The local half of cameras' pipelines: video files and USB devices. Knows no frames.

use std::path::Path;
use std::sync::Arc;

use gstreamer::prelude::*;

use super::pipeline::{Entry, make};
use super::spec::DecodeMode;
use crate::error::VisionError;

fn wrong(reason: impl std::fmt::Display) -> VisionError {
    VisionError::GStreamer {
        reason: reason.to_string(),
    }
}

/// Adds a file; its video is decoded by what the container says it is.
pub(super) fn add_file(
    path: &Path,
    mode: DecodeMode,
    pipeline: &gstreamer::Pipeline,
    entry: &Arc<Entry>,
) -> Result<(), VisionError> {
    let source = make("filesrc")?;
    source.set_property("location", path);
    let parse = make("parsebin")?;
    pipeline.add_many([&source, &parse]).map_err(wrong)?;
    source.link(&parse).map_err(wrong)?;
    let weak = pipeline.downgrade();
    let entry = Arc::clone(entry);
    parse.connect_pad_added(move |parse, pad| {
        let Some(pipeline) = weak.upgrade() else {
            return;
        };
        if let Err(error) = link_encoded(&pipeline, pad, &entry, mode) {
            gstreamer::element_error!(parse, gstreamer::StreamError::CodecNotFound, ("{}", error));
        }
    });
    Ok(())
}

fn link_encoded(
    pipeline: &gstreamer::Pipeline,
    pad: &gstreamer::Pad,
    entry: &Arc<Entry>,
    mode: DecodeMode,
) -> Result<(), VisionError> {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let kind = caps
        .structure(0)
        .map(|s| s.name().to_string())
        .unwrap_or_default();
    let (decoder, shown, mode) = match kind.as_str() {
        "video/x-h264" => ("avdec_h264", "H.264", mode),
        "video/x-h265" => ("avdec_h265", "H.265", mode),
        "image/jpeg" => ("jpegdec", "MJPEG", DecodeMode::Full),
        "video/mpeg" => ("avdec_mpeg4", "MPEG-4", mode),
        other if other.starts_with("video/") && !entry.is_claimed() => {
            return Err(wrong(format!("the file holds {other}")));
        }
        // Sound, subtitles, a second picture.
        _ => return ignore(pipeline, pad),
    };
    if entry.claim() {
        entry.decode(pipeline, pad, shown, decoder, mode)
    } else {
        ignore(pipeline, pad)
    }
}

/// An output that nobody takes would stop the whole file.
fn ignore(pipeline: &gstreamer::Pipeline, pad: &gstreamer::Pad) -> Result<(), VisionError> {
    let sink = make("fakesink")?;
    sink.set_property("async", false);
    pipeline.add(&sink).map_err(wrong)?;
    sink.sync_state_with_parent().map_err(wrong)?;
    let input = sink
        .static_pad("sink")
        .ok_or_else(|| wrong("a sink without input"))?;
    pad.link(&input).map(|_| ()).map_err(wrong)
}

/// Adds a USB camera; raw and MJPEG ones both end as raw pictures.
pub(super) fn add_device(
    path: &Path,
    pipeline: &gstreamer::Pipeline,
    entry: &Arc<Entry>,
) -> Result<(), VisionError> {
    let source = make("v4l2src")?;
    source.set_property("device", path.to_string_lossy().as_ref());
    let decode = make("decodebin")?;
    pipeline.add_many([&source, &decode]).map_err(wrong)?;
    source.link(&decode).map_err(wrong)?;
    let entry = Arc::clone(entry);
    decode.connect_pad_added(move |decode, pad| {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let raw = caps.structure(0).is_some_and(|s| s.name() == "video/x-raw");
        if !raw || !entry.claim() {
            return;
        }
        if let Err(error) = entry.take_raw(pad, "raw") {
            gstreamer::element_error!(decode, gstreamer::StreamError::CodecNotFound, ("{}", error));
        }
    });
    Ok(())
}
