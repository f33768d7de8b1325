//! Crashes, clock steps, new configurations: durations stay right and events go on.

use hall_core::engine::Engine;
use hall_core::event::{EndReason, Event, EventCode, Phase};
use hall_core::observe::Input;
use hall_core::snapshot::{Reason, WindowState};
use hall_core::{HallTime, WallClock};

use crate::hall::{Played, SHANGHAI_S, Scene, clock, line, t};

/// Plays until the power is cut, then from `back` on with a new engine that resumes.
fn power_cut(scene: &Scene, from: &str, cut: &str, back: &str, to: &str) -> Vec<String> {
    let before = scene.play(from, cut);
    let saved = before.engine.checkpoint();
    let mut lines = before.lines();
    let mut engine = Engine::new(scene.cfg.clone(), clock(), t(back));
    engine.resume(&saved);
    lines.extend(scene.go_on(engine, back, to).lines());
    lines
}

#[test]
fn an_open_absence_survives_a_power_cut() {
    let away = |until: &str| Scene::new().away("W3", "10:00:00", until);
    assert_eq!(
        power_cut(
            &away("10:30:00"),
            "09:50:00",
            "10:06:10",
            "10:20:00",
            "10:40:00"
        ),
        [
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:23:50 Unstaffed W3 Warn updated r2 onset 10:00:00 absent 600 unobserved 830",
            "10:28:50 Unstaffed W3 Severe updated r3 onset 10:00:00 absent 900 unobserved 830",
            "10:31:00 Unstaffed W3 Severe cleared r4 onset 10:00:00 end 10:30:00 Returned dur 1800 absent 970 unobserved 830",
        ],
        "56 still absent"
    );
    assert_eq!(
        power_cut(
            &away("10:15:00"),
            "09:50:00",
            "10:06:10",
            "10:20:00",
            "10:40:00"
        ),
        [
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:20:10 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:06:10 PowerLoss dur 370 absent 370",
        ],
        "56 staffed meanwhile"
    );
    assert_eq!(
        power_cut(
            &away("10:30:00"),
            "09:50:00",
            "10:02:00",
            "10:04:00",
            "10:08:00"
        ),
        ["10:07:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300 unobserved 120"],
        "not published before the cut"
    );
    assert_eq!(
        power_cut(
            &away("23:00:00"),
            "11:30:00",
            "11:50:00",
            "13:30:00",
            "13:36:00"
        ),
        [
            "11:35:00 Unstaffed W3 Notice raised r1 onset 11:30:00 absent 300",
            "11:40:00 Unstaffed W3 Warn updated r2 onset 11:30:00 absent 600",
            "11:45:00 Unstaffed W3 Severe updated r3 onset 11:30:00 absent 900",
            "13:30:00 Unstaffed W3 Severe cleared r4 onset 11:30:00 end 12:00:00 ScheduleEnd dur 1800 absent 1200 unobserved 600",
            "13:35:00 Unstaffed W3 Notice raised r1 onset 13:30:00 absent 300",
        ],
        "its duty is over"
    );
}

#[test]
fn queues_and_faults_survive_a_power_cut() {
    assert_eq!(
        power_cut(
            &Scene::new()
                .from("09:30:00", "Q1", 12)
                .from("10:00:00", "Q1", 3),
            "09:10:00",
            "09:40:00",
            "09:45:00",
            "10:10:00"
        ),
        [
            "09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 12",
            "10:02:00 QueueLong Q1 Warn cleared r2 onset 09:30:00 end 10:00:00 Cleared dur 1800 unobserved 300 peak 12",
        ]
    );
    assert_eq!(
        power_cut(
            &Scene::new()
                .from("09:30:00", "Q1", 12)
                .from("09:42:00", "Q1", 3),
            "09:10:00",
            "09:40:00",
            "09:45:00",
            "10:10:00"
        ),
        [
            "09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 12",
            "09:47:00 QueueLong Q1 Warn cleared r2 onset 09:30:00 end 09:40:00 PowerLoss dur 600 peak 12",
        ]
    );
    assert_eq!(
        power_cut(
            &Scene::new().silent("cam2", "10:00:00", "10:10:00"),
            "09:50:00",
            "10:05:00",
            "10:06:00",
            "10:20:00"
        ),
        [
            "10:00:59 CameraOffline cam2 Fault raised r1 onset 09:59:59",
            "10:10:00 CameraOffline cam2 Fault cleared r2 onset 09:59:59 end 10:10:00 Recovered dur 601",
        ]
    );
}

#[test]
fn a_boot_with_a_clock_behind_invents_no_time() {
    let scene = Scene::new().away("W3", "09:30:00", "23:00:00");
    let before = scene.play("09:20:00", "09:36:00");
    let saved = before.engine.checkpoint();
    // The new boot believes it is 09:00: the length of the outage cannot be known.
    let mut engine = Engine::new(scene.cfg.clone(), clock(), t("09:00:00"));
    engine.resume(&saved);
    let late = Scene::new().away("W3", "08:00:00", "23:00:00");
    let events = late.go_on(engine, "09:00:00", "09:05:00").events;
    let warn = &events[0];
    assert_eq!(
        (warn.rev, warn.phase, warn.id),
        (2, Phase::Updated, before.events[0].id)
    );
    assert_eq!(
        (warn.absent_ms, warn.unobserved_ms),
        (600_000, 0),
        "{}",
        line(warn)
    );
}

