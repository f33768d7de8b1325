//! What others read: the truth table, snapshots, summaries, deadlines.

use hall_core::engine::fusion::{
    Gate, SensorSays, TRUTH_TABLE, Trust, VideoSays, judge, truth_table_markdown,
};
use hall_core::engine::{Engine, Output};
use hall_core::observe::Input;
use hall_core::snapshot::{QueueState, Reason, WindowState};

use crate::hall::{Scene, clock, hall, hms, t};

#[test]
fn every_row_of_the_truth_table_can_decide() {
    let mut used = [false; TRUTH_TABLE.len()];
    for gate in [
        Gate::Open,
        Gate::Paused,
        Gate::OnLeave,
        Gate::Covered,
        Gate::CoverUnknown,
        Gate::OffDuty,
        Gate::Spare,
        Gate::Unsynced,
    ] {
        for video in [
            VideoSays::Present,
            VideoSays::Still,
            VideoSays::Absent,
            VideoSays::Silent,
            VideoSays::Never,
            VideoSays::NotFitted,
        ] {
            for sensor in [
                SensorSays::Yes,
                SensorSays::No,
                SensorSays::Stale,
                SensorSays::Suspect,
                SensorSays::Fault,
                SensorSays::Never,
                SensorSays::NotFitted,
            ] {
                for trust in [Trust::Sound, Trust::Conflict] {
                    let verdict = judge(gate, video, sensor, trust);
                    let row = TRUTH_TABLE.iter().position(|row| {
                        row.gate.is_none_or(|g| g == gate)
                            && row.video.is_none_or(|v| v == video)
                            && row.sensor.is_none_or(|s| s == sensor)
                            && row.trust.is_none_or(|t| t == trust)
                    });
                    let row = row.expect("the table is complete");
                    used[row] = true;
                    assert_eq!(verdict, (TRUTH_TABLE[row].state, TRUTH_TABLE[row].reason));
                    // Asymmetric on purpose: never unstaffed against a healthy sensor, nor without anybody looking.
                    if verdict.0 == WindowState::Unstaffed {
                        let judged = [Gate::Open, Gate::OnLeave, Gate::Covered].contains(&gate);
                        assert!(judged && trust == Trust::Sound && sensor != SensorSays::Yes);
                        assert!(
                            video == VideoSays::Absent
                                || (video == VideoSays::NotFitted && sensor == SensorSays::No)
                        );
                    }
                }
            }
        }
    }
    assert_eq!(
        used,
        [true; TRUTH_TABLE.len()],
        "a row that never decides is a mistake"
    );
}

/// `UPDATE_EXPECT=1` writes the table of the document anew.
#[test]
fn the_document_shows_the_truth_table_as_it_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md");
    let document = std::fs::read_to_string(path).unwrap();
    let table = truth_table_markdown();
    let from = document.find("| gate | video |").unwrap();
    let length = document[from..].find("\n\n").unwrap() + 1;
    let shown = &document[from..from + length];
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, document.replacen(shown, &table, 1)).unwrap();
        return;
    }
    assert_eq!(shown, table, "run with UPDATE_EXPECT=1 to write it anew");
}

#[test]
fn a_snapshot_says_why() {
    let scene = Scene::new()
        .away("W3", "10:00:00", "10:30:00")
        .from("10:01:00", "W3.counter", 2)
        .from("10:00:00", "Q1", 5);
    let check = |at: &str, state, reason, since: &str, absent_s: i64| {
        let w3 = scene.play("09:50:00", at).engine.snapshot().windows[2].clone();
        assert_eq!(
            (w3.state, w3.reason, hms(w3.since.0), w3.absent_ms / 1000),
            (state, reason, since.into(), absent_s),
            "at {at}"
        );
    };
    check(
        "09:50:05",
        WindowState::Unknown,
        Reason::NoObservation,
        "09:50:00",
        0,
    );
    check(
        "09:50:10",
        WindowState::Staffed,
        Reason::VideoPresent,
        "09:50:00",
        0,
    );
    check(
        "10:00:20",
        WindowState::Staffed,
        Reason::VideoPresent,
        "09:50:00",
        0,
    );
    check(
        "10:00:24",
        WindowState::Unstaffed,
        Reason::VideoAbsent,
        "10:00:00",
        24,
    );
    check(
        "10:04:00",
        WindowState::Unstaffed,
        Reason::VideoAbsent,
        "10:00:00",
        240,
    );
    let snapshot = scene.play("09:50:00", "10:06:00").engine.snapshot();
    let w3 = &snapshot.windows[2];
    assert_eq!(
        (w3.customers, w3.level.is_some(), w3.open_event.is_some()),
        (2, true, true)
    );
    assert_eq!(w3.evidence_sources, ["video:cam1"]);
    let q1 = &snapshot.queues[0];
    assert_eq!(
        (q1.state, q1.length, q1.in_zone),
        (QueueState::Normal, Some(5), Some(5))
    );
    let off = scene.play("12:30:00", "12:31:00").engine.snapshot().windows[2].clone();
    assert_eq!(
        (off.state, off.reason),
        (WindowState::OffDuty, Reason::NotScheduled)
    );
}

