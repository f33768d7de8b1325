//! Our detections against those of another implementation (onnxruntime in Python with OpenCV), same models, same files.

use std::collections::BTreeMap;
use std::path::Path;

use edge_vision::{Detector, DetectorOptions, ModelSpec, still};

use crate::agreement::{Agreement, Found, in_pixels};
use crate::material;

type Expected = BTreeMap<String, Vec<Found>>;

fn compare(spec: &ModelSpec, folder: &Path, expected: &Expected) -> Agreement {
    let options = DetectorOptions {
        score_threshold: Some(0.05),
        ..DetectorOptions::default()
    };
    let mut detector = Detector::load(spec, &options).unwrap();
    let mut agreement = Agreement::default();
    for (file, expected) in expected {
        let picture = still::read(&folder.join(file)).unwrap();
        let got = in_pixels(&detector.detect(&picture).unwrap(), &picture);
        agreement.add(&format!("{} {file}", spec.name), expected, &got, 0.3);
    }
    agreement
}

#[test]
fn public_models_agree_with_the_reference_implementation() {
    let name = "public_models_agree_with_the_reference_implementation";
    let (Some(data), Some(models)) = (
        material::beside(name, "data/reference"),
        material::beside(name, "models"),
    ) else {
        return;
    };
    let reference: BTreeMap<String, Expected> =
        serde_json::from_slice(&std::fs::read(data.join("reference.json")).unwrap()).unwrap();
    assert!(reference.len() >= 3);
    for (model, expected) in &reference {
        let spec = ModelSpec::bare(&models.join(format!("{model}.onnx")));
        compare(&spec, &data.join("images"), expected).require(model, 0.99, 0.01);
    }
}

#[test]
fn the_default_model_agrees_with_another_implementation() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vision/pictures");
    let expected: Expected =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    assert_eq!(expected.len(), 3);
    let manifest = material::manifest();
    // The expectation was made with this suppression; the manifest's own setting is a matter of counting well.
    let spec = ModelSpec {
        nms_iou: Some(0.6),
        ..manifest.default_model().unwrap().clone()
    };
    compare(&spec, &folder, &expected).require("default model", 0.99, 0.01);
}
