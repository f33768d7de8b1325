//! What is kept over restarts, damage and clocks that were wrong, and what is published again.

use edge_agent::figures::{KEEP_DAYS, Ledger};
use hall_core::account::TimeClass::{Staffed, Unknown, Unstaffed};
use hall_core::engine::Output;
use hall_metrics::{Period, PeriodKind, Rollup};
use hall_wire::rollup::period_name;

use crate::hall::*;

/// `hour 09 rev 1`.
fn shown(rollups: &[Rollup]) -> Vec<String> {
    let text = |rollup: &Rollup| {
        let minutes = rollup.period.from_ms.rem_euclid(86_400_000) / MINUTE;
        let (hour, minute) = (minutes / 60, minutes % 60);
        let period = period_name(rollup.period.kind);
        format!("{period} {hour:02}:{minute:02} rev {}", rollup.rev)
    };
    rollups.iter().map(text).collect()
}

#[test]
fn a_restart_publishes_nothing_twice_and_late_leave_only_what_it_changes() {
    let hall = Hall::new();
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-21 08:59"))).unwrap();
    morning(&mut ledger);
    let first = ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    assert!(first.iter().all(|rollup| rollup.rev == 1));
    let count = |kind| first.iter().filter(|r| r.period.kind == kind).count();
    let kinds = [PeriodKind::Minute, PeriodKind::Quarter, PeriodKind::Hour];
    assert_eq!(kinds.map(count), [120, 8, 2]);
    drop(ledger);

    let mut ledger = hall.ledger();
    assert!(
        ledger
            .round(Some(at("2026-09-21 11:03")))
            .unwrap()
            .is_empty()
    );
    let leave = excuse("W1", "2026-09-21 10:14", "2026-09-21 10:40");
    assert!(ledger.enter(vec![leave]), "a decision is written at once");
    let again = ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    assert_eq!(
        shown(&again),
        [
            "1min 10:14 rev 2",
            "15min 10:00 rev 2",
            "1min 10:15 rev 2",
            "1min 10:16 rev 2",
            "1min 10:17 rev 2",
            "1min 10:18 rev 2",
            "1min 10:19 rev 2",
            "15min 10:15 rev 2",
            "hour 10:00 rev 2",
        ]
    );
    // Killed, without a goodbye: the revisions go on counting, days later, from a decision on the event.
    drop(ledger);
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-25 15:00"))).unwrap();
    let event = absence("W1", "2026-09-21 10:00", 20);
    ledger.enter(vec![Output::Event(false_alarm(&event, "2026-09-25 15:00"))]);
    let decided = ledger.round(Some(at("2026-09-25 15:00"))).unwrap();
    assert_eq!(
        shown(&decided),
        [
            "1min 10:00 rev 2",
            "15min 10:00 rev 3",
            "hour 10:00 rev 3",
            "day 00:00 rev 2"
        ]
    );
}

#[test]
fn a_damaged_day_is_set_aside_and_the_others_stay() {
    let hall = Hall::new();
    let mut ledger = hall.ledger();
    for date in ["2026-09-18", "2026-09-19", "2026-09-20"] {
        let time = |hour| format!("{date} {hour}");
        ledger.round(Some(at(&time("08:00")))).unwrap();
        ledger.enter(vec![span("W1", &time("09:00"), &time("12:00"), Staffed)]);
        ledger.round(Some(at(&time("12:05")))).unwrap();
    }
    drop(ledger);
    let broken = hall.files().path(day("2026-09-19"));
    let bytes = std::fs::read(&broken).unwrap();
    for damage in [&bytes[..bytes.len() / 2], b"", b"\0\0\0\0", b"{\"v\":9}"] {
        std::fs::write(&broken, damage).unwrap();
        let loaded = hall
            .files()
            .load(day("2026-09-01"), day("2026-09-30"))
            .unwrap();
        assert_eq!(loaded.days.len(), 2);
        let (of, reason) = &loaded.damaged[0];
        assert_eq!(*of, day("2026-09-19"));
        assert!(reason.contains("2026-09-19.json: "), "{reason}");
        let mut ledger = hall.ledger();
        ledger.round(Some(at("2026-09-20 12:06"))).unwrap();
        assert!(!broken.exists(), "set aside");
        ledger.enter(vec![span(
            "W2",
            "2026-09-19 10:00",
            "2026-09-19 11:00",
            Staffed,
        )]);
        ledger.round(Some(at("2026-09-20 12:07"))).unwrap();
        assert!(broken.exists(), "goes on with what comes");
    }
    assert_eq!(
        hall.listed(),
        [
            "2026-09-18.json",
            "2026-09-19.json",
            "2026-09-19.set-aside-1",
            "2026-09-19.set-aside-2",
            "2026-09-19.set-aside-3",
            "2026-09-19.set-aside-4",
            "2026-09-20.json"
        ]
    );
    assert_eq!(
        std::fs::read(hall.folder().join("2026-09-19.set-aside-4")).unwrap(),
        b"{\"v\":9}"
    );
}

