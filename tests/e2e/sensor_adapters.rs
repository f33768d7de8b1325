//! Every kind of sensor through its real line into the running box: devices on a broker with the payloads they really send, Modbus
//! units of another library on a serial line, a radar's bytes with noise; and each trap with the reason the box gives for it.

use std::path::Path;
use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::modbus::ModbusUnits;
use edge_tests::node::Node;
use edge_tests::tty::{LinePair, Talker};
use edge_tests::wait;
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);

/// One sensor of `/api/snapshot`; `Null` when it is not there.
pub fn sensor(agent: &Agent, id: &str) -> Value {
    let snapshot = agent.http().json("/api/snapshot").unwrap_or_default();
    let sensors = snapshot["sensors"].as_array().cloned().unwrap_or_default();
    let found = sensors.into_iter().find(|s| s["sensor"] == id);
    found.unwrap_or_default()
}

/// `good`, or quality and reason: `stale silent`.
pub fn stands(agent: &Agent, id: &str) -> String {
    let sensor = sensor(agent, id);
    let word = |key: &str| sensor[key].as_str().unwrap_or_default().to_owned();
    format!("{} {}", word("quality"), word("reason"))
        .trim()
        .to_owned()
}

pub fn wait_stands(agent: &Agent, id: &str, within: Duration, expected: &str) {
    wait::until_true(&format!("{id} to be {expected}"), within, || {
        stands(agent, id) == expected
    })
    .unwrap_or_else(|e| panic!("{e:#}: {}\n{}", sensor(agent, id), agent.log()));
}

/// Waits until a sensor is good and says this.
fn wait_says(agent: &Agent, id: &str, value: bool) {
    wait::until_true(&format!("{id} to say {value}"), SOON, || {
        let sensor = sensor(agent, id);
        sensor["quality"] == "good" && sensor["value"] == value
    })
    .unwrap_or_else(|e| panic!("{e:#}: {}\n{}", sensor(agent, id), agent.log()));
}

fn wait_window(agent: &Agent, id: &str, state: &str) {
    let now = || -> Option<Value> {
        let snapshot = agent.http().json("/api/snapshot").ok()?;
        let windows = snapshot["windows"].as_array()?.clone();
        windows.into_iter().find(|w| w["window"] == id)
    };
    wait::until_true(&format!("{id} to be {state}"), SOON, || {
        now().is_some_and(|w| w["state"] == state)
    })
    .unwrap_or_else(|e| panic!("{e:#}: {:?}", now()));
}

/// Newest revision of every event with this code, as `subject phase`.
fn events(agent: &Agent, code: &str) -> Vec<String> {
    let page = agent.http().json(&format!("/api/events?code={code}"));
    let events = page.unwrap()["events"].as_array().unwrap().clone();
    let word = |e: &Value, key: &str| e[key].as_str().unwrap_or_default().to_owned();
    let mut told: Vec<_> = events
        .iter()
        .map(|e| format!("{} {}", word(e, "subject"), word(e, "state")))
        .collect();
    told.sort();
    told
}

fn wait_events(agent: &Agent, code: &str, expected: &[&str]) {
    wait::until_true(&format!("{code} {expected:?}"), SOON, || {
        events(agent, code) == expected
    })
    .unwrap_or_else(|e| panic!("{e:#}: {:?}", events(agent, code)));
}

/// Waits until the newest fault of a sensor is open, or closed.
fn wait_fault(agent: &Agent, sensor: &str, state: &str) {
    wait::until_true(
        &format!("the fault of {sensor} to be {state}"),
        SOON,
        || {
            let path = format!("/api/events?code=sensor_fault&subject={sensor}");
            let page = agent.http().json(&path).unwrap_or_default();
            page["events"][0]["state"] == state
        },
    )
    .unwrap_or_else(|e| panic!("{e:#}: {:?}", events(agent, "sensor_fault")));
}

