//! Scenarios 1–12, 20–23, 31–34, 37, 41–44, 49 as written.

use hall_core::config::{Date, DutyException};
use hall_core::observe::FaultCause;

use crate::hall::{Scene, check, hours};

#[test]
fn absences_are_reported_as_the_ladder_says() {
    check(
        "1 leaves 10:00:00, back 10:07:20",
        &Scene::new().away("W3", "10:00:00", "10:07:20"),
        "09:50:00",
        "10:20:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:08:20 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:07:20 Returned dur 440 absent 440",
        ],
    );
    check(
        "2 back 10:16:00",
        &Scene::new().away("W3", "10:00:00", "10:16:00"),
        "09:50:00",
        "10:30:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:10:00 Unstaffed W3 Warn updated r2 onset 10:00:00 absent 600",
            "10:15:00 Unstaffed W3 Severe updated r3 onset 10:00:00 absent 900",
            "10:17:00 Unstaffed W3 Severe cleared r4 onset 10:00:00 end 10:16:00 Returned dur 960 absent 960",
        ],
    );
    check(
        "3 back after 4 min 50 s",
        &Scene::new().away("W3", "10:00:00", "10:04:50"),
        "09:50:00",
        "10:20:00",
        &[],
    );
    check(
        "4 touch and go",
        &Scene::new()
            .away("W3", "10:00:00", "10:08:00")
            .away("W3", "10:08:30", "10:12:00"),
        "09:50:00",
        "10:20:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:10:00 Unstaffed W3 Warn updated r2 onset 10:00:00 absent 570 returns 1",
            "10:13:00 Unstaffed W3 Warn cleared r3 onset 10:00:00 end 10:12:00 Returned dur 720 absent 690 returns 1",
        ],
    );
}

#[test]
fn thresholds_compare_at_the_second() {
    for (back, raised) in [("10:04:59", false), ("10:05:00", true), ("10:05:01", true)] {
        let played = Scene::new()
            .away("W3", "10:00:00", back)
            .play("09:50:00", "10:20:00");
        assert_eq!(
            !played.events.is_empty(),
            raised,
            "back at {back}: {:?}",
            played.lines()
        );
    }
}

#[test]
fn duty_times_bound_every_episode() {
    check(
        "5 nobody from 09:00, clerk sits 09:12",
        &Scene::new().away("W3", "08:00:00", "09:12:00"),
        "08:30:00",
        "09:30:00",
        &[
            "09:05:00 LateOpen W3 Notice raised r1 onset 09:00:00 absent 300",
            "09:10:00 LateOpen W3 Warn updated r2 onset 09:00:00 absent 600",
            "09:13:00 LateOpen W3 Warn cleared r3 onset 09:00:00 end 09:12:00 Returned dur 720 absent 720",
        ],
    );
    check(
        "5 with the first picture at the start of duty",
        &Scene::new()
            .away("W3", "08:00:00", "09:06:00")
            .silent("cam1", "08:00:00", "09:00:03"),
        "08:59:58",
        "09:30:00",
        &[
            "09:05:00 LateOpen W3 Notice raised r1 onset 09:00:00 absent 300",
            "09:07:00 LateOpen W3 Notice cleared r2 onset 09:00:00 end 09:06:00 Returned dur 360 absent 360",
        ],
    );
    check(
        "6 leaves 16:40, never back",
        &Scene::new().away("W3", "16:40:00", "23:00:00"),
        "16:30:00",
        "18:00:00",
        &[
            "16:45:00 Unstaffed W3 Notice raised r1 onset 16:40:00 absent 300",
            "16:50:00 Unstaffed W3 Warn updated r2 onset 16:40:00 absent 600",
            "16:55:00 Unstaffed W3 Severe updated r3 onset 16:40:00 absent 900",
            "17:00:00 Unstaffed W3 Severe cleared r4 onset 16:40:00 end 17:00:00 ScheduleEnd dur 1200 absent 1200 EarlyClose",
        ],
    );
    check(
        "7 absent over lunch",
        &Scene::new().away("W3", "11:57:00", "13:06:00"),
        "11:50:00",
        "13:20:00",
        &[
            "13:05:00 LateOpen W3 Notice raised r1 onset 13:00:00 absent 300",
            "13:07:00 LateOpen W3 Notice cleared r2 onset 13:00:00 end 13:06:00 Returned dur 360 absent 360",
        ],
    );
}

