//! A loaded person detector: one model, one inference session, for one worker. Knows no camera and no rule.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hall_core::detection::Detection;
use hall_core::geometry::{BBox, Point};
use ort::ep::{self, ExecutionProvider};
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{TensorElementType, TensorRef, ValueType};

use crate::decode::{Candidate, Decoder, Family, Tensor, suppress};
use crate::error::VisionError;
use crate::letterbox::{Letterbox, Placement};
use crate::manifest::{ColourOrder, InputSize, ModelSpec, Normalisation};
use crate::picture::Picture;
use crate::runtime::Runtime;

/// Settings of a session that are not the model's.
#[derive(Debug, Clone)]
pub struct DetectorOptions {
    /// The ONNX Runtime library or its directory; `None`: see [`crate::runtime::locate`].
    pub runtime_library: Option<PathBuf>,
    /// Threads inside one inference. One gives the most inferences per core.
    pub intra_threads: usize,
    /// Execution provider by its short name: `cpu`, `cuda`, `openvino`, `xnnpack`.
    pub provider: String,
    /// Threshold instead of the model's operating threshold. A tracker with two stages wants the weaker boxes too.
    pub score_threshold: Option<f32>,
}

impl Default for DetectorOptions {
    fn default() -> Self {
        DetectorOptions {
            runtime_library: None,
            intra_threads: 1,
            provider: "cpu".into(),
            score_threshold: None,
        }
    }
}

/// What is known of a loaded model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// Name in the manifest, or the file's stem.
    pub name: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Family recognised.
    pub family: Family,
    /// Input size.
    pub input: InputSize,
    /// The model's operating threshold, which decides when nothing else is configured.
    pub score_threshold: f32,
}

/// A loaded person detector.
pub struct Detector {
    session: Session,
    decoder: Decoder,
    letterbox: Letterbox,
    tensor: Vec<f32>,
    candidates: Vec<Candidate>,
    info: ModelInfo,
    path: PathBuf,
    threshold: f32,
    nms_iou: f32,
    colour_order: ColourOrder,
    normalisation: Normalisation,
}

impl std::fmt::Debug for Detector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Detector")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl Detector {
    /// Loads a model: checks its hash, makes a session and tries it on a grey picture, so that a model that does not
    /// work is found now and not at the first frame.
    ///
    /// # Errors
    /// Anything wrong with the library, the file, the model's inputs or outputs, or the provider.
    pub fn load(spec: &ModelSpec, options: &DetectorOptions) -> Result<Detector, VisionError> {
        let (bytes, sha256) = spec.read()?;
        let runtime = Runtime::load(options.runtime_library.as_deref())?;
        let mut session = open(runtime, spec, &bytes, options)?;
        drop(bytes);
        let input = input_size(&session, spec)?;
        let mut tensor = vec![114.0; input.width as usize * input.height as usize * 3];
        let decoder = infer(&mut session, input, &tensor, |outputs| {
            Decoder::recognise(outputs, input, spec.family, spec.person_class)
        })
        .map_err(|error| match error {
            InferError::Runtime(reason) => {
                unsupported(spec, format!("it fails on a trial picture: {reason}"))
            }
            InferError::Outputs(reason) => unsupported(spec, reason),
        })?;
        tensor.fill(0.0);
        let family = decoder.family();
        let score_threshold = spec
            .score_threshold
            .unwrap_or_else(|| family.score_threshold());
        Ok(Detector {
            session,
            decoder,
            letterbox: Letterbox::new(input),
            tensor,
            candidates: Vec::new(),
            path: spec.path.clone(),
            threshold: options.score_threshold.unwrap_or(score_threshold),
            nms_iou: spec.nms_iou.unwrap_or_else(|| family.nms_iou()),
            colour_order: spec.colour_order.unwrap_or_else(|| family.colour_order()),
            normalisation: spec.normalisation.unwrap_or_else(|| family.normalisation()),
            info: ModelInfo {
                name: spec.name.clone(),
                sha256,
                family,
                input,
                score_threshold,
            },
        })
    }

    /// What is known of the model.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// The model's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The people in `picture`, best first, as boxes normalised to it and clipped at its edges.
    ///
    /// # Errors
    /// [`VisionError::Inference`], [`VisionError::Picture`] or [`VisionError::Processing`].
    pub fn detect(&mut self, picture: &Picture) -> Result<Vec<Detection>, VisionError> {
        self.detect_masked(picture, &[])
            .map(|(detections, _)| detections)
    }

    /// As [`Detector::detect`], with what lies inside `masks` (polygons normalised to the picture) painted over before
    /// the model sees it. Also gives the time spent in the inference alone.
    ///
    /// # Errors
    /// As [`Detector::detect`].
    pub fn detect_masked(
        &mut self,
        picture: &Picture,
        masks: &[Vec<Point>],
    ) -> Result<(Vec<Detection>, Duration), VisionError> {
        let placement = self.letterbox.place(picture, masks)?;
        self.letterbox
            .write_planes(self.colour_order, self.normalisation, &mut self.tensor);
        // The clock is read only to measure; no rule sees it.
        let started = Instant::now();
        let (decoder, candidates, threshold) =
            (&self.decoder, &mut self.candidates, self.threshold);
        infer(
            &mut self.session,
            self.info.input,
            &self.tensor,
            |outputs| decoder.decode(outputs, threshold, candidates),
        )
        .map_err(|error| inference_failed(&self.info, error))?;
        let inference = started.elapsed();
        suppress(&mut self.candidates, self.nms_iou);
        let detections = self
            .candidates
            .iter()
            .filter_map(|c| normalise(c, placement, picture))
            .collect();
        Ok((detections, inference))
    }

    /// Runs the model on whatever the last picture left in the input, and nothing else: the floor that the whole way is
    /// measured against.
    ///
    /// # Errors
    /// [`VisionError::Inference`].
    pub fn infer_only(&mut self) -> Result<(), VisionError> {
        infer(&mut self.session, self.info.input, &self.tensor, |_| Ok(()))
            .map_err(|error| inference_failed(&self.info, error))
    }
}

