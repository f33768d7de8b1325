//! The other commands, as an installer or an auditor runs them.

use std::time::Duration;

use edge_tests::agent::{Agent, run, run_with, workspace};
use edge_tests::broker::{Broker, Memory};
use edge_tests::export::Export;
use edge_tests::hall::Hall;
use edge_tests::toggler::Toggler;
use edge_tests::truth::clips;
use edge_tests::wait;
use serde_json::Value;

fn said(output: &std::process::Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn every_hall_that_comes_with_the_project_passes_its_check() {
    let halls = workspace().join("hall-config");
    let mut checked = 0;
    for entry in std::fs::read_dir(&halls).unwrap() {
        let file = entry.unwrap().path().join("hall.toml");
        if !file.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        // Secrets and certificates come from outside; here any will do, in a copy of the hall's folder beside the calendars.
        let copy = tempfile::tempdir().unwrap();
        let folder = copy.path().join("hall");
        let calendars = copy.path().join("calendars");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir_all(&calendars).unwrap();
        for calendar in std::fs::read_dir(halls.join("calendars")).unwrap() {
            let calendar = calendar.unwrap();
            std::fs::copy(calendar.path(), calendars.join(calendar.file_name())).unwrap();
        }
        std::fs::write(folder.join("hall.toml"), &text).unwrap();
        let authority = rcgen::generate_simple_self_signed(["authority".to_owned()]).unwrap();
        for (key, content) in [
            ("password_file", "secret\n".to_owned()),
            ("ca_file", authority.cert.pem()),
        ] {
            for path in values(&text, key).map(|name| folder.join(name)) {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &content).unwrap();
            }
        }
        let secrets: Vec<_> = values(&text, "password_env")
            .map(|name| (name.to_owned(), "secret".to_owned()))
            .collect();
        let config = folder.join("hall.toml").display().to_string();
        let output = run_with(&["check", "--config", &config], &secrets).unwrap();
        assert!(
            output.status.success(),
            "{}: {}",
            file.display(),
            said(&output)
        );
        checked += 1;
    }
    assert!(checked >= 1);
}

/// Texts a key is set to, wherever it stands.
fn values<'a>(toml: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    toml.lines()
        .filter(|l| !l.trim_start().starts_with('#'))
        .filter_map(move |l| {
            l.split_once(key)?
                .1
                .trim_start()
                .strip_prefix('=')?
                .split('"')
                .nth(1)
        })
}

#[test]
fn doctor_finds_nothing_missing_where_set_up_has_run() {
    let output = run(&["doctor"]).unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(!said(&output).contains("MISSING"), "{}", said(&output));
}

#[test]
fn detect_finds_the_people_of_a_clip_and_prints_one_line_per_picture() {
    let clip = clips().join("morning.windows.mp4").display().to_string();
    let output = run(&["detect", "--json", "--every", "50", &clip]).unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 9, "450 pictures, every 50th");
    for line in &lines {
        assert_eq!(
            (&line["width"], &line["height"]),
            (&640.into(), &360.into())
        );
        let found = line["detections"].as_array().unwrap();
        assert!(
            found.len() >= 4,
            "four windows with clerks and customers: {line}"
        );
        for person in found {
            let b: Vec<f64> = person["box"]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap())
                .collect();
            assert!(
                b[0] < b[2] && b[1] < b[3] && b[2] <= 640.5 && b[3] <= 360.5,
                "{person}"
            );
            assert!(
                (0.0..=1.0).contains(&person["score"].as_f64().unwrap()),
                "{person}"
            );
        }
    }
}

#[test]
fn verify_finds_the_exact_record_in_which_one_byte_was_changed() {
    let broker = Broker::start(Memory::None).unwrap();
    let mut hall = Hall::of_sensors(4).unwrap();
    hall.broker(&broker.url());
    let people = Toggler::start(broker.port(), 4).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    wait::until_true("ten events", Duration::from_secs(60), || {
        agent.stored() >= Some(10)
    })
    .unwrap();
    drop(people);
    assert!(agent.stop().unwrap().0.success());

    let export = Export::verified(&hall).unwrap();
    let text = std::fs::read_to_string(&export.file).unwrap();
    let changed: Vec<String> = text
        .lines()
        .map(|l| {
            if l.contains("\"seq\":7,") {
                l.replacen("\"review\":\"suspected\"", "\"review\":\"suspectee\"", 1)
            } else {
                l.into()
            }
        })
        .collect();
    assert_ne!(changed.join("\n"), text.trim_end());
    let forged = hall.folder().join("forged.jsonl");
    std::fs::write(&forged, changed.join("\n") + "\n").unwrap();
    let output = run(&["verify", &forged.display().to_string()]).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains('7'),
        "names record 7: {}",
        said(&output)
    );

    let without: Vec<_> = text.lines().filter(|l| !l.contains("\"seq\":7,")).collect();
    std::fs::write(&forged, without.join("\n") + "\n").unwrap();
    let output = run(&["verify", &forged.display().to_string()]).unwrap();
    assert_eq!(
        output.status.code(),
        Some(1),
        "a record taken out is found: {}",
        said(&output)
    );
}

#[test]
fn replay_prints_the_events_of_a_recorded_absence() {
    let hall = Hall::demo().unwrap();
    let input = hall.folder().join("observations.jsonl");
    std::fs::write(&input, OBSERVATIONS).unwrap();
    let output = run(&[
        "replay",
        "--config",
        &hall.write().unwrap().display().to_string(),
        "--input",
        &input.display().to_string(),
    ])
    .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let events: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let told: Vec<_> = events
        .iter()
        .filter(|e| e["subject"] == "W1")
        .map(|e| {
            (
                e["code"].as_str().unwrap(),
                e["phase"].as_str().unwrap(),
                e["level"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("unstaffed", "raised", "notice"),
            ("unstaffed", "updated", "warn"),
            ("unstaffed", "updated", "severe"),
            ("unstaffed", "cleared", "severe")
        ],
        "{}",
        said(&output)
    );
}

/// A clerk is at W1, is away for 40 s, and is back for 20 s.
const OBSERVATIONS: &str = include_str!("../fixtures/absence.jsonl");
