//! Customers at a window that should be staffed and is not.

use hall_core::config::{EvaluationPoint, SensorKind, Zone, ZoneKind};
use hall_core::engine::Engine;
use hall_core::event::EventCode;
use hall_core::geometry::Point;
use hall_core::observe::FaultCause;

use crate::hall::{Scene, clock, sensor, t};

/// W3 is empty in between, with `n` customers at its counter at other times in between.
fn scene(away: (&str, &str), n: u32, there: (&str, &str)) -> Scene {
    Scene::new()
        .away("W3", away.0, away.1)
        .from(there.0, "W3.counter", n)
        .from(there.1, "W3.counter", 0)
}

/// Plays a scene and compares every event but those of cameras, one line each.
#[track_caller]
fn check(name: &str, scene: &Scene, from: &str, to: &str, expected: &[&str]) {
    let mut got = scene.play(from, to).lines();
    got.retain(|line| !line.contains(" Camera"));
    assert_eq!(got, expected, "{name}: got\n{}", got.join("\n"));
}

#[test]
fn a_customer_left_alone_is_told_after_two_minutes() {
    check(
        "8 two customers, empty from 10:00:00",
        &scene(("10:00:00", "10:07:20"), 2, ("09:58:00", "10:09:00")),
        "09:50:00",
        "10:20:00",
        &[
            "10:02:00 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120",
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:07:26 CustomerUnattended W3 Warn cleared r2 onset 10:00:00 end 10:07:20 Staffed dur 440 absent 440",
            "10:08:20 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:07:20 Returned dur 440 absent 440",
        ],
    );
    check(
        "the customer comes to the empty window",
        &scene(("10:00:00", "10:09:00"), 1, ("10:01:30", "10:06:00")),
        "09:50:00",
        "10:08:00",
        &[
            "10:03:30 CustomerUnattended W3 Warn raised r1 onset 10:01:30 absent 120",
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:06:30 CustomerUnattended W3 Warn cleared r2 onset 10:01:30 end 10:06:00 CustomerLeft dur 270 absent 270",
        ],
    );
    check(
        "one second short",
        &scene(("10:00:00", "10:09:00"), 1, ("10:01:30", "10:03:29")),
        "09:50:00",
        "10:04:59",
        &[],
    );
    check(
        "duty ends",
        &scene(("11:56:00", "12:30:00"), 1, ("11:50:00", "12:10:00")),
        "11:40:00",
        "12:40:00",
        &[
            "11:58:00 CustomerUnattended W3 Warn raised r1 onset 11:56:00 absent 120",
            "12:00:00 CustomerUnattended W3 Warn cleared r2 onset 11:56:00 end 12:00:00 ScheduleEnd dur 240 absent 240",
        ],
    );
}

#[test]
fn customer_and_absence_name_each_other_with_their_next_revisions() {
    let played =
        scene(("10:00:00", "10:07:20"), 2, ("09:58:00", "10:09:00")).play("09:50:00", "10:20:00");
    let [told, absence, served, back] = &played.events[..] else {
        panic!("{:?}", played.lines())
    };
    assert!(told.related.is_empty());
    assert_eq!(absence.related, [told.id]);
    assert_eq!(
        (served.id, &served.related[..]),
        (told.id, &[absence.id][..])
    );
    assert_eq!((back.id, &back.related[..]), (absence.id, &[told.id][..]));
    assert_eq!((told.customers_max, back.customers_max), (2, 2));

    let played =
        scene(("10:00:00", "10:12:00"), 1, ("10:04:00", "10:11:00")).play("09:50:00", "10:11:00");
    let [absence, told, later] = &played.events[..] else {
        panic!("{:?}", played.lines())
    };
    assert!(absence.related.is_empty());
    assert_eq!(
        (told.code, &told.related[..]),
        (EventCode::CustomerUnattended, &[absence.id][..])
    );
    assert_eq!((later.id, &later.related[..]), (absence.id, &[told.id][..]));
}

#[test]
fn a_customer_out_of_view_for_a_moment_has_not_left() {
    let blinks = |back: &str| {
        scene(("10:00:00", "10:12:00"), 1, ("10:00:00", "10:01:00"))
            .from(back, "W3.counter", 1)
            .from("10:04:00", "W3.counter", 0)
    };
    check(
        "29 s",
        &blinks("10:01:29"),
        "09:50:00",
        "10:04:59",
        &[
            "10:02:00 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120",
            "10:04:30 CustomerUnattended W3 Warn cleared r2 onset 10:00:00 end 10:04:00 CustomerLeft dur 240 absent 240",
        ],
    );
    check(
        "30 s: another customer",
        &blinks("10:01:30"),
        "09:50:00",
        "10:04:59",
        &[
            "10:03:30 CustomerUnattended W3 Warn raised r1 onset 10:01:30 absent 120",
            "10:04:30 CustomerUnattended W3 Warn cleared r2 onset 10:01:30 end 10:04:00 CustomerLeft dur 150 absent 150",
        ],
    );
    check(
        "out of view when it falls due: told when seen again",
        &scene(("10:00:00", "10:12:00"), 1, ("09:59:00", "10:01:50"))
            .from("10:02:10", "W3.counter", 1)
            .from("10:04:00", "W3.counter", 0),
        "09:50:00",
        "10:04:59",
        &[
            "10:02:10 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 130",
            "10:04:30 CustomerUnattended W3 Warn cleared r2 onset 10:00:00 end 10:04:00 CustomerLeft dur 240 absent 240",
        ],
    );
}

