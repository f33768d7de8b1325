//! The main job: a hall on video is judged as its ground truth says.

use std::sync::Arc;
use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::clock_text::{instant, seconds_between};
use edge_tests::feed::Feed;
use edge_tests::hall::Hall;
use edge_tests::radar::Radar;
use edge_tests::rtsp::{Camera, RtspServer};
use edge_tests::script::Script;
use edge_tests::subscriber::{Subscriber, brief};
use edge_tests::truth::clips;
use edge_tests::wait;
use serde_json::Value;

/// How far an event's time may lie from what really showed.
const TOLERANCE_S: f64 = 2.0;

/// Cameras of the morning clips.
pub fn morning(names: &[&str]) -> Vec<Camera> {
    gstreamer::init().unwrap();
    let feed = |name: &str| {
        Arc::new(Feed::from_mp4(&clips().join(format!("morning.{name}.mp4"))).unwrap())
    };
    names
        .iter()
        .map(|name| Camera {
            name: (*name).into(),
            feed: feed(name),
        })
        .collect()
}

#[test]
fn every_scripted_absence_and_the_long_queue_are_raised_once_on_time_and_none_is_invented() {
    let cameras = RtspServer::start(morning(&["windows", "corner"]), None).unwrap();
    let broker = Broker::start(Memory::None).unwrap();
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let _radar = Radar::start(broker.port(), "zigbee2mqtt/W4-radar").unwrap();
    let mut hall = Hall::demo().unwrap();
    hall.camera("windows", &cameras.url("windows"));
    hall.camera("corner", &cameras.url("corner"));
    hall.broker(&broker.url());
    let script = Script::read(&hall).unwrap();
    assert_eq!(
        (script.absences.len(), script.queues.len()),
        (1, 1),
        "the clips have one of each"
    );
    let mut agent = Agent::start(&hall).unwrap();

    let began = wait::until(
        "the first viewer of a camera",
        Duration::from_secs(20),
        || cameras.began(),
    )
    .unwrap()
    .1;
    let over = |e: &Value, code: &str| e["code"] == code && e["phase"] == "cleared";
    // One round of 90 s; everything scripted is over by then.
    let round = Duration::from_secs(100);
    centre
        .wait_event("the absence to end", round, |_, data| {
            over(data, "unstaffed")
        })
        .unwrap();
    centre
        .wait_event("the queue to be short again", round, |_, data| {
            over(data, "queue_long")
        })
        .unwrap();

    let events = centre.events();
    let seen: Vec<_> = events.iter().map(brief).collect();
    let raised: Vec<_> = events
        .iter()
        .filter(|e| e["data"]["phase"] == "raised")
        .collect();
    let at = |data: &Value, key: &str| {
        seconds_between(began, instant(data[key].as_str().unwrap()).unwrap())
    };
    let near = |what: &str, found: f64, truth: f64| {
        println!(
            "{what}: at {found:.2} s, truth {truth:.2} s, error {:+.2} s",
            found - truth
        );
        assert!(
            (found - truth).abs() <= TOLERANCE_S,
            "{what}: at {found:.2} s, truth {truth:.2} s; {seen:#?}"
        );
    };
    for (window, absence) in &script.absences {
        let subject = format!("window/{window}");
        let of_window: Vec<_> = raised
            .iter()
            .filter(|e| e["subject"] == subject.as_str())
            .collect();
        assert_eq!(of_window.len(), 1, "{window} is raised once: {seen:#?}");
        let data = &of_window[0]["data"];
        assert_eq!(data["code"], "unstaffed");
        assert_eq!(data["review"], "suspected");
        near(
            &format!("{window} onset"),
            at(data, "onset"),
            absence.from_s,
        );
        near(
            &format!("{window} raised"),
            at(data, "raised"),
            script.noticed_s(absence),
        );
        let last = events
            .iter()
            .rev()
            .find(|e| e["subject"] == subject.as_str())
            .unwrap();
        assert_eq!(last["data"]["end_reason"], "returned", "{seen:#?}");
        near(
            &format!("{window} end"),
            at(&last["data"], "end"),
            absence.to_s,
        );
    }
    for (queue, long) in &script.queues {
        let subject = format!("queue/{queue}");
        let of_queue: Vec<_> = raised
            .iter()
            .filter(|e| e["subject"] == subject.as_str())
            .collect();
        assert_eq!(of_queue.len(), 1, "{queue} is raised once: {seen:#?}");
        near(
            &format!("{queue} raised"),
            at(&of_queue[0]["data"], "raised"),
            script.raised_s(long),
        );
    }
    assert_eq!(
        raised.len(),
        script.absences.len() + script.queues.len(),
        "nothing else is raised: {seen:#?}"
    );

    // The centre has the rest of the contract as well.
    for topic in [
        "/status",
        "/meta",
        "/state/window/W1",
        "/state/window/W2",
        "/state/queue/Q1",
        "/summary/live",
    ] {
        let message = wait::until(topic, Duration::from_secs(70), || centre.last(topic)).unwrap();
        assert_eq!(message.json()["v"], 1, "{topic}: {}", message.payload);
        assert!(
            message.payload.len() < 16 * 1024,
            "{topic} has {} bytes",
            message.payload.len()
        );
    }
    assert_eq!(centre.last("/status").unwrap().json()["online"], true);
    assert_eq!(centre.continuity().missing, [0u64; 0]);

    let (status, took) = agent.stop().unwrap();
    assert!(status.success(), "{status}: {}", agent.log());
    println!("stopped in {:.2} s", took.as_secs_f64());
    let farewell = wait::until("status offline", Duration::from_secs(5), || {
        centre
            .last("/status")
            .map(|m| m.json())
            .filter(|s| s["online"] == false)
    });
    farewell.unwrap();
}
