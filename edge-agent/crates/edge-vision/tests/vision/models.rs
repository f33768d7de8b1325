//! Models that work, and those that must be refused with a sentence a person can act on.

use edge_vision::decode::Family;
use edge_vision::{Detector, DetectorOptions, ModelSpec};

use crate::material;

#[test]
fn the_default_model_loads_by_its_manifest_and_by_its_bare_file() {
    let manifest = material::manifest();
    let detector = Detector::load(
        manifest.default_model().unwrap(),
        &DetectorOptions::default(),
    )
    .unwrap();
    assert_eq!(detector.info().name, "hall-person-v0");
    assert_eq!(detector.info().family, Family::BoxesScores);
    assert_eq!(
        (detector.info().input.width, detector.info().input.height),
        (448, 256)
    );
    let bare = Detector::load(
        &ModelSpec::bare(detector.path()),
        &DetectorOptions::default(),
    )
    .unwrap();
    assert_eq!(bare.info(), detector.info());
}

#[test]
fn damaged_models_are_refused_with_their_name_and_no_panic() {
    let whole = std::fs::read(material::root().join("models/hall-person-v0.onnx")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = Detector::load(&ModelSpec::bare(&path), &DetectorOptions::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains(name), "{name}: {error}");
        println!("{error}");
    };
    check("empty.onnx", b"");
    check("text.onnx", b"this is not a model");
    check("half.onnx", &whole[..whole.len() / 2]);
    check("first-kilobyte.onnx", &whole[..1024]);
    check("picture.onnx", &[0x89, b'P', b'N', b'G', 13, 10, 26, 10]);
    let mut flipped = whole.clone();
    for byte in flipped.iter_mut().take(4000).skip(10) {
        *byte ^= 0x5a;
    }
    check("flipped.onnx", &flipped);
}

#[test]
fn manifest_mistakes_are_found_at_load() {
    let manifest = material::manifest();
    let sound = manifest.default_model().unwrap();
    let check = |spec: ModelSpec, part: &str| {
        let error = Detector::load(&spec, &DetectorOptions::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{error}");
    };
    check(
        ModelSpec {
            sha256: Some("0".repeat(64)),
            ..sound.clone()
        },
        "sha256 expected 000",
    );
    check(
        ModelSpec {
            family: Some(Family::Yolox),
            ..sound.clone()
        },
        "not those of family Yolox",
    );
    check(
        ModelSpec {
            person_class: 3,
            ..sound.clone()
        },
        "person_class = 3",
    );
    let size = edge_vision::manifest::InputSize {
        width: 416,
        height: 416,
    };
    check(
        ModelSpec {
            input: Some(size),
            ..sound.clone()
        },
        "the manifest says 416×416",
    );
    check(
        ModelSpec {
            path: "absent.onnx".into(),
            ..sound.clone()
        },
        "absent.onnx",
    );
}

#[test]
fn absent_execution_providers_are_named() {
    let manifest = material::manifest();
    let check = |provider: &str, part: &str| {
        let options = DetectorOptions {
            provider: provider.into(),
            ..DetectorOptions::default()
        };
        let error = Detector::load(manifest.default_model().unwrap(), &options)
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{provider}: {error}");
    };
    check("gpu", "the known names are cpu");
    check("openvino", "built without OpenVINOExecutionProvider");
}

#[test]
fn public_models_are_recognised_and_strangers_refused() {
    let name = "public_models_are_recognised_and_strangers_refused";
    let Some(models) = material::beside(name, "models") else {
        return;
    };
    let check = |file: &str, expected: Result<Family, &str>| {
        let loaded = Detector::load(
            &ModelSpec::bare(&models.join(file)),
            &DetectorOptions::default(),
        );
        match (loaded, expected) {
            (Ok(detector), Ok(family)) => assert_eq!(detector.info().family, family, "{file}"),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{file}: {error}"),
            (got, want) => panic!("{file}: {got:?}, wanted {want:?}"),
        }
    };
    check("yolox_nano_coco80_416.onnx", Ok(Family::Yolox));
    check("nanodet-m_320.onnx", Ok(Family::Nanodet));
    check("nanodet-m_416.onnx", Ok(Family::Nanodet));
    check(
        "fastestdet_352.onnx",
        Err("[1, 85, 22, 22]) for input 352×352 are those of no known family"),
    );
}
