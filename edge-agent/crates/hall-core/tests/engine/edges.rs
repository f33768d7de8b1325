//! Between the scenarios: blips, drop-outs, flicker, gaps at awkward moments, short thresholds, tracks.

use hall_core::config::Rules;
use hall_core::observe::Input;

use crate::hall::{Scene, check, t};

#[test]
fn one_picture_never_decides() {
    check(
        "a blip just after leaving does not move the onset",
        &Scene::new()
            .away("W3", "10:00:00", "10:00:10")
            .away("W3", "10:00:11", "10:07:00"),
        "09:50:00",
        "10:06:00",
        &["10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300"],
    );
    check(
        "nor does one at start-up",
        &Scene::new()
            .away("W3", "08:00:00", "10:00:20")
            .away("W3", "10:00:21", "10:07:00"),
        "10:00:00",
        "10:06:00",
        &["10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300"],
    );
    check(
        "a blip at the instant a level is due delays it by the tolerance",
        &Scene::new()
            .away("W3", "10:00:00", "10:04:59")
            .away("W3", "10:05:00", "10:08:00"),
        "09:50:00",
        "10:07:00",
        &["10:05:02.001 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 302.001"],
    );
    check(
        "missed for one picture now and then",
        &{
            let mut scene = Scene::new();
            for minute in 0..20 {
                scene = scene.away(
                    "W3",
                    &format!("10:{minute:02}:10"),
                    &format!("10:{minute:02}:12"),
                );
            }
            scene
        },
        "09:50:00",
        "10:30:00",
        &[],
    );
}

#[test]
fn a_badly_seen_clerk_is_not_absent() {
    // Seen 3 s in every 10 (30 %), for ten minutes; then really gone at 10:10.
    let mut scene = Scene::new();
    for ten in 0..60 {
        let (m, s) = (ten / 6, ten % 6 * 10);
        scene = scene.away(
            "W3",
            &format!("10:{m:02}:{s:02}"),
            &format!("10:{m:02}:{:02}", s + 7),
        );
    }
    check(
        "the onset is not carried back over the flicker",
        &scene.away("W3", "10:10:00", "10:17:00"),
        "09:50:00",
        "10:16:00",
        &["10:15:00 Unstaffed W3 Notice raised r1 onset 10:10:00 absent 300"],
    );
}

#[test]
fn only_a_held_return_ends_an_episode() {
    for (gone_again, ended) in [("10:08:19", false), ("10:08:20", true), ("10:08:21", true)] {
        let scene = Scene::new()
            .away("W3", "10:00:00", "10:07:20")
            .away("W3", gone_again, "10:30:00");
        let lines = scene.play("09:50:00", "10:11:00").lines();
        let closed = lines
            .iter()
            .any(|l| l.contains("end 10:07:20 Returned dur 440"));
        assert_eq!(closed, ended, "gone again {gone_again}: {lines:?}");
    }
    check(
        "a drop-out within the tolerance does not interrupt the return",
        &Scene::new()
            .away("W3", "10:00:00", "10:07:00")
            .away("W3", "10:07:30", "10:07:32"),
        "09:50:00",
        "10:10:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:08:00 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:07:00 Returned dur 420 absent 420",
        ],
    );
    check(
        "a clerk who is back but badly seen is back",
        &{
            let mut scene = Scene::new().away("W3", "10:00:00", "10:07:00");
            for i in 0..30 {
                let (m, s) = (7 + i / 3, i % 3 * 20 + 15);
                scene = scene.away(
                    "W3",
                    &format!("10:{m:02}:{s:02}"),
                    &format!("10:{m:02}:{:02}", s + 4),
                );
            }
            scene
        },
        "09:50:00",
        "10:16:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:08:39 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:07:00 Returned dur 420 absent 420",
        ],
    );
    check(
        "a return over the instant of a level: the level follows when the absence goes on",
        &Scene::new()
            .away("W3", "10:00:00", "10:04:50")
            .away("W3", "10:05:20", "10:08:00"),
        "09:50:00",
        "10:07:00",
        &["10:05:22.001 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 292.001 returns 1"],
    );
}

