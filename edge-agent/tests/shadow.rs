//! Other rules over days that a box has kept, by the command that an inspector runs.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

use edge_config::Config;
use hall_archive::{Archivist, Budget, CAPACITY, Head, Tap};
use hall_core::HallTime;
use hall_core::observe::Input;
use hall_core::time::WallClock;
use hall_core::track::TrackerConfig;
use hall_replay::{FileSteps, Step};
use serde_json::{Value, json};
use tokio::sync::mpsc;

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/hall-replay/tests/scenarios")
}

/// Lets a box keep what a scenario's file tells.
fn keep(scenario: &str, config: &Config, dir: &Path) {
    let file = File::open(scenarios().join(format!("{scenario}.jsonl"))).unwrap();
    let (cfg, offset_s) = (&config.engine, config.utc_offset_s);
    let steps = FileSteps::new(
        cfg,
        offset_s,
        TrackerConfig::default(),
        BufReader::new(file),
    );
    let (sender, items) = mpsc::channel(CAPACITY);
    let budget = Budget {
        days: 14,
        bytes: 1 << 20,
    };
    let archivist = Archivist::new(dir.to_path_buf(), budget, items);
    let written = std::thread::spawn(move || archivist.run());
    let wall = WallClock::unix(offset_s);
    let mut tap = Tap::new(sender);
    let mut beaten: Option<HallTime> = None;
    let mut last = HallTime(0);
    for told in steps {
        let told = told.unwrap();
        let input = match told.step {
            Step::Picture(picture) => Input::Zones((*picture).clone()),
            Step::Input(input) => input,
            other => panic!("{other:?} is nothing that a box is told"),
        };
        if beaten.is_none() {
            tap.begin(Head::new(cfg, "", told.at, wall, None));
        }
        tap.told(told.at, &input);
        if beaten.is_none_or(|at| told.at.since_ms(at) >= 10_000) {
            tap.beat(told.at, wall);
            beaten = Some(told.at);
        }
        last = told.at;
    }
    tap.beat(last, wall);
    drop(tap);
    written.join().unwrap();
}

/// Standard output of `edge-agent replay` over the archive with these further arguments.
fn replay(dir: &Path, args: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_edge-agent"))
        .args(["replay", "--config"])
        .arg(scenarios().join("hall.toml"))
        .arg("--archive")
        .arg(dir.join("observations"))
        .args(args)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{complaint}");
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn kept_days_show_side_by_side_what_other_rules_would_have_raised() {
    let dir = tempfile::tempdir().unwrap();
    let config = edge_config::load(&scenarios().join("hall.toml")).unwrap();
    let observations = dir.path().join("observations");
    // W3 is empty for 660 s on Sunday the 20th, a make-up workday, and for 440 s on Monday.
    keep("10a-make-up-workday", &config, &observations);
    keep("01-leaves-and-returns", &config, &observations);
    let rules = dir.path().join("rules.toml");
    fs::write(
        &rules,
        "[rules]\nnotice_s = 450\nwarn_s = 900\nsevere_s = 1800\n",
    )
    .unwrap();
    let rules = rules.to_str().unwrap();

    let both = replay(dir.path(), &["--shadow", rules]);
    let expected = "\
P0@2: 1 events instead of 2 by P0@1

code                     level    subject                P0@1       P0@2
unstaffed                notice   W3                        1          1
unstaffed                warn     W3                        1          0  *

differences (onset, end, level, length)
unstaffed W3
  P0@1       2026-09-20 10:00:00 to 10:11:00, warn, 660 s
  P0@2       2026-09-20 10:00:00 to 10:11:00, notice, 660 s
unstaffed W3
  P0@1       2026-09-21 10:00:00 to 10:07:20, notice, 440 s
  P0@2       not raised
";
    assert_eq!(both, expected, "got\n{both}");

    let monday = replay(
        dir.path(),
        &["--day", "2026-09-21", "--shadow", rules, "--format", "json"],
    );
    let lines: Vec<Value> = monday
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [summary, count, difference] = &lines[..] else {
        panic!("{monday}")
    };
    assert_eq!(summary["rules"], json!({"name": "P0@1", "events": 1}));
    assert_eq!(summary["shadow"], json!({"name": "P0@2", "events": 0}));
    assert_eq!(count["rules"], 1);
    assert_eq!(difference["rules"]["duration_s"], 440.0);
    assert_eq!(difference["shadow"], Value::Null);
}

#[test]
fn wrong_shadow_rules_are_told_with_their_place_and_nothing_is_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let config = edge_config::load(&scenarios().join("hall.toml")).unwrap();
    keep(
        "01-leaves-and-returns",
        &config,
        &dir.path().join("observations"),
    );
    let rules = dir.path().join("rules.toml");
    fs::write(&rules, "[rules]\nnotise_s = 450\n").unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_edge-agent"))
        .args(["replay", "--config"])
        .arg(scenarios().join("hall.toml"))
        .arg("--archive")
        .arg(dir.path().join("observations"))
        .arg("--shadow")
        .arg(&rules)
        .output()
        .unwrap();
    let complaint = String::from_utf8(out.stderr).unwrap();
    assert!(!out.status.success() && out.stdout.is_empty());
    assert!(
        complaint.contains("notise_s") && complaint.contains("notice_s"),
        "{complaint}"
    );
}
