//! Runs the boxes: engines on one task, an uplink for each on its own, an outage in between, and figures.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use edge_config::Config;
use edge_uplink::clock::{WallFn, WallTime};
use edge_uplink::store::codec::GENESIS;
use edge_uplink::store::mem::MemStore;
use edge_uplink::{EventStore, LiveState, Uplink, UplinkConfig, UplinkStatus};
use hall_core::HallTime;
use hall_core::time::WallClock;
use hall_replay::{ReplayOptions, ReplayOutput, Run, Step};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::day::{Day, PICTURE_MS};
use crate::meta::meta;
use crate::place::{BOX_ID, place};
use crate::{FleetError, cpu, gate};

const UTC_OFFSET_S: i32 = 28_800;
/// Engines are driven in slices of this length, so that boxes are spread over the time between two pictures.
const SLICE: Duration = Duration::from_millis(50);
/// Figures are taken this often.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// All uplinks have this long to say goodbye.
const FAREWELL: Duration = Duration::from_secs(20);

static OPTIONS: LazyLock<ReplayOptions> = LazyLock::new(|| ReplayOptions {
    summaries: true,
    ..ReplayOptions::default()
});

/// All boxes lose the broker for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// After the start.
    pub at: Duration,
    /// For so long.
    pub lasts: Duration,
}

/// What to run.
#[derive(Debug, Clone)]
pub struct FleetConfig {
    /// Boxes.
    pub halls: usize,
    /// How a box reaches the broker; area, hall, box and client id are filled in.
    pub uplink: UplinkConfig,
    /// Event records per box and simulated hour.
    pub events_per_hour: u32,
    /// Simulated seconds per second.
    pub time_scale: f64,
    /// Seed of the days.
    pub seed: u64,
    /// How long boxes work.
    pub duration: Duration,
    /// How long the last records may take to arrive.
    pub drain: Duration,
    /// An outage.
    pub outage: Option<Outage>,
    /// The broker's process, for its CPU time.
    pub broker_pid: Option<u32>,
}

/// How it is going.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Default)]
pub struct Progress {
    /// Seconds since the start.
    pub elapsed_s: f64,
    /// Connected boxes.
    pub connected: usize,
    /// Records made.
    pub records: u64,
    /// Records not acknowledged by the broker.
    pub backlog: u64,
    /// Records acknowledged in the last second, repeated ones included.
    pub acked_per_s: f64,
    /// The line is cut.
    pub cut: bool,
}

/// What one box published: a line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// CloudEvents source.
    pub source: String,
    /// Highest number.
    pub last_seq: u64,
    /// Hash of the last record.
    pub last_hash: String,
}

/// Figures of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// Boxes.
    pub halls: usize,
    /// Records made.
    pub records: u64,
    /// Records not acknowledged at the end.
    pub unacked: u64,
    /// Acknowledged publications of records, repeated ones included.
    pub published: u64,
    /// Summaries made.
    pub summaries: u64,
    /// Seconds the boxes worked, drain included.
    pub elapsed_s: f64,
    /// Largest number of records waiting.
    pub backlog_max: u64,
    /// Most records acknowledged in one second.
    pub peak_acked_per_s: f64,
    /// After the outage: seconds until all boxes were connected again; `None`: not within the run, or no outage.
    pub reconnected_s: Option<f64>,
    /// After the outage: seconds until nothing waited that had been made before its end.
    pub drained_s: Option<f64>,
    /// CPU seconds of this process: all boxes, engines and the gate.
    pub boxes_cpu_s: f64,
    /// CPU seconds of the broker.
    pub broker_cpu_s: Option<f64>,
    /// What each box published.
    #[serde(skip)]
    pub boxes: Vec<Published>,
}

/// A box without its uplink.
struct Worker {
    run: Run<'static>,
    day: Day,
    store: Arc<dyn EventStore>,
    seqs: watch::Sender<u64>,
    live: watch::Sender<Arc<LiveState>>,
    status: watch::Receiver<UplinkStatus>,
    hall: String,
    config_sha256: String,
    next: HallTime,
    summaries: u64,
}

/// The boxes.
pub struct Fleet {
    cfg: FleetConfig,
    progress: watch::Sender<Progress>,
}

/// Simulated time: begins now and runs `scale` times as fast.
#[derive(Clone, Copy)]
struct SimTime {
    origin: Instant,
    start_unix_ms: i64,
    scale: f64,
}

impl SimTime {
    fn now(self) -> HallTime {
        let ms = self.origin.elapsed().as_secs_f64() * 1000.0 * self.scale;
        HallTime(self.start_unix_ms + ms as i64)
    }