#[test]
fn what_nobody_sees_does_not_count() {
    let base = scene(("10:00:00", "10:12:00"), 1, ("09:59:00", "10:09:00"));
    check(
        "silence of 3 min pauses the clock",
        &base.clone().silent("cam1", "10:01:00", "10:04:00"),
        "09:50:00",
        "10:06:00",
        &["10:05:01 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120 unobserved 181"],
    );
    check(
        "silence of 20 s is bridged",
        &base.clone().silent("cam1", "10:01:00", "10:01:20"),
        "09:50:00",
        "10:03:00",
        &["10:02:00 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120"],
    );
    check(
        "the camera is moved",
        &base
            .source("10:03:00", "cam1", Some(FaultCause::Moved))
            .silent("cam1", "10:03:00", "10:30:00"),
        "09:50:00",
        "10:03:30",
        &[
            "10:02:00 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120",
            "10:03:00 CustomerUnattended W3 Warn cleared r2 onset 10:00:00 end 10:02:59 Unobservable dur 179 absent 179",
        ],
    );
}

#[test]
fn a_pause_excuses_it_and_nobody_waits_off_duty() {
    let paused = |from: &str, to: &str| {
        scene(("10:00:00", "10:12:00"), 1, ("09:59:00", "10:11:00"))
            .with(|cfg| cfg.sensors = vec![sensor("W3-pause", "W3", SensorKind::Pause)])
            .sensor("W3-pause", true, from, to)
            .sensor("W3-pause", false, to, "10:12:00")
    };
    check(
        "paused after a minute",
        &paused("10:01:00", "10:03:00"),
        "09:50:00",
        "10:06:00",
        &["10:05:00 CustomerUnattended W3 Warn raised r1 onset 10:03:00 absent 120"],
    );
    check(
        "paused when it is known",
        &paused("10:02:30", "10:06:00"),
        "09:50:00",
        "10:06:30",
        &[
            "10:02:00 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120",
            "10:02:30 CustomerUnattended W3 Warn cleared r2 onset 10:00:00 end 10:02:30 Excused dur 150 absent 150",
        ],
    );
    check(
        "lunch",
        &scene(("12:00:00", "12:59:00"), 1, ("12:05:00", "12:50:00")),
        "11:50:00",
        "13:10:00",
        &[],
    );
}

#[test]
fn a_camera_that_sees_only_the_counter_counts_customers() {
    let scene = scene(("10:00:00", "10:12:00"), 1, ("09:59:00", "10:09:00")).with(|cfg| {
        let counter = cfg
            .zones
            .iter_mut()
            .find(|z| z.id.as_str() == "W3.counter")
            .unwrap();
        *counter = Zone {
            id: "W3.counter".into(),
            camera: "cam2".into(),
            kind: ZoneKind::Counter("W3".into()),
            polygon: vec![Point { x: 0.0, y: 0.0 }; 3],
            evaluation_point: EvaluationPoint::Center,
            adult_height: None,
        };
    });
    check(
        "counter on another camera",
        &scene.clone(),
        "09:50:00",
        "10:04:00",
        &["10:02:00 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120"],
    );
    check(
        "which falls silent for 2 min",
        &scene.silent("cam2", "10:01:00", "10:03:00"),
        "09:50:00",
        "10:04:30",
        &["10:04:01 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120 unobserved 121"],
    );
}

#[test]
fn a_restart_goes_on_with_the_customer_or_closes_where_last_seen() {
    let over_a_crash = |scene: &Scene, crash: &str, back: &str, to: &str| {
        let first = scene.play("09:50:00", crash);
        let mut engine = Engine::new(scene.cfg.clone(), clock(), t(back));
        engine.recall(first.events.iter().cloned());
        engine.resume(&first.engine.checkpoint());
        let second = scene.go_on(engine, back, to);
        let lines = [first.lines(), second.lines()].concat();
        let customers = lines.into_iter().filter(|line| line.contains("Customer"));
        customers.collect::<Vec<_>>()
    };
    let waits = scene(("10:00:00", "10:20:00"), 1, ("09:59:00", "10:18:00"));
    assert_eq!(
        over_a_crash(&waits, "10:01:00", "10:04:00", "10:10:00"),
        ["10:05:00 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120 unobserved 180"],
        "not yet told"
    );
    assert_eq!(
        over_a_crash(&waits, "10:03:00", "10:06:00", "10:30:00"),
        [
            "10:02:00 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120",
            "10:18:30 CustomerUnattended W3 Warn cleared r2 onset 10:00:00 end 10:18:00 CustomerLeft dur 1080 absent 900 unobserved 180",
        ],
        "still there"
    );
    let gone = scene(("10:00:00", "10:20:00"), 1, ("09:59:00", "10:05:00"));
    assert_eq!(
        over_a_crash(&gone, "10:03:00", "10:06:00", "10:10:00"),
        [
            "10:02:00 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120",
            "10:06:30 CustomerUnattended W3 Warn cleared r2 onset 10:00:00 end 10:03:00 PowerLoss dur 180 absent 180",
        ],
        "gone meanwhile"
    );
    let served = scene(("10:00:00", "10:05:00"), 1, ("09:59:00", "10:09:00"));
    assert_eq!(
        over_a_crash(&served, "10:03:00", "10:06:00", "10:10:00"),
        [
            "10:02:00 CustomerUnattended W3 Warn raised r1 onset 10:00:00 absent 120",
            "10:06:10 CustomerUnattended W3 Warn cleared r2 onset 10:00:00 end 10:03:00 PowerLoss dur 180 absent 180",
        ],
        "served meanwhile"
    );
}
