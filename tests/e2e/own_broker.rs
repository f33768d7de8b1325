//! The box's own sensor broker: each device with its own password and topics, apart from the uplink; it comes back, ends with the box
//! and keeps what it was told to keep.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use edge_tests::agent::{Agent, run_with};
use edge_tests::broker::{Broker, Memory};
use edge_tests::child::owned;
use edge_tests::device::Device;
use edge_tests::hall::Hall;
use edge_tests::port::free_port;
use edge_tests::signal::{self, Signal};
use edge_tests::subscriber::Subscriber;
use edge_tests::wait;
use serde_json::Value;
use toml_edit::value;

const SOON: Duration = Duration::from_secs(30);
const NODE_PASSWORD: &str = "a-password-of-the-installer";

/// Two windows: a radar behind Zigbee2MQTT at W1, an ESPHome node at W2; a broker of the box's own on a free port.
fn hall() -> (Hall, u16) {
    let mut hall = Hall::of_sensors(2).unwrap();
    let port = free_port().unwrap();
    hall.with_entry("sensors", "W2-radar", |sensor| {
        sensor["type"] = value("esphome");
        sensor["topic"] = value("w2-node/binary_sensor/has_target/state");
    });
    hall.extend(&format!(
        "[sensor_broker]\nlisten = \"127.0.0.1:{port}\"\n\
         [[sensor_broker.logins]]\nid = \"zigbee2mqtt\"\n\
         [[sensor_broker.logins]]\nid = \"w2-node\"\npassword_env = \"W2_PASSWORD\"\n"
    ))
    .unwrap();
    hall.env("W2_PASSWORD", NODE_PASSWORD);
    (hall, port)
}

fn folder(hall: &Hall) -> PathBuf {
    hall.folder().join("store/sensor-broker")
}

/// What the installer is shown for a device.
fn password(hall: &Hall, login: &str) -> String {
    let file = hall.write().unwrap().display().to_string();
    let arguments = ["sensors", "login", login, "--config", &file];
    let output = run_with(&arguments, hall.environment()).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}{errors}");
    let line = text.lines().find_map(|line| line.strip_prefix("password"));
    line.expect("a password").trim().to_owned()
}

fn component(agent: &Agent, name: &str) -> (String, String) {
    let health = agent.health();
    let components = health["components"].as_array().cloned().unwrap_or_default();
    let found = components.into_iter().find(|c| c["name"] == name);
    let found = found.unwrap_or_default();
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("state"), text("detail"))
}

fn wait_up(agent: &Agent, name: &str) {
    wait::until_true(&format!("{name} up"), SOON, || {
        component(agent, name).0 == "up"
    })
    .unwrap_or_else(|e| panic!("{e:#}: {:?}\n{}", component(agent, name), agent.log()));
}

fn window(agent: &Agent, n: usize) -> Value {
    let snapshot = agent.http().json("/api/snapshot").unwrap_or_default();
    snapshot["windows"][n]["state"].clone()
}

fn wait_window(agent: &Agent, n: usize, state: &str) {
    wait::until_true(&format!("window {n} {state}"), SOON, || {
        window(agent, n) == state
    })
    .unwrap_or_else(|e| panic!("{e:#}\n{}", agent.log()));
}

/// The broker's process, if it runs.
fn broker_pid(folder: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(folder.join("mosquitto.pid")).ok()?;
    let pid = text.trim().parse().ok()?;
    running_on(folder).contains(&pid).then_some(pid)
}

/// Every process with this folder's configuration on its command line.
fn running_on(folder: &Path) -> Vec<u32> {
    let config = folder.join("mosquitto.conf");
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut arguments = line.split(|byte| *byte == 0);
        arguments.any(|argument| argument == config.as_os_str().as_encoded_bytes())
    })
    .collect()
}

