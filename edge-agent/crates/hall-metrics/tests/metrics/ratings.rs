//! Ratings are totals per window and day, and nothing smaller.

use hall_core::account::TimeClass::Staffed;
use hall_core::rating::{Polarity, RatingOption};
use hall_metrics::{Book, LocalDay, PeriodKind};

use crate::hall::{book, interval, local, stamp};

fn rated() -> Book {
    let mut book = book();
    book.take(&interval("W1", "09:00", "12:00", Staffed));
    for (window, option, at) in [
        ("W1", RatingOption::VerySatisfied, "09:01"),
        ("W1", RatingOption::VerySatisfied, "11:30"),
        ("W1", RatingOption::Slow, "09:02"),
        ("W2", RatingOption::Other, "10:00"),
    ] {
        book.rate(&window.into(), option, local(at));
    }
    book
}

#[test]
fn ratings_are_in_days_and_months_and_in_nothing_smaller() {
    let mut book = rated();
    let mut rollups = book.due(stamp("12:10"));
    rollups.extend(book.flush());
    let mut kinds = Vec::new();
    for rollup in &rollups {
        let all = rollup.figures.all_ratings();
        if rollup.period.kind < PeriodKind::Day {
            assert_eq!(all.all(), 0, "{:?}", rollup.period);
        } else {
            kinds.push(rollup.period.kind);
            assert_eq!(rollup.figures.ratings[&"W1".into()].all(), 3);
            let by = |polarity| all.with(polarity);
            assert_eq!(
                (
                    by(Polarity::Positive),
                    by(Polarity::Negative),
                    by(Polarity::Neutral)
                ),
                (2, 1, 1)
            );
        }
    }
    assert!(kinds.contains(&PeriodKind::Day) && kinds.contains(&PeriodKind::Month));
}

#[test]
fn a_late_rating_publishes_its_day_again() {
    let mut book = rated();
    book.take(&interval("W1", "12:00", "09-22 00:00", Staffed));
    let day = |rollups: Vec<hall_metrics::Rollup>| {
        let found = rollups.iter().find(|r| r.period.kind == PeriodKind::Day);
        found.map(|r| (r.rev, r.figures.all_ratings().all()))
    };
    assert_eq!(day(book.due(stamp("09-22 00:10"))), Some((1, 4)));
    book.rate(&"W1".into(), RatingOption::Satisfied, local("23:00"));
    assert_eq!(day(book.due(stamp("09-22 00:11"))), Some((2, 5)));
}

#[test]
fn a_stored_day_keeps_its_totals_however_often_it_is_read() {
    let book = rated();
    let today = LocalDay::of(local("10:00"));
    let stored = book.day(today).unwrap();
    let mut again = crate::hall::book();
    again.load(stored.clone());
    again.load(stored.clone());
    assert_eq!(again.day(today).unwrap().ratings, stored.ratings);
}
