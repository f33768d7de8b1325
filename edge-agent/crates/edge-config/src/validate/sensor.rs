//! Sensors.

use hall_core::config::{SensorConfig, SensorKind};
use hall_core::ids::{GatewayId, SensorId, WindowId};

use crate::mistake::quote;
use crate::raw::{RawConfig, RawSensor, RawSensorAdapter, RawSensorKind};
use crate::sensor::{
    Polarity, SENSOR_BROKER, SensorAdapter, SensorSource, SerialSource, TopicSource,
};
use crate::validate::{Check, gateway, secret, silence};

/// Bits per second of the LD2410 and the LD2450 as delivered.
const RADAR_BAUD: u32 = 256_000;

/// Keys that only some types have, in the order of the schema: name, types that may have it.
const KEYS: [(&str, &[RawSensorAdapter]); 16] = {
    use RawSensorAdapter::{
        Esphome, Http, Ld2410, Ld2450, Modbus, Mqtt, Onvif, Tasmota, Zigbee2mqtt,
    };
    const TOPIC: &[RawSensorAdapter] = &[Zigbee2mqtt, Esphome, Tasmota, Mqtt, Onvif];
    const RADAR: &[RawSensorAdapter] = &[Ld2410, Ld2450];
    [
        (
            "gateway",
            &[Zigbee2mqtt, Esphome, Tasmota, Mqtt, Onvif, Modbus],
        ),
        ("topic", TOPIC),
        ("property", &[Zigbee2mqtt, Tasmota, Onvif]),
        ("pointer", &[Mqtt, Http]),
        ("time_pointer", &[Mqtt, Http]),
        ("on", &[Mqtt, Http]),
        ("off", &[Mqtt, Http]),
        ("availability_topic", &[Mqtt]),
        ("unit", &[Modbus]),
        ("input", &[Modbus]),
        ("device", RADAR),
        ("baud", RADAR),
        ("max_cm", &[Ld2410]),
        ("region_mm", &[Ld2450]),
        ("token_file", &[Http]),
        ("token_env", &[Http]),
    ]
};

/// Whether a key of [`KEYS`] is there.
fn has(sensor: &RawSensor, key: &str) -> bool {
    match key {
        "gateway" => sensor.gateway.is_some(),
        "topic" => sensor.topic.is_some(),
        "property" => sensor.property.is_some(),
        "pointer" => sensor.pointer.is_some(),
        "time_pointer" => sensor.time_pointer.is_some(),
        "on" => !sensor.on.is_empty(),
        "off" => !sensor.off.is_empty(),
        "availability_topic" => sensor.availability_topic.is_some(),
        "unit" => sensor.unit.is_some(),
        "input" => sensor.input.is_some(),
        "device" => sensor.device.is_some(),
        "baud" => sensor.baud.is_some(),
        "max_cm" => sensor.max_cm.is_some(),
        "token_file" => sensor.token_file.is_some(),
        "token_env" => sensor.token_env.is_some(),
        _ => sensor.region_mm.is_some(),
    }
}

/// How a type is written.
fn name(adapter: RawSensorAdapter) -> &'static str {
    match adapter {
        RawSensorAdapter::Zigbee2mqtt => "zigbee2mqtt",
        RawSensorAdapter::Esphome => "esphome",
        RawSensorAdapter::Tasmota => "tasmota",
        RawSensorAdapter::Mqtt => "mqtt",
        RawSensorAdapter::Onvif => "onvif",
        RawSensorAdapter::Modbus => "modbus",
        RawSensorAdapter::Ld2410 => "ld2410",
        RawSensorAdapter::Ld2450 => "ld2450",
        RawSensorAdapter::Http => "http",
    }
}

