//! The HTTP interface of a running box.

use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::http::SentEvent;
use edge_tests::rtsp::RtspServer;
use edge_tests::toggler::Toggler;
use edge_tests::wait;

use crate::judged_hall::morning;

#[test]
fn every_documented_path_answers_and_a_live_stream_resumes_where_it_broke_off() {
    let broker = Broker::start(Memory::None).unwrap();
    let mut hall = Hall::of_sensors(4).unwrap();
    hall.broker(&broker.url());
    let _people = Toggler::start(broker.port(), 4).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    let http = agent.http().clone();

    let api = http.json("/api/openapi.json").unwrap();
    let paths: Vec<_> = api["paths"].as_object().unwrap().keys().cloned().collect();
    for path in [
        "/health",
        "/metrics",
        "/api/snapshot",
        "/api/events",
        "/api/live",
    ] {
        assert!(
            paths.iter().any(|p| p == path),
            "{path} is documented: {paths:?}"
        );
    }
    let metrics = http.get("/metrics").unwrap();
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.text().lines().any(|l| l.starts_with("edge_health")),
        "{}",
        metrics.text()
    );
    let unknown = http.get("/api/nothing-here").unwrap();
    assert_eq!(unknown.status, 404);

    let is_event = |e: &SentEvent| e.name == "event";
    let mut count = 0;
    let first = http
        .listen("/api/live", None, |e| {
            count += usize::from(is_event(e));
            count == 3
        })
        .unwrap();
    assert!(
        first.iter().any(|e| e.name == "snapshot"),
        "the hall as it is comes with the stream"
    );
    let ids = |events: &[SentEvent]| -> Vec<u64> {
        events
            .iter()
            .filter(|e| is_event(e))
            .map(|e| e.id.parse().unwrap())
            .collect()
    };
    let seen = ids(&first);
    // Three more events happen while nobody listens.
    let last = *seen.last().unwrap();
    wait::until_true("more events", Duration::from_secs(30), || {
        agent.stored() >= Some(last + 3)
    })
    .unwrap();
    let mut count = 0;
    let resumed = http
        .listen("/api/live", Some(&last.to_string()), |e| {
            count += usize::from(is_event(e));
            count == 3
        })
        .unwrap();
    assert_eq!(ids(&resumed), [last + 1, last + 2, last + 3]);

    let page = http.json("/api/events").unwrap();
    assert!(
        page["events"].as_array().is_some_and(|e| e.len() >= 3),
        "{page}"
    );
    let index = http.get("/").unwrap();
    assert_eq!(index.status, 200);
    assert!(
        index.content_type.starts_with("text/html"),
        "{}",
        index.content_type
    );
    assert!(agent.stop().unwrap().0.success());
}

#[test]
fn a_camera_picture_is_a_jpeg_with_its_boxes_beside_it() {
    let cameras = RtspServer::start(morning(&["windows", "corner"]), None).unwrap();
    let mut hall = Hall::demo().unwrap();
    hall.camera("windows", &cameras.url("windows"));
    hall.camera("corner", &cameras.url("corner"));
    hall.set("uplink", "enabled", false);
    let mut agent = Agent::start(&hall).unwrap();
    let picture = wait::until("a picture", Duration::from_secs(30), || {
        agent
            .http()
            .get("/api/cameras/windows/frame.jpg")
            .ok()
            .filter(|a| a.status == 200)
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    assert_eq!(picture.content_type, "image/jpeg");
    assert_eq!(picture.body[..3], [0xFF, 0xD8, 0xFF]);
    wait::until_true(
        "boxes of four clerks and their customers",
        Duration::from_secs(20),
        || {
            let boxes = agent
                .http()
                .json("/api/cameras/windows/boxes")
                .unwrap_or_default();
            boxes["detections"].as_array().is_some_and(|b| b.len() >= 4)
        },
    )
    .unwrap_or_else(|e| panic!("{e}: {:?}", agent.http().json("/api/cameras/windows/boxes")));
    assert!(agent.stop().unwrap().0.success());
}