    fn wall(self) -> WallFn {
        Arc::new(move || WallTime {
            unix_ms: self.now().0,
            utc_offset_s: UTC_OFFSET_S,
        })
    }
}

impl Fleet {
    /// Not running yet.
    #[must_use]
    pub fn new(cfg: FleetConfig) -> Self {
        Fleet {
            cfg,
            progress: watch::Sender::new(Progress::default()),
        }
    }

    /// How it is going, to watch.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Runs for the configured time or until cancelled, then waits for the last records to arrive.
    ///
    /// # Errors
    /// When the boxes cannot be set up, or an engine does not get on. Network trouble is none.
    pub async fn run(
        self,
        start_unix_ms: i64,
        cancel: CancellationToken,
    ) -> Result<Outcome, FleetError> {
        let mut uplink = self.cfg.uplink.clone();
        let is_open = watch::Sender::new(true);
        let mut gates = JoinSet::new();
        if self.cfg.outage.is_some() {
            let (address, passing) =
                gate::open(uplink.host, uplink.port, is_open.subscribe()).await?;
            (uplink.host, uplink.port) = (address.ip().to_string(), address.port());
            gates.spawn(passing);
        }
        let sim = SimTime {
            origin: Instant::now(),
            start_unix_ms,
            scale: self.cfg.time_scale,
        };
        let config = self.config(HallTime(start_unix_ms))?;
        let stop_uplinks = CancellationToken::new();
        let mut uplinks = JoinSet::new();
        let mut workers = Vec::with_capacity(self.cfg.halls);
        for n in 0..self.cfg.halls {
            let (worker, uplink) = self.worker(n, &config, &uplink, sim)?;
            workers.push(worker);
            uplinks.spawn(uplink.run(stop_uplinks.clone()));
        }
        let outcome = self.work(&mut workers, sim, &is_open, &cancel).await;
        stop_uplinks.cancel();
        let all_ended = async { while uplinks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL, all_ended).await;
        outcome
    }

    fn config(&self, start: HallTime) -> Result<Config, FleetError> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("hall.toml");
        let day = Day::new(self.cfg.seed, 0, self.cfg.events_per_hour, start);
        std::fs::write(&path, day.hall_toml())?;
        edge_config::load(&path).map_err(|e| FleetError::Hall(e.to_string()))
    }

    fn worker(
        &self,
        n: usize,
        config: &Config,
        uplink: &UplinkConfig,
        sim: SimTime,
    ) -> Result<(Worker, Uplink), FleetError> {
        let (place, start) = (place(n), HallTime(sim.start_unix_ms));
        let mut engine = config.engine.clone();
        engine.hall.clone_from(&place.hall);
        engine.box_id = BOX_ID.into();
        let cfg = UplinkConfig {
            area: place.area.clone(),
            hall: place.hall.clone(),
            box_id: BOX_ID.into(),
            client_id: format!("fleet-{}-{BOX_ID}", place.hall),
            ..uplink.clone()
        };
        let store: Arc<dyn EventStore> = Arc::new(MemStore::new(sim.wall()));
        let meta = meta(config, &place, sim.wall()().rfc3339(), GENESIS);
        let meta = serde_json::to_value(meta).expect("invariant: a record is JSON");
        let (seqs, seqs_rx) = watch::channel(0);
        let (live, live_rx) = watch::channel(Arc::new(LiveState {
            meta,
            ..LiveState::default()
        }));
        let uplink = Uplink::new(cfg, store.clone(), seqs_rx, live_rx, sim.wall())?;
        // Boxes are not in step: the first picture of each lies somewhere between two.
        let offset_ms = n as i64 * PICTURE_MS / self.cfg.halls.max(1) as i64;
        let worker = Worker {
            run: Run::new(&engine, &OPTIONS, WallClock::unix(UTC_OFFSET_S), start),
            day: Day::new(self.cfg.seed, n, self.cfg.events_per_hour, start),
            store,
            seqs,
            live,
            status: uplink.status(),
            hall: place.hall,
            config_sha256: config.sha256.clone(),
            next: HallTime(start.0 + offset_ms),
            summaries: 0,
        };
        Ok((worker, uplink))
    }

    async fn work(
        &self,
        workers: &mut [Worker],
        sim: SimTime,
        is_open: &watch::Sender<bool>,
        cancel: &CancellationToken,
    ) -> Result<Outcome, FleetError> {
        let own_cpu = || cpu::seconds(std::process::id()).unwrap_or(0.0);
        let broker_cpu = || self.cfg.broker_pid.and_then(cpu::seconds);
        let (own_before, broker_before) = (own_cpu(), broker_cpu());
        let mut slices = interval(SLICE);
        slices.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut figures = Figures::default();
        let mut sampled = Instant::now();
        let end = sim.origin + self.cfg.duration;
        let cut = self
            .cfg
            .outage
            .map(|o| (sim.origin + o.at, sim.origin + o.at + o.lasts));
        while Instant::now() < end && !cancel.is_cancelled() {
            slices.tick().await;
            let now = sim.now();
            for worker in workers.iter_mut() {
                worker.step_until(now)?;
            }
            if let Some((from, to)) = cut {
                let open = !(from..to).contains(&Instant::now());
                let changed = is_open.send_if_modified(|is| std::mem::replace(is, open) != open);
                if changed && open {
                    figures.line_back(workers);
                }
            }
            if sampled.elapsed() >= SAMPLE_EVERY {
                let cut = !*is_open.borrow();
                self.progress.send_replace(figures.sample(
                    workers,
                    sampled.elapsed(),
                    sim.origin.elapsed(),
                    cut,
                ));
                sampled = Instant::now();
            }
        }
        is_open.send_replace(true);
        let drain_end = Instant::now() + self.cfg.drain;
        loop {
            let progress = figures.sample(workers, sampled.elapsed(), sim.origin.elapsed(), false);
            sampled = Instant::now();
            self.progress.send_replace(progress);
            if progress.backlog == 0 || Instant::now() >= drain_end {
                break;
            }
            sleep_until(Instant::now() + SAMPLE_EVERY).await;
        }
        let stats = |w: &Worker| w.store.stats();
        Ok(Outcome {
            halls: workers.len(),
            records: workers.iter().map(|w| w.store.last_seq()).sum(),
            unacked: workers.iter().map(|w| w.status.borrow().backlog).sum(),
            published: workers.iter().map(|w| w.status.borrow().published).sum(),
            summaries: workers.iter().map(|w| w.summaries).sum(),
            elapsed_s: sim.origin.elapsed().as_secs_f64(),
            backlog_max: figures.backlog_max,
            peak_acked_per_s: figures.peak_acked_per_s,
            reconnected_s: figures.reconnected_s,
            drained_s: figures.drained_s,
            boxes_cpu_s: own_cpu() - own_before,
            broker_cpu_s: broker_cpu()
                .zip(broker_before)
                .map(|(now, before)| now - before),
            boxes: (workers.iter().enumerate())
                .map(|(n, w)| Published {
                    source: place(n).source(),
                    last_seq: stats(w).last_seq,
                    last_hash: stats(w).last_hash,
                })
                .collect(),
        })
    }
}

