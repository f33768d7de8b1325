//! The model manifest (`models.toml`): which model files are vouched for and how their pictures are prepared.
//! Knows nothing of the inference library.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::decode::Family;
use crate::error::VisionError;

/// Order of the colour planes a model wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColourOrder {
    /// Blue, green, red: as OpenCV reads pictures.
    Bgr,
    /// Red, green, blue.
    Rgb,
}

/// How the 0–255 colour values are scaled before inference: `(value - mean) / std`, per plane in the model's order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalisation {
    /// Subtracted, per plane.
    pub mean: [f32; 3],
    /// Divided by, per plane; never 0.
    pub std: [f32; 3],
}

impl Normalisation {
    /// Values left as they are.
    pub const NONE: Normalisation = Normalisation {
        mean: [0.0; 3],
        std: [1.0; 3],
    };
}

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputSize {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A model file with everything the manifest says of it. What is `None` is taken from the model itself or from its
/// family's custom.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpec {
    /// Name in the manifest, or the file's stem.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// SHA-256 in lower-case hexadecimal; checked when loading.
    pub sha256: Option<String>,
    /// How the outputs are decoded.
    pub family: Option<Family>,
    /// Input size, for models that leave it open.
    pub input: Option<InputSize>,
    /// Colour order.
    pub colour_order: Option<ColourOrder>,
    /// Normalisation.
    pub normalisation: Option<Normalisation>,
    /// Index of the person class among the scores.
    pub person_class: usize,
    /// Operating threshold on the score.
    pub score_threshold: Option<f32>,
    /// Boxes that overlap a better one by more than this are dropped.
    pub nms_iou: Option<f32>,
}

/// The parsed manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Where it was read.
    pub path: PathBuf,
    /// Name of the model used when a hall's settings name none.
    pub default: Option<String>,
    /// All models.
    pub models: Vec<ModelSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    default: Option<String>,
    #[serde(default, rename = "model")]
    models: Vec<RawModel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModel {
    name: String,
    file: PathBuf,
    sha256: String,
    family: Option<Family>,
    input_width_px: Option<u32>,
    input_height_px: Option<u32>,
    colour_order: Option<ColourOrder>,
    mean: Option<[f32; 3]>,
    std: Option<[f32; 3]>,
    #[serde(default)]
    person_class: usize,
    score_threshold: Option<f32>,
    nms_iou: Option<f32>,
}

impl Manifest {
    /// Reads and checks a manifest; file names in it are relative to it.
    ///
    /// # Errors
    /// [`VisionError::Manifest`], naming the entry and the key.
    pub fn read(path: &Path) -> Result<Manifest, VisionError> {
        let wrong = |reason: String| VisionError::Manifest {
            path: path.to_path_buf(),
            reason,
        };
        let text = std::fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
        let raw: RawManifest = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        let dir = path.parent().unwrap_or(Path::new("."));
        let models: Vec<ModelSpec> = raw
            .models
            .into_iter()
            .map(|m| m.check(dir))
            .collect::<Result<_, _>>()
            .map_err(&wrong)?;
        for (i, model) in models.iter().enumerate() {
            if models[..i].iter().any(|m| m.name == model.name) {
                return Err(wrong(format!("model {:?} is listed twice", model.name)));
            }
        }
        if let Some(default) = &raw.default
            && !models.iter().any(|m| m.name == *default)
        {
            return Err(wrong(format!(
                "default = {default:?} names no model of this manifest"
            )));
        }
        Ok(Manifest {
            path: path.to_path_buf(),
            default: raw.default,
            models,
        })
    }

