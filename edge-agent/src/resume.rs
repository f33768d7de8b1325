//! Brings the engine's checkpoint and the event log to one story after a crash: each may be a moment ahead of the other. Pure.

use std::collections::BTreeSet;

use hall_core::engine::Checkpoint;
use hall_core::event::{Event, EventId};
use hall_wire::checkpoint::RunRecord;

/// What to begin with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resumption {
    /// Newest revisions of events of before, so that their revisions and cases go on.
    pub events: Vec<Event>,
    /// Open episodes; `None` when there is nothing to go on with.
    pub checkpoint: Option<Checkpoint>,
    /// What ran before this process, as far as it said so; `None` also when only the hall task was started again.
    pub run: Option<RunRecord>,
    /// Open events that nobody can go on with: the engine ends them where they were last seen.
    pub lost: Vec<EventId>,
}

/// The log decides which events are open: `events` are the newest revisions in it. An event that the checkpoint still holds but the
/// log has closed is taken out; one that the log holds open but the checkpoint does not know is lost.
#[must_use]
pub fn reconcile(checkpoint: Option<Checkpoint>, events: Vec<Event>) -> Resumption {
    let open: BTreeSet<EventId> = events
        .iter()
        .filter(|event| event.end.is_none())
        .map(|event| event.id)
        .collect();
    let is_open = |id| open.contains(&id);
    let checkpoint = checkpoint.map(|mut checkpoint| {
        checkpoint
            .windows
            .retain(|w| w.record.as_ref().is_none_or(|r| is_open(r.id)));
        checkpoint.queues.retain_mut(|q| q.retain(is_open));
        checkpoint.sources.retain(|r| is_open(r.id));
        for post in &mut checkpoint.posts {
            post.retain(|record| is_open(record.id));
        }
        checkpoint
    });
    let known: BTreeSet<EventId> = checkpoint
        .iter()
        .flat_map(|c| {
            let windows = c.windows.iter().filter_map(|w| w.record.as_ref());
            let queues = c.queues.iter().flat_map(|q| q.records());
            let posts = c.posts.iter().flat_map(|p| p.records());
            windows.chain(queues).chain(&c.sources).chain(posts)
        })
        .map(|record| record.id)
        .collect();
    let lost = open.difference(&known).copied().collect();
    Resumption {
        events,
        checkpoint,
        run: None,
        lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hall_core::engine::{Engine, OpenRecord, Output};
    use hall_core::event::{EndReason, EventCode, Level, Phase, Review, Subject};
    use hall_core::time::Stamp;
    use hall_core::{HallTime, WallClock};

    /// 2026-09-21T10:00:00+08:00, and so many seconds later.
    fn stamp(after_s: i64) -> Stamp {
        WallClock::unix(28_800).stamp(HallTime(1_789_956_000_000 + after_s * 1000))
    }

    fn open_record(id: u128) -> OpenRecord {
        OpenRecord {
            id: EventId(id),
            rev: 1,
            code: EventCode::CameraOffline,
            subject: Subject::Camera("cam1".into()),
            level: Level::Fault,
            onset: stamp(0),
            raised: stamp(300),
            rule: "P0@1".into(),
            evidence_sources: Vec::new(),
            tags: Vec::new(),
            related: Vec::new(),
        }
    }

    fn open_event(id: u128, rev: u32) -> Event {
        Event {
            id: EventId(id),
            rev,
            code: EventCode::Unstaffed,
            subject: Subject::Window("W3".into()),
            level: Level::Notice,
            phase: Phase::Raised,
            onset: stamp(0),
            raised: stamp(300),
            updated: stamp(300),
            end: None,
            end_reason: None,
            duration_ms: 300_000,
            absent_ms: 300_000,
            unobserved_ms: 0,
            brief_returns: 0,
            customers_max: 0,
            peak: None,
            evidence_sources: Vec::new(),
            confidence: 1.0,
            rule: "P0@1".into(),
            tags: Vec::new(),
            related: Vec::new(),
            review: Review::Suspected,
            revision: None,
            mitigated_at: None,
            wait_est_ms: None,
        }
    }

    fn with(source: u128) -> Checkpoint {
        Checkpoint {
            sources: vec![open_record(source)],
            ..Checkpoint::default()
        }
    }

    #[test]
    fn what_both_hold_open_goes_on_and_nothing_is_lost() {
        let resumption = reconcile(Some(with(1)), vec![open_event(1, 1)]);
        assert_eq!(resumption.checkpoint, Some(with(1)));
        assert_eq!(resumption.lost, []);
    }

    #[test]
    fn an_event_the_log_has_closed_is_not_opened_again() {
        let mut closed = open_event(1, 2);
        closed.end = Some(stamp(300));
        for events in [vec![], vec![closed]] {
            let resumption = reconcile(Some(with(1)), events);
            assert_eq!(resumption.checkpoint, Some(Checkpoint::default()));
            assert_eq!(resumption.lost, []);
        }
    }

    #[test]
    fn an_open_event_nobody_knows_ends_where_it_was_last_seen_with_its_case() {
        let mut revised = open_event(1, 2);
        (revised.phase, revised.review) = (Phase::Revised, Review::Confirmed);
        revised.updated = stamp(3_000);
        for (event, checkpoint) in [
            (open_event(1, 1), None),
            (revised, Some(Checkpoint::default())),
        ] {
            let resumption = reconcile(checkpoint, vec![event.clone()]);
            assert_eq!(resumption.lost, [event.id]);
            let cfg = edge_config::load(
                std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join("../hall-config/demo/hall.toml")
                    .as_path(),
            )
            .unwrap()
            .engine;
            let mut engine = Engine::new(cfg, WallClock::unix(28_800), stamp(3_600).at);
            engine.recall(resumption.events);
            engine.lose(resumption.lost);
            let Some(Output::Event(last)) = engine.poll_output() else {
                panic!("one closing expected")
            };
            assert_eq!((last.rev, last.phase), (event.rev + 1, Phase::Cleared));
            assert_eq!((last.review, last.revision), (event.review, None));
            assert_eq!(last.end.unwrap().unix_ms, stamp(300).unix_ms);
            assert_eq!(last.end_reason, Some(EndReason::PowerLoss));
            assert_eq!(last.updated, stamp(3_600));
        }
    }
}
