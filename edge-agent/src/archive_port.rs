//! Starts what keeps observations, where the configuration says. Knows no format.

use edge_config::Config;
use hall_archive::{Archivist, Budget, Tap};
use tokio::sync::mpsc;

use crate::supervise::{Criticality, Stage, Supervisor};

/// Starts the thread that keeps observations, if they are to be kept; gives the hall's end of it.
pub fn start(supervisor: &mut Supervisor, config: &Config) -> Option<Tap> {
    let storage = &config.storage;
    if storage.observations_days == 0 {
        return None;
    }
    // Full: observations are counted and lost; judging never waits for them.
    let (sender, items) = mpsc::channel(hall_archive::CAPACITY);
    let budget = Budget {
        days: storage.observations_days,
        bytes: storage.observations_bytes,
    };
    let archivist = Archivist::new(storage.observations_dir(), budget, items);
    let archivist = std::sync::Mutex::new(Some(archivist));
    supervisor.start(
        "observations",
        Stage::Store,
        Criticality::Degradable,
        Box::new(move |cancel| {
            let archivist = archivist
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .take();
            Box::pin(async move {
                match archivist {
                    Some(archivist) => {
                        tokio::task::spawn_blocking(move || archivist.run()).await?;
                    }
                    // One that panicked has lost its input: the box judges on without.
                    None => cancel.cancelled().await,
                }
                Ok(())
            })
        }),
    );
    Some(Tap::new(sender))
}
