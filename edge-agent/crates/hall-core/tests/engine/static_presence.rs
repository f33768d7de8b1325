//! What never moves is neither staffed nor unstaffed: coats, posters, screens.

use hall_core::account::TimeClass;
use hall_core::config::SensorKind;
use hall_core::engine::Engine;
use hall_core::observe::{Input, ZoneCount, ZoneSnapshot};
use hall_core::snapshot::{Reason, WindowState};
use hall_core::{HallTime, Tri};

use crate::hall::{Played, Scene, clock, sensor, t};

/// Pictures of W3 once a second: how many are there, and since when nothing moved (`None`: it moves).
fn look(engine: &mut Engine, from: &str, to: &str, count: u32, still: Option<&str>) {
    let mut at = t(from);
    while at < t(to) {
        let moved = still.map_or(at, t);
        let zones = ["W1.staff", "W2.staff", "W3.staff", "W4.staff"].map(|zone| ZoneCount {
            zone: zone.into(),
            count: if zone == "W3.staff" { count } else { 1 },
            tracks: Vec::new(),
            still_since: (zone == "W3.staff" && count > 0).then_some(moved),
        });
        let picture = ZoneSnapshot {
            camera: "cam1".into(),
            at,
            zones: zones.into(),
        };
        engine.handle(at, Input::Zones(picture));
        at = at.plus_ms(1000);
    }
}

fn engine(from: &str) -> Engine {
    let scene = Scene::new().with(|cfg| cfg.cameras.truncate(1));
    Engine::new(scene.cfg, clock(), t(from))
}

fn minutes(engine: &Engine) -> [i64; 3] {
    let tally = engine.tally(&"W3".into()).unwrap();
    [tally.staffed_ms, tally.unstaffed_ms, tally.unknown_ms].map(|ms| ms / 60_000)
}

#[test]
fn a_coat_is_suspected_after_25_minutes_and_its_time_is_unknown_from_when_it_stood_still() {
    let mut e = engine("09:50:00");
    look(&mut e, "09:50:00", "10:00:00", 1, None);
    look(&mut e, "10:00:00", "10:40:00", 1, Some("10:00:00"));
    let w3 = &e.snapshot().windows[2];
    assert_eq!(
        (w3.state, w3.reason, w3.since),
        (WindowState::Unknown, Reason::StaticPresence, t("10:00:00"))
    );
    assert_eq!((w3.video, w3.sensor), (Tri::Unknown, Tri::Unknown));
    assert!(w3.evidence_sources.is_empty());
    assert_eq!(minutes(&e), [10, 0, 39]);
    // Somebody comes in beside it at 10:40 and leaves at 10:45; nobody takes the coat away until 10:50.
    look(&mut e, "10:40:00", "10:45:00", 2, None);
    look(&mut e, "10:45:00", "10:50:00", 1, Some("10:00:00"));
    look(&mut e, "10:50:00", "10:56:00", 0, None);
    assert_eq!(e.snapshot().windows[2].state, WindowState::Unstaffed);
    let played = Played::drain(e);
    assert_eq!(
        played.lines(),
        [
            "10:25:00 StaticPresenceSuspect W3 Info raised r1 onset 10:00:00",
            "10:40:00 StaticPresenceSuspect W3 Info cleared r2 onset 10:00:00 end 10:40:00 Recovered dur 2400",
            "10:45:00 StaticPresenceSuspect W3 Info raised r1 onset 10:44:59",
            "10:50:00 StaticPresenceSuspect W3 Info cleared r2 onset 10:44:59 end 10:50:00 Recovered dur 301",
            "10:55:00 Unstaffed W3 Notice raised r1 onset 10:50:00 absent 300",
        ]
    );
    let class_at = |at: HallTime| {
        let mut class = None;
        for i in played
            .intervals
            .iter()
            .filter(|i| i.window.as_str() == "W3")
        {
            if (i.from.at..i.to.at).contains(&at) {
                class = Some(i.class);
            }
        }
        class
    };
    for (at, class) in [
        ("09:59:00", TimeClass::Staffed),
        ("10:01:00", TimeClass::Unknown),
        ("10:42:00", TimeClass::Staffed),
        ("10:47:00", TimeClass::Unknown),
        ("10:52:00", TimeClass::Unstaffed),
    ] {
        assert_eq!(class_at(t(at)), Some(class), "{at}");
    }
}

