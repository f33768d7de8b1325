//! Runs the boxes: engines on one task, an uplink for each on its own, an outage and deaths in between, and figures.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use edge_config::Config;
use edge_uplink::{Uplink, UplinkConfig};
use hall_core::HallTime;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::FleetError;
use crate::cpu::CpuMeter;
use crate::day::{Day, PICTURE_MS};
use crate::deaths::{self, Deaths, Mortals, Wills};
use crate::figures::Figures;
use crate::gate::{self, Gate};
use crate::place::place;
use crate::sim::SimTime;
use crate::worker::Worker;

/// Engines are driven in slices of this length, so that boxes are spread over the time between two pictures.
const SLICE: Duration = Duration::from_millis(50);
/// Figures are taken this often.
pub(crate) const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// All uplinks have this long to say goodbye.
const FAREWELL: Duration = Duration::from_secs(20);

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
    /// Boxes that die.
    pub deaths: Option<Deaths>,
    /// Where logs are kept, a folder for each box; `None`: in memory.
    pub logs: Option<PathBuf>,
    /// The broker's processes, for their CPU time.
    pub broker_pids: Vec<u32>,
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
    /// How long wills took; `None`: nobody died.
    pub wills: Option<Wills>,
    /// CPU seconds of this process: all boxes, engines and the gate.
    pub boxes_cpu_s: f64,
    /// CPU seconds of the broker.
    pub broker_cpu_s: Option<f64>,
    /// What each box published.
    #[serde(skip)]
    pub boxes: Vec<Published>,
}

/// The boxes.
pub struct Fleet {
    cfg: FleetConfig,
    progress: watch::Sender<Progress>,
}

/// Runs an uplink until it is told to stop. What it ends with by itself was shown when it was made.
pub(crate) async fn publish(uplink: Uplink, stop: CancellationToken) {
    if let Err(error) = uplink.run(stop).await {
        tracing::error!(%error, "An uplink ended.");
    }
}

