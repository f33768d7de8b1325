//! Nobody is accused of what was not seen: every event of a window is checked against the raw observations, without the engine.

use std::collections::BTreeMap;

use hall_core::HallTime;
use hall_core::engine::{Engine, Output};
use hall_core::event::{Event, EventCode, Level, Phase, Subject, Tag};
use hall_core::observe::{FaultCause, Input, Quality, SourceId};
use proptest::prelude::*;

use crate::hall::{clock, t};
use crate::stream::{Step, cases, inputs, quick_hall, step};

/// Thresholds of [`quick_hall`], in milliseconds.
const STALE: i64 = 4_000;
const BRIDGE: i64 = 8_000;
const SENSOR_STALE: i64 = 20_000;
/// A visit shorter than this is a blip and counts as absence.
const REAL_PRESENCE: i64 = 1_200;

type Spans = Vec<(HallTime, HallTime)>;

/// One camera before one window: when it showed how many people, and when it was reported blind.
#[derive(Debug, Default)]
struct Eye {
    pictures: Vec<(HallTime, u32)>,
    blind: Spans,
    /// Blind since, and whether a picture is enough to see again.
    down: Option<(HallTime, bool)>,
}

impl Eye {
    fn picture(&mut self, at: HallTime, count: u32) {
        if let Some((since, true)) = self.down
            && at > since
        {
            self.blind.push((since, at));
            self.down = None;
        }
        // Of two of the same instant the later one counts.
        self.pictures.pop_if(|(last, _)| *last == at);
        if self.pictures.last().is_none_or(|(last, _)| *last < at) {
            self.pictures.push((at, count));
        }
    }

    fn health(&mut self, at: HallTime, down: Option<FaultCause>) {
        if let Some((since, _)) = self.down.take() {
            self.blind.push((since, at));
        }
        let disproved = |cause| matches!(cause, FaultCause::Offline | FaultCause::Unanalysed);
        self.down = down.map(|cause| (at, disproved(cause)));
    }

    /// The last picture is fresh and shows nobody, and nobody has said that the camera is blind.
    fn shows_nobody(&self, at: HallTime) -> bool {
        self.down.is_none()
            && self
                .pictures
                .last()
                .is_some_and(|(seen, count)| *count == 0 && at.since_ms(*seen) <= STALE)
    }

    /// Runs of pictures that show somebody, each without a silence; the last picture of a run holds only until the next one.
    fn visits(&self) -> Spans {
        let mut spans = Spans::new();
        for pair in self.pictures.windows(2) {
            let [(at, count), (next, _)] = pair else {
                continue;
            };
            if *count > 0 && next.since_ms(*at) <= STALE {
                spans.push((*at, *next));
            }
        }
        joined(without(spans, &self.blind))
    }

    /// Time in which it may count as showing what `wanted` says, silences bridged.
    fn shown(&self, to: HallTime, wanted: impl Fn(u32) -> bool) -> Spans {
        let mut spans = Spans::new();
        for (i, (at, count)) in self.pictures.iter().enumerate() {
            if !wanted(*count) {
                continue;
            }
            let end = match self.pictures.get(i + 1) {
                Some((next, then)) => {
                    let bridged = wanted(*then) && next.since_ms(*at) <= BRIDGE;
                    if bridged {
                        *next
                    } else {
                        (*next).min(at.plus_ms(STALE))
                    }
                }
                None => at.plus_ms(STALE).min(to),
            };
            spans.push((*at, end.min(to)));
        }
        without(spans, &self.blind)
    }
}

/// `spans` less the time in `gone`.
fn without(mut spans: Spans, gone: &Spans) -> Spans {
    for (from, to) in gone {
        let cut = spans.drain(..);
        let cut = cut.flat_map(|(a, b)| [(a, b.min(*from)), (a.max(*to), b)]);
        spans = cut.filter(|(a, b)| a < b).collect();
    }
    spans
}

/// Milliseconds of `from..to` in any of `spans`.
fn union_ms(mut spans: Spans, from: HallTime, to: HallTime) -> i64 {
    spans.sort();
    let (mut reached, mut sum) = (from, 0);
    for (a, b) in spans {
        let (a, b) = (a.max(reached), b.min(to));
        if a < b {
            sum += b.since_ms(a);
            reached = b;
        }
    }
    sum
}

