//! The RTSP cameras: rate, loop, synchrony, power loss, silence, login.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use edge_tests::feed::{Codec, Feed};
use edge_tests::rtsp::{Camera, Login, RtspServer};
use edge_tests::wait;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

/// A plain RTSP client that counts encoded pictures.
struct Client {
    pipeline: gst::Pipeline,
    sink: gst_app::AppSink,
}

impl Client {
    fn play(url: &str, codec: Codec, login: Option<&Login>) -> Result<Client> {
        gst::init()?;
        let depay = match codec {
            Codec::H264 => "rtph264depay ! h264parse",
            Codec::H265 => "rtph265depay ! h265parse",
        };
        let pipeline = gst::parse::launch(&format!(
            "rtspsrc name=source protocols=tcp latency=0 ! {depay} ! appsink name=sink sync=false max-buffers=0"
        ))?
        .downcast::<gst::Pipeline>()
        .map_err(|_| anyhow::anyhow!("not a pipeline"))?;
        let source = pipeline.by_name("source").context("no source")?;
        source.set_property("location", url);
        if let Some(login) = login {
            source.set_property("user-id", &login.user);
            source.set_property("user-pw", &login.password);
        }
        let sink = pipeline
            .by_name("sink")
            .and_then(|e| e.downcast::<gst_app::AppSink>().ok())
            .context("no sink")?;
        pipeline.set_state(gst::State::Playing)?;
        Ok(Client { pipeline, sink })
    }

    fn picture(&self, within: Duration) -> Option<(gst::Sample, Instant)> {
        let sample = self
            .sink
            .try_pull_sample(gst::ClockTime::from_nseconds(within.as_nanos() as u64))?;
        Some((sample, Instant::now()))
    }

