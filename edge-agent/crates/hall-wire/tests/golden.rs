//! The published v1 forms, byte for byte: a change here is a change of contract and needs doc and changelog.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use hall_core::event::{EndReason, Event, EventCode, EventId, Level, Phase, Subject, Tag};
use hall_core::snapshot::{QueueSnapshot, QueueState, Reason, WindowSnapshot, WindowState};
use hall_core::summary::{QueueSummary, Summary, WindowCounts};
use hall_core::time::{HallTime, Stamp, WallClock};
use hall_core::tri::Tri;
use hall_wire::event::{ClockQuality, EventRecord, RecordContext};
use hall_wire::state::{QueueStateRecord, StateContext, WindowStateRecord};
use hall_wire::summary::SummaryRecord;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// 2026-09-21 10:00 in Asia/Shanghai.
const TEN: HallTime = HallTime(1_789_956_000_000);

fn stamp(after_s: i64) -> Stamp {
    WallClock::unix(28_800).stamp(TEN.plus_ms(after_s * 1000))
}

fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let got = serde_json::to_string_pretty(value).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &got).unwrap();
    }
    let want = fs::read_to_string(&path).unwrap();
    assert_eq!(
        got, want,
        "{name}: run with UPDATE_GOLDEN=1 if the contract is meant to change"
    );
    assert_eq!(
        &serde_json::from_str::<T>(&want).unwrap(),
        value,
        "{name} reads back"
    );
}

fn event() -> Event {
    Event {
        id: EventId(0x0199_6A2B_3C4D << 80 | 0x1234_5678_9ABC_DEF0_1234),
        rev: 3,
        code: EventCode::Unstaffed,
        subject: Subject::Window("W3".into()),
        level: Level::Warn,
        phase: Phase::Cleared,
        onset: stamp(0),
        raised: stamp(300),
        updated: stamp(700),
        end: Some(stamp(640)),
        end_reason: Some(EndReason::Returned),
        duration_ms: 640_000,
        absent_ms: 600_500,
        unobserved_ms: 9_500,
        brief_returns: 1,
        customers_max: 2,
        peak: None,
        evidence_sources: vec!["video:cam2".into(), "seat:W3-seat".into()],
        confidence: 0.985,
        rule: "P0@7".into(),
        tags: vec![Tag::EarlyClose],
        related: vec![EventId(1)],
    }
}

fn context() -> RecordContext {
    RecordContext {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        config_sha256: "c".repeat(64),
        model_sha256: String::new(),
        clock: ClockQuality {
            synced: true,
            offset_ms: 12,
        },
    }
}

#[test]
fn event_records_keep_their_form() {
    check("event-closed.json", &EventRecord::new(&event(), &context()));
    let open = Event {
        phase: Phase::Raised,
        end: None,
        end_reason: None,
        peak: Some(12),
        subject: Subject::Queue("Q1".into()),
        code: EventCode::QueueLong,
        tags: vec![Tag::Saturated],
        ..event()
    };
    check("event-open.json", &EventRecord::new(&open, &context()));
}

#[test]
fn summaries_keep_their_form() {
    let summary = Summary {
        from: stamp(0),
        to: stamp(60),
        windows: WindowCounts {
            scheduled: 8,
            staffed: 6,
            unstaffed: 1,
            paused: 0,
            unknown: 1,
        },
        queues: vec![
            QueueSummary {
                queue: "Q1".into(),
                len_avg: Some(6.2),
                len_max: Some(9),
                saturated: false,
            },
            QueueSummary {
                queue: "Q2".into(),
                len_avg: None,
                len_max: None,
                saturated: false,
            },
        ],
        open_events: 3,
        coverage: 0.875,
    };
    check(
        "summary.json",
        &SummaryRecord::new(&summary, "511921-001", "b1"),
    );
}

#[test]
fn states_keep_their_form() {
    let ctx = StateContext {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        at: TEN.plus_ms(61_250),
        clock: WallClock::unix(28_800),
    };
    let window = WindowSnapshot {
        window: "W3".into(),
        state: WindowState::Unstaffed,
        since: TEN,
        reason: Reason::VideoAbsent,
        video: Tri::No,
        sensor: Tri::Unknown,
        evidence_sources: vec!["video:cam2".into()],
        away_from_seat: false,
        customers: 2,
        open_event: Some(EventId(1)),
        level: Some(Level::Notice),
        absent_ms: 61_250,
    };
    check(
        "state-window.json",
        &WindowStateRecord::new(&window, &ctx, Some(0.9375)),
    );
    let queue = QueueSnapshot {
        queue: "Q1".into(),
        state: QueueState::Long,
        since: TEN,
        length: Some(12),
        in_zone: Some(13),
        saturated: true,
        open_event: None,
        level: None,
    };
    check("state-queue.json", &QueueStateRecord::new(&queue, &ctx));
}
