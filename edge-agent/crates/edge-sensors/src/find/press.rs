//! Press to identify: which signal changed exactly when somebody pressed it, twice. Knows no clock but the one it is told, so a trial of
//! minutes is tested in none.

use std::collections::{BTreeMap, BTreeSet};

use super::{Place, State};

/// Before the first press: what changes in this time changes by itself.
const BASELINE_MS: i64 = 8_000;
/// How long a press is waited for.
const PRESS_WITHIN_MS: i64 = 120_000;
/// What changes so soon after the first change belongs to the same press.
const TOGETHER_MS: i64 = 1_500;
/// A passive detector stays on for 60 to 180 s after somebody has gone (docs/sensors.md).
const REST_WITHIN_MS: i64 = 240_000;
/// What has not come to rest so long after the first that has is no candidate any more.
const OTHERS_REST_MS: i64 = 15_000;
/// Everything has to be still for so long before the second press.
const STILL_MS: i64 = 2_000;
/// A press changes a signal twice; contacts that bounce a few times more.
const CHANGES_MAX: u32 = 6;

/// What the person is told next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Press it now.
    Press,
    /// These changed: let go.
    Release(Vec<Place>),
    /// Once more.
    PressAgain,
    /// Found.
    Found(Found),
    /// Not found, and why.
    Failed(String),
}

/// The signal that was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is heard.
    pub place: Place,
    /// What it says while pressed.
    pub pressed: State,
    /// What it says at rest.
    pub rest: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Baseline,
    First,
    Rest,
    Second,
    Over,
}

/// A signal that changed at the first press.
#[derive(Debug)]
struct Candidate {
    pressed: State,
    /// What it said when it came back.
    rest: Option<State>,
    changes: u32,
    again: bool,
}

/// One trial.
#[derive(Debug)]
pub struct Press {
    phase: Phase,
    since_ms: i64,
    now: BTreeMap<Place, State>,
    restless: BTreeSet<Place>,
    candidates: BTreeMap<Place, Candidate>,
    /// When the first change of this phase came, and the last.
    first_change_ms: Option<i64>,
    last_change_ms: i64,
}

impl Press {
    /// A trial that begins at `at_ms`.
    #[must_use]
    pub fn new(at_ms: i64) -> Self {
        Press {
            phase: Phase::Baseline,
            since_ms: at_ms,
            now: BTreeMap::new(),
            restless: BTreeSet::new(),
            candidates: BTreeMap::new(),
            first_change_ms: None,
            last_change_ms: at_ms,
        }
    }

    /// Seconds until the first press is asked for.
    #[must_use]
    pub fn baseline_s() -> i64 {
        BASELINE_MS / 1_000
    }

    /// Signals that changed by themselves and are left out.
    #[must_use]
    pub fn restless(&self) -> &BTreeSet<Place> {
        &self.restless
    }

    /// A signal says something. `kept`: it is what the broker kept, no news.
    pub fn said(&mut self, at_ms: i64, place: &Place, state: &State, kept: bool) {
        let before = self.now.insert(place.clone(), state.clone());
        // The first word ever is news when the device says it now, and was silent until it was pressed.
        let is_change = before.as_ref().map_or(!kept, |before| before != state);
        if !is_change || self.restless.contains(place) {
            return;
        }
        match self.phase {
            Phase::Baseline if before.is_some() => drop(self.restless.insert(place.clone())),
            Phase::Baseline | Phase::Over => {}
            Phase::First => {
                self.first_change_ms.get_or_insert(at_ms);
                self.last_change_ms = at_ms;
                match self.candidates.get_mut(place) {
                    Some(candidate) => candidate.change(state),
                    None => {
                        let candidate = Candidate {
                            pressed: state.clone(),
                            rest: None,
                            changes: 1,
                            again: false,
                        };
                        self.candidates.insert(place.clone(), candidate);
                    }
                }
            }
            Phase::Rest | Phase::Second => {
                let Some(candidate) = self.candidates.get_mut(place) else {
                    return;
                };
                candidate.change(state);
                self.last_change_ms = at_ms;
                if candidate.changes > CHANGES_MAX {
                    self.candidates.remove(place);
                    self.restless.insert(place.clone());
                    return;
                }
                if self.phase == Phase::Second && *state == candidate.pressed {
                    candidate.again = true;
                    self.first_change_ms.get_or_insert(at_ms);
                }
            }
        }
    }

