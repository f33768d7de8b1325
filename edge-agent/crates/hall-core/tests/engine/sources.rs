//! Sensors beside video: fusion, pauses, staleness, disagreement, and faults of sources.

use hall_core::Tri;
use hall_core::config::SensorKind;
use hall_core::observe::{FaultCause, Input, Quality, SensorReading, SourceHealth, SourceId};
use hall_core::snapshot::{Reason, WindowState};

use crate::hall::{Scene, check, sensor, t};

fn with_seat() -> Scene {
    Scene::new().with(|cfg| cfg.sensors.push(sensor("W3-seat", "W3", SensorKind::Seat)))
}

fn with_switch() -> Scene {
    Scene::new().with(|cfg| {
        cfg.sensors
            .push(sensor("W3-pause", "W3", SensorKind::Pause))
    })
}

#[test]
fn either_source_keeps_a_window_staffed() {
    check(
        "37 standing clerk",
        &with_seat().sensor("W3-seat", false, "09:50:00", "10:20:00"),
        "09:50:00",
        "10:20:00",
        &[],
    );
    let hidden = with_seat()
        .away("W3", "10:00:00", "10:08:00")
        .sensor("W3-seat", true, "09:50:00", "10:08:00")
        .sensor("W3-seat", false, "10:08:00", "10:20:00");
    check(
        "37 clerk hidden by the monitor",
        &hidden,
        "09:50:00",
        "10:20:00",
        &[],
    );
    let played = hidden.play("09:50:00", "10:05:00");
    let w3 = &played.engine.snapshot().windows[2];
    assert_eq!(
        (w3.state, w3.reason),
        (WindowState::Staffed, Reason::SensorPresent)
    );
    assert_eq!((w3.video, w3.sensor), (Tri::No, Tri::Yes));
    assert_eq!(w3.evidence_sources, ["seat:W3-seat"]);
}

#[test]
fn agreeing_sources_are_all_named() {
    let played = with_seat()
        .away("W3", "10:00:00", "10:30:00")
        .sensor("W3-seat", false, "09:50:00", "10:30:00")
        .play("09:50:00", "10:06:00");
    assert_eq!(
        played.events[0].evidence_sources,
        ["video:cam1", "seat:W3-seat"]
    );
}

#[test]
fn a_silent_sensor_is_ignored_and_video_decides() {
    // Last reading 09:59:30: the sensor vouches for the post until it is stale, 09:59:30 + 90 s.
    check(
        "39 stale while on",
        &with_seat()
            .away("W3", "10:00:00", "10:30:00")
            .sensor("W3-seat", true, "09:50:00", "09:59:31"),
        "09:50:00",
        "10:07:00",
        &["10:06:00.001 Unstaffed W3 Notice raised r1 onset 10:01:00.001 absent 300"],
    );
    let slow = with_seat().with(|cfg| cfg.sensors[0].stale_s = Some(3600));
    check(
        "a sensor that speaks only on change vouches for longer",
        &slow
            .away("W3", "10:00:00", "10:30:00")
            .sensor("W3-seat", true, "09:50:00", "09:50:01"),
        "09:50:00",
        "10:07:00",
        &[],
    );
}

#[test]
fn a_sensor_alone_can_judge_a_window_without_cameras() {
    let blind =
        with_seat().with(|cfg| cfg.zones.retain(|zone| !zone.id.as_str().starts_with("W3")));
    check(
        "sensor-only window",
        &blind
            .clone()
            .sensor("W3-seat", true, "09:50:00", "10:00:00")
            .sensor("W3-seat", false, "10:00:00", "10:07:00")
            .sensor("W3-seat", true, "10:07:00", "10:20:00"),
        "09:50:00",
        "10:15:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:08:00 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:07:00 Returned dur 420 absent 420",
        ],
    );
    let played = blind
        .sensor("W3-seat", false, "09:50:00", "09:52:00")
        .play("09:50:00", "09:55:00");
    let w3 = &played.engine.snapshot().windows[2];
    assert_eq!(
        (w3.state, w3.reason),
        (WindowState::Unknown, Reason::SensorStale)
    );
}

