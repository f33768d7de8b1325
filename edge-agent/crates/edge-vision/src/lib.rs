//! Cameras in, person detections out: the only crate that links GStreamer, OpenCV and ONNX Runtime.
//! Knows windows, queues and rules not at all.
//!
//! ```text
//! ingest::Camera (one per camera, tokio task, GStreamer threads inside)
//!    | LatestSlot::put            latest wins, the only place where frames are dropped, counted
//! board::FrameBoard
//!    | take / done                cameras in turn, one worker per camera at a time
//! pool::InferencePool (K threads, one Detector each) --keep--> preview::PreviewStore (newest analysed frame, JPEG on demand)
//!    | mpsc, blocking_send
//! frame::FrameDetections { camera, seq, at, detections, .. }
//! ```
//!
//! - [`runtime`] finds the ONNX Runtime library and tells its version without loading it; [`elements`] names the
//!   GStreamer elements that are missing. Both serve `doctor`.
//! - [`manifest`] reads `models.toml`; [`Detector::load`] checks the sha256, loads and tries a model.
//! - [`offline`] looks at files instead of cameras.
//!
//! `Frame::at` is the capture time on the caller's clock ([`frame::Clock`]); no other clock dates anything here. Blocking
//! calls are [`Detector::load`], [`pool::InferencePool::start`], [`preview::PreviewStore::jpeg`] and [`offline::run`].

pub mod attention;
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
pub use error::VisionError;
pub use letterbox::Placement;
pub use manifest::{Manifest, ModelSpec};
pub use picture::Picture;
