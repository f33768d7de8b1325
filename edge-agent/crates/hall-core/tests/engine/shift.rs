//! What the clock shows decides about nothing but duty: the same things an hour later are the same events an hour later.

use std::collections::HashMap;

use hall_core::HallTime;
use hall_core::engine::{Engine, Output};
use hall_core::event::{Event, EventId};
use hall_core::observe::Input;
use proptest::prelude::*;

use crate::hall::{clock, t};
use crate::stream::{cases, inputs, quick_hall_with, step};

/// Revisions relative to the start, ids replaced by what they stand for.
fn relative(events: &[Event], start: HallTime) -> Vec<String> {
    let since = |at: HallTime| at.since_ms(start);
    let mut names: HashMap<EventId, String> = HashMap::new();
    for e in events {
        let name = format!("{:?} {:?} {}", e.code, e.subject, since(e.onset.at));
        names.entry(e.id).or_insert(name);
    }
    let line = |e: &Event| {
        let mut related: Vec<&String> = e.related.iter().map(|id| &names[id]).collect();
        related.sort();
        let mut copy = e.clone();
        copy.id = EventId(0);
        copy.related.clear();
        for stamp in [&mut copy.onset, &mut copy.raised, &mut copy.updated]
            .into_iter()
            .chain(copy.end.as_mut())
            .chain(copy.mitigated_at.as_mut())
        {
            stamp.at = HallTime(since(stamp.at));
            stamp.unix_ms -= start.0;
        }
        format!("{copy:?} {related:?}")
    };
    events.iter().map(line).collect()
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn shifting_all_capture_times_inside_duty_shifts_all_events_by_the_same(
        steps in prop::collection::vec(step(), 1..80),
        shift_ms in 1..4 * 3_600_000i64,
        grouped in any::<bool>(),
    ) {
        let begin = t("10:15:00");
        let run = |start: HallTime| {
            let mut engine = Engine::new(quick_hall_with(grouped), clock(), start);
            let mut at = start;
            // Sources, tickets and sensors; a clock, leave and decisions of people have times of their own.
            for (wait_ms, step) in &steps {
                at = at.plus_ms(*wait_ms).max(start);
                for (when, input) in inputs(at, step) {
                    if matches!(input, Input::Clock(_) | Input::Order(_) | Input::System(_)) {
                        continue;
                    }
                    at = at.max(when);
                    engine.handle(when, input);
                }
            }
            let events: Vec<Event> = std::iter::from_fn(|| engine.poll_output())
                .filter_map(|output| match output {
                    Output::Event(event) => Some(event),
                    _ => None,
                })
                .collect();
            let tallies: Vec<_> = quick_hall_with(grouped).windows.iter().map(|w| engine.tally(&w.id)).collect();
            (relative(&events, start), tallies)
        };
        let (here, there) = (run(begin), run(begin.plus_ms(shift_ms)));
        for (a, b) in here.0.iter().zip(&there.0) {
            prop_assert_eq!(a, b);
        }
        prop_assert_eq!(here, there);
    }
}