#[test]
fn a_seat_that_says_nobody_proves_nothing_without_video() {
    let played = with_seat()
        .silent("cam1", "10:00:00", "10:20:00")
        .sensor("W3-seat", false, "09:50:00", "10:20:00")
        .play("09:50:00", "10:15:00");
    let w3 = &played.engine.snapshot().windows[2];
    assert_eq!(
        (w3.state, w3.reason),
        (WindowState::Unknown, Reason::CameraDown)
    );
    assert!(
        played.lines().iter().all(|l| l.contains("CameraOffline")),
        "{:?}",
        played.lines()
    );
}

#[test]
fn lasting_disagreement_is_a_matter_for_maintenance() {
    let bag = with_seat()
        .away("W3", "10:00:00", "10:25:00")
        .sensor("W3-seat", true, "09:50:00", "10:26:00")
        .sensor("W3-seat", false, "10:26:00", "10:40:00");
    check(
        "35 bag on the chair",
        &bag,
        "09:50:00",
        "10:40:00",
        &[
            "10:10:00 SensorConflict W3-seat Fault raised r1 onset 10:00:00 absent 600",
            "10:25:06 SensorConflict W3-seat Fault cleared r2 onset 10:00:00 end 10:25:00 Recovered dur 1500 absent 1500",
        ],
    );
    let played = bag.play("09:50:00", "10:20:00");
    let w3 = &played.engine.snapshot().windows[2];
    assert_eq!(
        (w3.state, w3.reason),
        (WindowState::Unknown, Reason::Conflict)
    );
    check(
        "sensor gives way, nobody there: absence counts from then",
        &with_seat()
            .away("W3", "10:00:00", "10:40:00")
            .sensor("W3-seat", true, "09:50:00", "10:20:00")
            .sensor("W3-seat", false, "10:20:00", "10:40:00"),
        "09:50:00",
        "10:26:00",
        &[
            "10:10:00 SensorConflict W3-seat Fault raised r1 onset 10:00:00 absent 600",
            "10:20:00 SensorConflict W3-seat Fault cleared r2 onset 10:00:00 end 10:20:00 Recovered dur 1200 absent 1200",
            "10:25:00 Unstaffed W3 Notice raised r1 onset 10:20:00 absent 300",
        ],
    );
    for (off, raised) in [("10:09:59", false), ("10:10:00", true)] {
        let scene = with_seat()
            .away("W3", "10:00:00", "10:14:00")
            .sensor("W3-seat", true, "09:50:00", off)
            .sensor("W3-seat", false, off, "10:20:00");
        let conflict = scene
            .play("09:50:00", "10:12:00")
            .lines()
            .iter()
            .any(|l| l.contains("SensorConflict"));
        assert_eq!(conflict, raised, "seat released {off}");
    }
}

#[test]
fn a_declared_pause_excuses_absence() {
    check(
        "18 pause over the whole absence, then nobody",
        &with_switch()
            .away("W3", "10:00:00", "10:40:00")
            .sensor("W3-pause", false, "09:50:00", "10:00:00")
            .sensor("W3-pause", true, "10:00:00", "10:20:00")
            .sensor("W3-pause", false, "10:20:00", "10:40:00"),
        "09:50:00",
        "10:26:00",
        &[
            "10:15:00 PauseOverrun W3 Notice raised r1 onset 10:00:00",
            "10:20:02.001 PauseOverrun W3 Notice cleared r2 onset 10:00:00 end 10:20:00 PauseEnded dur 1200",
            "10:25:00 Unstaffed W3 Notice raised r1 onset 10:20:00 absent 300",
        ],
    );
    check(
        "switch thrown a little after leaving",
        &with_switch()
            .away("W3", "10:00:00", "10:40:00")
            .sensor("W3-pause", true, "10:00:40", "10:20:00")
            .sensor("W3-pause", false, "10:20:00", "10:40:00"),
        "09:50:00",
        "10:26:00",
        &[
            "10:15:40 PauseOverrun W3 Notice raised r1 onset 10:00:40",
            "10:20:02.001 PauseOverrun W3 Notice cleared r2 onset 10:00:40 end 10:20:00 PauseEnded dur 1160",
            "10:25:00 Unstaffed W3 Notice raised r1 onset 10:20:00 absent 300",
        ],
    );
    check(
        "a published absence stops its clock meanwhile",
        &with_switch()
            .away("W3", "10:00:00", "10:21:00")
            .sensor("W3-pause", true, "10:06:00", "10:16:00")
            .sensor("W3-pause", false, "10:16:00", "10:40:00"),
        "09:50:00",
        "10:26:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:20:00 Unstaffed W3 Warn updated r2 onset 10:00:00 absent 600",
            "10:22:00 Unstaffed W3 Warn cleared r3 onset 10:00:00 end 10:21:00 Returned dur 1260 absent 660",
        ],
    );
    let played = with_switch()
        .away("W3", "10:00:00", "10:40:00")
        .sensor("W3-pause", true, "10:00:00", "10:20:00")
        .play("09:50:00", "10:10:00");
    let w3 = &played.engine.snapshot().windows[2];
    assert_eq!(
        (w3.state, w3.reason),
        (WindowState::Paused, Reason::PauseDeclared)
    );
    check(
        "a silent switch declares nothing",
        &with_switch()
            .away("W3", "10:00:00", "10:40:00")
            .sensor("W3-pause", true, "09:58:00", "09:58:01"),
        "09:50:00",
        "10:06:00",
        &["10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300"],
    );
}