/// All that was told about the windows, as it was told.
#[derive(Debug, Default)]
struct Witness {
    /// By window and camera.
    eyes: BTreeMap<(String, String), Eye>,
    /// By window: time in which a sensor may have said something.
    heard: BTreeMap<String, Spans>,
    /// Window W3's pause switch: last word.
    pause: Option<(HallTime, bool)>,
}

impl Witness {
    fn take(&mut self, now: HallTime, input: &Input) {
        match input {
            Input::Zones(picture) => {
                for zone in &picture.zones {
                    if let Some((window, "staff" | "staff.2")) = zone.zone.as_str().split_once('.')
                    {
                        let key = (window.to_owned(), picture.camera.to_string());
                        let eye = self.eyes.entry(key).or_default();
                        eye.picture(picture.at, zone.count);
                    }
                }
            }
            Input::Source(health) => {
                if let SourceId::Camera(camera) = &health.source {
                    for n in 1..=4 {
                        let key = (format!("W{n}"), camera.to_string());
                        self.eyes
                            .entry(key)
                            .or_default()
                            .health(health.at, health.down);
                    }
                }
            }
            Input::Sensor(reading) => {
                let good = reading.quality == Quality::Good;
                let window = reading.sensor.as_str().split_once('-').expect("named so").0;
                if reading.sensor.as_str() == "W3-pause" {
                    self.pause = Some((now, reading.value && good));
                } else if good {
                    let heard = (reading.at, reading.at.plus_ms(SENSOR_STALE));
                    self.heard.entry(window.to_owned()).or_default().push(heard);
                }
            }
            _ => {}
        }
    }

    fn eyes_of(&self, window: &str) -> impl Iterator<Item = &Eye> {
        let mine = self.eyes.iter().filter(move |((w, _), _)| w == window);
        mine.map(|(_, eye)| eye)
    }

    /// Silences between two pictures of any cameras that show nobody, short enough to be bridged.
    fn bridged(&self, window: &str) -> Spans {
        let mut all: Vec<(HallTime, u32)> = (self.eyes_of(window))
            .flat_map(|eye| eye.pictures.iter().copied())
            .collect();
        all.sort();
        let pairs = all.windows(2);
        let empty = pairs.filter(|p| p[0].1 == 0 && p[1].1 == 0);
        empty
            .filter(|p| p[1].0.since_ms(p[0].0) <= BRIDGE)
            .map(|p| (p[0].0, p[1].0))
            .collect()
    }

    /// The most absence that the pictures between `from` and `to` can stand for.
    fn absent_ms(&self, window: &str, from: HallTime, to: HallTime) -> i64 {
        let nobody = self
            .eyes_of(window)
            .flat_map(|eye| eye.shown(to, |n| n == 0));
        let runs = self.eyes_of(window).flat_map(Eye::visits);
        let long = |(a, b): &(HallTime, HallTime)| b.since_ms(*a) >= REAL_PRESENCE;
        let (visits, blips): (Spans, Spans) = runs.partition(long);
        // Whoever was in a last picture may be gone right after it.
        let lasts = self.eyes_of(window).flat_map(|eye| eye.pictures.last());
        let tails = lasts.map(|(at, _)| (*at, at.plus_ms(REAL_PRESENCE)));
        let absent = nobody.chain(blips).chain(tails);
        let absent = absent.chain(self.bridged(window)).collect();
        union_ms(without(absent, &visits), from, to)
    }

    /// The most time between `from` and `to` in which anybody could know anything.
    fn observed_ms(&self, window: &str, from: HallTime, to: HallTime) -> i64 {
        let seen = self.eyes_of(window).flat_map(|eye| {
            let both = [eye.shown(to, |n| n == 0), eye.shown(to, |n| n > 0)];
            both.into_iter().flatten().collect::<Spans>()
        });
        let heard = self.heard.get(window).into_iter().flatten().copied();
        let all = seen.chain(heard).chain(self.bridged(window)).collect();
        union_ms(all, from, to)
    }

