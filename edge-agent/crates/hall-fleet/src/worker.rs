//! One simulated box: its engine on its day, its log, and what its uplink is given.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use edge_config::Config;
use edge_uplink::store::codec::GENESIS;
use edge_uplink::store::mem::MemStore;
use edge_uplink::store::{SledStore, StoreConfig};
use edge_uplink::{EventStore, LiveState, Uplink, UplinkConfig, UplinkError, UplinkStatus};
use hall_core::HallTime;
use hall_core::time::WallClock;
use hall_replay::{ReplayOptions, ReplayOutput, Run, Step};
use tokio::sync::watch;

use crate::FleetError;
use crate::day::{Day, PICTURE_MS};
use crate::meta::meta;
use crate::place::{BOX_ID, Place};
use crate::sim::{SimTime, UTC_OFFSET_S};

static OPTIONS: LazyLock<ReplayOptions> = LazyLock::new(|| ReplayOptions {
    summaries: true,
    ..ReplayOptions::default()
});

/// A box without its uplink.
pub(crate) struct Worker {
    run: Run<'static>,
    day: Day,
    pub store: Arc<dyn EventStore>,
    seqs: watch::Sender<u64>,
    live: watch::Sender<Arc<LiveState>>,
    pub status: watch::Receiver<UplinkStatus>,
    /// Publications of uplinks before the present one.
    published_before: u64,
    uplink: UplinkConfig,
    sim: SimTime,
    next: HallTime,
    pub summaries: u64,
    config_sha256: String,
}

impl Worker {
    /// A box at `place` that reaches the broker as `uplink` says. Its log is in a folder of its own under `logs`, or in memory.
    pub fn new(
        place: &Place,
        day: Day,
        config: &Config,
        uplink: UplinkConfig,
        sim: SimTime,
        offset_ms: i64,
        logs: Option<&Path>,
    ) -> Result<Self, FleetError> {
        let start = HallTime(sim.start_unix_ms);
        let mut engine = config.engine.clone();
        engine.hall.clone_from(&place.hall);
        engine.box_id = BOX_ID.into();
        let uplink = UplinkConfig {
            area: place.area.clone(),
            hall: place.hall.clone(),
            box_id: BOX_ID.into(),
            client_id: format!("fleet-{}-{BOX_ID}", place.hall),
            ..uplink
        };
        let store: Arc<dyn EventStore> = match logs {
            Some(logs) => Arc::new(
                SledStore::open(StoreConfig::new(logs.join(&place.hall), sim.wall()))?.store,
            ),
            None => Arc::new(MemStore::new(sim.wall())),
        };
        let meta = meta(config, place, sim.wall()().rfc3339(), GENESIS);
        let meta = serde_json::to_value(meta).expect("invariant: a record is JSON");
        let live = Arc::new(LiveState {
            meta,
            ..LiveState::default()
        });
        Ok(Worker {
            run: Run::new(&engine, &OPTIONS, WallClock::unix(UTC_OFFSET_S), start),
            day,
            seqs: watch::Sender::new(store.last_seq()),
            store,
            live: watch::Sender::new(live),
            status: watch::channel(UplinkStatus::default()).1,
            published_before: 0,
            uplink,
            sim,
            next: start.plus_ms(offset_ms),
            summaries: 0,
            config_sha256: config.sha256.clone(),
        })
    }

    /// A fresh uplink over the log, as after a start of the box.
    pub fn connect(&mut self) -> Result<Uplink, UplinkError> {
        let uplink = Uplink::new(
            self.uplink.clone(),
            self.store.clone(),
            self.seqs.subscribe(),
            self.live.subscribe(),
            self.sim.wall(),
        )?;
        self.published_before = self.published();
        self.status = uplink.status();
        Ok(uplink)
    }

    /// Acknowledged publications of records, repeated ones included.
    pub fn published(&self) -> u64 {
        self.published_before + self.status.borrow().published
    }

    /// The topic that says whether it is online.
    pub fn status_topic(&self) -> String {
        let cfg = &self.uplink;
        format!(
            "{}/{}/{}/{}/status",
            cfg.prefix,
            cfg.area.join("/"),
            cfg.hall,
            cfg.box_id
        )
    }

    /// From the next connection on it goes another way.
    pub fn reach_by(&mut self, host: String, port: u16) {
        (self.uplink.host, self.uplink.port) = (host, port);
    }

    /// Shows the engine all pictures up to `now`, stores and tells what it says.
    pub fn step_until(&mut self, now: HallTime) -> Result<(), FleetError> {
        while self.next <= now {
            let at = self.next;
            self.next = HallTime(at.0 + PICTURE_MS);
            let (mut records, mut summary) = (Vec::new(), None);
            let picture = Arc::new(self.day.picture(at));
            self.run
                .step(at, 0, Step::Picture(picture), &mut |output| match output {
                    ReplayOutput::Event(record) => records.push(*record),
                    ReplayOutput::Summary(record) => summary = Some(record),
                    _ => {}
                })?;
            if !records.is_empty() {
                for record in &mut records {
                    record.hall.clone_from(&self.uplink.hall);
                    record.config_sha256.clone_from(&self.config_sha256);
                }
                self.store.append(&records)?;
                self.seqs.send_replace(self.store.last_seq());
            }
            if let Some(summary) = summary {
                self.summaries += 1;
                let value = serde_json::to_value(summary).expect("invariant: a record is JSON");
                self.live
                    .send_modify(|live| Arc::make_mut(live).summary = Some(value));
            }
        }
        Ok(())
    }
}
