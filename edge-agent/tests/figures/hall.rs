//! The demo hall in a folder of its own, and what its engine would say, written by hand.

use std::path::PathBuf;
use std::sync::Arc;

use edge_agent::figures::{DayFiles, FigureQuery, Ledger, folder, layout};
use edge_config::Config;
use hall_core::account::{Excuse, Interval, TimeClass, WaitSample, WaitSource};
use hall_core::engine::Output;
use hall_core::event::{Event, EventCode, EventId, Level, Phase, Review, Revision, Subject};
use hall_core::order::{CaseAction, CaseReason, Role};
use hall_core::summary::{QueueSummary, Summary, WindowCounts};
use hall_core::time::{HallTime, Stamp, WallClock};
use hall_metrics::LocalDay;
use hall_wire::day::parse_day;
use tempfile::TempDir;

pub const MINUTE: i64 = 60_000;

/// A hall of four windows that are always on duty; W1 and W2 belong to a department.
pub struct Hall {
    pub dir: TempDir,
    pub config: Arc<Config>,
}

impl Hall {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let demo = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../hall-config/demo/hall.toml");
        let mut text = std::fs::read_to_string(demo).unwrap();
        for window in ["W1", "W2"] {
            let id = format!("[[windows]]\nid = \"{window}\"\n");
            assert!(text.contains(&id));
            let with = format!("{id}department = {{ zh = \"税务局\", en = \"Tax office\" }}\n");
            text = text.replace(&id, &with);
        }
        let path = dir.path().join("hall.toml");
        std::fs::write(&path, text).unwrap();
        let config = Arc::new(edge_config::load(&path).unwrap());
        Hall { dir, config }
    }

    pub fn toml(&self) -> String {
        self.dir.path().join("hall.toml").display().to_string()
    }

    pub fn folder(&self) -> PathBuf {
        folder(&self.config)
    }

    pub fn files(&self) -> DayFiles {
        DayFiles::new(self.folder())
    }

    /// As a process that starts.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(layout(&self.config), self.files())
    }

    pub fn query(&self) -> FigureQuery {
        FigureQuery::new(&self.config)
    }

    /// File names in the folder of days, in order.
    pub fn listed(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub fn day(text: &str) -> LocalDay {
    parse_day(text).unwrap()
}

/// Local milliseconds of `2026-09-21 10:05`.
pub fn local(text: &str) -> i64 {
    let (date, time) = text.split_once(' ').unwrap();
    let (hour, minute) = time.split_once(':').unwrap();
    let minutes = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
    day(date).from_ms() + minutes * MINUTE
}

pub fn stamp(local_ms: i64) -> Stamp {
    WallClock::unix(28_800).stamp(HallTime(local_ms - 28_800_000))
}

pub fn at(text: &str) -> Stamp {
    stamp(local(text))
}

pub fn interval(window: &str, from_ms: i64, to_ms: i64, class: TimeClass) -> Output {
    Output::Interval(Interval {
        window: window.into(),
        from: stamp(from_ms),
        to: stamp(to_ms),
        class,
    })
}

pub fn span(window: &str, from: &str, to: &str, class: TimeClass) -> Output {
    interval(window, local(from), local(to), class)
}

pub fn excuse(window: &str, from: &str, to: &str) -> Output {
    Output::Excuse(Excuse {
        window: window.into(),
        from: at(from),
        to: at(to),
        excused: true,
    })
}

/// The minute that ends then, with a line of six.
pub fn summary(to_ms: i64) -> Output {
    Output::Summary(Summary {
        from: stamp(to_ms - MINUTE),
        to: stamp(to_ms),
        windows: WindowCounts::default(),
        queues: vec![QueueSummary {
            queue: "Q1".into(),
            len_avg: Some(6.0),
            len_max: Some(8),
            saturated: false,
            wait: None,
            departures: 1,
            open_windows: 4,
            advised_windows: None,
        }],
        open_events: 0,
        coverage: 1.0,
    })
}

pub fn wait(at: &str, minutes: i64) -> Output {
    Output::Wait(WaitSample {
        queue: "Q1".into(),
        at: self::at(at),
        wait_ms: minutes * MINUTE,
        source: WaitSource::Ticket,
        service_ms: Some(5 * MINUTE),
        abandoned: false,
    })
}

pub fn absence(window: &str, onset: &str, minutes: i64) -> Event {
    let onset_ms = local(onset);
    let ms = minutes * MINUTE;
    Event {
        id: EventId((stamp(onset_ms).unix_ms as u128) << 80 | 7),
        rev: 1,
        code: EventCode::Unstaffed,
        subject: Subject::Window(window.into()),
        level: Level::Warn,
        phase: Phase::Cleared,
        onset: stamp(onset_ms),
        raised: stamp(onset_ms + 5 * MINUTE),
        updated: stamp(onset_ms + ms),
        end: Some(stamp(onset_ms + ms)),
        end_reason: None,
        duration_ms: ms,
        absent_ms: ms,
        unobserved_ms: 0,
        brief_returns: 0,
        customers_max: 0,
        peak: None,
        evidence_sources: Vec::new(),
        confidence: 1.0,
        rule: String::new(),
        tags: Vec::new(),
        related: Vec::new(),
        review: Review::Suspected,
        revision: None,
        mitigated_at: None,
        wait_est_ms: None,
    }
}

/// Called a false alarm, then.
pub fn false_alarm(event: &Event, at: &str) -> Event {
    Event {
        rev: event.rev + 1,
        phase: Phase::Revised,
        review: Review::FalseAlarm,
        revision: Some(Revision {
            action: CaseAction::FalseAlarm,
            by: "county-supervision".into(),
            role: Role::Supervisor,
            reason: CaseReason::SystemError,
            at: self::at(at),
            retroactive: false,
            tx: String::new(),
        }),
        ..event.clone()
    }
}

/// W1 staffed all the time but for 20 minutes from 10:00.
pub fn morning(ledger: &mut Ledger) {
    ledger.enter(vec![
        span(
            "W1",
            "2026-09-21 09:00",
            "2026-09-21 10:00",
            TimeClass::Staffed,
        ),
        span(
            "W1",
            "2026-09-21 10:00",
            "2026-09-21 10:20",
            TimeClass::Unstaffed,
        ),
        span(
            "W1",
            "2026-09-21 10:20",
            "2026-09-21 11:00",
            TimeClass::Staffed,
        ),
        Output::Event(absence("W1", "2026-09-21 10:00", 20)),
        wait("2026-09-21 10:30", 12),
        summary(local("2026-09-21 11:00")),
    ]);
}
