//! A person decides which of two sources was wrong: what that makes of the time they disagreed about, and of the sensor.

use hall_core::Tri;
use hall_core::account::TimeClass;
use hall_core::config::{Cover, GroupConfig, SensorKind};
use hall_core::engine::Doubt;
use hall_core::event::{EventCode, Subject};
use hall_core::observe::Input;
use hall_core::order::{Actor, CaseAction, CaseReason, Directive, EventRef, Order, Role};

use crate::hall::{Played, Scene, check, sensor, t};

/// W3 with a seat sensor that a bag keeps on from 09:50 to `off`; nobody is there from 10:00 to `back`.
fn bag(back: &str, off: &str) -> Scene {
    let mut scene = Scene::new().away("W3", "10:00:00", back);
    scene.cfg.cameras.truncate(1);
    let seat = sensor("W3-seat", "W3", SensorKind::Seat);
    scene.cfg.sensors.push(seat);
    scene
        .sensor("W3-seat", true, "09:50:00", off)
        .sensor("W3-seat", false, off, "11:59:00")
}

fn decide(scene: Scene, at: &str, reason: CaseReason) -> Scene {
    let order = Order {
        tx: format!("at {at}"),
        at: t(at),
        by: Actor {
            id: "manager-1".into(),
            role: Role::HallManager,
            windows: Vec::new(),
        },
        what: Directive::Case {
            event: EventRef::Newest {
                code: EventCode::SensorConflict,
                subject: Subject::Sensor("W3-seat".into()),
                onset_unix_ms: None,
            },
            action: CaseAction::Resolve,
            reason,
        },
    };
    scene.input(at, Input::Order(order))
}

fn sensor_wrong(scene: Scene, at: &str) -> Scene {
    decide(scene, at, CaseReason::SensorWrong)
}

/// Seconds of W3 by class, as the intervals given out say last.
fn seconds(played: &Played, from: &str, to: &str) -> [i64; 4] {
    let mut classes = vec![None; t(to).since_ms(t(from)) as usize / 1000];
    for piece in played
        .intervals
        .iter()
        .filter(|i| i.window.as_str() == "W3")
    {
        for (n, class) in classes.iter_mut().enumerate() {
            if (piece.from.at..piece.to.at).contains(&t(from).plus_ms(n as i64 * 1000)) {
                *class = Some(piece.class);
            }
        }
    }
    let count = |class| classes.iter().filter(|c| **c == Some(class)).count() as i64;
    [
        TimeClass::Staffed,
        TimeClass::Unstaffed,
        TimeClass::Paused,
        TimeClass::Unknown,
    ]
    .map(count)
}

/// What happened, until when, the events told, and seconds staffed, unstaffed, paused and unknown.
type Row = (
    &'static str,
    Scene,
    &'static str,
    &'static [&'static str],
    [i64; 4],
);