    /// The model of this name.
    ///
    /// # Errors
    /// [`VisionError::Manifest`], listing the names there are.
    pub fn model(&self, name: &str) -> Result<&ModelSpec, VisionError> {
        self.models
            .iter()
            .find(|m| m.name == name)
            .ok_or_else(|| VisionError::Manifest {
                path: self.path.clone(),
                reason: format!(
                    "no model is called {name:?}; there are: {}",
                    self.models
                        .iter()
                        .map(|m| m.name.as_str())
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            })
    }

    /// The default model: the one named by `default`, or the only one.
    ///
    /// # Errors
    /// [`VisionError::Manifest`] when neither is the case.
    pub fn default_model(&self) -> Result<&ModelSpec, VisionError> {
        match (&self.default, self.models.as_slice()) {
            (Some(name), _) => self.model(name),
            (None, [only]) => Ok(only),
            _ => Err(VisionError::Manifest {
                path: self.path.clone(),
                reason: "say which model is meant with default = \"name\"".into(),
            }),
        }
    }
}

impl RawModel {
    fn check(self, dir: &Path) -> Result<ModelSpec, String> {
        let name = self.name;
        let at = |key: &str, what: &str| format!("model {name:?}: {key} {what}");
        let sha256 = self.sha256.to_ascii_lowercase();
        if sha256.len() != 64 || !sha256.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err(at(
                "sha256",
                "must be 64 hexadecimal digits (sha256sum FILE)",
            ));
        }
        let input = match (self.input_width_px, self.input_height_px) {
            (None, None) => None,
            (Some(width), Some(height))
                if (32..=8192).contains(&width) && (32..=8192).contains(&height) =>
            {
                Some(InputSize { width, height })
            }
            (Some(_), Some(_)) => {
                return Err(at("input_width_px, input_height_px", "must be 32 to 8192"));
            }
            _ => {
                return Err(at(
                    "input_width_px, input_height_px",
                    "must be given together",
                ));
            }
        };
        let normalisation = match (self.mean, self.std) {
            (None, None) => None,
            (mean, std) => {
                let mean = mean.unwrap_or(Normalisation::NONE.mean);
                let std = std.unwrap_or(Normalisation::NONE.std);
                if std.iter().any(|v| !v.is_finite() || *v <= 0.0)
                    || mean.iter().any(|v| !v.is_finite())
                {
                    return Err(at("mean, std", "must be finite numbers, std above 0"));
                }
                Some(Normalisation { mean, std })
            }
        };
        for (key, value) in [
            ("score_threshold", self.score_threshold),
            ("nms_iou", self.nms_iou),
        ] {
            if value.is_some_and(|v| !(v > 0.0 && v <= 1.0)) {
                return Err(at(key, "must be above 0 and at most 1"));
            }
        }
        Ok(ModelSpec {
            path: dir.join(self.file),
            sha256: Some(sha256),
            family: self.family,
            input,
            colour_order: self.colour_order,
            normalisation,
            person_class: self.person_class,
            score_threshold: self.score_threshold,
            nms_iou: self.nms_iou,
            name,
        })
    }
}

impl ModelSpec {
    /// A model file that no manifest vouches for: everything is recognised from the model.
    #[must_use]
    pub fn bare(path: &Path) -> ModelSpec {
        ModelSpec {
            name: path
                .file_stem()
                .map_or_else(|| "model".into(), |s| s.to_string_lossy().into_owned()),
            path: path.to_path_buf(),
            sha256: None,
            family: None,
            input: None,
            colour_order: None,
            normalisation: None,
            person_class: 0,
            score_threshold: None,
            nms_iou: None,
        }
    }

    /// What `--model WHAT` means: a manifest's model of that name; else a file, with a manifest's settings when its
    /// contents are those of a model listed there, and bare otherwise.
    ///
    /// # Errors
    /// [`VisionError::ModelFile`] when it is neither.
    pub fn resolve(what: &str, manifest: Option<&Manifest>) -> Result<ModelSpec, VisionError> {
        let models = manifest.map(|m| m.models.as_slice()).unwrap_or_default();
        if let Some(spec) = models.iter().find(|m| m.name == what) {
            return Ok(spec.clone());
        }
        let path = Path::new(what);
        if !path.is_file() {
            let names: Vec<&str> = models.iter().map(|m| m.name.as_str()).collect();
            return Err(VisionError::ModelFile {
                path: path.to_path_buf(),
                reason: if names.is_empty() {
                    "there is no such file".into()
                } else {
                    format!(
                        "there is no such file, and the manifest lists only: {}",
                        names.join(", ")
                    )
                },
            });
        }
        let mut spec = ModelSpec::bare(path);
        if !models.is_empty() {
            let found = sha256_hex(&read_model(path)?);
            if let Some(known) = models
                .iter()
                .find(|m| m.sha256.as_deref() == Some(found.as_str()))
            {
                spec = ModelSpec {
                    path: path.to_path_buf(),
                    ..known.clone()
                };
            }
        }
        Ok(spec)
    }

    /// The model's bytes, after checking them against the manifest's hash.
    ///
    /// # Errors
    /// [`VisionError::ModelFile`] or [`VisionError::ModelHash`].
    pub fn read(&self) -> Result<(Vec<u8>, String), VisionError> {
        let bytes = read_model(&self.path)?;
        let found = sha256_hex(&bytes);
        match &self.sha256 {
            Some(expected) if *expected != found => Err(VisionError::ModelHash {
                path: self.path.clone(),
                expected: expected.clone(),
                found,
            }),
            _ => Ok((bytes, found)),
        }
    }
}

