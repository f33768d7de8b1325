//! Cameras: one supervised GStreamer pipeline each, from RTSP, a file or a USB device to the newest decoded frame.
//! Knows no model and no rule.

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
