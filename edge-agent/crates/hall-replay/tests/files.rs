//! What a replay does with files that are wrong, short or empty.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use hall_core::config::EngineConfig;
use hall_replay::{ReplayError, ReplayOptions, ReplayOutput, ReplayStats, replay_with};

fn hall() -> EngineConfig {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/hall.toml");
    edge_config::load(&path).unwrap().engine
}

fn run(
    text: &str,
    options: &ReplayOptions,
) -> (Result<ReplayStats, ReplayError>, Vec<ReplayOutput>) {
    let mut outputs = Vec::new();
    let result = replay_with(&hall(), 28_800, options, text.as_bytes(), &mut |o| {
        outputs.push(o)
    });
    (result, outputs)
}

const ZONES: &str = r#"{"at":"2026-09-21T10:00:00+08:00","until":"2026-09-21T10:10:00+08:00","kind":"zones","camera":"cam1","zones":{"W3.staff":0}}"#;

#[test]
fn mistakes_name_line_and_what_is_known() {
    fn check(line: &str, expected: &str) {
        let (result, _) = run(&format!("{ZONES}\n{line}"), &ReplayOptions::default());
        let got = result.unwrap_err().to_string();
        assert!(
            got.contains(expected),
            "{line}\n got: {got}\n for: {expected}"
        );
    }
    let at = r#"{"at":"2026-09-21T10:00:01+08:00""#;
    check(
        &format!(r#"{at},"kind":"zones","camera":"cam2","zones":{{}}}}"#),
        "line 2: camera 'cam2' is not in the configuration; it has: cam1",
    );
    check(
        &format!(r#"{at},"kind":"zones","camera":"cam1","zones":{{"W9.staff":1}}}}"#),
        "line 2: zone 'W9.staff' is not in the configuration; it has: W1.staff, W1.counter, W2.staff",
    );
    check(
        &format!(r#"{at},"kind":"sensor","sensor":"W1-seat","value":true}}"#),
        "line 2: sensor 'W1-seat' is not in the configuration; it has: W3-seat",
    );
    check(
        &format!(r#"{at},"kind":"source","source":"camera:x","state":"up"}}"#),
        "line 2: camera 'x' is not in the configuration",
    );
    check(
        &format!(r#"{at},"kind":"tick","more":1}}"#),
        "line 2: unknown field `more`",
    );
    check(
        r#"{"at":"2026-09-21T09:00:00+08:00","kind":"tick"}"#,
        "line 2: its time is 3600000 ms before that of line 1",
    );
}

#[test]
fn an_empty_file_gives_nothing() {
    let (result, outputs) = run("\n# nothing\n", &ReplayOptions::default());
    assert_eq!(result.unwrap(), ReplayStats::default());
    assert!(outputs.is_empty());
}

#[test]
fn time_ends_with_the_last_record_or_where_asked() {
    let at = 1_789_956_000_000;
    let (result, _) = run(ZONES, &ReplayOptions::default());
    let stats = result.unwrap();
    assert_eq!(
        (stats.from_ms, stats.to_ms, stats.inputs),
        (Some(at), Some(at + 599_000), 600)
    );

    let until = |ms| ReplayOptions {
        until_ms: Some(at + ms),
        ..ReplayOptions::default()
    };
    let (result, _) = run(ZONES, &until(3_600_000));
    assert_eq!(result.unwrap().to_ms, Some(at + 3_600_000));

    let (result, _) = run(ZONES, &until(1_000));
    assert!(matches!(
        result,
        Err(ReplayError::EndsBefore {
            line: 1,
            early_ms: 1_000
        })
    ));
}

#[test]
fn summaries_come_every_minute_when_asked_for() {
    let options = ReplayOptions {
        summaries: true,
        ..ReplayOptions::default()
    };
    let (result, outputs) = run(ZONES, &options);
    let stats = result.unwrap();
    let minutes: Vec<&str> = outputs
        .iter()
        .filter_map(|o| match o {
            ReplayOutput::Summary(s) => Some(&s.to[11..19]),
            _ => None,
        })
        .collect();
    let expected = (1..=9).map(|m| format!("10:{m:02}:00")).collect::<Vec<_>>();
    assert_eq!(minutes, expected);
    assert_eq!(stats.summaries, 9);
    assert!(outputs.iter().all(|o| !o.to_json().contains('\n')));

    let (_, outputs) = run(ZONES, &ReplayOptions::default());
    assert!(outputs.iter().all(|o| matches!(o, ReplayOutput::Event(_))));
}

#[test]
fn the_same_file_gives_the_same_bytes() {
    let text = |_| {
        let (_, outputs) = run(ZONES, &ReplayOptions::default());
        outputs
            .iter()
            .map(ReplayOutput::to_json)
            .collect::<Vec<_>>()
    };
    assert_eq!(text(1), text(2));
    assert!(!text(1).is_empty());
}