#[test]
fn absence_must_fit_into_duty() {
    for (left, lines) in [
        ("16:55:01", 0),
        ("16:55:00", 2), // 300 s to closing time: raised and closed together
        ("16:54:59", 2),
    ] {
        let played = Scene::new()
            .away("W3", left, "23:00:00")
            .play("16:40:00", "17:30:00");
        assert_eq!(
            played.events.len(),
            lines,
            "left {left}: {:?}",
            played.lines()
        );
    }
    check(
        "a return just before closing time: no early closing",
        &Scene::new().away("W3", "16:50:00", "16:59:30"),
        "16:40:00",
        "17:30:00",
        &[
            "16:55:00 Unstaffed W3 Notice raised r1 onset 16:50:00 absent 300",
            "17:00:00 Unstaffed W3 Notice cleared r2 onset 16:50:00 end 17:00:00 ScheduleEnd dur 600 absent 570 returns 1",
        ],
    );
    check(
        "morning's end is no early closing",
        &Scene::new().away("W3", "11:54:00", "12:30:00"),
        "11:40:00",
        "13:30:00",
        &[
            "11:59:00 Unstaffed W3 Notice raised r1 onset 11:54:00 absent 300",
            "12:00:00 Unstaffed W3 Notice cleared r2 onset 11:54:00 end 12:00:00 ScheduleEnd dur 360 absent 360",
        ],
    );
    check(
        "there at nine for a moment, then gone: not a late opening",
        &Scene::new().away("W3", "09:00:20", "09:07:00"),
        "08:50:00",
        "09:06:00",
        &["09:05:20 Unstaffed W3 Notice raised r1 onset 09:00:20 absent 300"],
    );
    check(
        "the camera is back only at 09:20: nobody knows when the window opened",
        &Scene::new()
            .away("W3", "08:00:00", "09:30:00")
            .silent("cam1", "08:50:00", "09:20:00"),
        "08:40:00",
        "09:26:00",
        &[
            "08:50:59 CameraOffline cam1 Fault raised r1 onset 08:49:59",
            "09:20:00 CameraOffline cam1 Fault cleared r2 onset 08:49:59 end 09:20:00 Recovered dur 1801",
            "09:25:00 Unstaffed W3 Notice raised r1 onset 09:20:00 absent 300",
        ],
    );
}

#[test]
fn gaps_freeze_the_clock_where_they_hide_the_answer() {
    check(
        "silence over the instant of a level, bridged: the level follows at the next picture",
        &Scene::new()
            .away("W3", "10:00:00", "10:08:00")
            .silent("cam1", "10:04:40", "10:05:10"),
        "09:50:00",
        "10:07:00",
        &["10:05:10 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 310"],
    );
    for (back, bridged) in [("10:02:59", true), ("10:03:00", false)] {
        // The last picture is at 10:01:59: silences of 60 and 61 s.
        let scene = Scene::new()
            .away("W3", "10:00:00", "10:12:00")
            .silent("cam1", "10:02:00", back);
        let raised = scene
            .play("09:50:00", "10:08:00")
            .events
            .into_iter()
            .find(|e| e.absent_ms > 0)
            .unwrap();
        let expected = if bridged { "10:05:00" } else { "10:06:01" };
        assert_eq!(raised.updated.at, t(expected), "back {back}");
    }
    check(
        "back during the silence",
        &Scene::new()
            .away("W3", "10:00:00", "10:06:30")
            .silent("cam1", "10:06:00", "10:07:00"),
        "09:50:00",
        "10:10:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:06:59 CameraOffline cam1 Fault raised r1 onset 10:05:59",
            "10:07:00 CameraOffline cam1 Fault cleared r2 onset 10:05:59 end 10:07:00 Recovered dur 61",
            "10:08:00 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:07:00 Returned dur 420 absent 359 unobserved 61",
        ],
    );
    check(
        "a window seen by nobody is never accused",
        &Scene::new()
            .away("W3", "10:00:00", "10:30:00")
            .silent("cam1", "10:00:05", "10:30:00"),
        "09:50:00",
        "10:40:00",
        &[
            "10:01:04 CameraOffline cam1 Fault raised r1 onset 10:00:04",
            "10:30:00 CameraOffline cam1 Fault cleared r2 onset 10:00:04 end 10:30:00 Recovered dur 1796",
        ],
    );
    check(
        "still unseen at closing time",
        &Scene::new()
            .away("W3", "16:30:00", "23:00:00")
            .silent("cam1", "16:40:00", "23:00:00"),
        "16:20:00",
        "17:10:00",
        &[
            "16:35:00 Unstaffed W3 Notice raised r1 onset 16:30:00 absent 300",
            "16:40:00 Unstaffed W3 Warn updated r2 onset 16:30:00 absent 600",
            "16:40:59 CameraOffline cam1 Fault raised r1 onset 16:39:59",
            "17:00:00 Unstaffed W3 Warn cleared r3 onset 16:30:00 end 17:00:00 ScheduleEnd dur 1800 absent 599 unobserved 1201",
        ],
    );
}

