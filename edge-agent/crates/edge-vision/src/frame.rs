//! A picture with its origin and its capture time, and what was found in it. Plain data.

use std::sync::Arc;
use std::time::Duration;

use hall_core::HallTime;
use hall_core::detection::Detection;
use hall_core::geometry::Point;
use hall_core::ids::CameraId;

use crate::picture::Picture;

/// The caller's monotonic clock; no other clock dates a frame.
pub type Clock = Arc<dyn Fn() -> HallTime + Send + Sync>;

/// A privacy mask: the corners of a polygon, normalised to the picture, closed implicitly.
pub type Mask = Vec<Point>;

/// One frame of one camera.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The camera.
    pub camera: CameraId,
    /// Number of the frame since the camera's component started; gaps are frames dropped.
    pub seq: u64,
    /// When it was captured.
    pub at: HallTime,
    /// The picture.
    pub picture: Picture,
}

/// What became of one frame that reached a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameDetections {
    /// The camera.
    pub camera: CameraId,
    /// The frame's number.
    pub seq: u64,
    /// The frame's capture time, untouched.
    pub at: HallTime,
    /// Width of the frame in pixels.
    pub width: u32,
    /// Height of the frame in pixels.
    pub height: u32,
    /// The people found, best first; an empty list is a finding too. `None`: nobody was looked for, the camera is off duty.
    pub detections: Option<Vec<Detection>>,
    /// Time the inference took.
    pub inference: Duration,
}
