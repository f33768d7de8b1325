//! Sensors beside video, in one box that goes on running: each is found out for what is wrong with it, with the reason, and nobody is
//! accused for it. Scenarios 35 to 40 and 51 of the domain reference, with thresholds of seconds.

use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::centre::Centre;
use edge_tests::hall::Hall;
use edge_tests::modbus::ModbusUnits;
use edge_tests::node::Node;
use edge_tests::port::free_port;
use edge_tests::radar::Radar;
use edge_tests::rtsp::RtspServer;
use edge_tests::subscriber::{Subscriber, brief};
use edge_tests::wait;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::{Value, json};

use crate::judged_hall::morning;
use crate::sensor_adapters::{sensor, stands, wait_stands};

const SOON: Duration = Duration::from_secs(30);
/// A round of the clips and a half: everything scripted has happened in it.
const ROUND: Duration = Duration::from_secs(150);
const SOURCE: &str = "/51/5100/510000/510000-001/demo";
/// Duty of W2 begins with the next whole minute. The box is started at these seconds of the one before: long enough for its sensor to
/// be stuck on by then, and early enough for the first absence of the clips (20 s to 58 s) to go on after it.
const START_AT: std::ops::Range<i8> = 15..25;

/// Duty times of an hour from the next whole minute on, for every day of the week.
fn duty_soon() -> String {
    wait::until_true("the minute to be a quarter over", ROUND, || {
        START_AT.contains(&local_time().second())
    })
    .unwrap();
    let local = local_time();
    let minute = i32::from(local.hour()) * 60 + i32::from(local.minute()) + 1;
    let clock = |minute: i32| format!("{:02}:{:02}", minute / 60, minute % 60);
    let segments = match minute % 1440 {
        from if from + 60 <= 1440 => format!("[\"{}-{}\"]", clock(from), clock(from + 60)),
        from => {
            let late = clock(from + 60 - 1440);
            format!("[\"00:00-{late}\", \"{}-24:00\"]", clock(from))
        }
    };
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    days.map(|day| format!("{day} = {segments}\n")).concat()
}

fn local_time() -> DateTime {
    Offset::constant(8).to_datetime(Timestamp::now())
}

fn hall(cameras: &RtspServer, broker: &Broker, modbus_port: u16) -> Hall {
    let mut hall = Hall::demo().unwrap();
    hall.camera("windows", &cameras.url("windows"));
    hall.camera("corner", &cameras.url("corner"));
    hall.broker(&broker.url());
    for (rule, seconds) in [
        ("sensor_stale_s", 15),
        ("stuck_on_s", 10),
        ("stuck_off_s", 25),
        ("conflict_s", 12),
        ("mismatch_s", 8),
    ] {
        hall.rule(rule, seconds);
    }
    hall.rule("flapping_count_per_h", 5);
    hall.with_entry("queues", "Q1", |queue| {
        queue["tickets"] = toml_edit::value(true);
    });
    let duty: toml_edit::DocumentMut = duty_soon().parse().unwrap();
    hall.with_entry("windows", "W2", |window| {
        window["duty"] = toml_edit::Item::Table(duty.as_table().clone());
    });
    hall.extend(&format!(
        r#"
[[gateways]]
id = "modbus-1"
url = "tcp://127.0.0.1:{modbus_port}"
[[sensors]]
id = "W1-seat"
window = "W1"
kind = "seat"
type = "zigbee2mqtt"
topic = "zigbee2mqtt/W1-seat"
[[sensors]]
id = "W2-seat"
window = "W2"
kind = "seat"
type = "zigbee2mqtt"
topic = "zigbee2mqtt/W2-seat"
[[sensors]]
id = "W3-radar"
window = "W3"
kind = "presence"
type = "zigbee2mqtt"
topic = "zigbee2mqtt/W3-radar"
[[sensors]]
id = "W3-pause"
window = "W3"
kind = "pause"
type = "modbus"
gateway = "modbus-1"
unit = 1
input = 0
[[sensors]]
id = "W4-seat"
window = "W4"
kind = "seat"
type = "modbus"
gateway = "modbus-1"
unit = 1
input = 5
[[tickets]]
id = "machine"
type = "mqtt"
topic = "tickets/all"
queues = [{{ name = "综合", queue = "Q1" }}]
"#
    ))
    .unwrap();
    hall
}

fn window(agent: &Agent, id: &str) -> Value {
    let snapshot = agent.http().json("/api/snapshot").unwrap_or_default();
    let windows = snapshot["windows"].as_array().cloned().unwrap_or_default();
    let found = windows.into_iter().find(|w| w["window"] == id);
    found.unwrap_or_default()
}

fn wait_window(agent: &Agent, id: &str, within: Duration, state: &str, reason: &str) {
    let what = format!("{id} to be {state} by {reason}");
    wait::until_true(&what, within, || {
        let window = window(agent, id);
        window["state"] == state && window["reason"] == reason
    })
    .unwrap_or_else(|e| panic!("{e:#}: {}", window(agent, id)));
}

