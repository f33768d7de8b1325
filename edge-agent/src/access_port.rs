//! Opens accounts and the access log where the configuration says, and shows the set-up code on the console. Knows no HTTP.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use edge_accounts::audit::EventsHead;
use edge_accounts::{AccountDesk, AuditLog, Moment};
use edge_config::Config;
use edge_uplink::store::EventStore;

use crate::clock::Clock;
use crate::web::inputs::Access;

/// Folder of the accounts.
#[must_use]
pub fn accounts_dir(store: &Path) -> PathBuf {
    store.join("accounts")
}

/// This instant, for accounts and the access log.
#[must_use]
pub fn moment(clock: &Clock) -> Moment {
    let (at, unix_ms) = clock.now_with_unix_ms();
    Moment { at, unix_ms }
}

/// Accounts as far as they are on, and the access log, which is kept in any case.
///
/// # Errors
/// When their files cannot be read or written.
pub async fn open_accounts(
    config: &Arc<Config>,
    clock: &Arc<Clock>,
    store: &Arc<dyn EventStore>,
) -> anyhow::Result<(Access, Arc<AuditLog>)> {
    let (config, clock, store) = (config.clone(), clock.clone(), store.clone());
    tokio::task::spawn_blocking(move || open(&config, &clock, &store)).await?
}

fn open(
    config: &Config,
    clock: &Clock,
    store: &Arc<dyn EventStore>,
) -> anyhow::Result<(Access, Arc<AuditLog>)> {
    let dir = &config.storage.dir;
    let events = store.clone();
    let head = move || {
        let stats = events.stats();
        EventsHead {
            seq: stats.last_seq,
            hash: stats.last_hash,
        }
    };
    let audit = AuditLog::open(
        &dir.join("audit"),
        config.utc_offset_s,
        Box::new(head),
        moment(clock),
    )
    .context("access log")?;
    let access = if config.web.accounts {
        let desk = AccountDesk::open(&accounts_dir(dir)).context("accounts")?;
        if let Some((code, file)) = desk.setup_code()? {
            tracing::warn!(
                code,
                file,
                "This box waits to be set up: open the page and enter the code. It is good once."
            );
        }
        Access::Accounts(Arc::new(desk))
    } else {
        Access::Open
    };
    Ok((access, Arc::new(audit)))
}