    /// A first picture within a camera's normal silence after the start of duty is as good as one at the start.
    fn first_look(&self, event: &Event) -> i64 {
        let Subject::Window(window) = &event.subject else {
            return 0;
        };
        let onset = event.onset.at;
        let looks = self.eyes_of(window.as_str()).flat_map(|eye| &eye.pictures);
        let first = looks.map(|(at, _)| *at).filter(|at| *at >= onset).min();
        let late_ms = first.map_or(0, |at| at.since_ms(onset));
        let counts = event.code == EventCode::LateOpen && late_ms <= STALE;
        if counts { late_ms } else { 0 }
    }

    fn check(&self, event: &Event, now: HallTime) {
        let Subject::Window(window) = &event.subject else {
            return;
        };
        let window = window.as_str();
        let published = match event.phase {
            Phase::Raised | Phase::Updated => true,
            Phase::Cleared | Phase::Revised => false,
        };
        match event.code {
            EventCode::Unstaffed | EventCode::LateOpen => {
                // The end of what is still open is now.
                let to = event
                    .onset
                    .at
                    .plus_ms(event.duration_ms)
                    .max(event.onset.at);
                let first = self.first_look(event);
                let most = self.absent_ms(window, event.onset.at, to) + first;
                assert!(event.absent_ms <= most, "{most} ms seen at most: {event:?}");
                if event.phase == Phase::Raised && !event.tags.contains(&Tag::WhilePeopleWait) {
                    let rung = match event.level {
                        Level::Severe => 30_000,
                        Level::Warn => 20_000,
                        _ => 10_000,
                    };
                    let most = self.observed_ms(window, event.onset.at, event.raised.at) + first;
                    assert!(most >= rung, "{most} ms observed at most: {event:?}");
                    assert!(event.duration_ms - event.unobserved_ms >= rung, "{event:?}");
                }
            }
            EventCode::CustomerUnattended => {}
            EventCode::PauseOverrun if published => {
                let declared = self.pause.is_some_and(|(_, on)| on);
                assert!(declared, "no pause is declared: {event:?}");
                return;
            }
            _ => return,
        }
        if published {
            let seen = self.eyes_of(window).any(|eye| eye.shows_nobody(now));
            assert!(seen, "nobody can see that at {now:?}: {event:?}");
        }
    }
}

/// Spans that touch, as one.
fn joined(spans: Spans) -> Spans {
    let mut all = Spans::new();
    for (a, b) in spans {
        match all.last_mut() {
            Some(last) if last.1 >= a => last.1 = last.1.max(b),
            _ => all.push((a, b)),
        }
    }
    all
}

/// Taken when it arrives; how the engine copes with anything else, other properties say.
fn in_time(step: &Step) -> Step {
    let mut step = step.clone();
    if let Step::Picture { lag_ms, .. } | Step::Sensor { lag_ms, .. } = &mut step {
        *lag_ms = 0;
    }
    step
}

proptest! {
    #![proptest_config(cases(160))]

    #[test]
    fn no_event_of_a_window_without_that_much_observed_absence_nor_while_nobody_can_see(
        steps in prop::collection::vec(step(), 1..100),
    ) {
        let start = t("10:00:00");
        let mut engine = Engine::new(quick_hall(), clock(), start);
        let mut witness = Witness::default();
        let mut at = start;
        for (wait_ms, step) in &steps {
            at = at.plus_ms((*wait_ms).max(0));
            for (when, input) in inputs(at, &in_time(step)) {
                // What falls due before the input is judged by what was known until then.
                while let Some(due) = engine.next_deadline().filter(|due| *due <= when) {
                    engine.handle(due, Input::Tick);
                    checked(&mut engine, &witness, due);
                }
                at = when;
                witness.take(when, &input);
                engine.handle(when, input);
                checked(&mut engine, &witness, when);
            }
        }
    }
}

fn checked(engine: &mut Engine, witness: &Witness, now: HallTime) {
    while let Some(output) = engine.poll_output() {
        if let Output::Event(event) = output {
            witness.check(&event, now);
        }
    }
}
