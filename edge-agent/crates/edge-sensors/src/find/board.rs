//! Everything heard so far, by source and by signal. Memory is bounded: what comes when the board is full is counted only.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Heard, Place, State, recognise};

/// Most sources and most signals on the board; a hall has some hundreds.
const ENTRIES_MAX: usize = 4_000;
/// What is kept of a payload to show it.
const EXCERPT_CHARS: usize = 60;

/// Something heard: a topic, a unit, a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// Whose form it has; empty when nobody's that is known.
    pub family: &'static str,
    /// What it said last, cut for the eye.
    pub value: String,
    /// How often it was heard.
    pub messages: u64,
    /// Only what the broker kept was heard so far.
    pub kept: bool,
}

/// A signal: something that is on or off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// What it says now.
    pub state: State,
    /// How often that changed.
    pub changes: u64,
    /// Key of its [`Source`].
    pub source: String,
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Board {
    /// By topic, unit or line.
    pub sources: BTreeMap<String, Source>,
    /// By place.
    pub signals: BTreeMap<Place, Signal>,
    /// How the listeners are doing, by what they listen to.
    pub notes: BTreeMap<String, String>,
    /// Messages that found no room.
    pub left_out: u64,
}

impl Board {
    /// Takes what was heard; gives the signals it speaks of.
    pub fn take(&mut self, heard: Heard) -> Vec<(Place, State)> {
        let (key, family, value, kept, signals) = match heard {
            Heard::Message {
                topic,
                payload,
                kept,
            } => {
                let found = recognise(&topic, &payload);
                let value = excerpt(&payload);
                (topic, found.family, value, kept, found.signals)
            }
            Heard::Unit {
                gateway,
                unit,
                inputs,
            } => {
                let bits: String = inputs
                    .iter()
                    .map(|on| if *on { '1' } else { '0' })
                    .collect();
                let signals = inputs.iter().enumerate().map(|(n, on)| {
                    let place = Place::Modbus {
                        gateway: gateway.clone(),
                        unit,
                        input: n as u16,
                    };
                    (place, State::from(*on))
                });
                let value = format!("inputs 0-{} {bits}", inputs.len().saturating_sub(1));
                (
                    format!("{gateway} unit {unit}"),
                    "modbus",
                    value,
                    false,
                    signals.collect(),
                )
            }
            Heard::Radar {
                device,
                family,
                baud,
                present,
            } => {
                let place = Place::Radar {
                    device: device.clone(),
                    family,
                    baud,
                };
                let (name, state) = (place.family(), State::from(present));
                (device, name, state.to_string(), false, vec![(place, state)])
            }
            Heard::Pushed { sensor, value } => {
                let place = Place::Http { sensor };
                let state = State::from(value);
                (
                    place.source(),
                    "http",
                    state.to_string(),
                    false,
                    vec![(place, state)],
                )
            }
            Heard::Note { about, text } => {
                self.notes.insert(about, text);
                return Vec::new();
            }
        };
        if self.sources.len() >= ENTRIES_MAX && !self.sources.contains_key(&key) {
            self.left_out += 1;
            return Vec::new();
        }
        let source = self.sources.entry(key.clone()).or_default();
        source.kept = kept && (source.messages == 0 || source.kept);
        source.messages += 1;
        source.value = value;
        if !family.is_empty() {
            source.family = family;
        }
        for (place, state) in &signals {
            let has_room = self.signals.len() < ENTRIES_MAX;
            match self.signals.entry(place.clone()) {
                Entry::Occupied(mut signal) => {
                    let signal = signal.get_mut();
                    signal.changes += u64::from(signal.state != *state);
                    signal.state = state.clone();
                }
                Entry::Vacant(room) if has_room => {
                    room.insert(Signal {
                        state: state.clone(),
                        changes: 0,
                        source: key.clone(),
                    });
                }
                Entry::Vacant(_) => self.left_out += 1,
            }
        }
        signals
    }
}

/// A payload for the eye: one line, cut.
fn excerpt(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload);
    let mut line: String = text
        .chars()
        .take(EXCERPT_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(EXCERPT_CHARS).is_some() {
        line.push('…');
    }
    line
}