    /// Message of the bus that ends the stream: an error's text, or "end of stream".
    fn ended(&self) -> Option<String> {
        let kinds = [gst::MessageType::Error, gst::MessageType::Eos];
        let message = self.pipeline.bus()?.pop_filtered(&kinds)?;
        Some(match message.view() {
            gst::MessageView::Error(e) => e.error().to_string(),
            _ => "end of stream".into(),
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

fn picture(codec: Codec, fps: i32, seconds: i32) -> Arc<Feed> {
    gst::init().unwrap();
    Arc::new(Feed::test_picture(codec, 320, 180, fps, seconds).unwrap())
}

fn camera(name: &str, feed: &Arc<Feed>) -> Camera {
    Camera {
        name: name.into(),
        feed: feed.clone(),
    }
}

fn clip(name: &str) -> Arc<Feed> {
    gst::init().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/clips")
        .join(name);
    Arc::new(Feed::from_mp4(&path).unwrap())
}

#[test]
fn clips_keep_their_pictures_and_times_without_transcoding() {
    for (name, pictures, seconds) in [
        ("morning.windows.mp4", 450, 90),
        ("morning.corner.mp4", 450, 90),
        ("tricky.windows.mp4", 300, 60),
        ("tricky.side.mp4", 300, 60),
    ] {
        let feed = clip(name);
        assert_eq!(feed.units.len(), pictures, "{name}");
        assert_eq!(feed.period.as_millis(), seconds * 1000, "{name}");
        let mut shown: Vec<_> = feed.units.iter().map(|u| u.shown_at.as_millis()).collect();
        shown.sort_unstable();
        assert!(
            shown
                .iter()
                .enumerate()
                .all(|(i, ms)| *ms == i as u128 * 200),
            "{name}: one picture each 200 ms"
        );
        assert!(feed.units.iter().all(|u| u.sent_at <= u.shown_at), "{name}");
        assert_eq!(
            feed.units.iter().filter(|u| u.key_frame).count() as u128,
            seconds / 2,
            "{name}: a key frame every 2 s"
        );
    }
}

#[test]
fn camera_keeps_its_rate_past_the_loop_point() {
    for codec in [Codec::H264, Codec::H265] {
        let server = RtspServer::start(vec![camera("a", &picture(codec, 5, 4))], None).unwrap();
        let client = Client::play(&server.url("a"), codec, None).unwrap();
        let mut arrivals = Vec::new();
        let mut times = Vec::new();
        while arrivals.len() < 50 {
            let (sample, at) = client
                .picture(Duration::from_secs(5))
                .expect("pictures keep coming");
            arrivals.push(at);
            times.push(sample.buffer().unwrap().pts().unwrap().mseconds());
        }
        // 10 s: two loop points. The first pictures may come at once.
        let (first, last) = (arrivals[5], arrivals[49]);
        let rate = 44.0 / (last - first).as_secs_f64();
        assert!(
            (4.9..=5.1).contains(&rate),
            "{codec:?}: {rate:.2} pictures per second"
        );
        // The pictures' own times, as the client's jitter buffer smooths them: no jump at the loop points, no drift.
        let span = times[49] - times[5];
        assert!(
            span.abs_diff(44 * 200) <= 400,
            "{codec:?}: 44 pictures span {span} ms"
        );
        assert!(times.is_sorted(), "{codec:?}: {times:?}");
    }
}

#[test]
fn both_cameras_show_the_same_moment_and_a_late_viewer_joins_within_a_key_frame_interval() {
    let feed = picture(Codec::H264, 5, 8);
    let server = RtspServer::start(vec![camera("a", &feed), camera("b", &feed)], None).unwrap();
    let a = Client::play(&server.url("a"), Codec::H264, None).unwrap();
    a.picture(Duration::from_secs(5)).expect("camera a plays");
    let asked = Instant::now();
    let b = Client::play(&server.url("b"), Codec::H264, None).unwrap();
    let mut in_b = Vec::new();
    while in_b.len() < 5 {
        let (sample, at) = b.picture(Duration::from_secs(5)).expect("camera b plays");
        if in_b.is_empty() {
            assert!(
                at - asked < Duration::from_millis(2600),
                "first picture after {:?}",
                at - asked
            );
        }
        in_b.push((bytes(&sample), at));
    }
    // The same clip on both: the same bytes must arrive at the same time.
    let in_a: Vec<_> = std::iter::from_fn(|| a.picture(Duration::ZERO))
        .map(|(s, at)| (bytes(&s), at))
        .collect();
    let wanted = &in_b.last().unwrap();
    let shown_in_a = in_a.iter().any(|(data, _)| *data == wanted.0)
        || a.picture(Duration::from_millis(300))
            .is_some_and(|(s, _)| bytes(&s) == wanted.0);
    assert!(shown_in_a, "camera a has just shown what camera b shows");
}

fn bytes(sample: &gst::Sample) -> Vec<u8> {
    sample.buffer().unwrap().map_readable().unwrap().to_vec()
}

#[test]
fn a_stopped_camera_ends_the_stream_and_comes_back_on_its_port() {
    let mut server =
        RtspServer::start(vec![camera("a", &picture(Codec::H264, 5, 4))], None).unwrap();
    let port = server.port();
    let client = Client::play(&server.url("a"), Codec::H264, None).unwrap();
    client
        .picture(Duration::from_secs(5))
        .expect("plays at first");
    server.stop();
    wait::until("the stream to end", Duration::from_secs(5), || {
        client.ended()
    })
    .unwrap();
    assert!(
        std::net::TcpStream::connect(("127.0.0.1", port)).is_err(),
        "the port is closed"
    );
    drop(client);
    server.resume().unwrap();
    assert_eq!(server.port(), port);
    let client = Client::play(&server.url("a"), Codec::H264, None).unwrap();
    client.picture(Duration::from_secs(5)).expect("plays again");
}

#[test]
fn a_silent_camera_sends_nothing_and_says_nothing() {
    let server = RtspServer::start(vec![camera("a", &picture(Codec::H264, 5, 4))], None).unwrap();
    let client = Client::play(&server.url("a"), Codec::H264, None).unwrap();
    client
        .picture(Duration::from_secs(5))
        .expect("plays at first");
    server.go_silent();
    while client.picture(Duration::from_millis(300)).is_some() {}
    assert!(
        client.picture(Duration::from_secs(2)).is_none(),
        "no picture in silence"
    );
    assert_eq!(client.ended(), None, "and no end of stream either");
    server.speak_again();
    client
        .picture(Duration::from_secs(3))
        .expect("plays again on the same connection");
}

#[test]
fn a_camera_with_login_refuses_the_wrong_password() {
    let login = Login {
        user: "viewer".into(),
        password: "s3cret".into(),
    };
    let server = RtspServer::start(
        vec![camera("a", &picture(Codec::H264, 5, 4))],
        Some(login.clone()),
    )
    .unwrap();
    for wrong in [
        None,
        Some(Login {
            password: "guess".into(),
            ..login.clone()
        }),
    ] {
        let client = Client::play(&server.url("a"), Codec::H264, wrong.as_ref()).unwrap();
        let why = wait::until("a refusal", Duration::from_secs(5), || client.ended()).unwrap();
        assert!(why.contains("Unauthorized"), "{why}");
    }
    let client = Client::play(&server.url("a"), Codec::H264, Some(&login)).unwrap();
    client
        .picture(Duration::from_secs(5))
        .expect("plays with the right one");
}