/// Sensors with how to hear them.
pub(super) fn sensors(raw: &RawConfig, check: &mut Check<'_>) -> Vec<SensorSource> {
    check.ids(
        "sensors",
        raw.sensors.iter().map(|sensor| sensor.id.as_str()),
    );
    let mut sensors = Vec::with_capacity(raw.sensors.len());
    for (n, sensor) in raw.sensors.iter().enumerate() {
        let path = format!("sensors[{n}]");
        check.reference(
            &format!("{path}.window"),
            &sensor.window,
            "windows",
            raw.windows.iter().map(|window| window.id.as_str()),
        );
        for (key, types) in KEYS {
            if has(sensor, key) && !types.contains(&sensor.adapter) {
                let types: Vec<&str> = types.iter().copied().map(name).collect();
                check.mistake(
                    format!("{path}.{key}"),
                    format!("a sensor of type {} has no {key}", name(sensor.adapter)),
                    format!(
                        "take it out, or correct the type: {key} belongs to {}",
                        types.join(", ")
                    ),
                );
            }
        }
        let gateways = gateways(&path, sensor, raw, check);
        let Some(adapter) = adapter(&path, sensor, check) else {
            continue;
        };
        sensors.push(SensorSource {
            id: SensorId::from(sensor.id.as_str()),
            window: WindowId::from(sensor.window.as_str()),
            kind: match sensor.kind {
                RawSensorKind::Presence => SensorKind::Presence,
                RawSensorKind::Seat => SensorKind::Seat,
                // A dark lamp declares a pause as a switch does.
                RawSensorKind::Pause | RawSensorKind::Lamp => SensorKind::Pause,
            },
            adapter,
            polarity: if sensor.invert != matches!(sensor.kind, RawSensorKind::Lamp) {
                Polarity::Inverted
            } else {
                Polarity::Normal
            },
            stale_s: sensor.stale_s.or_else(|| silence::of_type(sensor)),
            gateways,
        });
    }
    gateway::one_sensor_per_place(raw, check);
    own_tokens(raw, check);
    sensors
}

/// Two devices with one token could speak for each other.
fn own_tokens(raw: &RawConfig, check: &mut Check<'_>) {
    let sensors = raw.sensors.iter().map(|s| (&s.token_file, &s.token_env));
    let tickets = raw.tickets.iter().map(|t| (&t.token_file, &t.token_env));
    let ratings = raw.ratings.iter().map(|r| (&r.token_file, &r.token_env));
    let devices = (sensors.enumerate().map(|(n, of)| ("sensors", n, of)))
        .chain(tickets.enumerate().map(|(n, of)| ("tickets", n, of)))
        .chain(ratings.enumerate().map(|(n, of)| ("ratings", n, of)));
    let mut known: Vec<(&str, &str)> = Vec::new();
    for (list, n, (file, env)) in devices {
        for (key, place) in [("token_file", file), ("token_env", env)] {
            let Some(place) = place.as_deref() else {
                continue;
            };
            if known.contains(&(key, place)) {
                check.mistake(
                    format!("{list}[{n}].{key}"),
                    format!("{} is another device's token", quote(place)),
                    "make one for each, so that a lost one opens one device only",
                );
            }
            known.push((key, place));
        }
    }
}

/// How a sensor is heard; `None` after a mistake.
fn adapter(path: &str, sensor: &RawSensor, check: &mut Check<'_>) -> Option<SensorAdapter> {
    Some(match sensor.adapter {
        RawSensorAdapter::Modbus => {
            let unit = required(
                path,
                "unit",
                &sensor.unit,
                "the address set on the unit",
                check,
            );
            let input = required(path, "input", &sensor.input, "0 for the first", check);
            SensorAdapter::Modbus {
                unit: unit?,
                input: input?,
            }
        }
        RawSensorAdapter::Ld2410 => SensorAdapter::Ld2410 {
            line: line(path, sensor, check)?,
            max_cm: sensor.max_cm,
        },
        RawSensorAdapter::Ld2450 => {
            if let Some([left, near, right, far]) = sensor.region_mm
                && (left >= right || near >= far)
            {
                check.mistake(
                    format!("{path}.region_mm"),
                    "the region is empty",
                    "write [left, near, right, far] with left < right and near < far",
                );
            }
            SensorAdapter::Ld2450 {
                line: line(path, sensor, check)?,
                region_mm: sensor.region_mm,
            }
        }
        RawSensorAdapter::Http => {
            pointers_and_words(path, sensor, check);
            let (file, env) = (sensor.token_file.as_deref(), sensor.token_env.as_deref());
            SensorAdapter::Http {
                token: secret::token(path, file, env, check)?,
                pointer: sensor.pointer.clone(),
                time_pointer: sensor.time_pointer.clone(),
                on: sensor.on.clone(),
                off: sensor.off.clone(),
            }
        }
        _ => SensorAdapter::Topic(topic_source(path, sensor, check)?),
    })
}

