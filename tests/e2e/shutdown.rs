//! Ending: in order within 15 s whatever hangs, at once on the second signal.

use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::rtsp::RtspServer;
use edge_tests::signal::Signal;
use edge_tests::subscriber::Subscriber;
use edge_tests::toggler::Toggler;
use edge_tests::wait;

use crate::judged_hall::morning;

#[test]
fn both_stop_signals_end_a_busy_box_in_order_within_15_s() {
    for signal in [Signal::Term, Signal::Interrupt] {
        let cameras = RtspServer::start(morning(&["windows", "corner"]), None).unwrap();
        let broker = Broker::start(Memory::None).unwrap();
        let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
        let mut hall = Hall::demo().unwrap();
        hall.camera("windows", &cameras.url("windows"));
        hall.camera("corner", &cameras.url("corner"));
        hall.broker(&broker.url());
        let mut agent = Agent::start(&hall).unwrap();
        wait::until("the box to be online", Duration::from_secs(30), || {
            centre
                .last("/status")
                .filter(|m| m.json()["online"] == true)
        })
        .unwrap();
        // A page that stays open must not hold the box.
        let page = open_page(&agent);
        agent.signal(signal).unwrap();
        let (status, took) = agent.wait_end(Duration::from_secs(15)).unwrap();
        assert_eq!(status.code(), Some(0), "{signal:?}: {}", agent.log());
        println!("{signal:?}: ended in {:.2} s", took.as_secs_f64());
        page.join().unwrap();
        let farewell = centre.last("/status").unwrap().json();
        assert_eq!(
            farewell["online"], false,
            "the box says good-bye itself: {farewell}"
        );
    }
}

#[test]
fn a_box_whose_broker_hangs_and_whose_camera_is_silent_still_ends_within_15_s() {
    let cameras = RtspServer::start(morning(&["windows"]), None).unwrap();
    let broker = Broker::start(Memory::None).unwrap();
    let mut hall = Hall::demo().unwrap();
    hall.camera("windows", &cameras.url("windows"));
    hall.broker(&broker.url());
    let mut agent = Agent::start(&hall).unwrap();
    wait::until("the camera's first viewer", Duration::from_secs(20), || {
        cameras.began()
    })
    .unwrap();
    broker.freeze().unwrap();
    cameras.go_silent();
    let (status, took) = agent.stop().unwrap();
    assert_eq!(status.code(), Some(0), "{}", agent.log());
    println!("ended in {:.2} s", took.as_secs_f64());
}

#[test]
fn the_second_signal_ends_the_box_at_once() {
    let broker = Broker::start(Memory::None).unwrap();
    let windows = 4;
    let mut hall = Hall::of_sensors(windows).unwrap();
    hall.broker(&broker.url());
    let _people = Toggler::start(broker.port(), windows).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    wait::until_true("events", Duration::from_secs(30), || {
        agent.health()["uplink"]["acked"].as_u64() > Some(0)
    })
    .unwrap();
    // A frozen broker keeps the uplink busy for its whole share of the stop, so there is an end to cut short.
    broker.freeze().unwrap();
    let seq = Agent::stored;
    let before = seq(&agent).unwrap();
    wait::until_true("a backlog", Duration::from_secs(30), || {
        seq(&agent) >= Some(before + 3)
    })
    .unwrap();
    agent.signal(Signal::Interrupt).unwrap();
    wait::until_true("the stop to be under way", Duration::from_secs(5), || {
        agent.log().contains("SIGINT")
    })
    .unwrap();
    let asked_again = Instant::now();
    agent.signal(Signal::Interrupt).unwrap();
    let (status, _) = agent.wait_end(Duration::from_secs(5)).unwrap();
    assert!(
        asked_again.elapsed() < Duration::from_secs(1),
        "ended after {:?}",
        asked_again.elapsed()
    );
    assert_eq!(status.code(), Some(130), "{}", agent.log());
}

/// A live stream that is read until the box ends it; returns once it is open.
fn open_page(agent: &Agent) -> std::thread::JoinHandle<()> {
    let http = agent.http().clone();
    // Capacity 1, one message: the stream is open.
    let (open, opened) = sync_channel(1);
    let reader = std::thread::spawn(move || {
        // Ends with an error when the box closes the stream: that is what is wanted.
        let _ = http.listen("/api/live", None, |_| {
            let _ = open.try_send(());
            false
        });
    });
    opened.recv_timeout(Duration::from_secs(10)).unwrap();
    reader
}
