//! Cameras that work, fail and come back: real streams from a real RTSP server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use edge_vision::board::{Done, FrameBoard, Taken};
use edge_vision::frame::{Clock, Frame};
use edge_vision::ingest::{
    Camera, CameraEvent, CameraReport, CameraSpec, DecodeMode, DownCause, Password, Repeat, Source,
};
use hall_core::HallTime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::rtsp_server::{H264, H264_WITH_SOUND, H265, RtspServer, VP8};

fn clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || HallTime(1_000_000 + start.elapsed().as_millis() as i64))
}

fn rtsp(id: &str, url: &str) -> CameraSpec {
    CameraSpec::new(
        id.into(),
        Source::Rtsp {
            url: url.into(),
            user: None,
            password: None,
        },
    )
}

/// A camera at work, with what it delivers.
struct Running {
    board: Arc<FrameBoard>,
    clock: Clock,
    reports: mpsc::Receiver<CameraReport>,
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), edge_vision::VisionError>>,
}

impl Running {
    fn start(spec: CameraSpec) -> Running {
        Running::start_with(spec, clock())
    }

    fn start_with(spec: CameraSpec, clock: Clock) -> Running {
        let board = FrameBoard::new();
        // Room for every report of a test; the camera waits when it is full.
        let (sender, reports) = mpsc::channel(64);
        let slot = board.open(&spec.id, vec![]);
        let camera = Camera::new(spec, slot, Arc::clone(&clock), sender).unwrap();
        let cancel = CancellationToken::new();
        let task = tokio::spawn(camera.run(cancel.clone()));
        Running {
            board,
            clock,
            reports,
            cancel,
            task,
        }
    }

    /// The next frame, within a deadline.
    async fn frame(&self, within: Duration) -> Option<Frame> {
        let board = Arc::clone(&self.board);
        let taken = tokio::task::spawn_blocking(move || board.take(within))
            .await
            .unwrap();
        match taken {
            Taken::Frame(frame, _) => {
                self.board.done(&frame.camera, frame.at, Done::Analysed);
                Some(frame)
            }
            _ => None,
        }
    }

    /// The next report that is not statistics, within a deadline.
    async fn report(&mut self, within: Duration) -> CameraEvent {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let report = tokio::time::timeout_at(deadline, self.reports.recv())
                .await
                .expect("a report in time")
                .unwrap();
            if !matches!(report.event, CameraEvent::Stats { .. }) {
                return report.event;
            }
        }
    }

    /// Waits until it is up. Downs may come before: on a loaded machine the server's first picture can take longer than the
    /// short silences that some tests allow.
    async fn up(&mut self, within: Duration) -> (u32, u32, String) {
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if let CameraEvent::Up {
                width,
                height,
                codec,
                ..
            } = self.report(left).await
            {
                return (width, height, codec);
            }
        }
    }

    async fn down(&mut self, within: Duration) -> DownCause {
        match self.report(within).await {
            CameraEvent::Down { cause, .. } => cause,
            other => panic!("{other:?}"),
        }
    }

    /// Waits for a down of this cause; others may come before it.
    async fn down_for(&mut self, wanted: DownCause, within: Duration) {
        let deadline = Instant::now() + within;
        while self
            .down(deadline.saturating_duration_since(Instant::now()))
            .await
            != wanted
        {}
    }

    async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(Duration::from_secs(8), self.task)
            .await
            .expect("it stops in time")
            .unwrap()
            .unwrap();
    }
}