/// What is heard on the broker.
fn topic_source(path: &str, sensor: &RawSensor, check: &mut Check<'_>) -> Option<TopicSource> {
    let hint = match sensor.adapter {
        RawSensorAdapter::Zigbee2mqtt => "write it as Zigbee2MQTT shows it: \"zigbee2mqtt/NAME\"",
        RawSensorAdapter::Esphome => "the state topic: \"NODE/binary_sensor/NAME/state\"",
        RawSensorAdapter::Tasmota => "the device's own name: the middle of tele/NAME/SENSOR",
        RawSensorAdapter::Onvif => "the whole topic, with onvif-ej in it",
        _ => "the topic on which the device publishes its state",
    };
    let topic = required(path, "topic", &sensor.topic, hint, check)?;
    concrete(&format!("{path}.topic"), &topic, hint, check);
    if let Some(property) = &sensor.property
        && property.trim().is_empty()
    {
        check.mistake(
            format!("{path}.property"),
            "the property is empty",
            "leave the key out to read the usual keys of the type",
        );
    }
    pointers_and_words(path, sensor, check);
    Some(match sensor.adapter {
        RawSensorAdapter::Esphome => TopicSource::EspHome { topic },
        RawSensorAdapter::Tasmota => TopicSource::Tasmota {
            name: topic,
            property: required(
                path,
                "property",
                &sensor.property,
                "for example \"Switch1\" or \"POWER\"",
                check,
            )?,
        },
        RawSensorAdapter::Mqtt => {
            if let Some(topic) = &sensor.availability_topic {
                concrete(
                    &format!("{path}.availability_topic"),
                    topic,
                    "the topic that says online or offline",
                    check,
                );
            }
            TopicSource::Json {
                topic,
                pointer: sensor.pointer.clone(),
                time_pointer: sensor.time_pointer.clone(),
                on: sensor.on.clone(),
                off: sensor.off.clone(),
                availability_topic: sensor.availability_topic.clone(),
            }
        }
        RawSensorAdapter::Onvif => TopicSource::Onvif {
            topic,
            property: sensor.property.clone(),
        },
        _ => {
            if matches!(sensor.kind, RawSensorKind::Pause | RawSensorKind::Lamp)
                && sensor.property.is_none()
            {
                check.mistake(
                    path,
                    "a pause switch says neither presence nor occupancy, so it would never be read",
                    "name the key of its payload with property, for example \"state\" or \"contact\"",
                );
            }
            TopicSource::Zigbee2Mqtt {
                topic,
                property: sensor.property.clone(),
            }
        }
    })
}

/// Where the state is in a payload, and the words for it.
fn pointers_and_words(path: &str, sensor: &RawSensor, check: &mut Check<'_>) {
    for (key, pointer) in [
        ("pointer", &sensor.pointer),
        ("time_pointer", &sensor.time_pointer),
    ] {
        if pointer.as_deref().is_some_and(|p| !p.starts_with('/')) {
            check.mistake(
                format!("{path}.{key}"),
                "a JSON pointer begins with /",
                "write \"/occupied\", or \"/state/0/occupied\" for what lies deeper",
            );
        }
    }
    let own = |word: &String| {
        sensor
            .off
            .iter()
            .any(|other| other.eq_ignore_ascii_case(word))
    };
    if let Some(word) = sensor.on.iter().find(|word| own(word)) {
        check.mistake(
            format!("{path}.off"),
            format!("{} means both on and off", quote(word)),
            "leave it in one of the two lists",
        );
    }
}

