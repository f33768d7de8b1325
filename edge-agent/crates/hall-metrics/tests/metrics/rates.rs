//! Rates and counts over a day.

use hall_core::account::Excuse;
use hall_core::account::TimeClass::{
    self, Excused, OffDuty, PausedOver, Staffed, Unknown, Unstaffed,
};
use hall_core::engine::Output;
use hall_core::event::{EventCode, Level, Review, Subject, Tag};
use hall_core::order::CaseAction;
use hall_metrics::{Book, Scope};

use crate::hall::{book, decided, event, interval, local, minute, stamp, wait};

fn day(window: &str, pieces: &[(&str, &str, TimeClass)]) -> Book {
    let mut book = book();
    for (from, to, class) in pieces {
        book.take(&interval(window, from, to, *class));
    }
    book
}

fn percent(rate: Option<f64>) -> String {
    rate.map_or("n/a".into(), |rate| format!("{:.2}", rate * 100.0))
}

/// Rate and coverage of W1 on the day.
fn rates(book: &Book) -> (String, String) {
    let figures = book.figures(local("00:00"), local("09-22 00:00"));
    let times = figures
        .staffing(&Scope::Window("W1".into()), book.layout())
        .sum
        .times;
    (percent(times.staffing_rate()), percent(times.coverage()))
}

/// Domain §4.1: 7 h, dark 30 min, absent 15 min of which 5 are approved.
#[test]
fn the_worked_example_comes_out_of_a_timeline() {
    let book = day(
        "W1",
        &[
            ("00:00", "09:00", OffDuty),
            ("09:00", "10:00", Staffed),
            ("10:00", "10:10", Unstaffed),
            ("10:10", "10:15", Excused),
            ("10:15", "11:00", Staffed),
            ("11:00", "11:30", Unknown),
            ("11:30", "12:00", Staffed),
            ("12:00", "13:00", OffDuty),
            ("13:00", "17:00", Staffed),
        ],
    );
    assert_eq!(rates(&book), ("97.40".into(), "92.86".into()));
}

#[test]
fn a_later_interval_replaces_what_was_said_before() {
    let mut book = day("W1", &[("09:00", "12:00", Staffed)]);
    book.take(&interval("W1", "10:00", "11:00", Unstaffed));
    assert_eq!(rates(&book), ("66.67".into(), "100.00".into()));
    book.take(&interval("W1", "10:00", "11:00", PausedOver));
    assert_eq!(rates(&book), ("66.67".into(), "100.00".into()));
    book.take(&interval("W1", "10:00", "11:00", Excused));
    assert_eq!(rates(&book), ("100.00".into(), "100.00".into()));
}

#[test]
fn leave_entered_afterwards_excuses_what_was_unstaffed_and_nothing_else() {
    let mut book = day(
        "W1",
        &[
            ("09:00", "10:00", Staffed),
            ("10:00", "10:30", Unstaffed),
            ("10:30", "11:00", PausedOver),
            ("11:00", "12:00", Staffed),
        ],
    );
    let excuse = |from: &str, to: &str, excused| {
        Output::Excuse(Excuse {
            window: "W1".into(),
            from: stamp(from),
            to: stamp(to),
            excused,
        })
    };
    assert_eq!(rates(&book).0, "66.67");
    book.take(&excuse("10:15", "12:00", true));
    assert_eq!(rates(&book).0, "72.73", "120 of 165 minutes");
    book.take(&excuse("10:15", "10:20", false));
    assert_eq!(rates(&book).0, "70.59", "120 of 170 minutes");
}

#[test]
fn leave_cancelled_afterwards_counts_again() {
    let mut book = day(
        "W1",
        &[("09:00", "10:00", Staffed), ("10:00", "11:00", Excused)],
    );
    assert_eq!(rates(&book).0, "100.00");
    book.take(&Output::Excuse(Excuse {
        window: "W1".into(),
        from: stamp("10:00"),
        to: stamp("10:30"),
        excused: false,
    }));
    assert_eq!(rates(&book).0, "66.67");
}

#[test]
fn a_box_that_was_off_leaves_scheduled_time_unknown() {
    let mut book = day(
        "W1",
        &[("09:00", "10:00", Staffed), ("11:00", "12:00", Staffed)],
    );
    assert_eq!(rates(&book), ("100.00".into(), "66.67".into()));
    // Off over lunch and the night: only duty is missed.
    book.take(&interval("W1", "09-22 09:00", "09-22 10:00", Staffed));
    let figures = book.figures(local("00:00"), local("09-23 00:00"));
    let times = figures.windows[&"W1".into()].times;
    assert_eq!(times.unknown_ms, (60 + 240) * 60_000);
    assert_eq!(times.off_duty_ms, (60 + 16 * 60) * 60_000);
    assert_eq!(times.total_ms(), figures.elapsed_ms);
}