impl Worker {
    /// Shows the engine all pictures up to `now`, stores and tells what it says.
    fn step_until(&mut self, now: HallTime) -> Result<(), FleetError> {
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
                    record.hall.clone_from(&self.hall);
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

/// Figures over the run.
#[derive(Default)]
struct Figures {
    backlog_max: u64,
    peak_acked_per_s: f64,
    published: u64,
    /// When the line came back, and the highest number of every box then.
    back: Option<(Instant, Vec<u64>)>,
    reconnected_s: Option<f64>,
    drained_s: Option<f64>,
}

impl Figures {
    fn line_back(&mut self, workers: &[Worker]) {
        let made = workers.iter().map(|w| w.store.last_seq()).collect();
        self.back = Some((Instant::now(), made));
    }

    fn sample(
        &mut self,
        workers: &[Worker],
        since: Duration,
        elapsed: Duration,
        cut: bool,
    ) -> Progress {
        let (mut connected, mut backlog, mut published, mut records) = (0, 0, 0, 0);
        let mut is_drained = true;
        for (n, worker) in workers.iter().enumerate() {
            let last = worker.store.last_seq();
            let status = worker.status.borrow();
            connected += usize::from(status.connected);
            backlog += last - status.acked.min(last);
            published += status.published;
            records += last;
            is_drained &= self
                .back
                .as_ref()
                .is_some_and(|(_, made)| status.acked >= made[n]);
        }
        if let Some((at, _)) = &self.back {
            let after_s = at.elapsed().as_secs_f64();
            if connected == workers.len() {
                self.reconnected_s.get_or_insert(after_s);
            }
            if is_drained {
                self.drained_s.get_or_insert(after_s);
            }
        }
        let acked_per_s = (published - self.published) as f64 / since.as_secs_f64().max(0.001);
        self.published = published;
        self.backlog_max = self.backlog_max.max(backlog);
        if since >= SAMPLE_EVERY / 2 {
            self.peak_acked_per_s = self.peak_acked_per_s.max(acked_per_s);
        }
        Progress {
            elapsed_s: elapsed.as_secs_f64(),
            connected,
            records,
            backlog,
            acked_per_s,
            cut,
        }
    }
}
