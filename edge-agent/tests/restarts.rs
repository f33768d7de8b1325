//! What a hall task says after a restart, what it keeps of what it was told, and whom it has looked for.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use edge_agent::clock::Clock;
use edge_agent::figures::FiguresPort;
use edge_agent::hall::{HallPorts, HallTask, HallView};
use edge_agent::orders::OrderDesk;
use edge_agent::store_port;
use edge_config::{ClockTrust, Config};
use edge_uplink::StoreWriter;
use edge_uplink::clock::{WallFn, WallTime};
use edge_uplink::store::{EventStore, SledStore, StoreConfig};
use edge_vision::attention::Attention;
use edge_vision::frame::FrameDetections;
use hall_archive::{Archivist, Budget, CAPACITY, Tap};
use hall_core::engine::Engine;
use hall_core::track::TrackerConfig;
use hall_replay::{ArchiveSteps, Asked, Step};
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

const OFFSET_S: i32 = 28_800;

fn open(dir: &Path) -> Arc<dyn EventStore> {
    let wall: WallFn = Arc::new(|| WallTime {
        unix_ms: edge_agent::clock::unix_ms(),
        utc_offset_s: OFFSET_S,
    });
    let config = StoreConfig {
        reserve_bytes: 1 << 20,
        ..StoreConfig::new(dir, wall)
    };
    Arc::new(SledStore::open(config).unwrap().store)
}

/// The demo hall, open around the clock, or never.
fn config(on_duty: bool, sha256: &str) -> Arc<Config> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hall-config/demo/hall.toml");
    let mut config = edge_config::load(&path).unwrap();
    config.sha256 = sha256.into();
    if !on_duty {
        config.engine.duty = hall_core::config::DutyCalendar::default();
    }
    Arc::new(config)
}

struct Running {
    cancel: CancellationToken,
    hall: tokio::task::JoinHandle<anyhow::Result<()>>,
    threads: Vec<std::thread::JoinHandle<()>>,
    frames: mpsc::Sender<FrameDetections>,
    attention: watch::Receiver<Attention>,
    clock: Arc<Clock>,
}

impl Running {
    fn start(config: Arc<Config>, model: &str, store: &Arc<dyn EventStore>, dir: &Path) -> Running {
        let clock = Arc::new(Clock::start(OFFSET_S, ClockTrust::Rtc));
        let resume = store_port::past(&**store, edge_agent::clock::unix_ms()).unwrap();
        let (_, orders) = OrderDesk::open();
        let (store_tx, store_rx) = mpsc::channel(256);
        let (frames, detections) = mpsc::channel(256);
        let (kept, items) = mpsc::channel(CAPACITY);
        let snapshot = Engine::new(config.engine.clone(), clock.wall(), clock.now()).snapshot();
        let attention = watch::Sender::new(Attention::none());
        let looking = attention.subscribe();
        let ports = HallPorts {
            config: watch::channel(config.clone()).1,
            figures: FiguresPort::open().0,
            detections,
            sensors: mpsc::channel(1).1,
            cameras: mpsc::channel(1).1,
            orders,
            facts: mpsc::channel(1).1,
            archive: Some(Tap::new(kept)),
            store: store_tx,
            view: watch::Sender::new(HallView {
                snapshot: Arc::new(snapshot),
                summary: None,
            }),
            heartbeat: watch::Sender::new(clock.now()),
            attention,
        };
        let budget = Budget {
            days: 14,
            bytes: 1 << 20,
        };
        let writer = StoreWriter::new(store.clone(), store_rx, watch::Sender::new(0));
        let archivist = Archivist::new(dir.to_path_buf(), budget, items);
        let threads = vec![
            std::thread::spawn(move || writer.run().unwrap()),
            std::thread::spawn(move || archivist.run()),
        ];
        let task = HallTask {
            clock: clock.clone(),
            model_sha256: model.into(),
            tracker: TrackerConfig::default(),
            audit: None,
            resume,
        };
        let cancel = CancellationToken::new();
        let hall = tokio::spawn(task.run(Arc::new(Mutex::new(ports)), cancel.clone()));
        Running {
            cancel,
            hall,
            threads,
            frames,
            attention: looking,
            clock,
        }
    }