#[test]
fn every_wall_minute_is_summed_up() {
    let scene = Scene::new()
        .away("W3", "10:00:00", "10:30:00")
        .from("10:01:00", "Q1", 4)
        .silent("cam1", "10:02:00", "10:05:00");
    let summaries = scene.play("09:59:30", "10:06:00").summaries;
    let spans: Vec<String> = summaries
        .iter()
        .map(|s| format!("{}-{}", hms(s.from.unix_ms), hms(s.to.unix_ms)))
        .collect();
    assert_eq!(
        spans[..3],
        [
            "09:59:30-10:00:00",
            "10:00:00-10:01:00",
            "10:01:00-10:02:00"
        ]
    );
    assert_eq!(spans.len(), 7);
    let first = &summaries[1];
    assert_eq!(
        (
            first.windows.scheduled,
            first.windows.staffed,
            first.windows.unstaffed
        ),
        (4, 3, 1)
    );
    assert_eq!(first.coverage, 1.0);
    let third = &summaries[3];
    assert_eq!(third.windows.unknown, 4, "10:02–10:03 the camera is silent");
    assert!(third.coverage < 0.02, "{}", third.coverage);
    let queue = &summaries[2].queues[0];
    // Four people count once they have dwelt 20 s: 40 of 60 s.
    assert_eq!(
        (queue.len_max, queue.len_avg),
        (Some(4), Some(4.0 * 40.0 / 60.0))
    );
    assert_eq!(
        summaries[6].open_events, 0,
        "10:05–10:06: the camera is back"
    );
}

#[test]
fn the_driver_may_sleep_until_the_deadline() {
    // Woken only by inputs and at the announced deadlines, the engine says the same at the same instants as when it is
    // ticked all the time.
    let scene = Scene::new()
        .away("W3", "10:00:00", "10:12:00")
        .away("W3", "10:12:20", "10:16:00")
        .from("10:00:00", "Q1", 12)
        .from("10:20:00", "Q1", 3)
        .silent("cam1", "10:25:00", "10:28:00")
        .every(5000);
    let mut sleepy = Engine::new(hall(), clock(), t("09:50:00"));
    let mut restless = sleepy.clone();
    let mut woken = 0;
    for (at, input) in scene.inputs(t("09:50:00"), t("10:40:00")) {
        while let Some(due) = sleepy.next_deadline().filter(|due| *due < at) {
            sleepy.handle(due, Input::Tick);
            assert!(
                sleepy.next_deadline().is_none_or(|next| next > due),
                "no deadline twice"
            );
            woken += 1;
        }
        let mut tick = restless.snapshot().at;
        while tick < at {
            tick = tick.plus_ms(250).min(at);
            if tick < at {
                restless.handle(tick, Input::Tick);
            }
        }
        sleepy.handle(at, input.clone());
        restless.handle(at, input);
    }
    let drain = |mut engine: Engine| -> Vec<Output> {
        std::iter::from_fn(|| engine.poll_output()).collect()
    };
    assert_eq!(drain(sleepy), drain(restless));
    // Mostly to find out that a camera is not silent after all: pictures that say nothing new set no timer.
    assert!(woken < 900, "woken {woken} times in 50 minutes");
}

#[test]
fn a_queue_knows_how_many_of_its_windows_serve() {
    let scene = Scene::new()
        .away("W3", "10:00:00", "23:00:00")
        .with(|cfg| cfg.queues[0].windows = vec!["W2".into(), "W3".into()]);
    for (at, open) in [
        ("08:50:00", 0),
        ("09:50:00", 2),
        ("10:01:00", 1),
        ("12:30:00", 0),
    ] {
        let played = scene.play("08:40:00", at);
        assert_eq!(
            played.engine.snapshot().queues[0].open_windows,
            open,
            "at {at}"
        );
    }
}
