//! What `sensors listen` shows: for people, and as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use edge_config::Config;
use edge_sensors::find::{Board, Place, Signal, State};
use serde_json::{Value, json};

use super::entry::{Entry, bound, fresh_id, likely_kind, likely_window};

/// Suggested entries for what is not bound yet: one per source, its best signal.
pub(super) fn suggestions<'b>(config: &Config, board: &'b Board) -> Vec<(&'b Place, Entry)> {
    let mut best: BTreeMap<String, &Place> = BTreeMap::new();
    let mut closed: BTreeSet<String> = BTreeSet::new();
    for (place, signal) in &board.signals {
        if bound(config, place).is_some() {
            closed.insert(place.source());
        } else if is_worth_it(place, signal) {
            let one = best.entry(place.source()).or_insert(place);
            if place.fitness() > one.fitness() {
                *one = place;
            }
        }
    }
    best.retain(|source, _| !closed.contains(source));
    let mut taken = BTreeSet::new();
    let entry = |place: &'b Place| {
        let window = likely_window(config, place)?;
        let kind = likely_kind(place);
        let id = fresh_id(config, &taken, &window, kind);
        taken.insert(id.clone());
        let entry = Entry {
            id,
            window,
            kind,
            place: place.clone(),
            invert: false,
            words: None,
        };
        Some((place, entry))
    };
    best.into_values().filter_map(entry).collect()
}

/// Whether a signal gets a suggestion: of a Modbus unit those that are on or changed, and the first; none whose words are not known.
fn is_worth_it(place: &Place, signal: &Signal) -> bool {
    match (place, &signal.state) {
        (Place::Http { .. }, _) | (_, State::Word(_)) => false,
        (Place::Modbus { input, .. }, state) => {
            *state == State::On || signal.changes > 0 || *input == 0
        }
        _ => true,
    }
}

/// For people.
pub(super) fn text(config: &Config, board: &Board, with_suggestions: bool) -> String {
    let mut out = String::new();
    for (about, note) in &board.notes {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{about}: {note}");
    }
    if board.left_out > 0 {
        let _ = writeln!(out, "{} messages found no room here", board.left_out);
    }
    let widest = board
        .sources
        .keys()
        .map(|key| key.chars().count())
        .max()
        .unwrap_or(0);
    let _ = writeln!(out, "\n{} heard:", board.sources.len());
    for (key, source) in &board.sources {
        let signals = board
            .signals
            .iter()
            .filter(|(_, signal)| signal.source == *key);
        let bound: BTreeSet<String> = signals
            .filter_map(|(place, _)| bound(config, place))
            .map(|sensor| format!("{} at {}", sensor.id, sensor.window))
            .collect();
        let mut remarks: Vec<String> = bound.into_iter().collect();
        if source.kept {
            remarks.push("kept by the broker".into());
        }
        let remarks = remarks.join(", ");
        let family = if source.family.is_empty() {
            "?"
        } else {
            source.family
        };
        let line = format!("  {key:widest$}  {family:11}  {}  {remarks}", source.value);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    if with_suggestions {
        let suggestions = suggestions(config, board);
        if !suggestions.is_empty() {
            let _ = writeln!(
                out,
                "\nNot bound yet; for hall.toml, with the right window and kind:"
            );
        }
        for (place, entry) in suggestions {
            let state = board.signals.get(place).map(|s| s.state.to_string());
            let _ = write!(
                out,
                "\n# {place} is {} now\n{}",
                state.unwrap_or_default(),
                entry.text()
            );
        }
    }
    out
}

/// For machines.
pub(super) fn json(config: &Config, board: &Board) -> Value {
    let suggestions: BTreeMap<&Place, Entry> = suggestions(config, board).into_iter().collect();
    let sources: Vec<Value> = (board.sources.iter())
        .map(|(key, source)| {
            json!({
                "source": key,
                "type": source.family,
                "value": source.value,
                "messages": source.messages,
                "kept": source.kept,
            })
        })
        .collect();
    let signals: Vec<Value> = (board.signals.iter())
        .map(|(place, signal)| {
            let sensor = bound(config, place);
            json!({
                "source": signal.source,
                "signal": place.to_string(),
                "type": place.family(),
                "value": signal.state.to_string(),
                "changes": signal.changes,
                "sensor": sensor.map(|s| s.id.to_string()),
                "window": sensor.map(|s| s.window.to_string()),
                "suggestion": suggestions.get(place).map(Entry::text),
            })
        })
        .collect();
    json!({
        "v": 1,
        "listeners": board.notes,
        "heard": sources,
        "signals": signals,
        "left_out": board.left_out,
    })
}
