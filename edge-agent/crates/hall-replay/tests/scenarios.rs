//! The acceptance scenarios as data: every `scenarios/NN-name.jsonl` is replayed on `hall.toml` and must give exactly the
//! event revisions of `NN-name.expect.jsonl`, in order.
//!
//! The first line of an expectation says how to judge: `until` (time runs on to there), `tolerance_s` (0 when left out),
//! `time` (seconds per window and class, exactly), `estimate_share` (how far a `wait_est_s` may be off, as a share of it; 0 when
//! left out), `hall` (another configuration than `hall.toml`, a file beside it), `at_most` (in place of a list: at most this many
//! events). Every further line is one revision; only the fields it names are compared, times and `*_s` within the tolerance, `event` labels revisions that must share one event id, and `related` lists
//! labels in the order of the record.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use edge_config::Config;
use hall_replay::{ReplayOptions, ReplayOutput, replay_with};
use hall_wire::time::parse_rfc3339;
use serde_json::Value;

/// The scenarios that must be there, so that a renamed file is not a test less.
const SCENARIOS: &[&str] = &[
    "01-leaves-and-returns",
    "02-long-absence-climbs-the-ladder",
    "03-short-absence",
    "04-touch-and-go",
    "05-late-opening",
    "06-leaves-before-the-end-of-duty",
    "07-absence-over-lunch",
    "08-customers-unattended",
    "09a-hall-empty",
    "10a-make-up-workday",
    "10b-ordinary-saturday",
    "10c-one-second-short",
    "10d-just-long-enough",
    "10e-calendar-of-next-year-missing",
    "11-public-holiday",
    "12-extended-saturday",
    "13a-closed-this-week",
    "13b-serves-although-closed",
    "14a-approved-leave",
    "14b-leave-begins-in-an-absence",
    "14c-absent-around-leave",
    "15a-leave-entered-late",
    "15b-leave-entered-after-the-event",
    "15c-leave-for-a-part",
    "15d-leave-cancelled",
    "15e-who-may-grant-leave",
    "16a-either-covers",
    "16b-both-away",
    "16c-the-other-seat-is-not-seen",
    "16d-seen-again-still-away",
    "16e-power-cut-still-away",
    "16f-leave-of-one-of-the-pair",
    "16g-pauses-of-the-pair",
    "16h-pair-opens-late-and-closes-early",
    "17-dedicated-posts",
    "18-pause-over-its-limit",
    "19-pauses-over-the-quota",
    "20-clerk-bends-under-the-counter",
    "21-clerk-at-the-printer",
    "22-customer-leans-over-the-counter",
    "22b-customer-leans-over-half-hidden",
    "23-colleague-walks-past",
    "24-one-clerk-between-two-windows",
    "24b-clerk-moves-over-to-the-next-window",
    "25-coat-on-the-chair",
    "25b-coat-is-taken-away",
    "26-clerk-reads-motionless",
    "27-child-in-the-staff-zone",
    "28-cleaner-outside-duty",
    "29-lights-off",
    "30-camera-bumped",
    "31-lens-covered-and-out-of-focus",
    "32a-short-stream-drop",
    "32b-long-stream-drop",
    "33a-frozen-picture",
    "33b-no-pictures-while-dark",
    "34a-starts-with-an-empty-window",
    "34b-starts-before-the-camera",
    "35-seat-sensor-stuck-on",
    "35b-seat-sensor-found-wrong-meanwhile",
    "35c-video-found-wrong",
    "36-seat-sensor-stuck-on-all-night",
    "37-clerk-hidden-by-the-monitor",
    "38-radar-flaps-in-the-draught",
    "38b-seat-sensor-never-goes-on",
    "39-silent-sensor-is-ignored",
    "40-modbus-gateway-unplugged",
    "41-long-queue",
    "42-school-group-crosses",
    "43a-people-sit-outside-the-line",
    "43b-families-with-one-ticket",
    "44-length-oscillates-around-the-limit",
    "45-short-line-that-hardly-moves",
    "46-queue-while-windows-are-empty",
    "46b-window-empties-while-people-wait",
    "47a-another-window-is-opened",
    "47b-no-window-is-opened",
    "48-line-grows-beyond-the-zone",
    "49-crowd-at-the-door",
    "50a-second-camera-steps-in",
    "50b-second-camera-sees-less",
    "50c-second-camera-sees-more",
    "51-tickets-and-camera-disagree",
    "54a-clock-steps-forward-eight-hours",
    "54b-clock-steps-back-one-hour",
    "54c-ntp-corrects-by-five-minutes",
    "55-boots-in-1970",
    "56a-power-cut-still-absent",
    "56b-power-cut-staffed-again",
    "57-disk-nearly-full",
    "58-rules-change-during-an-absence",
    "59a-appeal-revoked",
    "59b-appeal-downgraded",
    "59c-appeal-upheld",
    "59d-confirmed-explained-closed",
    "59e-false-alarm",
    "59f-excused-while-open",
    "59g-excused-afterwards",
    "61a-nobody-decides-their-own-case",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

fn unix_ms(value: &Value) -> i64 {
    parse_rfc3339(value.as_str().unwrap()).unwrap().0
}

/// How the windows' time counts: what was said last about a piece of time counts.
#[derive(Default)]
struct Times {
    pieces: BTreeMap<String, Vec<(i64, i64, String)>>,
}

impl Times {
    fn take(&mut self, record: &Value) {
        let window = record["window"].as_str().unwrap().to_owned();
        let (from, to) = (unix_ms(&record["from"]), unix_ms(&record["to"]));
        let pieces = self.pieces.entry(window).or_default();
        let mut kept = Vec::new();
        for (a, b, class) in pieces.drain(..) {
            let inside = (a.max(from), b.min(to));
            kept.push((a, b.min(from), class.clone()));
            kept.push((a.max(to), b, class.clone()));
            if record["kind"] == "excuse" && inside.0 < inside.1 {
                let class = match (class.as_str(), record["excused"] == true) {
                    ("unstaffed", true) => "excused".into(),
                    ("excused", false) => "unstaffed".into(),
                    _ => class,
                };
                kept.push((inside.0, inside.1, class));
            }
        }
        if record["kind"] == "interval" {
            kept.push((from, to, record["class"].as_str().unwrap().to_owned()));
        }
        kept.retain(|(a, b, _)| a < b);
        *pieces = kept;
    }

    /// Against `{"W3": {"excused": 3600}}`: seconds per class; classes that are not named are not compared.
    fn differences(&self, expected: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        for (window, classes) in expected.as_object().into_iter().flatten() {
            for (class, want) in classes.as_object().unwrap() {
                let pieces = self.pieces.get(window).into_iter().flatten();
                let ms: i64 = pieces
                    .filter(|(_, _, c)| c == class)
                    .map(|(a, b, _)| b - a)
                    .sum();
                if (want.as_f64().unwrap() * 1000.0).round() as i64 != ms {
                    wrong.push(format!(
                        "{window} {class}: {} s, expected {want}",
                        ms as f64 / 1000.0
                    ));
                }
            }
        }
        wrong
    }
}

/// What is wrong with `actual` against the fields named in `expected`.
fn differences(
    expected: &Value,
    actual: &Value,
    tolerance_s: f64,
    estimate_share: f64,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (field, want) in expected.as_object().unwrap() {
        if field == "event" || field == "related" {
            continue;
        }
        let got = &actual[field];
        let time = matches!(
            field.as_str(),
            "onset" | "raised" | "updated" | "end" | "mitigated_at"
        );
        let same = if time && want.is_string() && got.is_string() {
            (unix_ms(want) - unix_ms(got)).abs() as f64 <= tolerance_s * 1000.0
        } else if field == "wait_est_s" {
            let want = want.as_f64().unwrap();
            got.as_f64()
                .is_some_and(|got| (got - want).abs() <= want * estimate_share)
        } else if field.ends_with("_s") {
            got.as_f64()
                .is_some_and(|got| (got - want.as_f64().unwrap()).abs() <= tolerance_s)
        } else {
            got == want
        };
        if !same {
            wrong.push(format!("{field}: {got}, expected {want}"));
        }
    }
    wrong
}

/// Replays one scenario; the list of what is wrong, empty when all is well.
fn check(name: &str, usual: &Config) -> Vec<String> {
    let expect = fs::read_to_string(folder().join(format!("{name}.expect.jsonl"))).unwrap();
    let mut expect = expect
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap());
    let head = expect.next().unwrap();
    let expected: Vec<Value> = expect.collect();
    let own = head["hall"]
        .as_str()
        .map(|file| edge_config::load(&folder().join(file)).unwrap());
    let config = own.as_ref().unwrap_or(usual);
    let (cfg, utc_offset_s) = (&config.engine, config.utc_offset_s);
    let tolerance_s = head["tolerance_s"].as_f64().unwrap_or(0.0);
    let estimate_share = head["estimate_share"].as_f64().unwrap_or(0.0);
    let options = ReplayOptions {
        until_ms: Some(unix_ms(&head["until"])),
        intervals: true,
        ..ReplayOptions::default()
    };

    let input = BufReader::new(File::open(folder().join(format!("{name}.jsonl"))).unwrap());
    let mut lines = Vec::new();
    let mut times = Times::default();
    replay_with(
        cfg,
        utc_offset_s,
        &options,
        input,
        &mut |out: ReplayOutput| match &out {
            ReplayOutput::Interval(_) | ReplayOutput::Excuse(_) => {
                times.take(&serde_json::from_str(&out.to_json()).unwrap());
            }
            _ => lines.push(out.to_json()),
        },
    )
    .unwrap();
    let actual: Vec<Value> = lines
        .iter()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();

    if let Some(most) = head["at_most"].as_u64() {
        let raised = actual.iter().filter(|e| e["phase"] == "raised").count() as u64;
        return if raised > most {
            vec![format!("{raised} events, at most {most} allowed")]
        } else {
            Vec::new()
        };
    }
    let mut wrong = times.differences(&head["time"]);
    let mut ids: BTreeMap<String, Value> = BTreeMap::new();
    for (i, (want, got)) in expected.iter().zip(&actual).enumerate() {
        wrong.extend(
            differences(want, got, tolerance_s, estimate_share)
                .into_iter()
                .map(|d| format!("revision {}: {d}", i + 1)),
        );
        // Answers to orders are no revisions of an event.
        let Some(label) = want["event"].as_str() else {
            continue;
        };
        let id = ids
            .entry(label.to_owned())
            .or_insert_with(|| got["event_id"].clone());
        if *id != got["event_id"] {
            wrong.push(format!(
                "revision {}: another event than '{label}' before",
                i + 1
            ));
        }
    }
    for (i, (want, got)) in expected.iter().zip(&actual).enumerate() {
        let Some(labels) = want["related"].as_array() else {
            continue;
        };
        let related: Vec<_> = labels
            .iter()
            .map(|label| ids.get(label.as_str().unwrap()).cloned())
            .collect();
        let found: Vec<_> = got["related"]
            .as_array()
            .unwrap()
            .iter()
            .cloned()
            .map(Some)
            .collect();
        if related != found {
            wrong.push(format!(
                "revision {}: related {found:?}, expected {labels:?}",
                i + 1
            ));
        }
    }
    if ids
        .values()
        .enumerate()
        .any(|(i, id)| ids.values().skip(i + 1).any(|other| other == id))
    {
        wrong.push("two labels share one event".into());
    }
    if expected.len() != actual.len() {
        wrong.push(format!(
            "{} revisions, expected {}:\n    {}",
            actual.len(),
            expected.len(),
            lines.join("\n    ")
        ));
    }
    wrong
}

#[test]
fn every_scenario_gives_exactly_its_events() {
    let config = edge_config::load(&folder().join("hall.toml")).unwrap();
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|file| file.strip_suffix(".jsonl").map(str::to_owned))
        .filter(|name| !name.ends_with(".expect"))
        .collect();
    names.sort();
    for scenario in SCENARIOS {
        assert!(
            names.iter().any(|n| n == scenario),
            "{scenario}.jsonl is missing"
        );
    }
    let mut failed = 0;
    for name in &names {
        let wrong = check(name, &config);
        println!(
            "{name}: {}",
            if wrong.is_empty() {
                "ok".into()
            } else {
                format!("\n  {}", wrong.join("\n  "))
            }
        );
        failed += usize::from(!wrong.is_empty());
    }
    assert_eq!(failed, 0, "scenarios failed, see above");
}
