//! What an installer can get wrong: each mistake is named, with what to do, and what does not depend on it goes on.

use std::path::Path;
use std::time::Duration;

use edge_tests::agent::{Agent, run, workspace};
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::rtsp::{Camera, Login, RtspServer};
use edge_tests::subscriber::Subscriber;
use edge_tests::toggler::Toggler;
use edge_tests::wait;

use crate::judged_hall::morning;

/// A hall with one camera and one sensor-only window; the model named by `manifest`.
fn hall_with_model(manifest: &Path, broker: &Broker, cameras: &RtspServer) -> Hall {
    let mut hall = Hall::demo().unwrap();
    hall.camera("windows", &cameras.url("windows"));
    hall.camera("corner", &cameras.url("corner"));
    hall.broker(&broker.url());
    hall.set("detector", "manifest", manifest.display().to_string());
    hall
}

#[test]
fn a_damaged_or_missing_model_is_named_and_never_makes_a_window_unstaffed() {
    let cameras = RtspServer::start(morning(&["windows", "corner"]), None).unwrap();
    let broker = Broker::start(Memory::None).unwrap();
    let models = tempfile::tempdir().unwrap();
    let manifest = models.path().join("models.toml");
    let text = std::fs::read_to_string(workspace().join("models/models.toml")).unwrap();
    std::fs::write(&manifest, &text).unwrap();
    let file = text
        .lines()
        .find_map(|l| {
            l.trim()
                .strip_prefix("file")?
                .trim()
                .strip_prefix('=')?
                .trim()
                .strip_prefix('"')?
                .split('"')
                .next()
        })
        .expect("the manifest names a file");
    let whole = std::fs::read(workspace().join("models").join(file)).unwrap();

    for (what, bytes, named) in [
        ("missing", None, file),
        ("cut short", Some(&whole[..whole.len() / 2]), "sha256"),
        ("one byte changed", Some(&flipped(&whole)[..]), "sha256"),
    ] {
        let path = models.path().join(file);
        match bytes {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => assert!(!path.exists()),
        }
        let hall = hall_with_model(&manifest, &broker, &cameras);
        let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
        let mut agent = Agent::start(&hall)
            .unwrap_or_else(|e| panic!("{what}: the box must run without its model: {e:#}"));
        wait::until_true(
            "the model to be named in the log",
            Duration::from_secs(20),
            || agent.log().contains(named),
        )
        .unwrap_or_else(|e| panic!("{what}: {e}\n{}", agent.log()));
        let health = agent.health();
        assert_ne!(health["overall"], "ok", "{what}: {health:#}");
        wait::throughout("no window is unstaffed", Duration::from_secs(6), || {
            agent.http().json("/api/snapshot").is_ok_and(|s| {
                s["windows"]
                    .as_array()
                    .is_some_and(|w| w.iter().all(|w| w["state"] != "unstaffed"))
            })
        })
        .unwrap_or_else(|e| panic!("{what}: {e}"));
        let doctor = run(&[
            "doctor",
            "--config",
            &hall.write().unwrap().display().to_string(),
        ])
        .unwrap();
        let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert_eq!(doctor.status.code(), Some(1), "{what}: {said}");
        assert!(
            said.contains("MISSING") && said.contains("mend:"),
            "{what}: {said}"
        );
        assert!(agent.stop().unwrap().0.success(), "{what}");
        assert!(
            centre
                .events()
                .iter()
                .all(|e| e["data"]["code"] != "unstaffed"),
            "{what}"
        );
    }
}

fn flipped(whole: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes
}

#[test]
fn a_missing_model_does_not_stop_the_judging_of_sensor_windows() {
    let broker = Broker::start(Memory::None).unwrap();
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let mut hall = Hall::of_sensors(3).unwrap();
    hall.broker(&broker.url());
    hall.set("detector", "manifest", "/nowhere/models.toml");
    let _people = Toggler::start(broker.port(), 3).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    centre
        .wait_event("an absence", Duration::from_secs(60), |_, data| {
            data["code"] == "unstaffed"
        })
        .unwrap();
    assert!(agent.stop().unwrap().0.success());
}

#[test]
fn a_wrong_configuration_names_all_mistakes_and_nothing_starts() {
    let mut hall = Hall::demo().unwrap();
    hall.set("rules", "notice_secs", 3);
    hall.rule("warn_s", 1);
    hall.set("uplink", "url", "http://example.invalid");
    hall.camera("corner", "rtsp://viewer:hunter2@127.0.0.1:1/corner");
    let config = hall.write().unwrap().display().to_string();
    for command in ["check", "run"] {
        let output = run(&[command, "--config", &config]).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        for mistake in ["notice_secs", "warn_s", "uplink.url", "cameras[1].url"] {
            assert!(said.contains(mistake), "{command} names {mistake}: {said}");
        }
        assert!(
            !said.contains("hunter2"),
            "{command} shows no password: {said}"
        );
    }
    assert!(!hall.folder().join("store").exists(), "nothing was opened");
}

#[test]
fn a_wrong_camera_password_is_named_without_showing_it_and_the_other_camera_is_judged() {
    let [windows, corner]: [Camera; 2] = morning(&["windows", "corner"]).try_into().unwrap();
    let login = Login {
        user: "viewer".into(),
        password: "right-one".into(),
    };
    let locked = RtspServer::start(vec![corner], Some(login)).unwrap();
    let open = RtspServer::start(vec![windows], None).unwrap();
    let mut hall = Hall::demo().unwrap();
    hall.camera("windows", &open.url("windows"));
    hall.camera("corner", &locked.url("corner"));
    hall.camera_key("corner", "user", "viewer");
    hall.camera_key("corner", "password_env", "CORNER_PASSWORD");
    hall.env("CORNER_PASSWORD", "wrong-one-4711");
    hall.set("uplink", "enabled", false);
    let mut agent = Agent::start(&hall).unwrap();
    wait::until_true("W1 to be staffed", Duration::from_secs(30), || {
        state(&agent, "W1") == "staffed"
    })
    .unwrap();
    wait::until_true("the refusal in the log", Duration::from_secs(20), || {
        let log = agent.log();
        log.contains("corner")
            && (log.contains("password") || log.contains("nauthorized") || log.contains("login"))
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    for text in [
        agent.log(),
        agent.http().get("/health").unwrap().text(),
        agent.http().get("/api/hall").unwrap().text(),
    ] {
        assert!(
            !text.contains("wrong-one-4711"),
            "a password is shown: {text}"
        );
    }
    assert!(agent.stop().unwrap().0.success());

    // The right one is accepted.
    hall.env("CORNER_PASSWORD", "right-one");
    let mut agent = Agent::start(&hall).unwrap();
    wait::until_true(
        "pictures of the corner camera",
        Duration::from_secs(30),
        || {
            let health = agent.health();
            health["cameras"].as_array().is_some_and(|c| {
                c.iter()
                    .any(|c| c["camera"] == "corner" && c["analysed"].as_u64() > Some(5))
            })
        },
    )
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    assert!(agent.stop().unwrap().0.success());
}

fn state(agent: &Agent, window: &str) -> String {
    let snapshot = agent.http().json("/api/snapshot").unwrap_or_default();
    let windows = snapshot["windows"].as_array().cloned().unwrap_or_default();
    windows
        .iter()
        .find(|w| w["window"] == window)
        .and_then(|w| w["state"].as_str())
        .unwrap_or("missing")
        .to_owned()
}
