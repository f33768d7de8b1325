//! A day of observations and the figures that come of it.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use hall_metrics::PeriodKind;
use hall_replay::{ReplayOptions, ReplayOutput, replay_with};
use hall_wire::rollup::{RollupRecord, StaffedRecord};
use hall_wire::time::parse_rfc3339;

/// Pieces of the 21st: from, to, clerks at W3; the camera sees everything but in pieces left out.
fn observations(pieces: &[(&str, &str, u32)]) -> String {
    let line = |(from, to, clerks): &(&str, &str, u32)| {
        format!(
            r#"{{"at":"2026-09-21T{from}+08:00","until":"2026-09-21T{to}+08:00","every_ms":5000,"kind":"zones","camera":"cam1","zones":{{"W1.staff":1,"W2.staff":1,"W3.staff":{clerks},"W4.staff":1,"W5.staff":1,"W6.staff":1,"Q1@cam1":0}}}}"#
        )
    };
    pieces.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn rollups(pieces: &[(&str, &str, u32)], kind: PeriodKind, until: &str) -> Vec<RollupRecord> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let config = edge_config::load(&folder.join("hall.toml")).unwrap();
    let options = ReplayOptions {
        until_ms: Some(parse_rfc3339(until).unwrap().0),
        rollups: vec![kind],
        ..ReplayOptions::default()
    };
    let mut rollups = Vec::new();
    replay_with(
        &config.engine,
        config.utc_offset_s,
        &options,
        observations(pieces).as_bytes(),
        &mut |output| {
            if let ReplayOutput::Rollup(rollup) = output {
                rollups.push(*rollup);
            }
        },
    )
    .unwrap();
    rollups
}

fn window<'a>(rollup: &'a RollupRecord, id: &str) -> &'a StaffedRecord {
    rollup.windows.iter().find(|w| w.id == id).unwrap()
}

/// Seven hours of duty, blind for 30 minutes, absent for 10: the worked example of domain §4.1 without its approved five minutes.
#[test]
fn a_day_of_pictures_gives_the_days_rates() {
    let days = rollups(
        &[
            ("08:55:00", "10:00:00", 1),
            ("10:00:00", "10:10:00", 0),
            ("10:10:00", "11:00:00", 1),
            ("11:30:00", "17:05:00", 1),
        ],
        PeriodKind::Day,
        "2026-09-22T00:05:00+08:00",
    );
    let days: Vec<_> = days.iter().filter(|d| d.from.contains("09-21")).collect();
    assert_eq!(days.len(), 1);
    let day = days[0];
    assert!(day.complete);
    assert_eq!((day.rev, day.parts), (1, 1));
    let w3 = window(day, "W3");
    assert_eq!(w3.staffing.scheduled_s, 25_200.0);
    assert_eq!(w3.staffing.unstaffed_s, 600.0);
    // From the last picture before the dark to the first one after it.
    assert_eq!(w3.staffing.unknown_s, 1_805.0);
    assert_eq!(w3.staffing.coverage, Some(0.9284));
    assert_eq!(w3.staffing.staffing_rate, Some(0.9744));
    assert_eq!(
        (w3.unstaffed.n, w3.unstaffed.warn, w3.unstaffed.total_s),
        (1, 1, 600.0)
    );
    let hall = day.total.as_ref().unwrap();
    assert_eq!(hall.staffing.windows_scheduled, 6);
    assert_eq!(hall.staffing.scheduled_s, 6.0 * 25_200.0);
    assert_eq!(hall.events.by_code["unstaffed"], 1);
}

/// An absence is confirmed 30 s late and its episode ends an hour later: the slot of the onset is published again, no other.
#[test]
fn an_episode_that_ends_later_publishes_the_slot_of_its_onset_again() {
    let quarters = rollups(
        &[
            ("09:00:00", "10:14:00", 1),
            ("10:14:00", "10:50:00", 0),
            ("10:50:00", "11:20:00", 1),
        ],
        PeriodKind::Quarter,
        "2026-09-21T11:20:00+08:00",
    );
    let revs: Vec<(String, u32, u32)> = quarters
        .iter()
        .filter(|q| q.from.as_str() > "2026-09-21T10")
        .map(|q| {
            (
                q.from[11..16].to_owned(),
                q.rev,
                window(q, "W3").unstaffed.n,
            )
        })
        .collect();
    let expected = [
        ("10:00", 1, 0),
        ("10:00", 2, 1),
        ("10:00", 3, 1),
        ("10:00", 4, 1),
        ("10:15", 1, 0),
        ("10:30", 1, 0),
        ("10:45", 1, 0),
        ("10:00", 5, 1),
        ("11:00", 1, 0),
        ("11:15", 1, 0),
    ];
    let expected: Vec<_> = expected
        .map(|(from, rev, n)| (from.to_owned(), rev, n))
        .into();
    let mut sorted = (revs.clone(), expected);
    sorted.0.sort();
    sorted.1.sort();
    assert_eq!(sorted.0, sorted.1, "{revs:?}");
    let last = quarters.iter().rfind(|q| q.from.contains("T10:00"));
    assert_eq!(window(last.unwrap(), "W3").unstaffed.total_s, 2_160.0);
    assert!(quarters.iter().all(|q| q.id.ends_with(&q.from)));
}

#[test]
fn nothing_is_rolled_up_unless_asked_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let config = edge_config::load(&folder.join("hall.toml")).unwrap();
    let mut rollups = 0;
    replay_with(
        &config.engine,
        config.utc_offset_s,
        &ReplayOptions::default(),
        observations(&[("09:00:00", "10:00:00", 1)]).as_bytes(),
        &mut |output| rollups += u32::from(matches!(output, ReplayOutput::Rollup(_))),
    )
    .unwrap();
    assert_eq!(rollups, 0);
}
