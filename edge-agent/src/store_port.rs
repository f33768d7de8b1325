//! Opens the event store where the configuration says, and reads back what a run before left open. Knows no rules.

use std::sync::Arc;

use anyhow::Context;
use edge_config::Config;
use edge_uplink::clock::{WallFn, WallTime};
use edge_uplink::store::{EventStore, SledStore, StoreConfig};
use hall_core::engine::Checkpoint;
use hall_wire::checkpoint::CheckpointRecord;

use crate::clock::unix_ms;

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

/// The checkpoint of the run before, if there is a sound one.
#[must_use]
pub fn last_checkpoint(store: &dyn EventStore) -> Option<Checkpoint> {
    let bytes = match store.checkpoint_load() {
        Ok(bytes) => bytes?,
        Err(error) => {
            tracing::warn!(%error, "The checkpoint cannot be read; open episodes begin anew.");
            return None;
        }
    };
    match serde_json::from_slice::<CheckpointRecord>(&bytes) {
        Ok(record) => match record.try_into() {
            Ok(checkpoint) => Some(checkpoint),
            Err(reason) => {
                tracing::warn!(%reason, "The checkpoint cannot be used; open episodes begin anew.");
                None
            }
        },
        Err(error) => {
            tracing::warn!(%error, "The checkpoint is of another version; open episodes begin anew.");
            None
        }
    }
}
