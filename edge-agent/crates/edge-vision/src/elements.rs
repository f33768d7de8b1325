//! The GStreamer elements the pipelines are made of, and the Debian package that brings each. Knows no pipeline.

use gstreamer as gst;

use crate::error::VisionError;
use crate::ingest::start_gstreamer;

/// An element that is not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingElement {
    /// GStreamer's name of it.
    pub element: &'static str,
    /// What it is needed for.
    pub purpose: &'static str,
    /// Debian 12 package that holds it.
    pub package: &'static str,
}

const CORE: &str = "libgstreamer1.0-0";
const BASE: &str = "gstreamer1.0-plugins-base";
const GOOD: &str = "gstreamer1.0-plugins-good";
const BAD: &str = "gstreamer1.0-plugins-bad";
const LIBAV: &str = "gstreamer1.0-libav";

/// Element, purpose, package.
const NEEDED: [(&str, &str, &str); 20] = [
    ("appsink", "hands pictures over", BASE),
    ("videoconvert", "colour conversion", BASE),
    ("videoscale", "smaller pictures", BASE),
    ("capsfilter", "smaller pictures", CORE),
    ("identity", "key frames only", CORE),
    ("parsebin", "files as cameras", BASE),
    ("decodebin", "files of any format", BASE),
    ("rtspsrc", "network cameras", GOOD),
    ("rtph264depay", "H.264 cameras", GOOD),
    ("rtph265depay", "H.265 cameras", GOOD),
    ("qtdemux", "MP4 files", GOOD),
    ("v4l2src", "USB cameras", GOOD),
    ("rtpjpegdepay", "MJPEG cameras", GOOD),
    ("jpegdec", "MJPEG and USB cameras", GOOD),
    ("jpegparse", "MJPEG cameras", BAD),
    ("h264parse", "H.264 cameras", BAD),
    ("h265parse", "H.265 cameras", BAD),
    ("avdec_h264", "decoding H.264", LIBAV),
    ("avdec_h265", "decoding H.265", LIBAV),
    ("avdec_mpeg4", "decoding MPEG-4 files", LIBAV),
];

/// The elements that are needed and not there.
///
/// # Errors
/// [`VisionError::GStreamer`] when GStreamer itself does not start.
pub fn missing() -> Result<Vec<MissingElement>, VisionError> {
    start_gstreamer()?;
    Ok(NEEDED
        .iter()
        .filter(|(element, _, _)| gst::ElementFactory::find(element).is_none())
        .map(|&(element, purpose, package)| MissingElement {
            element,
            purpose,
            package,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_every_element() {
        assert_eq!(missing().unwrap(), []);
    }
}
