//! `sensors listen` beside a running box: everything that speaks is listed, and what it suggests can be pasted into hall.toml.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use edge_tests::agent::{Agent, run, run_with};
use edge_tests::broker::{Broker, Memory};
use edge_tests::device::Device;
use edge_tests::hall::Hall;
use edge_tests::modbus::ModbusUnits;
use edge_tests::port::free_port;
use edge_tests::tty::LinePair;
use edge_tests::wait;
use serde_json::Value;
use toml_edit::value;

const SOON: Duration = Duration::from_secs(30);
const TOKEN: &str = "5f6d1c0e9b7a48d2a3c4e5f60718293a";

/// What devices say, as their makers document it.
const SAID: [(&str, &str); 9] = [
    (
        "zigbee2mqtt/W1",
        r#"{"presence":true,"illuminance":210,"linkquality":90}"#,
    ),
    (
        "zigbee2mqtt/W2-fp1",
        r#"{"presence":false,"presence_event":"leave","device_temperature":24,"linkquality":80}"#,
    ),
    ("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#),
    ("w2-radar/binary_sensor/has_target/state", "ON"),
    ("w2-radar/binary_sensor/has_moving_target/state", "OFF"),
    (
        "tele/w3-seat/SENSOR",
        r#"{"Time":"2026-09-21T03:00:00","Switch1":"ON","ANALOG":{"A0":7}}"#,
    ),
    ("mats/5", r#"{"state":[{"occupied":1}],"at":1789956000250}"#),
    (
        "cam3/onvif-ej/Device/Trigger/DigitalInput/&1",
        r#"{"UtcTime":"2026-09-21T02:00:00Z","Data":{"LogicalState":"true"}}"#,
    ),
    ("weather/roof", r#"{"temperature":21.5}"#),
];
/// An LD2410 that sees somebody who keeps still, 81 cm away (domain notes, golden bytes).
const STILL: [u8; 23] = [
    0xF4, 0xF3, 0xF2, 0xF1, 0x0D, 0x00, 0x02, 0xAA, 0x02, 0x51, 0x00, 0x00, 0x00, 0x00, 0x3B, 0x00,
    0x00, 0x55, 0x00, 0xF8, 0xF7, 0xF6, 0xF5,
];

/// Plays a radar until told to stop.
fn radar(device: &Path, stop: &AtomicBool) {
    let mut line = File::options().append(true).open(device).unwrap();
    while !stop.load(Ordering::SeqCst) {
        line.write_all(b"\x00\xF4noise").unwrap();
        line.write_all(&STILL).unwrap();
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

/// The signal of that name in the JSON form.
fn signal(report: &Value, name: &str) -> Value {
    let signals = report["signals"].as_array().into_iter().flatten();
    let found = signals.into_iter().find(|s| s["signal"] == name);
    found
        .unwrap_or_else(|| panic!("{name} is not in {report:#}"))
        .clone()
}

fn note(report: &Value, about: &str) -> String {
    let notes = report["listeners"].as_object().into_iter().flatten();
    let found = notes.into_iter().find(|(name, _)| name.contains(about));
    let text = found
        .unwrap_or_else(|| panic!("nothing about {about} in {report:#}"))
        .1;
    text.as_str().unwrap_or_default().to_owned()
}

#[test]
fn what_speaks_is_listed_beside_a_running_box_and_the_suggestions_can_be_pasted() {
    let broker = Broker::start(Memory::None).unwrap();
    let port = free_port().unwrap();
    let mut units = ModbusUnits::tcp(port, &[2]).unwrap();
    let mut hall = Hall::of_sensors(3).unwrap();
    hall.set("sensor_broker", "url", broker.url());
    let folder = hall.folder().to_owned();
    let lay = |name: &str| {
        let folder = folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        LinePair::lay(&folder).unwrap()
    };
    let (held, free) = (lay("held"), lay("free"));
    hall.with_entry("sensors", "W2-radar", |sensor| {
        sensor["type"] = value("http");
        sensor["token_env"] = value("W2_TOKEN");
        sensor.remove("topic");
    });
    hall.env("W2_TOKEN", TOKEN);
    hall.with_entry("sensors", "W3-radar", |sensor| {
        sensor["type"] = value("ld2410");
        sensor["device"] = value(held.near().display().to_string());
        sensor.remove("topic");
    });
    hall.extend(&format!(
        "[[gateways]]\nid = \"modbus-1\"\nurl = \"tcp://127.0.0.1:{}\"\n\
         [[sensors]]\nid = \"W1-seat\"\nwindow = \"W1\"\nkind = \"seat\"\ntype = \"modbus\"\ngateway = \"modbus-1\"\nunit = 2\ninput = 0\n",
        port
    ))
    .unwrap();
    units.set(2, 3, true).unwrap();

    let stop = AtomicBool::new(false);
    let (report, pasted) = std::thread::scope(|scope| {
        struct End<'a>(&'a AtomicBool);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let _end = End(&stop);
        scope.spawn(|| radar(held.far(), &stop));
        scope.spawn(|| radar(free.far(), &stop));
        let agent = Agent::start(&hall).unwrap();
        wait::until_true("all links of the running box", SOON, || {
            let health = agent.health();
            let components = health["components"].as_array().cloned().unwrap_or_default();
            let up = |name: &str| {
                components
                    .iter()
                    .any(|c| c["name"] == name && c["state"] == "up")
            };
            up("sensor_broker") && up("gateway:modbus-1") && up("sensor:W3-radar")
        })
        .unwrap_or_else(|e| panic!("{e:#}\n{}", agent.log()));
        let pushed = agent
            .http()
            .post("/api/sensors/W2-radar", TOKEN, "on")
            .unwrap();
        assert_eq!(pushed.status, 200);
        let mut device = Device::connect(broker.port(), "devices", None).unwrap();
        device.publish("kept/door", "ON", true).unwrap();

        let file = folder.join("hall.toml").display().to_string();
        let free = free.near().display().to_string();
        let arguments = [
            "sensors", "listen", "--config", &file, "--device", &free, "--units", "1-3", "--for",
            "12s",
        ];
        let mut listen = |more: &[&str]| {
            let arguments = [&arguments, more].concat();
            let environment = hall.environment();
            std::thread::scope(|inner| {
                let listening = inner.spawn(move || run_with(&arguments, environment).unwrap());
                while !listening.is_finished() {
                    for (topic, payload) in SAID {
                        device.publish(topic, payload, false).unwrap();
                    }
                    std::thread::park_timeout(Duration::from_millis(300));
                }
                let output = listening.join().unwrap();
                let text = String::from_utf8(output.stdout).unwrap();
                assert!(
                    output.status.success(),
                    "{text}\n{}",
                    String::from_utf8_lossy(&output.stderr)
                );
                text
            })
        };
        let report: Value = serde_json::from_str(&listen(&["--json"])).unwrap();
        let text = listen(&[]);
        println!("{text}");
        let log = agent.log();
        assert!(
            !log.contains("gateway does not answer"),
            "the box went on undisturbed: {log}"
        );
        assert!(
            !log.contains("Radar not heard"),
            "the box went on undisturbed: {log}"
        );
        let (_, pasted) = text
            .split_once("with the right window and kind:\n")
            .expect("suggestions");
        (report, pasted.to_owned())
    });

    for (name, family, now, sensor) in [
        (
            "zigbee2mqtt/W1 presence",
            "zigbee2mqtt",
            "on",
            Some("W1-radar"),
        ),
        ("zigbee2mqtt/W2-fp1 presence", "zigbee2mqtt", "off", None),
        (
            "w2-radar/binary_sensor/has_target/state",
            "esphome",
            "on",
            None,
        ),
        ("w3-seat Switch1", "tasmota", "on", None),
        ("mats/5 /state/0/occupied", "mqtt", "on", None),
        (
            "cam3/onvif-ej/Device/Trigger/DigitalInput/&1 LogicalState",
            "onvif",
            "on",
            None,
        ),
        ("kept/door", "mqtt", "on", None),
        ("modbus-1 unit 2 input 0", "modbus", "off", Some("W1-seat")),
        ("modbus-1 unit 2 input 3", "modbus", "on", None),
        (&free.near().display().to_string(), "ld2410", "on", None),
        ("POST /api/sensors/W2-radar", "http", "on", Some("W2-radar")),
    ] {
        let found = signal(&report, name);
        let told = (&found["type"], &found["value"], &found["sensor"]);
        assert_eq!(
            told,
            (&family.into(), &now.into(), &sensor.into()),
            "{name}"
        );
        let is_suggested = found["suggestion"].is_string();
        assert_eq!(is_suggested, sensor.is_none(), "{name}: {found}");
    }
    // The best signal of a device is suggested, and only that.
    let moving = signal(&report, "w2-radar/binary_sensor/has_moving_target/state");
    assert!(moving["suggestion"].is_null());
    assert!(
        note(&report, "held/tty-near").contains("in use by edge-agent"),
        "{report:#}"
    );
    assert_eq!(note(&report, "modbus-1"), "connected, 1 units answer");
    let heard = report["heard"].as_array().unwrap();
    let of = |name: &str| heard.iter().find(|h| h["source"] == name).unwrap();
    assert_eq!(of("kept/door")["kept"], true);
    assert_eq!(of("weather/roof")["value"], r#"{"temperature":21.5}"#);

    // Pasted as they are, the suggestions are a valid configuration, each heard where it was found.
    assert!(pasted.matches("[[sensors]]").count() >= 8, "{pasted}");
    let file = folder.join("pasted.toml");
    std::fs::write(&file, format!("{}\n{pasted}", hall.text())).unwrap();
    let checked = run_with(
        &["check", "--config", &file.display().to_string()],
        hall.environment(),
    )
    .unwrap();
    let errors = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success(), "{errors}\n{pasted}");
}

#[test]
fn without_anything_to_hear_it_says_so() {
    let mut hall = Hall::of_sensors(1).unwrap();
    hall.set("sensor_broker", "url", "mqtt://127.0.0.1:1");
    let file = hall.write().unwrap().display().to_string();
    let output = run(&["sensors", "listen", "--config", &file, "--for", "3s"]).unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success());
    assert!(text.contains("sensor broker 127.0.0.1:1: "), "{text}");
    assert!(text.contains("0 heard"), "{text}");
}
