//! One sensor that sends 5,000 messages a second, or hammers the box by HTTP, delays no other and costs no memory.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::device::Device;
use edge_tests::hall::Hall;
use edge_tests::http::Http;
use edge_tests::wait;
use rumqttc::{Client, QoS};
use serde_json::Value;
use toml_edit::value;

const TOKEN: &str = "5f6d1c0e9b7a48d2a3c4e5f60718293a";
const CALM_TOKEN: &str = "0a6d1c0e9b7a48d2a3c4e5f60718293b";
const SOON: Duration = Duration::from_secs(30);
/// What is promised of the others.
const LATENCY_LIMIT: Duration = Duration::from_millis(100);
/// What a flood may cost in memory: its messages alone would be more than this in the first seconds.
const MEMORY_LIMIT: u64 = 24 << 20;
/// Messages a second of the sensor that floods.
const FLOOD_PER_S: usize = 5_000;
const SAMPLES: usize = 100;

/// W1 floods on MQTT, W2 by HTTP; W3 is a calm sensor on MQTT, W4 one by HTTP.
fn hall(broker: &Broker) -> Hall {
    let mut hall = Hall::of_sensors(4).unwrap();
    hall.set("sensor_broker", "url", broker.url());
    for (id, variable) in [("W2-radar", "W2_TOKEN"), ("W4-radar", "W4_TOKEN")] {
        hall.with_entry("sensors", id, |sensor| {
            sensor["type"] = value("http");
            sensor["token_env"] = value(variable);
            sensor.remove("topic");
        });
    }
    hall.env("W2_TOKEN", TOKEN);
    hall.env("W4_TOKEN", CALM_TOKEN);
    hall
}

fn payload(present: bool) -> String {
    format!(r#"{{"presence":{present},"illuminance":210}}"#)
}

/// What the page shows of a sensor.
fn value_of(snapshot: &Value, sensor: &str) -> Value {
    let sensors = snapshot["sensors"].as_array().into_iter().flatten();
    let found = sensors.into_iter().find(|s| s["sensor"] == sensor);
    found.map_or(Value::Null, |s| s["value"].clone())
}

/// Time from when a calm sensor says something new until the box shows it, sorted.
fn latencies(agent: &Agent, topic: &mut Device) -> Vec<Duration> {
    let mut taken = Vec::with_capacity(SAMPLES);
    for n in 0..SAMPLES {
        let (present, by_http) = (n % 4 < 2, n % 2 == 1);
        let began = Instant::now();
        let sensor = if by_http {
            let body = if present { "on" } else { "off" };
            let sent = agent.http().post("/api/sensors/W4-radar", CALM_TOKEN, body);
            assert_eq!(sent.unwrap().status, 200);
            "W4-radar"
        } else {
            let client = topic.client();
            let sent = client.publish("zigbee2mqtt/W3", QoS::AtLeastOnce, false, payload(present));
            sent.unwrap();
            "W3-radar"
        };
        wait::until_true("the reading on the page", SOON, || {
            let snapshot = agent.http().json("/api/snapshot").unwrap_or_default();
            value_of(&snapshot, sensor) == present
        })
        .unwrap_or_else(|e| panic!("{e:#}\n{}", agent.log()));
        taken.push(began.elapsed());
        // Out of step with the views, and slower than what one sensor may say.
        std::thread::park_timeout(Duration::from_millis(53));
    }
    taken.sort();
    taken
}

fn figures(what: &str, sorted: &[Duration]) -> (Duration, Duration) {
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let (middle, p95, most) = (at(0.5), at(0.95), at(1.0));
    println!("{what}: median {middle:.1?}, 95 % within {p95:.1?}, longest {most:.1?}");
    (middle, p95)
}

/// Sends until told to stop, paced; every message differs from the one before. Returns how many were sent.
fn flood(client: &Client, qos: QoS, stop: &AtomicBool) -> usize {
    let (began, mut sent) = (Instant::now(), 0);
    while !stop.load(Ordering::SeqCst) {
        let due = (began.elapsed().as_secs_f64() * FLOOD_PER_S as f64) as usize;
        while sent < due {
            let full = client.publish("zigbee2mqtt/W1", qos, false, payload(sent % 2 == 0));
            full.unwrap();
            sent += 1;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    sent
}

/// Ends the flood, also when a measurement fails.
struct EndOfFlood<'a>(&'a AtomicBool);

impl Drop for EndOfFlood<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn five_thousand_messages_a_second_from_one_sensor_delay_no_other() {
    let broker = Broker::start(Memory::None).unwrap();
    let hall = hall(&broker);
    let mut agent = Agent::start(&hall).unwrap();
    wait::until_true("the sensor broker", SOON, || {
        let health = agent.health();
        let components = health["components"].as_array().cloned().unwrap_or_default();
        let mut components = components.iter();
        components.any(|c| c["name"] == "sensor_broker" && c["state"] == "up")
    })
    .unwrap();
    let mut calm = Device::connect(broker.port(), "calm", None).unwrap();
    let noisy = Device::connect(broker.port(), "noisy", None).unwrap();
    let mut witness = Device::connect(broker.port(), "witness", None).unwrap();
    witness.subscribe("zigbee2mqtt/W1").unwrap();
    figures("undisturbed", &latencies(&agent, &mut calm));
    let before = agent.resident_bytes().unwrap();

    let (stop, counted) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (taken, sent, refused, lasted) = std::thread::scope(|scope| {
        let client = noisy.client();
        let (stop, counted) = (&stop, &counted);
        let by_mqtt = scope.spawn(move || flood(&client, QoS::AtMostOnce, stop));
        // A client of its own, as another device is.
        let http = Http::new(hall.port());
        let by_http = scope.spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                if let Ok(answer) = http.post("/api/sensors/W2-radar", TOKEN, "on") {
                    counted.fetch_add(usize::from(answer.status == 429), Ordering::SeqCst);
                }
            }
        });
        let end = EndOfFlood(stop);
        let began = Instant::now();
        let taken = latencies(&agent, &mut calm);
        let lasted = began.elapsed();
        drop(end);
        by_http.join().unwrap();
        let sent = by_mqtt.join().unwrap();
        (taken, sent, counted.load(Ordering::SeqCst), lasted)
    });
    let (_, p95) = figures("beside the flood", &taken);
    let grown = agent.resident_bytes().unwrap().saturating_sub(before);
    println!(
        "flood: {sent} messages and {refused} refused requests in {lasted:.1?}; memory grew by {} KiB",
        grown >> 10
    );

    assert!(
        sent as f64 >= 0.95 * FLOOD_PER_S as f64 * lasted.as_secs_f64(),
        "{sent} messages sent"
    );
    let passed_on = witness.heard().len();
    assert!(
        passed_on as f64 >= 0.9 * sent as f64,
        "the broker passed on {passed_on} of {sent}"
    );
    assert!(refused > 0, "the one that hammers is told to send less");
    assert!(p95 < LATENCY_LIMIT, "{p95:?}");
    assert!(grown < MEMORY_LIMIT, "{grown} bytes");

    // The flood's own last word counts.
    let last = noisy.client();
    last.publish("zigbee2mqtt/W1", QoS::AtLeastOnce, false, payload(true))
        .unwrap();
    wait::until_true("W1's last word", SOON, || {
        let snapshot = agent.http().json("/api/snapshot").unwrap_or_default();
        value_of(&snapshot, "W1-radar") == true
    })
    .unwrap();
    agent.stop().unwrap();
}
