//! The picture of a day against its figures.

use hall_core::account::Excuse;
use hall_core::account::TimeClass::{Excused, OffDuty, Staffed, Unknown, Unstaffed};
use hall_core::engine::Output;
use hall_core::event::{EventCode, Level};
use hall_metrics::{ClassTimes, LocalDay};

use crate::hall::{book, event, interval, local, minute, stamp, wait};

const DAY: i64 = 24 * 3_600_000;

#[test]
fn the_pieces_of_a_day_add_up_to_its_figures_and_leave_no_gap() {
    let mut book = book();
    for (from, to, class) in [
        ("00:00", "09:00", OffDuty),
        ("09:00", "10:00", Staffed),
        ("10:00", "10:40", Unstaffed),
        // Nobody judged from 10:40 to 11:00: on duty, so unknown.
        ("11:00", "12:00", Staffed),
    ] {
        book.take(&interval("W1", from, to, class));
    }
    book.take(&Output::Excuse(Excuse {
        window: "W1".into(),
        from: stamp("10:10"),
        to: stamp("10:30"),
        excused: true,
    }));
    let day = LocalDay::of(local("00:00"));
    let view = book.day_view(day, 300_000);
    let window = &view.windows[0];
    let told: Vec<_> = (window.pieces.iter())
        .map(|piece| ((piece.from_ms - day.from_ms()) / 60_000, piece.value))
        .collect();
    assert_eq!(
        told,
        [
            (0, OffDuty),
            (540, Staffed),
            (600, Unstaffed),
            (610, Excused),
            (630, Unstaffed),
            (640, Unknown),
            (660, Staffed),
        ]
    );
    let mut sum = ClassTimes::default();
    for (n, piece) in window.pieces.iter().enumerate() {
        sum.add(piece.value, piece.to_ms - piece.from_ms);
        if let Some(next) = window.pieces.get(n + 1) {
            assert_eq!(piece.to_ms, next.from_ms, "no gap");
        }
    }
    assert_eq!(sum, window.staffing.sum.times);
    assert_eq!(view.until_ms, local("12:00"));

    let mut hours = ClassTimes::default();
    window
        .hours
        .iter()
        .for_each(|hour| hours.merge(&hour.times));
    assert_eq!(hours.scheduled_ms(), sum.scheduled_ms());
    let ten = window.hours.iter().find(|h| h.from_ms == local("10:00"));
    let ten = ten.unwrap().times;
    assert_eq!(
        (ten.unstaffed_ms, ten.excused_ms, ten.unknown_ms),
        (20 * 60_000, 20 * 60_000, 20 * 60_000)
    );
    assert_eq!(view.hours.len(), 3, "only hours on duty");
}

#[test]
fn a_queue_is_drawn_in_steps_of_what_was_observed_on_duty() {
    let mut book = book();
    book.take(&interval("W1", "00:00", "09:00", OffDuty));
    book.take(&interval("W1", "09:00", "12:00", Staffed));
    // Before duty: nobody counts the crowd at the door.
    for (at, length, most) in [
        ("08:59", 30.0, 30),
        ("09:01", 2.0, 3),
        ("09:02", 4.0, 6),
        ("09:11", 8.0, 9),
    ] {
        book.take(&minute(at, length, most));
    }
    book.take(&wait("09:07", 10));
    let day = LocalDay::of(local("00:00"));
    let view = book.day_view(day, 300_000);
    let steps = &view.queues[0].steps;
    let at: Vec<i64> = (steps.iter())
        .map(|step| (step.from_ms - day.from_ms()) / 60_000)
        .collect();
    assert_eq!(at, [540, 545, 550]);
    assert_eq!(steps[0].figures.len_mean(), Some(3.0));
    assert_eq!(steps[0].figures.len_max, Some(6));
    assert_eq!(steps[1].figures.len_mean(), None, "a wait, and no length");
    assert_eq!(steps[1].figures.wait().unwrap().p50_ms, 600_000);
}

#[test]
fn events_belong_to_the_day_they_began_on() {
    let mut book = book();
    book.take(&interval("W1", "00:00", "12:00", Staffed));
    let absence = event("W1", EventCode::Unstaffed, Level::Notice, "10:00", 600);
    book.take(&Output::Event(absence));
    let day = LocalDay::of(local("00:00"));
    assert_eq!(book.day_view(day, 300_000).events.len(), 1);
    let next = LocalDay::of(local("00:00") + DAY);
    assert!(book.day_view(next, 300_000).events.is_empty());
}
