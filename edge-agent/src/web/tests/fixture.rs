//! Scripted inputs for the real server: a hall of five windows, one queue, two cameras, and a store in memory.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hall_core::account::WaitSource;
use hall_core::config::{
    DutyCalendar, EngineConfig, EvaluationPoint, QueueConfig, Rules, SensorKind, Zone, ZoneKind,
};
use hall_core::event::{EndReason, Event, EventCode, EventId, Level, Phase, Review, Subject, Tag};
use hall_core::geometry::Point;
use hall_core::observe::{FaultCause, Quality};
use hall_core::snapshot::{
    CameraSnapshot, HallSnapshot, QueueSnapshot, QueueState, Reason, SensorReason, SensorSnapshot,
    WaitEstimate, WindowSnapshot, WindowState,
};
use hall_core::time::{HallTime, Stamp, WallClock};
use hall_core::tri::Tri;
use hall_wire::event::{ClockQuality, EventRecord, RecordContext, SealedRecord};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use edge_accounts::AuditLog;

use super::figures::{ScriptedFigures, figures};
use super::scripted::{ScriptedEvents, ScriptedEvidence, ScriptedFrames, audit_log, push_doors};
use crate::orders::OrderDesk;
use crate::web::WebError;
use crate::web::inputs::{
    Access, CameraHealth, CameraInfo, CameraState, ClockHealth, ComponentHealth, ComponentState,
    HallInfo, HealthReport, Names, Overall, QueueInfo, SensorInfo, StoreHealth, UplinkCertificate,
    UplinkHealth, UplinkMode, Versions, WebInputs, WindowInfo,
};
use crate::web::limits::Limits;

/// 2026-09-21T10:07:20+08:00.
pub const NOW: HallTime = HallTime(1_789_956_440_000);
/// What a test waits at most for something that should happen at once.
pub const SOON: Duration = Duration::from_secs(10);

pub fn before(ms: i64) -> HallTime {
    NOW.plus_ms(-ms)
}

pub fn stamp(at: HallTime) -> Stamp {
    WallClock::unix(28_800).stamp(at)
}

/// A running server and the handles that drive it.
pub struct Served {
    pub addr: SocketAddr,
    pub events: Arc<ScriptedEvents>,
    pub figures: Arc<ScriptedFigures>,
    pub snapshot: watch::Sender<Arc<HallSnapshot>>,
    pub hall: watch::Sender<Arc<HallInfo>>,
    pub health: watch::Sender<Arc<HealthReport>>,
    pub last_seq: watch::Sender<u64>,
    pub audit: Arc<AuditLog>,
    pub cancel: CancellationToken,
    pub task: JoinHandle<Result<(), WebError>>,
}

/// Short enough for a test; the heartbeat alone stays out of the way.
pub fn quick() -> Limits {
    Limits {
        heartbeat: Duration::from_secs(60),
        snapshot_gap: Duration::from_millis(20),
        source_wait: Duration::from_millis(500),
        ..Limits::default()
    }
}

impl Served {
    pub async fn start() -> Served {
        Served::within(quick(), Vec::new(), "127.0.0.1:0").await
    }

    pub async fn within(limits: Limits, records: Vec<SealedRecord>, bind: &str) -> Served {
        Served::with(limits, records, bind, |inputs| inputs).await
    }

