//! The live stream: one client's view of snapshots and events as server-sent events. Holds a cursor per client and no
//! buffer of events, so a slow client costs nothing; one that takes nothing at all is cut by its connection's stall limit.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event;
use futures_util::Stream;
use futures_util::stream::unfold;
use hall_core::access::Right;
use hall_core::snapshot::HallSnapshot;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Sleep;

use super::dto::{EventDto, HallChangedDto, ResetDto, SnapshotDto};
use super::inputs::{Access, HallInfo};
use super::state::AppState;
use super::viewer::Viewer;

/// Records read at a time; the stream never holds more.
const BATCH: usize = 64;
/// What a browser waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

struct Feed {
    state: AppState,
    viewer: Viewer,
    snapshot: watch::Receiver<Arc<HallSnapshot>>,
    hall: watch::Receiver<Arc<HallInfo>>,
    /// False once nobody is left to change it; the stream goes on.
    hall_may_change: bool,
    last_seq: watch::Receiver<u64>,
    /// Everything up to here has been sent.
    after: u64,
    /// At most one batch, sent before anything else is read.
    ready: VecDeque<Event>,
    snapshot_waits: bool,
    gap: Pin<Box<Sleep>>,
    heartbeat: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

/// Snapshot now, on change and as heartbeat; every event record after `after` in order, then new ones as they become
/// durable. Ends when the server is cancelled or the store cannot be read; the client then connects again with its last id.
pub(super) fn stream(
    state: AppState,
    viewer: Viewer,
    after: Option<u64>,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    let inputs = state.inputs().clone();
    let after = after.unwrap_or_else(|| *inputs.last_seq.borrow());
    let feed = Feed {
        gap: Box::pin(tokio::time::sleep(Duration::ZERO)),
        heartbeat: Box::pin(tokio::time::sleep(state.limits().heartbeat)),
        snapshot: inputs.snapshot,
        hall: inputs.hall,
        hall_may_change: true,
        last_seq: inputs.last_seq,
        after,
        ready: VecDeque::from([Event::default().retry(RETRY).comment("edge-agent live v1")]),
        // The board is not for everybody who sees events.
        snapshot_waits: viewer.may(Right::Board),
        state,
        viewer,
        _permit: permit,
    };
    unfold(feed, |mut feed| async move {
        feed.next().await.map(|event| (Ok(event), feed))
    })
}

/// What to do after waiting.
enum Woken {
    End,
    Look,
    Snapshot,
    Hall,
}

impl Feed {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.state.cancel().is_cancelled() || !self.is_still_signed_in() {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let last = *self.last_seq.borrow_and_update();
            if last < self.after {
                // The store was started over; ids the client holds mean nothing any more.
                self.after = last;
                return message(
                    "reset",
                    &ResetDto {
                        v: 1,
                        last_seq: last,
                    },
                );
            }
            if last > self.after {
                self.read_events(last).await?;
                continue;
            }
            match self.wait().await {
                Woken::End => return None,
                Woken::Look => {}
                Woken::Hall => return message("hall", &HallChangedDto { v: 1 }),
                Woken::Snapshot => {
                    self.snapshot_waits = false;
                    self.gap = Box::pin(tokio::time::sleep(self.state.limits().snapshot_gap));
                    self.heartbeat = Box::pin(tokio::time::sleep(self.state.limits().heartbeat));
                    let snapshot = self.snapshot.borrow_and_update().clone();
                    if !self.viewer.may(Right::Board) {
                        return Some(Event::default().comment("still here"));
                    }
                    let hall = self.hall.borrow().clone();
                    let shown = self.viewer.snapshot(&hall, &snapshot);
                    return message("snapshot", &SnapshotDto::new(&shown, &self.state));
                }
            }
        }
    }

    /// A session that is over, or whose account was changed, ends its streams: at once when something is to be sent, else with the next
    /// heartbeat.
    fn is_still_signed_in(&self) -> bool {
        let (Access::Accounts(desk), Viewer::Signed(who)) =
            (&self.state.inputs().access, &self.viewer)
        else {
            return true;
        };
        desk.signed(&who.token, self.state.moment()).is_some()
    }

    async fn wait(&mut self) -> Woken {
        let waits = self.snapshot_waits;
        let board = self.viewer.may(Right::Board);
        tokio::select! {
            biased;
            () = self.state.cancel().cancelled() => Woken::End,
            changed = self.last_seq.changed() => if changed.is_ok() { Woken::Look } else { Woken::End },
            changed = self.hall.changed(), if self.hall_may_change => match changed {
                Ok(()) => Woken::Hall,
                Err(_) => { self.hall_may_change = false; Woken::Look }
            },
            () = self.gap.as_mut(), if waits => Woken::Snapshot,
            changed = self.snapshot.changed(), if !waits && board => match changed {
                Ok(()) => { self.snapshot_waits = true; Woken::Look }
                Err(_) => Woken::End,
            },
            () = self.heartbeat.as_mut() => Woken::Snapshot,
        }
    }

    async fn read_events(&mut self, last: u64) -> Option<()> {
        let after = self.after;
        let read = self
            .state
            .with_store(move |inputs| inputs.events.read_after(after, BATCH))
            .await;
        let batch = match read {
            Ok(Ok(batch)) => batch,
            Ok(Err(error)) => {
                tracing::warn!(%error, "live stream ends: events cannot be read");
                return None;
            }
            Err(error) => {
                tracing::warn!(message = %error.message, "live stream ends: events cannot be read");
                return None;
            }
        };
        let hall = self.hall.borrow().clone();
        for sealed in batch.records {
            if !self.viewer.sees_record(&hall, &sealed.record) {
                continue;
            }
            let id = sealed.seq.to_string();
            self.ready
                .push_back(message("event", &EventDto::from(sealed))?.id(id));
        }
        // An empty read below `last` means these numbers were trimmed.
        self.after = if batch.upto > after { batch.upto } else { last };
        Some(())
    }
}

fn message(name: &'static str, body: &impl Serialize) -> Option<Event> {
    match serde_json::to_string(body) {
        Ok(text) => Some(Event::default().event(name).data(text)),
        Err(error) => {
            tracing::error!(%error, name, "live stream ends: a message cannot be rendered");
            None
        }
    }
}
