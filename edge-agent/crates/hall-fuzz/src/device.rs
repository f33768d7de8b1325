//! Payloads of devices on MQTT and by HTTP. The first byte chooses sensor, topic and whether the broker kept it; the rest is the payload.

use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use edge_sensors::esphome::EspHomeSensor;
use edge_sensors::json::JsonSensor;
use edge_sensors::meaning::reading_time;
use edge_sensors::mqtt::Now;
use edge_sensors::onvif::OnvifSensor;
use edge_sensors::tasmota::TasmotaSensor;
use edge_sensors::{LinkStatus, Meaning, PushSensor, TopicAdapter, Zigbee2MqttSensor};
use hall_core::HallTime;
use hall_core::observe::Quality;
use tokio::sync::watch;

use crate::fixture::{bytes_of, table, tables, text};

/// 2026-09-21T10:30:00+08:00.
const NOW_MS: i64 = 1_789_957_800_000;
/// A reading is at least so much longer in memory than its payload that it holds none of it: an error names the payload once.
const ERROR_OVER_BYTES: usize = 512;

/// A sensor, and the same one with on and off exchanged.
type Pair = [Box<dyn TopicAdapter>; 2];

fn hold(pairs: &[Pair], bytes: &[u8]) {
    let Some((choice, payload)) = bytes.split_first() else {
        return;
    };
    let retained = choice & 1 != 0;
    let choice = usize::from(choice >> 1);
    let [sensor, inverted] = &pairs[choice % pairs.len()];
    let topics = sensor.topics();
    let topic = &topics[choice / pairs.len() % topics.len()];
    let meaning = sensor.interpret(topic, payload, retained);
    let other = inverted.interpret(topic, payload, retained);
    assert!(!matches!(meaning, Ok(None)), "{topic} is its own");
    assert_eq!(
        sensor
            .interpret("some/other/topic", payload, retained)
            .unwrap(),
        None
    );
    says(
        &meaning.map(Option::unwrap),
        &other.map(Option::unwrap),
        payload,
        retained,
    );
}

/// What holds for every meaning.
fn says<E: Debug + ToString>(
    meaning: &Result<Meaning, E>,
    inverted: &Result<Meaning, E>,
    payload: &[u8],
    retained: bool,
) {
    match (meaning, inverted) {
        (
            Ok(Meaning::Reading {
                value,
                quality,
                measured_unix_ms,
            }),
            Ok(Meaning::Reading { value: other, .. }),
        ) => {
            assert_ne!(value, other, "invert turns it round");
            let fresh = !retained || measured_unix_ms.is_some();
            assert!(fresh || *quality != Quality::Good, "of any age, and good");
            let now = HallTime(5_000);
            assert!(
                reading_time(*measured_unix_ms, now, NOW_MS) <= now,
                "not in the future"
            );
        }
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (Err(one), Err(other)) => {
            let error = one.to_string();
            assert_eq!(error, other.to_string());
            // A replacement character is three bytes of text for one of the payload; quoting doubles what needs it.
            assert!(error.len() <= 6 * payload.len() + ERROR_OVER_BYTES);
        }
        (one, other) => panic!("{one:?}, inverted {other:?}"),
    }
}

fn pair<S: TopicAdapter + 'static>(sensor: impl Fn(bool) -> S) -> Pair {
    [Box::new(sensor(false)), Box::new(sensor(true))]
}

pub(crate) fn zigbee2mqtt(bytes: &[u8]) {
    static SENSORS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
        let sensor = |property: Option<&'static str>| {
            pair(move |invert| Zigbee2MqttSensor {
                id: "s".into(),
                topic: "zigbee2mqtt/W3-radar".into(),
                property: property.map(Into::into),
                invert,
            })
        };
        [None, Some("region_1"), Some("contact"), Some("state")]
            .map(sensor)
            .into()
    });
    hold(&SENSORS, bytes);
}

pub(crate) fn esphome(bytes: &[u8]) {
    static SENSORS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
        vec![pair(|invert| EspHomeSensor {
            id: "s".into(),
            topic: "w3-radar/binary_sensor/has_target/state".into(),
            invert,
        })]
    });
    hold(&SENSORS, bytes);
}

pub(crate) fn tasmota(bytes: &[u8]) {
    static SENSORS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
        let sensor = |(name, property): (&'static str, &'static str)| {
            pair(move |invert| TasmotaSensor {
                id: "s".into(),
                name: name.into(),
                property: property.into(),
                invert,
            })
        };
        [
            ("w3-seat", "Switch1"),
            ("panel", "MCP230XX.D0"),
            ("hall/%prefix%/lamp/", "POWER"),
        ]
        .map(sensor)
        .into()
    });
    hold(&SENSORS, bytes);
}

pub(crate) fn onvif(bytes: &[u8]) {
    static SENSORS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
        let sensor = |property: Option<&'static str>| {
            pair(move |invert| OnvifSensor {
                id: "s".into(),
                topic: "cam3/onvif-ej/VideoSource/MotionAlarm/&1".into(),
                property: property.map(Into::into),
                invert,
            })
        };
        [None, Some("State")].map(sensor).into()
    });
    hold(&SENSORS, bytes);
}

fn json_sensor(pointer: Option<&str>, invert: bool) -> JsonSensor {
    JsonSensor {
        id: "s".into(),
        topic: "mats/5".into(),
        pointer: pointer.map(Into::into),
        time_pointer: Some("/time".into()),
        on: vec!["belegt".into(), "有人".into()],
        off: vec!["frei".into(), "无人".into()],
        availability_topic: Some("mats/5/alive".into()),
        invert,
    }
}

pub(crate) fn json(bytes: &[u8]) {
    static SENSORS: LazyLock<Vec<Pair>> = LazyLock::new(|| {
        let sensor = |pointer| pair(move |invert| json_sensor(pointer, invert));
        [None, Some("/object/inputs/0/occupied"), Some("/value")]
            .map(sensor)
            .into()
    });
    hold(&SENSORS, bytes);
}

pub(crate) fn push(bytes: &[u8]) {
    static SENSORS: LazyLock<Vec<[Arc<PushSensor>; 2]>> = LazyLock::new(|| {
        let now: Now = Arc::new(|| (HallTime(NOW_MS), NOW_MS));
        let sensor = |pointer: Option<&str>| {
            [false, true].map(|invert| {
                let status = watch::Sender::new(LinkStatus::default());
                let payload = json_sensor(pointer, invert);
                PushSensor::new("0123456789abcdef".into(), payload, 60, now.clone(), status)
            })
        };
        [None, Some("/di/3")].map(sensor).into()
    });
    let Some((choice, body)) = bytes.split_first() else {
        return;
    };
    let [sensor, inverted] = &SENSORS[usize::from(*choice) % SENSORS.len()];
    says(
        &sensor.interpret(body),
        &inverted.interpret(body),
        body,
        false,
    );
    assert_eq!(sensor.take(body).is_ok(), sensor.interpret(body).is_ok());
}

/// The payloads of a fixture, for each sensor and topic once.
pub(crate) fn seeds(name: &str) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for case in tables(&table(name), "case") {
        for says in tables(&case, "says") {
            let hex = text(&says, "hex").map(bytes_of);
            let payload = text(&says, "payload").map(|payload| payload.as_bytes().to_vec());
            let payload = payload.or(hex).unwrap_or_default();
            seeds.extend((0..8).map(|choice| [&[choice], &payload[..]].concat()));
        }
    }
    seeds
}
