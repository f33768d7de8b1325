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
        for post in &mut checkpoint.posts {
            post.retain(|record| is_open(record.id));
        }
        checkpoint
    });
    let known: BTreeSet<String> = checkpoint
        .iter()
        .flat_map(|c| {
            let windows = c.windows.iter().filter_map(|w| w.record.as_ref());
            let queues = c.queues.iter().filter_map(|q| q.record.as_ref());
            let posts = c.posts.iter().flat_map(|p| p.records());
            windows.chain(queues).chain(&c.sources).chain(posts)
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

#[cfg(test)]
mod tests {
    use super::*;
    use hall_core::engine::OpenRecord;
    use hall_core::event::{EventCode, EventId, Level, Subject};
    use hall_core::{HallTime, WallClock};
    use hall_wire::event::ClockQuality;

    fn open_record(id: u128) -> OpenRecord {
        let stamp = WallClock::unix(28_800).stamp(HallTime(1_000));
        OpenRecord {
            id: EventId(id),
            rev: 1,
            code: EventCode::CameraOffline,
            subject: Subject::Camera("cam1".into()),
            level: Level::Fault,
            onset: stamp,
            raised: stamp,
            rule: "P0@1".into(),
            evidence_sources: Vec::new(),
            tags: Vec::new(),
            related: Vec::new(),
        }
    }

    fn sealed(id: u128, rev: u32) -> SealedRecord {
        let at = "2026-09-21T10:05:00.000+08:00".to_owned();
        let record = EventRecord {
            v: 1,
            event_id: event_id_text(EventId(id)),
            rev,
            hall: "h".into(),
            box_id: "b1".into(),
            subject_kind: "window".into(),
            subject: "W3".into(),
            code: "unstaffed".into(),
            level: "notice".into(),
            state: "open".into(),
            phase: "raised".into(),
            onset: at.clone(),
            raised: at.clone(),
            updated: at,
            end: None,
            end_reason: None,
            duration_s: 300.0,
            absent_s: 300.0,
            unobserved_s: 0.0,
            brief_returns: 0,
            customers_max: 0,
            peak: None,
            evidence_sources: Vec::new(),
            confidence: 1.0,
            rule: "P0@1".into(),
            tags: Vec::new(),
            related: Vec::new(),
            config_sha256: String::new(),
            model_sha256: String::new(),
            clock: ClockQuality {
                synced: true,
                offset_ms: 0,
            },
            review: "suspected".into(),
            revision: None,
            mitigated_at: None,
            wait_est_s: None,
        };
        SealedRecord {
            seq: 7,
            record,
            prev: String::new(),
            hash: String::new(),
        }
    }

    #[test]
    fn what_both_hold_open_goes_on_and_nothing_is_closed() {
        let checkpoint = Checkpoint {
            sources: vec![open_record(1)],
            ..Checkpoint::default()
        };
        let resumption = reconcile(Some(checkpoint.clone()), &[sealed(1, 1)], "now");
        assert_eq!(
            resumption,
            Resumption {
                checkpoint: Some(checkpoint),
                closings: Vec::new()
            }
        );
    }

    #[test]
    fn an_event_the_log_has_closed_is_not_opened_again() {
        let checkpoint = Checkpoint {
            sources: vec![open_record(1)],
            ..Checkpoint::default()
        };
        let resumption = reconcile(Some(checkpoint), &[], "now");
        assert_eq!(resumption.checkpoint, Some(Checkpoint::default()));
        assert!(resumption.closings.is_empty());
    }

    #[test]
    fn an_open_event_nobody_knows_ends_where_it_was_last_seen() {
        for checkpoint in [None, Some(Checkpoint::default())] {
            let resumption =
                reconcile(checkpoint, &[sealed(1, 2)], "2026-09-21T10:20:00.000+08:00");
            let [closing] = &resumption.closings[..] else {
                panic!("one closing expected")
            };
            assert_eq!(
                (closing.rev, closing.state.as_str(), closing.phase.as_str()),
                (3, "closed", "cleared")
            );
            assert_eq!(
                closing.end.as_deref(),
                Some("2026-09-21T10:05:00.000+08:00")
            );
            assert_eq!(closing.end_reason.as_deref(), Some("power_loss"));
            assert_eq!(closing.updated, "2026-09-21T10:20:00.000+08:00");
        }
    }
}