#[test]
fn a_clock_nobody_believes_overwrites_no_day() {
    let hall = Hall::new();
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-21 08:59"))).unwrap();
    morning(&mut ledger);
    ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    drop(ledger);

    // After a power cut the clock is not set yet, and then it is.
    let mut ledger = hall.ledger();
    assert!(ledger.round(None).unwrap().is_empty());
    let nobody_knows = span("W1", "2026-09-21 03:00", "2026-09-21 03:30", Unknown);
    ledger.enter(vec![nobody_knows, summary(local("2026-09-21 03:30"))]);
    assert!(ledger.round(None).unwrap().is_empty());
    ledger.enter(vec![span(
        "W1",
        "2026-09-21 11:10",
        "2026-09-21 12:00",
        Staffed,
    )]);
    ledger.round(Some(at("2026-09-21 12:10"))).unwrap();
    ledger.enter(vec![span(
        "W1",
        "2026-09-21 12:00",
        "2026-09-21 12:30",
        Staffed,
    )]);
    ledger.round(Some(at("2026-09-21 12:31"))).unwrap();
    let day = Period::containing(PeriodKind::Day, local("2026-09-21 12:00"));
    let answer = hall
        .query()
        .rollups(day.kind, day.from_ms..day.to_ms, Some("W1"))
        .unwrap();
    let w1 = &answer.body[0].windows[0].staffing;
    // 09:00 to 10:00, 10:20 to 11:00, 12:00 to 12:30; what was said before the clock was believed is unknown, as is 12:30 to 12:31.
    assert_eq!((w1.staffed_s, w1.unstaffed_s), (7_800.0, 1_200.0));
    assert_eq!(w1.unknown_s, 3_660.0);

    // A clock that ran a year ahead leaves days that are told anew when it is that time.
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2027-09-21 12:31"))).unwrap();
    ledger.enter(vec![span(
        "W1",
        "2027-09-21 12:00",
        "2027-09-21 12:30",
        Staffed,
    )]);
    ledger.round(Some(at("2027-09-21 12:31"))).unwrap();
    ledger.enter(vec![span(
        "W1",
        "2026-09-21 12:30",
        "2026-09-21 12:40",
        Staffed,
    )]);
    ledger.round(Some(at("2026-09-21 12:41"))).unwrap();
    ledger.enter(vec![span(
        "W1",
        "2026-09-21 12:41",
        "2026-09-21 12:50",
        Staffed,
    )]);
    ledger.round(Some(at("2026-09-21 12:51"))).unwrap();
    assert_eq!(
        hall.listed(),
        [
            "2026-09-21.json",
            "2026-09-21.set-aside-1",
            "2027-09-21.json"
        ],
        "nothing was overwritten"
    );
}

#[test]
fn days_go_after_26_months_or_when_they_take_too_much() {
    let hall = Hall::new();
    let mut ledger = hall.ledger();
    let today = day("2026-09-21");
    ledger.round(Some(at("2026-09-21 08:59"))).unwrap();
    morning(&mut ledger);
    ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    let stored = hall.files().load(today, today).unwrap().days.remove(0);
    let bytes = std::fs::metadata(hall.files().path(today)).unwrap().len();
    for n in 1..=1_000 {
        let old = hall_metrics::LocalDay(today.0 - n);
        std::fs::copy(hall.files().path(today), hall.files().path(old)).unwrap();
    }
    let files = hall.files();
    let needed = hall_metrics::LocalDay(today.0 - 62);
    assert_eq!(
        files.trim(today, needed, u64::MAX).unwrap(),
        1_000 - KEEP_DAYS as u32
    );
    assert_eq!(files.days().unwrap().len() as i64, KEEP_DAYS + 1);
    assert_eq!(files.trim(today, needed, 100 * bytes).unwrap(), 701);
    assert_eq!(files.days().unwrap()[0].0, today.0 - 99);
    files.trim(today, needed, 0).unwrap();
    assert_eq!(
        files.days().unwrap()[0],
        needed,
        "decisions still need these"
    );
    assert_eq!(files.load(today, today).unwrap().days, [stored]);
}

/// Not more than the documented 0.2 MB: a large hall, restless, with everything that is kept of a minute.
#[test]
fn a_day_of_forty_windows_and_eight_queues_takes_less_than_a_quarter_megabyte() {
    use edge_agent::figures::DayFiles;
    use hall_core::config::EngineConfig;
    use hall_metrics::Layout;

    let hall = Hall::new();
    let mut windows = Vec::new();
    let template = hall.config.engine.windows[0].clone();
    for n in 1..=40 {
        windows.push(hall_core::config::WindowConfig {
            id: format!("W{n}").into(),
            ..template.clone()
        });
    }
    let cfg = EngineConfig {
        windows,
        zones: Vec::new(),
        groups: Vec::new(),
        ..hall.config.engine.clone()
    };
    let layout = Layout::new(&cfg, 28_800, &Default::default());
    let files = DayFiles::new(hall.folder());
    let mut ledger = Ledger::new(layout, files.clone());
    ledger.round(Some(at("2026-09-21 08:59"))).unwrap();
    // Eight hours; everybody goes away and comes back every quarter of an hour.
    let start = local("2026-09-21 09:00");
    for minute in 0..480 {
        let (from, to) = (start + minute * MINUTE, start + (minute + 1) * MINUTE);
        let class = |n: i64| match (minute + n) % 15 {
            0 => Unstaffed,
            _ => Staffed,
        };
        let mut batch: Vec<Output> = (1..=40)
            .map(|n| interval(&format!("W{n}"), from, to, class(n)))
            .collect();
        let Output::Summary(mut said) = summary(to) else {
            panic!("a summary")
        };
        let queue = said.queues.remove(0);
        said.queues
            .extend((1..=8).map(|n| hall_core::summary::QueueSummary {
                queue: format!("Q{n}").into(),
                len_avg: Some((minute % 17) as f32 + 0.3),
                ..queue.clone()
            }));
        batch.push(Output::Summary(said));
        ledger.enter(batch);
    }
    let started = std::time::Instant::now();
    ledger.round(Some(at("2026-09-21 17:03"))).unwrap();
    let bytes = std::fs::metadata(files.path(day("2026-09-21")))
        .unwrap()
        .len();
    println!(
        "{bytes} bytes, rolled up and written in {:?}",
        started.elapsed()
    );
    assert!(bytes < 250_000, "{bytes}");
}
