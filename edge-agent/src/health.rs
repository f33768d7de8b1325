//! Asks every part how it is, once a second, and says it in one report; feeds the systemd watchdog while the hall task and the
//! workers move. Restarts nothing: that is the supervisor's work.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use edge_config::Config;
use edge_uplink::UplinkStatus;
use edge_uplink::store::EventStore;
use edge_uplink::writer::WriterStatus;
use hall_core::HallTime;
use hall_core::ids::CameraId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cameras::{CameraNow, CameraStates};
use crate::clock::Clock;
use crate::sensor_links::LinkStates;
use crate::supervise::ComponentStatus;
use crate::uplink_health;
use crate::vision_port::{CameraFigures, VisionPort};
use crate::web::inputs::{
    CameraHealth, CameraState, ClockHealth, ComponentHealth, ComponentState, HealthReport, Overall,
    StoreHealth, UplinkHealth,
};

/// A hall task or a worker that has not moved for this long is stuck. A thread cannot be killed, so the process ends and
/// systemd starts it again.
const STUCK_AFTER_MS: i64 = 10_000;
/// Rates are taken over so many seconds.
const RATE_WINDOW_S: usize = 10;

/// Where health looks.
pub struct HealthInputs {
    /// Configuration.
    pub config: Arc<Config>,
    /// The box's clock.
    pub clock: Arc<Clock>,
    /// Components and their restarts.
    pub components: Arc<Mutex<Vec<ComponentStatus>>>,
    /// What cameras say of themselves.
    pub cameras: CameraStates,
    /// Frames and inference.
    pub vision: Arc<VisionPort>,
    /// The event log.
    pub store: Arc<dyn EventStore>,
    /// The store writer.
    pub writer: watch::Receiver<WriterStatus>,
    /// The uplink.
    pub uplink: watch::Receiver<UplinkStatus>,
    /// What sensors are heard through.
    pub sensors: LinkStates,
    /// Hall time of the hall task's latest turn.
    pub hall_heartbeat: watch::Receiver<HallTime>,
    /// The report.
    pub out: watch::Sender<Arc<HealthReport>>,
}

/// A report from before the first look.
#[must_use]
pub fn starting() -> HealthReport {
    HealthReport {
        overall: Overall::Degraded,
        components: Vec::new(),
        cameras: Vec::new(),
        store: StoreHealth::default(),
        uplink: UplinkHealth::offline(),
        clock: ClockHealth {
            synced: false,
            offset_ms: 0,
        },
    }
}

