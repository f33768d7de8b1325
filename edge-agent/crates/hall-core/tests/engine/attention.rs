//! Nobody is looked for outside duty, and nothing is lost by it.

use hall_core::config::WeeklyDuty;
use hall_core::engine::Engine;
use hall_core::observe::{Input, ZoneSnapshot};
use hall_core::time::WallClock;

use crate::hall::{Played, Scene, clock, t, weekdays};

fn on_duty(engine: &mut Engine, at: &str, camera: &str) -> bool {
    engine.handle(t(at), Input::Tick);
    engine.camera_on_duty(&camera.into())
}

#[test]
fn cameras_are_on_duty_with_the_hall_or_what_they_show() {
    let scene = Scene::new();
    let mut engine = Engine::new(scene.cfg.clone(), clock(), t("08:00:00"));
    for (at, wanted) in [
        ("08:59:59.999", false),
        ("09:00:00", true),
        ("11:59:59.999", true),
        ("12:00:00", false),
        ("13:00:00", true),
        ("17:00:00", false),
    ] {
        for camera in ["cam1", "cam2"] {
            assert_eq!(on_duty(&mut engine, at, camera), wanted, "{camera} {at}");
        }
    }
    assert!(!on_duty(&mut engine, "17:00:00", "no such camera"));
}

#[test]
fn without_the_time_there_is_no_duty() {
    let unsynced = WallClock {
        synced: false,
        ..clock()
    };
    let mut engine = Engine::new(Scene::new().cfg, unsynced, t("10:00:00"));
    assert!(!on_duty(&mut engine, "10:00:01", "cam1"));
    engine.handle(t("10:00:02"), Input::Clock(clock()));
    assert!(engine.camera_on_duty(&"cam1".into()));
}

/// The scene as a box with cameras off duty sees it: pictures without zones while the engine wants no more.
fn frugal(scene: &Scene, from: &str, to: &str) -> Played {
    let mut engine = Engine::new(scene.cfg.clone(), clock(), t(from));
    for (at, input) in scene.inputs(t(from), t(to)) {
        engine.handle(at, Input::Tick);
        let input = match input {
            Input::Zones(seen) if !engine.camera_on_duty(&seen.camera) => {
                Input::Zones(ZoneSnapshot {
                    zones: Vec::new(),
                    ..seen
                })
            }
            other => other,
        };
        engine.handle(at, input);
    }
    engine.handle(t(to), Input::Tick);
    Played::drain(engine)
}

#[test]
fn nothing_is_lost_by_not_looking_outside_duty() {
    let scenes = [
        ("05", "07:00:00", "09:12:00", "08:55:00", "09:15:00"),
        ("06", "16:40:00", "23:00:00", "16:35:00", "17:05:00"),
        ("07", "11:57:00", "13:06:00", "11:55:00", "13:10:00"),
        ("28", "12:10:00", "12:20:00", "11:55:00", "13:05:00"),
    ];
    for (name, away, back, from, to) in scenes {
        for every_ms in [500, 1000] {
            let scene = Scene::new().away("W3", away, back).every(every_ms);
            let all = scene.play(from, to).lines();
            let frugal = frugal(&scene, from, to).lines();
            assert_eq!(frugal, all, "{name}");
        }
    }
}

#[test]
fn a_crowd_at_the_door_counts_from_nine() {
    let scene = Scene::new()
        .from("08:45:00", "Q1", 12)
        .from("09:20:00", "Q1", 0);
    assert_eq!(
        frugal(&scene, "08:40:00", "09:30:00").lines(),
        [
            "09:03:00 QueueLong Q1 Warn raised r1 onset 09:00:00 peak 12",
            "09:22:00 QueueLong Q1 Warn cleared r2 onset 09:00:00 end 09:20:00 Cleared dur 1200 peak 12",
        ],
        "49"
    );
}

#[test]
fn extended_hours_of_one_window_wake_its_camera_alone() {
    let scene = Scene::new().with(|cfg| {
        cfg.duty.weekly = WeeklyDuty::default();
        cfg.windows[0].duty = Some(weekdays(&[(9, 12)]));
        cfg.cameras.push("cam3".into());
        for zone in &mut cfg.zones {
            if zone.id.as_str().starts_with("W2") {
                zone.camera = "cam3".into();
            }
        }
        cfg.queues[0].windows = vec!["W2".into()];
    });
    let mut engine = Engine::new(scene.cfg, clock(), t("10:00:00"));
    let awake: Vec<&str> = ["cam1", "cam2", "cam3"]
        .into_iter()
        .filter(|camera| on_duty(&mut engine, "10:00:01", camera))
        .collect();
    assert_eq!(awake, ["cam1"]);
    assert!(!on_duty(&mut engine, "12:00:00", "cam1"));
}