fn read_model(path: &Path) -> Result<Vec<u8>, VisionError> {
    std::fs::read(path).map_err(|e| VisionError::ModelFile {
        path: path.to_path_buf(),
        reason: e.to_string(),
    })
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "3b4bb64b46e9709d37cef61d6648fa146d7104e24c654cd6e05de06e07f660c0";

    fn manifest(text: &str) -> Result<Manifest, VisionError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("models.toml");
        std::fs::write(&path, text).unwrap();
        Manifest::read(&path)
    }

    #[test]
    fn mistakes_in_a_manifest_name_the_model_and_the_key() {
        let check = |entry: &str, part: &str| {
            let text = format!("[[model]]\nname = \"m\"\nfile = \"m.onnx\"\n{entry}");
            let error = manifest(&text).unwrap_err().to_string();
            assert!(
                error.contains(part) && error.contains("models.toml"),
                "{entry}: {error}"
            );
        };
        check("", "sha256");
        check("sha256 = \"12\"", "64 hexadecimal digits");
        let with_hash = |rest: &str| format!("sha256 = \"{HASH}\"\n{rest}");
        check(&with_hash("family = \"ssd\""), "yolox");
        check(&with_hash("input_width_px = 416"), "given together");
        check(
            &with_hash("input_width_px = 0\ninput_height_px = 10"),
            "32 to 8192",
        );
        check(&with_hash("std = [1.0, 0.0, 1.0]"), "std above 0");
        check(&with_hash("score_threshold = 1.5"), "score_threshold");
        check(&with_hash("nms_iou = 0.0"), "nms_iou");
        check(&with_hash("colour_order = \"gbr\""), "bgr");
        check(&with_hash("treshold = 0.5"), "treshold");
        check(
            &with_hash(&format!(
                "[[model]]\nname = \"m\"\nfile = \"n\"\nsha256 = \"{HASH}\""
            )),
            "listed twice",
        );
    }

    #[test]
    fn the_default_must_exist_and_one_model_needs_no_default() {
        let one = format!("[[model]]\nname = \"m\"\nfile = \"m.onnx\"\nsha256 = \"{HASH}\"\n");
        assert_eq!(manifest(&one).unwrap().default_model().unwrap().name, "m");
        assert!(
            manifest(&format!("default = \"x\"\n{one}"))
                .unwrap_err()
                .to_string()
                .contains("\"x\"")
        );
        let two = format!("{one}[[model]]\nname = \"n\"\nfile = \"n.onnx\"\nsha256 = \"{HASH}\"\n");
        assert!(manifest(&two).unwrap().default_model().is_err());
    }

    #[test]
    fn a_file_with_known_contents_takes_the_manifests_settings() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("copy.onnx");
        std::fs::write(&file, b"model").unwrap();
        let hash = sha256_hex(b"model");
        let path = dir.path().join("models.toml");
        std::fs::write(
            &path,
            format!("[[model]]\nname = \"m\"\nfile = \"m.onnx\"\nsha256 = \"{hash}\"\nscore_threshold = 0.42\n"),
        )
        .unwrap();
        let manifest = Manifest::read(&path).unwrap();
        let spec = ModelSpec::resolve(file.to_str().unwrap(), Some(&manifest)).unwrap();
        assert_eq!(
            (spec.name.as_str(), spec.score_threshold),
            ("m", Some(0.42))
        );
        assert_eq!(spec.path, file);
        std::fs::write(&file, b"other").unwrap();
        let spec = ModelSpec::resolve(file.to_str().unwrap(), Some(&manifest)).unwrap();
        assert_eq!((spec.name.as_str(), spec.score_threshold), ("copy", None));
        let error = ModelSpec::resolve("absent.onnx", Some(&manifest))
            .unwrap_err()
            .to_string();
        assert!(error.contains("lists only: m"), "{error}");
    }

    #[test]
    fn a_changed_model_file_is_refused_with_both_hashes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.onnx");
        std::fs::write(&path, b"tampered").unwrap();
        let spec = ModelSpec {
            sha256: Some(HASH.into()),
            ..ModelSpec::bare(&path)
        };
        let error = spec.read().unwrap_err().to_string();
        assert!(
            error.contains(HASH) && error.contains(&sha256_hex(b"tampered")),
            "{error}"
        );
    }
}
