//! A sensor that sends its state itself, by HTTP, judges its window like any other.

use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::hall::Hall;
use edge_tests::wait;
use serde_json::Value;
use toml_edit::value;

const TOKEN: &str = "5f6d1c0e9b7a48d2a3c4e5f60718293a";

fn component(agent: &Agent, name: &str) -> Option<(String, String)> {
    let health = agent.health();
    let found = (health["components"].as_array()?.iter()).find(|c| c["name"] == name)?;
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    Some((text("state"), text("detail")))
}

fn window(agent: &Agent) -> Option<Value> {
    let snapshot = agent.http().json("/api/snapshot").ok()?;
    Some(snapshot["windows"][0].clone())
}

#[test]
fn what_a_device_sends_changes_the_judgement_of_its_window() {
    let mut hall = Hall::of_sensors(1).unwrap();
    hall.with_entry("sensors", "W1-radar", |sensor| {
        sensor["type"] = value("http");
        sensor["token_env"] = value("W1_TOKEN");
        sensor.remove("topic");
    });
    hall.env("W1_TOKEN", TOKEN);
    let mut agent = Agent::start(&hall).unwrap();
    let say = |body: &str| agent.http().post("/api/sensors/W1-radar", TOKEN, body);
    let soon = Duration::from_secs(20);

    wait::until_true("the silent link in /health", soon, || {
        let told = ("down".into(), "it has sent nothing yet".into());
        component(&agent, "sensor:W1-radar") == Some(told)
    })
    .unwrap();
    assert_eq!(say("true").unwrap().status, 200);
    wait::until_true("W1 staffed", soon, || {
        window(&agent).is_some_and(|w| w["state"] == "staffed")
    })
    .unwrap();
    wait::until_true("the link in /health", soon, || {
        component(&agent, "sensor:W1-radar").is_some_and(|(state, _)| state == "up")
    })
    .unwrap();

    assert_eq!(say(r#"{"value": "off"}"#).unwrap().status, 200);
    wait::until_true("W1 unstaffed, with an event", soon, || {
        window(&agent).is_some_and(|w| w["state"] == "unstaffed" && !w["open_event"].is_null())
    })
    .unwrap();

    let refused = agent
        .http()
        .post("/api/sensors/W1-radar", "not-the-token", "true");
    assert_eq!(refused.unwrap().status, 401);
    let still = window(&agent).unwrap();
    assert_eq!(
        still["state"], "unstaffed",
        "a refused word changes nothing"
    );
    agent.stop().unwrap();
    assert!(!agent.log().contains(TOKEN), "no log holds a token");
}

#[test]
fn a_dark_lamp_declares_a_pause_and_a_lit_one_ends_it() {
    let mut hall = Hall::of_sensors(1).unwrap();
    hall.with_entry("sensors", "W1-radar", |sensor| {
        sensor["kind"] = value("lamp");
        sensor["type"] = value("http");
        sensor["token_env"] = value("W1_TOKEN");
        sensor.remove("topic");
    });
    hall.env("W1_TOKEN", TOKEN);
    let mut agent = Agent::start(&hall).unwrap();
    let say = |body: &str| agent.http().post("/api/sensors/W1-radar", TOKEN, body);
    for (lamp, paused) in [("off", true), ("on", false), ("0", true)] {
        assert_eq!(say(lamp).unwrap().status, 200);
        wait::until_true(&format!("lamp {lamp}"), Duration::from_secs(20), || {
            window(&agent).is_some_and(|w| (w["state"] == "paused") == paused)
        })
        .unwrap();
    }
    assert_eq!(say("dim").unwrap().status, 422);
    wait::until_true("/health to say why", Duration::from_secs(20), || {
        component(&agent, "sensor:W1-radar").is_some_and(|(_, why)| why.contains("not understood"))
    })
    .unwrap();
    agent.stop().unwrap();
}