    async fn picture(
        &self,
        camera: &str,
        detections: Option<Vec<hall_core::detection::Detection>>,
    ) {
        let frame = FrameDetections {
            camera: camera.into(),
            seq: 0,
            at: self.clock.now(),
            width: 640,
            height: 360,
            detections,
            inference: Duration::ZERO,
        };
        self.frames.send(frame).await.unwrap();
    }

    async fn stop(self) {
        self.cancel.cancel();
        self.hall.await.unwrap().unwrap();
        self.threads.into_iter().for_each(|t| t.join().unwrap());
    }

    /// The process is gone from one moment to the next.
    async fn die(self) {
        self.hall.abort();
        assert!(self.hall.await.is_err());
        self.threads.into_iter().for_each(|t| t.join().unwrap());
    }
}

/// Waits until `done`, with a deadline.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "{what} in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Codes of the events on the box itself, each with its phase.
fn own_events(store: &dyn EventStore) -> Vec<String> {
    let lines = store.read(1, usize::MAX).unwrap();
    let records = lines.iter().filter_map(|line| line.record());
    records
        .filter(|sealed| sealed.record.subject_kind == "box")
        .map(|sealed| format!("{} {}", sealed.record.code, sealed.record.phase))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_says_what_has_changed_and_whether_it_was_meant() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("store"));
    let observations = dir.path().join("observations");
    let start = |sha256: &str, model: &str| {
        Running::start(config(true, sha256), model, &store, &observations)
    };
    let saved = || store.checkpoint_load().unwrap();

    let first = start("c1", "m1");
    until("a checkpoint", || saved().is_some()).await;
    first.stop().await;
    assert_eq!(own_events(&*store), Vec::<String>::new(), "the first start");

    let before = saved();
    let second = start("c1", "m1");
    until("a checkpoint of the second", || saved() != before).await;
    second.die().await;
    assert_eq!(
        own_events(&*store),
        Vec::<String>::new(),
        "stopped on purpose"
    );

    let before = saved();
    let third = start("c2", "m2");
    until("a checkpoint of the third", || saved() != before).await;
    third.stop().await;
    assert_eq!(
        own_events(&*store),
        [
            "power_restored raised",
            "power_restored cleared",
            "config_changed raised",
            "config_changed cleared",
            "model_changed raised",
            "model_changed cleared",
        ],
        "killed, and another configuration and model after it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_hall_was_told_is_kept_and_off_duty_nobody_is_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("store"));
    for on_duty in [true, false] {
        let observations = dir.path().join(format!("observations-{on_duty}"));
        let config = config(on_duty, "c1");
        let camera = config.engine.cameras[0].to_string();
        let zones = config.engine.zones.iter();
        let zones = zones.filter(|z| z.camera.as_str() == camera).count();
        let running = Running::start(config.clone(), "m1", &store, &observations);
        if on_duty {
            let all = Attention::Only(Arc::new(config.engine.cameras.iter().cloned().collect()));
            until("everybody's attention", || {
                *running.attention.borrow() == all
            })
            .await;
        }
        for _ in 0..5 {
            running.picture(&camera, on_duty.then(Vec::new)).await;
        }
        running.stop().await;
        let asked = Asked {
            from_unix_ms: edge_agent::clock::unix_ms() - 86_400_000,
            to_unix_ms: edge_agent::clock::unix_ms() + 86_400_000,
        };
        let steps = ArchiveSteps::open(&observations, asked, OFFSET_S).unwrap();
        let steps: Vec<Step> = steps.map(|told| told.unwrap().step).collect();
        assert!(matches!(steps[0], Step::Start(_)));
        let pictures: Vec<usize> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Input(hall_core::observe::Input::Zones(seen)) => Some(seen.zones.len()),
                _ => None,
            })
            .collect();
        assert!(!pictures.is_empty());
        let wanted = if on_duty { zones } else { 0 };
        assert!(
            pictures.iter().all(|n| *n == wanted),
            "{pictures:?} of {wanted}"
        );
    }
}
