//! The network half of a camera's pipeline: asks for the video stream only, and decodes H.264 and H.265 by what the
//! camera announces. Knows no frames.

use std::sync::Arc;

use gstreamer::prelude::*;

use super::pipeline::{Entry, make};
use super::spec::{CameraSpec, DecodeMode, Source};
use crate::error::VisionError;

/// How long a connection attempt may take.
const CONNECT_TIMEOUT_US: u64 = 5_000_000;

/// Adds the source to the pipeline; the decoder follows when the camera has named its codec.
pub(super) fn add(
    spec: &CameraSpec,
    pipeline: &gstreamer::Pipeline,
    entry: &Arc<Entry>,
) -> Result<(), VisionError> {
    let Source::Rtsp {
        url,
        user,
        password,
    } = &spec.source
    else {
        return Ok(());
    };
    let source = make("rtspsrc")?;
    source.set_property("location", url);
    if let Some(user) = user {
        source.set_property("user-id", user);
    }
    if let Some(password) = password {
        source.set_property("user-pw", password.expose());
    }
    // TCP: over UDP a lost packet is a grey smear that looks like a person.
    source.set_property_from_str("protocols", "tcp");
    source.set_property("tcp-timeout", CONNECT_TIMEOUT_US);
    source.set_property("latency", spec.latency.as_millis() as u32);
    // Sound and analytics streams are not even asked for.
    source.connect("select-stream", false, |values| {
        let video = values
            .get(2)
            .and_then(|v| v.get::<gstreamer::Caps>().ok())
            .and_then(|caps| {
                caps.structure(0)
                    .and_then(|s| s.get::<String>("media").ok())
            })
            .is_some_and(|media| media == "video");
        Some(video.to_value())
    });
    pipeline.add(&source).map_err(|e| VisionError::GStreamer {
        reason: e.to_string(),
    })?;
    let weak = pipeline.downgrade();
    let entry = Arc::clone(entry);
    let decode = spec.decode;
    source.connect_pad_added(move |source, pad| {
        let Some(pipeline) = weak.upgrade() else {
            return;
        };
        if let Err(error) = link(&pipeline, pad, &entry, decode) {
            gstreamer::element_error!(source, gstreamer::StreamError::CodecNotFound, ("{}", error));
        }
    });
    Ok(())
}

fn link(
    pipeline: &gstreamer::Pipeline,
    pad: &gstreamer::Pad,
    entry: &Arc<Entry>,
    mode: DecodeMode,
) -> Result<(), VisionError> {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let codec = caps
        .structure(0)
        .filter(|s| s.name() == "application/x-rtp")
        .and_then(|s| s.get::<String>("encoding-name").ok())
        .unwrap_or_default();
    if !entry.claim() {
        // A second video stream of the same address: the first one is enough.
        return Ok(());
    }
    let wrong = |reason: String| VisionError::GStreamer { reason };
    let (depay, parse, decoder, shown) = match codec.as_str() {
        "H264" => ("rtph264depay", "h264parse", "avdec_h264", "H.264"),
        "H265" => ("rtph265depay", "h265parse", "avdec_h265", "H.265"),
        "JPEG" => ("rtpjpegdepay", "jpegparse", "jpegdec", "MJPEG"),
        other => return Err(wrong(format!("the camera sends {other:?}"))),
    };
    // Every MJPEG picture is a key frame, though not all depayloaders say so.
    let mode = if codec == "JPEG" {
        DecodeMode::Full
    } else {
        mode
    };
    let (depay, parse) = (make(depay)?, make(parse)?);
    pipeline
        .add_many([&depay, &parse])
        .map_err(|e| wrong(e.to_string()))?;
    depay.link(&parse).map_err(|e| wrong(e.to_string()))?;
    let parsed = parse
        .static_pad("src")
        .ok_or_else(|| wrong("a parser without output".into()))?;
    entry.decode(pipeline, &parsed, shown, decoder, mode)?;
    parse
        .sync_state_with_parent()
        .map_err(|e| wrong(e.to_string()))?;
    depay
        .sync_state_with_parent()
        .map_err(|e| wrong(e.to_string()))?;
    let input = depay
        .static_pad("sink")
        .ok_or_else(|| wrong("a depayloader without input".into()))?;
    pad.link(&input)
        .map(|_| ())
        .map_err(|e| wrong(e.to_string()))
}
