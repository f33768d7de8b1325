//! Sensors and the broker they speak on.

use hall_core::config::{SensorConfig, SensorKind};
use hall_core::ids::{GatewayId, SensorId, WindowId};

use crate::config::{Broker, Polarity, SensorAdapter, SensorSource};
use crate::mistake::quote;
use crate::raw::{RawConfig, RawSensor, RawSensorAdapter, RawSensorKind};
use crate::validate::secret::Login;
use crate::validate::{Check, uplink};

/// The sensors' broker as the gateway of sensors that name none.
const SENSOR_BROKER: &str = "sensor-broker";

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
        topic(&format!("{path}.topic"), &sensor.topic, check);
        if sensor
            .property
            .as_deref()
            .is_some_and(|property| property.trim().is_empty())
        {
            check.mistake(
                format!("{path}.property"),
                "the property is empty",
                "leave the key out to read presence, else occupancy",
            );
        }
        if matches!(sensor.kind, RawSensorKind::Pause) && sensor.property.is_none() {
            check.mistake(
                &path,
                "a pause switch says neither presence nor occupancy, so it would never be read",
                "name the key of its payload with property, for example \"state\" or \"contact\"",
            );
        }
        let RawSensorAdapter::Zigbee2mqtt = sensor.adapter;
        sensors.push(SensorSource {
            id: SensorId::from(sensor.id.as_str()),
            window: WindowId::from(sensor.window.as_str()),
            kind: match sensor.kind {
                RawSensorKind::Presence => SensorKind::Presence,
                RawSensorKind::Seat => SensorKind::Seat,
                RawSensorKind::Pause => SensorKind::Pause,
            },
            adapter: SensorAdapter::Zigbee2Mqtt {
                topic: sensor.topic.clone(),
                property: sensor.property.clone(),
                polarity: if sensor.invert {
                    Polarity::Inverted
                } else {
                    Polarity::Normal
                },
            },
            stale_s: sensor.stale_s,
            gateway: gateway(&path, sensor, check),
        });
    }
    sensors
}

/// The gateway of a sensor: as named, else the broker on which it is heard.
fn gateway(path: &str, sensor: &RawSensor, check: &mut Check<'_>) -> GatewayId {
    match &sensor.gateway {
        Some(id) => {
            check.id(&format!("{path}.gateway"), id);
            GatewayId::from(id.as_str())
        }
        None => GatewayId::from(SENSOR_BROKER),
    }
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
            gateway: Some(sensor.gateway.clone()),
        })
        .collect()
}

/// The sensors' broker; missing although a sensor needs it is a mistake.
pub(super) fn broker(raw: &RawConfig, check: &mut Check<'_>) -> Option<Broker> {
    let Some(broker) = &raw.sensor_broker else {
        if !raw.sensors.is_empty() {
            check.mistake(
                "sensor_broker",
                "the section [sensor_broker] is missing, but there are sensors on MQTT",
                "add [sensor_broker] with url = \"mqtt://127.0.0.1:1883\"",
            );
        }
        return None;
    };
    let login = Login {
        user: broker.user.as_deref(),
        password_file: broker.password_file.as_deref(),
        password_env: broker.password_env.as_deref(),
    };
    // No TLS: the sensors' broker stands on the box or on its own cable, and small gateways offer none.
    uplink::broker("sensor_broker", &broker.url, &["mqtt"], &login, check)
}

/// One concrete topic: what is subscribed must be one device.
fn topic(path: &str, topic: &str, check: &mut Check<'_>) {
    if topic.is_empty() || topic.split('/').any(str::is_empty) {
        check.mistake(
            path,
            "the topic is empty or has an empty level",
            "write it as Zigbee2MQTT shows it: \"zigbee2mqtt/NAME\"",
        );
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
            "write it as Zigbee2MQTT shows it: \"zigbee2mqtt/NAME\"",
        );
    }
}
