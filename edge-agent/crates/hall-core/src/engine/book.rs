//! The book of events: the newest revision of every event of the last weeks, open or closed. It alone counts revisions and
//! carries where a case stands, so that a rule that goes on with an event and a person who decides on it never give out the same
//! revision twice. Knows no rule.

use std::collections::BTreeMap;

use crate::case;
use crate::event::{EndReason, Event, EventId, Phase, Review, Revision, Tag};
use crate::time::Stamp;

/// Events older than this can no longer be decided on at the box; the centre still has them.
const KEEP_MS: i64 = 62 * 86_400_000;
/// At most this many are kept, whatever their age.
const KEEP_COUNT: usize = 20_000;

/// Newest revisions by event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    events: BTreeMap<EventId, Event>,
}

impl Book {
    /// Takes an event back in that was given out before this engine began.
    pub fn recall(&mut self, event: Event) {
        if self.get(event.id).is_none_or(|known| known.rev < event.rev) {
            self.events.insert(event.id, event);
        }
    }

    /// The newest revision.
    pub fn get(&self, id: EventId) -> Option<&Event> {
        self.events.get(&id)
    }

    /// All of them, oldest onset first.
    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.values()
    }

    /// Writes in what a rule gives out: counts its revision and carries its case on. False: it is not to be given out. An event
    /// that people have struck goes on in silence: nothing more about it but its end, at the level it was struck at.
    pub fn enter(&mut self, event: &mut Event) -> bool {
        if let Some(known) = self.events.get(&event.id) {
            let struck = case::is_struck(known.review);
            if struck && event.phase == Phase::Updated {
                return false;
            }
            if struck {
                event.level = known.level;
            }
            event.rev = known.rev + 1;
            event.review = known.review;
            // The rule still has the times it began with.
            if known.tags.contains(&Tag::Restamped) && !event.tags.contains(&Tag::Restamped) {
                (event.onset, event.raised) = (known.onset, known.raised);
                event.tags.push(Tag::Restamped);
            }
            for id in &known.related {
                if !event.related.contains(id) {
                    event.related.push(*id);
                }
            }
        }
        // Whatever the wall clock did meanwhile: end and onset are as far apart as the event is long.
        if let Some(end) = &mut event.end {
            end.unix_ms = event.onset.unix_ms + event.duration_ms;
        }
        self.events.insert(event.id, event.clone());
        self.forget(event.updated.unix_ms);
        true
    }

    /// A further revision of a known event, made by a person or by facts entered later. `None`: not known.
    pub fn revise(
        &mut self,
        id: EventId,
        at: Stamp,
        review: Review,
        revision: Revision,
        change: impl FnOnce(&mut Event),
    ) -> Option<Event> {
        let event = self.events.get_mut(&id)?;
        change(event);
        event.rev += 1;
        event.phase = Phase::Revised;
        event.updated = at;
        event.review = review;
        event.revision = Some(revision);
        Some(event.clone())
    }

    /// The last revision of an open event that nobody can go on with: it ends where it was last seen. `None`: not known, or
    /// closed. It still has to be entered.
    pub fn lost(&self, id: EventId, now: Stamp) -> Option<Event> {
        let known = self.get(id).filter(|event| event.end.is_none())?;
        let seen = match known.phase {
            // A person revised it later than the rule had measured.
            Phase::Revised => Stamp {
                at: known.onset.at.plus_ms(known.duration_ms),
                unix_ms: known.onset.unix_ms + known.duration_ms,
                utc_offset_s: known.onset.utc_offset_s,
            },
            Phase::Raised | Phase::Updated | Phase::Cleared => known.updated,
        };
        Some(Event {
            phase: Phase::Cleared,
            updated: now,
            end: Some(seen),
            end_reason: Some(EndReason::PowerLoss),
            revision: None,
            ..known.clone()
        })
    }

    /// Event ids begin with the time of the onset: the first are the oldest. Open ones stay, however old.
    fn forget(&mut self, now_unix_ms: i64) {
        loop {
            let full = self.events.len() > KEEP_COUNT;
            let closed = self.events.values().find(|event| event.end.is_some());
            match closed {
                Some(event) if full || now_unix_ms - event.onset.unix_ms > KEEP_MS => {
                    let id = event.id;
                    self.events.remove(&id);
                }
                _ => return,
            }
        }
    }
}
