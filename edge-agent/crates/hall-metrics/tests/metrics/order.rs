//! Sums that must hold whatever happens.

use hall_core::account::TimeClass;
use hall_core::engine::Output;
use hall_core::event::{EventCode, Level, Review};
use hall_core::order::CaseAction;
use hall_metrics::{Book, ClassTimes, Figures};
use proptest::prelude::*;

use crate::hall::{book, decided, event, interval_ms, layout, local, minute, wait};

const CLASSES: [TimeClass; 8] = [
    TimeClass::Staffed,
    TimeClass::Unstaffed,
    TimeClass::Excused,
    TimeClass::Paused,
    TimeClass::PausedOver,
    TimeClass::Unknown,
    TimeClass::OffDuty,
    TimeClass::ExtraOpen,
];

/// Anything the engine may give out on one day, pieces of time not overlapping.
fn outputs() -> impl Strategy<Value = Vec<Output>> {
    let pieces =
        proptest::collection::vec((1_i64..40, 0_usize..8, 0_usize..4, any::<bool>()), 1..60);
    let people = proptest::collection::vec((0_i64..480, 0_u32..60), 0..30);
    (pieces, people).prop_map(|(pieces, people)| {
        let mut all = Vec::new();
        let mut ends = [local("08:50"); 4];
        for (minutes, class, window, told) in pieces {
            let from = ends[window];
            ends[window] += minutes * 60_000;
            if told {
                let id = format!("W{}", window + 1);
                all.push(interval_ms(&id, from, ends[window], CLASSES[class]));
            }
        }
        // One of each a minute: the same onset is the same event.
        let people: std::collections::BTreeMap<_, _> = people.into_iter().collect();
        for (after, n) in people {
            let at = format!("{:02}:{:02}:00", 9 + after / 60, after % 60);
            all.push(minute(&at, n as f32 / 4.0, n));
            all.push(wait(&at, i64::from(n)));
            let raised = event(
                "W1",
                EventCode::Unstaffed,
                Level::Notice,
                &at,
                i64::from(n) + 300,
            );
            let (review, action) = if n % 2 == 0 {
                (Review::Revoked, CaseAction::Revoke)
            } else {
                (Review::Confirmed, CaseAction::Confirm)
            };
            all.push(Output::Event(decided(&raised, review, action, "17:00:00")));
            all.push(Output::Event(raised));
        }
        all
    })
}

fn take(outputs: &[Output]) -> Book {
    let mut book = book();
    for output in outputs {
        book.take(output);
    }
    book
}

fn day(book: &Book) -> Figures {
    book.figures(local("00:00"), local("09-22 00:00"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn classes_add_up_to_the_time_elapsed(outputs in outputs()) {
        let book = take(&outputs);
        for window in day(&book).windows.values() {
            let first = window.times.total_ms();
            prop_assert!(first <= day(&book).elapsed_ms);
            let classes: i64 = window.times.scheduled_ms() + window.times.off_duty_ms + window.times.extra_open_ms;
            prop_assert_eq!(classes, first);
            if let Some(rate) = window.times.staffing_rate() {
                prop_assert!((0.0..=1.0).contains(&rate));
            }
        }
    }

    #[test]
    fn parts_add_up_to_the_whole(outputs in outputs(), cut in 540_i64..1020) {
        let book = take(&outputs);
        let at = local("00:00") + cut * 60_000;
        let mut parts = book.figures(local("00:00"), at);
        parts.merge(&book.figures(at, local("09-22 00:00")));
        let whole = day(&book);
        for (id, window) in &whole.windows {
            prop_assert_eq!(parts.windows.get(id).map(|w| w.times), Some(window.times));
        }
        prop_assert_eq!(&parts.queues, &whole.queues);
        prop_assert_eq!(&parts.events, &whole.events);
        // Windows and departments add up to the hall.
        let mut sum = ClassTimes::default();
        for name in layout().departments() {
            sum.merge(&whole.staffing(&hall_metrics::Scope::Department(name), &layout()).sum.times);
        }
        prop_assert_eq!(sum, whole.staffing(&hall_metrics::Scope::Hall, &layout()).sum.times);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(outputs in outputs(), seed in any::<u64>()) {
        let mut shuffled = outputs.clone();
        let mut state = seed | 1;
        for n in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(n, (state >> 33) as usize % (n + 1));
        }
        prop_assert_eq!(day(&take(&outputs)), day(&take(&shuffled)));
        let rolled = |outputs: &[Output]| take(outputs).flush();
        prop_assert_eq!(rolled(&outputs), rolled(&shuffled));
    }
}
