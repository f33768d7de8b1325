//! Streams of observations as nobody would write them down: any order, doubles, bursts, gaps, faults, wrong clocks.

use hall_core::config::{EngineConfig, SensorKind, ZoneKind};
use hall_core::ids::TrackId;
use hall_core::observe::{
    FaultCause, Input, Quality, SensorReading, SourceHealth, SourceId, ZoneCount, ZoneSnapshot,
};
use hall_core::{HallTime, WallClock};
use proptest::prelude::*;

use crate::hall::{clock, hall, pair, sensor, zone};

/// So many cases in a usual run; PROPTEST_CASES asks for another number.
pub fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    ProptestConfig {
        cases: if asked { config.cases } else { usual },
        ..config
    }
}

/// Short thresholds, so that short scripts reach every level; duty until 10:10:00 and from 10:10:30 to 17:00. W4 and Q1 are also
/// before a third camera; W1 and W2 cover for each other.
pub fn quick_hall() -> EngineConfig {
    let mut cfg = hall();
    cfg.sensors = vec![
        sensor("W3-seat", "W3", SensorKind::Seat),
        sensor("W3-pause", "W3", SensorKind::Pause),
        sensor("W1-radar", "W1", SensorKind::Presence),
    ];
    cfg.cameras.push("cam3".into());
    cfg.zones
        .push(zone("W4.staff.2", "cam3", ZoneKind::Staff("W4".into())));
    cfg.zones
        .push(zone("Q1.2", "cam3", ZoneKind::Queue("Q1".into())));
    cfg.queues[0].capacity = Some(5);
    cfg.groups.push(pair("AB1", &["W1", "W2"]));
    let rules = &mut cfg.rules;
    (
        rules.present_confirm_s,
        rules.absent_confirm_s,
        rules.gap_tolerance_s,
    ) = (2.0, 5.0, 1.0);
    (
        rules.notice_s,
        rules.warn_s,
        rules.severe_s,
        rules.open_grace_s,
    ) = (10.0, 20.0, 30.0, 10.0);
    (rules.return_hold_s, rules.conflict_s, rules.sensor_stale_s) = (6.0, 25.0, 20.0);
    (rules.queue_raise_count, rules.queue_clear_count) = (3, 1);
    (
        rules.queue_dwell_s,
        rules.queue_duration_s,
        rules.queue_clear_s,
    ) = (3.0, 8.0, 5.0);
    (rules.camera_stale_s, rules.bridge_s, rules.camera_fault_s) = (4.0, 8.0, 12.0);
    (rules.customer_unattended_s, rules.customer_left_s) = (8.0, 3.0);
    (rules.pause_limit_s, rules.pause_quota_count) = (12.0, 1);
    cfg.duty.weekly.days[0][0].from_s = 10 * 3600;
    cfg.duty.weekly.days[0][0].to_s = 10 * 3600 + 600;
    cfg.duty.weekly.days[0][1].from_s = 10 * 3600 + 630;
    cfg
}

#[derive(Debug, Clone)]
pub enum Step {
    Picture {
        camera: u8,
        staff: [u32; 4],
        customers: u32,
        queue: u32,
        tracked: bool,
        lag_ms: i64,
        repeat: u8,
        every_ms: i64,
    },
    Sensor {
        which: u8,
        value: bool,
        quality: u8,
        lag_ms: i64,
    },
    Source {
        camera: bool,
        sensor: bool,
        down: Option<u8>,
    },
    Clock {
        offset_s: i64,
        synced: bool,
    },
    Tick,
}

