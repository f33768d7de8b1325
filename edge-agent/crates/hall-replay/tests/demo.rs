//! The demo hall judged from the exact boxes of its clips: the excerpts of ground truth that the core's tests use too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};

use hall_replay::{ReplayOptions, ReplayOutput, replay_with};
use hall_wire::event::EventRecord;
use hall_wire::time::{parse_rfc3339, rfc3339_ms};
use serde_json::{Value, json};

/// Monday 2026-09-21 10:00 in Asia/Shanghai.
const START_MS: i64 = 1_789_956_000_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(3)
        .unwrap()
        .to_path_buf()
}

/// The pictures of one camera as `(milliseconds, observation line)`.
fn pictures(camera: &str) -> Vec<(i64, String)> {
    let path = root().join(format!(
        "edge-agent/crates/hall-core/tests/fixtures/morning.{camera}.jsonl"
    ));
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap());
    let size: Vec<f64> = lines.next().unwrap()["size"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect();
    lines
        .map(|frame| {
            let at_ms = START_MS + (frame["time"].as_f64().unwrap() * 1000.0).round() as i64;
            let detections: Vec<Value> = frame["boxes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|b| {
                    let v = |i: usize| b[i].as_f64().unwrap();
                    let edges = [v(0) / size[0], v(1) / size[1], (v(0) + v(2)) / size[0], (v(1) + v(3)) / size[1]];
                    json!({"box": edges, "score": 0.9})
                })
                .collect();
            let line = json!({"at": rfc3339_ms(at_ms, 28_800), "kind": "detections", "camera": camera, "detections": detections});
            (at_ms, line.to_string())
        })
        .collect()
}

fn replay_clip() -> Vec<EventRecord> {
    let config = edge_config::load(&root().join("hall-config/demo/hall.toml")).unwrap();
    let mut pictures: Vec<(i64, String)> = pictures("windows")
        .into_iter()
        .chain(pictures("corner"))
        .collect();
    pictures.sort_by_key(|(at_ms, _)| *at_ms);
    let text: Vec<String> = pictures.into_iter().map(|(_, line)| line).collect();
    let mut events = Vec::new();
    replay_with(
        &config.engine,
        config.utc_offset_s,
        &ReplayOptions::default(),
        text.join("\n").as_bytes(),
        &mut |o| {
            if let ReplayOutput::Event(event) = o {
                println!("{}", serde_json::to_string(&event).unwrap());
                events.push(*event);
            }
        },
    )
    .unwrap();
    events
}

/// Seconds into the clip.
fn second(time: &str) -> f64 {
    (parse_rfc3339(time).unwrap().0 - START_MS) as f64 / 1000.0
}

#[test]
fn the_demo_clip_gives_its_absence_and_its_long_queue_once_and_nothing_else() {
    let events = replay_clip();
    let of = |code: &str, phase: &str| -> Vec<&EventRecord> {
        events
            .iter()
            .filter(|e| e.code == code && e.phase == phase)
            .collect()
    };
    assert!(
        events
            .iter()
            .all(|e| e.code == "unstaffed" || e.code == "queue_long"),
        "{events:#?}"
    );

    // The clerk of window 2 gets up at 20.0 s, is out of the staff zone by 21.8 s, is back in it at 56.0 s and sits at 57.8 s.
    let [raised] = of("unstaffed", "raised")[..] else {
        panic!("{events:#?}")
    };
    assert_eq!(raised.subject, "W2");
    assert!((20.0..=22.0).contains(&second(&raised.onset)), "{raised:?}");
    assert!(
        (second(&raised.raised) - second(&raised.onset) - 10.0).abs() <= 2.0,
        "{raised:?}"
    );
    let [cleared] = of("unstaffed", "cleared")[..] else {
        panic!("{events:#?}")
    };
    let end = second(cleared.end.as_deref().unwrap());
    assert!((55.5..=59.0).contains(&end), "{cleared:?}");

    // Seven people or more stand in the zone from 31.4 s to 62.6 s, four or fewer from 72.6 s on.
    let absence = raised;
    let [raised] = of("queue_long", "raised")[..] else {
        panic!("{events:#?}")
    };
    // The window is empty by then: both are one step more severe and name each other.
    assert_eq!(
        (raised.level.as_str(), &raised.related),
        ("severe", &vec![absence.event_id.clone()])
    );
    let levels: Vec<_> = events
        .iter()
        .filter(|e| e.code == "unstaffed")
        .map(|e| {
            (
                e.level.as_str(),
                second(&e.updated).round(),
                e.related.len(),
            )
        })
        .collect();
    assert_eq!(
        levels[..3],
        [("notice", 32.0, 0), ("warn", 40.0, 1), ("severe", 42.0, 1)],
        "{events:#?}"
    );
    assert_eq!(raised.subject, "Q1");
    let at = second(&raised.raised);
    assert!((39.4..=46.0).contains(&at), "{raised:?}");
    let [cleared] = of("queue_long", "cleared")[..] else {
        panic!("{events:#?}")
    };
    let end = second(cleared.end.as_deref().unwrap());
    assert!((72.6 - end).abs() <= 2.0, "{cleared:?}");
}
