//! Declared pauses: too long, too many, over breaks and restarts.

use hall_core::account::TimeClass;
use hall_core::config::{DaySegment, SensorKind};
use hall_core::engine::Engine;
use hall_core::observe::{Input, Quality, SensorReading};
use hall_core::snapshot::{Reason, WindowState};

use crate::hall::{Played, Scene, check, clock, hms, sensor, t};

/// All windows staffed; W3 has a pause switch that is polled every 30 s, and off unless a pause says otherwise.
fn scene() -> Scene {
    Scene::new().with(|cfg| cfg.sensors = vec![sensor("W3-pause", "W3", SensorKind::Pause)])
}

fn switch(scene: Scene, at: &str, on: bool) -> Scene {
    let reading = SensorReading {
        sensor: "W3-pause".into(),
        at: t(at),
        value: on,
        quality: Quality::Good,
    };
    scene.input(at, Input::Sensor(reading))
}

/// Paused from `from` to `to`, where the switch is seen off and then polled for a minute.
fn pause(scene: Scene, from: &str, to: &str) -> Scene {
    switch(scene.sensor("W3-pause", true, from, to), to, false)
}

fn classes(played: &Played) -> Vec<(String, String, TimeClass)> {
    let mut merged: Vec<(String, String, TimeClass)> = Vec::new();
    for i in played
        .intervals
        .iter()
        .filter(|i| i.window.as_str() == "W3")
    {
        let (from, to) = (hms(i.from.unix_ms), hms(i.to.unix_ms));
        match merged.last_mut() {
            Some(last) if last.2 == i.class && last.1 == from => last.1 = to,
            _ => merged.push((from, to, i.class)),
        }
    }
    merged
}

#[test]
fn a_pause_over_its_limit_is_told_and_counts_from_the_limit_on() {
    let scene = pause(
        scene().away("W3", "10:00:00", "10:40:00"),
        "10:00:00",
        "10:20:00",
    );
    check(
        "18 paused 20 min, limit 15 min",
        &scene,
        "09:50:00",
        "10:50:00",
        &[
            "10:15:00 PauseOverrun W3 Notice raised r1 onset 10:00:00",
            "10:20:02.001 PauseOverrun W3 Notice cleared r2 onset 10:00:00 end 10:20:00 PauseEnded dur 1200",
            "10:25:00 Unstaffed W3 Notice raised r1 onset 10:20:00 absent 300",
            "10:30:00 Unstaffed W3 Warn updated r2 onset 10:20:00 absent 600",
            "10:35:00 Unstaffed W3 Severe updated r3 onset 10:20:00 absent 900",
            "10:41:00 Unstaffed W3 Severe cleared r4 onset 10:20:00 end 10:40:00 Returned dur 1200 absent 1200",
        ],
    );
    let played = scene.play("09:50:00", "10:22:00");
    let tally = played.engine.tally(&"W3".into()).unwrap();
    assert_eq!(
        (tally.paused_ms, tally.paused_over_ms, tally.unstaffed_ms),
        (900_000, 300_000, 120_000)
    );
    let classes = classes(&played);
    assert!(
        classes.contains(&("10:15:00".into(), "10:20:00".into(), TimeClass::PausedOver)),
        "{classes:?}"
    );

    for (at, reason) in [
        ("10:14:59.999", Reason::PauseDeclared),
        ("10:15:00", Reason::PauseOverLimit),
    ] {
        let w3 = &scene.play("09:50:00", at).engine.snapshot().windows[2];
        assert_eq!(
            (w3.state, w3.reason, w3.since),
            (WindowState::Paused, reason, t("10:00:00")),
            "at {at}"
        );
    }
}

#[test]
fn a_pause_of_exactly_the_limit_is_told_and_a_shorter_one_is_not() {
    for (to, told) in [("10:14:59.999", 0), ("10:15:00", 2)] {
        let played = pause(scene(), "10:00:00", to).play("09:50:00", "10:20:00");
        assert_eq!(
            played.events.len(),
            told,
            "until {to}: {:?}",
            played.lines()
        );
    }
}

