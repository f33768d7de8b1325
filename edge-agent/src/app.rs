//! The composition root: the only place that knows all components, makes their channels and says what a full one does.

use std::sync::Arc;

use edge_config::Config;
use edge_uplink::store::EventStore;
use edge_uplink::writer::StoreWriter;
use edge_uplink::{LiveState, Uplink, UplinkStatus, rollups};
use edge_vision::ingest::Camera;
use hall_core::engine::Engine;
use hall_core::track::TrackerConfig;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc, watch};

use crate::access_port::open_accounts;
use crate::cameras::{CameraDesk, CameraStates};
use crate::centre::{self, CentrePorts};
use crate::clock::Clock;
use crate::commands::Exit;
use crate::event_log::EventLog;
use crate::evidence::EvidenceDesk;
use crate::hall::{HallPorts, HallTask, HallView};
use crate::hall_info::hall_info;
use crate::health::{self, HealthInputs};
use crate::metrics::{self, MetricsInputs};
use crate::orders::OrderDesk;
use crate::retained::{self, Retained};
use crate::signals::{EXIT_AT_ONCE, StopSignals};
use crate::supervise::{Criticality, Stage, Supervisor};
use crate::upkeep::{self, Upkeep};
use crate::vision_port::{DetectorPlan, VisionPort, camera_spec};
use crate::web::inputs::WebInputs;
use crate::{
    archive_port, certificate, figures, home_assistant, links, rating_links, resume, sensor_links,
    store_port, web_port,
};

/// Analysed pictures to the hall. Full: the workers wait, and frames are dropped and counted on the board before them.
const DETECTIONS_CAPACITY: usize = 32;
/// Sensor readings to the hall. Full: the adapter's mailbox merges per sensor.
const SENSORS_CAPACITY: usize = 256;
/// Ups and downs of cameras, to the desk and to the hall. Full: the camera waits; statistics are left out.
const CAMERAS_CAPACITY: usize = 64;
/// Events and checkpoints to the store writer. Full: the hall waits, which is right: events are never dropped.
const STORE_CAPACITY: usize = 256;

/// Facts about the box to the hall. Full: who notices them waits.
const FACTS_CAPACITY: usize = 8;

