//! Where the newest revision of each event lies in the store, so that lists are answered without scanning it. Holds places
//! and filter keys only; the records stay in the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hall_wire::event::SealedRecord;
use hall_wire::time::parse_rfc3339;
use tokio::sync::watch;

use super::error::ApiError;
use super::state::AppState;

/// Events kept, the newest: years at the rate of a hall, some megabytes. Open ones are never given up.
const MAX_EVENTS: usize = 20_000;
/// Records per read while following.
const BATCH: usize = 256;
/// Pause after a store error.
const RETRY: Duration = Duration::from_secs(1);

/// Whether an event is shown, by code, kind and id of its subject.
pub(super) type Sees<'a> = &'a dyn Fn(&str, &str, &str) -> bool;

/// Which events a list shall hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    /// Any of these codes; empty: all.
    pub codes: Vec<String>,
    /// Id of the window, queue, camera or sensor.
    pub subject: Option<String>,
    /// `Some(true)`: open only, `Some(false)`: closed only.
    pub open: Option<bool>,
    /// Onset at or after, Unix milliseconds.
    pub from_ms: Option<i64>,
    /// Onset before, Unix milliseconds.
    pub to_ms: Option<i64>,
    /// Newest revision before this sequence number, to page on.
    pub before_seq: Option<u64>,
}

#[derive(Debug, Clone)]
struct Entry {
    id: Arc<str>,
    code: String,
    subject_kind: String,
    subject: String,
    open: bool,
    onset_ms: i64,
    seqs: Vec<u64>,
}

#[derive(Debug, Default)]
struct Places {
    by_latest: BTreeMap<u64, Entry>,
    latest_of: HashMap<Arc<str>, u64>,
    upto: u64,
}

impl Places {
    fn apply(&mut self, sealed: &SealedRecord, max_events: usize) {
        let record = &sealed.record;
        let known = self.latest_of.get(record.event_id.as_str()).copied();
        let mut entry = known
            .and_then(|seq| self.by_latest.remove(&seq))
            .unwrap_or_else(|| Entry {
                id: record.event_id.as_str().into(),
                code: record.code.clone(),
                subject_kind: record.subject_kind.clone(),
                subject: record.subject.clone(),
                open: true,
                // A record whose onset cannot be read is found by every filter but time.
                onset_ms: parse_rfc3339(&record.onset).map_or(i64::MIN, |(ms, _)| ms),
                seqs: Vec::new(),
            });
        entry.open = record.state == "open";
        entry.seqs.push(sealed.seq);
        self.latest_of.insert(Arc::clone(&entry.id), sealed.seq);
        self.by_latest.insert(sealed.seq, entry);
        if self.by_latest.len() > max_events {
            let oldest_closed = self
                .by_latest
                .iter()
                .find(|(_, e)| !e.open)
                .map(|(seq, _)| *seq);
            if let Some(given_up) = oldest_closed.and_then(|seq| self.by_latest.remove(&seq)) {
                self.latest_of.remove(&given_up.id);
            }
        }
    }

    fn find(&self, filter: &Filter, sees: Sees<'_>, limit: usize) -> Vec<u64> {
        let before = filter.before_seq.unwrap_or(u64::MAX);
        let fits = |e: &Entry| {
            (filter.codes.is_empty() || filter.codes.contains(&e.code))
                && filter.subject.as_ref().is_none_or(|s| *s == e.subject)
                && filter.open.is_none_or(|open| open == e.open)
                && filter.from_ms.is_none_or(|from| e.onset_ms >= from)
                && filter.to_ms.is_none_or(|to| e.onset_ms < to)
                && sees(&e.code, &e.subject_kind, &e.subject)
        };
        self.by_latest
            .range(..before)
            .rev()
            .filter(|(_, e)| fits(e))
            .map(|(seq, _)| *seq)
            .take(limit)
            .collect()
    }
}

