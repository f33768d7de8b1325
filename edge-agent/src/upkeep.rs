//! Slow chores: retention of the event log and the `meta` payload. Knows no rule and no broker.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use edge_config::Config;
use edge_uplink::clock::WallTime;
use edge_uplink::store::{EventStore, TrimPolicy, Unacked};
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::meta::{MetaInputs, meta};

/// Between two rounds.
const ROUND_EVERY: Duration = Duration::from_secs(300);

/// The chores' surroundings.
pub struct Upkeep {
    /// Configuration.
    pub config: Arc<Config>,
    /// The box's clock.
    pub clock: Arc<Clock>,
    /// Model name and SHA-256; empty without one.
    pub model: (String, String),
    /// The event log.
    pub store: Arc<dyn EventStore>,
    /// The `meta` payload.
    pub meta: watch::Sender<Value>,
}

impl Upkeep {
    /// A round at once and then every five minutes, until cancelled.
    ///
    /// # Errors
    /// When a blocking call panicked.
    pub async fn run(&self, cancel: CancellationToken) -> anyhow::Result<()> {
        let mut rounds = tokio::time::interval(ROUND_EVERY);
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                _ = rounds.tick() => self.round().await?,
            }
        }
    }

    async fn round(&self) -> anyhow::Result<()> {
        let (_, unix_ms) = self.clock.now_with_unix_ms();
        let storage = &self.config.storage;
        let policy = TrimPolicy {
            now: WallTime {
                unix_ms,
                utc_offset_s: self.config.utc_offset_s,
            },
            max_age_ms: Some(i64::from(storage.retention_days) * 86_400_000),
            // The database takes up to twice its live bytes on disk; the limit is what the disk may lose.
            max_live_bytes: Some(storage.max_bytes / 2),
            unacked: if self.config.uplink.is_some() {
                Unacked::Keep
            } else {
                Unacked::Drop
            },
        };
        let (store, dir, synced) = (
            self.store.clone(),
            storage.dir.clone(),
            self.clock.wall().synced,
        );
        let (stats, free) = tokio::task::spawn_blocking(move || {
            // An unbelieved clock must not decide that records are old.
            if synced {
                match store.trim(&policy) {
                    Ok(trimmed) if trimmed.lines > 0 => tracing::info!(records = trimmed.lines, "Old events removed."),
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "Old events could not be removed; tried again later."),
                }
            }
            (store.stats(), disk_free_bytes(&dir))
        })
        .await?;
        let wall = self.clock.wall();
        self.meta.send_replace(meta(&MetaInputs {
            config: &self.config,
            model: &self.model,
            store: &stats,
            disk_free_bytes: free,
            clock: wall,
            at: hall_wire::time::rfc3339(wall.stamp(self.clock.now())),
        }));
        Ok(())
    }
}

/// Free bytes for an ordinary user on the file system of `dir`.
fn disk_free_bytes(dir: &Path) -> Option<u64> {
    rustix::fs::statvfs(dir)
        .ok()
        .map(|s| s.f_bavail * s.f_frsize)
}
