//! Tracking and zone rules against exact ground truth of rendered halls: visible boxes in, staffed windows and queue
//! lengths out. Excerpts are committed under `fixtures`; the full clips are used too where `../shared` lies beside the
//! workspace.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hall_core::config::{EvaluationPoint, Zone, ZoneKind};
use hall_core::detection::Detection;
use hall_core::geometry::{BBox, Point, polygon_fault};
use hall_core::time::HallTime;
use hall_core::track::{TrackState, Tracker, TrackerConfig};
use hall_core::zones::Scene;
use serde_json::Value;

struct Frame {
    at: HallTime,
    staffed: Vec<String>,
    in_zone: i64,
    boxes: Vec<BBox>,
}

struct Clip {
    zones: Vec<Zone>,
    windows: Vec<String>,
    frames: Vec<Frame>,
}

/// Share of frames in which each window was judged as the truth says, and how far the queue count was off.
#[derive(Debug)]
struct Score {
    agreement: BTreeMap<String, f64>,
    false_staff: BTreeMap<String, f64>,
    queue_mean_error: f64,
    queue_exact: f64,
}

fn polygon(value: &Value) -> Vec<Point> {
    let number = |v: &Value| v.as_f64().unwrap() as f32;
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|p| Point {
            x: number(&p[0]),
            y: number(&p[1]),
        })
        .collect()
}

fn zones(camera: &Value) -> Vec<Zone> {
    let zone = |id: String, kind, points: &Value, evaluation_point| {
        let polygon = polygon(points);
        assert_eq!(polygon_fault(&polygon), None, "{id}");
        Zone {
            id: id.into(),
            camera: "cam".into(),
            kind,
            polygon,
            evaluation_point,
            adult_height: None,
        }
    };
    let mut all = Vec::new();
    for (w, z) in camera["windows"].as_object().unwrap() {
        let (staff, counter) = (
            ZoneKind::Staff(w.as_str().into()),
            ZoneKind::Counter(w.as_str().into()),
        );
        all.push(zone(
            format!("{w}.staff"),
            staff,
            &z["staff"],
            EvaluationPoint::Center,
        ));
        all.push(zone(
            format!("{w}.counter"),
            counter,
            &z["customer"],
            EvaluationPoint::BottomCenter,
        ));
    }
    for (q, z) in camera["queues"].as_object().unwrap() {
        let kind = ZoneKind::Queue(q.as_str().into());
        all.push(zone(
            q.clone(),
            kind,
            &z["polygon"],
            EvaluationPoint::BottomCenter,
        ));
    }
    all
}

fn bbox(value: &Value) -> BBox {
    let v = |i: usize| value[i].as_f64().unwrap() as f32;
    BBox {
        x1: v(0) / 640.0,
        y1: v(1) / 360.0,
        x2: (v(0) + v(2)) / 640.0,
        y2: (v(1) + v(3)) / 360.0,
    }
}

fn at(frame: &Value) -> HallTime {
    HallTime((frame["time"].as_f64().unwrap() * 1000.0).round() as i64)
}

fn window_names(camera: &Value) -> Vec<String> {
    camera["windows"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

fn excerpt(name: &str) -> Clip {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}.jsonl"));
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap());
    let head = lines.next().unwrap();
    let frames = lines
        .map(|f| Frame {
            at: at(&f),
            staffed: f["staffed"]
                .as_array()
                .unwrap()
                .iter()
                .map(|w| w.as_str().unwrap().into())
                .collect(),
            in_zone: f["in_zone"]["q1"].as_i64().unwrap(),
            boxes: f["boxes"].as_array().unwrap().iter().map(bbox).collect(),
        })
        .collect();
    Clip {
        zones: zones(&head),
        windows: window_names(&head),
        frames,
    }
}

fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3)?;
    let clips = root.join("../shared/hall-sim/clips");
    clips.is_dir().then_some(clips)
}

fn full(clips: &Path, clip: &str, camera: &str) -> Clip {
    let config: Value = serde_json::from_str(
        &fs::read_to_string(clips.join(format!("{clip}.config.json"))).unwrap(),
    )
    .unwrap();
    let camera_config = &config["cameras"][camera];
    let text = fs::read_to_string(clips.join(format!("{clip}.{camera}.jsonl"))).unwrap();
    let frames = text
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap())
        .map(|f| Frame {
            at: at(&f),
            staffed: f["windows"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, v)| v["staffed"].as_bool().unwrap())
                .map(|(w, _)| w.clone())
                .collect(),
            in_zone: f["queues"]["q1"]["in_zone"].as_i64().unwrap(),
            boxes: f["people"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|p| p["bbox"].is_array() && p["visible_px"].as_i64().unwrap() >= 60)
                .map(|p| &p["bbox"])
                .filter(|b| b[3].as_i64().unwrap() >= 12)
                .map(bbox)
                .collect(),
        })
        .collect();
    Clip {
        zones: zones(camera_config),
        windows: window_names(camera_config),
        frames,
    }
}

