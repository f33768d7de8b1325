//! Every way vision can fail, worded for the person who has to mend it. Owns no behaviour; never holds a credential.

use std::path::PathBuf;

/// An error of cameras, pictures, models or the inference library.
#[derive(Debug, thiserror::Error)]
pub enum VisionError {
    /// No ONNX Runtime library was found.
    #[error(
        "the ONNX Runtime library was not found (looked at: {searched}); run `make setup`, or name the file in EDGE_ORT_LIB"
    )]
    RuntimeMissing {
        /// The places looked at, comma separated.
        searched: String,
    },
    /// A library was found that must not or cannot be used.
    #[error("the ONNX Runtime library {path} cannot be used: {reason}")]
    RuntimeUnsuitable {
        /// The library.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The model manifest does not parse or contradicts itself.
    #[error("model manifest {path}: {reason}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong in it.
        reason: String,
    },
    /// A model file cannot be read.
    #[error("model file {path}: {reason}")]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// A model file is not the one the manifest vouches for.
    #[error(
        "model file {path} is not the one the manifest names: sha256 expected {expected}, found {found}; restore the file or correct the manifest"
    )]
    ModelHash {
        /// The file.
        path: PathBuf,
        /// Hash in the manifest, hexadecimal.
        expected: String,
        /// Hash of the file, hexadecimal.
        found: String,
    },
    /// A sound model that this software cannot use as a person detector.
    #[error("model {path} cannot be used as a person detector: {reason}")]
    ModelUnsupported {
        /// The file.
        path: PathBuf,
        /// What was found, and what would be accepted.
        reason: String,
    },
    /// The execution provider asked for is not available.
    #[error("execution provider {provider:?} is not available: {reason}")]
    Provider {
        /// Name as configured.
        provider: String,
        /// Why, and what to do.
        reason: String,
    },
    /// One inference failed.
    #[error("inference with model {model} failed: {reason}")]
    Inference {
        /// The model's name.
        model: String,
        /// What ONNX Runtime said.
        reason: String,
    },
    /// A picture or clip cannot be read or used.
    #[error("{what}: {reason}")]
    Picture {
        /// File name or description of the picture.
        what: String,
        /// Why.
        reason: String,
    },
    /// Scaling or colour conversion failed.
    #[error("picture processing ({step}) failed: {reason}")]
    Processing {
        /// The step.
        step: &'static str,
        /// What OpenCV said.
        reason: String,
    },
    /// GStreamer or one of its plug-ins is missing.
    #[error("GStreamer: {reason}; install the packages of `make setup`")]
    GStreamer {
        /// What is missing or failed.
        reason: String,
    },
    /// A camera's settings cannot work.
    #[error("camera {camera}: {reason}")]
    CameraSpec {
        /// Camera id.
        camera: String,
        /// What is wrong.
        reason: String,
    },
    /// The inference threads could not be started or have died.
    #[error("inference pool: {reason}")]
    Pool {
        /// What happened.
        reason: String,
    },
    /// Output could not be written.
    #[error("cannot write the result: {0}")]
    Output(#[from] std::io::Error),
}

impl VisionError {
    pub(crate) fn opencv(step: &'static str) -> impl Fn(opencv::Error) -> VisionError {
        move |error| VisionError::Processing {
            step,
            reason: error.message,
        }
    }
}