#[test]
fn a_clerk_who_reads_for_15_minutes_is_staff() {
    let mut e = engine("09:50:00");
    look(&mut e, "09:50:00", "10:00:00", 1, None);
    look(&mut e, "10:00:00", "10:24:59", 1, Some("10:00:00"));
    assert_eq!(e.snapshot().windows[2].state, WindowState::Staffed);
    look(&mut e, "10:24:59", "10:30:00", 1, None);
    assert_eq!(minutes(&e), [39, 0, 0]);
    assert!(Played::drain(e).lines().is_empty());
}

#[test]
fn a_sensor_can_vouch_for_somebody_who_never_moves() {
    let mut scene = Scene::new().with(|cfg| cfg.cameras.truncate(1));
    scene
        .cfg
        .sensors
        .push(sensor("W3-seat", "W3", SensorKind::Seat));
    let mut e = Engine::new(scene.cfg.clone(), clock(), t("09:50:00"));
    look(&mut e, "09:50:00", "10:00:00", 1, None);
    let scene = scene
        .sensor("W3-seat", true, "10:00:00", "10:50:00")
        .sensor("W3-seat", false, "10:50:00", "11:00:00");
    let mut readings = scene.inputs(t("10:00:00"), t("11:00:00"));
    readings.retain(|(_, input)| matches!(input, Input::Sensor(_)));
    let text = |at: HallTime| crate::hall::hms(at.0);
    for (at, reading) in readings {
        e.handle(at, reading);
        let (from, to) = (text(at), text(at.plus_ms(30_000)));
        look(&mut e, &from, &to, 1, Some("10:00:00"));
        let w3 = &e.snapshot().windows[2];
        let expected = if at < t("10:50:00") {
            WindowState::Staffed
        } else {
            WindowState::Unknown
        };
        assert_eq!(w3.state, expected, "{from}");
    }
    // Unknown only from when the seat went off.
    assert_eq!(e.snapshot().windows[2].since, t("10:50:00"));
    assert_eq!(
        Played::drain(e).lines(),
        ["10:50:00 StaticPresenceSuspect W3 Info raised r1 onset 10:00:00"]
    );
}

#[test]
fn the_suspicion_ends_with_its_duty_and_outlasts_a_restart() {
    let mut e = engine("11:00:00");
    look(&mut e, "11:00:00", "11:40:00", 1, Some("11:00:00"));
    let saved = e.checkpoint();
    let before = Played::drain(e);
    let mut e = engine("11:41:00");
    e.recall(before.events.iter().cloned());
    e.resume(&saved);
    // Nobody knows any more since when, but it has not moved.
    look(&mut e, "11:41:00", "11:50:00", 1, Some("11:41:00"));
    assert_eq!(e.snapshot().windows[2].reason, Reason::StaticPresence);
    look(&mut e, "11:50:00", "12:00:00", 1, Some("11:41:00"));
    look(&mut e, "12:00:00", "12:00:01", 1, Some("11:41:00"));
    assert_eq!(
        Played::drain(e).lines(),
        [
            "12:00:00 StaticPresenceSuspect W3 Info cleared r2 onset 11:00:00 end 12:00:00 ScheduleEnd dur 3600"
        ]
    );

    let mut e = engine("11:41:00");
    e.recall(before.events.iter().cloned());
    e.resume(&saved);
    look(&mut e, "11:41:00", "11:42:00", 1, Some("11:41:00"));
    look(&mut e, "11:42:00", "11:43:00", 1, None);
    assert_eq!(e.snapshot().windows[2].state, WindowState::Staffed);
    assert_eq!(
        Played::drain(e).lines(),
        [
            "11:42:00 StaticPresenceSuspect W3 Info cleared r2 onset 11:00:00 end 11:42:00 Recovered dur 2520"
        ]
    );

    let mut e = engine("12:30:00");
    e.recall(before.events);
    e.resume(&saved);
    assert_eq!(
        Played::drain(e).lines(),
        [
            "12:30:00 StaticPresenceSuspect W3 Info cleared r2 onset 11:00:00 end 11:39:59 PowerLoss dur 2399"
        ]
    );
}
