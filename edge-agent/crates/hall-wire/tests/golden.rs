//! The published v1 forms, byte for byte: a change here is a change of contract and needs doc and changelog.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use hall_core::account::WaitSource;
use hall_core::config::{Leave, SensorKind};
use hall_core::engine::{
    Account, Checkpoint, CredenceCheckpoint, Doubt, EpisodeCheckpoint, EpisodeRule, OpenRecord,
    PauseDay, PostCheckpoint, QueueCheckpoint, RunningPause, UnattendedCheckpoint, WaitCheckpoint,
};
use hall_core::event::{EndReason, Event, EventCode, EventId, Level, Phase, Review, Subject, Tag};
use hall_core::order::{Answer, Refusal};
use hall_core::snapshot::{
    QueueSnapshot, QueueState, Reason, WaitEstimate, WindowSnapshot, WindowState,
};
use hall_core::summary::{QueueSummary, Summary, WindowCounts};
use hall_core::time::{HallTime, Stamp, WallClock};
use hall_core::tri::Tri;
use hall_wire::checkpoint::{CheckpointError, CheckpointRecord};
use hall_wire::event::{ClockQuality, EventRecord, RecordContext, event_id_text, parse_event_id};
use hall_wire::meta::{
    CONTRACT, MetaCalendar, MetaCamera, MetaCertificate, MetaClock, MetaQueue, MetaRecord,
    MetaSensor, MetaStore, MetaWindow, NameRecord, Ntp, ntp_name, sensor_kind_name,
};
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
        review: Review::Suspected,
        revision: None,
        mitigated_at: None,
        wait_est_ms: None,
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
        audit_head: None,
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

fn estimate() -> WaitEstimate {
    WaitEstimate {
        wait_ms: 540_400,
        error_ms: 181_600,
        source: WaitSource::Ticket,
    }
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
                wait: Some(estimate()),
                departures: 9,
                open_windows: 3,
                advised_windows: Some(4),
            },
            QueueSummary {
                queue: "Q2".into(),
                len_avg: None,
                len_max: None,
                saturated: false,
                wait: None,
                departures: 0,
                open_windows: 0,
                advised_windows: None,
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
        wait: Some(estimate()),
        open_windows: 3,
        advised_windows: Some(4),
    };
    check("state-queue.json", &QueueStateRecord::new(&queue, &ctx));
}

#[test]
fn meta_keeps_its_form() {
    let name = |zh: &str, en: &str| NameRecord {
        zh: zh.into(),
        en: en.into(),
    };
    let record = MetaRecord {
        v: 1,
        kind: "meta".into(),
        hall: "511921-001".into(),
        box_id: "b1".into(),
        at: "2026-09-21T10:00:00.000+08:00".into(),
        simulated: false,
        name: name("通江县政务服务中心", "Tongjiang County Service Centre"),
        area: ["51", "5119", "511921"].map(Into::into).into(),
        agent: "0.1.0".into(),
        contract: CONTRACT.into(),
        rule: "P0@7".into(),
        windows: vec![MetaWindow {
            id: "W3".into(),
            name: name("3号窗口", "Window 3"),
            department: Some(name("社保", "Social security")),
        }],
        queues: vec![MetaQueue {
            id: "Q1".into(),
            name: name("一号排队区", "Queue 1"),
        }],
        cameras: vec![MetaCamera {
            id: "cam2".into(),
            name: name("大厅东侧", "Hall, east"),
            gb_channel_id: Some("51192100001320000002".into()),
        }],
        sensors: vec![MetaSensor {
            id: "W3-seat".into(),
            window: "W3".into(),
            kind: sensor_kind_name(SensorKind::Seat).into(),
            quality: Some("stale".into()),
            reason: Some("silent".into()),
            since: Some("2026-09-21T09:59:30.000+08:00".into()),
            age_s: Some(120),
        }],
        model: "person-n".into(),
        model_sha256: "cd".repeat(32),
        config_sha256: "ab".repeat(32),
        calendars: vec![MetaCalendar {
            year: 2026,
            tx: None,
        }],
        clock: MetaClock {
            synced: true,
            offset_ms: 12,
            ntp: ntp_name(Ntp::Synced).into(),
            error_ms: Some(8),
        },
        certificate: Some(MetaCertificate {
            not_after: "2027-09-21T00:00:00.000+08:00".into(),
        }),
        disk_free_bytes: Some(12_884_901_888),
        store: MetaStore {
            first_seq: 1,
            last_seq: 48_213,
            last_hash: "ef".repeat(32),
            acked_seq: 48_190,
        },
    };
    check("meta.json", &record);
}

