//! Waits, tickets, new windows and cameras that step in, between the scenarios: thresholds, ends, gaps, restarts.

use hall_core::account::WaitSource;
use hall_core::config::ZoneKind;
use hall_core::event::EventCode;
use hall_core::observe::{FaultCause, Input, SourceHealth, SourceId, Ticket, TicketState};

use crate::hall::{Scene, check, hms, t, zone};

/// Four people from 09:30, one leaves and one joins every `every_s` until `to`; then all leave, a minute apart.
fn line(every_s: i64, to: &str) -> Scene {
    let text = |s: i64| hms(t("09:30:00").plus_ms(s * 1000).0);
    let moves = t(to).since_ms(t("09:30:00")) / 1000 / every_s;
    let mut scene = Scene::new();
    for person in 0..moves + 4 {
        let from = (person - 3).max(0) * every_s;
        let leaves = person + 1;
        let until = if leaves <= moves {
            leaves * every_s
        } else {
            moves * every_s + (leaves - moves) * 60
        };
        scene = scene.person("Q1", person as u64, &text(from), &text(until));
    }
    scene
}

fn ticket(number: u32, at: &str, state: TicketState) -> Input {
    Input::Ticket(Ticket {
        queue: "Q1".into(),
        at: t(at),
        number: format!("A{number:03}"),
        window: None,
        state,
        taken_at: None,
        called_at: None,
        start_at: None,
        end_at: None,
        party: 1,
    })
}

fn with_tickets() -> Scene {
    Scene::new().with(|cfg| cfg.queues[0].tickets = true)
}

fn machine(at: &str, down: Option<FaultCause>) -> Input {
    Input::Source(SourceHealth {
        source: SourceId::Tickets("Q1".into()),
        at: t(at),
        down,
    })
}

#[test]
fn a_wait_is_long_at_the_alarm_and_severe_at_twice_that() {
    // Four people, three departures in 20 min or less: the time watched times four thirds.
    check(
        "45, and what comes of it",
        &line(360, "09:54:00"),
        "09:25:00",
        "10:15:00",
        &[
            "09:51:00 LongWait Q1 Warn raised r1 onset 09:48:00 peak 4",
            "09:59:00 LongWait Q1 Warn cleared r2 onset 09:48:00 end 09:56:00 Cleared dur 480 peak 4",
        ],
    );
    let quick = line(180, "09:54:00").play("09:25:00", "10:15:00");
    assert_eq!(
        quick.lines(),
        Vec::<String>::new(),
        "12 min are no long wait"
    );
    // Nine people instead of four, a departure every 5 min: 45 min.
    let mut many = line(300, "09:50:00");
    for person in 100..105 {
        many = many.person("Q1", person, "09:30:00", "09:57:00");
    }
    let lines = many.play("09:25:00", "10:00:00").lines();
    assert_eq!(
        lines[0], "09:48:00 LongWait Q1 Severe raised r1 onset 09:45:00 peak 9",
        "{lines:?}"
    );
}

#[test]
fn a_long_wait_ends_with_the_duty() {
    let text = |m: i64| hms(t("11:00:00").plus_ms(m * 60_000).0);
    let mut scene = Scene::new();
    for person in 0..20 {
        scene = scene.person(
            "Q1",
            person,
            &text((person as i64 - 3).max(0) * 6),
            &text((person as i64 + 1) * 6),
        );
    }
    check(
        "open at noon",
        &scene,
        "10:55:00",
        "12:30:00",
        &[
            "11:21:00 LongWait Q1 Warn raised r1 onset 11:18:00 peak 4",
            "12:00:00 LongWait Q1 Warn cleared r2 onset 11:18:00 end 12:00:00 ScheduleEnd dur 2520 peak 4",
        ],
    );
}

#[test]
fn time_nobody_watches_makes_no_wait_longer() {
    let lines = line(360, "10:30:00")
        .silent("cam2", "09:49:00", "09:51:00")
        .play("09:25:00", "09:55:00")
        .lines();
    assert!(
        lines.contains(
            &"09:53:01 LongWait Q1 Warn raised r1 onset 09:48:00 unobserved 121 peak 4".into()
        ),
        "{lines:?}"
    );
}

