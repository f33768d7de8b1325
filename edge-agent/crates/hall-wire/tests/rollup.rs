//! The published form of roll-ups, byte for byte, and its size.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hall_core::account::{Interval, TimeClass, WaitSample, WaitSource};
use hall_core::config::{DutyCalendar, EngineConfig, QueueConfig, Rules, WindowConfig};
use hall_core::engine::Output;
use hall_core::rating::RatingOption;
use hall_core::summary::{QueueSummary, Summary, WindowCounts};
use hall_core::time::{HallTime, Stamp, WallClock};
use hall_metrics::{Book, Layout, Period, PeriodKind};
use hall_wire::rollup::{ROWS_PER_PART, RollupRecord};

/// 2026-09-21 10:00 in Asia/Shanghai.
const TEN: HallTime = HallTime(1_789_956_000_000);

fn stamp(after_s: i64) -> Stamp {
    WallClock::unix(28_800).stamp(TEN.plus_ms(after_s * 1000))
}

/// A quarter of an hour of a hall with so many windows: every third one unstaffed for five minutes.
fn parts(windows: usize) -> Vec<RollupRecord> {
    parts_of(PeriodKind::Quarter, windows)
}

fn parts_of(kind: PeriodKind, windows: usize) -> Vec<RollupRecord> {
    let ids: Vec<String> = (1..=windows).map(|n| format!("W{n:03}")).collect();
    let cfg = EngineConfig {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        cameras: vec!["cam1".into()],
        windows: (ids.iter())
            .map(|id| WindowConfig {
                id: id.as_str().into(),
                min_staff: 1,
                duty: None,
            })
            .collect(),
        queues: vec![QueueConfig {
            id: "Q1".into(),
            windows: Vec::new(),
            capacity: None,
            tickets: true,
        }],
        zones: Vec::new(),
        sensors: Vec::new(),
        groups: Vec::new(),
        duty: DutyCalendar::default(),
        rules: Rules::default(),
    };
    let departments: BTreeMap<_, _> = (ids.iter().enumerate())
        .map(|(n, id)| (id.as_str().into(), format!("部门{}", n / 5)))
        .collect();
    let mut book = Book::new(Layout::new(&cfg, 28_800, &departments));
    for (n, id) in ids.iter().enumerate() {
        for option in RatingOption::ALL {
            book.rate(&id.as_str().into(), option, TEN.0 + 28_800_000);
        }
        let mut piece = |from, to, class| {
            book.take(&Output::Interval(Interval {
                window: id.as_str().into(),
                from: stamp(from),
                to: stamp(to),
                class,
            }));
        };
        piece(0, 900, TimeClass::Staffed);
        if n % 3 == 0 {
            piece(300, 600, TimeClass::Unstaffed);
        }
    }
    book.take(&Output::Summary(Summary {
        from: stamp(0),
        to: stamp(60),
        windows: WindowCounts::default(),
        queues: vec![QueueSummary {
            queue: "Q1".into(),
            len_avg: Some(6.25),
            len_max: Some(9),
            saturated: false,
            wait: None,
            departures: 0,
            open_windows: 0,
            advised_windows: None,
        }],
        open_events: 0,
        coverage: 1.0,
    }));
    book.take(&Output::Wait(WaitSample {
        queue: "Q1".into(),
        at: stamp(30),
        wait_ms: 1_200_500,
        source: WaitSource::Ticket,
        service_ms: Some(300_000),
        abandoned: false,
    }));
    let local_ms = TEN.0 + 28_800_000;
    let mut rollup = book.rollup(Period::containing(kind, local_ms)).unwrap();
    rollup.rev = 1;
    RollupRecord::parts(&rollup, book.layout())
}

#[test]
fn rollups_keep_their_form() {
    let parts = parts(1);
    assert_eq!(parts.len(), 1);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rollup.json");
    let got = serde_json::to_string_pretty(&parts[0]).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &got).unwrap();
    }
    let want = fs::read_to_string(&path).unwrap();
    assert_eq!(
        got, want,
        "run with UPDATE_GOLDEN=1 if the contract is meant to change"
    );
    assert_eq!(
        serde_json::from_str::<RollupRecord>(&want).unwrap(),
        parts[0]
    );
}

#[test]
fn a_day_has_the_ratings_of_its_windows_and_their_sum_and_a_quarter_has_none() {
    let quarter = serde_json::to_string(&parts(2)).unwrap();
    assert!(!quarter.contains("ratings"));
    let day = parts_of(PeriodKind::Day, 2);
    let expected = serde_json::json!({"very_satisfied": 1, "satisfied": 1, "attitude": 1, "slow": 1, "unskilled": 1, "other": 1,
        "positive": 2, "negative": 3});
    let shown = serde_json::to_value(&day[0]).unwrap();
    assert_eq!(shown["windows"][0]["ratings"], expected);
    assert_eq!(shown["total"]["ratings"]["negative"], 6);
    assert_eq!(
        serde_json::from_value::<RollupRecord>(shown).unwrap(),
        day[0]
    );
}

#[test]
fn every_part_of_a_large_hall_stays_under_16_kib() {
    for windows in [1, 12, 20, 21, 40, 254] {
        let mut every = parts(windows);
        every.extend(parts_of(PeriodKind::Day, windows));
        for part in every {
            let size = serde_json::to_string(&part).unwrap().len();
            assert!(
                size < 16 * 1024,
                "{windows} windows, {}: {size} B",
                part.period
            );
        }
        let parts = parts(windows);
        let all: Vec<&str> = parts
            .iter()
            .flat_map(|p| &p.windows)
            .map(|w| w.id.as_str())
            .collect();
        assert_eq!(all.len(), windows, "every window once");
        assert!(all.is_sorted());
        for (n, part) in parts.iter().enumerate() {
            assert_eq!((part.part, part.parts), (n as u32 + 1, parts.len() as u32));
            assert_eq!(part.total.is_some(), n == 0);
            assert!(part.windows.len() <= ROWS_PER_PART);
            let size = serde_json::to_string(part).unwrap().len();
            assert!(size < 16 * 1024, "{windows} windows, part {n}: {size} B");
        }
    }
}