#[test]
fn time_is_weighed_and_frames_are_not_counted() {
    for period_ms in [200, 500, 1000, 4000, 9000] {
        let scene = Scene::new()
            .away("W3", "10:00:00", "10:12:00")
            .every(period_ms);
        let events = scene.play("09:48:00", "10:20:00").events;
        assert_eq!(events.len(), 3, "every {period_ms} ms");
        for (event, at) in events.iter().zip(["10:05:00", "10:10:00", "10:13:00"]) {
            let error = event.updated.at.since_ms(t(at)).abs();
            assert!(
                error <= period_ms,
                "every {period_ms} ms: {error} ms off {at}"
            );
        }
    }
}

#[test]
fn short_thresholds_work_as_well() {
    let demo = |rules: &mut Rules| {
        (
            rules.present_confirm_s,
            rules.absent_confirm_s,
            rules.gap_tolerance_s,
        ) = (2.0, 3.0, 1.0);
        (
            rules.notice_s,
            rules.warn_s,
            rules.severe_s,
            rules.return_hold_s,
        ) = (10.0, 20.0, 30.0, 3.0);
        (
            rules.queue_raise_count,
            rules.queue_clear_count,
            rules.queue_dwell_s,
        ) = (4, 2, 2.0);
        (rules.queue_duration_s, rules.queue_clear_s) = (10.0, 5.0);
    };
    check(
        "demo hall",
        &Scene::new()
            .with(|cfg| demo(&mut cfg.rules))
            .every(200)
            .away("W3", "10:00:00", "10:00:24")
            .from("10:01:00", "Q1", 5)
            .from("10:01:20", "Q1", 1),
        "09:59:00",
        "10:02:00",
        &[
            "10:00:10 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 10",
            "10:00:20 Unstaffed W3 Warn updated r2 onset 10:00:00 absent 20",
            "10:00:27 Unstaffed W3 Warn cleared r3 onset 10:00:00 end 10:00:24 Returned dur 24 absent 24",
            "10:01:10 QueueLong Q1 Warn raised r1 onset 10:01:00 peak 5",
            "10:01:25 QueueLong Q1 Warn cleared r2 onset 10:01:00 end 10:01:20 Cleared dur 20 peak 5",
        ],
    );
    check(
        "notice before absence can be confirmed: raised when it is",
        &Scene::new()
            .with(|cfg| cfg.rules.notice_s = 10.0)
            .away("W3", "10:00:00", "10:01:00"),
        "09:50:00",
        "10:00:50",
        &["10:00:24 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 24"],
    );
}