#[test]
fn finished_waits_are_told_without_knowing_anybody() {
    let played = line(360, "09:54:00").play("09:25:00", "10:15:00");
    let waits: Vec<_> = played
        .waits
        .iter()
        .map(|w| (hms(w.at.unix_ms), w.wait_ms / 60_000, w.source))
        .collect();
    let expected = [
        ("09:36:00", 6),
        ("09:42:00", 12),
        ("09:48:00", 18),
        ("09:54:00", 24),
        ("09:55:00", 19),
        ("09:56:00", 14),
        ("09:57:00", 9),
        ("09:58:00", 4),
    ];
    let expected = expected.map(|(at, min)| (at.to_owned(), min, WaitSource::Video));
    assert_eq!(waits, expected);
    // Who stood there before anybody watched is no finished wait.
    let late = line(360, "09:54:00").play("09:31:00", "10:15:00");
    assert_eq!(late.waits.len(), 4);
}

#[test]
fn the_present_wait_and_the_advice_are_shown() {
    let scene = line(360, "10:30:00").from("09:30:00", "W3.counter", 1);
    let queue = scene.play("09:25:00", "09:53:00").engine.snapshot().queues[0].clone();
    let wait = queue.wait.unwrap();
    assert_eq!(wait.wait_ms, 1_600_000, "4 people, 3 departures in 20 min");
    assert!(
        (900_000..1_100_000).contains(&wait.error_ms),
        "{}",
        wait.error_ms
    );
    assert_eq!(queue.open_windows, 4);
    // 3 arrivals in 20 min, 18 min of one busy window for 3 departures: one window would be busy 90 % of the time.
    assert_eq!(queue.advised_windows, Some(2));
    let early = scene.play("09:25:00", "09:33:00").engine.snapshot().queues[0].clone();
    assert_eq!(
        (early.wait, early.advised_windows),
        (None, None),
        "insufficient data"
    );
}

#[test]
fn a_picture_found_frozen_is_taken_back() {
    // Twelve people from 09:30; frozen since 09:31:00, noticed at 09:32:30, well again from 09:40.
    let frozen = |down| {
        Input::Source(SourceHealth {
            source: SourceId::Camera("cam2".into()),
            at: t("09:31:00"),
            down,
        })
    };
    let scene = Scene::new()
        .from("09:30:00", "Q1", 12)
        .input("09:32:30", frozen(Some(FaultCause::Frozen)))
        .source("09:40:00", "cam2", None);
    let lines = scene.play("09:10:00", "09:45:00").lines();
    let raised: Vec<&String> = lines.iter().filter(|l| l.contains("QueueLong")).collect();
    // One minute was observed before; two more are needed after.
    assert_eq!(
        raised,
        ["09:42:00 QueueLong Q1 Warn raised r1 onset 09:30:00 unobserved 540 peak 12"]
    );
    // Short only in the frozen pictures: not short.
    let scene = Scene::new()
        .from("09:20:00", "Q1", 12)
        .from("09:31:30", "Q1", 5)
        .from("09:40:00", "Q1", 12)
        .input("09:32:30", frozen(Some(FaultCause::Frozen)))
        .source("09:40:00", "cam2", None);
    let lines = scene.play("09:10:00", "09:45:00").lines();
    assert!(!lines.iter().any(|l| l.contains("Cleared")), "{lines:?}");
}

