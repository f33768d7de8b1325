//! Ticket machines by MQTT, by files and by HTTP: their tickets are the official length of a queue, and their waits its figures.

use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::subscriber::Subscriber;
use edge_tests::wait;
use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(20);
const TOKEN: &str = "8f6d1c0e9b7a48d2a3c4e5f607182930";

/// One message, handed to the broker for good.
fn publish(port: u16, topic: &str, payload: &str) {
    let options = MqttOptions::new("ticket-machine", "127.0.0.1", port);
    let (client, mut connection) = Client::new(options, 10);
    client
        .publish(topic, QoS::AtLeastOnce, false, payload)
        .unwrap();
    let acked = |event: &Event| matches!(event, Event::Incoming(Packet::PubAck(_)));
    assert!(connection.iter().any(|event| acked(&event.unwrap())));
}

fn queue(agent: &Agent, id: &str) -> Option<Value> {
    let snapshot = agent.http().json("/api/snapshot").ok()?;
    let queues = snapshot["queues"].as_array()?;
    queues.iter().find(|q| q["queue"] == id).cloned()
}

fn wait_length(agent: &Agent, id: &str, length: u64) {
    let what = format!("{id} to be {length} long");
    wait::until_true(&what, SOON, || {
        queue(agent, id).is_some_and(|q| q["length"] == length)
    })
    .unwrap_or_else(|e| panic!("{e:#}: {:?}\n{}", queue(agent, id), agent.log()));
}

fn wait_up(agent: &Agent, component: &str) {
    wait::until_true(&format!("{component} to be up"), SOON, || {
        let health = agent.health();
        let components = health["components"].as_array().cloned();
        let mut components = components.unwrap_or_default().into_iter();
        components.any(|c| c["name"] == component && c["state"] == "up")
    })
    .unwrap();
}

#[test]
fn tickets_by_mqtt_file_and_http_are_the_length_of_their_queues() {
    let broker = Broker::start(Memory::None).unwrap();
    let mut hall = Hall::of_sensors(1).unwrap();
    hall.broker(&broker.url());
    let folder = hall.folder().join("drop");
    std::fs::create_dir(&folder).unwrap();
    hall.extend(&format!(
        r#"
[[queues]]
id = "SB"
name = {{ zh = "社保", en = "Social insurance" }}
tickets = true
[[queues]]
id = "HJ"
name = {{ zh = "户籍", en = "Household registration" }}
tickets = true
[[queues]]
id = "SW"
name = {{ zh = "税务", en = "Tax" }}
tickets = true
[[tickets]]
id = "by-mqtt"
type = "mqtt"
topic = "tickets/sb"
queues = [{{ name = "社保", queue = "SB" }}]
[[tickets]]
id = "by-file"
type = "csv"
folder = {folder:?}
queues = [{{ name = "户籍", queue = "HJ" }}]
names = {{ ticket = "号码", state = "状态", taken_at = "取号时间" }}
[[tickets]]
id = "by-http"
type = "http"
token_env = "MACHINE_TOKEN"
queues = [{{ name = "税务", queue = "SW" }}]
[[ratings]]
id = "by-mqtt"
type = "mqtt"
topic = "ratings"
window = "W1"
"#
    ))
    .unwrap();
    hall.env("MACHINE_TOKEN", TOKEN);
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    wait_up(&agent, "sensor_broker");

    publish(
        broker.port(),
        "tickets/sb",
        r#"[{"ticket":"A1"},{"ticket":"A2"},{"ticket":"A3"}]"#,
    );
    wait_length(&agent, "SB", 3);
    publish(
        broker.port(),
        "tickets/sb",
        r#"{"ticket":"A1","state":"called","window":"W1"}"#,
    );
    wait_length(&agent, "SB", 2);
    publish(
        broker.port(),
        "tickets/sb",
        r#"{"ticket":"A1","state":"done"}"#,
    );
    publish(broker.port(), "ratings", r#"{"rating":"基本满意"}"#);

    // As a Chinese Windows program writes it: GBK, CRLF.
    let sheet = "号码,状态,取号时间\r\nB1,等待,\r\nB2,等待,\r\nB1,过号,\r\n";
    let (gbk, _, _) = encoding_rs::GBK.encode(sheet);
    std::fs::write(folder.join("day.csv"), gbk).unwrap();
    std::fs::write(folder.join("broken.csv"), "hello\n").unwrap();
    wait_length(&agent, "HJ", 1);
    wait::until_true("the files to be put away", SOON, || {
        folder.join("done/day.csv").exists() && folder.join("rejected/broken.csv").exists()
    })
    .unwrap();
    assert!(folder.join("rejected/broken.csv.reason.txt").exists());

    let sent = agent
        .http()
        .post("/api/tickets/by-http", TOKEN, r#"{"ticket":"C1"}"#)
        .unwrap();
    assert_eq!(
        (sent.status, sent.json().unwrap()["new"].as_u64()),
        (200, Some(1))
    );
    wait_length(&agent, "SW", 1);

    for name in ["tickets:by-mqtt", "tickets:by-file", "tickets:by-http"] {
        wait_up(&agent, name);
    }
    // The centre hears of the lengths, never of a number.
    wait::until_true("the minute's summary", Duration::from_secs(90), || {
        let Some(summary) = centre.last("summary/live").map(|m| m.json()) else {
            return false;
        };
        let max = |id: &str| {
            let queues = summary["queues"].as_array().cloned().unwrap_or_default();
            let found = queues.iter().find(|q| q["id"] == id).cloned();
            found.and_then(|q| q["len_max"].as_u64())
        };
        (max("SB"), max("HJ"), max("SW")) == (Some(2), Some(1), Some(1))
            || (max("SB"), max("HJ"), max("SW")) == (Some(3), Some(2), Some(1))
    })
    .unwrap_or_else(|e| panic!("{e:#}: {:?}", centre.last("summary/live")));
    agent.stop().unwrap();
    // The day has the wait, as from a ticket, and the rating as a total.
    let mut days = std::fs::read_dir(hall.folder().join("store/figures")).unwrap();
    let day = std::fs::read_to_string(days.next().unwrap().unwrap().path()).unwrap();
    let day: Value = serde_json::from_str(&day).unwrap();
    assert_eq!(day["waits"]["SB"][0][4], true, "{day}");
    assert_eq!(day["ratings"]["W1"], serde_json::json!([0, 1, 0, 0, 0, 0]));
    let told = centre.messages();
    for number in ["A1", "A2", "B1", "B2", "C1"] {
        let quoted = format!("\"{number}\"");
        assert!(
            told.iter().all(|m| !m.payload.contains(&quoted)),
            "{number}"
        );
        assert!(!agent.log().contains(&quoted), "{number}");
    }
}