const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn h264_and_h265_arrive_with_their_capture_times() {
    for (launch, codec) in [(H264, "H.264"), (H265, "H.265"), (H264_WITH_SOUND, "H.264")] {
        let server = RtspServer::start(launch, 0, None);
        let mut running = Running::start(CameraSpec {
            analysis_fps: 5.0,
            ..rtsp("cam", &server.url())
        });
        assert_eq!(running.up(SOON).await, (320, 240, codec.to_owned()));
        let mut times = Vec::new();
        for _ in 0..12 {
            let frame = running.frame(SOON).await.unwrap();
            let age = (running.clock)().since_ms(frame.at);
            assert!((0..2_000).contains(&age), "{codec}: a frame {age} ms old");
            times.push(frame.at);
        }
        assert!(times.windows(2).all(|w| w[0] < w[1]), "{codec}: {times:?}");
        let span = times.last().unwrap().since_ms(times[1]);
        assert!(
            (1_700..6_000).contains(&span),
            "{codec}: 10 intervals of 200 ms took {span} ms"
        );
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn key_frames_only_decodes_one_picture_per_group() {
    let server = RtspServer::start(H264, 0, None);
    let spec = CameraSpec {
        decode: DecodeMode::KeyFramesOnly,
        analysis_fps: 25.0,
        ..rtsp("cam", &server.url())
    };
    let mut running = Running::start(spec);
    running.up(SOON).await;
    let mut times = Vec::new();
    for _ in 0..4 {
        times.push(running.frame(SOON).await.unwrap().at);
    }
    let span = times[3].since_ms(times[1]);
    assert!(
        (1_600..6_000).contains(&span),
        "key frames are 1 s apart; two intervals took {span} ms"
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_digested_and_a_wrong_one_is_named() {
    let server = RtspServer::start(H264, 0, Some(("viewer", "right-Horse")));
    let with = |id: &str, secret: Option<&str>| {
        let login = secret.map(|s| (Some("viewer".into()), Some(Password::new(s.into()))));
        let (user, password) = login.unwrap_or_default();
        CameraSpec::new(
            id.into(),
            Source::Rtsp {
                url: server.url(),
                user,
                password,
            },
        )
    };
    let mut good = Running::start(with("good", Some("right-Horse")));
    good.up(SOON).await;
    assert!(good.frame(SOON).await.is_some());
    good.stop().await;
    for secret in [Some("wrong-Horse"), None] {
        let mut bad = Running::start(with("bad", secret));
        assert_eq!(bad.down(SOON).await, DownCause::Unauthorised, "{secret:?}");
        assert!(DownCause::Unauthorised.text().contains("password"));
        bad.stop().await;
    }
    let written = Running::start(rtsp(
        "url",
        &server
            .url()
            .replace("rtsp://", "rtsp://viewer:right-Horse@"),
    ));
    assert!(
        written.frame(SOON).await.is_some(),
        "a login in the address works too"
    );
    written.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn causes_are_told_apart() {
    let server = RtspServer::start(H264, 0, None);
    let vp8 = RtspServer::start(VP8, 0, None);
    let gone = RtspServer::start(H264, 0, None).kill();
    for (url, expected) in [
        (server.url().replace("/cam", "/none"), DownCause::NotFound),
        (
            format!("rtsp://127.0.0.1:{gone}/cam"),
            DownCause::Unreachable,
        ),
        (vp8.url(), DownCause::Undecodable),
    ] {
        let mut running = Running::start(rtsp("cam", &url));
        assert_eq!(running.down(SOON).await, expected, "{url}");
        running.stop().await;
    }
    let file = Source::File {
        path: "/nonexistent/clip.mp4".into(),
        repeat: Repeat::Forever,
    };
    let mut running = Running::start(CameraSpec::new("cam".into(), file));
    assert_eq!(running.down(SOON).await, DownCause::NotFound);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_camera_is_reported_and_seen_again_within_30_s_of_its_return() {
    let server = RtspServer::start(H264, 0, None);
    let url = server.url();
    let mut running = Running::start(rtsp("cam", &url));
    running.up(SOON).await;
    let port = server.kill();
    running
        .down_for(DownCause::Unreachable, Duration::from_secs(30))
        .await;
    // Long enough for the pauses to grow.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let _server = RtspServer::start(H264, port, None);
    let returned = Instant::now();
    running.up(Duration::from_secs(30)).await;
    println!(
        "frames again {:.1} s after the camera's return",
        returned.elapsed().as_secs_f64()
    );
    while running.frame(Duration::from_millis(1)).await.is_some() {}
    assert!(running.frame(SOON).await.is_some());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_silent_without_closing_is_found_out_and_recovers() {
    let server = RtspServer::start(H264, 0, None);
    let mut running = Running::start(CameraSpec {
        silence: Duration::from_secs(3),
        ..rtsp("cam", &server.url())
    });
    running.up(SOON).await;
    server.set_silent(true);
    let since = Instant::now();
    assert_eq!(
        running.down(Duration::from_secs(10)).await,
        DownCause::Silent
    );
    assert!(
        since.elapsed() >= Duration::from_millis(2_500),
        "not before 3 s of silence"
    );
    server.set_silent(false);
    running.up(Duration::from_secs(30)).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_camera_does_not_disturb_another() {
    let server = RtspServer::start(H264, 0, None);
    let board = FrameBoard::new();
    let clock = clock();
    let (sender, _reports) = mpsc::channel(64);
    let cancel = CancellationToken::new();
    let mut tasks = Vec::new();
    for (id, url) in [
        ("bad", "rtsp://127.0.0.1:1/none".to_owned()),
        ("good", server.url()),
    ] {
        let camera = Camera::new(
            rtsp(id, &url),
            board.open(&id.into(), vec![]),
            Arc::clone(&clock),
            sender.clone(),
        )
        .unwrap();
        tasks.push(tokio::spawn(camera.run(cancel.clone())));
    }
    let deadline = Instant::now() + SOON;
    let put = |camera: &str| {
        board
            .counts()
            .iter()
            .find(|(c, _)| c.as_str() == camera)
            .unwrap()
            .1
            .put
    };
    while put("good") < 20 {
        assert!(Instant::now() < deadline, "{:?}", board.counts());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(put("bad"), 0);
    cancel.cancel();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overloaded_box_shows_fewer_pictures_but_in_time() {
    let server = RtspServer::start(H264, 0, None);
    // Every picture costs the streaming thread some 140 ms more than it should, 10 pictures a second: too much by half. The
    // clock is what all steps call.
    let true_clock = clock();
    let slow_clock: Clock = {
        let true_clock = Arc::clone(&true_clock);
        Arc::new(move || {
            if std::thread::current()
                .name()
                .is_none_or(|name| !name.starts_with("tokio"))
            {
                std::thread::sleep(Duration::from_millis(70));
            }
            true_clock()
        })
    };
    let mut running = Running::start_with(rtsp("cam", &server.url()), slow_clock);
    running.up(SOON).await;
    let (mut frames, mut oldest_ms) = (0, 0);
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(12) {
        if let Some(frame) = running.frame(Duration::from_millis(500)).await {
            frames += 1;
            oldest_ms = oldest_ms.max(true_clock().since_ms(frame.at));
        }
    }
    println!("{frames} frames in 12 s, the oldest {oldest_ms} ms old");
    assert!(frames >= 5, "{frames} frames");
    // Left alone, the backlog of 12 s would be 4 s and more.
    assert!(oldest_ms < 2_500, "a frame {oldest_ms} ms old");
    running.stop().await;
}