fn inference_failed(info: &ModelInfo, error: InferError) -> VisionError {
    let (InferError::Runtime(reason) | InferError::Outputs(reason)) = error;
    VisionError::Inference {
        model: info.name.clone(),
        reason,
    }
}

/// From input pixels to shares of the picture, clipped; `None` when nothing is left inside.
fn normalise(candidate: &Candidate, placement: Placement, picture: &Picture) -> Option<Detection> {
    let [x1, y1, x2, y2] = candidate.corners.map(f64::from);
    let (width, height) = (
        f64::from(picture.width()) * placement.scale,
        f64::from(picture.height()) * placement.scale,
    );
    let share = |v: f64, side: f64| (v / side).clamp(0.0, 1.0) as f32;
    let bbox = BBox {
        x1: share(x1, width),
        y1: share(y1, height),
        x2: share(x2, width),
        y2: share(y2, height),
    };
    (bbox.area() > 0.0).then_some(Detection {
        bbox,
        score: candidate.score.clamp(0.0, 1.0),
    })
}

fn unsupported(spec: &ModelSpec, reason: impl Into<String>) -> VisionError {
    VisionError::ModelUnsupported {
        path: spec.path.clone(),
        reason: reason.into(),
    }
}

fn open(
    runtime: &Runtime,
    spec: &ModelSpec,
    bytes: &[u8],
    options: &DetectorOptions,
) -> Result<Session, VisionError> {
    let session = |e: String| VisionError::ModelFile {
        path: spec.path.clone(),
        reason: e,
    };
    let mut builder = Session::builder(runtime.environment())
        .map_err(|e| session(e.to_string()))?
        .with_optimization_level(GraphOptimizationLevel::All)
        .map_err(|e| session(e.to_string()))?
        .with_intra_threads(options.intra_threads.max(1))
        .map_err(|e| session(e.to_string()))?
        .with_inter_threads(1)
        .map_err(|e| session(e.to_string()))?
        // A spinning pool keeps a core hot between frames.
        .with_intra_op_spinning(false)
        .map_err(|e| session(e.to_string()))?;
    let refused = |reason: String| VisionError::Provider {
        provider: options.provider.clone(),
        reason,
    };
    if let Some((name, available, dispatch)) = provider(&options.provider).map_err(&refused)? {
        if !available.map_err(|e| refused(e.to_string()))? {
            return Err(refused(format!(
                "the ONNX Runtime library {} is built without {name}; use \"cpu\" or install a library that has it",
                runtime.path.display()
            )));
        }
        builder = builder
            .with_execution_providers([dispatch.error_on_failure()])
            .map_err(|e| refused(e.to_string()))?;
    }
    builder.commit_from_memory(bytes).map_err(|e| {
        session(format!(
            "ONNX Runtime does not accept it ({e}); the file is damaged or not an ONNX model"
        ))
    })
}