/// What runs.
struct Running {
    workers: Vec<Worker>,
    uplinks: JoinSet<()>,
    line: watch::Sender<Gate>,
    mortals: Option<Mortals>,
    figures: Figures,
    sim: SimTime,
    sampled: Instant,
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
        let stop_uplinks = CancellationToken::new();
        // Gates and the watch over wills; they end with the run.
        let mut tasks = JoinSet::new();
        let mut running = self.start(start_unix_ms, &stop_uplinks, &mut tasks).await?;
        let outcome = self.work(&mut running, &cancel).await;
        stop_uplinks.cancel();
        let all_ended = async { while running.uplinks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL, all_ended).await;
        outcome
    }

    async fn start(
        &self,
        start_unix_ms: i64,
        stop: &CancellationToken,
        tasks: &mut JoinSet<()>,
    ) -> Result<Running, FleetError> {
        let mut uplink = self.cfg.uplink.clone();
        let line = watch::Sender::new(Gate::Open);
        if self.cfg.outage.is_some() {
            let (address, passing) = gate::open(uplink.host, uplink.port, line.subscribe()).await?;
            (uplink.host, uplink.port) = (address.ip().to_string(), address.port());
            tasks.spawn(passing);
        }
        let sim = SimTime {
            origin: Instant::now(),
            start_unix_ms,
            scale: self.cfg.time_scale,
        };
        let config = self.config(HallTime(start_unix_ms))?;
        let mut workers = (0..self.cfg.halls)
            .map(|n| self.worker(n, &config, &uplink, sim))
            .collect::<Result<Vec<_>, _>>()?;
        let chosen = deaths::chosen(workers.len(), self.cfg.deaths);
        let lines = deaths::lines(&chosen, &mut workers, &uplink, tasks).await?;
        let (mut uplinks, mut alive) = (JoinSet::new(), BTreeMap::<usize, AbortHandle>::new());
        for (n, worker) in workers.iter_mut().enumerate() {
            alive.insert(n, uplinks.spawn(publish(worker.connect()?, stop.clone())));
        }
        let mortals = (self.cfg.deaths)
            .map(|deaths| {
                let boxes = (chosen.iter())
                    .map(|&n| (n, workers[n].status_topic(), alive[&n].clone()))
                    .collect();
                Mortals::new(deaths, boxes, lines, &self.cfg.uplink, stop.clone(), tasks)
            })
            .transpose()?;
        Ok(Running {
            workers,
            uplinks,
            line,
            mortals,
            figures: Figures::default(),
            sim,
            sampled: Instant::now(),
        })
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
    ) -> Result<Worker, FleetError> {
        let start = HallTime(sim.start_unix_ms);
        let day = Day::new(self.cfg.seed, n, self.cfg.events_per_hour, start);
        // Boxes are not in step: the first picture of each lies somewhere between two.
        let offset_ms = n as i64 * PICTURE_MS / self.cfg.halls.max(1) as i64;
        let logs = self.cfg.logs.as_deref();
        Worker::new(&place(n), day, config, uplink.clone(), sim, offset_ms, logs)
    }

    async fn work(
        &self,
        running: &mut Running,
        cancel: &CancellationToken,
    ) -> Result<Outcome, FleetError> {
        let mut own = CpuMeter::start(std::process::id());
        let mut brokers: Vec<CpuMeter> = self
            .cfg
            .broker_pids
            .iter()
            .map(|pid| CpuMeter::start(*pid))
            .collect();
        let mut slices = interval(SLICE);
        slices.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let origin = running.sim.origin;
        let end = origin + self.cfg.duration;
        let cut = self
            .cfg
            .outage
            .map(|o| origin + o.at..origin + o.at + o.lasts);
        while Instant::now() < end && !cancel.is_cancelled() {
            slices.tick().await;
            running.step()?;
            if let Some(cut) = &cut {
                running.cut(cut.contains(&Instant::now()));
            }
            if running.sampled.elapsed() >= SAMPLE_EVERY {
                self.progress.send_replace(running.sample());
                // A node that is stopped on the way has used what it had used.
                brokers.iter_mut().for_each(CpuMeter::look);
            }
        }
        running.cut(false);
        let drain_end = Instant::now() + self.cfg.drain;
        loop {
            running.reap()?;
            let progress = running.sample();
            self.progress.send_replace(progress);
            let is_pending =
                !cancel.is_cancelled() && running.mortals.as_ref().is_some_and(Mortals::is_pending);
            if progress.backlog == 0 && !is_pending || Instant::now() >= drain_end {
                break;
            }
            sleep_until(Instant::now() + SAMPLE_EVERY).await;
        }
        own.look();
        brokers.iter_mut().for_each(CpuMeter::look);
        let Running {
            workers,
            figures,
            mortals,
            ..
        } = running;
        let broker_cpu_s = brokers
            .iter()
            .filter_map(CpuMeter::used_s)
            .reduce(|a, b| a + b);
        Ok(Outcome {
            halls: workers.len(),
            records: workers.iter().map(|w| w.store.last_seq()).sum(),
            unacked: workers.iter().map(|w| w.status.borrow().backlog).sum(),
            published: workers.iter().map(Worker::published).sum(),
            summaries: workers.iter().map(|w| w.summaries).sum(),
            elapsed_s: origin.elapsed().as_secs_f64(),
            backlog_max: figures.backlog_max,
            peak_acked_per_s: figures.peak_acked_per_s,
            reconnected_s: figures.reconnected_s,
            drained_s: figures.drained_s,
            wills: mortals.as_ref().map(Mortals::wills),
            boxes_cpu_s: own.used_s().unwrap_or(0.0),
            broker_cpu_s,
            boxes: (workers.iter().enumerate())
                .map(|(n, w)| (place(n), w.store.stats()))
                .map(|(place, stats)| Published {
                    source: place.source(),
                    last_seq: stats.last_seq,
                    last_hash: stats.last_hash,
                })
                .collect(),
        })
    }
}

impl Running {
    /// Shows every engine its pictures up to now.
    fn step(&mut self) -> Result<(), FleetError> {
        let now = self.sim.now();
        for worker in &mut self.workers {
            worker.step_until(now)?;
        }
        self.reap()
    }

    /// Deaths and returns.
    fn reap(&mut self) -> Result<(), FleetError> {
        match &mut self.mortals {
            Some(mortals) => mortals.look(&mut self.workers, &mut self.uplinks),
            None => Ok(()),
        }
    }

    /// Cuts all boxes off, or lets them back.
    fn cut(&mut self, is_cut: bool) {
        let state = if is_cut { Gate::Shut } else { Gate::Open };
        let changed = (self.line).send_if_modified(|is| std::mem::replace(is, state) != state);
        if changed && !is_cut {
            self.figures.line_back(&self.workers);
        }
    }

    fn sample(&mut self) -> Progress {
        let (since, elapsed) = (self.sampled.elapsed(), self.sim.origin.elapsed());
        let is_cut = *self.line.borrow() == Gate::Shut;
        self.sampled = Instant::now();
        self.figures.sample(&self.workers, since, elapsed, is_cut)
    }
}
