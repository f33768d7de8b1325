//! What holds for any file: no panic, no secret shown, defaults are P0, the committed schema is the generated one.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use edge_config::{CameraSource, json_schema, load_with_env};
use hall_core::config::Rules;
use hall_core::observe::TicketState;
use hall_core::rating::RatingOption;
use proptest::prelude::*;

fn hall_config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../hall-config")
}

/// The county hall in a folder of its own, with its secrets and calendar.
fn county() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let hall = dir.path().join("county");
    fs::create_dir_all(hall.join("secrets")).unwrap();
    fs::create_dir_all(dir.path().join("calendars")).unwrap();
    fs::copy(
        hall_config().join("calendars/cn-2026.toml"),
        dir.path().join("calendars/cn-2026.toml"),
    )
    .unwrap();
    fs::copy(
        hall_config().join("county/hall.toml"),
        hall.join("hall.toml"),
    )
    .unwrap();
    for name in ["cameras", "sensors", "uplink"] {
        fs::write(hall.join("secrets").join(name), format!("s3cret-{name}\n")).unwrap();
    }
    fs::write(hall.join("centre-ca.pem"), "").unwrap();
    let file = hall.join("hall.toml");
    (dir, file)
}

#[test]
fn the_county_hall_hears_its_machines_in_their_own_words() {
    let (_folder, file) = county();
    let config = load_with_env(&file, &|_| None).unwrap_or_else(|e| panic!("{e}"));
    let (machine, terminals) = (&config.tickets[0], &config.ratings[0]);
    assert_eq!(machine.names.ticket, "号码");
    assert_eq!(
        machine.names.party, "party",
        "what it does not name is as usual"
    );
    assert_eq!(machine.queues, [("综合受理".to_owned(), "Q1".into())]);
    let no_show = ("弃号".to_owned(), TicketState::NoShow);
    assert!(machine.states.contains(&no_show));
    assert!(terminals.windows.contains(&("02".to_owned(), "W2".into())));
    let other = ("6".to_owned(), RatingOption::Other);
    assert!(terminals.words.contains(&other));
}

#[test]
fn secrets_are_resolved_and_never_shown() {
    let (_dir, file) = county();
    let config = load_with_env(&file, &|_| None).unwrap_or_else(|errors| panic!("{errors}"));
    let mut found = 0;
    for camera in &config.cameras {
        let CameraSource::Rtsp { password, user, .. } = &camera.source else {
            panic!("{} is no network camera", camera.id)
        };
        assert_eq!(
            password.as_ref().map(|secret| secret.expose()),
            Some("s3cret-cameras")
        );
        let masked = camera.source.masked();
        assert!(
            masked.contains(&format!("{}:***@", user.as_deref().unwrap_or(""))),
            "{masked}"
        );
        assert!(!masked.contains("s3cret"), "{masked}");
        found += 1;
    }
    assert_eq!(found, 3);
    let uplink = config.uplink.as_ref().expect("an uplink");
    assert_eq!(
        uplink
            .broker
            .password
            .as_ref()
            .map(|secret| secret.expose()),
        Some("s3cret-uplink")
    );
    let shown = format!(
        "{config:?} {config:#?} {} {:?}",
        uplink.broker, config.warnings
    );
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn an_environment_password_reaches_the_camera() {
    let file = hall_config().join("township/hall.toml");
    let env = |name: &str| (name == "HALL_CAMERA_PASSWORD").then(|| "s3cret".to_string());
    let config = load_with_env(&file, &env).unwrap_or_else(|errors| panic!("{errors}"));
    for camera in &config.cameras {
        assert!(
            matches!(&camera.source, CameraSource::Rtsp { password: Some(secret), .. } if secret.expose() == "s3cret")
        );
    }
    assert!(!format!("{config:?}").contains("s3cret"));
    let errors = load_with_env(&file, &|_| None)
        .expect_err("a password is missing")
        .to_string();
    assert_eq!(
        errors
            .lines()
            .filter(|line| line.contains("HALL_CAMERA_PASSWORD is not set"))
            .count(),
        2,
        "{errors}"
    );
}

#[test]
fn rules_left_out_are_profile_p0() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hall.toml");
    fs::write(&file, MINIMAL).unwrap();
    let config = load_with_env(&file, &|_| None).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.engine.rules, Rules::default());
    assert_eq!(config.uplink, None);
    assert_eq!(config.web.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(
        (
            config.storage.retention_days,
            config.storage.max_bytes,
            config.storage.reserve_bytes
        ),
        (730, 2 << 30, 64 << 20)
    );
    assert_eq!(config.detector.manifest, Path::new("models/models.toml"));
}