    /// Time passes; gives what the person is to be told, when that is something new.
    pub fn tick(&mut self, at_ms: i64) -> Option<Step> {
        let waited_ms = at_ms - self.since_ms;
        let together = self
            .first_change_ms
            .is_some_and(|first| at_ms - first >= TOGETHER_MS);
        match self.phase {
            Phase::Baseline if waited_ms >= BASELINE_MS => {
                Some(self.enter(Phase::First, at_ms, Step::Press))
            }
            Phase::First if together => {
                let places = self.candidates.keys().cloned().collect();
                Some(self.enter(Phase::Rest, at_ms, Step::Release(places)))
            }
            Phase::First if waited_ms >= PRESS_WITHIN_MS => Some(self.fail(
                at_ms,
                "nothing changed; is it powered, and does `edge-agent sensors listen` show it?",
            )),
            Phase::Rest => self.rest(at_ms),
            Phase::Second if together => Some(self.verdict(at_ms)),
            Phase::Second if waited_ms >= PRESS_WITHIN_MS => Some(self.fail(
                at_ms,
                "it did not change a second time; what changed the first time was something else",
            )),
            _ => None,
        }
    }

    fn rest(&mut self, at_ms: i64) -> Option<Step> {
        if self.candidates.is_empty() {
            return Some(self.fail(at_ms, "what changed does so by itself"));
        }
        let back = |c: &Candidate, now: Option<&State>| now != Some(&c.pressed);
        let resting: Vec<bool> = (self.candidates.iter())
            .map(|(place, c)| back(c, self.now.get(place)))
            .collect();
        let any = resting.contains(&true);
        if any && self.first_change_ms.is_none() {
            self.first_change_ms = Some(at_ms);
        }
        let others_late = self
            .first_change_ms
            .is_some_and(|first| at_ms - first >= OTHERS_REST_MS);
        let still = at_ms - self.last_change_ms >= STILL_MS;
        if still && any && (others_late || !resting.contains(&false)) {
            let now = &self.now;
            self.candidates.retain(|place, c| back(c, now.get(place)));
            return Some(self.enter(Phase::Second, at_ms, Step::PressAgain));
        }
        let too_long = at_ms - self.since_ms >= REST_WITHIN_MS;
        too_long.then(|| {
            self.fail(
                at_ms,
                "it did not come back; let go, switch it back, or step out of its sight",
            )
        })
    }

    /// The best signal of the one source that changed both times.
    fn verdict(&mut self, at_ms: i64) -> Step {
        let mut again: Vec<(&Place, &Candidate)> =
            self.candidates.iter().filter(|(_, c)| c.again).collect();
        again.sort_by_key(|(place, _)| (std::cmp::Reverse(place.fitness()), (*place).clone()));
        let sources: BTreeSet<String> = again.iter().map(|(place, _)| place.source()).collect();
        let step = match again.first() {
            Some((place, candidate)) if sources.len() == 1 => Step::Found(Found {
                place: (*place).clone(),
                pressed: candidate.pressed.clone(),
                rest: candidate.rest.clone().unwrap_or(State::Off),
            }),
            _ => {
                let sources: Vec<String> = sources.into_iter().collect();
                Step::Failed(format!(
                    "several changed both times: {}; press one alone",
                    sources.join(", ")
                ))
            }
        };
        self.enter(Phase::Over, at_ms, step)
    }

    fn fail(&mut self, at_ms: i64, why: &str) -> Step {
        self.enter(Phase::Over, at_ms, Step::Failed(why.to_owned()))
    }

    fn enter(&mut self, phase: Phase, at_ms: i64, step: Step) -> Step {
        (self.phase, self.since_ms, self.first_change_ms) = (phase, at_ms, None);
        step
    }
}