pub fn step() -> impl Strategy<Value = (i64, Step)> {
    let picture = (
        prop_oneof![3 => Just(0u8), 2 => Just(1), 1 => Just(2)],
        [0..2u32, 0..2u32, 0..2u32, 0..3u32],
        0..3u32,
        0..6u32,
        any::<bool>(),
        -500..3000i64,
        1..30u8,
        200..2500i64,
    )
        .prop_map(
            |(camera, staff, customers, queue, tracked, lag_ms, repeat, every_ms)| Step::Picture {
                camera,
                staff,
                customers,
                queue,
                tracked,
                lag_ms,
                repeat,
                every_ms,
            },
        );
    let sensor = (0..3u8, any::<bool>(), 0..4u8, -500..3000i64).prop_map(
        |(which, value, quality, lag_ms)| Step::Sensor {
            which,
            value,
            quality,
            lag_ms,
        },
    );
    let source = (any::<bool>(), any::<bool>(), prop::option::of(0..8u8)).prop_map(
        |(camera, sensor, down)| Step::Source {
            camera,
            sensor,
            down,
        },
    );
    let step = prop_oneof![
        12 => picture,
        4 => sensor,
        1 => source,
        1 => (-400..400i64, prop::bool::weighted(0.8)).prop_map(|(offset_s, synced)| Step::Clock { offset_s, synced }),
        1 => Just(Step::Tick),
    ];
    (
        prop_oneof![6 => 0..3000i64, 1 => -5000..20_000i64, 1 => 0..200_000i64],
        step,
    )
}

fn cause(n: u8) -> FaultCause {
    use FaultCause::{Blocked, Blurry, Dark, Defect, Frozen, Moved, Offline, Unanalysed};
    [
        Offline, Dark, Blocked, Blurry, Frozen, Moved, Defect, Unanalysed,
    ][usize::from(n)]
}

pub fn inputs(at: HallTime, step: &Step) -> Vec<(HallTime, Input)> {
    match step {
        Step::Picture {
            camera,
            staff,
            customers,
            queue,
            tracked,
            lag_ms,
            repeat,
            every_ms,
        } => (0..i64::from(*repeat))
            .map(|i| {
                let at = at.plus_ms(i * every_ms);
                let count = |zone: String, count: u32, tracks| ZoneCount {
                    zone: zone.into(),
                    count,
                    tracks,
                    still_since: None,
                };
                let line = |zone: &str| {
                    let tracks = if *tracked {
                        (0..u64::from(*queue)).map(TrackId).collect()
                    } else {
                        Vec::new()
                    };
                    count(zone.into(), *queue, tracks)
                };
                let zones = match camera {
                    0 => (0..4)
                        .map(|w| count(format!("W{}.staff", w + 1), staff[w], Vec::new()))
                        .chain([count("W3.counter".into(), *customers, Vec::new())])
                        .collect(),
                    1 => vec![line("Q1"), count("nowhere".into(), 3, Vec::new())],
                    _ => vec![
                        count("W4.staff.2".into(), staff[0], Vec::new()),
                        line("Q1.2"),
                    ],
                };
                let camera = ["cam1", "cam2", "cam3"][usize::from(*camera)];
                (
                    at,
                    Input::Zones(ZoneSnapshot {
                        camera: camera.into(),
                        at: at.plus_ms(-lag_ms),
                        zones,
                    }),
                )
            })
            .collect(),
        Step::Sensor {
            which,
            value,
            quality,
            lag_ms,
        } => {
            let sensor = ["W3-seat", "W3-pause", "W1-radar"][usize::from(*which)].into();
            let quality = [
                Quality::Good,
                Quality::Good,
                Quality::Suspect,
                Quality::Fault,
            ][usize::from(*quality)];
            vec![(
                at,
                Input::Sensor(SensorReading {
                    sensor,
                    at: at.plus_ms(-lag_ms),
                    value: *value,
                    quality,
                }),
            )]
        }
        Step::Source {
            camera,
            sensor,
            down,
        } => {
            let source = match (camera, sensor) {
                (_, true) => SourceId::Sensor("W3-seat".into()),
                (true, false) => SourceId::Camera("cam1".into()),
                (false, false) => SourceId::Camera("cam2".into()),
            };
            vec![(
                at,
                Input::Source(SourceHealth {
                    source,
                    at,
                    down: down.map(cause),
                }),
            )]
        }
        Step::Clock { offset_s, synced } => {
            vec![(
                at,
                Input::Clock(WallClock {
                    offset_ms: offset_s * 1000,
                    synced: *synced,
                    ..clock()
                }),
            )]
        }
        Step::Tick => vec![(at, Input::Tick)],
    }
}
