//! Our detections against those of another implementation (onnxruntime in Python with OpenCV), same models, same files.

use std::collections::BTreeMap;

use edge_vision::{Detector, DetectorOptions, ModelSpec, still};

use crate::material;

type Reference = BTreeMap<String, BTreeMap<String, Vec<[f64; 5]>>>;

fn iou(a: &[f64], b: &[f64]) -> f64 {
    let w = a[2].min(b[2]) - a[0].max(b[0]);
    let h = a[3].min(b[3]) - a[1].max(b[1]);
    let inter = w.max(0.0) * h.max(0.0);
    inter / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter)
}

#[test]
fn detections_agree_with_the_reference_implementation() {
    let name = "detections_agree_with_the_reference_implementation";
    let (Some(data), Some(models)) = (
        material::beside(name, "data/reference"),
        material::beside(name, "models"),
    ) else {
        return;
    };
    let reference: Reference =
        serde_json::from_slice(&std::fs::read(data.join("reference.json")).unwrap()).unwrap();
    assert!(reference.len() >= 3);
    for (model, pictures) in &reference {
        let spec = ModelSpec::bare(&models.join(format!("{model}.onnx")));
        let options = DetectorOptions {
            score_threshold: Some(0.05),
            ..DetectorOptions::default()
        };
        let mut detector = Detector::load(&spec, &options).unwrap();
        let (mut wanted, mut matched, mut found, mut extra) = (0_u32, 0_u32, 0_u32, 0_u32);
        let mut worst = 0.0_f64;
        for (file, expected) in pictures {
            let picture = still::read(&data.join("images").join(file)).unwrap();
            let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
            let got: Vec<[f64; 5]> = detector
                .detect(&picture)
                .unwrap()
                .iter()
                .map(|d| {
                    let b = d.bbox;
                    let [x1, y1, x2, y2] = [b.x1, b.y1, b.x2, b.y2].map(f64::from);
                    [
                        x1 * width,
                        y1 * height,
                        x2 * width,
                        y2 * height,
                        f64::from(d.score),
                    ]
                })
                .collect();
            for box_ in expected.iter().filter(|b| b[4] >= 0.3) {
                wanted += 1;
                match got
                    .iter()
                    .filter(|g| iou(*g, box_) >= 0.9)
                    .map(|g| (g[4] - box_[4]).abs())
                    .min_by(f64::total_cmp)
                {
                    Some(difference) if difference <= 0.02 => {
                        matched += 1;
                        worst = worst.max(difference);
                    }
                    other => println!("{model} {file}: {box_:?} not matched ({other:?})"),
                }
            }
            for box_ in got.iter().filter(|g| g[4] >= 0.3) {
                found += 1;
                let known = expected
                    .iter()
                    .any(|e| e[4] >= 0.28 && iou(e, box_) >= 0.9 && (e[4] - box_[4]).abs() <= 0.02);
                if !known {
                    println!("{model} {file}: {box_:?} is extra");
                    extra += 1;
                }
            }
        }
        println!(
            "{model}: {matched} of {wanted} reference boxes matched, {extra} of {found} extra, largest score difference {worst:.4}"
        );
        assert!(wanted > 50, "{model}: too few reference boxes to judge by");
        assert!(
            f64::from(matched) >= 0.99 * f64::from(wanted),
            "{model}: {matched} of {wanted} matched"
        );
        assert!(
            f64::from(extra) <= 0.01 * f64::from(found),
            "{model}: {extra} of {found} extra"
        );
    }
}
