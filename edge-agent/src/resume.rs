//! Brings the engine's checkpoint and the event log to one story after a crash: each may be a moment ahead of the other. Pure.

use std::collections::BTreeSet;

use hall_core::engine::Checkpoint;
use hall_wire::event::{EventRecord, SealedRecord, event_id_text};

/// What to begin with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resumption {
    /// For the engine; `None` when there is nothing to go on with.
    pub checkpoint: Option<Checkpoint>,
    /// Last revisions of events that nobody can go on with: they end where they were last seen.
    pub closings: Vec<EventRecord>,
}

/// The log decides which events are open. An event that the checkpoint still holds but the log has closed is taken out; one
/// that the log holds open but the checkpoint does not know is closed at its last revision, `power_loss`. `now` is the
/// RFC 3339 time at which that is done.
#[must_use]
pub fn reconcile(checkpoint: Option<Checkpoint>, open: &[SealedRecord], now: &str) -> Resumption {
    let open_ids: BTreeSet<&str> = open
        .iter()
        .map(|sealed| sealed.record.event_id.as_str())
        .collect();
    let is_open = |id| open_ids.contains(event_id_text(id).as_str());
    let checkpoint = checkpoint.map(|mut checkpoint| {
        checkpoint
            .windows
            .retain(|w| w.record.as_ref().is_none_or(|r| is_open(r.id)));
        checkpoint
            .queues
            .retain(|q| q.record.as_ref().is_none_or(|r| is_open(r.id)));
        checkpoint.sources.retain(|r| is_open(r.id));
        checkpoint
    });
    let known: BTreeSet<String> = checkpoint
        .iter()
        .flat_map(|c| {
            let windows = c.windows.iter().filter_map(|w| w.record.as_ref());
            let queues = c.queues.iter().filter_map(|q| q.record.as_ref());
            windows.chain(queues).chain(&c.sources)
        })
        .map(|record| event_id_text(record.id))
        .collect();
    let closings = open
        .iter()
        .filter(|sealed| !known.contains(&sealed.record.event_id))
        .map(|sealed| closing(&sealed.record, now))
        .collect();
    Resumption {
        checkpoint,
        closings,
    }
}

fn closing(last: &EventRecord, now: &str) -> EventRecord {
    EventRecord {
        rev: last.rev + 1,
        state: "closed".into(),
        phase: "cleared".into(),
        end: Some(last.updated.clone()),
        end_reason: Some("power_loss".into()),
        updated: now.into(),
        ..last.clone()
    }
}
