//! The GStreamer elements the pipelines are made of, and the Debian package that brings each. Knows no pipeline.

use gstreamer as gst;

use crate::error::VisionError;

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

const BASE: &str = "gstreamer1.0-plugins-base";
const GOOD: &str = "gstreamer1.0-plugins-good";
const BAD: &str = "gstreamer1.0-plugins-bad";
const LIBAV: &str = "gstreamer1.0-libav";

/// Element, purpose, package.
const NEEDED: [(&str, &str, &str); 17] = [
    ("appsink", "hands pictures over", BASE),
    ("videoconvert", "colour conversion", BASE),
    ("videoscale", "smaller pictures", BASE),
    ("videorate", "fewer pictures", BASE),
    ("decodebin", "files of any format", BASE),
    ("rtspsrc", "network cameras", GOOD),
    ("rtph264depay", "H.264 cameras", GOOD),
    ("rtph265depay", "H.265 cameras", GOOD),
    ("qtdemux", "MP4 files", GOOD),
    ("v4l2src", "USB cameras", GOOD),
    ("jpegenc", "pictures for the page", GOOD),
    ("jpegdec", "JPEG stills and USB cameras", GOOD),
    ("pngdec", "PNG stills", GOOD),
    ("h264parse", "H.264 cameras", BAD),
    ("h265parse", "H.265 cameras", BAD),
    ("avdec_h264", "decoding H.264", LIBAV),
    ("avdec_h265", "decoding H.265", LIBAV),
];

/// The elements that are needed and not there.
///
/// # Errors
/// [`VisionError::GStreamer`] when GStreamer itself does not start.
pub fn missing() -> Result<Vec<MissingElement>, VisionError> {
    gst::init().map_err(|e| VisionError::GStreamer {
        reason: e.to_string(),
    })?;
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
