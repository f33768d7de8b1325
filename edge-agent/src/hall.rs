//! The hall task: the single owner of trackers and engine. Feeds them observations and deadlines, hands events to the store writer
//! and the present view to page and uplink. Knows no camera, broker or disk.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use edge_accounts::AuditLog;
use edge_config::Config;
use edge_sensors::SensorInput;
use edge_uplink::writer::{Receipt, StoreItem};
use edge_vision::attention::Attention;
use edge_vision::frame::FrameDetections;
use hall_archive::{Day, Head, Tap};
use hall_core::HallTime;
use hall_core::engine::{Checkpoint, Engine, Output};
use hall_core::ids::{CameraId, SensorId};
use hall_core::observe::{Input, SourceHealth, SystemFact, ZoneSnapshot};
use hall_core::order::Answer;
use hall_core::snapshot::HallSnapshot;
use hall_core::summary::Summary;
use hall_core::time::WallClock;
use hall_core::track::TrackerConfig;
use hall_core::zones::Scene;
use hall_wire::checkpoint::{CheckpointRecord, RunRecord};
use hall_wire::event::{EventRecord, RecordContext};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, ClockChange};
use crate::figures::FiguresPort;
use crate::orders::OrderRequest;
use crate::resume::Resumption;

/// The page and the uplink get a new view at most this often.
const VIEW_EVERY: Duration = Duration::from_millis(200);
/// Where a sensor says something new, it is shown at once, at most this often.
const CHANGED_VIEW_EVERY: Duration = Duration::from_millis(20);
/// An unchanged hall is still shown this often, so that "nothing new" and "dead" differ.
const VIEW_AT_LEAST_EVERY: Duration = Duration::from_secs(1);
/// Open episodes are written down this often; what a crash loses of them is at most this long.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
/// Observations are written this often; what a crash loses of them is at most this long.
const OBSERVATIONS_EVERY: Duration = Duration::from_secs(10);

/// The present view of the hall.
#[derive(Debug, Clone)]
pub struct HallView {
    /// Windows, queues, cameras, sensors.
    pub snapshot: Arc<HallSnapshot>,
    /// The newest minute summary.
    pub summary: Option<Arc<Summary>>,
}

/// The hall's channels. They outlive an attempt of the task, so that a restart loses no observation.
pub struct HallPorts {
    /// Analysed pictures from the inference workers.
    pub detections: mpsc::Receiver<FrameDetections>,
    /// Readings, ups and downs of sensors.
    pub sensors: mpsc::Receiver<SensorInput>,
    /// Ups and downs of cameras.
    pub cameras: mpsc::Receiver<SourceHealth>,
    /// Orders of people and of the centre.
    pub orders: mpsc::Receiver<OrderRequest>,
    /// Events and checkpoints to the store writer, in order.
    pub store: mpsc::Sender<StoreItem>,
    /// The present view.
    pub view: watch::Sender<HallView>,
    /// What the box notices about itself.
    pub facts: mpsc::Receiver<SystemFact>,
    /// Where observations are kept; `None`: they are not.
    pub archive: Option<Tap>,
    /// The configuration in force: a calendar can be commanded while the hall runs.
    pub config: watch::Receiver<Arc<Config>>,
    /// Who adds figures up.
    pub figures: FiguresPort,
    /// Which cameras' pictures may be analysed.
    pub attention: watch::Sender<Attention>,
    /// Hall time of the latest turn of the loop, for the watchdog.
    pub heartbeat: watch::Sender<HallTime>,
}

/// What one attempt of the task starts from.
pub struct HallTask {
    /// The box's clock.
    pub clock: Arc<Clock>,
    /// SHA-256 of the model in use; empty without one.
    pub model_sha256: String,
    /// Which scores start tracks.
    pub tracker: TrackerConfig,
    /// What the run before left.
    pub resume: Resumption,
    /// The access log, whose head every record names.
    pub audit: Option<Arc<AuditLog>>,
}

struct Run<'a> {
    task: &'a HallTask,
    config: Arc<Config>,
    ports: &'a mut HallPorts,
    engine: Engine,
    /// Cameras on duty that have delivered.
    scenes: HashMap<CameraId, Scene>,
    summary: Option<Arc<Summary>>,
    /// What each sensor said last.
    said: HashMap<SensorId, bool>,
    viewed_at: Instant,
    view_at: Instant,
    checkpoint_at: Instant,
    checkpoint: Checkpoint,
    dirty: bool,
    /// Where the answers to orders go that were carried out and not delivered yet, in order.
    asked: VecDeque<oneshot::Sender<Answer>>,
    /// Up to where the engine has been told.
    now: HallTime,
    /// The day whose observations are being kept.
    day: Day,
    beat_at: Instant,
    stopped: bool,
}