/// Runs the box until a signal or the loss of a critical component.
///
/// # Errors
/// When it cannot start at all: the event log is in use or its directory cannot be used.
pub async fn run(config: Arc<Config>, mut signals: StopSignals) -> anyhow::Result<Exit> {
    let clock = Arc::new(Clock::start(config.utc_offset_s, config.clock_trust));
    let mut supervisor = Supervisor::default();
    let plan = match DetectorPlan::new(&config) {
        Ok(plan) => Ok(Arc::new(plan)),
        Err(error) => Err(error.to_string()),
    };
    let model = plan.as_ref().map_or_else(
        |_| Default::default(),
        |p| (p.model.name.clone(), p.sha256.clone()),
    );
    let tracker = plan
        .as_ref()
        .map_or_else(|_| TrackerConfig::default(), |p| p.tracker());
    tracing::info!(
        hall = %config.hall.id, box_id = %config.box_id, version = env!("CARGO_PKG_VERSION"),
        cameras = config.cameras.len(), windows = config.windows.len(), queues = config.queues.len(),
        rules = %format_args!("{}@{}", config.engine.rules.name, config.engine.rules.revision),
        config_sha256 = %config.sha256, "edge-agent starts."
    );

    let store: Arc<dyn EventStore> = {
        let config = config.clone();
        Arc::new(tokio::task::spawn_blocking(move || store_port::open(&config)).await??)
    };
    let (access, audit) = open_accounts(&config, &clock, &store).await?;
    let resumption = begin_where_it_ended(&store, &clock).await?;

    let (config_tx, config_rx) = watch::channel(config.clone());
    let (detections_tx, detections_rx) = mpsc::channel(DETECTIONS_CAPACITY);
    let (sensors_tx, sensors_rx) = mpsc::channel(SENSORS_CAPACITY);
    let (ratings_tx, ratings_rx) = mpsc::channel(rating_links::CAPACITY);
    let (reports_tx, reports_rx) = mpsc::channel(CAMERAS_CAPACITY);
    let (ups_tx, ups_rx) = mpsc::channel(CAMERAS_CAPACITY);
    // The centre and the page give orders here.
    let (order_desk, orders_rx) = OrderDesk::open();
    let (store_tx, store_rx) = mpsc::channel(STORE_CAPACITY);
    let (facts_tx, facts_rx) = mpsc::channel(FACTS_CAPACITY);
    let (view_tx, view_rx) = watch::channel(HallView {
        snapshot: Arc::new(
            Engine::new(config.engine.clone(), clock.wall(), clock.now()).snapshot(),
        ),
        summary: None,
    });
    let (heartbeat_tx, heartbeat_rx) = watch::channel(clock.now());
    let (seq_tx, seq_rx) = watch::channel(store.last_seq());
    let (health_tx, health_rx) = watch::channel(Arc::new(health::starting()));
    let (meta_tx, meta_rx) = watch::channel(Value::Null);
    let (live_tx, live_rx) = watch::channel(Arc::new(LiveState::default()));
    let uplink_config = links::uplink_config(&config);
    let (rollup_port, rollups) = uplink_config.as_ref().map(|_| rollups::channel()).unzip();
    let camera_states = CameraStates::default();
    let vision = Arc::new(VisionPort::new(tracker.high_score));

    for camera in &config.cameras {
        let (spec, masks) = (camera_spec(camera), camera.privacy_masks.clone());
        let (board, reports, now) = (
            vision.board.clone(),
            reports_tx.clone(),
            vision_clock(&clock),
        );
        supervisor.start(
            format!("camera:{}", camera.id),
            Stage::Sources,
            Criticality::Degradable,
            Box::new(move |cancel| {
                let slot = board.open(&spec.id, masks.clone());
                let camera = Camera::new(spec.clone(), slot, now.clone(), reports.clone());
                Box::pin(async move { Ok(camera?.run(cancel).await?) })
            }),
        );
    }
    drop(reports_tx);
    let desk = CameraDesk {
        reports: reports_rx,
        hall: ups_tx,
        states: camera_states.clone(),
        trouble: vision.trouble(),
        clock: clock.clone(),
    };
    supervise(
        &mut supervisor,
        "camera-desk",
        Stage::Sources,
        Criticality::Critical,
        desk,
        |desk, cancel| async move { desk.lock().await.run(cancel).await },
    );

    let mut sensor_links =
        sensor_links::start(&mut supervisor, &config, &clock, &sensors_tx, &ratings_tx);
    drop((sensors_tx, ratings_tx));

    let inference = (vision.clone(), plan, vision_clock(&clock), detections_tx);
    supervisor.start(
        "inference",
        Stage::Inference,
        Criticality::Critical,
        Box::new(move |cancel| {
            let (vision, plan, clock, findings) = inference.clone();
            Box::pin(async move { vision.infer(plan, clock, findings, cancel).await })
        }),
    );

    let ports = HallPorts {
        detections: detections_rx,
        sensors: sensors_rx,
        cameras: ups_rx,
        orders: orders_rx,
        store: store_tx.clone(),
        view: view_tx,
        facts: facts_rx,
        config: config_rx.clone(),
        archive: archive_port::start(&mut supervisor, &config),
        figures: figures::start(&mut supervisor, &config, &clock, ratings_rx, rollup_port),
        attention: vision.attention(),
        heartbeat: heartbeat_tx,
    };
    drop(store_tx);
    let hall = (clock.clone(), model.1.clone(), store.clone(), audit.clone());
    let first = std::sync::Mutex::new(Some(resumption));
    supervise(
        &mut supervisor,
        "hall",
        Stage::Hall,
        Criticality::Critical,
        ports,
        move |ports, cancel| {
            let (clock, model_sha256, store, audit) = hall.clone();
            let first = first
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .take();
            async move {
                let resume = match first {
                    Some(resumption) => resumption,
                    None => {
                        // After a panic of the task itself the log on disk knows the most, once all that was handed over is in it.
                        store_port::wait_until_kept(&ports.lock().await.store).await;
                        resume::Resumption {
                            run: None,
                            ..begin_where_it_ended(&store, &clock).await?
                        }
                    }
                };
                HallTask {
                    clock,
                    model_sha256,
                    tracker,
                    resume,
                    audit: Some(audit),
                }
                .run(ports, cancel)
                .await
            }
        },
    );

    let writer = StoreWriter::new(store.clone(), store_rx, seq_tx);
    let writer_status = writer.status();
    let writer = std::sync::Mutex::new(Some(writer));
    supervisor.start(
        "store-writer",
        Stage::Store,
        Criticality::Critical,
        Box::new(move |_| {
            let writer = writer
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .take();
            Box::pin(async move {
                // A writer that panicked has lost its input: the box has to start again.
                let writer = writer
                    .ok_or_else(|| anyhow::anyhow!("the store writer cannot be started twice"))?;
                Ok(tokio::task::spawn_blocking(move || writer.run()).await??)
            })
        }),
    );

    upkeep::start(
        &mut supervisor,
        Upkeep {
            config: config_rx,
            clock: clock.clone(),
            model: model.clone(),
            store: store.clone(),
            audit: audit.clone(),
            meta: meta_tx,
            facts: facts_tx,
        },
    );

    let evidence = Arc::new(EvidenceDesk::new(
        config.clone(),
        store.clone(),
        audit.clone(),
        model.1.clone(),
    ));
    let uplink_status = watch::Sender::new(UplinkStatus::default());
    let uplink_rx = uplink_status.subscribe();
    let wall = links::wall(&clock);
    let link_states = &mut sensor_links.states;
    home_assistant::start(&mut supervisor, &config, &live_rx, &wall, link_states)?;
    if config.uplink.is_some() || config.home_assistant.is_some() {
        retained::start(
            &mut supervisor,
            Retained {
                config: config.clone(),
                clock: clock.clone(),
                view: view_rx.clone(),
                meta: meta_rx,
                out: live_tx,
            },
        );
    }
    if let Some(uplink) = uplink_config {
        let commands = links::command_gate(&config).map(|gate| {
            let ports = CentrePorts {
                config: config_tx,
                clock: clock.clone(),
                orders: order_desk.clone(),
                evidence: evidence.clone(),
            };
            centre::start(&mut supervisor, gate, ports)
        });
        let ports = (store.clone(), seq_rx.clone(), live_rx, wall);
        let retained_file = config.storage.dir.join("retained.json");
        supervisor.start(
            "uplink",
            Stage::Uplink,
            Criticality::Degradable,
            Box::new(move |cancel| {
                let (store, seqs, live, wall) = ports.clone();
                let uplink = Uplink::new(uplink.clone(), store, seqs, live, wall).map(|uplink| {
                    uplink
                        .with_status(uplink_status.clone())
                        .with_commands(commands.clone())
                        .with_rollups(rollups.clone())
                        .with_retained_file(retained_file.clone())
                });
                Box::pin(async move { Ok(uplink?.run(cancel).await?) })
            }),
        );
    }

    let components = supervisor.statuses();
    let inputs = Arc::new(HealthInputs {
        config: config.clone(),
        clock: clock.clone(),
        components: components.clone(),
        cameras: camera_states,
        vision: vision.clone(),
        store: store.clone(),
        writer: writer_status,
        uplink: uplink_rx,
        sensors: sensor_links.states,
        hall_heartbeat: heartbeat_rx,
        out: health_tx,
    });
    supervisor.start(
        "health",
        Stage::Web,
        Criticality::Critical,
        Box::new(move |cancel| {
            let inputs = inputs.clone();
            Box::pin(async move { inputs.run(cancel).await })
        }),
    );

    let certificate = certificate::start(&mut supervisor, &config, &clock).await?;
    let metrics = MetricsInputs {
        certificate: certificate.clone(),
        health: health_rx.clone(),
        view: view_rx.clone(),
        components,
    };
    let (_hall_tx, hall_rx) = watch::channel(Arc::new(hall_info(&config, &model)));
    let (snapshot_tx, snapshot_rx) = watch::channel(view_rx.borrow().snapshot.clone());
    start_snapshots(&mut supervisor, view_rx, snapshot_tx);
    let (wall, now) = (clock.clone(), clock.clone());
    let web_inputs = WebInputs {
        hall: hall_rx,
        snapshot: snapshot_rx,
        clock: Arc::new(move || wall.wall()),
        now: Arc::new(move || now.now()),
        events: Arc::new(EventLog(store.clone())),
        last_seq: seq_rx,
        figures: Arc::new(figures::FigureQuery::new(&config)),
        frames: vision,
        health: health_rx,
        metrics: Arc::new(move || metrics::text(&metrics)),
        push: Arc::new(sensor_links.push),
        access,
        audit,
        evidence,
        orders: order_desk,
        certificate: certificate.clone(),
        monitor_token: (config.web.monitor_token.as_ref()).map(|token| token.expose().into()),
        allowed_hosts: (config.web.public_url.iter())
            .map(|url| url.host.clone())
            .collect(),
    };
    web_port::start(&mut supervisor, &config, web_inputs);

    // Outside systemd there is nobody to tell.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let exit = tokio::select! {
        name = signals.next() => {
            tracing::info!(signal = name, "Stopping; the same signal again ends at once.");
            Exit::Ok
        }
        lost = supervisor.fatal() => {
            tracing::error!(component = %lost, "Stopping because a critical component is lost.");
            Exit::Lost
        }
    };
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tokio::select! {
        late = supervisor.stop() => {
            if !late.is_empty() {
                tracing::warn!(components = ?late, "These did not stop in time.");
            }
        }
        _ = signals.next() => {
            tracing::warn!("Ending at once.");
            std::process::exit(EXIT_AT_ONCE);
        }
    }
    let closed = tokio::task::spawn_blocking(move || store.close()).await?;
    if let Err(error) = closed {
        tracing::error!(%error, "The event log did not close cleanly.");
    }
    tracing::info!("Stopped.");
    Ok(exit)
}

