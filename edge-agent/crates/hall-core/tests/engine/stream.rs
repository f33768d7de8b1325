//! Streams of observations as nobody would write them down: any order, doubles, bursts, gaps, faults, wrong clocks.

use hall_core::config::{EngineConfig, Leave, QueueConfig, SensorKind, ZoneKind};
use hall_core::event::{EventCode, Subject};
use hall_core::ids::TrackId;
use hall_core::observe::{
    FaultCause, Input, Quality, SensorReading, SourceHealth, SourceId, SystemFact, Ticket,
    TicketState, ZoneCount, ZoneSnapshot,
};
use hall_core::order::{Actor, CaseAction, CaseReason, Directive, EventRef, Order, Role};
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
/// before a third camera, Q2 is a line with a ticket machine, the radar of W1 is behind a gateway.
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
    cfg.zones
        .push(zone("Q2", "cam2", ZoneKind::Queue("Q2".into())));
    cfg.queues.push(QueueConfig {
        id: "Q2".into(),
        windows: vec!["W1".into(), "W2".into()],
        capacity: None,
        tickets: true,
    });
    cfg.sensors[2].gateways = vec!["gw1".into()];
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
    (
        rules.wait_alarm_s,
        rules.wait_severe_s,
        rules.wait_duration_s,
    ) = (15.0, 40.0, 6.0);
    (rules.new_window_s, rules.mismatch_s) = (10.0, 20.0);
    (rules.stuck_on_s, rules.flapping_count_per_h) = (15.0, 5);
    rules.static_suspect_s = 30.0;
    cfg.duty.weekly.days[0][0].from_s = 10 * 3600;
    cfg.duty.weekly.days[0][0].to_s = 10 * 3600 + 600;
    cfg.duty.weekly.days[0][1].from_s = 10 * 3600 + 630;
    cfg
}