impl HealthInputs {
    /// Looks once a second until cancelled.
    ///
    /// # Errors
    /// When a part that cannot be restarted from inside is stuck: the process has to end.
    pub async fn run(&self, cancel: CancellationToken) -> anyhow::Result<()> {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut analysed: VecDeque<(HallTime, BTreeMap<CameraId, u64>)> = VecDeque::new();
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                _ = second.tick() => {}
            }
            let now = self.clock.now();
            let figures = self.vision.figures(now);
            analysed.push_back((
                now,
                figures
                    .iter()
                    .map(|(id, f)| (id.clone(), f.analysed + f.off_duty))
                    .collect(),
            ));
            if analysed.len() > RATE_WINDOW_S {
                analysed.pop_front();
            }
            let report = self.report(now, &figures, &analysed).await?;
            let critical = report.overall == Overall::Critical;
            self.out.send_replace(Arc::new(report));
            let hall_silent_ms = now.since_ms(*self.hall_heartbeat.borrow());
            let worker_silent_ms = self.vision.stuck_for_ms(now);
            if hall_silent_ms > STUCK_AFTER_MS || worker_silent_ms > STUCK_AFTER_MS {
                anyhow::bail!(
                    "stuck: hall task silent for {hall_silent_ms} ms, an inference worker for {worker_silent_ms} ms"
                );
            }
            if !critical {
                // Outside systemd there is nobody to tell.
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
            }
        }
    }

    async fn report(
        &self,
        now: HallTime,
        figures: &BTreeMap<CameraId, CameraFigures>,
        analysed: &VecDeque<(HallTime, BTreeMap<CameraId, u64>)>,
    ) -> anyhow::Result<HealthReport> {
        let store = self.store.clone();
        let stats = tokio::task::spawn_blocking(move || store.stats()).await?;
        let writer = self.writer.borrow().clone();
        let uplink = self.uplink.borrow().clone();
        let wall = self.clock.wall();
        let cameras = self.camera_health(now, figures, analysed);
        let store = StoreHealth {
            seq: stats.last_seq,
            bytes: stats.disk_bytes,
            degraded: stats.degraded.is_some() || writer.last_error.is_some(),
            lag: writer.waiting as u64,
        };
        let (_, unix_ms) = self.clock.now_with_unix_ms();
        let link = uplink_health::of(&self.config, &uplink, unix_ms);
        let mut components = self.component_health();
        if let Some(reason) = stats.degraded.clone().or(writer.last_error.clone()) {
            components.push(component("store", ComponentState::Degraded, reason));
        }
        for (name, link) in &self.sensors {
            let link = link.borrow().clone();
            let state = if link.connected {
                ComponentState::Up
            } else {
                ComponentState::Down
            };
            // The task that keeps the link has the same name; its own trouble goes first.
            match components.iter_mut().find(|c| c.name == *name) {
                Some(task) if task.state == ComponentState::Up => {
                    (task.state, task.detail) = (state, link.trouble);
                }
                Some(_) => {}
                None => components.push(component(name, state, link.trouble)),
            }
        }
        components.extend(uplink_health::components(&link, &uplink, unix_ms));
        let inference = self.vision.trouble().borrow().clone();
        if let Some(trouble) = &inference {
            components.push(component(
                "inference",
                ComponentState::Down,
                trouble.clone(),
            ));
        }
        let all_blind = !cameras.is_empty() && cameras.iter().all(|c| c.state == CameraState::Down);
        let overall = if inference.is_some() && !cameras.is_empty() {
            Overall::Critical
        } else if store.degraded
            || all_blind
            || cameras.iter().any(|c| c.state != CameraState::Up)
            || components.iter().any(|c| c.state != ComponentState::Up)
            || !wall.synced
        {
            Overall::Degraded
        } else {
            Overall::Ok
        };
        Ok(HealthReport {
            overall,
            components,
            cameras,
            store,
            uplink: link,
            clock: ClockHealth {
                synced: wall.synced,
                offset_ms: wall.offset_ms,
            },
        })
    }

    fn camera_health(
        &self,
        now: HallTime,
        figures: &BTreeMap<CameraId, CameraFigures>,
        analysed: &VecDeque<(HallTime, BTreeMap<CameraId, u64>)>,
    ) -> Vec<CameraHealth> {
        let states = self
            .cameras
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        self.config
            .cameras
            .iter()
            .map(|camera| {
                let f = figures.get(&camera.id).cloned().unwrap_or_default();
                let fps = analysed.front().map_or(0.0, |(since, counts)| {
                    let span_ms = now.since_ms(*since);
                    let before = counts.get(&camera.id).copied().unwrap_or(0);
                    if span_ms <= 0 {
                        0.0
                    } else {
                        (f.analysed + f.off_duty).saturating_sub(before) as f32 * 1000.0
                            / span_ms as f32
                    }
                });
                CameraHealth {
                    camera: camera.id.clone(),
                    state: match states.get(&camera.id) {
                        None => CameraState::Connecting,
                        Some(CameraNow::Up(_)) => CameraState::Up,
                        Some(CameraNow::Down(_)) => CameraState::Down,
                    },
                    fps,
                    last_frame_age_ms: f.last_frame_at.map(|at| now.since_ms(at).max(0) as u64),
                    analysed: f.analysed,
                    off_duty: f.off_duty,
                    dropped: f.dropped,
                    infer_ms: f.infer_ms,
                }
            })
            .collect()
    }

    fn component_health(&self) -> Vec<ComponentHealth> {
        let states = self
            .cameras
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let statuses = self
            .components
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        statuses
            .into_iter()
            .map(|status| {
                let camera = status.name.strip_prefix("camera:").map(CameraId::from);
                let (state, detail) = match (
                    status.running,
                    camera.and_then(|id| states.get(&id).cloned()),
                ) {
                    (true, Some(CameraNow::Down(why))) => (ComponentState::Down, why.to_owned()),
                    (true, Some(CameraNow::Up(what))) => (ComponentState::Up, what),
                    (true, _) => (ComponentState::Up, String::new()),
                    (false, _) if status.restarts > 0 => {
                        (ComponentState::Restarting, status.last_error)
                    }
                    (false, _) => (ComponentState::Starting, String::new()),
                };
                component(&status.name, state, detail)
            })
            .collect()
    }
}

pub(crate) fn component(name: &str, state: ComponentState, detail: String) -> ComponentHealth {
    ComponentHealth {
        name: name.into(),
        state,
        detail,
    }
}