#[test]
fn waiting_tickets_are_the_length_while_the_machine_is_heard() {
    let mut scene = with_tickets().from("09:30:00", "Q1", 2);
    for number in 0..10 {
        scene = scene.input("09:30:00", ticket(number, "09:30:00", TicketState::Waiting));
    }
    let shown =
        |scene: &Scene, to: &str| scene.play("09:10:00", to).engine.snapshot().queues[0].length;
    assert_eq!(shown(&scene, "09:29:59"), Some(0));
    assert_eq!(shown(&scene, "09:31:00"), Some(10));
    let down = scene
        .clone()
        .input("09:32:00", machine("09:32:00", Some(FaultCause::Offline)));
    assert_eq!(shown(&down, "09:33:00"), Some(2), "video counts again");
    assert_eq!(
        down.play("09:10:00", "09:40:00").lines(),
        Vec::<String>::new()
    );
    let back = down.input("09:34:00", ticket(77, "09:34:00", TicketState::Waiting));
    assert_eq!(
        shown(&back, "09:35:00"),
        Some(1),
        "its first word makes it official again"
    );
    check(
        "ten tickets are a long queue, without dwell, and the oldest waits too long",
        &scene,
        "09:10:00",
        "09:50:00",
        &[
            "09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 10",
            "09:45:00 SourceMismatch Q1 Info raised r1 onset 09:30:00",
            "09:48:00 LongWait Q1 Warn raised r1 onset 09:45:00 peak 10",
        ],
    );
}

#[test]
fn tickets_nobody_closed_do_not_wait_till_tomorrow() {
    let mut scene = with_tickets();
    for number in 0..9 {
        scene = scene.input("11:50:00", ticket(number, "11:50:00", TicketState::Waiting));
    }
    let shown = |to: &str| scene.play("11:40:00", to).engine.snapshot().queues[0].length;
    assert_eq!(shown("12:30:00"), Some(9), "over lunch they wait");
    assert_eq!(shown("17:00:01"), Some(0));
}

#[test]
fn ticket_waits_come_with_their_service_time() {
    let scene = with_tickets()
        .input("09:10:00", ticket(1, "09:10:00", TicketState::Waiting))
        .input("09:11:00", ticket(2, "09:11:00", TicketState::Waiting))
        .input("09:20:00", ticket(1, "09:20:00", TicketState::Called))
        .input("09:25:00", ticket(1, "09:25:00", TicketState::Done))
        .input("09:26:00", ticket(2, "09:26:00", TicketState::Called))
        .input("09:27:00", ticket(2, "09:27:00", TicketState::NoShow));
    let waits = scene.play("09:05:00", "09:30:00").waits;
    let got: Vec<_> = waits
        .iter()
        .map(|w| (w.wait_ms, w.service_ms, w.abandoned, w.source))
        .collect();
    assert_eq!(
        got,
        [
            (600_000, Some(300_000), false, WaitSource::Ticket),
            (900_000, None, true, WaitSource::Ticket)
        ]
    );
}

#[test]
fn numbers_of_tickets_stay_inside() {
    let mut scene = with_tickets();
    for number in 700..712 {
        scene = scene.input("09:30:00", ticket(number, "09:30:00", TicketState::Waiting));
    }
    let played = scene.play("09:10:00", "10:00:00");
    let said = format!(
        "{:?}{:?}{:?}{:?}",
        played.events,
        played.waits,
        played.engine.snapshot(),
        played.engine.checkpoint()
    );
    assert!(!said.contains("A70") && !said.contains("A71"));
}

#[test]
fn no_window_is_missed_where_none_is_left_or_one_cannot_be_seen() {
    let long = || Scene::new().from("09:30:00", "Q1", 12);
    let missed = |scene: Scene| {
        let events = scene.play("09:10:00", "09:45:00").events;
        let missed = events.iter().find(|e| e.code == EventCode::NoNewWindow);
        missed.map(|e| hms(e.updated.unix_ms))
    };
    assert_eq!(missed(long()), None, "all four serve");
    let one_empty = long().away("W4", "09:20:00", "10:00:00");
    assert_eq!(missed(one_empty.clone()), Some("09:38:00".into()));
    let coming = long().away("W4", "09:20:00", "09:37:57");
    assert_eq!(missed(coming), None, "somebody is just sitting down");
    let passes = one_empty
        .clone()
        .from("09:37:58", "W4.staff", 1)
        .from("09:38:01", "W4.staff", 0);
    assert_eq!(missed(passes), Some("09:38:01".into()), "and goes again");
    let unseen = one_empty.silent("cam1", "09:37:00", "09:42:00");
    assert_eq!(
        missed(unseen),
        Some("09:42:10".into()),
        "nobody knows until it is seen empty"
    );
    let short = one_empty_and_short();
    assert_eq!(
        missed(short),
        None,
        "the line is short again, only not yet for long enough"
    );
}