#[test]
fn the_calendar_decides_who_should_be_there() {
    let date = |month, day| Date {
        year: 2026,
        month,
        day,
    };
    let calendar = |scene: Scene| {
        scene.with(|cfg| {
            cfg.duty.workdays = vec![date(9, 20)];
            cfg.duty.holidays = vec![date(10, 1)];
            cfg.duty.exceptions = vec![DutyException {
                date: date(9, 26),
                windows: vec!["W1".into(), "W2".into()],
                segments: hours(&[(9, 12)]),
            }];
        })
    };
    let empty = |window: &str, from: &str, to: &str| calendar(Scene::new().away(window, from, to));
    check(
        "10 make-up Sunday",
        &empty("W3", "09-20 10:00:00", "09-20 10:11:00"),
        "09-20 09:50:00",
        "09-20 10:20:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:10:00 Unstaffed W3 Warn updated r2 onset 10:00:00 absent 600",
            "10:12:00 Unstaffed W3 Warn cleared r3 onset 10:00:00 end 10:11:00 Returned dur 660 absent 660",
        ],
    );
    check(
        "10 ordinary Saturday",
        &empty("W3", "09-19 10:00:00", "09-19 10:11:00"),
        "09-19 09:50:00",
        "09-19 10:20:00",
        &[],
    );
    check(
        "11 holiday, with a camera fault",
        &empty("W3", "10-01 08:00:00", "10-01 18:00:00").silent(
            "cam1",
            "10-01 10:00:00",
            "10-01 10:05:00",
        ),
        "10-01 08:30:00",
        "10-01 18:00:00",
        &[
            "10:00:59 CameraOffline cam1 Fault raised r1 onset 09:59:59",
            "10:05:00 CameraOffline cam1 Fault cleared r2 onset 09:59:59 end 10:05:00 Recovered dur 301",
        ],
    );
    check(
        "12 exception names the window",
        &empty("W1", "09-26 10:00:00", "09-26 10:10:00"),
        "09-26 09:50:00",
        "09-26 10:20:00",
        &[
            "10:05:00 Unstaffed W1 Notice raised r1 onset 10:00:00 absent 300",
            "10:10:00 Unstaffed W1 Warn updated r2 onset 10:00:00 absent 600",
            "10:11:00 Unstaffed W1 Warn cleared r3 onset 10:00:00 end 10:10:00 Returned dur 600 absent 600",
        ],
    );
    check(
        "12 not this one",
        &empty("W3", "09-26 10:00:00", "09-26 10:10:00"),
        "09-26 09:50:00",
        "09-26 10:20:00",
        &[],
    );
}

#[test]
fn what_is_no_absence_raises_nothing() {
    check(
        "20 bends down 40 s",
        &Scene::new().away("W3", "10:00:00", "10:00:40"),
        "09:50:00",
        "10:20:00",
        &[],
    );
    let printer = Scene::new()
        .away("W3", "10:00:00", "10:06:00")
        .from("10:00:00", "W3.ext", 1)
        .from("10:06:00", "W3.ext", 0);
    check(
        "21 at the printer 6 min",
        &printer,
        "09:50:00",
        "10:20:00",
        &[],
    );
    let played = printer.play("09:50:00", "10:03:00");
    let w3 = &played.engine.snapshot().windows[2];
    assert!(
        w3.away_from_seat && w3.state == hall_core::snapshot::WindowState::Staffed,
        "{w3:?}"
    );
    check(
        "22 customer leans over the counter",
        &Scene::new()
            .away("W3", "10:00:00", "10:07:00")
            .from("10:02:00", "W3.counter", 1),
        "09:50:00",
        "10:06:00",
        &[
            "10:04:00 CustomerUnattended W3 Warn raised r1 onset 10:02:00 absent 120",
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
        ],
    );
    check(
        "23 colleague walks behind for 8 s",
        &Scene::new()
            .away("W3", "10:00:00", "10:03:00")
            .away("W3", "10:03:08", "10:07:00"),
        "09:50:00",
        "10:06:00",
        &["10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 292 returns 1"],
    );
}

