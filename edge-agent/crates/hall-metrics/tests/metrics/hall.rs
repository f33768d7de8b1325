//! A small hall and what its engine gives out, written by hand.

use std::collections::BTreeMap;

use hall_core::account::{Interval, TimeClass, WaitSample, WaitSource};
use hall_core::config::{
    Cover, DaySegment, DutyCalendar, EngineConfig, GroupConfig, QueueConfig, Rules, WeeklyDuty,
    WindowConfig,
};
use hall_core::engine::Output;
use hall_core::event::{Event, EventCode, EventId, Level, Phase, Review, Revision, Subject};
use hall_core::order::{CaseAction, CaseReason, Role};
use hall_core::summary::{QueueSummary, Summary, WindowCounts};
use hall_core::time::{HallTime, Stamp, WallClock};
use hall_metrics::{Book, Layout};

/// Asia/Shanghai.
pub const OFFSET_S: i32 = 28_800;

/// Local milliseconds of `HH:MM:SS` or `MM-DD HH:MM:SS` in 2026; without a date Monday 09-21.
pub fn local(text: &str) -> i64 {
    let (date, time) = text.split_once(' ').unwrap_or(("09-21", text));
    let (month, day) = date.split_once('-').unwrap();
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let days =
        20_454 + before[month.parse::<usize>().unwrap() - 1] + day.parse::<i64>().unwrap() - 1;
    let mut parts = time.split(':').map(|p| p.parse::<i64>().unwrap());
    let mut next = || parts.next().unwrap_or(0);
    days * 86_400_000 + next() * 3_600_000 + next() * 60_000 + next() * 1000
}

pub fn stamp(text: &str) -> Stamp {
    stamp_at(local(text))
}

pub fn stamp_at(local_ms: i64) -> Stamp {
    WallClock::unix(OFFSET_S).stamp(HallTime(local_ms - i64::from(OFFSET_S) * 1000))
}

/// W1 and W2 of the tax office, W3 and W4 of the police, W3+W4 an A/B pair, one queue, 09–12 and 13–17 Monday to Friday.
pub fn layout() -> Layout {
    let mut weekly = WeeklyDuty::default();
    let hours = |from: u32, to: u32| DaySegment {
        from_s: from * 3600,
        to_s: to * 3600,
    };
    weekly.days[..5].fill(vec![hours(9, 12), hours(13, 17)]);
    let cfg = EngineConfig {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        cameras: vec!["cam1".into(), "cam2".into()],
        windows: (1..=4)
            .map(|n| WindowConfig {
                id: format!("W{n}").into(),
                min_staff: 1,
                duty: None,
            })
            .collect(),
        queues: vec![QueueConfig {
            id: "Q1".into(),
            windows: Vec::new(),
            capacity: None,
            tickets: false,
        }],
        zones: Vec::new(),
        sensors: Vec::new(),
        groups: vec![GroupConfig {
            id: "AB1".into(),
            windows: vec!["W3".into(), "W4".into()],
            cover: Cover::Either,
            min_staffed: 1,
        }],
        duty: DutyCalendar {
            weekly,
            ..DutyCalendar::default()
        },
        rules: Rules::default(),
    };
    let departments = [
        ("W1", "税务局"),
        ("W2", "税务局"),
        ("W3", "公安局"),
        ("W4", "公安局"),
    ];
    let departments: BTreeMap<_, _> = departments
        .iter()
        .map(|(window, name)| ((*window).into(), (*name).to_owned()))
        .collect();
    Layout::new(&cfg, OFFSET_S, &departments)
}

pub fn book() -> Book {
    Book::new(layout())
}

pub fn interval(window: &str, from: &str, to: &str, class: TimeClass) -> Output {
    interval_ms(window, local(from), local(to), class)
}

pub fn interval_ms(window: &str, from_ms: i64, to_ms: i64, class: TimeClass) -> Output {
    Output::Interval(Interval {
        window: window.into(),
        from: stamp_at(from_ms),
        to: stamp_at(to_ms),
        class,
    })
}

pub fn event(window: &str, code: EventCode, level: Level, onset: &str, seconds: i64) -> Event {
    let onset_ms = local(onset);
    let end = stamp_at(onset_ms + seconds * 1000);
    let mark = window.bytes().map(u128::from).sum::<u128>() + code as u128 * 1000;
    Event {
        id: EventId((stamp_at(onset_ms).unix_ms as u128) << 80 | mark),
        rev: 1,
        code,
        subject: Subject::Window(window.into()),
        level,
        phase: Phase::Cleared,
        onset: stamp_at(onset_ms),
        raised: stamp_at(onset_ms + 300_000),
        updated: end,
        end: Some(end),
        end_reason: None,
        duration_ms: seconds * 1000,
        absent_ms: seconds * 1000,
        unobserved_ms: 0,
        brief_returns: 0,
        customers_max: 0,
        peak: None,
        evidence_sources: Vec::new(),
        confidence: 1.0,
        rule: "P0@1".into(),
        tags: Vec::new(),
        related: Vec::new(),
        review: Review::Suspected,
        revision: None,
        mitigated_at: None,
        wait_est_ms: None,
    }
}

/// The next revision of an event, made by a person.
pub fn decided(event: &Event, review: Review, action: CaseAction, at: &str) -> Event {
    Event {
        rev: event.rev + 1,
        phase: Phase::Revised,
        review,
        revision: Some(Revision {
            action,
            by: "supervisor-1".into(),
            role: Role::Supervisor,
            reason: CaseReason::Verified,
            at: stamp(at),
            retroactive: false,
            tx: String::new(),
        }),
        ..event.clone()
    }
}

pub fn minute(at: &str, mean: f32, max: u32) -> Output {
    let from_ms = local(at);
    Output::Summary(Summary {
        from: stamp_at(from_ms),
        to: stamp_at(from_ms + 60_000),
        windows: WindowCounts::default(),
        queues: vec![QueueSummary {
            queue: "Q1".into(),
            len_avg: Some(mean),
            len_max: Some(max),
            saturated: false,
            wait: None,
            departures: 0,
            open_windows: 0,
            advised_windows: None,
        }],
        open_events: 0,
        coverage: 1.0,
    })
}

pub fn wait(at: &str, minutes: i64) -> Output {
    Output::Wait(WaitSample {
        queue: "Q1".into(),
        at: stamp(at),
        wait_ms: minutes * 60_000,
        source: WaitSource::Ticket,
        service_ms: Some(300_000),
        abandoned: false,
    })
}
