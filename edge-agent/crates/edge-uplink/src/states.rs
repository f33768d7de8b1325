//! Which retained states the broker should have, and which of them it does not have yet. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::topics::Topics;
use crate::wire::{LiveState, PAYLOAD_MAX_BYTES};

/// A state topic; the number orders what goes first: meta, windows, queues, summary.
type Key = (u8, String);

/// Retained states of one connection.
#[derive(Debug, Default)]
pub(crate) struct States {
    /// Payloads as they should be; an empty one clears the topic.
    wanted: BTreeMap<Key, Vec<u8>>,
    /// Not sent yet.
    dirty: BTreeSet<Key>,
}

impl States {
    /// Takes over what to publish: new and changed states become dirty; of those in `retained`, published earlier by
    /// this box, the vanished ones are cleared. Returns topics whose payload is too large; they are left out.
    pub(crate) fn want(
        &mut self,
        live: &LiveState,
        topics: &Topics,
        retained: &mut BTreeSet<String>,
    ) -> Vec<String> {
        let mut states: Vec<(Key, &serde_json::Value)> = Vec::new();
        if !live.meta.is_null() {
            states.push(((0, topics.meta()), &live.meta));
        }
        states.extend(
            live.windows
                .iter()
                .map(|(id, value)| ((1, topics.window_state(id)), value)),
        );
        states.extend(
            live.queues
                .iter()
                .map(|(id, value)| ((2, topics.queue_state(id)), value)),
        );
        states.extend(
            live.summary
                .iter()
                .map(|value| ((3, topics.summary_live()), value)),
        );
        let mut wanted = BTreeMap::new();
        let mut oversized = Vec::new();
        for (key, value) in states {
            let payload = value.to_string().into_bytes();
            if payload.len() > PAYLOAD_MAX_BYTES {
                oversized.push(key.1);
            } else {
                wanted.insert(key, payload);
            }
        }
        let now: BTreeSet<String> = wanted.keys().map(|(_, topic)| topic.clone()).collect();
        for gone in retained.difference(&now) {
            // An empty retained payload removes the topic (MQTT 3.1.1, 3.3.1.3).
            wanted.insert((1, gone.clone()), Vec::new());
        }
        retained.extend(now);
        for (key, payload) in &wanted {
            if self.wanted.get(key) != Some(payload) {
                self.dirty.insert(key.clone());
            }
        }
        self.dirty.retain(|key| wanted.contains_key(key));
        self.wanted = wanted;
        oversized
    }

    /// All present states are to be sent again.
    pub(crate) fn repeat(&mut self) {
        let present = self
            .wanted
            .iter()
            .filter(|(_, payload)| !payload.is_empty());
        self.dirty.extend(present.map(|(key, _)| key.clone()));
    }

    /// The next state to send.
    pub(crate) fn next(&self) -> Option<(String, Vec<u8>)> {
        let key = self.dirty.first()?;
        Some((
            key.1.clone(),
            self.wanted.get(key).cloned().unwrap_or_default(),
        ))
    }

    /// The one that [`next`](Self::next) gave is on its way.
    pub(crate) fn sent(&mut self) {
        self.dirty.pop_first();
    }

    /// Nothing is left to send.
    pub(crate) fn is_sent(&self) -> bool {
        self.dirty.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn drain(states: &mut States) -> Vec<(String, String)> {
        let mut out = Vec::new();
        while let Some((topic, payload)) = states.next() {
            out.push((
                topic.trim_start_matches("p/h/b/").to_owned(),
                String::from_utf8(payload).unwrap(),
            ));
            states.sent();
        }
        out
    }

    #[test]
    fn states_are_sent_once_in_order_again_when_changed_and_cleared_when_gone() {
        let topics = Topics::new("p", &[], "h", "b").unwrap();
        let mut retained = BTreeSet::new();
        let mut states = States::default();
        let mut live = LiveState {
            meta: json!({"v": 1}),
            summary: Some(json!(5)),
            ..LiveState::default()
        };
        live.queues.insert("Q1".into(), json!(3));
        live.windows.insert("W1".into(), json!(1));
        live.windows
            .insert("W2".into(), json!("x".repeat(PAYLOAD_MAX_BYTES)));
        let pair = |topic: &str, payload: &str| (topic.to_owned(), payload.to_owned());

        let oversized = states.want(&live, &topics, &mut retained);
        assert_eq!(oversized, [topics.window_state("W2")]);
        let order = drain(&mut states);
        assert_eq!(
            order,
            [
                pair("meta", "{\"v\":1}"),
                pair("state/window/W1", "1"),
                pair("state/queue/Q1", "3"),
                pair("summary/live", "5"),
            ]
        );
        states.want(&live, &topics, &mut retained);
        assert!(states.is_sent());

        live.windows.insert("W1".into(), json!(2));
        states.want(&live, &topics, &mut retained);
        live.windows.insert("W1".into(), json!(3));
        live.queues.clear();
        states.want(&live, &topics, &mut retained);
        assert_eq!(
            drain(&mut states),
            [pair("state/queue/Q1", ""), pair("state/window/W1", "3")]
        );

        states.repeat();
        assert_eq!(drain(&mut states).len(), 3);
        // The next connection clears it again: the broker may have come back from an older memory.
        let mut next = States::default();
        next.want(&live, &topics, &mut retained);
        assert!(drain(&mut next).contains(&pair("state/queue/Q1", "")));
    }
}
