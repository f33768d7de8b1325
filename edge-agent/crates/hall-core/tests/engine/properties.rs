//! What holds whatever the inputs: any order, doubles, gaps, nonsense.

use std::collections::{HashMap, HashSet};

use hall_core::HallTime;
use hall_core::engine::{Engine, Output};
use hall_core::event::{Event, EventCode, EventId, Phase, Subject};
use hall_core::observe::Input;
use proptest::prelude::*;

use crate::hall::{clock, t};
use crate::stream::{Step, cases, inputs, quick_hall_with, step};

/// Follows every event: revisions consecutive, one open per code and subject, figures that can be.
#[derive(Default)]
struct Auditor {
    open: HashMap<(EventCode, Subject), (EventId, u32)>,
    seen: Vec<EventId>,
    log: Vec<Event>,
    stepped: bool,
}

impl Auditor {
    fn take(&mut self, engine: &mut Engine) {
        while let Some(output) = engine.poll_output() {
            let event = match output {
                Output::Event(event) => event,
                Output::Summary(s) => {
                    assert!(
                        s.to.at >= s.from.at && (0.0..=1.0).contains(&s.coverage),
                        "{s:?}"
                    );
                    let w = s.windows;
                    assert!(
                        w.staffed + w.unstaffed + w.paused + w.unknown == w.scheduled,
                        "{w:?}"
                    );
                    continue;
                }
                Output::Interval(interval) => {
                    assert!(interval.from.at < interval.to.at, "{interval:?}");
                    continue;
                }
                Output::Wait(_) | Output::Excuse(_) | Output::Answer(_) => continue,
            };
            let before = self.log.iter().rfind(|e| e.id == event.id).map(|e| e.rev);
            self.log.push(event.clone());
            let key = (event.code, event.subject.clone());
            match event.phase {
                Phase::Raised => {
                    assert!(
                        self.open.insert(key, (event.id, event.rev)).is_none(),
                        "two open at once: {event:?}"
                    );
                    // After a clock step the same wall time comes twice: the same id, but never the same revision.
                    let again = self.seen.contains(&event.id);
                    assert_eq!(event.rev == 1, !again, "{event:?}");
                    assert!(!again || self.stepped, "an id used twice: {event:?}");
                    self.seen.push(event.id);
                }
                // Also what is closed may be revised.
                Phase::Revised => {
                    assert_eq!(before, Some(event.rev - 1), "revisions are consecutive");
                    if let Some(open) = self.open.get_mut(&key).filter(|open| open.0 == event.id) {
                        open.1 += 1;
                        // Leave entered afterwards may end it.
                        if event.end.is_some() {
                            self.open.remove(&key);
                        }
                    }
                }
                Phase::Updated | Phase::Cleared => {
                    let open = self
                        .open
                        .get_mut(&key)
                        .expect("an update of something open");
                    open.1 += 1;
                    assert_eq!((event.id, event.rev), *open, "revisions are consecutive");
                }
            }
            if event.phase == Phase::Cleared {
                self.open.remove(&(event.code, event.subject.clone()));
                assert!(event.end.is_some() && event.end_reason.is_some());
                let end = event.end.expect("just asserted");
                assert_eq!(
                    end.unix_ms - event.onset.unix_ms,
                    event.duration_ms,
                    "{event:?}"
                );
                assert!(
                    end.at >= event.onset.at && end.at <= event.updated.at,
                    "{event:?}"
                );
                if matches!(event.subject, Subject::Window(_) | Subject::Queue(_)) {
                    assert_eq!(
                        event.duration_ms,
                        end.at.since_ms(event.onset.at),
                        "{event:?}"
                    );
                }
            }
            assert!(
                event.duration_ms >= 0 && event.absent_ms >= 0 && event.unobserved_ms >= 0,
                "{event:?}"
            );
            assert!(
                event.absent_ms + event.unobserved_ms <= event.duration_ms,
                "{event:?}"
            );
            assert!((0.0..=1.0).contains(&event.confidence), "{event:?}");
            assert!(
                event.onset.at <= event.raised.at && event.raised.at <= event.updated.at,
                "{event:?}"
            );
            if !self.stepped
                && matches!(
                    event.code,
                    EventCode::Unstaffed | EventCode::LateOpen | EventCode::QueueLong
                )
            {
                let on_duty = |at: HallTime, closed: bool| {
                    let (from, to) = (t("10:00:00"), t("10:10:00"));
                    let (again, end) = (t("10:10:30"), t("17:00:00"));
                    (at >= from && (at < to || closed && at == to))
                        || (at >= again && (at < end || closed && at == end))
                };
                assert!(on_duty(event.onset.at, false), "{event:?}");
                assert!(
                    matches!(event.phase, Phase::Cleared | Phase::Revised)
                        // What falls due at the very end of duty is told.
                        || on_duty(event.updated.at, true),
                    "{event:?}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn any_inputs_give_consistent_events(steps in prop::collection::vec(step(), 1..120), restart in any::<bool>(), grouped in any::<bool>()) {
        let start = t("09:59:30");
        let mut engine = Engine::new(quick_hall_with(grouped), clock(), start);
        let mut auditor = Auditor::default();
        let (mut at, mut begun) = (start, start);
        for (i, (wait_ms, step)) in steps.iter().enumerate() {
            at = at.plus_ms(*wait_ms);
            auditor.stepped |= matches!(step, Step::Clock { .. });
            for (when, input) in inputs(at, step) {
                at = at.max(when);
                engine.handle(when, input);
                let now = engine.snapshot().at;
                prop_assert!(engine.next_deadline().is_none_or(|due| due > now));
            }
            auditor.take(&mut engine);
            if restart && i == steps.len() / 2 {
                let saved = engine.checkpoint();
                prop_assert_eq!(&engine.checkpoint(), &saved);
                begun = engine.snapshot().at.plus_ms(7000);
                engine = Engine::new(quick_hall_with(grouped), clock(), begun);
                engine.recall(auditor.log.iter().cloned());
                engine.resume(&saved);
                auditor.take(&mut engine);
            }
        }
        let now = engine.snapshot().at;
        for window in ["W1", "W2", "W3", "W4"] {
            let tally = engine.tally(&window.into()).expect("configured");
            prop_assert_eq!(tally.total_ms(), now.since_ms(begun));
            prop_assert!(tally.staffed_ms >= 0 && tally.unstaffed_ms >= 0 && tally.unknown_ms >= 0 && tally.paused_ms >= 0);
        }
        // The windows of a group show the group's event, while they are seen.
        let snapshot = engine.snapshot();
        let open: HashSet<_> = snapshot.windows.iter().filter_map(|w| w.open_event).collect();
        let known = auditor.open.iter().filter(|((code, _), _)| matches!(code, EventCode::Unstaffed | EventCode::LateOpen));
        let known: HashSet<_> = known.map(|(_, (id, _))| *id).collect();
        prop_assert!(open.is_subset(&known) && (grouped || open == known), "{:?} {:?}", auditor.open, snapshot.windows);
    }

    #[test]
    fn ticks_between_inputs_change_nothing(steps in prop::collection::vec(step(), 1..60), grouped in any::<bool>()) {
        let start = t("09:59:30");
        let mut quiet = Engine::new(quick_hall_with(grouped), clock(), start);
        let mut ticked = quiet.clone();
        let mut at = start;
        for (wait_ms, step) in &steps {
            at = at.plus_ms(*wait_ms);
            for (when, input) in inputs(at, step) {
                at = at.max(when);
                let now = ticked.snapshot().at;
                for third in 1..3 {
                    ticked.handle(now.plus_ms(when.since_ms(now).max(0) * third / 3), Input::Tick);
                }
                quiet.handle(when, input.clone());
                ticked.handle(when, input);
            }
        }
        prop_assert_eq!(quiet.snapshot(), ticked.snapshot());
        loop {
            let (a, b) = (quiet.poll_output(), ticked.poll_output());
            prop_assert_eq!(&a, &b);
            if a.is_none() {
                break;
            }
        }
    }
}