#[test]
fn clock_steps_never_change_durations() {
    let step = |ms: i64| {
        Input::Clock(WallClock {
            offset_ms: ms,
            ..clock()
        })
    };
    for (name, ms) in [
        ("NTP +300 s", 300_000),
        ("-1 h, still on duty", -3_600_000),
        ("+1 h", 3_600_000),
    ] {
        let scene = Scene::new()
            .away("W3", "10:30:00", "10:42:00")
            .input("10:33:00", step(ms));
        let mut events = scene.play("10:20:00", "10:50:00").events;
        let steps: Vec<Event> = events.drain(..2).collect();
        assert!(
            steps.iter().all(|e| e.code == EventCode::ClockStep
                && e.onset.at == t("10:33:00")
                && e.onset.unix_ms == t("10:33:00").0 + ms
                && e.duration_ms == 0),
            "{name}: {steps:?}"
        );
        let facts: Vec<_> = events
            .iter()
            .map(|e| (e.updated.at, e.absent_ms / 1000))
            .collect();
        let at = |text: &str| t(text);
        assert_eq!(
            facts,
            [
                (at("10:35:00"), 300),
                (at("10:40:00"), 600),
                (at("10:43:00"), 720)
            ],
            "{name}"
        );
        assert_eq!(events[2].duration_ms, 720_000, "{name}");
        assert_eq!(events[2].updated.unix_ms, at("10:43:00").0 + ms, "{name}");
    }
    let scene = Scene::new()
        .away("W3", "10:30:00", "10:42:00")
        .input("10:33:00", step(8 * 3_600_000));
    assert_eq!(
        scene.play("10:20:00", "10:50:00").lines(),
        [
            "18:33:00 ClockStep box Info raised r1 onset 18:33:00",
            "18:33:00 ClockStep box Info cleared r2 onset 18:33:00 end 18:33:00 Momentary dur 0",
        ],
        "+8 h: the hall is closed, 3 minutes are no event"
    );
    let scene = Scene::new()
        .away("W3", "10:30:00", "10:42:00")
        .input("10:36:00", step(8 * 3_600_000))
        .input("10:37:00", step(0));
    let last = scene.play("10:20:00", "10:50:00").events.pop().unwrap();
    assert!(
        last.duration_ms <= 720_000 && last.duration_ms >= 0,
        "{}",
        line(&last)
    );
}

#[test]
fn nothing_is_judged_by_a_clock_nobody_believes() {
    let mut scene = Scene::new()
        .away("W3", "08:00:00", "23:00:00")
        .from("09:30:00", "Q1", 14);
    scene.clock = WallClock {
        offset_ms: 0,
        utc_offset_s: SHANGHAI_S,
        synced: false,
    };
    let played = scene.play("09:30:00", "10:00:00");
    assert_eq!(
        played.lines(),
        ["09:31:00 TimeUnsynced box Fault raised r1 onset 09:30:00"]
    );
    let w3 = &played.engine.snapshot().windows[2];
    assert_eq!(
        (w3.state, w3.reason),
        (WindowState::Unknown, Reason::ClockUnsynced)
    );
    let synced = scene
        .input("10:00:00", Input::Clock(clock()))
        .play("09:30:00", "10:05:00");
    assert_eq!(
        synced.lines(),
        [
            "09:31:00 TimeUnsynced box Fault raised r1 onset 09:30:00",
            "10:00:00 TimeUnsynced box Fault cleared r2 onset 09:30:00 end 10:00:00 Recovered dur 1800",
            "10:03:00 QueueLong Q1 Warn raised r1 onset 10:00:00 peak 14",
            "10:05:00 Unstaffed W3 Warn raised r1 onset 10:00:00 absent 300 WhilePeopleWait",
            "10:05:00 QueueLong Q1 Severe updated r2 onset 10:00:00 peak 14 WhilePeopleWait",
        ],
        "counted from the moment the time is known"
    );
}

