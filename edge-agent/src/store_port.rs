//! Opens the event store where the configuration says, and reads back what a run before left open. Knows no rules.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use edge_config::Config;
use edge_uplink::StoreError;
use edge_uplink::clock::{WallFn, WallTime};
use edge_uplink::store::{EventStore, Query, SledStore, StoreConfig};
use edge_uplink::writer::{Receipt, StoreItem};
use hall_core::engine::Checkpoint;
use hall_core::event::{Event, EventId};
use hall_wire::checkpoint::{CheckpointRecord, RunRecord};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::clock::unix_ms;
use crate::resume::{Resumption, reconcile};

/// The wall clock as the store is given it.
fn wall(utc_offset_s: i32) -> WallFn {
    Arc::new(move || WallTime {
        unix_ms: unix_ms(),
        utc_offset_s,
    })
}

fn store_config(config: &Config) -> StoreConfig {
    StoreConfig {
        reserve_bytes: config.storage.reserve_bytes,
        ..StoreConfig::new(&config.storage.dir, wall(config.utc_offset_s))
    }
}

/// Opens the log for a running agent; a damaged one is set aside, loudly.
///
/// # Errors
/// When another agent uses it, or the directory cannot be used at all.
pub fn open(config: &Config) -> anyhow::Result<SledStore> {
    let dir = config.storage.dir.display();
    let opened =
        SledStore::open(store_config(config)).with_context(|| format!("event store {dir}"))?;
    if let Some(path) = opened.quarantined {
        tracing::error!(set_aside = %path.display(),
            "The event log was damaged and set aside; a new one was begun and what could be read was taken over. Keep the folder for the support.");
    }
    Ok(opened.store)
}

/// Opens the log for `export`; the directory must exist.
///
/// # Errors
/// When there is no log, or a running agent uses it.
pub fn open_for_reading(config: &Config) -> anyhow::Result<SledStore> {
    let dir = &config.storage.dir;
    anyhow::ensure!(
        dir.is_dir(),
        "there is no event store at {}: has this hall run yet?",
        dir.display()
    );
    let config = StoreConfig {
        reserve_bytes: 0,
        ..store_config(config)
    };
    Ok(SledStore::open(config)
        .with_context(|| format!("event store {}", dir.display()))?
        .store)
}

/// Decisions are possible on events that began at most this long ago …
const RECALL_MS: i64 = 62 * 86_400_000;
/// … and at most so many.
const RECALL_COUNT: usize = 20_000;
/// How long a hall task that begins anew waits for the log.
const KEPT_WAIT: Duration = Duration::from_secs(3);

/// Waits until everything handed to the writer so far is durable; a log that cannot be written is not waited for.
pub async fn wait_until_kept(store: &mpsc::Sender<StoreItem>) {
    let (told, kept) = oneshot::channel();
    let receipt = Receipt::new(move || told.send(()).unwrap_or(()));
    let asked = store.send(StoreItem::Receipt(receipt)).await;
    if asked.is_err() || timeout(KEPT_WAIT, kept).await.is_err() {
        tracing::warn!("Going on although not everything of before is in the event log yet.");
    }
}

/// Checkpoint and log of the run before, brought to one story.
///
/// # Errors
/// When the log cannot be read.
pub fn past(store: &dyn EventStore, now_unix_ms: i64) -> Result<Resumption, StoreError> {
    let (checkpoint, run) = last_checkpoint(store).unzip();
    let recent = store.query(&Query {
        from_unix_ms: Some(now_unix_ms.saturating_sub(RECALL_MS)),
        latest_only: true,
        limit: RECALL_COUNT,
        ..Query::default()
    })?;
    let mut events: BTreeMap<EventId, Event> = BTreeMap::new();
    for sealed in recent.iter().chain(&store.open_events()?) {
        match Event::try_from(&sealed.record) {
            Ok(event) => drop(events.insert(event.id, event)),
            Err(error) => {
                tracing::warn!(seq = sealed.seq, %error, "A stored event cannot be taken up again; it stays as it is.")
            }
        }
    }
    Ok(Resumption {
        run: run.flatten(),
        ..reconcile(checkpoint, events.into_values().collect())
    })
}

/// The checkpoint of the run before, if there is a sound one, and what ran then.
fn last_checkpoint(store: &dyn EventStore) -> Option<(Checkpoint, Option<RunRecord>)> {
    let bytes = match store.checkpoint_load() {
        Ok(bytes) => bytes?,
        Err(error) => {
            tracing::warn!(%error, "The checkpoint cannot be read; open episodes begin anew.");
            return None;
        }
    };
    match serde_json::from_slice::<CheckpointRecord>(&bytes) {
        Ok(record) => {
            let run = record.run().cloned();
            match record.try_into() {
                Ok(checkpoint) => Some((checkpoint, run)),
                Err(reason) => {
                    tracing::warn!(%reason, "The checkpoint cannot be used; open episodes begin anew.");
                    None
                }
            }
        }
        Err(error) => {
            tracing::warn!(%error, "The checkpoint is of another version; open episodes begin anew.");
            None
        }
    }
}