fn checkpoint() -> Checkpoint {
    let open = |code, subject, level, tags| OpenRecord {
        id: event().id,
        rev: 2,
        code,
        subject,
        level,
        onset: stamp(0),
        raised: stamp(300),
        rule: "P0@7".into(),
        evidence_sources: vec!["video:cam2".into()],
        tags,
        related: vec![EventId(1)],
    };
    Checkpoint {
        at: TEN.plus_ms(700_000),
        windows: vec![EpisodeCheckpoint {
            subject: Subject::Window("W3".into()),
            code: EventCode::Unstaffed,
            onset: stamp(0),
            rule: EpisodeRule {
                ladder_ms: [300_000, 600_000, 900_000],
                return_hold_ms: 60_000,
                rule: "P0@7".into(),
            },
            account: Account {
                absent_ms: 1,
                returned_ms: 2,
                unobserved_ms: 3,
                paused_ms: 4,
                brief_returns: 5,
            },
            customers_max: 6,
            last_observed: TEN.plus_ms(699_000),
            duty_to: TEN.plus_ms(7_200_000),
            record: Some(open(
                EventCode::Unstaffed,
                Subject::Window("W3".into()),
                Level::Warn,
                vec![Tag::EarlyClose],
            )),
        }],
        queues: vec![QueueCheckpoint {
            queue: "Q1".into(),
            record: Some(open(
                EventCode::QueueLong,
                Subject::Queue("Q1".into()),
                Level::Warn,
                vec![Tag::Saturated],
            )),
            unobserved_ms: 7,
            peak: 12,
            last_observed: None,
            staffed_at_raise: Some(3),
            mitigated_at: Some(stamp(360)),
            no_new_window: None,
            long_wait: Some(WaitCheckpoint {
                record: open(
                    EventCode::LongWait,
                    Subject::Queue("Q1".into()),
                    Level::Severe,
                    vec![],
                ),
                unobserved_ms: 8,
                wait_ms: 1_440_000,
                peak: 13,
            }),
            source_mismatch: None,
        }],
        credences: vec![CredenceCheckpoint {
            sensor: "W3-seat".into(),
            doubt: Some((Doubt::StuckOn, HallTime(1_790_000_000_000))),
            on_ms: 7_200_000,
            on_from: HallTime(1_790_000_000_000),
            off_ms: 0,
            off_from: HallTime(1_790_000_000_000),
        }],
        sources: vec![
            open(
                EventCode::CameraDark,
                Subject::Camera("cam2".into()),
                Level::Fault,
                vec![],
            ),
            open(
                EventCode::SensorConflict,
                Subject::Sensor("W3-seat".into()),
                Level::Fault,
                vec![],
            ),
        ],
        posts: vec![PostCheckpoint {
            window: "W3".into(),
            pause: Some(RunningPause {
                since: TEN,
                unobserved_ms: 8,
                limit_ms: 900_000,
                rule: "P0@7".into(),
                record: Some(open(
                    EventCode::PauseOverrun,
                    Subject::Window("W3".into()),
                    Level::Notice,
                    vec![],
                )),
                last_observed: TEN.plus_ms(699_000),
                duty_to: TEN.plus_ms(7_200_000),
            }),
            pause_day: Some(PauseDay {
                day: 20_717,
                count: 5,
                signal_counted: true,
                onset: TEN,
                record: None,
            }),
            unattended: Some(UnattendedCheckpoint {
                onset: TEN,
                observed_ms: 90_000,
                unobserved_ms: 9,
                customers_max: 2,
                limit_ms: 120_000,
                rule: "P0@7".into(),
                record: None,
                last_observed: TEN.plus_ms(699_000),
                duty_to: TEN.plus_ms(7_200_000),
            }),
        }],
        leave: vec![Leave {
            id: "L1".into(),
            windows: vec!["W3".into()],
            from_local_ms: 1_789_999_200_000,
            to_local_ms: 1_790_002_800_000,
            approved_by: "manager-1".into(),
            cover: Some("W4".into()),
        }],
        answers: vec![
            Answer {
                tx: "t1".into(),
                result: Ok(vec![EventId(1)]),
            },
            Answer {
                tx: "t2".into(),
                result: Err(Refusal::Scope),
            },
        ],
    }
}

#[test]
fn checkpoints_keep_their_form_and_read_back_whole() {
    let record = CheckpointRecord::from(&checkpoint());
    check("checkpoint.json", &record);
    assert_eq!(Checkpoint::try_from(record).unwrap(), checkpoint());
}

#[test]
fn foreign_checkpoints_are_refused_with_a_reason() {
    fn check(from: &str, to: &str, expected: &str) {
        let text = serde_json::to_string(&CheckpointRecord::from(&checkpoint())).unwrap();
        assert!(text.contains(from));
        let record: CheckpointRecord = serde_json::from_str(&text.replacen(from, to, 1)).unwrap();
        let error: CheckpointError = Checkpoint::try_from(record).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    check(
        "\"v\":1",
        "\"v\":2",
        "the checkpoint has version 2, this program reads version 1",
    );
    check(
        "\"unstaffed\"",
        "\"away\"",
        "the checkpoint's code 'away' is not known",
    );
    check(
        "\"warn\"",
        "\"red\"",
        "the checkpoint's level 'red' is not known",
    );
    check(
        "00000000000000000000000001",
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "the checkpoint's related event '8ZZZZZZZZZZZZZZZZZZZZZZZZZ' is not known",
    );
}

#[test]
fn event_ids_read_back_from_their_text() {
    for id in [0, 1, u128::MAX, event().id.0] {
        assert_eq!(
            parse_event_id(&event_id_text(EventId(id))),
            Some(EventId(id))
        );
    }
    for text in [
        "",
        "0",
        "0000000000000000000000000U",
        "80000000000000000000000000",
        "0000000000000000000000000é",
    ] {
        assert_eq!(parse_event_id(text), None, "{text}");
    }
}