impl Candidate {
    fn change(&mut self, state: &State) {
        self.changes += 1;
        if *state != self.pressed {
            self.rest = Some(state.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(input: u16) -> Place {
        Place::Modbus {
            gateway: "m".into(),
            unit: 1,
            input,
        }
    }

    /// Plays changes (time, input, state) and gives every step with its time.
    fn play(changes: &[(i64, u16, State)]) -> Vec<(i64, Step)> {
        let mut press = Press::new(0);
        let mut steps = Vec::new();
        for at in (0..400_000).step_by(100) {
            for (_, n, state) in changes.iter().filter(|(when, ..)| *when == at) {
                press.said(at, &input(*n), state, false);
            }
            steps.extend(press.tick(at).map(|step| (at, step)));
        }
        steps
    }

    fn verdict(changes: &[(i64, u16, State)]) -> Step {
        play(changes).pop().expect("a step").1
    }

    use State::{Off, On};

    fn calm() -> Vec<(i64, u16, State)> {
        (0..4).map(|n| (0, n, Off)).collect()
    }

    fn pressed(n: u16, times: &[i64]) -> Vec<(i64, u16, State)> {
        times
            .iter()
            .flat_map(|at| [(*at, n, On), (at + 700, n, Off)])
            .collect()
    }

    #[test]
    fn the_input_that_changed_at_both_presses_is_found_and_a_restless_one_is_left_out() {
        let mut changes = calm();
        changes.extend(pressed(2, &[12_000, 20_000]));
        // A fan: on and off all the time.
        changes.extend((1..400).map(|n| (n * 900, 3, if n % 2 == 0 { Off } else { On })));
        let found = Found {
            place: input(2),
            pressed: On,
            rest: Off,
        };
        assert_eq!(verdict(&changes), Step::Found(found));
    }

    #[test]
    fn a_coincidence_at_the_first_press_is_found_out_by_the_second() {
        let mut changes = calm();
        changes.extend(pressed(1, &[12_000, 22_000]));
        changes.extend(pressed(0, &[12_300]));
        assert!(matches!(verdict(&changes), Step::Found(Found { place, .. }) if place == input(1)));
    }

    #[test]
    fn a_normally_closed_contact_is_off_while_pressed() {
        let mut changes = calm();
        changes.push((0, 5, On));
        for at in [12_000, 20_000] {
            changes.extend([(at, 5, Off), (at + 500, 5, On)]);
        }
        let found = Found {
            place: input(5),
            pressed: Off,
            rest: On,
        };
        assert_eq!(verdict(&changes), Step::Found(found));
    }

    #[test]
    fn the_long_hold_of_a_passive_detector_is_waited_for_and_its_end_is_no_second_press() {
        let mut changes = calm();
        changes.extend([(12_000, 1, On), (102_000, 1, Off)]);
        let steps = play(&changes);
        let again = steps
            .iter()
            .find(|(_, step)| *step == Step::PressAgain)
            .expect("asked again");
        assert!(again.0 >= 104_000, "{steps:?}");
        assert!(
            matches!(steps.last(), Some((_, Step::Failed(why))) if why.contains("second time")),
            "{steps:?}"
        );
    }

    #[test]
    fn nothing_and_several_are_said_to_be_so() {
        assert!(matches!(verdict(&calm()), Step::Failed(why) if why.contains("nothing changed")));
        let mut changes = calm();
        changes.extend(pressed(0, &[12_000, 20_000]));
        changes.extend(pressed(1, &[12_100, 20_100]));
        assert!(matches!(verdict(&changes), Step::Failed(why) if why.contains("several")));
    }

    #[test]
    fn a_device_that_spoke_for_the_first_time_when_pressed_is_found_and_what_was_kept_is_no_press()
    {
        let mut press = Press::new(0);
        let (silent, kept) = (input(7), input(8));
        let mut last = None;
        for at in (0..60_000).step_by(100) {
            match at {
                12_000 | 20_000 => press.said(at, &silent, &On, false),
                12_500 | 20_500 => press.said(at, &silent, &Off, false),
                12_100 => press.said(at, &kept, &On, true),
                _ => {}
            }
            last = press.tick(at).or(last);
        }
        assert!(matches!(last, Some(Step::Found(Found { place, .. })) if place == silent));
    }
}
