//! Claim: the centre sees by its will that a box is gone: at once when its process was killed, within 1.5 × keep-alive of its last
//! sign of life when it just fell silent.

use std::time::{Duration, Instant};

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::running::Running;
use edge_tests::signal::Signal;
use edge_tests::subscriber::Subscriber;
use edge_tests::wait;
use serde_json::json;

const KEEP_ALIVE_S: u32 = 5;
/// mosquitto 2.0 looks for silent clients every five seconds, by a clock of whole seconds.
const BROKER_LOOKS_S: f64 = 6.0;
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_box_that_is_killed_or_freezes_is_told_by_its_will_in_time() {
    let broker = Broker::start(Memory::None).unwrap();
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let mut hall = Hall::of_sensors(2).unwrap();
    hall.broker(&broker.url());
    hall.set("uplink", "keep_alive_s", i64::from(KEEP_ALIVE_S));
    let told = |online: bool| {
        let last = centre.last("/status").map(|m| m.json());
        last.is_some_and(|s| s["online"] == json!(online))
    };
    for (signal, most_s) in [
        (Signal::Kill, 2.0),
        (Signal::Stop, 1.5 * f64::from(KEEP_ALIVE_S) + BROKER_LOOKS_S),
    ] {
        let agent = Agent::start(&hall).unwrap();
        wait::until_true("the birth", PATIENCE, || told(true)).unwrap();
        let (began, session) = (
            Instant::now(),
            centre.last("/status").unwrap().json()["session"].clone(),
        );
        agent.signal(signal).unwrap();
        wait::until_true("the will", PATIENCE, || told(false)).unwrap();
        let took_s = began.elapsed().as_secs_f64();
        println!("{signal:?}: the will after {took_s:.1} s");
        let will = centre.last("/status").unwrap().json();
        assert_eq!(
            (&will["reason"], &will["session"]),
            (&json!("connection_lost"), &session)
        );
        assert!(took_s < most_s, "{signal:?}: {took_s} s");
    }
}

#[test]
fn a_fleet_measures_how_long_wills_take_and_loses_nothing_by_the_deaths() {
    let broker = Broker::start(Memory::None).unwrap();
    let fleet = Running::start(&[
        "fleet",
        "--broker",
        &broker.url(),
        "--halls",
        "40",
        "--time-scale",
        "60",
        "--events-per-hour",
        "60",
        "--for",
        "20s",
        "--keep-alive-s",
        &KEEP_ALIVE_S.to_string(),
        "--deaths",
        "10@3s",
    ])
    .unwrap();
    let done = fleet.wait_end(PATIENCE * 2).unwrap();
    assert_eq!(done.code, Some(0), "{}\n{}", done.json, done.log);
    let wills = &done.json["wills"];
    println!("{wills}");
    for (how, most_s) in [
        ("killed", 2.0),
        ("silent", 1.5 * f64::from(KEEP_ALIVE_S) + BROKER_LOOKS_S),
    ] {
        assert_eq!(
            (&wills[how]["seen"], &wills[how]["unseen"]),
            (&json!(5), &json!(0)),
            "{how}: {wills}"
        );
        let max_s = wills[how]["max_s"].as_f64().unwrap();
        assert!(max_s < most_s, "{how}: {wills}");
    }
    assert_eq!(done.json["unacked"], 0);
}