#[test]
fn a_moved_camera_ends_what_it_can_no_longer_follow() {
    check(
        "30 moved during an open absence",
        &Scene::new()
            .away("W3", "10:00:00", "11:00:00")
            .source("10:07:00", "cam1", Some(FaultCause::Moved))
            .source("10:40:00", "cam1", None),
        "09:50:00",
        "10:46:00",
        &[
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
            "10:07:00 Unstaffed W3 Notice cleared r2 onset 10:00:00 end 10:06:59 Unobservable dur 419 absent 419",
            "10:08:00 CameraMoved cam1 Fault raised r1 onset 10:07:00",
            "10:40:00 CameraMoved cam1 Fault cleared r2 onset 10:07:00 end 10:40:00 Recovered dur 1980",
            "10:45:00 Unstaffed W3 Notice raised r1 onset 10:40:00 absent 300",
        ],
    );
}

#[test]
fn camera_faults_count_from_the_last_picture() {
    for (back, raised) in [("10:00:58", false), ("10:00:59", true), ("10:01:05", true)] {
        let scene = Scene::new().silent("cam2", "10:00:00", back);
        let lines = scene.play("09:50:00", "10:10:00").lines();
        assert_eq!(!lines.is_empty(), raised, "back {back}: {lines:?}");
    }
    check(
        "a camera that never delivers is silent from the start",
        &Scene::new().silent("cam2", "00:00:00", "23:00:00"),
        "10:00:00",
        "10:02:00",
        &["10:01:00 CameraOffline cam2 Fault raised r1 onset 10:00:00"],
    );
    check(
        "reported early, counted from the last picture; a picture disproves it",
        &Scene::new().silent("cam2", "10:00:00", "10:02:00").source(
            "10:00:10",
            "cam2",
            Some(FaultCause::Offline),
        ),
        "09:50:00",
        "10:05:00",
        &[
            "10:00:59 CameraOffline cam2 Fault raised r1 onset 09:59:59",
            "10:02:00 CameraOffline cam2 Fault cleared r2 onset 09:59:59 end 10:02:00 Recovered dur 121",
        ],
    );
    check(
        "dark, then gone: one after the other",
        &Scene::new()
            .source("10:00:00", "cam2", Some(FaultCause::Dark))
            .source("10:05:00", "cam2", Some(FaultCause::Offline))
            .silent("cam2", "10:05:00", "10:10:00"),
        "09:50:00",
        "10:15:00",
        &[
            "10:01:00 CameraDark cam2 Fault raised r1 onset 10:00:00",
            "10:05:00 CameraDark cam2 Fault cleared r2 onset 10:00:00 end 10:05:00 Unobservable dur 300",
            "10:05:59 CameraOffline cam2 Fault raised r1 onset 10:04:59",
            "10:10:00 CameraOffline cam2 Fault cleared r2 onset 10:04:59 end 10:10:00 Recovered dur 301",
        ],
    );
}

