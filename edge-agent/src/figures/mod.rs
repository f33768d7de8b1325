//! The figures of the running hall: what the configuration says about them, where their days are kept, the component that adds up, and
//! what is asked of them. Knows no rule.

mod desk;
mod files;
mod ledger;
mod outgoing;
mod page;
mod query;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use edge_config::Config;
use edge_sensors::rating::Rating;
use edge_uplink::rollups::RollupPort;
use hall_core::ids::WindowId;
use hall_metrics::Layout;
use hall_report::{Name, Names};
use tokio::sync::{Mutex, mpsc};

use crate::clock::Clock;
use crate::supervise::{Criticality, Stage, Supervisor};

pub use desk::{FiguresDesk, FiguresPort};
pub use files::{DayFiles, KEEP_BYTES, KEEP_DAYS, Loaded};
pub use ledger::Ledger;
pub use outgoing::{Offered, Outgoing};
pub use query::{Answered, FigureQuery, PERIODS_MAX, QueryError, month};

/// The departments of the windows that have one, by their Chinese name: departments have no id of their own.
#[must_use]
pub fn departments(config: &Config) -> BTreeMap<WindowId, String> {
    (config.windows.iter())
        .filter_map(|window| {
            let name = window.department.as_ref()?;
            Some((window.id.clone(), name.zh.clone()))
        })
        .collect()
}

/// The hall as the figures know it.
#[must_use]
pub fn layout(config: &Config) -> Layout {
    Layout::new(&config.engine, config.utc_offset_s, &departments(config))
}

/// Where the days are kept.
#[must_use]
pub fn folder(config: &Config) -> PathBuf {
    config.storage.dir.join("figures")
}

/// Starts what adds figures up and offers roll-ups to the uplink, where there is one; gives the hall's end of it.
pub fn start(
    supervisor: &mut Supervisor,
    config: &Config,
    clock: &Arc<Clock>,
    ratings: mpsc::Receiver<Rating>,
    rollups: Option<RollupPort>,
) -> FiguresPort {
    let (port, batches) = FiguresPort::open();
    let files = DayFiles::new(folder(config));
    let desk = FiguresDesk::new(layout(config), files, clock.clone(), batches)
        .with_ratings(ratings)
        .with_outgoing(rollups.map(Outgoing::new));
    let desk = Arc::new(Mutex::new(desk));
    supervisor.start(
        "figures",
        // After the hall, whose last words count.
        Stage::Store,
        Criticality::Degradable,
        Box::new(move |cancel| Box::pin(FiguresDesk::run(desk.clone(), cancel))),
    );
    port
}

/// Names for people.
#[must_use]
pub fn names(config: &Config) -> Names {
    let name = |name: &edge_config::Name| Name {
        zh: name.zh.clone(),
        en: name.en.clone(),
    };
    Names {
        hall: name(&config.hall.name),
        windows: (config.windows.iter())
            .map(|w| (w.id.to_string(), name(&w.name)))
            .collect(),
        queues: (config.queues.iter())
            .map(|q| (q.id.to_string(), name(&q.name)))
            .collect(),
        departments: (config.windows.iter())
            .filter_map(|w| w.department.as_ref())
            .map(|department| (department.zh.clone(), name(department)))
            .collect(),
    }
}
