//! A whole day of a large hall replays in seconds: `cargo test --release -p hall-replay --test speed -- --nocapture`.
//! Unoptimised, as other tests run, three busy hours must do.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::time::Instant;

use hall_core::config::{
    DaySegment, DutyCalendar, EngineConfig, EvaluationPoint, QueueConfig, Rules, WeeklyDuty,
    WindowConfig, Zone, ZoneKind,
};
use hall_core::geometry::Point;
use hall_replay::{ReplayOptions, replay_with};

const WINDOWS: usize = 40;
const PER_CAMERA: usize = 4;
/// From nine o'clock on: three hours unoptimised, a day and night else.
const QUARTERS: usize = if cfg!(debug_assertions) { 12 } else { 96 };

/// Forty windows before ten cameras, a queue each, open from nine to twelve and one to five.
fn hall() -> EngineConfig {
    let square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]
        .map(|(x, y)| Point { x, y })
        .to_vec();
    let zone = |id: String, camera: usize, kind| Zone {
        id: id.into(),
        camera: format!("cam{camera}").into(),
        kind,
        polygon: square.clone(),
        evaluation_point: EvaluationPoint::Center,
        adult_height: None,
    };
    let mut zones = Vec::new();
    for w in 0..WINDOWS {
        let window = || format!("W{w}").into();
        zones.push(zone(
            format!("W{w}.staff"),
            w / PER_CAMERA,
            ZoneKind::Staff(window()),
        ));
        zones.push(zone(
            format!("W{w}.counter"),
            w / PER_CAMERA,
            ZoneKind::Counter(window()),
        ));
    }
    let cameras = WINDOWS / PER_CAMERA;
    for c in 0..cameras {
        zones.push(zone(
            format!("Q{c}@cam{c}"),
            c,
            ZoneKind::Queue(format!("Q{c}").into()),
        ));
    }
    let day = vec![
        DaySegment {
            from_s: 9 * 3600,
            to_s: 12 * 3600,
        },
        DaySegment {
            from_s: 13 * 3600,
            to_s: 17 * 3600,
        },
    ];
    EngineConfig {
        hall: "h".into(),
        box_id: "b1".into(),
        cameras: (0..cameras).map(|c| format!("cam{c}").into()).collect(),
        windows: (0..WINDOWS)
            .map(|w| WindowConfig {
                id: format!("W{w}").into(),
                min_staff: 1,
                duty: None,
            })
            .collect(),
        queues: (0..cameras)
            .map(|c| QueueConfig {
                id: format!("Q{c}").into(),
                windows: Vec::new(),
                capacity: None,
                tickets: false,
            })
            .collect(),
        zones,
        sensors: Vec::new(),
        groups: Vec::new(),
        duty: DutyCalendar {
            weekly: WeeklyDuty {
                days: std::array::from_fn(|_| day.clone()),
            },
            ..DutyCalendar::default()
        },
        rules: Rules::default(),
    }
}

/// Every camera says once a second what it sees; every quarter of an hour another window of each is empty for ten minutes.
fn day() -> String {
    let mut text = String::new();
    for quarter in 0..QUARTERS {
        for (from_min, to_min, empty) in [(0, 10, true), (10, 15, false)] {
            for c in 0..WINDOWS / PER_CAMERA {
                let time = |minute: usize| {
                    let minute = 9 * 60 + quarter * 15 + minute;
                    format!(
                        "2026-09-{:02}T{:02}:{:02}:00+08:00",
                        21 + minute / 1440,
                        minute / 60 % 24,
                        minute % 60
                    )
                };
                let zones: Vec<String> = (0..PER_CAMERA)
                    .flat_map(|i| {
                        let staff = u32::from(!(empty && quarter % PER_CAMERA == i));
                        let w = c * PER_CAMERA + i;
                        [
                            format!(r#""W{w}.staff":{staff}"#),
                            format!(r#""W{w}.counter":{}"#, (quarter + i) % 3),
                        ]
                    })
                    .collect();
                writeln!(
                    text,
                    r#"{{"at":"{}","until":"{}","kind":"zones","camera":"cam{c}","zones":{{{},"Q{c}@cam{c}":{}}}}}"#,
                    time(from_min),
                    time(to_min),
                    zones.join(","),
                    quarter % 13
                )
                .unwrap();
            }
        }
    }
    text
}

#[test]
fn a_day_of_forty_windows_at_one_picture_a_second_replays_in_seconds() {
    let (cfg, text) = (hall(), day());
    let mut events = 0_u32;
    let started = Instant::now();
    let stats = replay_with(
        &cfg,
        28_800,
        &ReplayOptions::default(),
        text.as_bytes(),
        &mut |_| events += 1,
    )
    .unwrap();
    let took = started.elapsed();
    println!(
        "{} inputs, {} wake-ups, {events} event revisions in {:.1} s",
        stats.inputs,
        stats.wake_ups,
        took.as_secs_f64()
    );
    assert_eq!(stats.inputs, 9_000 * QUARTERS as u64);
    // Every quarter on duty empties one window of each of ten cameras: raised at 5 min and closed at least.
    let on_duty = if cfg!(debug_assertions) { 12 } else { 28 };
    assert!(events >= on_duty * 10 * 2, "{events}");
    let limit_s = if cfg!(debug_assertions) { 60 } else { 30 };
    assert!(took.as_secs() < limit_s, "{took:?}");
}
