//! Cameras: one supervised GStreamer pipeline each, from RTSP, a file or a USB device to the newest decoded frame.
//! Knows no model and no rule.

mod backoff;
mod camera;
mod capture;
mod event;
mod file;
mod late;
mod pipeline;
mod rate;
mod rtsp;
mod spec;
mod state;

pub use camera::Camera;
pub use event::{CameraEvent, CameraReport, DownCause};
pub use spec::{CameraSpec, DecodeMode, Password, Repeat, Source};

use std::sync::OnceLock;

use crate::error::VisionError;

/// GStreamer elements this crate cannot do without.
const NEEDED: [&str; 13] = [
    "rtspsrc",
    "rtph264depay",
    "rtph265depay",
    "h264parse",
    "h265parse",
    "avdec_h264",
    "avdec_h265",
    "parsebin",
    "decodebin",
    "videoscale",
    "videoconvert",
    "appsink",
    "identity",
];

/// Starts GStreamer, once per process.
///
/// # Errors
/// [`VisionError::GStreamer`] when it does not start.
pub fn start_gstreamer() -> Result<(), VisionError> {
    static STARTED: OnceLock<Result<(), String>> = OnceLock::new();
    STARTED
        .get_or_init(|| gstreamer::init().map_err(|e| e.to_string()))
        .clone()
        .map_err(|reason| VisionError::GStreamer { reason })
}

/// GStreamer's version, for the record and for `doctor`.
///
/// # Errors
/// [`VisionError::GStreamer`] when it does not start, or naming every element that is missing.
pub fn check_gstreamer() -> Result<String, VisionError> {
    start_gstreamer()?;
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|name| gstreamer::ElementFactory::find(name).is_none())
        .collect();
    if !missing.is_empty() {
        return Err(VisionError::GStreamer {
            reason: format!("elements are missing: {}", missing.join(", ")),
        });
    }
    Ok(gstreamer::version_string().to_string())
}