    /// The same with other inputs.
    pub async fn with(
        limits: Limits,
        records: Vec<SealedRecord>,
        bind: &str,
        change: impl FnOnce(WebInputs) -> WebInputs,
    ) -> Served {
        let listener = TcpListener::bind(bind).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let events = Arc::new(ScriptedEvents::default());
        let newest = records.last().map_or(0, |r| r.seq);
        *events.records.lock().unwrap() = records;
        let inputs = inputs(Arc::clone(&events));
        let figures = figures();
        let (hall, hall_rx) = watch::channel(Arc::new(hall_info()));
        let (snapshot, snapshot_rx) = watch::channel(Arc::new(hall_snapshot()));
        let (health, health_rx) = watch::channel(Arc::new(health_report()));
        let (last_seq, last_seq_rx) = watch::channel(newest);
        let inputs = WebInputs {
            figures: figures.clone(),
            hall: hall_rx,
            snapshot: snapshot_rx,
            health: health_rx,
            last_seq: last_seq_rx,
            allowed_hosts: vec!["edge.hall.lan".into()],
            ..inputs
        };
        let inputs = change(inputs);
        let audit = Arc::clone(&inputs.audit);
        let cancel = CancellationToken::new();
        let task = tokio::spawn(crate::web::serve_within(
            listener,
            inputs,
            limits,
            cancel.clone(),
        ));
        Served {
            addr,
            events,
            figures,
            snapshot,
            hall,
            health,
            last_seq,
            audit,
            cancel,
            task,
        }
    }

    /// Makes a record durable and visible.
    pub fn append(&self, record: SealedRecord) {
        let seq = record.seq;
        self.events.records.lock().unwrap().push(record);
        self.last_seq.send_replace(seq);
    }

    pub async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(SOON, self.task)
            .await
            .expect("the server ends")
            .unwrap()
            .unwrap();
    }
}

/// Inputs that stand still at [`NOW`].
pub fn inputs(events: Arc<ScriptedEvents>) -> WebInputs {
    let now = Arc::new(AtomicI64::new(NOW.0));
    WebInputs {
        hall: watch::channel(Arc::new(hall_info())).1,
        snapshot: watch::channel(Arc::new(hall_snapshot())).1,
        clock: Arc::new(|| WallClock::unix(28_800)),
        now: Arc::new(move || HallTime(now.load(Ordering::SeqCst))),
        events,
        last_seq: watch::channel(0).1,
        figures: figures(),
        frames: Arc::new(ScriptedFrames),
        health: watch::channel(Arc::new(health_report())).1,
        metrics: Arc::new(|| "# TYPE edge_up gauge\nedge_up 1\n".into()),
        push: Arc::new(push_doors()),
        access: Access::Open,
        audit: audit_log(),
        evidence: Arc::new(ScriptedEvidence),
        orders: OrderDesk::open().0,
        certificate: None,
        monitor_token: None,
        allowed_hosts: Vec::new(),
    }
}

fn names(zh: &str, en: &str) -> Names {
    Names {
        zh: zh.into(),
        en: en.into(),
    }
}

pub fn hall_info() -> HallInfo {
    let window = |id: &str, zh: &str, en: &str| WindowInfo {
        id: id.into(),
        name: names(zh, en),
        department: (id == "W4").then(|| names("税务局", "Tax office")),
    };
    let camera = |id: &str, zh: &str, en: &str| CameraInfo {
        id: id.into(),
        name: names(zh, en),
    };
    let square = |x: f32, y: f32| {
        vec![
            Point { x, y },
            Point { x: x + 0.25, y },
            Point {
                x: x + 0.25,
                y: y + 0.5,
            },
            Point { x, y: y + 0.5 },
        ]
    };
    let zone = |id: &str, kind: ZoneKind, x: f32| Zone {
        id: id.into(),
        camera: "cam1".into(),
        kind,
        polygon: square(x, 0.25),
        evaluation_point: EvaluationPoint::Center,
        adult_height: None,
    };
    HallInfo {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        name: names(
            "通江县政务服务中心",
            "Tongjiang County Government Service Centre",
        ),
        windows: vec![
            window("W1", "综合窗口", "General services"),
            window("W2", "社保窗口", "Social insurance"),
            window("W3", "户籍窗口", "Household registration"),
            window("W4", "税务窗口", "Tax"),
            window("W5", "不动产窗口", "Real estate"),
        ],
        queues: vec![QueueInfo {
            id: "Q1".into(),
            name: names("大厅排队区", "Main queue"),
            windows: vec!["W1".into(), "W2".into()],
            capacity: Some(20),
        }],
        cameras: vec![
            camera("cam1", "柜台一", "Counter 1"),
            camera("cam2", "排队区", "Queue area"),
            camera("cam3", "入口", "Entrance"),
        ],
        sensors: vec![SensorInfo {
            id: "W3-seat".into(),
            window: "W3".into(),
            kind: SensorKind::Seat,
        }],
        zones: vec![
            zone("W3.staff", ZoneKind::Staff("W3".into()), 0.0),
            zone("W3.away", ZoneKind::StaffExtended("W3".into()), 0.25),
            zone("W3.counter", ZoneKind::Counter("W3".into()), 0.5),
            zone("Q1@cam1", ZoneKind::Queue("Q1".into()), 0.75),
        ],
        rules: Rules::default(),
        engine: Arc::new(engine_config()),
        versions: Versions {
            agent: "0.1.0".into(),
            config_sha256: "c0".repeat(32),
            model: "person".into(),
            model_sha256: "de".repeat(32),
        },
    }
}

