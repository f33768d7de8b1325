//! The whole way from a camera's stream to findings, with the real model.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use edge_vision::attention::{Attention, AttentionWatch};
use edge_vision::board::FrameBoard;
use edge_vision::frame::{Clock, Frame, FrameDetections};
use edge_vision::ingest::{Camera, CameraSpec, Source};
use edge_vision::pool::{InferencePool, PoolOptions};
use edge_vision::preview::PreviewStore;
use edge_vision::{DetectorOptions, still};
use hall_core::HallTime;
use hall_core::detection::Detection;
use hall_core::geometry::Point;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::material;
use crate::rtsp_server::{H264, RtspServer};

fn options(workers: usize) -> PoolOptions {
    let model = material::manifest().default_model().unwrap().clone();
    PoolOptions {
        workers,
        model,
        detector: DetectorOptions::default(),
    }
}

/// A clock that stands still until it is moved.
fn standing_clock() -> (Clock, Arc<AtomicI64>) {
    let now = Arc::new(AtomicI64::new(50_000));
    let read = Arc::clone(&now);
    (
        Arc::new(move || HallTime(read.load(Ordering::Relaxed))),
        now,
    )
}

fn scene() -> edge_vision::Picture {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vision/pictures/windows.jpg");
    still::read(&path).unwrap()
}

fn everybody() -> AttentionWatch {
    watch::Sender::new(Attention::All).subscribe()
}

fn people(finding: &FrameDetections) -> &[Detection] {
    finding.detections.as_deref().expect("analysed")
}

