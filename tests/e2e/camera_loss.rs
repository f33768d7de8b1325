//! A camera that is gone or silent: its windows are unknown, never unstaffed, the other camera goes on, and it is back within
//! 30 s of its return.

use std::time::{Duration, Instant};

use anyhow::Result;
use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::camera_process::CameraProcess;
use edge_tests::hall::Hall;
use edge_tests::rtsp::RtspServer;
use edge_tests::signal::Signal;
use edge_tests::subscriber::{Subscriber, brief};
use edge_tests::wait;
use serde_json::Value;

use crate::judged_hall::morning;

/// The promise for the time from a camera's return to the first judgement from it.
const RECOVERY: Duration = Duration::from_secs(30);

struct Watched {
    _corner: RtspServer,
    _broker: Broker,
    centre: Subscriber,
    agent: Agent,
}

/// The demo hall with its windows camera at `windows` and the other on a server of its own, judged and known.
fn watched(windows: &str) -> Result<Watched> {
    let corner = RtspServer::start(morning(&["corner"]), None)?;
    let broker = Broker::start(Memory::None)?;
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None)?;
    let mut hall = Hall::demo()?;
    hall.camera("windows", windows);
    hall.camera("corner", &corner.url("corner"));
    hall.broker(&broker.url());
    let agent = Agent::start(&hall)?;
    let watched = Watched {
        _corner: corner,
        _broker: broker,
        centre,
        agent,
    };
    wait::until_true("window W1 to be known", Duration::from_secs(30), || {
        watched
            .window("W1")
            .is_some_and(|w| w["state"] == "staffed")
    })?;
    Ok(watched)
}

impl Watched {
    fn snapshot(&self) -> Option<Value> {
        self.agent.http().json("/api/snapshot").ok()
    }

    fn window(&self, id: &str) -> Option<Value> {
        entry(&self.snapshot()?, "windows", "window", id)
    }

    fn analysed(&self, camera: &str) -> Option<u64> {
        entry(&self.agent.health(), "cameras", "camera", camera)?["analysed"].as_u64()
    }

    /// What must hold while the windows camera is away, however it went.
    fn is_unknown_not_unstaffed(&self) -> Result<()> {
        // Silence is noticed after camera_stale_s (5 s in the demo hall).
        wait::until_true("W1 to be unknown", Duration::from_secs(15), || {
            self.window("W1").is_some_and(|w| w["state"] == "unknown")
        })?;
        let before = self.analysed("corner").unwrap_or_default();
        let told =
            self.centre
                .wait_event("camera_offline", Duration::from_secs(40), |e, data| {
                    e["subject"] == "camera/windows"
                        && data["code"] == "camera_offline"
                        && data["phase"] == "raised"
                })?;
        assert_eq!(told["data"]["level"], "fault");
        wait::throughout("W1 and W3 stay unknown", Duration::from_secs(5), || {
            ["W1", "W3"]
                .iter()
                .all(|id| self.window(id).is_some_and(|w| w["state"] == "unknown"))
        })?;
        let after = self.analysed("corner").unwrap_or_default();
        assert!(
            after >= before + 15,
            "the other camera goes on: {before} then {after} pictures"
        );
        Ok(())
    }

    /// What must hold after its return.
    fn recovers(&self, returned: Instant) -> Result<()> {
        wait::until_true("W1 to be judged again", RECOVERY, || {
            self.window("W1").is_some_and(|w| w["state"] == "staffed")
        })?;
        println!(
            "judged again {:.1} s after the camera's return",
            returned.elapsed().as_secs_f64()
        );
        self.centre.wait_event(
            "the camera event to end",
            Duration::from_secs(20),
            |e, data| {
                e["subject"] == "camera/windows"
                    && data["phase"] == "cleared"
                    && data["end_reason"] == "recovered"
            },
        )?;
        let accused: Vec<_> = self
            .centre
            .events()
            .iter()
            .filter(|e| innocent(e))
            .map(brief)
            .collect();
        assert!(
            accused.is_empty(),
            "windows 1, 3 and 4 were staffed all the time: {accused:#?}"
        );
        Ok(())
    }
}

/// An accusation of a window whose clerk never left.
fn innocent(event: &Value) -> bool {
    ["window/W1", "window/W3", "window/W4"]
        .iter()
        .any(|w| event["subject"] == *w)
}

fn entry(list: &Value, name: &str, key: &str, id: &str) -> Option<Value> {
    list[name]
        .as_array()?
        .iter()
        .find(|e| e[key] == id)
        .cloned()
}

#[test]
fn a_camera_that_loses_power_makes_its_windows_unknown_and_is_back_within_30_s() {
    let mut camera = CameraProcess::start("morning", "windows", None).unwrap();
    let mut hall = watched(&camera.url("windows")).unwrap();
    camera.kill();
    hall.is_unknown_not_unstaffed().unwrap();
    let _again = CameraProcess::start("morning", "windows", Some(camera.port())).unwrap();
    hall.recovers(Instant::now()).unwrap();
    assert!(hall.agent.stop().unwrap().0.success());
}

#[test]
fn a_camera_that_falls_silent_without_closing_is_noticed_and_is_back_within_30_s() {
    let camera = RtspServer::start(morning(&["windows"]), None).unwrap();
    let mut hall = watched(&camera.url("windows")).unwrap();
    camera.go_silent();
    hall.is_unknown_not_unstaffed().unwrap();
    camera.speak_again();
    hall.recovers(Instant::now()).unwrap();
    assert!(hall.agent.stop().unwrap().0.success());
}

#[test]
fn a_camera_that_freezes_with_its_connections_open_is_noticed_and_is_back_within_30_s() {
    let camera = CameraProcess::start("morning", "windows", None).unwrap();
    let mut hall = watched(&camera.url("windows")).unwrap();
    camera.signal(Signal::Stop).unwrap();
    hall.is_unknown_not_unstaffed().unwrap();
    camera.signal(Signal::Continue).unwrap();
    hall.recovers(Instant::now()).unwrap();
    assert!(hall.agent.stop().unwrap().0.success());
}
