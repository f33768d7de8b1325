//! Every millisecond of every window counts once, whatever the inputs: the intervals given out tile the time, and add up to the tally.

use std::collections::BTreeMap;

use hall_core::HallTime;
use hall_core::account::TimeClass;
use hall_core::engine::{Engine, Output, Tally};
use hall_core::ids::WindowId;
use proptest::prelude::*;

use crate::hall::{clock, t};
use crate::stream::{cases, inputs, quick_hall_with, step};

/// What was said last about every piece of a window's time: start, end, class.
#[derive(Debug, Default)]
struct Timeline {
    pieces: Vec<(HallTime, HallTime, TimeClass)>,
}

impl Timeline {
    /// The time in `from..to`, cut out.
    fn cut(&mut self, from: HallTime, to: HallTime) -> Vec<(HallTime, HallTime, TimeClass)> {
        let (mut kept, mut inside) = (Vec::new(), Vec::new());
        for (a, b, class) in self.pieces.drain(..) {
            kept.push((a, b.min(from), class));
            kept.push((a.max(to), b, class));
            inside.push((a.max(from), b.min(to), class));
        }
        kept.retain(|(a, b, _)| a < b);
        inside.retain(|(a, b, _)| a < b);
        self.pieces = kept;
        inside
    }

    fn set(&mut self, from: HallTime, to: HallTime, class: TimeClass) {
        self.cut(from, to);
        self.pieces.push((from, to, class));
    }

    fn excuse(&mut self, from: HallTime, to: HallTime, excused: bool) {
        let (was, is) = if excused {
            (TimeClass::Unstaffed, TimeClass::Excused)
        } else {
            (TimeClass::Excused, TimeClass::Unstaffed)
        };
        for (a, b, class) in self.cut(from, to) {
            self.pieces
                .push((a, b, if class == was { is } else { class }));
        }
    }

    fn length_ms(&self, class: TimeClass) -> i64 {
        let mine = self.pieces.iter().filter(|(_, _, c)| *c == class);
        mine.map(|(a, b, _)| b.since_ms(*a)).sum()
    }
}

/// The timelines of all windows, from everything an engine says.
#[derive(Default)]
struct Ledger {
    windows: BTreeMap<WindowId, Timeline>,
}

impl Ledger {
    fn take(&mut self, engine: &mut Engine) {
        let now = engine.snapshot().at;
        while let Some(output) = engine.poll_output() {
            match output {
                Output::Interval(i) => {
                    assert!(i.from.at < i.to.at && i.to.at <= now, "{i:?} at {now:?}");
                    let line = self.windows.entry(i.window).or_default();
                    line.set(i.from.at, i.to.at, i.class);
                }
                Output::Excuse(e) => {
                    let line = self.windows.entry(e.window).or_default();
                    line.excuse(e.from.at, e.to.at.min(now), e.excused);
                }
                _ => {}
            }
        }
    }
}

/// Nothing is missing, nothing lies outside, and every class is as long as the tally says.
fn holds(line: &mut Timeline, begun: HallTime, now: HallTime, tally: &Tally) {
    line.pieces.sort();
    let mut reached = begun;
    for (from, to, _) in &line.pieces {
        assert_eq!(*from, reached, "a gap or a piece outside: {line:?}");
        reached = *to;
    }
    assert_eq!(reached, now, "up to now");
    // Leave entered afterwards turns one into the other in the figures; the tally of this run keeps what was seen.
    let absent = line.length_ms(TimeClass::Unstaffed) + line.length_ms(TimeClass::Excused);
    assert_eq!(
        absent,
        tally.unstaffed_ms + tally.excused_ms,
        "{tally:?} and {line:?}"
    );
    for (class, ms) in [
        (TimeClass::Staffed, tally.staffed_ms),
        (TimeClass::Paused, tally.paused_ms),
        (TimeClass::PausedOver, tally.paused_over_ms),
        (TimeClass::Unknown, tally.unknown_ms),
        (TimeClass::OffDuty, tally.off_duty_ms),
        (TimeClass::ExtraOpen, tally.extra_open_ms),
    ] {
        assert_eq!(line.length_ms(class), ms, "{class:?} of {line:?}");
    }
    let total = line.pieces.iter().map(|(a, b, _)| b.since_ms(*a)).sum();
    assert_eq!(tally.total_ms(), total, "the classes are all time");
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn intervals_of_a_window_tile_the_time_and_add_up_to_its_classes(steps in prop::collection::vec(step(), 1..100), grouped in any::<bool>()) {
        let start = t("09:59:30");
        let mut engine = Engine::new(quick_hall_with(grouped), clock(), start);
        let mut ledger = Ledger::default();
        let mut at = start;
        for (wait_ms, step) in &steps {
            at = at.plus_ms(*wait_ms);
            for (when, input) in inputs(at, step) {
                at = at.max(when);
                engine.handle(when, input);
                ledger.take(&mut engine);
            }
        }
        let now = engine.snapshot().at.plus_ms(1);
        engine.finish(now);
        ledger.take(&mut engine);
        for window in quick_hall_with(grouped).windows {
            let tally = engine.tally(&window.id).expect("configured");
            let line = ledger.windows.entry(window.id).or_default();
            holds(line, start, now, &tally);
        }
    }
}