#[test]
fn what_cannot_be_seen_is_unknown() {
    let away = || Scene::new().away("W3", "10:00:00", "10:10:00");
    check(
        "32 stream drops 20 s",
        &away().silent("cam1", "10:02:00", "10:02:20"),
        "09:50:00",
        "10:07:00",
        &["10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300"],
    );
    check(
        "32 stream drops 5 min",
        &Scene::new()
            .away("W3", "10:00:00", "10:12:00")
            .silent("cam1", "10:02:00", "10:07:00"),
        "09:50:00",
        "10:20:00",
        &[
            "10:02:59 CameraOffline cam1 Fault raised r1 onset 10:01:59",
            "10:07:00 CameraOffline cam1 Fault cleared r2 onset 10:01:59 end 10:07:00 Recovered dur 301",
            "10:10:01 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300 unobserved 301",
            "10:13:00 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:12:00 Returned dur 720 absent 419 unobserved 301",
        ],
    );
    for (cause, code) in [
        (FaultCause::Dark, "CameraDark"),
        (FaultCause::Blocked, "CameraBlocked"),
        (FaultCause::Blurry, "CameraBlurry"),
        (FaultCause::Frozen, "CameraFrozen"),
    ] {
        check(
            "29, 31, 33 the picture is useless for 20 min",
            &Scene::new()
                .away("W3", "10:20:00", "10:40:00")
                .source("10:20:00", "cam1", Some(cause))
                .source("10:40:00", "cam1", None),
            "09:50:00",
            "10:50:00",
            &[
                &format!("10:21:00 {code} cam1 Fault raised r1 onset 10:20:00"),
                &format!(
                    "10:40:00 {code} cam1 Fault cleared r2 onset 10:20:00 end 10:40:00 Recovered dur 1200"
                ),
            ],
        );
    }
    check(
        "34 start-up with an empty window",
        &Scene::new().away("W3", "08:00:00", "10:06:00"),
        "10:00:00",
        "10:20:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:07:00 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:06:00 Returned dur 360 absent 360",
        ],
    );
    check(
        "34 start-up, camera ready only at 10:00:50",
        &Scene::new()
            .away("W3", "08:00:00", "10:10:00")
            .silent("cam1", "10:00:00", "10:00:50"),
        "10:00:00",
        "10:06:00",
        &["10:05:50 Unstaffed W3 Notice raised r1 onset 10:00:50 absent 300"],
    );
}

#[test]
fn queues_raise_and_clear_with_hysteresis() {
    check(
        "41 twelve people",
        &Scene::new()
            .from("09:30:00", "Q1", 12)
            .from("09:50:00", "Q1", 6),
        "09:10:00",
        "10:10:00",
        &[
            "09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 12",
            "09:52:00 QueueLong Q1 Warn cleared r2 onset 09:30:00 end 09:50:00 Cleared dur 1200 peak 12",
        ],
    );
    check(
        "42 school group",
        &Scene::new()
            .from("09:30:00", "Q1", 15)
            .from("09:30:15", "Q1", 0),
        "09:10:00",
        "09:50:00",
        &[],
    );
    let mut swinging = Scene::new();
    for half_minute in 0..40 {
        let at = format!(
            "09:{}:{}",
            30 + half_minute / 2,
            if half_minute % 2 == 0 { "00" } else { "30" }
        );
        swinging = swinging.from(&at, "Q1", if half_minute % 2 == 0 { 11 } else { 9 });
    }
    let raised = swinging
        .from("09:50:00", "Q1", 0)
        .play("09:10:00", "10:10:00")
        .events
        .len();
    assert!(
        raised <= 2,
        "44: at most one event, raised and cleared; got {raised} revisions"
    );
    check(
        "49 crowd at the door",
        &Scene::new()
            .from("08:45:00", "Q1", 14)
            .from("09:10:00", "Q1", 0),
        "08:40:00",
        "09:20:00",
        &[
            "09:03:00 QueueLong Q1 Warn raised r1 onset 09:00:00 peak 14",
            "09:12:00 QueueLong Q1 Warn cleared r2 onset 09:00:00 end 09:10:00 Cleared dur 600 peak 14",
        ],
    );
}