#[test]
fn the_absence_that_a_wrong_sensor_hid_is_told_as_it_was() {
    let rows: &[Row] = &[
        (
            "found afterwards",
            sensor_wrong(bag("10:25:00", "11:30:00"), "10:40:00"),
            "11:00:00",
            &[
                "10:10:00 SensorConflict W3-seat Fault raised r1 onset 10:00:00 absent 600",
                "10:25:06 SensorConflict W3-seat Fault cleared r2 onset 10:00:00 end 10:25:00 Recovered dur 1500 absent 1500",
                "10:40:00 SensorConflict W3-seat Fault revised r3 onset 10:00:00 end 10:25:00 Recovered dur 1500 absent 1500",
                "10:40:00 Unstaffed W3 Severe raised r1 onset 10:00:00 absent 1500",
                "10:40:00 Unstaffed W3 Severe revised r2 onset 10:00:00 end 10:25:00 Returned dur 1500 absent 1500 Reviewed",
            ],
            [2100, 1500, 0, 0],
        ),
        (
            "found while it goes on, to the end of duty",
            sensor_wrong(bag("13:00:00", "11:59:00"), "10:12:00"),
            "12:00:00",
            &[
                "10:10:00 SensorConflict W3-seat Fault raised r1 onset 10:00:00 absent 600",
                "10:12:00 SensorConflict W3-seat Fault revised r2 onset 10:00:00 absent 600",
                "10:12:00 SensorConflict W3-seat Fault cleared r3 onset 10:00:00 end 10:12:00 Resolved dur 720 absent 720",
                "10:12:00 Unstaffed W3 Warn raised r1 onset 10:00:00 absent 720",
                "10:12:00 Unstaffed W3 Warn revised r2 onset 10:00:00 absent 720 Reviewed",
                "10:15:00 Unstaffed W3 Severe updated r3 onset 10:00:00 absent 900 Reviewed",
                "12:00:00 Unstaffed W3 Severe cleared r4 onset 10:00:00 end 12:00:00 ScheduleEnd dur 7200 absent 7200 Reviewed",
            ],
            [0, 3600, 0, 0],
        ),
        (
            "the camera was silent for four minutes of it",
            sensor_wrong(
                bag("10:25:00", "11:30:00").silent("cam1", "10:12:00", "10:16:00"),
                "10:40:00",
            ),
            "11:00:00",
            &[
                "10:10:00 SensorConflict W3-seat Fault raised r1 onset 10:00:00 absent 600",
                "10:12:59 CameraOffline cam1 Fault raised r1 onset 10:11:59",
                "10:16:00 CameraOffline cam1 Fault cleared r2 onset 10:11:59 end 10:16:00 Recovered dur 241",
                "10:25:06 SensorConflict W3-seat Fault cleared r2 onset 10:00:00 end 10:25:00 Recovered dur 1500 absent 1259 unobserved 241",
                "10:40:00 SensorConflict W3-seat Fault revised r3 onset 10:00:00 end 10:25:00 Recovered dur 1500 absent 1259 unobserved 241",
                "10:40:00 Unstaffed W3 Severe raised r1 onset 10:00:00 absent 1259 unobserved 241",
                "10:40:00 Unstaffed W3 Severe revised r2 onset 10:00:00 end 10:25:00 Returned dur 1500 absent 1259 unobserved 241 Reviewed",
            ],
            [2100, 1259, 0, 241],
        ),
        (
            "the bag was taken away before somebody came: what follows is an absence of its own",
            sensor_wrong(bag("10:27:00", "10:20:00"), "10:40:00"),
            "11:00:00",
            &[
                "10:10:00 SensorConflict W3-seat Fault raised r1 onset 10:00:00 absent 600",
                "10:20:00 SensorConflict W3-seat Fault cleared r2 onset 10:00:00 end 10:20:00 Recovered dur 1200 absent 1200",
                "10:25:00 Unstaffed W3 Notice raised r1 onset 10:20:00 absent 300",
                "10:28:00 Unstaffed W3 Notice cleared r2 onset 10:20:00 end 10:27:00 Returned dur 420 absent 420",
                "10:40:00 SensorConflict W3-seat Fault revised r3 onset 10:00:00 end 10:20:00 Recovered dur 1200 absent 1200",
                "10:40:00 Unstaffed W3 Severe raised r1 onset 10:00:00 absent 1200",
                "10:40:00 Unstaffed W3 Severe revised r2 onset 10:00:00 end 10:20:00 Recovered dur 1200 absent 1200 Reviewed",
            ],
            [1980, 1620, 0, 0],
        ),
    ];
    for (name, scene, until, expected, time) in rows {
        check(name, scene, "09:50:00", until, expected);
        let played = scene.play("09:50:00", "12:00:00");
        assert_eq!(seconds(&played, "10:00:00", "11:00:00"), *time, "{name}");
        let tally = played.engine.tally(&"W3".into()).unwrap();
        assert_eq!(tally.total_ms(), 7_800_000, "{name}");
        assert_eq!(tally.unknown_ms / 1000, time[3], "{name}");
    }
}

#[test]
fn from_the_start_of_duty_it_is_a_late_opening_and_a_conflict_ends_with_its_duty() {
    let mut scene = Scene::new().away("W3", "08:50:00", "13:30:00");
    scene.cfg.cameras.truncate(1);
    let seat = sensor("W3-seat", "W3", SensorKind::Seat);
    scene.cfg.sensors.push(seat);
    let scene = scene
        .sensor("W3-seat", false, "08:50:00", "08:55:00")
        .sensor("W3-seat", true, "08:55:00", "13:31:00");
    check(
        "over lunch",
        &sensor_wrong(scene, "12:30:00"),
        "08:50:00",
        "13:20:00",
        &[
            "09:10:00 SensorConflict W3-seat Fault raised r1 onset 09:00:00 absent 600",
            "12:00:00 SensorConflict W3-seat Fault cleared r2 onset 09:00:00 end 12:00:00 ScheduleEnd dur 10800 absent 10800",
            "12:30:00 SensorConflict W3-seat Fault revised r3 onset 09:00:00 end 12:00:00 ScheduleEnd dur 10800 absent 10800",
            "12:30:00 LateOpen W3 Severe raised r1 onset 09:00:00 absent 10800",
            "12:30:00 LateOpen W3 Severe revised r2 onset 09:00:00 end 12:00:00 ScheduleEnd dur 10800 absent 10800 Reviewed",
            "13:05:00 LateOpen W3 Notice raised r1 onset 13:00:00 absent 300",
            "13:10:00 LateOpen W3 Warn updated r2 onset 13:00:00 absent 600",
            "13:15:00 LateOpen W3 Severe updated r3 onset 13:00:00 absent 900",
        ],
    );
}