impl HallTask {
    /// Judges until cancelled; then takes what is still waiting, writes a last checkpoint and ends.
    ///
    /// # Errors
    /// When the store writer is gone: events could not become durable.
    pub async fn run(
        self,
        ports: Arc<Mutex<HallPorts>>,
        cancel: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut ports = ports.lock().await;
        let config = ports.config.borrow_and_update().clone();
        let engine_config = config.engine.clone();
        let (begun, wall) = (self.clock.now(), self.clock.wall());
        let mut engine = Engine::new(engine_config, wall, begun);
        engine.recall(self.resume.events.iter().cloned());
        // The log knows of every event, also of those the figures did not get to write down.
        for event in &self.resume.events {
            ports.figures.take(Output::Event(event.clone()));
        }
        if let Some(checkpoint) = &self.resume.checkpoint {
            engine.resume(checkpoint);
        }
        engine.lose(self.resume.lost.iter().copied());
        let checkpoint = engine.checkpoint();
        let now = Instant::now();
        if let Some(archive) = &mut ports.archive {
            archive.begin(self.head(&config, begun, self.resume.checkpoint.clone()));
        }
        Run {
            task: &self,
            config,
            ports: &mut ports,
            engine,
            scenes: HashMap::new(),
            summary: None,
            said: HashMap::new(),
            viewed_at: now,
            view_at: now,
            checkpoint_at: now,
            checkpoint,
            dirty: true,
            asked: VecDeque::new(),
            now: begun,
            day: day(wall, begun),
            beat_at: now,
            stopped: false,
        }
        .until(cancel)
        .await
    }
}

impl HallTask {
    /// A camera in front of which nobody is followed yet.
    fn scene(&self, config: &Config, camera: &CameraId) -> Scene {
        let zones = config.engine.zones.iter();
        let zones = zones.filter(|z| z.camera == *camera).cloned().collect();
        Scene::new(camera.clone(), zones, self.tracker)
            .with_min_height_ratio(config.engine.rules.min_height_ratio)
    }

    /// What observations kept from `at` on begin with.
    fn head(&self, config: &Config, at: HallTime, checkpoint: Option<Checkpoint>) -> Head {
        let (cfg, sha256) = (&config.engine, &config.sha256);
        Head::new(cfg, sha256, at, self.clock.wall(), checkpoint)
    }