#[test]
fn late_doubled_and_foreign_inputs_do_no_harm() {
    let scene = Scene::new().away("W3", "10:00:00", "10:07:20");
    let tidy = scene.play("09:50:00", "10:20:00").lines();
    let mut engine = hall_core::engine::Engine::new(scene.cfg.clone(), scene.clock, t("09:50:00"));
    let mut inputs = scene.inputs(t("09:50:00"), t("10:20:00"));
    // Every picture twice, the second time 40 ms late; arrival 30 ms after capture.
    let doubled: Vec<_> = inputs
        .iter()
        .map(|(at, input)| (at.plus_ms(70), input.clone()))
        .collect();
    inputs.iter_mut().for_each(|(at, _)| *at = at.plus_ms(30));
    inputs.extend(doubled);
    inputs.sort_by_key(|(at, _)| *at);
    for (at, input) in inputs {
        engine.handle(at, input);
        engine.handle(at.plus_ms(-5000), Input::Tick);
    }
    let played = crate::hall::Played::drain(engine);
    assert_eq!(played.lines(), tidy);
}

#[test]
fn rates_lose_exactly_what_was_absent() {
    let tally = |scene: &Scene, to: &str| {
        scene
            .play("09:50:00", to)
            .engine
            .tally(&"W3".into())
            .unwrap()
    };
    let away = Scene::new().away("W3", "10:00:00", "10:04:50");
    let t3 = tally(&away, "10:20:00");
    assert_eq!(
        (t3.unstaffed_ms, t3.staffed_ms),
        (290_000, 1_510_000),
        "3: loses 290 s"
    );
    let dark = tally(
        &Scene::new().silent("cam1", "10:00:00", "10:10:00"),
        "10:20:00",
    );
    assert_eq!(
        (dark.unknown_ms, dark.staffed_ms),
        (601_000, 1_199_000),
        "unknown from the last picture on"
    );
    let dip = tally(
        &Scene::new().silent("cam1", "10:00:00", "10:00:30"),
        "10:20:00",
    );
    assert_eq!(
        (dip.unknown_ms, dip.staffed_ms),
        (0, 1_800_000),
        "a bridged silence was none"
    );
}

#[test]
fn somebody_who_keeps_coming_is_not_accused() {
    // After five absent minutes somebody is there 3 s of every 8: not enough to be staffed, too much to be absent.
    let mut scene = Scene::new().away("W3", "10:00:00", "10:04:00");
    for i in 0..60_i64 {
        let gone = t("10:04:03").plus_ms(i * 8000);
        let back = gone.plus_ms(5000);
        scene = scene.away("W3", &crate::hall::hms(gone.0), &crate::hall::hms(back.0));
    }
    let lines = scene.play("09:50:00", "10:11:00").lines();
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn a_post_may_need_two_people() {
    let scene = |second: u32| {
        Scene::new()
            .with(|cfg| cfg.windows[2].min_staff = 2)
            .from("09:00:00", "W3.staff", 2)
            .from("10:00:00", "W3.staff", 1)
            .from("10:00:00", "W3.ext", second)
    };
    check(
        "one of two at the printer",
        &scene(1),
        "09:50:00",
        "10:06:00",
        &[],
    );
    check(
        "one of two gone",
        &scene(0),
        "09:50:00",
        "10:06:00",
        &["10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300"],
    );
    let overlap = Scene::new()
        .with(|cfg| cfg.windows[2].min_staff = 2)
        .from("09:00:00", "W3.staff", 0)
        .person("W3.staff", 7, "09:00:00", "11:00:00")
        .person("W3.ext", 7, "09:00:00", "11:00:00");
    assert_eq!(
        overlap.play("09:50:00", "09:56:00").lines().len(),
        1,
        "one person in two overlapping zones is one person"
    );
}

#[test]
fn an_absence_after_a_badly_seen_return_is_a_new_one() {
    // Back from 10:07 on, but seen only 3 s of every 7; gone for good at 10:11:00.
    let mut scene = Scene::new().away("W3", "10:00:00", "10:07:00");
    for i in 0..34_i64 {
        let gone = t("10:07:03").plus_ms(i * 7000);
        let back = gone.plus_ms(4000);
        scene = scene.away("W3", &crate::hall::hms(gone.0), &crate::hall::hms(back.0));
    }
    check(
        "two absences",
        &scene.away("W3", "10:11:01", "10:30:00"),
        "09:50:00",
        "10:17:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:08:45 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:07:14 Returned dur 434 absent 434",
            "10:16:01 Unstaffed W3 Notice raised r1 onset 10:11:01 absent 300",
        ],
    );
}