#[test]
fn a_sensor_found_wrong_is_not_believed_until_it_goes_off() {
    let scene = sensor_wrong(bag("10:25:00", "10:50:00"), "10:20:00");
    let seat = "W3-seat".into();
    for (until, doubt, says) in [
        ("10:19:59", None, Tri::Yes),
        ("10:20:00", Some(Doubt::Ruled), Tri::Unknown),
        ("10:49:59", Some(Doubt::Ruled), Tri::Unknown),
        ("10:50:00", None, Tri::No),
    ] {
        let played = scene.play("09:50:00", until);
        assert_eq!(played.engine.doubt(&seat), doubt, "{until}");
        assert_eq!(played.engine.snapshot().windows[2].sensor, says, "{until}");
    }
    // One that had gone off before works again.
    let late = sensor_wrong(bag("10:25:00", "10:24:00"), "10:40:00");
    assert_eq!(late.play("09:50:00", "10:45:00").engine.doubt(&seat), None);
}

#[test]
fn nobody_is_accused_where_something_else_spoke_for_them() {
    let told = |scene: &Scene| -> Vec<String> {
        let lines = scene.play("09:50:00", "11:00:00").lines();
        lines
            .into_iter()
            .filter(|l| l.contains("Unstaffed"))
            .collect()
    };
    let mut two = bag("10:24:00", "11:30:00");
    let radar = sensor("W3-radar", "W3", SensorKind::Presence);
    two.cfg.sensors.push(radar);
    let two = two.sensor("W3-radar", true, "09:50:10", "11:00:00");
    let mut pair = bag("10:24:00", "11:30:00");
    pair.cfg.groups.push(GroupConfig {
        id: "AB".into(),
        windows: vec!["W3".into(), "W4".into()],
        cover: Cover::Either,
        min_staffed: 1,
    });
    for (name, scene) in [("another sensor", two), ("a pair", pair)] {
        for at in ["10:20:00", "10:40:00"] {
            assert!(
                told(&sensor_wrong(scene.clone(), at)).is_empty(),
                "{name} {at}"
            );
        }
    }
    for reason in [
        CaseReason::DeviceFault,
        CaseReason::Verified,
        CaseReason::VideoWrong,
    ] {
        let scene = decide(bag("10:25:00", "11:30:00"), "10:40:00", reason);
        assert!(told(&scene).is_empty(), "{reason:?}");
    }
}

#[test]
fn video_found_wrong_makes_the_time_staffed() {
    for at in ["10:20:00", "10:40:00"] {
        let scene = decide(bag("10:25:00", "11:30:00"), at, CaseReason::VideoWrong);
        let played = scene.play("09:50:00", "11:00:00");
        assert_eq!(
            seconds(&played, "10:00:00", "11:00:00"),
            [3600, 0, 0, 0],
            "{at}"
        );
        let conflicts = played
            .lines()
            .iter()
            .filter(|l| l.contains("raised"))
            .count();
        assert_eq!(conflicts, 1, "{at}: not asked twice");
    }
}

#[test]
fn a_decision_after_a_restart_still_tells_what_was_observed_before_it() {
    let scene = bag("10:25:00", "11:30:00");
    let first = scene.play("09:50:00", "10:15:00");
    let saved = first.engine.checkpoint();
    let mut engine = hall_core::engine::Engine::new(scene.cfg.clone(), scene.clock, t("10:17:00"));
    engine.recall(first.events.iter().cloned());
    engine.resume(&saved);
    let scene = sensor_wrong(scene, "10:40:00");
    let played = scene.go_on(engine, "10:17:00", "11:00:00");
    let lines = played.lines();
    // 600 s before the last revision, and from 10:17 to 10:25.
    assert!(
        lines.last().is_some_and(|l| l.ends_with(
            "Unstaffed W3 Severe revised r2 onset 10:00:00 end 10:25:00 Returned dur 1500 absent 1080 unobserved 420 Reviewed"
        )),
        "{}",
        lines.join("\n")
    );
}