#[test]
fn a_broken_sensor_is_reported_and_ignored() {
    let reading = |at: &str, quality| {
        Input::Sensor(SensorReading {
            sensor: "W3-seat".into(),
            at: t(at),
            value: true,
            quality,
        })
    };
    check(
        "reported down",
        &with_seat()
            .input(
                "10:00:00",
                Input::Source(SourceHealth {
                    source: SourceId::Sensor("W3-seat".into()),
                    at: t("10:00:00"),
                    down: Some(FaultCause::Defect),
                }),
            )
            .input(
                "10:02:00",
                Input::Source(SourceHealth {
                    source: SourceId::Sensor("W3-seat".into()),
                    at: t("10:02:00"),
                    down: None,
                }),
            ),
        "09:50:00",
        "10:05:00",
        &[
            "10:01:00 SensorFault W3-seat Fault raised r1 onset 10:00:00",
            "10:02:00 SensorFault W3-seat Fault cleared r2 onset 10:00:00 end 10:02:00 Recovered dur 120",
        ],
    );
    check(
        "says itself that it is broken; what it says does not keep the window staffed",
        &with_seat()
            .away("W3", "10:00:00", "10:30:00")
            .input("10:00:00", reading("10:00:00", Quality::Fault))
            .input("10:04:00", reading("10:04:00", Quality::Fault)),
        "09:50:00",
        "10:06:00",
        &[
            "10:01:00 SensorFault W3-seat Fault raised r1 onset 10:00:00",
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
        ],
    );
}

#[test]
fn several_cameras_share_a_window() {
    use crate::hall::zone;
    use hall_core::config::ZoneKind;
    let two = || {
        Scene::new().with(|cfg| {
            cfg.zones
                .push(zone("W3.b", "cam2", ZoneKind::Staff("W3".into())))
        })
    };
    check(
        "any camera that sees somebody wins",
        &two()
            .away("W3", "10:00:00", "10:30:00")
            .from("09:00:00", "W3.b", 1),
        "09:50:00",
        "10:20:00",
        &[],
    );
    check(
        "the healthy one decides when the other is down",
        &two()
            .away("W3", "10:00:00", "10:30:00")
            .silent("cam2", "09:55:00", "10:30:00"),
        "09:50:00",
        "10:06:00",
        &[
            "09:55:59 CameraOffline cam2 Fault raised r1 onset 09:54:59",
            "10:05:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300",
        ],
    );
    let extended = Scene::new()
        .with(|cfg| {
            cfg.zones
                .push(zone("W3.x", "cam2", ZoneKind::StaffExtended("W3".into())))
        })
        .silent("cam1", "10:00:00", "10:30:00");
    let played = extended.play("09:50:00", "10:10:00");
    assert_eq!(
        played.engine.snapshot().windows[2].state,
        WindowState::Unknown,
        "an extended zone alone proves no absence"
    );
}

#[test]
fn pictures_since_a_fault_began_were_no_observations() {
    // Frozen since 10:02:00, noticed at 10:03:30.
    let frozen = Input::Source(SourceHealth {
        source: SourceId::Camera("cam1".into()),
        at: t("10:02:00"),
        down: Some(FaultCause::Frozen),
    });
    check(
        "33 the clock stops where the picture froze",
        &Scene::new()
            .away("W3", "10:00:00", "10:30:00")
            .input("10:03:30", frozen)
            .source("10:10:00", "cam1", None),
        "09:50:00",
        "10:14:00",
        &[
            "10:03:30 CameraFrozen cam1 Fault raised r1 onset 10:02:00",
            "10:10:00 CameraFrozen cam1 Fault cleared r2 onset 10:02:00 end 10:10:00 Recovered dur 480",
            "10:13:00 Unstaffed W3 Notice raised r1 onset 10:00:00 absent 300 unobserved 480",
        ],
    );
}

#[test]
fn a_camera_that_the_box_cannot_analyse_is_not_blamed() {
    let blind = Scene::new()
        .away("W3", "10:02:00", "10:40:00")
        .source("10:00:00", "cam1", Some(FaultCause::Unanalysed))
        .silent("cam1", "10:00:00", "10:20:00");
    check(
        "no model for 20 min: no camera event, and absence counts from what is seen again",
        &blind,
        "09:50:00",
        "10:26:00",
        &["10:25:00 Unstaffed W3 Notice raised r1 onset 10:20:00 absent 300"],
    );
    let played = blind.play("09:50:00", "10:10:00");
    assert_eq!(
        played.engine.snapshot().windows[2].state,
        WindowState::Unknown
    );
    check(
        "a camera that is gone meanwhile is offline all the same",
        &Scene::new()
            .source("10:00:00", "cam1", Some(FaultCause::Unanalysed))
            .source("10:05:00", "cam1", Some(FaultCause::Offline))
            .silent("cam1", "10:00:00", "10:20:00"),
        "09:50:00",
        "10:10:00",
        &["10:06:00 CameraOffline cam1 Fault raised r1 onset 10:05:00"],
    );
}