#[test]
fn the_hash_is_that_of_the_files_as_loaded() {
    let (dir, file) = county();
    let load = || {
        load_with_env(&file, &|_| None)
            .unwrap_or_else(|errors| panic!("{errors}"))
            .sha256
    };
    let first = load();
    assert_eq!(first.len(), 64);
    assert_eq!(load(), first);
    let calendar = dir.path().join("calendars/cn-2026.toml");
    let text = fs::read_to_string(&calendar).unwrap();
    fs::write(&calendar, format!("{text}\n")).unwrap();
    let second = load();
    assert_ne!(second, first, "a changed calendar changes the hash");
    fs::write(&file, format!("{}\n", fs::read_to_string(&file).unwrap())).unwrap();
    assert_ne!(load(), second, "a changed hall.toml changes the hash");
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once() {
    // One mistake per line that ends in a mark: each must be reported, at its line, and nothing else.
    let text = BROKEN;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hall.toml");
    fs::write(&file, text).unwrap();
    let marked: Vec<usize> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.ends_with("#!"))
        .map(|(n, _)| n + 1)
        .collect();
    let errors = load_with_env(&file, &|_| None).expect_err("mistakes");
    let lines: Vec<usize> = errors
        .mistakes
        .iter()
        .filter_map(|mistake| mistake.line)
        .collect();
    assert_eq!(lines, marked, "{errors}");
    assert_eq!(errors.mistakes.len(), marked.len(), "{errors}");
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let file = hall_config().join("hall.schema.json");
    let committed: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert!(
        committed == json_schema(),
        "hall-config/hall.schema.json is old: cargo run -p edge-config --example schema > hall-config/hall.schema.json"
    );
}

#[test]
fn every_key_of_the_schema_is_described() {
    fn check(path: &str, schema: &serde_json::Value) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(
                property["description"].is_string(),
                "{path}.{key} has no description"
            );
        }
        for (name, def) in schema["$defs"].as_object().into_iter().flatten() {
            check(name, def);
        }
    }
    check("hall.toml", &json_schema());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Cutting, repeating and overwriting pieces of a good file gives a configuration or mistakes, never a panic, and
    /// never shows a password.
    #[test]
    fn a_mutated_file_never_panics(edits in prop::collection::vec(edit(), 1..6)) {
        let (_dir, file) = county();
        let mut text = fs::read_to_string(&file).unwrap();
        for edit in &edits {
            text = edit.apply(&text);
        }
        fs::write(&file, &text).unwrap();
        let shown = match load_with_env(&file, &|_| None) {
            Ok(config) => format!("{config:?}"),
            Err(errors) => {
                prop_assert!(!errors.mistakes.is_empty());
                let lines = text.lines().count() + 1;
                prop_assert!(errors.mistakes.iter().all(|mistake| mistake.line.is_none_or(|line| (1..=lines).contains(&line))));
                format!("{errors} {errors:?}")
            }
        };
        prop_assert!(!shown.contains("s3cret"), "{shown}");
    }
}