/// Events about one subject, as `code phase`.
fn told(centre: &Subscriber, subject: &str) -> Vec<String> {
    let events = centre.events();
    let about = events.iter().filter(|e| e["subject"] == subject);
    about
        .map(|e| format!("{} {}", text(&e["data"]["code"]), text(&e["data"]["phase"])))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn sensors_that_are_stuck_silent_chatty_or_contradict_the_picture_are_found_out_by_the_box() {
    let cameras = RtspServer::start(morning(&["windows", "corner"]), None).unwrap();
    let broker = Broker::start(Memory::None).unwrap();
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let county = Centre::new("county", 1, SOURCE, broker.port()).unwrap();
    let modbus_port = free_port().unwrap();
    let mut units = ModbusUnits::tcp(modbus_port, &[1]).unwrap();
    units.set(1, 5, true).unwrap();
    let never_on = Radar::start(broker.port(), "zigbee2mqtt/W1-seat").unwrap();
    never_on.set(false);
    let bag = Radar::start(broker.port(), "zigbee2mqtt/W2-seat").unwrap();
    let silent = Radar::start(broker.port(), "zigbee2mqtt/W3-radar").unwrap();
    let fan = Radar::start(broker.port(), "zigbee2mqtt/W4-radar").unwrap();
    let mut bridge = Node::connect(broker.port(), "bridge", None).unwrap();
    bridge
        .keep("zigbee2mqtt/W3-radar/availability", r#"{"state":"online"}"#)
        .unwrap();
    let mut hall = hall(&cameras, &broker, modbus_port);
    hall.signer("county", &county.public_key(), &["supervisor"]);
    let mut agent = Agent::start(&hall).unwrap();
    for id in ["W1-seat", "W2-seat", "W3-radar", "W4-radar", "W4-seat"] {
        wait_stands(&agent, id, SOON, "good");
    }
    for id in ["W1", "W3", "W4"] {
        wait::until_true(&format!("{id} staffed"), SOON, || {
            window(&agent, id)["state"] == "staffed"
        })
        .unwrap();
    }

    // 37: the clerk of W1 is seen, the seat says nobody.
    assert_eq!(sensor(&agent, "W1-seat")["value"], false);
    assert_eq!(window(&agent, "W1")["reason"], "video_present");

    // 51: the machine says thirty wait, the camera sees a few.
    let waiting: Vec<_> = (1..=30)
        .map(|n| json!({"ticket": format!("A{n}")}))
        .collect();
    bridge
        .say("tickets/all", &json!(waiting).to_string())
        .unwrap();

    // 40: the pause switch is on when the gateway is unplugged.
    units.set(1, 0, true).unwrap();
    wait_window(&agent, "W3", SOON, "paused", "pause_declared");
    drop(units);
    for id in ["W3-pause", "W4-seat"] {
        wait_stands(&agent, id, SOON, "stale gateway");
    }
    wait::until_true("no false pause", SOON, || {
        window(&agent, "W3")["state"] == "staffed"
    })
    .unwrap();

    // 38: a fan before the radar.
    for n in 0..16 {
        fan.set(n % 2 == 0);
        let value = n % 2 == 0;
        wait::until_true("the radar to be heard", SOON, || {
            sensor(&agent, "W4-radar")["value"] == value
        })
        .unwrap();
    }
    wait_stands(&agent, "W4-radar", SOON, "suspect flapping");
    assert!(sensor(&agent, "W4-radar")["ons_last_hour"].as_u64() >= Some(6));

    // 39: the radar of W3 dies while its bridge still calls it online; video goes on.
    drop(silent);
    wait_stands(&agent, "W3-radar", SOON, "stale silent");
    assert_eq!(window(&agent, "W3")["reason"], "video_present");

    // 40: one event, and none about what hangs on it; heard again, it is over.
    let gateway = |phase: &'static str| {
        centre
            .wait_event("the gateway", SOON, |e, data| {
                e["subject"] == "gateway/modbus-1" && data["phase"] == phase
            })
            .unwrap()
    };
    assert_eq!(gateway("raised")["data"]["code"], "gateway_offline");
    let mut units = ModbusUnits::tcp(modbus_port, &[1]).unwrap();
    units.set(1, 5, true).unwrap();
    gateway("cleared");
    for id in ["W3-pause", "W4-seat"] {
        wait_stands(&agent, id, SOON, "good");
        assert!(told(&centre, &format!("sensor/{id}")).is_empty(), "{id}");
    }
    assert_eq!(
        told(&centre, "gateway/modbus-1"),
        ["gateway_offline raised", "gateway_offline cleared"]
    );

    // 36: on all the time before duty; then video alone judges W2 although the bag is still there.
    let fault = |sensor: &str, tag: &str| {
        centre
            .wait_event(&format!("{sensor} {tag}"), ROUND, |e, data| {
                e["subject"] == format!("sensor/{sensor}").as_str()
                    && data["code"] == "sensor_fault"
                    && data["tags"] == json!([tag])
            })
            .unwrap()
    };
    fault("W2-seat", "stuck_on");
    fault("W4-radar", "flapping");
    fault("W1-seat", "stuck_off");
    assert_eq!(stands(&agent, "W2-seat"), "suspect stuck_on");
    assert_eq!(stands(&agent, "W1-seat"), "suspect stuck_off");
    let absence = centre
        .wait_event("W2 to be unstaffed", ROUND, |e, data| {
            e["subject"] == "window/W2"
                && (data["code"] == "unstaffed" || data["code"] == "late_open")
        })
        .unwrap();
    assert_eq!(
        absence["data"]["evidence_sources"],
        json!(["video:windows"])
    );

    // 51: told by then, and the line was never taken for empty.
    centre
        .wait_event("the mismatch", SOON, |e, data| {
            e["subject"] == "queue/Q1" && data["code"] == "source_mismatch"
        })
        .unwrap();
    let snapshot = agent.http().json("/api/snapshot").unwrap();
    assert_eq!(snapshot["queues"][0]["length"], 30, "{snapshot}");

    // What the centre and a monitor are told at that time.
    let meta = centre.last("/meta").unwrap().json();
    let sensors = meta["sensors"].as_array().unwrap();
    let of = |id: &str| sensors.iter().find(|s| s["id"] == id).unwrap().clone();
    for (id, quality, reason) in [
        ("W1-seat", "suspect", json!("stuck_off")),
        ("W2-seat", "suspect", json!("stuck_on")),
        ("W3-radar", "stale", json!("silent")),
        ("W4-radar", "suspect", json!("flapping")),
        ("W4-seat", "good", Value::Null),
    ] {
        let told = of(id);
        assert_eq!(
            (text(&told["quality"]), &told["reason"]),
            (quality, &reason),
            "{meta}"
        );
        assert_eq!(told["since"].is_null(), reason.is_null(), "{told}");
        assert!(
            told["age_s"]
                .as_i64()
                .is_some_and(|age| (0..600).contains(&age)),
            "{told}"
        );
    }
    let metrics = agent.http().get("/metrics").unwrap().text();
    for row in [
        "edge_sensor_quality{sensor=\"W1-seat\"} 2",
        "edge_sensor_quality{sensor=\"W3-radar\"} 1",
        "edge_sensor_quality{sensor=\"W4-seat\"} 0",
        "edge_sensor_trouble_seconds{sensor=\"W4-radar\",quality=\"suspect\",reason=\"flapping\"}",
        "edge_sensor_last_reading_age_seconds{sensor=\"W3-radar\"}",
        "edge_sensor_ons_last_hour{sensor=\"W4-radar\"}",
    ] {
        assert!(metrics.contains(row), "{row}\n{metrics}");
    }

    // 35: the bag is lifted once, so that the sensor is believed, and put back. In the next round W2 is empty again.
    centre
        .wait_event("W2 to be staffed again", ROUND, |e, data| {
            e["subject"] == "window/W2" && data["phase"] == "cleared"
        })
        .unwrap();
    bag.set(false);
    wait_stands(&agent, "W2-seat", SOON, "good");
    bag.set(true);
    // 37: nobody is seen, the seat vouches.
    wait_window(&agent, "W2", ROUND, "staffed", "sensor_present");
    let conflict = centre
        .wait_event("the conflict", SOON, |e, data| {
            e["subject"] == "sensor/W2-seat" && data["code"] == "sensor_conflict"
        })
        .unwrap();
    wait_window(&agent, "W2", SOON, "unknown", "conflict");
    assert_eq!(stands(&agent, "W2-seat"), "suspect conflict");
    let manager = json!({"id": "hall-1", "role": "supervisor"});
    let wrong = json!({"case": {"event": conflict["data"]["event_id"], "action": "resolve", "reason": "sensor_wrong"}});
    county.command("verdict", "t-35", &manager, wrong).unwrap();
    let reviewed = centre
        .wait_event("the absence it hid", SOON, |e, data| {
            let tags = data["tags"].as_array().cloned().unwrap_or_default();
            e["subject"] == "window/W2" && tags.contains(&json!("reviewed"))
        })
        .unwrap();
    assert_eq!(reviewed["data"]["onset"], conflict["data"]["onset"]);
    assert_eq!(reviewed["data"]["review"], "suspected");
    wait_stands(&agent, "W2-seat", SOON, "suspect sensor_wrong");

    // Beside W2, which really was empty, no window was ever suspected.
    let events = centre.events();
    let accused = events
        .iter()
        .filter(|e| text(&e["subject"]).starts_with("window/") && e["subject"] != "window/W2");
    let accused: Vec<_> = accused.map(brief).collect();
    assert!(accused.is_empty(), "{accused:#?}");
    assert!(agent.stop().unwrap().0.success());
}
