//! What the page asks of the kept figures: a day, its validator, and what is said of days that are gone or damaged.

use edge_agent::web::FigureSource;
use edge_agent::web::figure_source::FigureError;
use hall_core::account::TimeClass;
use hall_metrics::Month;
use hall_report::{Format, Lang};

use crate::hall::*;

#[test]
fn a_kept_day_is_shown_as_its_windows_spent_it() {
    let hall = Hall::new();
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-21 08:59"))).unwrap();
    morning(&mut ledger);
    ledger.enter(vec![excuse("W1", "2026-09-21 10:10", "2026-09-21 10:15")]);
    ledger.round(Some(at("2026-09-21 11:03"))).unwrap();

    let query = hall.query();
    assert_eq!(query.days().unwrap(), [day("2026-09-21")]);
    let view = query.day(day("2026-09-21")).unwrap();
    let w1 = view.windows.iter().find(|w| w.window.as_str() == "W1");
    let w1 = w1.unwrap();
    let told: Vec<_> = (w1.pieces.iter())
        .filter(|piece| piece.from_ms >= local("2026-09-21 10:00"))
        .filter(|piece| piece.to_ms <= local("2026-09-21 11:00"))
        .map(|piece| (piece.value, (piece.to_ms - piece.from_ms) / MINUTE))
        .collect();
    assert_eq!(
        told,
        [
            (TimeClass::Unstaffed, 10),
            (TimeClass::Excused, 5),
            (TimeClass::Unstaffed, 5),
            (TimeClass::Staffed, 40),
        ]
    );
    assert_eq!(view.events.len(), 1);
    let curve = &view.queues[0].steps;
    assert_eq!(
        curve.iter().map(|s| s.figures.waits.len()).sum::<usize>(),
        1
    );
}

#[test]
fn a_validator_changes_when_a_day_is_written_anew_and_otherwise_not() {
    let hall = Hall::new();
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-21 08:59"))).unwrap();
    morning(&mut ledger);
    ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    let query = hall.query();
    let september = Month {
        year: 2026,
        month: 9,
    };
    let marks = || {
        let day = query.day_mark(day("2026-09-21")).unwrap();
        (day, query.month_mark(september).unwrap())
    };
    let before = marks();
    assert_eq!(marks(), before);
    let other = query.day_mark(day("2026-09-20")).unwrap();
    ledger.enter(vec![
        span(
            "W1",
            "2026-09-21 11:00",
            "2026-09-21 11:05",
            TimeClass::Unstaffed,
        ),
        summary(local("2026-09-21 11:05")),
    ]);
    ledger.round(Some(at("2026-09-21 11:08"))).unwrap();
    let after = marks();
    assert!(after.0 != before.0 && after.1 != before.1);
    assert_eq!(
        query.day_mark(day("2026-09-20")).unwrap(),
        other,
        "another day"
    );
}

#[test]
fn a_day_that_is_not_kept_or_cannot_be_read_says_what_is_kept() {
    let hall = Hall::new();
    let query = hall.query();
    let nothing = |of: &str| match query.day(day(of)) {
        Err(FigureError::Nothing { kept }) => kept,
        other => panic!("{other:?}"),
    };
    assert_eq!(nothing("2026-09-21"), None);
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-21 08:59"))).unwrap();
    morning(&mut ledger);
    ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    std::fs::write(hall.files().path(day("2026-09-20")), b"{").unwrap();
    let kept = Some((day("2026-09-20"), day("2026-09-21")));
    assert_eq!(nothing("2026-09-19"), kept);
    assert_eq!(nothing("2026-09-20"), kept, "damaged");
    let september = Month {
        year: 2026,
        month: 9,
    };
    let report = FigureSource::report(&query, september, Format::Csv, Lang::Zh).unwrap();
    assert_eq!(report.left_out, 1, "the report goes without it and says so");
}