/// The serial line of a radar.
fn line(path: &str, sensor: &RawSensor, check: &mut Check<'_>) -> Option<SerialSource> {
    let hint = "for example \"/dev/serial/by-id/...\"";
    let device = required(path, "device", &sensor.device, hint, check)?;
    gateway::device(&format!("{path}.device"), &device, check);
    Some(SerialSource {
        device,
        baud: sensor.baud.unwrap_or(RADAR_BAUD),
        parity: crate::sensor::Parity::None,
    })
}

/// A key the type cannot do without.
pub(super) fn required<T: Clone>(
    path: &str,
    key: &str,
    value: &Option<T>,
    hint: &str,
    check: &mut Check<'_>,
) -> Option<T> {
    if value.is_none() {
        check.mistake(path, format!("the key {key} is missing"), hint);
    }
    value.clone()
}

/// What a sensor's messages pass through, nearest first: its Modbus gateway; on MQTT the broker, and before it a Zigbee bridge or
/// what else is named; nothing for a line of its own.
fn gateways(
    path: &str,
    sensor: &RawSensor,
    raw: &RawConfig,
    check: &mut Check<'_>,
) -> Vec<GatewayId> {
    let at = format!("{path}.gateway");
    match sensor.adapter {
        RawSensorAdapter::Ld2410 | RawSensorAdapter::Ld2450 | RawSensorAdapter::Http => Vec::new(),
        RawSensorAdapter::Modbus => {
            let hint = "name one of [[gateways]], for example \"modbus-1\"";
            let Some(id) = required(path, "gateway", &sensor.gateway, hint, check) else {
                return Vec::new();
            };
            let known = raw.gateways.iter().map(|gateway| gateway.id.as_str());
            check.reference(&at, &id, "gateways", known);
            vec![GatewayId::from(id.as_str())]
        }
        _ => {
            let named = match (&sensor.gateway, sensor.adapter) {
                (Some(id), _) => Some(id.as_str()),
                (None, RawSensorAdapter::Zigbee2mqtt) => bridge(sensor),
                (None, _) => None,
            };
            if let Some(id) = named {
                check.id(&at, id);
                if raw.gateways.iter().any(|gateway| gateway.id == id) {
                    check.mistake(
                        at,
                        format!(
                            "{} is a Modbus gateway, and this sensor is on MQTT",
                            quote(id)
                        ),
                        "give what its messages pass through an id of its own, or leave the key out",
                    );
                }
            }
            let path = named.into_iter().chain([SENSOR_BROKER]);
            let mut path: Vec<GatewayId> = path.map(GatewayId::from).collect();
            path.dedup();
            path
        }
    }
}

/// The Zigbee bridge a device hangs on, by the first level of its topic; a wrong topic is a mistake of its own.
fn bridge(sensor: &RawSensor) -> Option<&str> {
    let (base, _) = sensor.topic.as_deref()?.split_once('/')?;
    (!base.is_empty()).then_some(base)
}

/// Sensors as the engine sees them.
pub(super) fn configs(sensors: &[SensorSource]) -> Vec<SensorConfig> {
    sensors
        .iter()
        .map(|sensor| SensorConfig {
            id: sensor.id.clone(),
            window: sensor.window.clone(),
            kind: sensor.kind,
            stale_s: sensor.stale_s,
            gateways: sensor.gateways.clone(),
        })
        .collect()
}

/// One concrete topic: what is subscribed must be one device.
pub(super) fn concrete(path: &str, topic: &str, hint: &str, check: &mut Check<'_>) {
    if topic.is_empty() || topic.split('/').any(str::is_empty) {
        check.mistake(path, "the topic is empty or has an empty level", hint);
    } else if topic.contains(['+', '#']) {
        check.mistake(
            path,
            format!("the topic {} holds a wildcard", quote(topic)),
            "name the one device: a sensor belongs to one window",
        );
    } else if topic.contains('\0') || topic.len() > 1024 {
        check.mistake(
            path,
            "the topic is too long or holds a control character",
            hint,
        );
    }
}