/// What belongs to which window, as in [`hall_info`].
fn engine_config() -> EngineConfig {
    EngineConfig {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        cameras: Vec::new(),
        windows: Vec::new(),
        queues: vec![QueueConfig {
            id: "Q1".into(),
            windows: vec!["W1".into(), "W2".into()],
            capacity: None,
            tickets: false,
        }],
        zones: Vec::new(),
        sensors: Vec::new(),
        groups: Vec::new(),
        duty: DutyCalendar::default(),
        rules: Rules::default(),
    }
}

fn window(id: &str, state: WindowState, reason: Reason, for_ms: i64) -> WindowSnapshot {
    WindowSnapshot {
        window: id.into(),
        state,
        since: before(for_ms),
        reason,
        video: Tri::Unknown,
        sensor: Tri::Unknown,
        evidence_sources: Vec::new(),
        away_from_seat: false,
        customers: 0,
        open_event: None,
        level: None,
        absent_ms: 0,
    }
}

pub fn hall_snapshot() -> HallSnapshot {
    let windows = vec![
        WindowSnapshot {
            video: Tri::Yes,
            sensor: Tri::Yes,
            evidence_sources: vec!["video:cam1".into(), "seat:W1-seat".into()],
            away_from_seat: true,
            customers: 1,
            ..window(
                "W1",
                WindowState::Staffed,
                Reason::VideoAndSensorPresent,
                4_380_000,
            )
        },
        WindowSnapshot {
            video: Tri::No,
            evidence_sources: vec!["video:cam1".into()],
            customers: 2,
            open_event: Some(EventId(0x0199_0000_0000_0000_0000_0000_0000_0001)),
            level: Some(Level::Notice),
            absent_ms: 440_000,
            ..window("W2", WindowState::Unstaffed, Reason::VideoAbsent, 440_000)
        },
        window("W3", WindowState::Paused, Reason::PauseDeclared, 61_000),
        window("W4", WindowState::OffDuty, Reason::NotScheduled, 7_640_000),
        window("W5", WindowState::Unknown, Reason::CameraDown, 95_000),
    ];
    HallSnapshot {
        at: before(500),
        windows,
        queues: vec![QueueSnapshot {
            queue: "Q1".into(),
            state: QueueState::Long,
            since: before(240_000),
            length: Some(12),
            in_zone: Some(14),
            saturated: true,
            open_event: Some(EventId(0x0199_0000_0000_0000_0000_0000_0000_0002)),
            level: Some(Level::Warn),
            wait: Some(WaitEstimate {
                wait_ms: 1_440_000,
                error_ms: 380_000,
                source: WaitSource::Video,
            }),
            open_windows: 3,
            advised_windows: Some(4),
        }],
        cameras: vec![
            CameraSnapshot {
                camera: "cam1".into(),
                down: None,
                last_seen: Some(before(240)),
            },
            CameraSnapshot {
                camera: "cam2".into(),
                down: Some(FaultCause::Offline),
                last_seen: None,
            },
        ],
        sensors: vec![SensorSnapshot {
            sensor: "W3-seat".into(),
            value: Some(false),
            quality: Quality::Suspect,
            trouble: Some((SensorReason::StuckOff, before(7_200_000))),
            last_seen: Some(before(3_000)),
            ons_last_hour: 0,
        }],
    }
}