#[test]
fn a_flicker_of_the_switch_is_the_same_pause() {
    for (on_again, expected) in [
        (
            "10:05:02",
            vec![
                "10:15:00 PauseOverrun W3 Notice raised r1 onset 10:00:00",
                "10:18:02.001 PauseOverrun W3 Notice cleared r2 onset 10:00:00 end 10:18:00 PauseEnded dur 1080",
            ],
        ),
        ("10:05:02.001", vec![]),
    ] {
        let scene = switch(
            scene().sensor("W3-pause", true, "10:00:00", "10:05:00"),
            "10:05:00",
            false,
        );
        let scene = pause(scene, on_again, "10:18:00");
        check(
            &format!("on again at {on_again}"),
            &scene,
            "09:50:00",
            "10:30:00",
            &expected,
        );
        let paused = scene
            .play("09:50:00", "10:10:00")
            .engine
            .tally(&"W3".into())
            .unwrap()
            .paused_ms;
        assert_eq!(
            paused,
            if expected.is_empty() {
                597_999
            } else {
                600_000
            }
        );
    }
}

#[test]
fn a_pause_never_spans_a_break() {
    check(
        "from 11:50 over lunch to 13:20",
        &pause(scene(), "11:44:00", "13:20:00"),
        "11:40:00",
        "13:30:00",
        &[
            "11:59:00 PauseOverrun W3 Notice raised r1 onset 11:44:00",
            "12:00:00 PauseOverrun W3 Notice cleared r2 onset 11:44:00 end 12:00:00 ScheduleEnd dur 960",
            "13:15:00 PauseOverrun W3 Notice raised r1 onset 13:00:00",
            "13:20:02.001 PauseOverrun W3 Notice cleared r2 onset 13:00:00 end 13:20:00 PauseEnded dur 1200",
        ],
    );
    check(
        "the limit falls due with the end of duty",
        &pause(scene(), "11:45:00", "12:05:00"),
        "11:40:00",
        "12:30:00",
        &[
            "12:00:00 PauseOverrun W3 Notice raised r1 onset 11:45:00",
            "12:00:00 PauseOverrun W3 Notice cleared r2 onset 11:45:00 end 12:00:00 ScheduleEnd dur 900",
        ],
    );
}

#[test]
fn a_switch_that_falls_silent_ends_what_it_said() {
    check(
        "last heard at 10:14:30",
        &scene().sensor("W3-pause", true, "10:00:00", "10:14:31"),
        "09:50:00",
        "10:30:00",
        &[
            "10:15:00 PauseOverrun W3 Notice raised r1 onset 10:00:00",
            "10:16:02.002 PauseOverrun W3 Notice cleared r2 onset 10:00:00 end 10:16:00.001 Unobservable dur 960.001",
        ],
    );
}

/// `n` pauses of five minutes, one every ten minutes from 09:10.
fn pauses(n: usize) -> Scene {
    (0..n).fold(scene(), |scene, i| {
        let at = |minutes: usize| format!("{:02}:{:02}:00", 9 + minutes / 60, minutes % 60);
        pause(scene, &at(10 + 10 * i), &at(15 + 10 * i))
    })
}