#[test]
fn a_device_gets_in_with_its_own_password_and_speaks_only_for_itself() {
    let (mut hall, port) = hall();
    let centre = Broker::start(Memory::None).unwrap();
    hall.set("uplink", "url", centre.url());
    let at_centre = Subscriber::start(centre.port(), "#", None).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    wait_up(&agent, "own_broker");
    wait_up(&agent, "sensor_broker");
    let (_, detail) = component(&agent, "own_broker");
    assert!(detail.contains("no password yet: zigbee2mqtt"), "{detail}");

    // Nothing is there by default.
    let get_in = |login| Device::connect(port, "device", login);
    for login in [
        None,
        Some(("zigbee2mqtt", "")),
        Some(("zigbee2mqtt", "zigbee2mqtt")),
        Some(("edge-agent", "edge-agent")),
        Some(("w2-node", "a-wrong-password")),
    ] {
        assert!(get_in(login).is_err(), "{login:?} got in");
    }

    let first = password(&hall, "zigbee2mqtt");
    let second = password(&hall, "zigbee2mqtt");
    assert_ne!(first, second);
    let mut zigbee = wait::until("the new password to be taken", SOON, || {
        get_in(Some(("zigbee2mqtt", &second))).ok()
    })
    .unwrap_or_else(|e| panic!("{e:#}\n{}", agent.log()));
    assert!(
        get_in(Some(("zigbee2mqtt", &first))).is_err(),
        "the old password still opens"
    );
    wait::until_true("nothing missing any more", SOON, || {
        component(&agent, "own_broker") == ("up".into(), String::new())
    })
    .unwrap();

    // The client id of the box's own link is no way to throw it out.
    let mut node = Device::connect(
        port,
        "edge-agent-510000-002-b1-sensors",
        Some(("w2-node", NODE_PASSWORD)),
    )
    .unwrap();
    node.subscribe("#").unwrap();
    zigbee
        .publish("zigbee2mqtt/W1", r#"{"presence":true}"#, false)
        .unwrap();
    wait_window(&agent, 0, "staffed");
    node.publish("w2-node/binary_sensor/has_target/state", "ON", false)
        .unwrap();
    wait_window(&agent, 1, "staffed");

    // A node that speaks for another's sensor is not heard, and hears nobody.
    node.publish("zigbee2mqtt/W1", r#"{"presence":false}"#, false)
        .unwrap();
    node.publish("w2-node/binary_sensor/has_target/state", "OFF", false)
        .unwrap();
    wait_window(&agent, 1, "unstaffed");
    assert_eq!(window(&agent, 0), "staffed");
    let heard = node.heard();
    assert!(!heard.is_empty(), "its own topics it hears");
    assert!(
        heard.iter().all(|(topic, _)| topic.starts_with("w2-node/")),
        "{heard:?}"
    );
    let log = agent.log();
    assert_eq!(log.matches("Sensor broker connected.").count(), 1, "{log}");

    // Nothing passes between the sensors' broker and the centre's.
    wait::until_true("the uplink", SOON, || !at_centre.messages().is_empty()).unwrap();
    let strays: Vec<_> = at_centre
        .messages()
        .into_iter()
        .filter(|m| !m.topic.starts_with("hall/v1/"))
        .collect();
    assert!(strays.is_empty(), "{strays:?}");

    agent.stop().unwrap();
    let log = agent.log();
    let store = folder(&hall);
    let mut files = vec![store.clone()];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        let mode = path.metadata().unwrap().permissions().mode();
        // mosquitto writes its number and what it keeps by its own umask, inside a folder that is closed.
        let by_mosquitto = path.extension().is_some_and(|e| e == "pid" || e == "db");
        assert!(
            mode & 0o077 == 0 || by_mosquitto,
            "{} has mode {mode:o}",
            path.display()
        );
        if path.is_dir() {
            files.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        seen += 1;
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        for secret in [&first, &second, NODE_PASSWORD] {
            assert!(
                !text.contains(secret),
                "{} holds a password",
                path.display()
            );
            assert!(!log.contains(secret), "the log holds a password");
        }
    }
    assert!(seen >= 5, "{seen} files");
}

#[test]
fn the_broker_comes_back_ends_with_the_box_and_keeps_retained_messages() {
    let (hall, port) = hall();
    let folder = folder(&hall);
    let mut agent = Agent::start(&hall).unwrap();
    wait_up(&agent, "sensor_broker");
    let login = Some(("w2-node", NODE_PASSWORD));
    let mut node = Device::connect(port, "node", login).unwrap();
    node.publish("w2-node/kept", "still here", true).unwrap();

    // It dies: the supervisor starts it again, and says so.
    let first = broker_pid(&folder).expect("the broker runs");
    signal::send(first, Signal::Kill).unwrap();
    wait::until_true("its fall in /health", SOON, || {
        component(&agent, "own_broker")
            .1
            .contains("the broker ended")
    })
    .unwrap_or_else(|e| panic!("{e:#}: {:?}", component(&agent, "own_broker")));
    wait_up(&agent, "own_broker");
    wait_up(&agent, "sensor_broker");
    let (_, detail) = component(&agent, "own_broker");
    assert!(detail.contains("started again 1 times"), "{detail}");
    let second = broker_pid(&folder).expect("a new one");
    assert_ne!(first, second);
    let mut node = Device::connect(port, "node", login).unwrap();
    node.publish("w2-node/kept", "still here", true).unwrap();
    node.publish("w2-node/binary_sensor/has_target/state", "ON", false)
        .unwrap();
    wait_window(&agent, 1, "staffed");

    // The box is killed: nothing is left over, and what was kept is there after the next start.
    agent.kill();
    wait::until_true("the broker to end with the box", SOON, || {
        running_on(&folder).is_empty()
    })
    .unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    wait_up(&agent, "sensor_broker");
    let mut node = Device::connect(port, "node", login).unwrap();
    node.subscribe("w2-node/#").unwrap();
    wait::until_true("what was kept", SOON, || {
        let kept = ("w2-node/kept".to_owned(), "still here".to_owned());
        node.heard().contains(&kept)
    })
    .unwrap();

    // An orderly end is one of the broker too.
    agent.stop().unwrap();
    assert_eq!(running_on(&folder), Vec::<u32>::new());
}

#[test]
fn a_broker_left_behind_is_ended_first_and_a_taken_port_is_named() {
    let (hall, port) = hall();
    let folder = folder(&hall);
    let mut agent = Agent::start(&hall).unwrap();
    wait_up(&agent, "own_broker");
    agent.stop().unwrap();

    // As if the kernel had not ended it with the box.
    let mut left = owned("/usr/sbin/mosquitto")
        .arg("-c")
        .arg(folder.join("mosquitto.conf"))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait::until_true("the broker of before", SOON, || {
        broker_pid(&folder) == Some(left.id())
    })
    .unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    wait_up(&agent, "sensor_broker");
    assert!(left.wait().is_ok(), "it has ended");
    let new = broker_pid(&folder).expect("a new one");
    assert_ne!(new, left.id());
    assert_eq!(running_on(&folder), [new]);
    agent.stop().unwrap();

    // Somebody else has the port: said, and tried again until it is free.
    let other = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    wait::until_true("the reason in /health", SOON, || {
        component(&agent, "own_broker")
            .1
            .contains("Address already in use")
    })
    .unwrap_or_else(|e| panic!("{e:#}: {:?}", component(&agent, "own_broker")));
    drop(other);
    wait_up(&agent, "own_broker");
    agent.stop().unwrap();
}
