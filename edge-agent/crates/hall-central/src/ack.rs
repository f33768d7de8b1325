//! The centre's own acknowledgement: up to which number each box's records are here for good. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::watch::Fleet;

/// Watermarks that are to be published.
#[derive(Debug, Default)]
pub struct Watermarks {
    /// The last one published for each box on this connection.
    told: BTreeMap<String, u64>,
    /// Boxes that may have a new one.
    due: BTreeSet<String>,
}

/// One to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark {
    /// Topic; retained, so that a box that connects finds it.
    pub topic: String,
    /// Payload.
    pub payload: String,
}

impl Watermarks {
    /// A new connection: the broker may have forgotten all of them.
    pub fn connected(&mut self, fleet: &Fleet) {
        self.told.clear();
        self.due = fleet.boxes.keys().cloned().collect();
    }

    /// Something of this box is here for good now.
    pub fn kept(&mut self, source: &str) {
        if !self.due.contains(source) {
            self.due.insert(source.to_owned());
        }
    }

    /// The next one to publish under `prefix`.
    pub fn next(&mut self, fleet: &Fleet, prefix: &str) -> Option<Watermark> {
        while let Some(source) = self.due.pop_first() {
            let Some((seq, hash)) = fleet.boxes.get(&source).and_then(|b| b.watermark()) else {
                continue;
            };
            if self.told.get(&source) == Some(&seq) {
                continue;
            }
            self.told.insert(source.clone(), seq);
            let payload = match hash {
                Some(hash) => json!({"v": 1, "acked_seq": seq, "hash": hash}),
                None => json!({"v": 1, "acked_seq": seq}),
            };
            return Some(Watermark {
                topic: format!("{prefix}{source}/ack"),
                payload: payload.to_string(),
            });
        }
        None
    }
}
