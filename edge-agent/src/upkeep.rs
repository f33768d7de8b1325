//! Slow chores: retention of the event log and the `meta` payload. Knows no rule and no broker.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use edge_accounts::AuditLog;
use edge_config::Config;
use edge_uplink::clock::WallTime;
use edge_uplink::store::{EventStore, TrimPolicy, Unacked};
use hall_core::observe::SystemFact;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::access_port::moment;
use crate::clock::Clock;
use crate::links;
use crate::meta::{MetaInputs, meta};
use crate::supervise::{Criticality, Stage, Supervisor};

/// Between two rounds.
const ROUND_EVERY: Duration = Duration::from_secs(300);

/// The chores' surroundings.
pub struct Upkeep {
    /// The configuration in force.
    pub config: watch::Receiver<Arc<Config>>,
    /// The box's clock.
    pub clock: Arc<Clock>,
    /// Model name and SHA-256; empty without one.
    pub model: (String, String),
    /// The event log.
    pub store: Arc<dyn EventStore>,
    /// The access log.
    pub audit: Arc<AuditLog>,
    /// The `meta` payload.
    pub meta: watch::Sender<Value>,
    /// To the hall: what the box notices about itself.
    pub facts: mpsc::Sender<SystemFact>,
}

/// Starts them.
pub fn start(supervisor: &mut Supervisor, upkeep: Upkeep) {
    let upkeep = Arc::new(upkeep);
    supervisor.start(
        "upkeep",
        Stage::Uplink,
        Criticality::Degradable,
        Box::new(move |cancel| {
            let upkeep = upkeep.clone();
            Box::pin(async move { upkeep.run(cancel).await })
        }),
    );
}

impl Upkeep {
    /// A round at once and then every five minutes, until cancelled; and when the configuration changed.
    ///
    /// # Errors
    /// When a blocking call panicked.
    pub async fn run(&self, cancel: CancellationToken) -> anyhow::Result<()> {
        let (mut low, mut config) = (None, self.config.clone());
        let mut rounds = tokio::time::interval(ROUND_EVERY);
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                _ = rounds.tick() => {}
                Ok(()) = config.changed() => {}
            }
            let config = config.borrow_and_update().clone();
            self.round(&config, &mut low).await?;
        }
    }

    async fn round(&self, config: &Config, low: &mut Option<bool>) -> anyhow::Result<()> {
        let (_, unix_ms) = self.clock.now_with_unix_ms();
        let storage = &config.storage;
        let policy = TrimPolicy {
            now: WallTime {
                unix_ms,
                utc_offset_s: config.utc_offset_s,
            },
            max_age_ms: Some(i64::from(storage.retention_days) * 86_400_000),
            // The database takes up to twice its live bytes on disk; the limit is what the disk may lose.
            max_live_bytes: Some(storage.max_bytes / 2),
            unacked: if config.uplink.is_some() {
                Unacked::Keep
            } else {
                Unacked::Drop
            },
        };
        let was_low = *low;
        let (audit, keep_days, now) = (
            self.audit.clone(),
            storage.retention_days,
            moment(&self.clock),
        );
        let (store, dir, observations, synced) = (
            self.store.clone(),
            storage.dir.clone(),
            storage.observations_dir(),
            self.clock.wall().synced,
        );
        let tls = links::tls(config);
        let (stats, disk, is_low, certificates) = tokio::task::spawn_blocking(move || {
            // An unbelieved clock must not decide that records are old.
            if synced {
                match store.trim(&policy) {
                    Ok(trimmed) if trimmed.lines > 0 => tracing::info!(records = trimmed.lines, "Old events removed."),
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "Old events could not be removed; tried again later."),
                }
                if let Err(error) = audit.trim(keep_days, now) {
                    tracing::warn!(%error, "Old lines of the access log could not be removed; tried again later.");
                }
            }
            let disk = Disk::of(&dir);
            let is_low = disk.and_then(|disk| disk.low(was_low));
            if is_low == Some(true) {
                make_room(&observations);
            }
            // What cannot be read is told by the connection that needs it.
            let certificates = tls.map(|tls| edge_uplink::certificates(&tls).unwrap_or_default());
            (store.stats(), disk, is_low, certificates.unwrap_or_default())
        })
        .await?;
        // Unknown before the first look: an open event of the run before has to be closed too.
        if let Some(is_low) = is_low.filter(|_| is_low != was_low) {
            if is_low {
                tracing::warn!(
                    "The disk is nearly full: the oldest observations go first, events never. Make room."
                );
            } else if was_low == Some(true) {
                tracing::info!("The disk has room again.");
            }
            *low = Some(is_low);
            // The hall is gone only when the box stops.
            let _ = self.facts.send(SystemFact::StorageLow(is_low)).await;
        }
        let wall = self.clock.wall();
        let record = meta(&MetaInputs {
            config,
            model: &self.model,
            store: &stats,
            disk_free_bytes: disk.map(|disk| disk.free_bytes),
            certificates: &certificates,
            clock: wall,
            discipline: self.clock.discipline(),
            at: hall_wire::time::rfc3339(wall.stamp(self.clock.now())),
        });
        self.meta.send_replace(serde_json::to_value(record)?);
        Ok(())
    }
}

/// Room on the file system of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Disk {
    /// For an ordinary user.
    free_bytes: u64,
    /// In all, without what only root may use.
    total_bytes: u64,
}

impl Disk {
    /// `None`: it cannot be told.
    fn of(dir: &Path) -> Option<Self> {
        let stat = rustix::fs::statvfs(dir).ok()?;
        let reserved = stat.f_bfree.saturating_sub(stat.f_bavail);
        Some(Disk {
            free_bytes: stat.f_bavail * stat.f_frsize,
            total_bytes: stat.f_blocks.saturating_sub(reserved) * stat.f_frsize,
        })
    }

    /// Nearly full, given whether it was: from 95 % on (domain scenario 57), until it is under 93 %. `None`: a disk of nothing.
    fn low(self, was: Option<bool>) -> Option<bool> {
        let limit = if was == Some(true) { 93 } else { 95 };
        let used = u128::from(self.total_bytes.saturating_sub(self.free_bytes));
        let total = u128::from(self.total_bytes);
        (total > 0).then(|| used * 100 >= total * limit)
    }
}

/// Observations go before anything else does, a day at a time; events never do.
fn make_room(observations: &Path) {
    match hall_archive::drop_oldest(observations) {
        Ok(Some(day)) => {
            tracing::warn!(day = %day.name(), "Observations of a day removed: the disk is nearly full.");
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "Observations could not be removed."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_low_from_95_percent_on_and_stays_so_until_there_is_room() {
        let disk = |used: u64| Disk {
            free_bytes: 1000 - used,
            total_bytes: 1000,
        };
        for (used, was, low) in [
            (949, None, false),
            (950, None, true),
            (949, Some(false), false),
            (930, Some(true), true),
            (929, Some(true), false),
            (1000, Some(true), true),
        ] {
            assert_eq!(disk(used).low(was), Some(low), "{used} {was:?}");
        }
        let none = Disk {
            free_bytes: 0,
            total_bytes: 0,
        };
        assert_eq!(none.low(None), None);
        assert!(Disk::of(Path::new("/")).is_some());
    }
}
