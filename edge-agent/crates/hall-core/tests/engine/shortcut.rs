//! A picture that says what its camera's last one said is not judged anew. That must change nothing at all.

use hall_core::engine::{Engine, Output};
use hall_core::observe::Input;
use proptest::prelude::*;

use crate::hall::{clock, t};
use crate::stream::{cases, inputs, quick_hall_with, step};

fn drain(engine: &mut Engine) -> Vec<Output> {
    std::iter::from_fn(|| engine.poll_output()).collect()
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn judging_every_picture_anew_gives_the_same(steps in prop::collection::vec(step(), 1..80), restart in any::<bool>(), grouped in any::<bool>()) {
        let start = t("09:59:30");
        let mut quick = Engine::new(quick_hall_with(grouped), clock(), start);
        let mut thorough = quick.clone();
        thorough.judge_every_picture();
        let mut log = Vec::new();
        let mut at = start;
        for (i, (wait_ms, step)) in steps.iter().enumerate() {
            at = at.plus_ms(*wait_ms);
            for (when, input) in inputs(at, step) {
                at = at.max(when);
                match &input {
                    Input::Zones(picture) => quick.look(when, picture),
                    _ => quick.handle(when, input.clone()),
                }
                thorough.handle(when, input);
            }
            prop_assert_eq!(quick.snapshot(), thorough.snapshot());
            let (said, expected) = (drain(&mut quick), drain(&mut thorough));
            prop_assert_eq!(&said, &expected);
            prop_assert_eq!(quick.checkpoint(), thorough.checkpoint());
            for window in quick_hall_with(grouped).windows {
                prop_assert_eq!(quick.tally(&window.id), thorough.tally(&window.id));
            }
            log.extend(said.into_iter().filter_map(|output| match output {
                Output::Event(event) => Some(event),
                _ => None,
            }));
            if restart && i == steps.len() / 2 {
                let saved = quick.checkpoint();
                at = quick.snapshot().at.plus_ms(3000);
                quick = Engine::new(quick_hall_with(grouped), clock(), at);
                quick.recall(log.iter().cloned());
                thorough = quick.clone();
                thorough.judge_every_picture();
                quick.resume(&saved);
                thorough.resume(&saved);
            }
        }
    }
}