/// Checkpoint and log of the run before, brought to one story.
async fn begin_where_it_ended(
    store: &Arc<dyn EventStore>,
    clock: &Clock,
) -> anyhow::Result<resume::Resumption> {
    let (_, now_unix_ms) = clock.now_with_unix_ms();
    let store = store.clone();
    let resumption =
        tokio::task::spawn_blocking(move || store_port::past(&*store, now_unix_ms)).await??;
    if let Some(checkpoint) = &resumption.checkpoint {
        tracing::info!(
            windows = checkpoint.windows.len(),
            queues = checkpoint.queues.len(),
            lost = resumption.lost.len(),
            events = resumption.events.len(),
            "Going on with what the run before left open."
        );
    }
    Ok(resumption)
}

/// Starts a component that owns `state` over all its attempts.
fn supervise<S, F, Fut>(
    supervisor: &mut Supervisor,
    name: &str,
    stage: Stage,
    criticality: Criticality,
    state: S,
    attempt: F,
) where
    S: Send + 'static,
    F: Fn(Arc<Mutex<S>>, tokio_util::sync::CancellationToken) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let state = Arc::new(Mutex::new(state));
    let factory =
        move |cancel| -> crate::supervise::Attempt { Box::pin(attempt(state.clone(), cancel)) };
    supervisor.start(name, stage, criticality, Box::new(factory));
}

/// The page wants snapshots alone; it gets them as they come.
fn start_snapshots(
    supervisor: &mut Supervisor,
    view: watch::Receiver<HallView>,
    out: watch::Sender<Arc<hall_core::snapshot::HallSnapshot>>,
) {
    supervisor.start(
        "snapshots",
        Stage::Web,
        Criticality::Degradable,
        Box::new(move |cancel| {
            let (mut view, out) = (view.clone(), out.clone());
            Box::pin(async move {
                loop {
                    tokio::select! {
                        biased;
                        () = cancel.cancelled() => return Ok(()),
                        moved = view.changed() => if moved.is_err() { return Ok(()) },
                    }
                    out.send_replace(view.borrow_and_update().snapshot.clone());
                }
            })
        }),
    );
}

fn vision_clock(clock: &Arc<Clock>) -> edge_vision::frame::Clock {
    let clock = clock.clone();
    Arc::new(move || clock.now())
}