#[test]
fn the_pause_after_the_last_allowed_is_told_once_a_day() {
    check("four", &pauses(4), "08:50:00", "18:00:00", &[]);
    check(
        "19 six, four allowed",
        &pauses(6),
        "08:50:00",
        "18:00:00",
        &[
            "09:50:00 PauseQuota W3 Info raised r1 onset 09:50:00",
            "17:00:00 PauseQuota W3 Info cleared r2 onset 09:50:00 end 17:00:00 ScheduleEnd dur 25800",
        ],
    );
    check(
        "a flicker is no further pause, and one over lunch is one",
        &pause(
            switch(switch(pauses(3), "09:32:00", false), "09:32:01", true),
            "11:50:00",
            "13:10:00",
        ),
        "08:50:00",
        "11:59:00",
        &[],
    );
    check(
        "around the clock the day ends at midnight",
        &pauses(6).with(|cfg| {
            cfg.duty.weekly.days = std::array::from_fn(|_| {
                vec![DaySegment {
                    from_s: 0,
                    to_s: 86_400,
                }]
            });
        }),
        "08:50:00",
        "09-22 00:10:00",
        &[
            "09:50:00 PauseQuota W3 Info raised r1 onset 09:50:00",
            "00:00:00 PauseQuota W3 Info cleared r2 onset 09:50:00 end 00:00:00 ScheduleEnd dur 51000",
        ],
    );
}

/// Plays until `crash`, begins again at `back` and goes on; all events, over the crash.
fn over_a_crash(scene: &Scene, crash: &str, back: &str, to: &str) -> Vec<String> {
    let first = scene.play("08:50:00", crash);
    let mut engine = Engine::new(scene.cfg.clone(), clock(), t(back));
    engine.recall(first.events.iter().cloned());
    engine.resume(&first.engine.checkpoint());
    let second = scene.go_on(engine, back, to);
    [first.lines(), second.lines()].concat()
}

#[test]
fn a_restart_forgets_neither_the_running_pause_nor_the_count() {
    let long = pause(scene(), "10:00:00", "10:30:00");
    assert_eq!(
        over_a_crash(&long, "10:05:10", "10:05:50", "10:40:00"),
        [
            "10:15:00 PauseOverrun W3 Notice raised r1 onset 10:00:00",
            "10:30:02.001 PauseOverrun W3 Notice cleared r2 onset 10:00:00 end 10:30:00 PauseEnded dur 1800",
        ],
        "a short outage is bridged"
    );
    assert_eq!(
        over_a_crash(&long, "10:05:00", "10:09:00", "10:40:00"),
        [
            "10:19:00 PauseOverrun W3 Notice raised r1 onset 10:00:00 unobserved 240",
            "10:30:02.001 PauseOverrun W3 Notice cleared r2 onset 10:00:00 end 10:30:00 PauseEnded dur 1800 unobserved 240",
        ],
        "unobserved time does not count"
    );
    assert_eq!(
        over_a_crash(&long, "10:16:00", "10:31:00", "10:40:00"),
        [
            "10:15:00 PauseOverrun W3 Notice raised r1 onset 10:00:00",
            "10:32:30 PauseOverrun W3 Notice cleared r2 onset 10:00:00 end 10:16:00 PowerLoss dur 960",
        ],
        "over meanwhile, and the switch is not heard"
    );
    assert_eq!(
        over_a_crash(
            &pause(scene(), "11:44:00", "12:30:00"),
            "11:59:30",
            "13:05:00",
            "13:20:00"
        ),
        [
            "11:59:00 PauseOverrun W3 Notice raised r1 onset 11:44:00",
            "13:05:00 PauseOverrun W3 Notice cleared r2 onset 11:44:00 end 12:00:00 ScheduleEnd dur 960 unobserved 30",
        ],
        "duty ended meanwhile"
    );
    assert_eq!(
        over_a_crash(&pauses(5), "09:46:00", "09:48:00", "18:00:00"),
        [
            "09:50:00 PauseQuota W3 Info raised r1 onset 09:50:00",
            "17:00:00 PauseQuota W3 Info cleared r2 onset 09:50:00 end 17:00:00 ScheduleEnd dur 25800",
        ],
        "the count goes on"
    );
    assert_eq!(
        over_a_crash(&pauses(5), "09:51:10", "09:52:00", "18:00:00"),
        [
            "09:50:00 PauseQuota W3 Info raised r1 onset 09:50:00",
            "17:00:00 PauseQuota W3 Info cleared r2 onset 09:50:00 end 17:00:00 ScheduleEnd dur 25800",
        ],
        "an open one goes on"
    );
}