    /// What this process finds changed since the one before.
    fn news(&self, config: &Config) -> Vec<SystemFact> {
        let (Some(left), Some(before)) = (&self.resume.checkpoint, &self.resume.run) else {
            return Vec::new();
        };
        let config = &config.sha256;
        let model = &self.model_sha256;
        [
            (!before.stopped).then_some(SystemFact::PowerRestored(left.at)),
            (before.config_sha256 != *config).then(|| SystemFact::ConfigChanged(config.clone())),
            (before.model_sha256 != *model).then(|| SystemFact::ModelChanged(model.clone())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Run<'_> {
    async fn until(mut self, cancel: CancellationToken) -> anyhow::Result<()> {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for fact in self.task.news(&self.config) {
            self.tell(self.now, Input::System(fact));
        }
        self.deliver().await?;
        loop {
            let wake = self.next_wake();
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some(fact) = self.ports.facts.recv() => self.tell(self.task.clock.now(), Input::System(fact)),
                Some(health) = self.ports.cameras.recv() => self.source(health),
                Ok(()) = self.ports.config.changed() => self.reconfigure(),
                Some(request) = self.ports.orders.recv() => self.order(request),
                Some(input) = self.ports.sensors.recv() => self.sensor(input),
                Some(frame) = self.ports.detections.recv() => self.frame(&frame),
                _ = second.tick() => {
                    self.look_at_clock();
                    self.keep_observations();
                    // Also where nothing is seen and nothing is due: the page tells a quiet hall from a dead one by the view's age.
                    self.tell(self.task.clock.now(), Input::Tick);
                }
                () = tokio::time::sleep_until(wake) => self.tell(self.task.clock.now(), Input::Tick),
            }
            self.dirty = true;
            self.deliver().await?;
        }
        self.drain();
        self.now = self.now.max(self.task.clock.now());
        self.engine.finish(self.now);
        if let Some(archive) = &mut self.ports.archive {
            archive.beat(self.now, self.task.clock.wall());
        }
        self.stopped = true;
        self.view_at = Instant::now();
        self.checkpoint_at = self.view_at;
        self.deliver().await
    }

    fn next_wake(&self) -> Instant {
        let now = Instant::now();
        let engine = self
            .engine
            .next_deadline()
            .map_or(VIEW_AT_LEAST_EVERY, |deadline| {
                Duration::from_millis(deadline.since_ms(self.task.clock.now()).max(0) as u64)
            });
        let mut wake = now + engine;
        if self.dirty {
            wake = wake.min(self.view_at);
        }
        wake.max(now + Duration::from_millis(1))
    }

    fn frame(&mut self, frame: &FrameDetections) {
        let task = self.task;
        if !self.config.engine.cameras.contains(&frame.camera) {
            return;
        }
        let snapshot = match &frame.detections {
            Some(detections) => self
                .scenes
                .entry(frame.camera.clone())
                .or_insert_with(|| task.scene(&self.config, &frame.camera))
                .see(frame.at, detections),
            // Off duty the camera is only heard of, and nobody is followed over that time.
            None => {
                self.scenes.remove(&frame.camera);
                ZoneSnapshot {
                    camera: frame.camera.clone(),
                    at: frame.at,
                    zones: Vec::new(),
                }
            }
        };
        self.tell(frame.at, Input::Zones(snapshot));
    }

    fn sensor(&mut self, input: SensorInput) {
        match input {
            SensorInput::Reading(reading) => {
                let before = self.said.insert(reading.sensor.clone(), reading.value);
                if before != Some(reading.value) {
                    self.view_at = self.view_at.min(self.viewed_at + CHANGED_VIEW_EVERY);
                }
                self.tell(reading.at, Input::Sensor(reading));
            }
            SensorInput::Health(health) => self.source(health),
            SensorInput::Ticket(ticket) => self.tell(ticket.at, Input::Ticket(ticket)),
        }
    }

    fn source(&mut self, health: SourceHealth) {
        self.tell(health.at, Input::Source(health));
    }

    /// Tells the engine, and whoever keeps what it is told. The engine never goes back: what is older counts from where it is.
    fn tell(&mut self, at: HallTime, input: Input) {
        self.now = self.now.max(at);
        if let Some(archive) = &mut self.ports.archive {
            archive.told(self.now, &input);
        }
        self.engine.handle(self.now, input);
    }

    /// Lets observations be written, and begins a new file with every local day.
    fn keep_observations(&mut self) {
        let now = Instant::now();
        let Some(archive) = self.ports.archive.as_mut().filter(|_| now >= self.beat_at) else {
            return;
        };
        self.beat_at = now + OBSERVATIONS_EVERY;
        let wall = self.task.clock.wall();
        archive.beat(self.now, wall);
        let today = day(wall, self.now);
        if today != self.day {
            self.day = today;
            archive.begin(Head {
                continued: true,
                ..self
                    .task
                    .head(&self.config, self.now, Some(self.engine.checkpoint()))
            });
        }
    }

    /// Judges by another calendar from here on. It is told like any change of configuration, and what is kept from here on begins with it.
    fn reconfigure(&mut self) {
        let config = self.ports.config.borrow_and_update().clone();
        if config.sha256 == self.config.sha256 {
            return;
        }
        self.config = config;
        self.now = self.now.max(self.task.clock.now());
        self.engine
            .reconfigure(self.now, self.config.engine.clone());
        let fact = SystemFact::ConfigChanged(self.config.sha256.clone());
        self.tell(self.now, Input::System(fact));
        if let Some(archive) = &mut self.ports.archive {
            archive.begin(Head {
                continued: true,
                ..(self.task).head(&self.config, self.now, Some(self.engine.checkpoint()))
            });
        }
    }

    fn order(&mut self, request: OrderRequest) {
        let OrderRequest { order, reply } = request;
        tracing::info!(tx = %order.tx, by = %order.by.id, role = ?order.by.role, "Order.");
        self.asked.push_back(reply);
        self.tell(self.task.clock.now(), Input::Order(order));
    }

    fn look_at_clock(&mut self) {
        let clock = &self.task.clock;
        match clock.look() {
            ClockChange::None => {}
            ClockChange::Drift => self.tell(clock.now(), Input::Clock(clock.wall())),
            ClockChange::Step(by_ms) => {
                tracing::warn!(
                    by_ms,
                    synced = clock.wall().synced,
                    "The wall clock stepped; durations are not affected."
                );
                self.tell(clock.now(), Input::Clock(clock.wall()));
            }
        }
    }

    fn drain(&mut self) {
        while let Ok(request) = self.ports.orders.try_recv() {
            self.order(request);
        }
        while let Ok(health) = self.ports.cameras.try_recv() {
            self.source(health);
        }
        while let Ok(input) = self.ports.sensors.try_recv() {
            self.sensor(input);
        }
        while let Ok(frame) = self.ports.detections.try_recv() {
            self.frame(&frame);
        }
    }

    /// Hands out what the engine has to say. Events wait for room in the store's channel: they are never dropped here.
    async fn deliver(&mut self) -> anyhow::Result<()> {
        let mut eventful = false;
        let mut receipts = Vec::new();
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Event(event) => {
                    let record = EventRecord::new(&event, &self.context());
                    tracing::info!(code = %record.code, subject = %record.subject, level = %record.level, phase = %record.phase,
                        onset = %record.onset, event_id = %record.event_id, rev = record.rev, "Event (suspected).");
                    self.store(StoreItem::Event(Box::new(record))).await?;
                    self.ports.figures.take(Output::Event(event));
                    eventful = true;
                }
                Output::Summary(summary) => {
                    self.summary = Some(Arc::new(summary.clone()));
                    self.ports.figures.take(Output::Summary(summary));
                }
                Output::Interval(_) | Output::Wait(_) | Output::Excuse(_) => {
                    self.ports.figures.take(output);
                }
                Output::Answer(answer) => {
                    if let Err(refusal) = &answer.result {
                        tracing::info!(tx = %answer.tx, ?refusal, "Order refused.");
                    }
                    if let Some(reply) = self.asked.pop_front() {
                        // Whoever asked may have gone.
                        receipts.push(Receipt::new(move || drop(reply.send(answer))));
                    }
                }
            }
        }
        self.ports.figures.hand_over();
        self.direct_attention();
        let now = Instant::now();
        let answered = !receipts.is_empty();
        if eventful || answered || now >= self.checkpoint_at {
            let checkpoint = self.engine.checkpoint();
            if eventful || answered || self.stopped || checkpoint != self.checkpoint {
                let record = CheckpointRecord::from(&checkpoint).of_run(RunRecord {
                    config_sha256: self.config.sha256.clone(),
                    model_sha256: self.task.model_sha256.clone(),
                    stopped: self.stopped,
                });
                let bytes = serde_json::to_vec(&record)?;
                self.store(StoreItem::Checkpoint(bytes)).await?;
                self.checkpoint = checkpoint;
            }
            self.checkpoint_at = now + CHECKPOINT_EVERY;
        }
        for receipt in receipts {
            self.store(StoreItem::Receipt(receipt)).await?;
        }
        if self.dirty && (eventful || now >= self.view_at) {
            self.ports.view.send_replace(HallView {
                snapshot: Arc::new(self.engine.snapshot()),
                summary: self.summary.clone(),
            });
            self.viewed_at = now;
            self.view_at = now + VIEW_EVERY;
            self.dirty = false;
        }
        self.ports.heartbeat.send_replace(self.task.clock.now());
        Ok(())
    }

