//! Queues between the scenarios: thresholds, passers-by, tracks, gaps, several cameras.

use crate::hall::{Scene, check, t};

#[test]
fn queue_thresholds_compare_at_the_person_and_the_second() {
    for (people, until, raised) in [
        (9, "10:00:00", false),
        (10, "10:00:00", true),
        (11, "10:00:00", true),
        (10, "09:32:59", false),
        (10, "09:33:00", true),
    ] {
        let scene = Scene::new()
            .from("09:30:00", "Q1", people)
            .from(until, "Q1", 0);
        let got = !scene.play("09:10:00", "09:40:00").events.is_empty();
        assert_eq!(got, raised, "{people} people until {until}");
    }
    for (left, back, cleared) in [
        (7, "09:51:59", false),
        (7, "09:52:00", true),
        (8, "09:59:00", false),
        (6, "09:51:59", false),
    ] {
        let scene = Scene::new()
            .from("09:30:00", "Q1", 12)
            .from("09:50:00", "Q1", left)
            .from(back, "Q1", 12);
        let lines = scene.play("09:10:00", "09:58:00").lines();
        assert_eq!(
            lines.iter().any(|l| l.contains("end 09:50:00 Cleared")),
            cleared,
            "{left} until {back}: {lines:?}"
        );
    }
    check(
        "passers-by do not keep a queue long",
        &Scene::new()
            .from("09:30:00", "Q1", 12)
            .from("09:50:00", "Q1", 6)
            .from("09:51:50", "Q1", 11)
            .from("09:52:05", "Q1", 6),
        "09:10:00",
        "10:00:00",
        &[
            "09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 12",
            "09:52:05 QueueLong Q1 Warn cleared r2 onset 09:30:00 end 09:50:00 Cleared dur 1200 peak 12",
        ],
    );
    for (dip_s, raised_at) in [(2, "09:33:00"), (3, "09:34:03")] {
        let scene = Scene::new()
            .from("09:30:00", "Q1", 12)
            .from("09:31:00", "Q1", 8)
            .from(&format!("09:31:0{dip_s}"), "Q1", 12);
        let raised = scene.play("09:10:00", "09:40:00").events[0].clone();
        assert_eq!(raised.updated.at, t(raised_at), "dip of {dip_s} s");
    }
}

#[test]
fn people_count_once_they_have_stayed() {
    let group = |people: u64, stagger_s: i64, stay_s: i64| {
        let mut scene = Scene::new();
        for person in 0..people {
            let from = t("09:30:00").plus_ms(person as i64 * stagger_s * 1000);
            let text = |at: hall_core::HallTime| crate::hall::hms(at.0);
            scene = scene.person(
                "Q1",
                person,
                &text(from),
                &text(from.plus_ms(stay_s * 1000)),
            );
        }
        scene
    };
    check(
        "a stream of passers-by, 12 at any time",
        &group(600, 1, 12),
        "09:20:00",
        "09:50:00",
        &[],
    );
    check(
        "41 with tracks",
        &group(12, 0, 1200),
        "09:20:00",
        "10:00:00",
        &[
            "09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 12",
            "09:52:00 QueueLong Q1 Warn cleared r2 onset 09:30:00 end 09:50:00 Cleared dur 1200 peak 12",
        ],
    );
    let drop = group(12, 0, 1200).silent("cam2", "09:31:00", "09:31:20");
    check(
        "a short silence does not restart anybody's dwell",
        &drop,
        "09:20:00",
        "09:35:00",
        &["09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 12"],
    );
}

#[test]
fn an_unseen_queue_keeps_its_timers_still() {
    check(
        "2 min silence while rising",
        &Scene::new()
            .from("09:30:00", "Q1", 12)
            .silent("cam2", "09:31:00", "09:33:00"),
        "09:10:00",
        "09:40:00",
        &[
            "09:31:59 CameraOffline cam2 Fault raised r1 onset 09:30:59",
            "09:33:00 CameraOffline cam2 Fault cleared r2 onset 09:30:59 end 09:33:00 Recovered dur 121",
            "09:35:01 QueueLong Q1 Warn raised r1 onset 09:30:00 unobserved 121 peak 12",
        ],
    );
    check(
        "open at the end of duty",
        &Scene::new()
            .from("11:30:00", "Q1", 12)
            .from("12:30:00", "Q1", 0),
        "11:10:00",
        "12:40:00",
        &[
            "11:33:00 QueueLong Q1 Warn raised r1 onset 11:30:00 peak 12",
            "12:00:00 QueueLong Q1 Warn cleared r2 onset 11:30:00 end 12:00:00 ScheduleEnd dur 1800 peak 12",
        ],
    );
    check(
        "48 at the zone's capacity",
        &Scene::new()
            .with(|cfg| cfg.queues[0].capacity = Some(12))
            .from("09:30:00", "Q1", 12),
        "09:10:00",
        "09:35:00",
        &["09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 12 Saturated"],
    );
}

#[test]
fn a_second_camera_takes_over_a_queue() {
    use crate::hall::zone;
    use hall_core::config::ZoneKind;
    let two = Scene::new()
        .with(|cfg| {
            cfg.zones
                .push(zone("Q1.b", "cam1", ZoneKind::Queue("Q1".into())))
        })
        .from("09:30:00", "Q1.b", 12)
        .from("09:30:00", "Q1", 11)
        .from("09:50:00", "Q1.b", 0)
        .from("09:50:00", "Q1", 0);
    check(
        "50 the first configured camera is the primary, the other steps in without a jump",
        &two.clone().silent("cam1", "09:40:00", "09:46:00"),
        "09:10:00",
        "10:00:00",
        &[
            "09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 12",
            "09:40:59 CameraOffline cam1 Fault raised r1 onset 09:39:59",
            "09:46:00 CameraOffline cam1 Fault cleared r2 onset 09:39:59 end 09:46:00 Recovered dur 361",
            "09:52:00 QueueLong Q1 Warn cleared r2 onset 09:30:00 end 09:50:00 Cleared dur 1200 peak 12",
        ],
    );
    let played = two
        .silent("cam1", "09:20:00", "09:46:00")
        .play("09:10:00", "09:34:00");
    let raised = played.events.iter().find(|e| e.peak.is_some()).unwrap();
    assert_eq!(raised.evidence_sources, ["video:cam2"]);
}

#[test]
fn people_with_and_without_tracks_add_up() {
    // Twelve people, of whom the tracker follows only three.
    let mut scene = Scene::new().from("09:30:00", "Q1", 12);
    for track in 0..3 {
        scene = scene.person("Q1", track, "09:30:00", "10:00:00");
    }
    check(
        "41 with some tracks",
        &scene,
        "09:20:00",
        "09:40:00",
        &["09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 12"],
    );
}