/// One window `W1`… per sensor, each given as the keys after its id and window.
fn hall(sensors: &[&str]) -> Hall {
    let mut hall = Hall::of_sensors(sensors.len()).unwrap();
    hall.rule("camera_fault_s", 2);
    hall.rule("camera_stale_s", 1);
    for (n, keys) in sensors.iter().enumerate() {
        let keys: toml_edit::DocumentMut = keys.parse().unwrap();
        hall.with_entry("sensors", &format!("W{}-radar", n + 1), |sensor| {
            sensor.remove("topic");
            sensor["id"] = toml_edit::value(format!("S{}", n + 1));
            for (key, value) in keys.iter() {
                sensor[key] = value.clone();
            }
        });
    }
    hall
}

#[test]
fn devices_on_the_broker_are_taken_as_they_speak_and_every_trap_has_its_reason() {
    let mut broker = Broker::start(Memory::Persistent).unwrap();
    let mut hall = hall(&[
        "topic = 'zigbee2mqtt/W1-fp1'",
        "topic = 'zigbee2mqtt/W2-radar'",
        "type = 'esphome'\ntopic = 'w3-radar/binary_sensor/has_target/state'",
        "type = 'tasmota'\nkind = 'seat'\ntopic = 'w4-seat'\nproperty = 'Switch1'",
        "kind = 'pause'\ntopic = 'zigbee2mqtt/W5-switch'\nproperty = 'contact'\ninvert = true",
        "type = 'mqtt'\ntopic = 'mats/6'\npointer = '/state/0/occupied'\non = ['belegt']\noff = ['frei']\navailability_topic = 'mats/6/alive'\nstale_s = 5",
    ]);
    hall.set("sensor_broker", "url", broker.url());
    let mut agent = Agent::start(&hall).unwrap();
    for n in 1..=6 {
        wait_stands(&agent, &format!("S{n}"), SOON, "stale not_heard");
    }

    let mut bridge = Node::connect(broker.port(), "zigbee2mqtt", None).unwrap();
    bridge
        .keep("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#)
        .unwrap();
    // Both forms of availability.
    bridge
        .keep("zigbee2mqtt/W1-fp1/availability", r#"{"state":"online"}"#)
        .unwrap();
    bridge
        .keep("zigbee2mqtt/W2-radar/availability", "online")
        .unwrap();
    let fp1 = r#"{"device_temperature":24,"linkquality":120,"monitoring_mode":"undirected","power_outage_count":3,"presence":true,"presence_event":"enter"}"#;
    bridge.say("zigbee2mqtt/W1-fp1", fp1).unwrap();
    wait_says(&agent, "S1", true);
    wait_window(&agent, "W1", "staffed");
    bridge
        .say(
            "zigbee2mqtt/W2-radar",
            r#"{"presence":true,"occupancy":false}"#,
        )
        .unwrap();
    wait_stands(&agent, "S2", SOON, "suspect contradictory");
    wait_window(&agent, "W2", "unknown");
    let contact = |closed: bool| format!(r#"{{"battery":97,"contact":{closed},"linkquality":90}}"#);
    bridge
        .say("zigbee2mqtt/W5-switch", &contact(false))
        .unwrap();
    wait_says(&agent, "S5", true);
    wait_window(&agent, "W5", "paused");

    let will = Some(("w3-radar/status", "offline"));
    let mut node = Node::connect(broker.port(), "w3-radar", will).unwrap();
    node.keep("w3-radar/status", "online").unwrap();
    let has_target = "w3-radar/binary_sensor/has_target/state";
    node.keep(has_target, "ON").unwrap();
    node.say("w3-radar/sensor/moving_distance/state", "81")
        .unwrap();
    wait_says(&agent, "S3", true);
    node.die();
    wait_stands(&agent, "S3", SOON, "fault offline");
    wait_events(&agent, "sensor_fault", &["S3 open"]);
    let mut node = Node::connect(broker.port(), "w3-radar", will).unwrap();
    node.keep("w3-radar/status", "online").unwrap();
    wait_stands(&agent, "S3", SOON, "stale not_heard");
    node.keep(has_target, "OFF").unwrap();
    wait_says(&agent, "S3", false);
    wait_window(&agent, "W3", "unstaffed");
    wait_events(&agent, "sensor_fault", &["S3 closed"]);

    // A Tasmota's time has no zone, and may be that of 1970: the reading is of now.
    let mut switch = Node::connect(
        broker.port(),
        "w4-seat",
        Some(("tele/w4-seat/LWT", "Offline")),
    )
    .unwrap();
    switch.keep("tele/w4-seat/LWT", "Online").unwrap();
    switch
        .say(
            "tele/w4-seat/SENSOR",
            r#"{"Time":"1970-01-01T00:00:12","Switch1":"ON"}"#,
        )
        .unwrap();
    wait_says(&agent, "S4", true);
    assert!(sensor(&agent, "S4")["age_ms"].as_i64() < Some(20_000));
    switch
        .say("stat/w4-seat/RESULT", r#"{"Switch1":{"Action":"OFF"}}"#)
        .unwrap();
    wait_says(&agent, "S4", false);

    // Silent while its availability says online.
    bridge.keep("mats/6/alive", "online").unwrap();
    bridge
        .say("mats/6", r#"{"state":[{"occupied":"belegt"}]}"#)
        .unwrap();
    wait_says(&agent, "S6", true);
    wait_stands(&agent, "S6", SOON, "stale silent");
    wait_window(&agent, "W6", "unknown");

    // The bridge goes: one event, nobody behind it is blamed, no pause is taken from it.
    bridge
        .keep("zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#)
        .unwrap();
    for id in ["S1", "S2", "S5"] {
        wait_stands(&agent, id, SOON, "stale gateway");
    }
    wait_window(&agent, "W5", "unknown");
    wait_events(&agent, "gateway_offline", &["zigbee2mqtt open"]);
    assert_eq!(stands(&agent, "S4"), "good");
    bridge.keep("zigbee2mqtt/bridge/state", "online").unwrap();
    wait_events(&agent, "gateway_offline", &["zigbee2mqtt closed"]);
    wait_stands(&agent, "S1", SOON, "stale not_heard");
    bridge.say("zigbee2mqtt/W1-fp1", fp1).unwrap();
    wait_says(&agent, "S1", true);

    // The broker goes: one event more. What it kept tells nothing of the present when it is back.
    broker.kill();
    for id in ["S1", "S3", "S4"] {
        wait_stands(&agent, id, SOON, "stale gateway");
    }
    let lost = ["sensor-broker open", "zigbee2mqtt closed"];
    wait_events(&agent, "gateway_offline", &lost);
    broker.restart().unwrap();
    let back = ["sensor-broker closed", "zigbee2mqtt closed"];
    wait_events(&agent, "gateway_offline", &back);
    wait_stands(&agent, "S1", SOON, "stale not_heard");
    wait_stands(&agent, "S3", SOON, "stale retained");
    bridge.say("zigbee2mqtt/W1-fp1", fp1).unwrap();
    node.keep(has_target, "ON").unwrap();
    wait_says(&agent, "S1", true);
    wait_says(&agent, "S3", true);
    assert_eq!(events(&agent, "sensor_fault"), ["S3 closed"]);
    agent.stop().unwrap();
}

fn serial_hall(line: &Path, radar: &Path) -> Hall {
    let (line, radar) = (line.display(), radar.display());
    let mut hall = hall(&[
        "type = 'modbus'\nkind = 'seat'\ngateway = 'line'\nunit = 11\ninput = 0",
        "type = 'modbus'\nkind = 'seat'\ngateway = 'line'\nunit = 11\ninput = 9\ninvert = true",
        "type = 'modbus'\nkind = 'pause'\ngateway = 'line'\nunit = 12\ninput = 3",
        &format!("type = 'ld2410'\ndevice = '{radar}'\nmax_cm = 150"),
    ]);
    hall.extend(&format!(
        "[[gateways]]\nid = 'line'\ndevice = '{line}'\nbaud = 9600\npoll_ms = 50\ndebounce_ms = 1500\n"
    ))
    .unwrap();
    hall
}

/// An LD2410's report of somebody sitting still at this distance in cm, or of nobody (with energy all the same).
fn frame(still_cm: Option<u8>) -> Vec<u8> {
    let (state, cm, energy) = still_cm.map_or((0, 0, 0x37), |cm| (2, cm, 0x3B));
    let body = [0x02, 0xAA, state, 0x51, 0, 0, cm, 0, energy, 0, 0, 0x55, 0];
    [
        &[0xF4, 0xF3, 0xF2, 0xF1, 0x0D, 0x00][..],
        &body,
        &[0xF8, 0xF7, 0xF6, 0xF5],
    ]
    .concat()
}

#[test]
fn contacts_and_a_radar_on_serial_lines_are_heard_through_bounce_noise_cuts_and_pulled_plugs() {
    let wires = tempfile::tempdir().unwrap();
    let line = LinePair::lay(wires.path()).unwrap();
    let radar = wires.path().join("radar");
    let mut units = ModbusUnits::rtu(line.far(), &[11, 12]).unwrap();
    let mut talker = Talker::plug_in(&radar).unwrap();
    let mut agent = Agent::start(&serial_hall(line.near(), &radar)).unwrap();

    // Several windows on one unit, several units on one line; a normally closed contact.
    for (id, value) in [("S1", false), ("S2", true), ("S3", false)] {
        wait_says(&agent, id, value);
    }
    units.set(11, 0, true).unwrap();
    units.set(12, 3, true).unwrap();
    wait_says(&agent, "S1", true);
    wait_window(&agent, "W3", "paused");

    // A contact that bounces for less than debounce_ms says nothing new.
    for _ in 0..4 {
        units.set(11, 0, false).unwrap();
        wait::throughout("the bounce is not seen", Duration::from_millis(200), || {
            sensor(&agent, "S1")["value"] != false
        })
        .unwrap();
        units.set(11, 0, true).unwrap();
        wait::throughout("the bounce is not seen", Duration::from_millis(200), || {
            sensor(&agent, "S1")["value"] != false
        })
        .unwrap();
    }
    assert_eq!(sensor(&agent, "S1")["ons_last_hour"], 1);

    // One unit of two is silent: its own sensor alone.
    units.mute(12).unwrap();
    wait_stands(&agent, "S3", SOON, "fault offline");
    wait_window(&agent, "W3", "unknown");
    wait_fault(&agent, "S3", "open");
    assert_eq!(stands(&agent, "S1"), "good");
    units.speak(12).unwrap();
    wait_says(&agent, "S3", true);
    wait_fault(&agent, "S3", "closed");

    // The radar, silent until now, through garbage, a cut frame, and other people's targets.
    let mut play = |bytes: &[&[u8]], present: bool| {
        let bytes = bytes.concat();
        wait::until_true(&format!("the radar to say {present}"), SOON, || {
            talker.say(&bytes).unwrap();
            let sensor = sensor(&agent, "S4");
            sensor["quality"] == "good" && sensor["value"] == present
        })
        .unwrap_or_else(|e| panic!("{e:#}: {}", sensor(&agent, "S4")));
    };
    let noise: &[u8] = &[0x00, 0xF4, 0xF4, 0xF3, 0xFF, 0xF8];
    play(&[&frame(Some(81))], true);
    play(&[noise, &frame(Some(81))[..11], &frame(None)], false);
    play(&[&[0xAA; 70], &frame(Some(90)), noise], true);
    play(&[&frame(Some(200))], false);
    drop(talker);
    wait_stands(&agent, "S4", SOON, "fault offline");
    wait_fault(&agent, "S4", "open");
    let mut talker = Talker::plug_in(&radar).unwrap();
    wait::until_true("the radar again", SOON, || {
        talker.say(&frame(Some(81))).unwrap();
        stands(&agent, "S4") == "good"
    })
    .unwrap();

    // The adapter is pulled: one event for the line, none for what hangs on it.
    drop(units);
    drop(line);
    for id in ["S1", "S2", "S3"] {
        wait_stands(&agent, id, SOON, "stale gateway");
    }
    wait_events(&agent, "gateway_offline", &["line open"]);
    let line = LinePair::lay(wires.path()).unwrap();
    let _units = ModbusUnits::rtu(line.far(), &[11, 12]).unwrap();
    wait_says(&agent, "S1", false);
    wait_events(&agent, "gateway_offline", &["line closed"]);
    let faults = events(&agent, "sensor_fault");
    let blamed = |fault: &String| fault.starts_with("S1");
    assert!(!faults.iter().any(blamed), "{faults:?}\n{}", agent.log());
    agent.stop().unwrap();
}