/// The same, with W1 and W2 covering for each other if `grouped`.
pub fn quick_hall_with(grouped: bool) -> EngineConfig {
    let mut cfg = quick_hall();
    if grouped {
        cfg.groups.push(pair("AB1", &["W1", "W2"]));
    }
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
        which: u8,
        down: Option<u8>,
    },
    Ticket {
        number: u8,
        queue: u8,
        state: u8,
        window: Option<u8>,
        party: u32,
        lag_ms: i64,
        told_ms: Option<i64>,
    },
    Leave {
        number: u8,
        windows: [bool; 4],
        from_s: i64,
        length_s: i64,
        role: u8,
    },
    CancelLeave {
        number: u8,
        role: u8,
    },
    Case {
        what: u8,
        window: u8,
        action: u8,
        reason: u8,
        role: u8,
    },
    System {
        fact: u8,
        ago_ms: i64,
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
    let source =
        (0..6u8, prop::option::of(0..8u8)).prop_map(|(which, down)| Step::Source { which, down });
    let ticket = (
        0..8u8,
        0..3u8,
        0..8u8,
        prop::option::of(0..5u8),
        0..4u32,
        -500..3000i64,
        prop::option::of(-100_000..100_000i64),
    )
        .prop_map(
            |(number, queue, state, window, party, lag_ms, told_ms)| Step::Ticket {
                number,
                queue,
                state,
                window,
                party,
                lag_ms,
                told_ms,
            },
        );
    let leave = (0..3u8, any::<[bool; 4]>(), -120..120i64, -5..200i64, 0..8u8).prop_map(
        |(number, windows, from_s, length_s, role)| Step::Leave {
            number,
            windows,
            from_s,
            length_s,
            role,
        },
    );
    let cancel = (0..3u8, 0..8u8).prop_map(|(number, role)| Step::CancelLeave { number, role });
    let case = (0..6u8, 0..5u8, 0..10u8, 0..10u8, 0..8u8).prop_map(
        |(what, window, action, reason, role)| Step::Case {
            what,
            window,
            action,
            reason,
            role,
        },
    );
    let system =
        (0..5u8, -1000..100_000i64).prop_map(|(fact, ago_ms)| Step::System { fact, ago_ms });
    let step = prop_oneof![
        16 => picture,
        5 => sensor,
        2 => source,
        4 => ticket,
        1 => leave,
        1 => cancel,
        3 => case,
        1 => system,
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

fn ticket_state(n: u8) -> TicketState {
    use TicketState::{Called, Cancelled, Done, NoShow, Recalled, Serving, Transferred, Waiting};
    [
        Waiting,
        Called,
        Serving,
        Done,
        NoShow,
        Recalled,
        Transferred,
        Cancelled,
    ][usize::from(n)]
}

fn case_action(n: u8) -> CaseAction {
    use CaseAction::{
        Appeal, Close, Confirm, Downgrade, Excuse, FalseAlarm, Feedback, Resolve, Revoke, Uphold,
    };
    [
        Confirm, FalseAlarm, Excuse, Feedback, Close, Appeal, Uphold, Downgrade, Revoke, Resolve,
    ][usize::from(n)]
}

fn case_reason(n: u8) -> CaseReason {
    use CaseReason::{
        DeviceFault, Leave, OfficialDuty, Other, Pause, RosterNotUpdated, SensorWrong, SystemError,
        Verified, VideoWrong,
    };
    [
        Verified,
        SystemError,
        OfficialDuty,
        DeviceFault,
        RosterNotUpdated,
        Leave,
        Pause,
        SensorWrong,
        VideoWrong,
        Other,
    ][usize::from(n)]
}

/// Some orders have the transaction id of one before.
fn order(at: HallTime, role: u8, what: Directive) -> Input {
    use Role::{
        Auditor, ChiefRepresentative, HallManager, Installer, Patrol, Province, ResidentSupervisor,
        Supervisor,
    };
    let roles = [
        HallManager,
        Supervisor,
        Province,
        HallManager,
        ResidentSupervisor,
        ChiefRepresentative,
        Installer,
        Patrol,
    ];
    let role = if at.0 % 17 == 0 {
        Auditor
    } else {
        roles[usize::from(role)]
    };
    let windows = if at.0 % 5 == 0 {
        vec!["W1".into(), "W3".into()]
    } else {
        Vec::new()
    };
    Input::Order(Order {
        tx: format!("t{}", at.0 / 7),
        at,
        by: Actor {
            id: "a".into(),
            role,
            windows,
        },
        what,
    })
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
                    still_since: (count > 0 && repeat % 3 == 0).then_some(at.plus_ms(-20_000)),
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
                    1 => vec![
                        line("Q1"),
                        line("Q2"),
                        count("nowhere".into(), 3, Vec::new()),
                    ],
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
        Step::Source { which, down } => {
            let source = match which {
                0 => SourceId::Camera("cam1".into()),
                1 => SourceId::Camera("cam2".into()),
                2 => SourceId::Sensor("W3-seat".into()),
                3 => SourceId::Sensor("W3-pause".into()),
                4 => SourceId::Gateway("gw1".into()),
                _ => SourceId::Tickets("Q2".into()),
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
        Step::Ticket {
            number,
            queue,
            state,
            window,
            party,
            lag_ms,
            told_ms,
        } => {
            let told = told_ms.map(|ms| at.plus_ms(ms));
            let ticket = Ticket {
                queue: ["Q2", "Q2", "Q1"][usize::from(*queue)].into(),
                at: at.plus_ms(-lag_ms),
                number: format!("A{number}"),
                window: window.map(|w| format!("W{w}").as_str().into()),
                state: ticket_state(*state),
                taken_at: told,
                called_at: told.filter(|_| party % 2 == 0),
                start_at: told.filter(|_| party % 3 == 0),
                end_at: told.map(|t| t.plus_ms(5000)),
                party: *party,
            };
            vec![(at, Input::Ticket(ticket))]
        }
        Step::Leave {
            number,
            windows,
            from_s,
            length_s,
            role,
        } => {
            let local_ms = clock().unix_ms(at) + i64::from(clock().utc_offset_s) * 1000;
            let named = (1..=4).filter(|n| windows[n - 1]);
            let leave = Leave {
                id: format!("L{number}").as_str().into(),
                windows: named.map(|n| format!("W{n}").as_str().into()).collect(),
                from_local_ms: local_ms + from_s * 1000,
                to_local_ms: local_ms + (from_s + length_s) * 1000,
                approved_by: "m".into(),
                cover: None,
            };
            vec![(at, order(at, *role, Directive::GrantLeave(leave)))]
        }
        Step::CancelLeave { number, role } => {
            let id = format!("L{number}").as_str().into();
            vec![(at, order(at, *role, Directive::CancelLeave(id)))]
        }
        Step::Case {
            what,
            window,
            action,
            reason,
            role,
        } => {
            use EventCode::{CustomerUnattended, LateOpen, LongWait, QueueLong, SensorConflict};
            let subject = Subject::Window(format!("W{window}").as_str().into());
            let (code, subject) = match what {
                0 => (EventCode::Unstaffed, subject),
                1 => (LateOpen, subject),
                2 => (CustomerUnattended, subject),
                3 => (QueueLong, Subject::Queue("Q1".into())),
                4 => (LongWait, Subject::Queue("Q2".into())),
                _ => (SensorConflict, Subject::Sensor("W3-seat".into())),
            };
            let event = EventRef::Newest {
                code,
                subject,
                onset_unix_ms: None,
            };
            let what = Directive::Case {
                event,
                action: case_action(*action),
                reason: case_reason(*reason),
            };
            vec![(at, order(at, *role, what))]
        }
        Step::System { fact, ago_ms } => {
            let fact = match fact {
                0 | 1 => SystemFact::StorageLow(*fact == 1),
                2 => SystemFact::PowerRestored(at.plus_ms(-ago_ms)),
                3 => SystemFact::ConfigChanged("c".into()),
                _ => SystemFact::ModelChanged("m".into()),
            };
            vec![(at, Input::System(fact))]
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