pub fn health_report() -> HealthReport {
    let component = |name: &str, state, detail: &str| ComponentHealth {
        name: name.into(),
        state,
        detail: detail.into(),
    };
    HealthReport {
        overall: Overall::Degraded,
        components: vec![
            component("store", ComponentState::Up, ""),
            component(
                "camera:cam2",
                ComponentState::Restarting,
                "no picture for 10 s; connecting again",
            ),
        ],
        cameras: vec![
            CameraHealth {
                camera: "cam1".into(),
                state: CameraState::Up,
                fps: 4.5,
                last_frame_age_ms: Some(120),
                analysed: 12_345,
                off_duty: 678,
                dropped: 17,
                infer_ms: Some(38.5),
            },
            CameraHealth {
                camera: "cam2".into(),
                state: CameraState::Down,
                fps: 0.0,
                last_frame_age_ms: None,
                analysed: 0,
                off_duty: 0,
                dropped: 0,
                infer_ms: None,
            },
        ],
        store: StoreHealth {
            seq: 48_213,
            bytes: 4_194_304,
            degraded: false,
            lag: 0,
        },
        uplink: UplinkHealth {
            mode: UplinkMode::CatchUp,
            acked: 48_190,
            broker_has: 48_200,
            backlog: 23,
            certificates: vec![UplinkCertificate {
                role: "client",
                subject: "CN=511921-001-b1".into(),
                not_after: "2027-09-21T10:00:00.000+08:00".into(),
                expires_in_s: 31_536_000,
            }],
            ..UplinkHealth::offline()
        },
        clock: ClockHealth {
            synced: true,
            offset_ms: 12,
        },
    }
}

/// A stored record: event number `n`, revision `rev`, on window `subject`; closed when `closed`.
pub fn record(seq: u64, n: u128, rev: u32, subject: &str, closed: bool) -> SealedRecord {
    let onset = before(440_000).plus_ms(i64::try_from(n).unwrap() * 1_000);
    let event = Event {
        id: EventId((0x0199 << 112) + n),
        rev,
        code: EventCode::Unstaffed,
        subject: Subject::Window(subject.into()),
        level: Level::Notice,
        phase: match (rev, closed) {
            (_, true) => Phase::Cleared,
            (1, _) => Phase::Raised,
            _ => Phase::Updated,
        },
        onset: stamp(onset),
        raised: stamp(onset.plus_ms(300_000)),
        updated: stamp(onset.plus_ms(300_000 + i64::from(rev) * 1_000)),
        end: closed.then(|| stamp(onset.plus_ms(440_000))),
        end_reason: closed.then_some(EndReason::Returned),
        duration_ms: 440_000,
        absent_ms: 410_000,
        unobserved_ms: 30_000,
        brief_returns: 1,
        customers_max: 2,
        peak: None,
        evidence_sources: vec!["video:cam1".into(), "seat:W3-seat".into()],
        confidence: 0.93,
        rule: "P0@1".into(),
        tags: vec![Tag::EarlyClose],
        related: vec![EventId((0x0199 << 112) + 99)],
        review: Review::Suspected,
        revision: None,
        mitigated_at: None,
        wait_est_ms: None,
    };
    let ctx = RecordContext {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        config_sha256: "c0".repeat(32),
        model_sha256: "de".repeat(32),
        clock: ClockQuality {
            synced: true,
            offset_ms: 12,
        },
        audit_head: None,
    };
    SealedRecord {
        seq,
        record: EventRecord::new(&event, &ctx),
        prev: "0".repeat(64),
        hash: format!("{seq:064x}"),
    }
}

/// The id of event number `n` as in [`record`].
pub fn event_id(n: u128) -> String {
    hall_wire::event::event_id_text(EventId((0x0199 << 112) + n))
}
