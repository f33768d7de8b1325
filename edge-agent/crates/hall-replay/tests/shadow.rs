//! Other rules beside a hall's own: the same observations, both stories, and only what differs told twice.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use hall_core::config::Rules;
use hall_replay::{Comparison, FileSteps, ReplayOptions, compare};
use hall_wire::time::parse_rfc3339;
use serde_json::json;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

fn shadow(scenario: &str, until: &str, changes: &serde_json::Value) -> Comparison {
    let config = edge_config::load(&folder().join("hall.toml")).unwrap();
    let rules: Rules = edge_config::rules_over(&config.engine.rules, changes).unwrap();
    let options = ReplayOptions {
        until_ms: Some(parse_rfc3339(until).unwrap().0),
        ..ReplayOptions::default()
    };
    let input = File::open(folder().join(format!("{scenario}.jsonl"))).unwrap();
    let steps = FileSteps::new(
        &config.engine,
        config.utc_offset_s,
        options.tracker,
        BufReader::new(input),
    );
    compare(&config.engine, &rules, config.utc_offset_s, &options, steps).unwrap()
}

#[test]
fn the_same_rules_differ_in_nothing() {
    let same = shadow(
        "02-long-absence-climbs-the-ladder",
        "2026-09-21T10:30:00+08:00",
        &json!({}),
    );
    assert_eq!(same.names, ("P0@1".into(), "P0@2".into()));
    assert_eq!(same.events, (1, 1));
    assert!(same.differences.is_empty(), "{:?}", same.differences);
    let [count] = &same.counts[..] else {
        panic!("{:?}", same.counts)
    };
    assert_eq!((count.rules, count.shadow), (1, 1));
}

#[test]
fn lenient_rules_raise_less_and_strict_ones_more() {
    let until = "2026-09-21T10:20:00+08:00";
    let lenient = json!({"notice_s": 450, "warn_s": 900, "severe_s": 1800});
    let away = shadow("01-leaves-and-returns", until, &lenient);
    assert_eq!(away.events, (1, 0));
    let [only] = &away.differences[..] else {
        panic!("{:?}", away.differences)
    };
    assert_eq!(
        (only.code.as_str(), only.subject.as_str()),
        ("unstaffed", "W3")
    );
    assert!(only.shadow.is_none());
    assert_eq!(only.rules.as_ref().unwrap().duration_s, 440.0);

    let long = shadow(
        "02-long-absence-climbs-the-ladder",
        "2026-09-21T10:30:00+08:00",
        &lenient,
    );
    assert_eq!(long.events, (1, 1));
    let [level] = &long.differences[..] else {
        panic!("{:?}", long.differences)
    };
    let levels = [&level.rules, &level.shadow].map(|s| s.as_ref().unwrap().level.clone());
    assert_eq!(levels, ["severe", "warn"]);

    let strict = shadow("03-short-absence", until, &json!({"notice_s": 240}));
    assert_eq!(strict.events, (0, 1));
    assert!(strict.differences[0].rules.is_none());
}

#[test]
fn the_shadow_stands_whatever_the_hall_changed() {
    let changed = shadow(
        "58-rules-change-during-an-absence",
        "2026-09-21T10:50:00+08:00",
        &json!({}),
    );
    // The second absence of four minutes is an event only by the hall's new thresholds.
    assert_eq!(changed.events, (2, 1));
    assert_eq!(changed.differences.len(), 1);
    assert!(changed.differences[0].shadow.is_none());
}

#[test]
fn a_restart_happens_on_both_sides() {
    let cut = shadow(
        "56a-power-cut-still-absent",
        "2026-09-21T10:50:00+08:00",
        &json!({"severe_s": 1200}),
    );
    assert_eq!(cut.events, (1, 1));
    let levels = [&cut.differences[0].rules, &cut.differences[0].shadow]
        .map(|s| s.as_ref().unwrap().level.clone());
    assert_eq!(levels, ["severe", "warn"]);
}
