//! Stored days read back whole, and give the same figures.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use hall_core::account::{Excuse, Interval, TimeClass, WaitSample, WaitSource};
use hall_core::config::{DutyCalendar, EngineConfig, Rules};
use hall_core::engine::Output;
use hall_core::event::{Event, EventCode, EventId, Level, Phase, Review, Revision, Subject, Tag};
use hall_core::order::{CaseAction, CaseReason, Role};
use hall_core::rating::RatingOption;
use hall_core::summary::{QueueSummary, Summary, WindowCounts};
use hall_core::time::{HallTime, Stamp, WallClock};
use hall_metrics::{Book, Layout, LocalDay, StoredDay};
use hall_wire::day::{DayRecord, day_text, parse_day};

/// 2026-09-21 10:00 in Asia/Shanghai.
const TEN: HallTime = HallTime(1_789_956_000_000);

fn stamp(after_s: i64) -> Stamp {
    WallClock::unix(28_800).stamp(TEN.plus_ms(after_s * 1000))
}

fn empty() -> Book {
    let cfg = EngineConfig {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        cameras: Vec::new(),
        windows: Vec::new(),
        queues: Vec::new(),
        zones: Vec::new(),
        sensors: Vec::new(),
        groups: Vec::new(),
        duty: DutyCalendar::default(),
        rules: Rules::default(),
    };
    Book::new(Layout::new(&cfg, 28_800, &BTreeMap::new()))
}

fn book() -> Book {
    let mut book = empty();
    let local_ms = TEN.0 + 28_800_000;
    book.rate(&"W3".into(), RatingOption::Slow, local_ms);
    book.rate(&"W3".into(), RatingOption::Other, local_ms);
    let subjects = [
        Subject::Window("W3".into()),
        Subject::Group("AB1".into()),
        Subject::Hall,
        Subject::Camera("cam1".into()),
    ];
    for (n, subject) in subjects.into_iter().enumerate() {
        book.take(&Output::Event(Event {
            id: EventId((stamp(0).unix_ms as u128) << 80 | n as u128),
            rev: 3,
            code: if n == 3 {
                EventCode::CameraOffline
            } else {
                EventCode::Unstaffed
            },
            subject,
            level: Level::Warn,
            phase: Phase::Revised,
            onset: stamp(0),
            raised: stamp(300),
            updated: stamp(700),
            end: Some(stamp(640)),
            end_reason: None,
            duration_ms: 640_000,
            absent_ms: 600_000,
            unobserved_ms: 0,
            brief_returns: 0,
            customers_max: 0,
            peak: None,
            evidence_sources: Vec::new(),
            confidence: 1.0,
            rule: String::new(),
            tags: vec![Tag::EarlyClose],
            related: Vec::new(),
            review: Review::Revoked,
            revision: Some(Revision {
                action: CaseAction::Revoke,
                by: "supervisor-1".into(),
                role: Role::Supervisor,
                reason: CaseReason::SystemError,
                at: stamp(90_000),
                retroactive: true,
                tx: String::new(),
            }),
            mitigated_at: None,
            wait_est_ms: None,
        }));
    }
    let piece = |from, to, class| {
        Output::Interval(Interval {
            window: "W3".into(),
            from: stamp(from),
            to: stamp(to),
            class,
        })
    };
    book.take(&piece(-3600, 600, TimeClass::Staffed));
    book.take(&piece(600, 900, TimeClass::Unstaffed));
    book.take(&Output::Excuse(Excuse {
        window: "W3".into(),
        from: stamp(700),
        to: stamp(800),
        excused: true,
    }));
    book.take(&Output::Summary(Summary {
        from: stamp(0),
        to: stamp(60),
        windows: WindowCounts::default(),
        queues: vec![QueueSummary {
            queue: "Q1".into(),
            len_avg: Some(6.25),
            len_max: Some(9),
            saturated: true,
            wait: None,
            departures: 0,
            open_windows: 0,
            advised_windows: None,
        }],
        open_events: 0,
        coverage: 1.0,
    }));
    for source in [WaitSource::Ticket, WaitSource::Video] {
        book.take(&Output::Wait(WaitSample {
            queue: "Q1".into(),
            at: stamp(30),
            wait_ms: 1_200_500,
            source,
            service_ms: (source == WaitSource::Ticket).then_some(300_000),
            abandoned: false,
        }));
    }
    book.due(stamp(3600));
    book
}

#[test]
fn a_stored_day_reads_back_whole_and_gives_the_same_figures() {
    let book = book();
    let day = LocalDay::of(TEN.0 + 28_800_000);
    let stored = book.day(day).unwrap();
    let text = serde_json::to_string(&DayRecord::from(&stored)).unwrap();
    let read = StoredDay::try_from(serde_json::from_str::<DayRecord>(&text).unwrap()).unwrap();
    assert_eq!(read, stored);
    assert!(!read.published.is_empty());
    let mut again = empty();
    again.load(read);
    let (from, to) = (day.from_ms(), day.from_ms() + 86_400_000);
    assert_eq!(again.figures(from, book.until_ms()), book.figures(from, to));
    assert!(
        again.due(stamp(3600)).is_empty(),
        "nothing is published twice"
    );
}

#[test]
fn days_have_one_name() {
    let day = LocalDay::of(TEN.0 + 28_800_000);
    assert_eq!(day_text(day), "2026-09-21");
    assert_eq!(parse_day("2026-09-21"), Some(day));
    for wrong in ["2026-9-21", "2026-02-30", "20260921", "x"] {
        assert_eq!(parse_day(wrong), None, "{wrong}");
    }
}

#[test]
fn another_version_is_refused() {
    let stored = book().day(LocalDay::of(TEN.0 + 28_800_000)).unwrap();
    let record = DayRecord {
        v: 2,
        ..DayRecord::from(&stored)
    };
    assert_eq!(
        StoredDay::try_from(record).unwrap_err().to_string(),
        "the stored day has version 2, this program reads version 1"
    );
}