    /// Tells the vision side which cameras are on duty, when that has changed.
    fn direct_attention(&self) {
        let cameras = &self.config.engine.cameras;
        let on_duty = |camera: &&CameraId| self.engine.camera_on_duty(camera);
        let wanted: BTreeSet<CameraId> = cameras.iter().filter(on_duty).cloned().collect();
        self.ports.attention.send_if_modified(|now| {
            let wanted = Attention::Only(Arc::new(wanted));
            let changed = *now != wanted;
            if changed {
                *now = wanted;
            }
            changed
        });
    }

    async fn store(&self, item: StoreItem) -> anyhow::Result<()> {
        self.ports
            .store
            .send(item)
            .await
            .map_err(|_| anyhow::anyhow!("the store writer is gone; events cannot be kept"))
    }

    fn context(&self) -> RecordContext {
        RecordContext {
            hall: self.config.engine.hall.clone(),
            box_id: self.config.engine.box_id.clone(),
            config_sha256: self.config.sha256.clone(),
            model_sha256: self.task.model_sha256.clone(),
            clock: self.task.clock.quality(),
            audit_head: self.task.audit.as_ref().and_then(|audit| audit.head()),
        }
    }
}

/// The local day.
fn day(wall: WallClock, at: HallTime) -> Day {
    Day::of(wall.unix_ms(at), wall.utc_offset_s)
}