/// Every `every`-th frame of `clip` through tracker and zone rules.
fn score(clip: &Clip, every: usize) -> Score {
    let mut scene = Scene::new("cam".into(), clip.zones.clone(), TrackerConfig::default());
    let mut right: BTreeMap<String, u32> = BTreeMap::new();
    let mut wrongly_staffed: BTreeMap<String, u32> = BTreeMap::new();
    let (mut n, mut queue_error, mut queue_exact) = (0_u32, 0_i64, 0_u32);
    for (i, frame) in clip.frames.iter().step_by(every).enumerate() {
        let detections: Vec<Detection> = frame
            .boxes
            .iter()
            .map(|&bbox| Detection { bbox, score: 0.9 })
            .collect();
        let snapshot = scene.see(frame.at, &detections);
        // The first picture only makes tentative tracks.
        if i == 0 {
            continue;
        }
        n += 1;
        let count = |zone: String| {
            i64::from(
                snapshot
                    .zones
                    .iter()
                    .find(|z| z.zone.as_str() == zone)
                    .unwrap()
                    .count,
            )
        };
        for w in &clip.windows {
            let (judged, truth) = (count(format!("{w}.staff")) > 0, frame.staffed.contains(w));
            *right.entry(w.clone()).or_default() += u32::from(judged == truth);
            *wrongly_staffed.entry(w.clone()).or_default() += u32::from(judged && !truth);
        }
        let off = (count("q1".into()) - frame.in_zone).abs();
        queue_error += off;
        queue_exact += u32::from(off == 0);
    }
    let share = |counts: BTreeMap<String, u32>| {
        counts
            .into_iter()
            .map(|(w, k)| (w, f64::from(k) / f64::from(n)))
            .collect()
    };
    Score {
        agreement: share(right),
        false_staff: share(wrongly_staffed),
        queue_mean_error: queue_error as f64 / f64::from(n),
        queue_exact: f64::from(queue_exact) / f64::from(n),
    }
}

