//! Calendars that came by command: checked, kept beside the events, and in place of what the files say of their year.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use edge_config::{Config, ImportedCalendar, load_with_env};
use hall_core::config::Date;

/// The township hall, with its storage in a folder of its own.
fn hall(storage: &Path) -> Config {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../hall-config/township/hall.toml");
    let mut config = load_with_env(&path, &|_| Some("secret".into())).unwrap();
    config.storage.dir = storage.into();
    config
}

fn calendar(year: i32, tx: &str, off: &[&str], work: &[&str]) -> ImportedCalendar {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    ImportedCalendar {
        v: 1,
        year,
        off: texts(off),
        work: texts(work),
        tx: tx.into(),
        by: "supervision-1".into(),
        at: "2026-11-10T10:00:00.000+08:00".into(),
        earlier: Vec::new(),
    }
}

#[test]
fn a_kept_calendar_is_there_after_a_restart_in_place_of_the_files_for_its_year() {
    let storage = tempfile::tempdir().unwrap();
    let before = hall(storage.path());
    assert_eq!(
        before.clone().with_imported(),
        before,
        "nothing was commanded"
    );
    let next = calendar(2027, "t-1", &["2027-01-01..2027-01-03"], &["2027-02-14"]);
    next.keep(storage.path()).unwrap();
    let with = hall(storage.path()).with_imported();
    assert_eq!(with.engine.duty.calendar_years, [2026, 2027]);
    let holidays = before.engine.duty.holidays.len();
    assert_eq!(with.engine.duty.holidays.len(), holidays + 3);
    let worked = Date {
        year: 2027,
        month: 2,
        day: 14,
    };
    assert!(with.engine.duty.workdays.contains(&worked));
    assert_ne!(with.sha256, before.sha256);
    assert_eq!(with.calendars[&2027], next);

    // The year the files speak for: theirs is gone, and what is there does not depend on the order in which it came.
    let this = calendar(2026, "t-2", &["2026-10-01..2026-10-07"], &[]);
    let both = with.with_calendar(&this).unwrap();
    assert_eq!(both.engine.duty.holidays.len(), 7 + 3);
    let other = before
        .with_calendar(&this)
        .unwrap()
        .with_calendar(&next)
        .unwrap();
    assert_eq!(other.engine.duty, both.engine.duty);
    assert_eq!(other.sha256, both.sha256);
    let repeated = calendar(2027, "t-9", &["2027-01-01..2027-01-03"], &["2027-02-14"]);
    assert_eq!(
        with.with_calendar(&repeated).unwrap().sha256,
        with.sha256,
        "who sent it changes nothing"
    );
}

#[test]
fn an_older_command_that_comes_again_is_known() {
    let first = calendar(2027, "t-1", &["2027-01-01"], &[]);
    let second = calendar(2027, "t-2", &["2027-01-02"], &[]).replacing(Some(&first));
    assert!(second.knows("t-1") && second.knows("t-2") && !second.knows("t-3"));
    let mut last = second;
    for n in 0..100 {
        last = calendar(2027, &format!("u-{n}"), &["2027-01-02"], &[]).replacing(Some(&last));
    }
    assert!(last.earlier.len() <= 32 && last.knows("u-98"));
}

#[test]
fn what_cannot_be_a_calendar_is_refused_with_its_place() {
    for (year, off, work, told) in [
        (1999, vec!["1999-01-01"], vec![], "year: 1999"),
        (2027, vec!["2027-13-01"], vec![], "off[0]"),
        (
            2027,
            vec!["2027-01-03..2027-01-01"],
            vec![],
            "ends before it begins",
        ),
        (
            2027,
            vec!["2027-01-01..2027-03-01"],
            vec![],
            "longer than 31 days",
        ),
        (2027, vec!["2026-01-01"], vec![], "is not in 2027"),
        (
            2027,
            vec!["2027-01-01", "2027-01-01"],
            vec![],
            "already named by off[0]",
        ),
        (
            2027,
            vec!["2027-01-02"],
            vec!["2027-01-02"],
            "already named by off[0]",
        ),
        (
            2027,
            vec!["2027-01-01"],
            vec!["2027-01-04"],
            "no Saturday or Sunday",
        ),
        (
            2027,
            vec![],
            vec!["2027-02-14"],
            "without any public holiday",
        ),
    ] {
        let why = calendar(year, "t", &off, &work).dates().unwrap_err();
        assert!(why.contains(told), "{why}, expected {told}");
    }
}

#[test]
fn a_damaged_calendar_is_a_warning_and_the_hall_goes_by_its_files() {
    let storage = tempfile::tempdir().unwrap();
    fs::create_dir_all(storage.path().join("calendars")).unwrap();
    fs::write(storage.path().join("calendars/2027.json"), "{}").unwrap();
    let before = hall(storage.path());
    let with = before.clone().with_imported();
    assert_eq!(with.engine.duty, before.engine.duty);
    assert_eq!(with.warnings.len(), before.warnings.len() + 1);
    assert!(with.warnings.last().unwrap().message.contains("2027.json"));
}