fn one_empty_and_short() -> Scene {
    Scene::new()
        .from("09:30:00", "Q1", 12)
        .from("09:37:00", "Q1", 3)
        .away("W4", "09:20:00", "10:00:00")
}

#[test]
fn a_camera_that_steps_in_neither_raises_nor_clears_by_itself() {
    let two = |primary, secondary| {
        Scene::new()
            .with(|cfg| {
                let kind = ZoneKind::Queue("Q1".into());
                cfg.zones.push(zone("Q1.b", "cam1", kind));
            })
            .from("09:30:00", "Q1.b", primary)
            .from("09:30:00", "Q1", secondary)
    };
    let queue = |scene: &Scene| -> Vec<String> {
        let lines = scene.play("09:10:00", "10:00:00").lines();
        lines
            .into_iter()
            .filter(|l| l.contains("QueueLong"))
            .collect()
    };
    let raised = "09:33:00 QueueLong Q1 Warn raised r1 onset 09:30:00 peak 12";
    let lost = |scene: Scene| scene.silent("cam1", "09:40:00", "10:30:00");
    assert_eq!(queue(&lost(two(12, 5))), [raised]);
    assert_eq!(queue(&lost(two(8, 12))), Vec::<String>::new());
    // Once it has agreed with what the first one said, it is believed in everything.
    let agreed = lost(
        two(12, 5)
            .from("09:45:00", "Q1", 9)
            .from("09:46:00", "Q1", 5),
    );
    assert_eq!(
        queue(&agreed),
        [
            raised,
            "09:48:00 QueueLong Q1 Warn cleared r2 onset 09:30:00 end 09:46:00 Cleared dur 960 peak 12"
        ]
    );
    let emptied = lost(two(12, 5).from("09:50:00", "Q1", 0));
    assert_eq!(
        queue(&emptied)[1],
        "09:52:00 QueueLong Q1 Warn cleared r2 onset 09:30:00 end 09:50:00 Cleared dur 1200 peak 12"
    );
}

#[test]
fn waits_and_new_windows_survive_a_power_cut() {
    use hall_core::engine::Engine;
    let scene = line(360, "10:30:00");
    let before = scene.play("09:25:00", "09:52:00");
    let saved = before.engine.checkpoint();
    assert!(saved.queues[0].long_wait.is_some());
    let mut engine = Engine::new(scene.cfg.clone(), scene.clock, t("10:00:00"));
    engine.resume(&saved);
    let lines = scene.go_on(engine, "10:00:00", "10:45:00").lines();
    let closed = lines.iter().find(|l| l.contains("LongWait")).unwrap();
    assert!(
        closed.contains("cleared r2 onset 09:48:00") && closed.contains("Cleared"),
        "{lines:?}"
    );

    let scene = Scene::new()
        .from("09:30:00", "Q1", 12)
        .from("09:55:00", "Q1", 2)
        .away("W4", "09:20:00", "10:30:00");
    let saved = scene.play("09:10:00", "09:40:00").engine.checkpoint();
    assert_eq!(saved.queues[0].staffed_at_raise, Some(3));
    let mut engine = Engine::new(scene.cfg.clone(), scene.clock, t("09:42:00"));
    engine.resume(&saved);
    let lines = scene.go_on(engine, "09:42:00", "10:00:00").lines();
    let ends = |code: &str| {
        lines
            .iter()
            .filter(|l| l.contains(code) && l.contains("end 09:55:00 Cleared"))
            .count()
    };
    assert_eq!(
        (ends("QueueLong"), ends("NoNewWindow")),
        (1, 1),
        "{lines:?}"
    );
}