/// The index and how far it has read.
pub(super) struct EventIndex {
    places: RwLock<Places>,
    upto: watch::Sender<u64>,
}

impl EventIndex {
    pub fn new() -> Self {
        // Latest value only: waiters need the position, not each step.
        EventIndex {
            places: RwLock::default(),
            upto: watch::Sender::new(0),
        }
    }

    /// Sequence numbers of the newest revisions that fit, newest first.
    pub fn find(&self, filter: &Filter, sees: Sees<'_>, limit: usize) -> Vec<u64> {
        self.read(|places| places.find(filter, sees, limit))
    }

    /// Events open now.
    pub fn open_count(&self, sees: Sees<'_>) -> usize {
        let counts = |e: &&Entry| e.open && sees(&e.code, &e.subject_kind, &e.subject);
        self.read(|places| places.by_latest.values().filter(counts).count())
    }

    /// Sequence numbers of all revisions of an event, rising; empty when it is not known.
    pub fn revisions(&self, event_id: &str) -> Vec<u64> {
        self.read(|places| {
            let latest = places.latest_of.get(event_id);
            latest
                .and_then(|seq| places.by_latest.get(seq))
                .map(|e| e.seqs.clone())
                .unwrap_or_default()
        })
    }

    /// Waits until everything durable at the time of the call is indexed, so that a list never lacks what a live stream
    /// has already shown.
    ///
    /// # Errors
    /// 503 when that takes too long: at start with a large store, or while the store cannot be read.
    pub async fn caught_up(&self, state: &AppState) -> Result<u64, ApiError> {
        let target = *state.inputs().last_seq.borrow();
        let mut upto = self.upto.subscribe();
        let wait = upto.wait_for(|seq| *seq >= target);
        match tokio::time::timeout(state.limits().source_wait, wait).await {
            Ok(Ok(seq)) => Ok(*seq),
            _ => Err(ApiError::unavailable(
                "events_loading",
                "The list of events is being read from the store; try again shortly.",
            )),
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Places) -> T) -> T {
        // A panic while writing leaves at worst one entry missing; the rest is still right.
        look(&self.places.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_in(&self, records: &[SealedRecord], upto: u64) {
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        for sealed in records
            .iter()
            .filter(|r| r.seq > places.upto)
            .collect::<Vec<_>>()
        {
            places.apply(sealed, MAX_EVENTS);
        }
        places.upto = upto;
        drop(places);
        self.upto.send_replace(upto);
    }

    fn start_over(&self) {
        *self.places.write().unwrap_or_else(PoisonError::into_inner) = Places::default();
        self.upto.send_replace(0);
    }
}

/// Keeps the index at the end of the store until the server is cancelled.
pub(super) async fn follow(state: &AppState) {
    let mut last_seq = state.inputs().last_seq.clone();
    let mut upto = 0;
    loop {
        let target = *last_seq.borrow_and_update();
        if target < upto {
            tracing::warn!(
                target,
                upto,
                "the event store started over; so does the page's index"
            );
            state.index().start_over();
            upto = 0;
        }
        let step = async {
            if upto >= target {
                if last_seq.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                return Ok(None);
            }
            state
                .with_store(move |inputs| inputs.events.read_after(upto, BATCH))
                .await?
                .map(Some)
                .map_err(ApiError::from)
        };
        tokio::select! {
            biased;
            () = state.cancel().cancelled() => return,
            result = step => match result {
                Ok(None) => {}
                Ok(Some(batch)) => {
                    // An empty read below the target means these numbers were trimmed.
                    upto = if batch.upto > upto { batch.upto } else { target };
                    state.index().take_in(&batch.records, upto);
                }
                Err(error) => {
                    tracing::warn!(detail = ?error.detail, "events cannot be read for the page; trying again");
                    tokio::select! {
                        biased;
                        () = state.cancel().cancelled() => return,
                        () = tokio::time::sleep(RETRY) => {}
                    }
                }
            }
        }
    }
}
