//! What the box knows about itself: its clock, its disk, its restarts, its configuration.

use hall_core::config::SensorKind;
use hall_core::event::{Event, EventCode, Subject};
use hall_core::observe::{FaultCause, Input, SourceHealth, SourceId, SystemFact};
use hall_core::time::WallClock;
use hall_core::{HallTime, engine::Engine};

use crate::hall::{Played, Scene, clock, line, sensor, t};

fn fact(fact: SystemFact) -> Input {
    Input::System(fact)
}

fn boxes(played: &Played) -> Vec<String> {
    let own = played
        .events
        .iter()
        .filter(|e| e.subject == Subject::Device);
    own.map(line).collect()
}

#[test]
fn facts_about_the_box_are_events() {
    let scene = Scene::new()
        .input("10:00:00", fact(SystemFact::StorageLow(true)))
        .input("10:05:00", fact(SystemFact::StorageLow(true)))
        .input("10:10:00", fact(SystemFact::StorageLow(false)))
        .input("10:11:00", fact(SystemFact::StorageLow(false)))
        .input("10:20:00", fact(SystemFact::PowerRestored(t("10:15:30"))))
        .input("10:21:00", fact(SystemFact::ConfigChanged("ab12".into())))
        .input("10:22:00", fact(SystemFact::ModelChanged(String::new())));
    let played = scene.play("09:50:00", "10:30:00");
    assert_eq!(
        played.lines(),
        [
            "10:00:00 StorageLow box Fault raised r1 onset 10:00:00",
            "10:10:00 StorageLow box Fault cleared r2 onset 10:00:00 end 10:10:00 Recovered dur 600",
            "10:20:00 PowerRestored box Info raised r1 onset 10:15:30 unobserved 270",
            "10:20:00 PowerRestored box Info cleared r2 onset 10:15:30 end 10:20:00 Recovered dur 270 unobserved 270",
            "10:21:00 ConfigChanged box Info raised r1 onset 10:21:00",
            "10:21:00 ConfigChanged box Info cleared r2 onset 10:21:00 end 10:21:00 Momentary dur 0",
            "10:22:00 ModelChanged box Info raised r1 onset 10:22:00",
            "10:22:00 ModelChanged box Info cleared r2 onset 10:22:00 end 10:22:00 Momentary dur 0",
        ]
    );
    let said = |e: &Event| e.evidence_sources.clone();
    assert_eq!(said(&played.events[4]), ["config:ab12"]);
    assert_eq!(said(&played.events[6]), ["model"]);
}

#[test]
fn only_steps_of_a_believed_clock_are_reported() {
    let set = |offset_ms: i64, synced: bool| {
        Input::Clock(WallClock {
            offset_ms,
            synced,
            ..clock()
        })
    };
    for (ms, reported) in [
        (4_999, false),
        (5_000, true),
        (-5_000, true),
        (-4_999, false),
    ] {
        let scene = Scene::new().input("10:00:00", set(ms, true));
        let played = scene.play("09:50:00", "10:01:00");
        assert_eq!(!played.events.is_empty(), reported, "{ms}");
        if let Some(step) = played.events.first() {
            let sign = if ms > 0 { "+5 s" } else { "-5 s" };
            assert_eq!(step.evidence_sources, [format!("clock:{sign}")]);
        }
    }
    let mut scene = Scene::new().input("09:50:59", set(3_600_000, true));
    scene.clock.synced = false;
    assert!(
        scene.play("09:50:00", "10:01:00").events.is_empty(),
        "a box that is told the time within a minute has nothing to report"
    );
    let scene = Scene::new()
        .input("10:00:00", set(0, false))
        .input("10:02:00", set(0, true));
    assert_eq!(
        scene.play("09:50:00", "10:05:00").lines(),
        [
            "10:01:00 TimeUnsynced box Fault raised r1 onset 10:00:00",
            "10:02:00 TimeUnsynced box Fault cleared r2 onset 10:00:00 end 10:02:00 Recovered dur 120",
        ]
    );
}

