//! What people wrote on events: acknowledgements, notes, and the words with steps of a case. Kept in the access log; here for finding
//! them by event.

use std::collections::{HashMap, VecDeque};

use super::{Deed, SealedEntry};

/// Notes remembered, the newest: years of a hall.
const MAX: usize = 20_000;

/// Something written on an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Transaction.
    pub tx: String,
    /// When, RFC 3339.
    pub at: String,
    /// Account.
    pub by: String,
    /// Its role by name.
    pub role: String,
    /// `acknowledge`, `note` or `case_step`.
    pub deed: String,
    /// The words.
    pub text: String,
}

/// Notes by event.
#[derive(Debug, Default)]
pub(super) struct Notes {
    of: HashMap<String, Vec<Note>>,
    order: VecDeque<String>,
}

impl Notes {
    /// Takes a line of the log up if it is about an event.
    pub fn take(&mut self, entry: &SealedEntry) {
        let written = [Deed::Acknowledge, Deed::Note, Deed::CaseStep];
        let (Some(event), true) = (
            entry.object.strip_prefix("event:"),
            written.iter().any(|deed| deed.name() == entry.deed),
        ) else {
            return;
        };
        if self.order.len() >= MAX
            && let Some(oldest) = self.order.pop_front()
            && let Some(notes) = self.of.get_mut(&oldest)
        {
            notes.remove(0);
            if notes.is_empty() {
                self.of.remove(&oldest);
            }
        }
        self.order.push_back(event.to_owned());
        self.of.entry(event.to_owned()).or_default().push(Note {
            tx: entry.tx.clone(),
            at: entry.at.clone(),
            by: entry.who.clone(),
            role: entry.role.clone(),
            deed: entry.deed.clone(),
            text: entry.why.clone(),
        });
    }

    /// What was written on an event, oldest first.
    pub fn of(&self, event: &str) -> &[Note] {
        self.of.get(event).map_or(&[], Vec::as_slice)
    }
}