async fn next(findings: &mut mpsc::Receiver<FrameDetections>) -> FrameDetections {
    tokio::time::timeout(Duration::from_secs(10), findings.recv())
        .await
        .expect("a finding in time")
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_carry_their_frames_capture_time_and_stale_frames_are_skipped() {
    let (clock, _now) = standing_clock();
    let board = FrameBoard::new();
    let previews = PreviewStore::new();
    // Capacity as in the agent; full means the workers wait.
    let (sender, mut findings) = mpsc::channel(32);
    let pool = InferencePool::start(
        &options(2),
        Arc::clone(&board),
        clock,
        Arc::clone(&previews),
        everybody(),
        sender,
    )
    .unwrap();
    assert_eq!(pool.model().name, "hall-person-v0");
    let gauge = pool.gauge();
    let cancel = CancellationToken::new();
    let task = tokio::spawn(pool.run(cancel.clone()));
    let slot = board.open(&"cam".into(), vec![]);
    let frame = |seq: u64, at: i64| Frame {
        camera: "cam".into(),
        seq,
        at: HallTime(at),
        picture: scene(),
    };
    slot.put(frame(1, 48_999));
    while board.counts()[0].1.stale == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    slot.put(frame(2, 49_000));
    let finding = next(&mut findings).await;
    assert_eq!(
        (finding.seq, finding.at),
        (2, HallTime(49_000)),
        "1,001 ms are stale, 1,000 are not"
    );
    assert!(people(&finding).len() >= 10, "{finding:?}");
    assert!(finding.inference > Duration::ZERO);
    assert_eq!(gauge.health(HallTime(50_000)).frames, 1);
    let shown = previews.jpeg(&"cam".into(), 320).unwrap().unwrap();
    assert_eq!(shown.at, HallTime(49_000));
    assert!(shown.jpeg.starts_with(&[0xff, 0xd8]));
    cancel.cancel();
    task.await.unwrap().unwrap();
    assert!(findings.recv().await.is_none(), "the threads are gone");
    assert_eq!(gauge.health(HallTime(50_000)).ended, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_found_behind_a_privacy_mask() {
    let (clock, _now) = standing_clock();
    let board = FrameBoard::new();
    let (sender, mut findings) = mpsc::channel(32);
    let pool = InferencePool::start(
        &options(1),
        Arc::clone(&board),
        clock,
        PreviewStore::new(),
        everybody(),
        sender,
    )
    .unwrap();
    let cancel = CancellationToken::new();
    let task = tokio::spawn(pool.run(cancel.clone()));
    let left = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
        .map(|(x, y)| Point { x, y })
        .to_vec();
    let mut centres = Vec::new();
    for masks in [vec![], vec![left]] {
        let slot = board.open(&"cam".into(), masks);
        slot.put(Frame {
            camera: "cam".into(),
            seq: 0,
            at: HallTime(50_000),
            picture: scene(),
        });
        let finding = next(&mut findings).await;
        centres.push(
            people(&finding)
                .iter()
                .map(|d| d.bbox.center().x)
                .collect::<Vec<_>>(),
        );
    }
    assert!(centres[0].iter().any(|x| *x < 0.4), "{centres:?}");
    assert!(
        !centres[1].is_empty() && centres[1].iter().all(|x| *x > 0.4),
        "{centres:?}"
    );
    cancel.cancel();
    task.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_over_rtsp_becomes_findings_at_the_analysed_rate() {
    let server = RtspServer::start(H264, 0, None);
    let start = Instant::now();
    let clock: Clock = Arc::new(move || HallTime(start.elapsed().as_millis() as i64 + 1_000));
    let board = FrameBoard::new();
    let (sender, mut findings) = mpsc::channel(32);
    let (reports, _kept) = mpsc::channel(64);
    let pool = InferencePool::start(
        &options(1),
        Arc::clone(&board),
        Arc::clone(&clock),
        PreviewStore::new(),
        everybody(),
        sender,
    )
    .unwrap();
    let cancel = CancellationToken::new();
    let pool_task = tokio::spawn(pool.run(cancel.clone()));
    let source = Source::Rtsp {
        url: server.url(),
        user: None,
        password: None,
    };
    let spec = CameraSpec {
        analysis_fps: 5.0,
        ..CameraSpec::new("cam".into(), source)
    };
    let camera = Camera::new(spec, board.open(&"cam".into(), vec![]), clock, reports).unwrap();
    let camera_task = tokio::spawn(camera.run(cancel.clone()));
    let mut times = Vec::new();
    for _ in 0..11 {
        let finding = next(&mut findings).await;
        assert_eq!((finding.width, finding.height), (320, 240));
        times.push(finding.at);
    }
    assert!(times.windows(2).all(|w| w[0] < w[1]), "{times:?}");
    let span = times[10].since_ms(times[1]);
    assert!(
        (1_600..6_000).contains(&span),
        "9 intervals of 200 ms took {span} ms"
    );
    cancel.cancel();
    camera_task.await.unwrap().unwrap();
    pool_task.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn off_duty_nobody_is_looked_for_and_the_camera_stays_alive() {
    let (clock, now) = standing_clock();
    let board = FrameBoard::new();
    let previews = PreviewStore::new();
    let (sender, mut findings) = mpsc::channel(32);
    let attention = watch::Sender::new(Attention::All);
    let pool = InferencePool::start(
        &options(2),
        Arc::clone(&board),
        clock,
        Arc::clone(&previews),
        attention.subscribe(),
        sender,
    )
    .unwrap();
    let gauge = pool.gauge();
    let cancel = CancellationToken::new();
    let task = tokio::spawn(pool.run(cancel.clone()));
    let (on, off) = ("on".into(), "off".into());
    let slots = [board.open(&on, vec![]), board.open(&off, vec![])];
    let put = |slot: usize, at: i64| {
        now.store(at, Ordering::Relaxed);
        slots[slot].put(Frame {
            camera: ["on", "off"][slot].into(),
            seq: 0,
            at: HallTime(at),
            picture: scene(),
        });
    };
    put(1, 50_000);
    assert!(!people(&next(&mut findings).await).is_empty());
    assert!(previews.latest(&off).is_some());
    attention.send_replace(Attention::Only(Arc::new([on.clone()].into())));
    for at in [50_200, 50_400, 50_600] {
        put(1, at);
        let finding = next(&mut findings).await;
        assert_eq!(
            (finding.at, finding.detections),
            (HallTime(at), None),
            "it is heard of"
        );
    }
    assert!(
        previews.latest(&off).is_none(),
        "no picture in which nobody is made unrecognisable"
    );
    put(0, 50_800);
    assert!(
        !people(&next(&mut findings).await).is_empty(),
        "the other one"
    );
    assert_eq!(
        gauge.health(HallTime(50_800)).frames,
        2,
        "two inferences in all"
    );
    attention.send_replace(Attention::All);
    put(1, 51_000);
    assert!(
        !people(&next(&mut findings).await).is_empty(),
        "the first picture on duty counts"
    );
    cancel.cancel();
    task.await.unwrap().unwrap();
    let counts = &board.counts()[1].1;
    assert_eq!((counts.taken, counts.off_duty, counts.stale), (5, 3, 0));
    assert_eq!(counts.newest_at, Some(HallTime(51_000)));
}