fn report(name: &str, every: usize, score: &Score) {
    let list = |m: &BTreeMap<String, f64>| {
        m.iter()
            .map(|(w, v)| format!("{w} {v:.3}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    println!(
        "{name} 1/{every}: agreement {} | wrongly staffed {} | queue error {:.2} exact {:.2}",
        list(&score.agreement),
        list(&score.false_staff),
        score.queue_mean_error,
        score.queue_exact
    );
}

/// What may be asked of the rules, given what the camera can see at all: least agreement and most wrong staffing per window,
/// and the mean error of the queue count where the camera sees the floor of the queue.
struct Limits {
    agreement: [f64; 4],
    wrongly_staffed: [f64; 4],
    queue_mean_error: Option<f64>,
}

/// Windows 2 (morning) and 3 (tricky) lose agreement for the seconds in which their clerk, standing up, leaving or at the
/// printer, is still before the seat's polygon: the rules lean to "staffed". In the corner view a customer hides window 2's
/// clerk at times. The side view looks along the queue, whose feet are hidden; `windows` hardly sees the queue's floor.
const LIMITS: [(&str, &str, Limits); 4] = [
    (
        "morning",
        "windows",
        Limits {
            agreement: [0.99, 0.94, 0.99, 0.99],
            wrongly_staffed: [0.0, 0.06, 0.0, 0.0],
            queue_mean_error: None,
        },
    ),
    (
        "morning",
        "corner",
        Limits {
            agreement: [0.99, 0.88, 0.99, 0.99],
            wrongly_staffed: [0.0, 0.06, 0.0, 0.0],
            queue_mean_error: Some(0.1),
        },
    ),
    (
        "tricky",
        "windows",
        Limits {
            agreement: [0.99, 0.99, 0.86, 0.99],
            wrongly_staffed: [0.0, 0.0, 0.14, 0.0],
            queue_mean_error: None,
        },
    ),
    (
        "tricky",
        "side",
        Limits {
            agreement: [0.99, 0.99, 0.79, 0.99],
            wrongly_staffed: [0.0, 0.0, 0.21, 0.0],
            queue_mean_error: None,
        },
    ),
];

fn check(name: &str, clip: &Clip, every: usize, limits: &Limits) {
    let score = score(clip, every);
    report(name, every, &score);
    for (i, w) in clip.windows.iter().enumerate() {
        assert!(
            score.agreement[w] >= limits.agreement[i],
            "{name} {w}: {score:?}"
        );
        assert!(
            score.false_staff[w] <= limits.wrongly_staffed[i],
            "{name} {w}: {score:?}"
        );
    }
    if let Some(most) = limits.queue_mean_error {
        assert!(score.queue_mean_error <= most, "{name}: {score:?}");
    }
}

#[test]
fn staffing_and_queue_of_the_excerpts_agree_with_ground_truth() {
    for (clip, camera, limits) in &LIMITS {
        let name = format!("{clip}.{camera}");
        check(&name, &excerpt(&name), 1, limits);
    }
}

#[test]
fn staffing_and_queue_of_the_full_clips_agree_with_ground_truth_at_any_frame_rate() {
    let Some(clips) = shared() else {
        say_skipped(
            "staffing_and_queue_of_the_full_clips_agree_with_ground_truth_at_any_frame_rate: ../shared is absent",
        );
        return;
    };
    for (clip, camera, limits) in &LIMITS {
        let full = full(&clips, clip, camera);
        // 5, 1 and 0.5 pictures a second.
        for every in [1, 5, 10] {
            check(&format!("{clip}.{camera}"), &full, every, limits);
        }
    }
}

#[test]
fn a_customer_leaning_over_an_empty_windows_counter_is_never_staff() {
    for camera in ["windows", "side"] {
        let clip = excerpt(&format!("tricky.{camera}"));
        assert_eq!(score(&clip, 1).false_staff["w4"], 0.0, "{camera}");
    }
}

/// A detector's weaknesses, the same in every run: box edges tremble by ±4 %, one box in ten is missing, one in five is weak.
struct Trembling(u64);

impl Trembling {
    fn random(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f32 / (1_u64 << 31) as f32
    }

    fn detect(&mut self, b: BBox) -> Option<Detection> {
        let (w, h) = (b.width() * 0.08, b.height() * 0.08);
        let mut shift = |by: f32| by * (self.random() - 0.5);
        let bbox = BBox {
            x1: b.x1 + shift(w),
            y1: b.y1 + shift(h),
            x2: b.x2 + shift(w),
            y2: b.y2 + shift(h),
        };
        let score = if self.random() < 0.2 { 0.2 } else { 0.9 };
        (self.random() >= 0.1).then_some(Detection { bbox, score })
    }
}

/// How often a true person got a new track number, per box.
fn renumbering(clips: &Path, clip: &str, every: usize) -> f64 {
    let text = fs::read_to_string(clips.join(format!("{clip}.jsonl"))).unwrap();
    let mut tracker = Tracker::new(TrackerConfig::default());
    let mut trembling = Trembling(1);
    let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
    let (mut boxes, mut renumbered) = (0_u32, 0_u32);
    for line in text.lines().step_by(every) {
        let frame: Value = serde_json::from_str(line).unwrap();
        let seen: Vec<(&str, Detection)> = frame["people"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|p| p["bbox"].is_array() && p["visible_px"].as_i64().unwrap() >= 120)
            .filter(|p| p["bbox"][3].as_i64().unwrap() >= 20)
            .filter_map(|p| {
                Some((
                    p["id"].as_str().unwrap(),
                    trembling.detect(bbox(&p["bbox"]))?,
                ))
            })
            .collect();
        let detections: Vec<Detection> = seen.iter().map(|(_, d)| *d).collect();
        let tracks = tracker.update(at(&frame), &detections);
        for (person, detection) in seen {
            boxes += 1;
            let track = tracks
                .iter()
                .find(|t| t.bbox == detection.bbox && t.state != TrackState::Lost);
            if let Some(track) = track
                && numbers
                    .insert(person.to_owned(), track.id.0)
                    .is_some_and(|old| old != track.id.0)
            {
                renumbered += 1;
            }
        }
    }
    println!("{clip} 1/{every}: {renumbered} of {boxes} boxes got another number");
    f64::from(renumbered) / f64::from(boxes)
}

#[test]
fn people_of_the_full_clips_keep_their_numbers_under_a_trembling_detector() {
    let Some(clips) = shared() else {
        say_skipped(
            "people_of_the_full_clips_keep_their_numbers_under_a_trembling_detector: ../shared is absent",
        );
        return;
    };
    // 5, 1 and 0.5 pictures a second.
    for (every, most) in [(1, 0.02), (5, 0.12), (10, 0.2)] {
        for clip in [
            "morning.windows",
            "morning.corner",
            "tricky.windows",
            "tricky.side",
        ] {
            let share = renumbering(&clips, clip, every);
            assert!(share <= most, "{clip} 1/{every}: {share:.3}");
        }
    }
}

/// Past the test harness, which would swallow what a passing test prints.
fn say_skipped(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "\nSKIPPED {what}");
}
