//! Which roll-ups come when, and with which revision.

use hall_core::account::TimeClass::{OffDuty, Staffed, Unstaffed};
use hall_core::engine::Output;
use hall_core::event::{EventCode, Level, Review};
use hall_core::order::CaseAction;
use hall_metrics::{PeriodKind, Rollup};

use crate::hall::{book, decided, event, interval, local, stamp};

fn shown(rollups: &[Rollup]) -> Vec<(PeriodKind, i64, u32)> {
    rollups
        .iter()
        .map(|r| {
            (
                r.period.kind,
                (r.period.from_ms - local("00:00")) / 60_000,
                r.rev,
            )
        })
        .collect()
}

#[test]
fn a_period_is_rolled_up_once_it_has_settled() {
    use PeriodKind::{Hour, Quarter};
    let mut book = book();
    book.take(&interval("W1", "09:00", "09:45", Staffed));
    assert!(book.due(stamp("09:02")).is_empty());
    assert_eq!(shown(&book.due(stamp("09:18"))), [(Quarter, 540, 1)]);
    assert!(book.due(stamp("09:19")).is_empty(), "once");
    book.take(&interval("W1", "09:45", "10:00", Staffed));
    assert_eq!(
        shown(&book.due(stamp("10:03"))),
        [
            (Quarter, 555, 1),
            (Quarter, 570, 1),
            (Quarter, 585, 1),
            (Hour, 540, 1)
        ]
    );
}

#[test]
fn late_data_publishes_the_affected_periods_again_and_only_those() {
    use PeriodKind::{Day, Hour, Month, Quarter};
    let mut book = book();
    book.take(&interval("W1", "00:00", "09:00", OffDuty));
    book.take(&interval("W1", "09:00", "12:00", Staffed));
    book.take(&interval("W1", "12:00", "09-22 00:00", OffDuty));
    let first = book.due(stamp("09-22 00:03"));
    assert_eq!(
        first.len(),
        12 + 3 + 1,
        "quarters, hours, the day; nothing of the night"
    );
    assert!(first.iter().all(|r| r.rev == 1 && r.is_complete()));
    book.take(&interval("W1", "10:00", "10:20", Unstaffed));
    assert_eq!(
        shown(&book.due(stamp("09-22 00:04"))),
        [
            (Quarter, 600, 2),
            (Quarter, 615, 2),
            (Hour, 600, 2),
            (Day, 0, 2)
        ]
    );
    // The same once more changes nothing.
    book.take(&interval("W1", "10:00", "10:20", Unstaffed));
    assert!(book.due(stamp("09-22 00:05")).is_empty());
    let month: Vec<_> = book
        .due(stamp("10-01 00:03"))
        .into_iter()
        .filter(|r| r.period.kind == Month)
        .collect();
    assert_eq!(month.len(), 1);
    assert_eq!(
        month[0].figures.windows[&"W1".into()].times.unstaffed_ms,
        1_200_000
    );
}

#[test]
fn a_decision_days_later_publishes_the_day_of_the_onset_again() {
    let mut book = book();
    book.take(&interval("W1", "09:00", "17:00", Staffed));
    let raised = event("W1", EventCode::Unstaffed, Level::Notice, "10:00:00", 440);
    book.take(&Output::Event(raised.clone()));
    book.due(stamp("09-22 01:00"));
    let revoked = decided(
        &raised,
        Review::Revoked,
        CaseAction::Revoke,
        "09-24 10:00:00",
    );
    book.take(&Output::Event(revoked));
    let again = book.due(stamp("09-24 10:01"));
    assert_eq!(
        shown(&again),
        [
            (PeriodKind::Quarter, 600, 2),
            (PeriodKind::Hour, 600, 2),
            (PeriodKind::Day, 0, 2)
        ]
    );
}

#[test]
fn the_end_of_a_replay_gives_running_periods_as_far_as_they_go() {
    let mut book = book();
    book.take(&interval("W1", "09:00", "09:20", Staffed));
    let all = book.flush();
    let kinds: Vec<_> = all
        .iter()
        .map(|r| (r.period.kind, r.is_complete()))
        .collect();
    use PeriodKind::{Day, Hour, Month, Quarter};
    assert_eq!(
        kinds,
        [
            (Quarter, true),
            (Quarter, false),
            (Hour, false),
            (Day, false),
            (Month, false)
        ]
    );
}

#[test]
fn memory_stays_bounded_over_a_year() {
    let mut book = book();
    let day = 86_400_000;
    let mut largest = 0;
    for n in 0..365 {
        let from = local("01-01 00:00") + n * day;
        for half in 0..24 {
            let class = if half % 2 == 0 { Staffed } else { Unstaffed };
            let at = from + half * 3_600_000;
            book.take(&crate::hall::interval_ms("W1", at, at + 3_600_000, class));
        }
        book.due(crate::hall::stamp_at(from + day));
        if n > 70 {
            let size = format!("{book:?}").len();
            largest = if largest == 0 { size } else { largest };
            assert!(size <= largest * 21 / 20, "day {n}: {size} of {largest}");
        }
    }
}

#[test]
fn a_night_is_not_stored_every_minute_and_every_change_is() {
    let mut book = book();
    book.take(&interval("W1", "09:00", "17:00", Staffed));
    assert_eq!(book.take_changed().len(), 1);
    book.take(&interval("W1", "17:00", "17:01", OffDuty));
    book.take(&interval("W1", "17:01", "17:02", OffDuty));
    assert!(book.take_changed().is_empty());
    book.take(&interval("W1", "17:02", "17:03", Staffed));
    assert_eq!(book.take_changed().len(), 1);
    book.take(&interval("W1", "17:02", "17:03", OffDuty));
    assert_eq!(book.take_changed().len(), 1, "a correction is a change");
}
