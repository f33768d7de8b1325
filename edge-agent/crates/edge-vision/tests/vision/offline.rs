//! Detections in files: what is read, what is written, what is said of files that cannot be read.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use edge_vision::clip::Clip;
use edge_vision::offline::{OfflineOptions, OfflineReport, Progress, run};
use edge_vision::{Detector, DetectorOptions};
use gstreamer::prelude::*;

use crate::agreement::{Agreement, in_pixels};
use crate::material;

fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vision/pictures")
}

fn detect(paths: &[PathBuf], every: u32) -> (Vec<serde_json::Value>, OfflineReport, Vec<String>) {
    let options = OfflineOptions {
        model: material::manifest().default_model().unwrap().clone(),
        detector: DetectorOptions::default(),
        paths: paths.to_vec(),
        every: NonZeroU32::new(every).unwrap(),
    };
    let (mut out, mut complaints) = (Vec::new(), Vec::new());
    let report = run(&options, &mut out, |progress| {
        if let Progress::Unreadable(error) = progress {
            complaints.push(error.to_string());
        }
    })
    .unwrap();
    let lines = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    (lines, report, complaints)
}

/// A clip that shows a still for `frames` frames: the picture as a camera would send it.
fn clip(picture: &Path, to: &Path, frames: u32, encode: &str) {
    edge_vision::ingest::start_gstreamer().unwrap();
    let launch = format!(
        "filesrc name=in ! jpegdec ! imagefreeze num-buffers={frames} ! videoconvert ! \
         video/x-raw,format=I420,framerate=10/1 ! {encode} ! filesink name=out"
    );
    let pipeline = gstreamer::parse::launch(&launch)
        .unwrap()
        .downcast::<gstreamer::Pipeline>()
        .unwrap();
    pipeline
        .by_name("in")
        .unwrap()
        .set_property("location", picture);
    pipeline
        .by_name("out")
        .unwrap()
        .set_property("location", to);
    pipeline.set_state(gstreamer::State::Playing).unwrap();
    let kinds = [gstreamer::MessageType::Eos, gstreamer::MessageType::Error];
    let message = pipeline
        .bus()
        .unwrap()
        .timed_pop_filtered(gstreamer::ClockTime::from_seconds(60), &kinds)
        .unwrap();
    assert_eq!(message.type_(), gstreamer::MessageType::Eos, "{message:?}");
    pipeline.set_state(gstreamer::State::Null).unwrap();
}

const H264_MP4: &str = "x264enc speed-preset=ultrafast quantizer=15 pass=qual ! mp4mux";

#[test]
fn folders_stills_and_clips_give_one_line_per_picture() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("folder");
    std::fs::create_dir_all(folder.join("inner")).unwrap();
    std::fs::copy(pictures().join("side.jpg"), folder.join("b.jpg")).unwrap();
    std::fs::copy(pictures().join("side.jpg"), folder.join("inner/a.JPG")).unwrap();
    std::fs::write(folder.join("notes.txt"), "not a picture").unwrap();
    let film = folder.join("film \"1\".mp4");
    clip(&pictures().join("windows.jpg"), &film, 7, H264_MP4);
    let (lines, report, complaints) = detect(&[folder.clone(), pictures().join("corner.jpg")], 3);
    assert!(complaints.is_empty(), "{complaints:?}");
    let labels: Vec<&str> = lines.iter().map(|l| l["image"].as_str().unwrap()).collect();
    let at = |name: &str| folder.join(name).display().to_string();
    let expected = [
        at("b.jpg"),
        at("film \"1\".mp4#000000"),
        at("film \"1\".mp4#000003"),
        at("film \"1\".mp4#000006"),
        at("inner/a.JPG"),
        pictures().join("corner.jpg").display().to_string(),
    ];
    assert_eq!(labels, expected);
    assert_eq!((report.pictures, report.unreadable), (6, 0));
    for line in &lines {
        assert_eq!(
            (line["width"].as_u64(), line["height"].as_u64()),
            (Some(640), Some(360))
        );
        let detections = line["detections"].as_array().unwrap();
        assert!(detections.len() >= 5, "{line}");
        for detection in detections {
            let corners: Vec<f64> = detection["box"]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap())
                .collect();
            assert!(
                0.0 <= corners[0] && corners[0] < corners[2] && corners[2] <= 640.0,
                "{detection}"
            );
            assert!(
                0.0 <= corners[1] && corners[1] < corners[3] && corners[3] <= 360.0,
                "{detection}"
            );
            let score = detection["score"].as_f64().unwrap();
            assert!(
                (0.5..=1.0).contains(&score),
                "the model's own threshold holds: {detection}"
            );
        }
    }
}

#[test]
fn unreadable_files_are_named_and_the_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let whole = std::fs::read(pictures().join("side.jpg")).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let film = dir.path().join("film.mp4");
    clip(&pictures().join("side.jpg"), &film, 5, H264_MP4);
    let film = std::fs::read(film).unwrap();
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let bad = [
        dir.path().join("absent.jpg"),
        file("text.jpg", b"no picture at all"),
        file("half.jpg", &whole[..whole.len() / 2]),
        file("start.png", b"\x89PNG\r\n\x1a\n"),
        file("nothing.jpg", b""),
        file("half.mp4", &film[..film.len() / 2]),
        empty,
    ];
    let mut paths = bad.to_vec();
    paths.insert(3, pictures().join("side.jpg"));
    let (lines, report, complaints) = detect(&paths, 1);
    assert_eq!(
        (lines.len(), report.pictures, report.unreadable),
        (1, 1, bad.len() as u64),
        "{complaints:#?}"
    );
    for (path, complaint) in bad.iter().zip(&complaints) {
        assert!(complaint.contains(path.to_str().unwrap()), "{complaint}");
        println!("{complaint}");
    }
}

#[test]
fn video_frames_and_stills_of_the_same_scene_agree() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = material::manifest();
    let options = DetectorOptions {
        score_threshold: Some(0.3),
        ..DetectorOptions::default()
    };
    let mut detector = Detector::load(manifest.default_model().unwrap(), &options).unwrap();
    let (mut limited, mut compared) = (Agreement::default(), 0);
    for name in ["windows.jpg", "corner.jpg", "side.jpg"] {
        let film = dir.path().join(format!("{name}.mkv"));
        // Unencoded, so that only our way of scaling and converting planes is compared.
        clip(&pictures().join(name), &film, 2, "matroskamux");
        let frame = Clip::open(&film).unwrap().next().unwrap().unwrap();
        let still = edge_vision::still::read(&pictures().join(name)).unwrap();
        let from_still = in_pixels(&detector.detect(&still).unwrap(), &still);
        let from_video = in_pixels(&detector.detect(&frame).unwrap(), &frame);
        // Chroma is sampled differently, which moves scores a little: only clear boxes are compared.
        let clear: Vec<_> = from_still.into_iter().filter(|b| b[4] >= 0.5).collect();
        for wanted in &clear {
            compared += 1;
            let near = from_video.iter().any(|g| {
                (0..4).all(|i| (g[i] - wanted[i]).abs() <= 4.0) && (g[4] - wanted[4]).abs() <= 0.1
            });
            limited.wanted += 1;
            limited.matched += u32::from(near);
            if !near {
                println!("{name}: {wanted:?} not in {from_video:?}");
            }
        }
    }
    assert!(compared > 20);
    limited.require("video against still", 0.95, 1.0);
}