type Provider = (
    &'static str,
    ort::Result<bool>,
    ep::ExecutionProviderDispatch,
);

/// `None`: the CPU, which is always there.
fn provider(name: &str) -> Result<Option<Provider>, String> {
    Ok(Some(match name {
        "cpu" => return Ok(None),
        "cuda" => (
            ep::CUDA::NAME,
            ep::CUDA::is_available(),
            ep::CUDA::default().build(),
        ),
        "openvino" => (
            ep::OpenVINO::NAME,
            ep::OpenVINO::is_available(),
            ep::OpenVINO::default().build(),
        ),
        "xnnpack" => (
            ep::XNNPACK::NAME,
            ep::XNNPACK::is_available(),
            ep::XNNPACK::default().build(),
        ),
        _ => return Err("the known names are cpu, cuda, openvino and xnnpack".into()),
    }))
}

fn input_size(session: &Session, spec: &ModelSpec) -> Result<InputSize, VisionError> {
    // Old exports list their weights as inputs too; only what is no initialiser has to be fed.
    let [input] = session.inputs() else {
        return Err(unsupported(
            spec,
            format!(
                "it has {} inputs; a detector has one picture",
                session.inputs().len()
            ),
        ));
    };
    let ValueType::Tensor { ty, shape, .. } = input.dtype() else {
        return Err(unsupported(
            spec,
            format!("its input {} is no tensor", input.name()),
        ));
    };
    if *ty != TensorElementType::Float32 {
        return Err(unsupported(
            spec,
            format!(
                "its input {} is {ty:?}; 32-bit floating point is needed",
                input.name()
            ),
        ));
    }
    let wrong_shape = || {
        unsupported(
            spec,
            format!(
                "its input {} has the shape {:?}; [1, 3, height, width] is needed",
                input.name(),
                &**shape
            ),
        )
    };
    let [batch, colours, height, width] = shape[..] else {
        return Err(wrong_shape());
    };
    if !matches!(batch, 1 | -1) || !matches!(colours, 3 | -1) {
        return Err(wrong_shape());
    }
    let open = spec
        .input
        .unwrap_or_else(|| spec.family.unwrap_or(Family::Yolox).input());
    let side = |fixed: i64, open: u32| match fixed {
        -1 => Some(open),
        n => u32::try_from(n).ok().filter(|n| (1..=8192).contains(n)),
    };
    let (Some(width), Some(height)) = (side(width, open.width), side(height, open.height)) else {
        return Err(wrong_shape());
    };
    let size = InputSize { width, height };
    match spec.input {
        Some(named) if named != size => Err(unsupported(
            spec,
            format!(
                "its input is {width}×{height}, but the manifest says {}×{}; correct the manifest",
                named.width, named.height
            ),
        )),
        _ => Ok(size),
    }
}

enum InferError {
    Runtime(String),
    Outputs(String),
}

fn infer<T>(
    session: &mut Session,
    input: InputSize,
    tensor: &[f32],
    read: impl FnOnce(&[Tensor<'_>]) -> Result<T, String>,
) -> Result<T, InferError> {
    let runtime = |e: ort::Error| InferError::Runtime(e.to_string());
    let shape = [1_usize, 3, input.height as usize, input.width as usize];
    let value = TensorRef::from_array_view((shape, tensor)).map_err(runtime)?;
    let outputs = session.run(ort::inputs![value]).map_err(runtime)?;
    let mut tensors: Vec<Tensor<'_>> = Vec::with_capacity(outputs.len());
    for (i, name) in outputs.keys().enumerate() {
        let value = &outputs[i];
        if !matches!(
            value.dtype(),
            ValueType::Tensor {
                ty: TensorElementType::Float32,
                ..
            }
        ) {
            return Err(InferError::Outputs(format!(
                "its output {name} is {}; 32-bit floating point is needed",
                value.dtype()
            )));
        }
        let (shape, values) = value.try_extract_tensor::<f32>().map_err(runtime)?;
        tensors.push(Tensor {
            name,
            shape,
            values,
        });
    }
    read(&tensors).map_err(InferError::Outputs)
}