#[test]
fn facts_of_a_box_without_the_time_get_it_afterwards() {
    // Boots in 1970; hall time begins there too. At 5 minutes it is told that it is 2026-09-21 10:00:00.
    let boot = HallTime(10_000);
    let at = |s: i64| boot.plus_ms(s * 1000);
    let unsynced = WallClock {
        synced: false,
        ..clock()
    };
    let seat = sensor("W3-seat", "W3", SensorKind::Seat);
    let cfg = Scene::new().with(|cfg| cfg.sensors = vec![seat]).cfg;
    let mut engine = Engine::new(cfg, unsynced, boot);
    let defect = |s: i64, down: bool| {
        Input::Source(SourceHealth {
            source: SourceId::Sensor("W3-seat".into()),
            at: at(s),
            down: down.then_some(FaultCause::Defect),
        })
    };
    engine.handle(at(10), defect(10, true));
    engine.handle(at(120), defect(120, false));
    engine.handle(at(130), defect(130, true));
    let synced = WallClock {
        offset_ms: t("10:00:00").since_ms(at(300)),
        ..clock()
    };
    engine.handle(at(300), Input::Clock(synced));
    engine.handle(at(360), defect(360, false));
    let played = Played::drain(engine);
    let seat = |e: &&Event| e.code == EventCode::SensorFault;
    let lines: Vec<String> = played.events.iter().filter(seat).map(line).collect();
    assert_eq!(
        lines,
        [
            "08:01:20 SensorFault W3-seat Fault raised r1 onset 08:00:20",
            "08:02:10 SensorFault W3-seat Fault cleared r2 onset 08:00:20 end 08:02:10 Recovered dur 110",
            "08:03:20 SensorFault W3-seat Fault raised r1 onset 08:02:20",
            "10:00:00 SensorFault W3-seat Fault revised r3 onset 09:55:10 end 09:57:00 Recovered dur 110 Restamped",
            "10:00:00 SensorFault W3-seat Fault revised r2 onset 09:57:10 Restamped",
            "10:01:00 SensorFault W3-seat Fault cleared r3 onset 09:57:10 end 10:01:00 Recovered dur 230 Restamped",
        ]
    );
    assert_eq!(
        boxes(&played),
        [
            "08:01:10 TimeUnsynced box Fault raised r1 onset 08:00:10",
            "10:00:00 TimeUnsynced box Fault cleared r2 onset 09:55:00 end 10:00:00 Recovered dur 300 Restamped",
        ],
        "no other revision of it"
    );
}

#[test]
fn open_facts_survive_a_restart() {
    let mut scene = Scene::new().input("10:00:00", fact(SystemFact::StorageLow(true)));
    scene.clock.synced = false;
    let before = scene.play("09:58:00", "10:05:00");
    let saved = before.engine.checkpoint();
    let mut engine = Engine::new(scene.cfg.clone(), scene.clock, t("10:06:00"));
    engine.resume(&saved);
    let later = Scene::new()
        .input("10:07:00", Input::Clock(clock()))
        .input("10:08:00", fact(SystemFact::StorageLow(false)));
    assert_eq!(
        later.go_on(engine, "10:06:00", "10:10:00").lines(),
        [
            "10:07:00 TimeUnsynced box Fault cleared r2 onset 09:58:00 end 10:07:00 Recovered dur 540",
            "10:08:00 StorageLow box Fault cleared r2 onset 10:00:00 end 10:08:00 Recovered dur 480",
        ]
    );
    let mut engine = Engine::new(scene.cfg.clone(), clock(), t("10:06:00"));
    engine.resume(&saved);
    assert_eq!(
        Played::drain(engine).lines(),
        [
            "10:06:00 TimeUnsynced box Fault cleared r2 onset 09:58:00 end 10:06:00 Recovered dur 480"
        ]
    );
}