#[test]
fn a_window_is_opened_with_one_staffed_minute_a_day() {
    let mut book = day("W1", &[("09:00", "17:00", Unstaffed)]);
    book.take(&interval("W2", "09:00", "17:00", Unstaffed));
    book.take(&interval("W2", "10:00", "10:01", Staffed));
    book.take(&interval("W3", "09:00", "17:00", OffDuty));
    book.take(&interval("W1", "09-22 09:00", "09-22 17:00", Staffed));
    book.take(&interval("W2", "09-22 09:00", "09-22 17:00", Staffed));
    let over = |from: &str, to: &str| {
        book.figures(local(from), local(to))
            .staffing(&Scope::Hall, book.layout())
            .opening_rate()
    };
    assert_eq!(over("00:00", "09-22 00:00"), Some(0.5));
    assert_eq!(over("10:00", "10:15"), Some(0.5));
    assert_eq!(over("10:15", "10:30"), Some(0.0));
    assert_eq!(
        over("00:00", "09-23 00:00"),
        Some(0.6),
        "W3 is due on the 22nd and nobody can say: 3 of 5 window days"
    );
}

fn counts(events: &[hall_core::event::Event]) -> hall_metrics::tally::EventTally {
    let mut book = day("W1", &[("09:00", "17:00", Staffed)]);
    for event in events {
        book.take(&Output::Event(event.clone()));
    }
    let figures = book.figures(local("00:00"), local("09-22 00:00"));
    figures.tally(&Scope::Hall, book.layout(), local("17:00"))
}

#[test]
fn episodes_are_counted_by_level_and_hour_once_over_all_revisions() {
    let mut early = event("W2", EventCode::Unstaffed, Level::Severe, "16:40:00", 1200);
    early.tags.push(Tag::EarlyClose);
    let first = event("W1", EventCode::Unstaffed, Level::Notice, "10:00:00", 440);
    let raised = hall_core::event::Event {
        rev: 2,
        level: Level::Warn,
        ..first.clone()
    };
    let tally = counts(&[
        raised,
        first,
        early,
        event("W1", EventCode::LateOpen, Level::Warn, "09:00:00", 720),
    ]);
    let unstaffed = tally.unstaffed;
    assert_eq!(
        (
            unstaffed.n,
            unstaffed.notice,
            unstaffed.warn,
            unstaffed.severe
        ),
        (2, 0, 1, 1)
    );
    assert_eq!(
        (unstaffed.total_ms, unstaffed.longest_ms),
        (1_640_000, 1_200_000)
    );
    assert_eq!(
        (tally.unstaffed_by_hour[10], tally.unstaffed_by_hour[16]),
        (1, 1)
    );
    assert_eq!(
        (
            tally.early_close.n,
            tally.late_open.n,
            tally.late_open.longest_ms
        ),
        (1, 1, 720_000)
    );
}

#[test]
fn what_people_take_out_drops_out_of_the_counts_and_is_counted_apart() {
    let raised = |onset| event("W1", EventCode::Unstaffed, Level::Notice, onset, 440);
    let [a, b, c, d] = ["10:00:00", "11:00:00", "13:00:00", "14:00:00"].map(raised);
    let tally = counts(&[
        decided(&a, Review::FalseAlarm, CaseAction::FalseAlarm, "12:00:00"),
        decided(&b, Review::Excused, CaseAction::Excuse, "12:00:00"),
        decided(&c, Review::Revoked, CaseAction::Revoke, "15:00:00"),
        decided(&d, Review::Confirmed, CaseAction::Confirm, "15:00:00"),
        a,
        b,
        c,
        d,
    ]);
    assert_eq!((tally.unstaffed.n, tally.dropped), (1, 3));
    let cases = tally.cases;
    assert_eq!(
        (
            cases.reviewed,
            cases.false_alarms,
            cases.excused,
            cases.revoked,
            cases.confirmed
        ),
        (4, 1, 1, 1, 1)
    );
    assert_eq!(cases.false_alarm_rate(), Some(0.25));
    assert_eq!((tally.truth(), tally.accuracy()), (Some(0.25), Some(0.75)));
}

