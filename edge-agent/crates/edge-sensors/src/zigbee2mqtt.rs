//! Zigbee2MQTT payloads (<https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html>): device state, availability in
//! both its forms, bridge state, and the regions of an Aqara FP1 (<https://www.zigbee2mqtt.io/devices/RTCZCGQ11LM.html>), which come as
//! actions. Pure: topic and bytes in, meaning out.

use hall_core::ids::SensorId;
use hall_core::observe::Quality;
use serde_json::{Map, Value};

use crate::error::SensorError;
use crate::meaning::{Meaning, TopicAdapter, availability, failure, object, truth};

/// One Zigbee2MQTT device bound to a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zigbee2MqttSensor {
    /// Sensor id.
    pub id: SensorId,
    /// Device topic, for example `zigbee2mqtt/W4-radar`.
    pub topic: String,
    /// Property to read; `None`: `presence`, else `occupancy`. `region_1` to `region_10`: that region of an FP1.
    pub property: Option<String>,
    /// True when "on" means nobody is there.
    pub invert: bool,
}

impl TopicAdapter for Zigbee2MqttSensor {
    fn id(&self) -> &SensorId {
        &self.id
    }

    /// State, availability, bridge state.
    fn topics(&self) -> Vec<String> {
        let mut topics = vec![self.topic.clone(), format!("{}/availability", self.topic)];
        topics.extend(self.bridge_topics());
        topics
    }

    fn interpret(
        &self,
        topic: &str,
        payload: &[u8],
        retained: bool,
    ) -> Result<Option<Meaning>, SensorError> {
        if topic == self.topic {
            return self.state(topic, payload, retained).map(Some);
        }
        if topic.strip_suffix("/availability") == Some(&self.topic) {
            return availability(&self.id, topic, payload).map(Some);
        }
        if self.bridge_topics().any(|bridge| bridge == topic) {
            let meaning = availability(&self.id, topic, payload)?;
            return Ok(Some(match meaning {
                Meaning::Online => Meaning::Bridge(true),
                Meaning::Offline => Meaning::Bridge(false),
                other => other,
            }));
        }
        Ok(None)
    }
}

impl Zigbee2MqttSensor {
    /// Both the bridge's base topic and a device's name may have levels of their own, so each beginning of the topic may be the base.
    fn bridge_topics(&self) -> impl Iterator<Item = String> + '_ {
        let ends = self.topic.match_indices('/').map(|(at, _)| at);
        ends.map(|end| format!("{}/bridge/state", &self.topic[..end]))
    }

    /// An FP1's region, told by actions alone: somebody came or stays, or it is empty. `enter` and `leave` are quick and mistaken at
    /// times, so they tell nothing. Without anybody in its whole field no region holds anybody.
    fn region(region: &str, fields: &Map<String, Value>) -> Option<bool> {
        let action = fields.get("action").and_then(Value::as_str);
        let of_region = action.and_then(|action| action.strip_prefix(region)?.strip_prefix('_'));
        match of_region {
            Some("occupied") => Some(true),
            Some("unoccupied") => Some(false),
            _ => (fields.get("presence").and_then(truth) == Some(false)).then_some(false),
        }
    }

    fn state(&self, topic: &str, payload: &[u8], retained: bool) -> Result<Meaning, SensorError> {
        if payload.is_empty() {
            return Ok(Meaning::Nothing);
        }
        let fields = object(&self.id, topic, payload)?;
        let read = |key: &str| -> Result<Option<bool>, SensorError> {
            match fields.get(key) {
                None | Some(Value::Null) => Ok(None),
                Some(value) => truth(value).map(Some).ok_or_else(|| {
                    failure(
                        &self.id,
                        topic,
                        format!("'{key}' is {value}, expected true or false"),
                    )
                }),
            }
        };
        let (value, contradicted) = match &self.property {
            Some(key) if is_region(key) => (Self::region(key, &fields), false),
            Some(key) => (read(key)?, false),
            None => match (read("presence")?, read("occupancy")?) {
                (Some(presence), Some(occupancy)) => (Some(presence), presence != occupancy),
                (presence, occupancy) => (presence.or(occupancy), false),
            },
        };
        // Devices also send battery or link reports without the property: that is a sign of life, not a reading.
        let Some(value) = value else {
            return Ok(Meaning::Nothing);
        };
        let measured_unix_ms = fields.get("last_seen").and_then(last_seen_unix_ms);
        let quality = if contradicted {
            Quality::Suspect
        } else if retained && measured_unix_ms.is_none() {
            Quality::Stale
        } else {
            Quality::Good
        };
        Ok(Meaning::Reading {
            value: value != self.invert,
            quality,
            measured_unix_ms,
        })
    }
}

