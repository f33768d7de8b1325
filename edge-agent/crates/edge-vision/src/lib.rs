//! Cameras in, person detections out: the only crate that links GStreamer, OpenCV and ONNX Runtime.
//! Knows windows, queues and rules not at all.

pub mod board;
pub mod clip;
pub mod decode;
pub mod detector;
pub mod elements;
pub mod error;
pub mod frame;
pub mod ingest;
mod letterbox;
pub mod manifest;
pub mod offline;
pub mod picture;
pub mod pool;
pub mod preview;
pub mod runtime;
pub mod still;

pub use detector::{Detector, DetectorOptions, ModelInfo};
pub use error::{Retry, VisionError};
pub use letterbox::Placement;
pub use manifest::{Manifest, ModelSpec};
pub use picture::Picture;