#[test]
fn a_new_configuration_keeps_what_keeps_its_id() {
    let scene = Scene::new()
        .away("W3", "10:00:00", "10:12:00")
        .away("W2", "10:00:00", "10:30:00");
    let mut engine = Engine::new(scene.cfg.clone(), clock(), t("09:50:00"));
    for (at, input) in scene.inputs(t("09:50:00"), t("10:07:00")) {
        engine.handle(at, input);
    }
    let mut cfg = scene.cfg.clone();
    cfg.rules.revision = 2;
    cfg.rules.notice_s = 60.0;
    cfg.rules.warn_s = 120.0;
    cfg.windows.retain(|w| w.id.as_str() != "W2");
    cfg.zones.retain(|z| !z.id.as_str().starts_with("W2"));
    engine.reconfigure(t("10:07:00"), cfg.clone());
    let later = scene
        .with(|old| *old = cfg)
        .away("W3", "10:20:00", "10:23:00");
    for (at, input) in later.inputs(t("10:07:01"), t("10:30:00")) {
        engine.handle(at, input);
    }
    let played = Played::drain(engine);
    let lines: Vec<String> = played
        .events
        .iter()
        .map(|e| format!("{} {}", line(e), e.rule))
        .collect();
    assert_eq!(
        lines,
        [
            "10:05:00 Unstaffed W2 Notice raised r1 onset 10:00:00 absent 300 P0@1",
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300 P0@1",
            "10:07:00 Unstaffed W2 Notice cleared r2 onset 10:00:00 end 10:07:00 Reconfigured dur 420 absent 420 P0@1",
            "10:10:00 Unstaffed W3 Warn updated r2 onset 10:00:00 absent 600 P0@1",
            "10:13:00 Unstaffed W3 Warn cleared r3 onset 10:00:00 end 10:12:00 Returned dur 720 absent 720 P0@1",
            "10:21:00 Unstaffed W3 Notice raised r1 onset 10:20:00 absent 60 P0@2",
            "10:22:00 Unstaffed W3 Warn updated r2 onset 10:20:00 absent 120 P0@2",
            "10:24:00 Unstaffed W3 Warn cleared r3 onset 10:20:00 end 10:23:00 Returned dur 180 absent 180 P0@2",
        ],
        "58"
    );
}

#[test]
fn stopping_closes_nothing() {
    let scene = Scene::new().away("W3", "10:00:00", "10:30:00");
    let mut engine = scene.play("09:50:00", "10:06:30").engine;
    engine.finish(t("10:06:30"));
    let played = Played::drain(engine);
    assert!(played.events.is_empty());
    assert_eq!(played.summaries.len(), 1, "the running half minute");
    assert_eq!(played.engine.checkpoint().windows.len(), 1);
}

#[test]
fn the_same_onset_is_the_same_event() {
    let scene = Scene::new()
        .away("W3", "10:00:00", "10:07:00")
        .away("W2", "10:00:00", "10:07:00");
    let (first, again) = (
        scene.play("09:50:00", "10:20:00"),
        scene.play("09:30:00", "10:20:00"),
    );
    assert_eq!(first.events[0].id, again.events[0].id);
    assert_ne!(first.events[0].id, first.events[1].id, "two windows");
    assert_eq!((first.events[0].id.0 >> 80) as i64, t("10:00:00").0);
    assert!(
        first
            .events
            .iter()
            .any(|e| e.end_reason == Some(EndReason::Returned))
    );
    assert!(first.events.iter().all(|e| e.onset.at > HallTime(0)));
}

#[test]
fn a_restart_without_a_believed_clock_waits_for_the_time() {
    let scene = Scene::new().away("W3", "10:00:00", "23:00:00");
    let before = scene.play("09:50:00", "10:06:00");
    let saved = before.engine.checkpoint();
    let resume = |sync: &str| {
        let unsynced = WallClock {
            synced: false,
            ..clock()
        };
        let mut engine = Engine::new(scene.cfg.clone(), unsynced, t("10:08:00"));
        engine.resume(&saved);
        let wall = WallClock {
            offset_ms: t(sync).since_ms(t("10:10:00")),
            ..clock()
        };
        scene
            .clone()
            .input("10:10:00", Input::Clock(wall))
            .go_on(engine, "10:08:00", "10:16:00")
            .lines()
    };
    assert_eq!(
        resume("10:10:00"),
        [
            "10:09:00 TimeUnsynced box Fault raised r1 onset 10:08:00",
            "10:10:00 TimeUnsynced box Fault cleared r2 onset 10:08:00 end 10:10:00 Recovered dur 120",
            "10:14:00 Unstaffed W3 Warn updated r2 onset 10:00:00 absent 600 unobserved 240",
        ],
        "the same morning: the event goes on, two minutes without power and two without the time left out"
    );
    assert_eq!(
        resume("09-22 09:30:00"),
        [
            "10:09:00 TimeUnsynced box Fault raised r1 onset 10:08:00",
            "09:30:00 TimeUnsynced box Fault cleared r2 onset 09:28:00 end 09:30:00 Recovered dur 120 Restamped",
            "09:30:00 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:06:00 PowerLoss dur 360 absent 360",
            "09:35:00 Unstaffed W3 Notice raised r1 onset 09:30:00 absent 300",
        ],
        "the next day: it ended where it was last seen"
    );
}

#[test]
fn a_queue_event_does_not_span_a_break_in_the_dark() {
    let scene = Scene::new()
        .from("11:30:00", "Q1", 12)
        .from("12:30:00", "Q1", 0)
        .from("13:10:00", "Q1", 12);
    assert_eq!(
        power_cut(&scene, "11:20:00", "11:50:00", "13:30:00", "13:34:00"),
        [
            "11:33:00 QueueLong Q1 Warn raised r1 onset 11:30:00 peak 12",
            "13:30:00 QueueLong Q1 Warn cleared r2 onset 11:30:00 end 11:50:00 PowerLoss dur 1200 peak 12",
            "13:33:00 QueueLong Q1 Warn raised r1 onset 13:30:00 peak 12",
        ]
    );
}