fn is_region(property: &str) -> bool {
    property
        .strip_prefix("region_")
        .is_some_and(|n| n.parse::<u8>().is_ok())
}

/// `last_seen` as Zigbee2MQTT can be set to write it: ISO 8601 or epoch milliseconds.
fn last_seen_unix_ms(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64(),
        Value::String(s) => hall_wire::time::parse_rfc3339(s).ok().map(|(ms, _)| ms),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sensor(property: Option<&str>, invert: bool) -> Zigbee2MqttSensor {
        Zigbee2MqttSensor {
            id: "W4-radar".into(),
            topic: "zigbee2mqtt/W4-radar".into(),
            property: property.map(Into::into),
            invert,
        }
    }

    fn good(value: bool) -> Meaning {
        Meaning::Reading {
            value,
            quality: Quality::Good,
            measured_unix_ms: None,
        }
    }

    #[test]
    fn device_payloads_are_read_as_the_documented_devices_send_them() {
        let fp1 = r#"{"presence":true,"presence_event":"enter","monitoring_mode":"undirected","device_temperature":24,"power_outage_count":3}"#;
        let rows: Vec<(Zigbee2MqttSensor, &str, bool, Meaning)> = vec![
            (sensor(None, false), fp1, false, good(true)),
            (
                sensor(None, false),
                r#"{"occupancy":false,"illuminance":12}"#,
                false,
                good(false),
            ),
            (
                sensor(None, true),
                r#"{"occupancy":false}"#,
                false,
                good(true),
            ),
            (
                sensor(Some("pause"), false),
                r#"{"pause":"ON","presence":false}"#,
                false,
                good(true),
            ),
            (
                sensor(None, false),
                r#"{"battery":97,"linkquality":120}"#,
                false,
                Meaning::Nothing,
            ),
            (sensor(None, false), "", true, Meaning::Nothing),
            (
                sensor(None, false),
                r#"{"presence":true,"occupancy":false}"#,
                false,
                Meaning::Reading {
                    value: true,
                    quality: Quality::Suspect,
                    measured_unix_ms: None,
                },
            ),
            (
                sensor(None, false),
                r#"{"presence":true}"#,
                true,
                Meaning::Reading {
                    value: true,
                    quality: Quality::Stale,
                    measured_unix_ms: None,
                },
            ),
            (
                sensor(None, false),
                r#"{"presence":true,"last_seen":"2026-09-21T10:00:00+08:00"}"#,
                true,
                Meaning::Reading {
                    value: true,
                    quality: Quality::Good,
                    measured_unix_ms: Some(1_789_956_000_000),
                },
            ),
        ];
        for (sensor, payload, retained, expected) in rows {
            let got = sensor
                .interpret("zigbee2mqtt/W4-radar", payload.as_bytes(), retained)
                .unwrap();
            assert_eq!(got, Some(expected), "{payload}");
        }
    }

    #[test]
    fn availability_is_read_in_both_forms_and_the_bridge_speaks_for_its_devices() {
        let s = sensor(None, false);
        for (topic, payload, expected) in [
            (
                "zigbee2mqtt/W4-radar/availability",
                "offline",
                Some(Meaning::Offline),
            ),
            (
                "zigbee2mqtt/W4-radar/availability",
                r#"{"state":"online"}"#,
                Some(Meaning::Online),
            ),
            (
                "zigbee2mqtt/bridge/state",
                r#"{"state":"offline"}"#,
                Some(Meaning::Bridge(false)),
            ),
            (
                "zigbee2mqtt/bridge/state",
                "online",
                Some(Meaning::Bridge(true)),
            ),
            ("zigbee2mqtt/other", "offline", None),
        ] {
            assert_eq!(
                s.interpret(topic, payload.as_bytes(), true).unwrap(),
                expected,
                "{topic} {payload}"
            );
        }
    }

    #[test]
    fn nonsense_is_an_error_that_names_sensor_topic_and_what_was_expected() {
        let s = sensor(None, false);
        for payload in ["{", "[1]", r#"{"presence":"perhaps"}"#, r#"{"presence":3}"#] {
            let text = s
                .interpret("zigbee2mqtt/W4-radar", payload.as_bytes(), false)
                .unwrap_err()
                .to_string();
            assert!(
                text.contains("W4-radar") && text.contains("zigbee2mqtt/W4-radar"),
                "{text}"
            );
        }
        assert!(
            s.interpret("zigbee2mqtt/bridge/state", b"maybe", false)
                .is_err()
        );
    }
}
