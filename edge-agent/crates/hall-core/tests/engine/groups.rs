//! Windows judged as one post: those that cover for each other, and the whole hall.

use hall_core::engine::Engine;
use hall_core::event::EventCode;

use crate::hall::{Scene, check, clock, pair, t};

/// W1 and W2 cover for each other.
fn paired() -> Scene {
    Scene::new().with(|cfg| cfg.groups.push(pair("AB1", &["W1", "W2"])))
}

#[test]
fn an_unseen_group_gets_no_level_at_the_end_of_its_duty() {
    // Nobody from 11:40 on, nothing seen from 11:48 on; a long queue makes the level that would be published one step higher.
    let scene = paired()
        .away("W1", "11:40:00", "13:30:00")
        .away("W2", "11:40:00", "13:30:00")
        .from("11:50:00", "Q1", 12)
        .silent("cam1", "11:48:00", "13:00:00");
    let mut lines = scene.play("11:30:00", "12:05:00").lines();
    lines.retain(|line| line.contains("AB1"));
    assert_eq!(
        lines,
        [
            "11:45:00 Unstaffed AB1 Notice raised r1 onset 11:40:00 absent 300",
            "12:00:00 Unstaffed AB1 Notice cleared r2 onset 11:40:00 end 12:00:00 ScheduleEnd dur 1200 absent 479 unobserved 721",
        ]
    );
}

#[test]
fn so_many_of_a_group_must_be_there_as_it_says_and_can() {
    let three = |min_staffed| {
        Scene::new().with(move |cfg| {
            cfg.groups.push(pair("G", &["W1", "W2", "W3"]));
            cfg.groups[0].min_staffed = min_staffed;
        })
    };
    for (name, scene, expected) in [
        (
            "two of three, one away",
            three(2).away("W1", "10:00:00", "10:06:00"),
            &[][..],
        ),
        (
            "two of three, two away",
            three(2)
                .away("W1", "09:50:00", "10:06:00")
                .away("W2", "10:00:00", "10:07:00"),
            &[
                "10:05:00 Unstaffed G Notice raised r1 onset 10:00:00 absent 300",
                "10:07:00 Unstaffed G Notice cleared r2 onset 10:00:00 end 10:06:00 Returned dur 360 absent 360",
            ],
        ),
        (
            "one of three, two away",
            three(1)
                .away("W1", "09:50:00", "10:06:00")
                .away("W2", "10:00:00", "10:07:00"),
            &[],
        ),
    ] {
        check(name, &scene, "09:40:00", "10:20:00", expected);
    }
}

#[test]
fn customers_are_left_alone_only_where_nobody_covers() {
    let scene = paired()
        .away("W1", "09:50:00", "10:10:00")
        .from("09:52:00", "W1.counter", 1)
        .from("10:10:00", "W1.counter", 0);
    check("W2 covers", &scene, "09:40:00", "10:20:00", &[]);
    let played = scene
        .away("W2", "10:00:00", "10:10:00")
        .play("09:40:00", "10:20:00");
    let customer = (played.events.iter())
        .find(|event| event.code == EventCode::CustomerUnattended)
        .unwrap();
    assert_eq!(
        (customer.onset.at, customer.raised.at),
        (t("10:00:00"), t("10:02:00"))
    );
    let absence = (played.events.iter()).find(|event| event.code == EventCode::Unstaffed);
    assert_eq!(absence.unwrap().related, [customer.id]);
}

#[test]
fn the_hall_is_empty_only_when_every_window_is_seen_to_be() {
    let empty = || {
        (1..=4).fold(Scene::new(), |scene, n| {
            scene.away(&format!("W{n}"), "10:00:00", "10:08:00")
        })
    };
    let of_hall = |scene: &Scene| {
        let mut lines = scene.play("09:40:00", "10:20:00").lines();
        lines.retain(|line| line.contains("HallUnstaffed"));
        lines
    };
    assert_eq!(
        of_hall(&empty()),
        [
            "10:05:00 HallUnstaffed hall Severe raised r1 onset 10:00:00 absent 300",
            "10:09:00 HallUnstaffed hall Severe cleared r2 onset 10:00:00 end 10:08:00 Staffed dur 480 absent 480",
        ]
    );
    let first_back = empty().from("10:04:59", "W2.staff", 1);
    assert_eq!(of_hall(&first_back), [""; 0]);
    let unseen = empty().silent("cam1", "10:04:00", "10:08:00");
    assert_eq!(of_hall(&unseen), [""; 0]);
}

#[test]
fn a_hall_found_staffed_after_a_power_cut_was_empty_until_it() {
    let scene = (1..=4).fold(Scene::new(), |scene, n| {
        scene.away(&format!("W{n}"), "10:00:00", "10:12:00")
    });
    let before = scene.play("09:50:00", "10:06:00");
    let mut engine = Engine::new(scene.cfg.clone(), clock(), t("10:15:00"));
    engine.recall(before.events.iter().cloned());
    engine.resume(&before.engine.checkpoint());
    let mut lines = scene.go_on(engine, "10:15:00", "10:20:00").lines();
    lines.retain(|line| line.contains("HallUnstaffed"));
    assert_eq!(
        lines,
        [
            "10:15:10 HallUnstaffed hall Severe cleared r2 onset 10:00:00 end 10:06:00 PowerLoss dur 360 absent 360"
        ]
    );
}