#[derive(Debug, Clone)]
enum Edit {
    DropLine(prop::sample::Index),
    RepeatLine(prop::sample::Index),
    SwapLines(prop::sample::Index, prop::sample::Index),
    Value(prop::sample::Index, &'static str),
    Key(prop::sample::Index, &'static str),
    Cut(prop::sample::Index, prop::sample::Index),
    Insert(prop::sample::Index, char),
}

fn edit() -> impl Strategy<Value = Edit> {
    let line = any::<prop::sample::Index>;
    let value = prop::sample::select(vec![
        "0",
        "-1",
        "1e300",
        "nan",
        "-inf",
        "9223372036854775807",
        "\"\"",
        "\"窗口\"",
        "true",
        "[]",
        "[[]]",
        "[[0,0],[1,1],[0,1],[1,0]]",
        "{}",
        "{ zh = 1 }",
        "1979-05-27T07:32:00Z",
        "\"../../../../etc/passwd\"",
        "\"24:00-24:00\"",
        "\"rtsp://a:s3cret@b\"",
        "\"mqtt://[::]\"",
    ]);
    let key = prop::sample::select(vec![
        "id", "password", "zh", "\"\"", "a.b.c", "窗口", "polygon", "kind", "url",
    ]);
    prop_oneof![
        line().prop_map(Edit::DropLine),
        line().prop_map(Edit::RepeatLine),
        (line(), line()).prop_map(|(a, b)| Edit::SwapLines(a, b)),
        (line(), value).prop_map(|(at, value)| Edit::Value(at, value)),
        (line(), key).prop_map(|(at, key)| Edit::Key(at, key)),
        (line(), line()).prop_map(|(a, b)| Edit::Cut(a, b)),
        (line(), any::<char>()).prop_map(|(at, c)| Edit::Insert(at, c)),
    ]
}

impl Edit {
    fn apply(&self, text: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
        if lines.is_empty() {
            return text.to_string();
        }
        // Values and keys are changed where there are some, or most edits would hit comments and blank lines.
        let settings: Vec<usize> = (0..lines.len())
            .filter(|n| lines[*n].contains(" = "))
            .collect();
        match self {
            Edit::DropLine(at) => {
                lines.remove(at.index(lines.len()));
            }
            Edit::RepeatLine(at) => {
                let n = at.index(lines.len());
                lines.insert(n, lines[n].clone());
            }
            Edit::SwapLines(a, b) => {
                let (a, b) = (a.index(lines.len()), b.index(lines.len()));
                lines.swap(a, b);
            }
            Edit::Value(at, value) if !settings.is_empty() => {
                let n = settings[at.index(settings.len())];
                let key = lines[n].split(" = ").next().unwrap_or("id").to_string();
                lines[n] = format!("{key} = {value}");
            }
            Edit::Key(at, key) if !settings.is_empty() => {
                let n = settings[at.index(settings.len())];
                let value = lines[n]
                    .split_once(" = ")
                    .map_or("1", |(_, value)| value)
                    .to_string();
                lines[n] = format!("{key} = {value}");
            }
            Edit::Cut(a, b) => {
                let chars: Vec<char> = text.chars().collect();
                let (a, b) = (a.index(chars.len()), b.index(chars.len()));
                let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 40));
                return chars[..from].iter().chain(&chars[to..]).collect();
            }
            Edit::Insert(at, c) => {
                let mut chars: Vec<char> = text.chars().collect();
                chars.insert(at.index(chars.len()), *c);
                return chars.into_iter().collect();
            }
            Edit::Value(..) | Edit::Key(..) => {}
        }
        lines.join("\n")
    }
}

const MINIMAL: &str = r#"
[hall]
id = "511921-001"
name = { zh = "大厅", en = "Hall" }
area = ["51", "5119", "511921"]
[box]
id = "b1"
[duty]
mon = ["09:00-17:00"]
[[windows]]
id = "W1"
name = { zh = "窗口一", en = "Window 1" }
"#;

const BROKEN: &str = r#"[hall]
id = "hall one" #!
name = { zh = "大厅", en = "Hall", fr = "Salle" } #!
area = ["51", "5219"] #!
utc_offset = "8" #!
[box]
id = 1 #!
colour = "grey" #!
[[cameras]]
id = "cam1"
name = { zh = "摄像机", en = "Camera" }
url = "rtsp://admin:pw@host/live" #!
analysis_fps = 100 #!
[[cameras.privacy_masks]]
polygon = [[0, 0], [1, 1], [1, 0], [0, 1]] #!
[[windows]]
id = "W1"
name = { zh = "窗口一", en = "Window 1" }
min_staff = "one" #!
[[windows.zones]]
kind = "chair" #!
camera = "cam9" #!
polygon = [[0, 0], [2, 1], [1, 0]] #!
[[windows]]
id = "W1" #!
name = { zh = "", en = "Window 1" } #!
[[queues]]
id = "Q1"
name = { zh = "排队", en = "Queue" }
windows = ["W2"] #!
[[sensors]]
id = "s1"
window = "W3" #!
kind = "seat"
type = "zigbee2mqtt"
topic = "zigbee2mqtt/#" #!
[sensor_broker]
url = "127.0.0.1" #!
[duty]
mon = ["09:00-12:00", "11:00-17:00"] #!
sat = ["25:00-26:00"] #!
calendars = ["cn-1999.toml"] #!
[[duty.exceptions]]
date = "tomorrow" #!
[rules]
severe_s = 1
ratio_on = 2 #!
warn_s = 2 #!
queue_clear_count = 12 #!
notice_s = 2
absent_confirm_s = 0.5
gap_tolerance_s = 1 #!
[uplink]
url = "mqtt://host/path" #!
password_env = "not a name" #!
user = "box"
[web]
listen = "0.0.0.0:80"
accounts = false #!
[storage]
max_mib = 20
reserve_mib = 30 #!
"#;