#[test]
fn response_is_due_in_an_hour_and_closure_in_a_day() {
    let steps = |onset: &str, feedback: Option<&str>, closed: Option<&str>| {
        let raised = event("W1", EventCode::Unstaffed, Level::Notice, onset, 440);
        let confirmed = decided(&raised, Review::Confirmed, CaseAction::Confirm, "12:00:00");
        let mut all = vec![raised, confirmed];
        if let Some(at) = feedback {
            all.push(decided(
                &all[all.len() - 1],
                Review::Feedback,
                CaseAction::Feedback,
                at,
            ));
        }
        if let Some(at) = closed {
            all.push(decided(
                &all[all.len() - 1],
                Review::Closed,
                CaseAction::Close,
                at,
            ));
        }
        all
    };
    let in_time = steps("09:10:00", Some("13:00:00"), Some("09-22 12:00:00"));
    let late = steps("09:30:00", Some("13:00:01"), None);
    let waiting = steps("09:50:00", None, None);
    let tally = counts(&[in_time, late, waiting].concat());
    let response = tally.cases.response;
    assert_eq!(
        (response.in_time, response.late, response.pending),
        (1, 2, 0),
        "at 17:00"
    );
    let closure = tally.cases.closure;
    assert_eq!((closure.in_time, closure.late, closure.pending), (1, 0, 2));
    assert_eq!(response.rate(), Some(1.0 / 3.0));
}

#[test]
fn a_pairs_event_counts_for_the_hall_and_its_department_and_no_single_window() {
    let mut book = day("W3", &[("09:00", "17:00", Staffed)]);
    let mut pair = event("W3", EventCode::Unstaffed, Level::Notice, "10:00:00", 440);
    pair.subject = Subject::Group("AB1".into());
    book.take(&Output::Event(pair));
    let figures = book.figures(local("00:00"), local("09-22 00:00"));
    let n = |scope| figures.tally(&scope, book.layout(), 0).unstaffed.n;
    assert_eq!(n(Scope::Hall), 1);
    assert_eq!(n(Scope::Department("公安局".into())), 1);
    assert_eq!(n(Scope::Department("税务局".into())), 0);
    assert_eq!(n(Scope::Window("W3".into())), 0);
}

#[test]
fn queue_length_counts_while_a_window_is_on_duty() {
    let mut book = day(
        "W1",
        &[("08:00", "09:00", OffDuty), ("09:00", "10:00", Staffed)],
    );
    for output in [
        minute("08:59", 30.0, 30),
        minute("09:00", 2.0, 4),
        minute("09:01", 4.0, 5),
    ] {
        book.take(&output);
    }
    for (at, minutes) in [("09:10:00", 5), ("09:20:00", 20), ("09:30:00", 15)] {
        book.take(&wait(at, minutes));
    }
    let figures = book.figures(local("08:00"), local("10:00"));
    let queue = &figures.queues[&"Q1".into()];
    assert_eq!((queue.len_mean(), queue.len_max), (Some(3.0), Some(5)));
    let spread = queue.wait().unwrap();
    assert_eq!(
        (spread.n, spread.p50_ms, spread.max_ms),
        (3, 900_000, 1_200_000)
    );
    assert_eq!(queue.within(hall_metrics::queue::TARGET_15_MS), (2, 3));
}

#[test]
fn an_offline_camera_lowers_the_online_rate_over_midnight() {
    let mut book = day("W1", &[("00:00", "09-23 00:00", Staffed)]);
    let mut fault = event(
        "cam1",
        EventCode::CameraOffline,
        Level::Fault,
        "18:00:00",
        12 * 3600,
    );
    fault.subject = Subject::Camera("cam1".into());
    book.take(&Output::Event(fault));
    let rate = |from: &str, to: &str| book.figures(local(from), local(to)).device_online_rate();
    // Two cameras; 6 of 24 hours, then 6 of 24.
    assert_eq!(rate("00:00", "09-22 00:00"), Some(0.875));
    assert_eq!(rate("09-22 00:00", "09-23 00:00"), Some(0.875));
}

#[test]
fn a_clock_that_was_never_set_leaves_no_figures() {
    let mut book = book();
    let mut early = interval("W1", "09:00", "10:00", Unknown);
    if let Output::Interval(interval) = &mut early {
        interval.from.unix_ms = 0;
        interval.to.unix_ms = 3_600_000;
    }
    book.take(&early);
    assert!(book.flush().is_empty());
    assert!(book.due(stamp("10:00")).is_empty());
}

#[test]
fn a_fault_may_be_the_first_thing_a_book_hears_of() {
    let mut book = book();
    let mut fault = event(
        "cam1",
        EventCode::CameraOffline,
        Level::Fault,
        "10:00:00",
        60,
    );
    fault.subject = Subject::Camera("cam1".into());
    book.take(&Output::Event(fault));
    assert!(book.flush().is_empty(), "nothing is known of the time");
    book.take(&interval("W1", "10:00", "10:10", Staffed));
    assert_eq!(book.flush().len(), 4);
}
