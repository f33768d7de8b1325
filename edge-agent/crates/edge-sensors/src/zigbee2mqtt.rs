//! Zigbee2MQTT payloads (<https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html>): device state, availability in
//! both its forms, bridge state. Pure: topic and bytes in, meaning out.

use hall_core::HallTime;
use hall_core::ids::SensorId;
use hall_core::observe::Quality;
use serde_json::Value;

use crate::error::SensorError;

/// One Zigbee2MQTT device bound to a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zigbee2MqttSensor {
    /// Sensor id.
    pub id: SensorId,
    /// Device topic, for example `zigbee2mqtt/W4-radar`.
    pub topic: String,
    /// Property to read; `None`: `presence`, else `occupancy`, else `contact` is refused and the keys seen are named.
    pub property: Option<String>,
    /// True when "on" means nobody is there.
    pub invert: bool,
}

/// What one message means for one sensor.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A reading; `measured_unix_ms` when the payload says when it was taken.
    Reading {
        /// On or off, after `invert`.
        value: bool,
        /// `Suspect` when `presence` and `occupancy` contradict each other; `Stale` for a retained payload without a time.
        quality: Quality,
        /// `last_seen` of the payload in Unix milliseconds.
        measured_unix_ms: Option<i64>,
    },
    /// The device or the whole bridge is reachable again.
    Online,
    /// The device or the whole bridge is gone.
    Offline,
    /// A message that concerns the sensor but says nothing about presence.
    Nothing,
}

impl Zigbee2MqttSensor {
    /// The topics to subscribe: state, availability, bridge state.
    #[must_use]
    pub fn topics(&self) -> [String; 3] {
        [
            self.topic.clone(),
            format!("{}/availability", self.topic),
            self.bridge_topic(),
        ]
    }

    fn bridge_topic(&self) -> String {
        let base = self
            .topic
            .split_once('/')
            .map_or("zigbee2mqtt", |(base, _)| base);
        format!("{base}/bridge/state")
    }

    /// What a message means for this sensor; `None` when its topic is not this sensor's.
    ///
    /// # Errors
    /// When the payload on the device topic is not what Zigbee2MQTT sends for a presence device.
    pub fn interpret(
        &self,
        topic: &str,
        payload: &[u8],
        retained: bool,
    ) -> Result<Option<Meaning>, SensorError> {
        if topic == self.topic {
            return self.state(topic, payload, retained).map(Some);
        }
        let availability = topic.strip_suffix("/availability") == Some(&self.topic);
        if availability || topic == self.bridge_topic() {
            return self.availability(topic, payload).map(Some);
        }
        Ok(None)
    }

    fn failure(&self, topic: &str, reason: String) -> SensorError {
        SensorError::Payload {
            sensor: self.id.to_string(),
            topic: topic.into(),
            reason,
        }
    }

    fn state(&self, topic: &str, payload: &[u8], retained: bool) -> Result<Meaning, SensorError> {
        if payload.is_empty() {
            return Ok(Meaning::Nothing);
        }
        let json: Value = serde_json::from_slice(payload)
            .map_err(|e| self.failure(topic, format!("not JSON ({e})")))?;
        let Value::Object(fields) = &json else {
            return Err(self.failure(topic, "a JSON object was expected".into()));
        };
        let read = |key: &str| -> Result<Option<bool>, SensorError> {
            match fields.get(key) {
                None | Some(Value::Null) => Ok(None),
                Some(value) => truth(value).map(Some).ok_or_else(|| {
                    self.failure(topic, format!("'{key}' is {value}, expected true or false"))
                }),
            }
        };
        let (value, contradicted) = match &self.property {
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

    fn availability(&self, topic: &str, payload: &[u8]) -> Result<Meaning, SensorError> {
        let text = String::from_utf8_lossy(payload);
        let word = match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(fields)) => fields
                .get("state")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            Ok(Value::String(word)) => word,
            _ => text.trim().to_owned(),
        };
        match word.as_str() {
            "online" => Ok(Meaning::Online),
            "offline" => Ok(Meaning::Offline),
            "" => Ok(Meaning::Nothing),
            other => Err(self.failure(topic, format!("'{other}', expected online or offline"))),
        }
    }
}

/// The instant a reading belongs to: the payload's own time where it has one that lies in the past, else the time of receipt.
#[must_use]
pub fn reading_time(
    measured_unix_ms: Option<i64>,
    received: HallTime,
    received_unix_ms: i64,
) -> HallTime {
    match measured_unix_ms {
        Some(measured) if measured < received_unix_ms => {
            received.plus_ms(measured - received_unix_ms)
        }
        _ => received,
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(s) if s.eq_ignore_ascii_case("on") || s.eq_ignore_ascii_case("true") => {
            Some(true)
        }
        Value::String(s) if s.eq_ignore_ascii_case("off") || s.eq_ignore_ascii_case("false") => {
            Some(false)
        }
        _ => None,
    }
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
                Some(Meaning::Offline),
            ),
            ("zigbee2mqtt/bridge/state", "online", Some(Meaning::Online)),
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

    #[test]
    fn a_payload_time_in_the_future_is_not_believed() {
        assert_eq!(
            reading_time(Some(900), HallTime(5000), 1000),
            HallTime(4900)
        );
        assert_eq!(
            reading_time(Some(2000), HallTime(5000), 1000),
            HallTime(5000)
        );
        assert_eq!(reading_time(None, HallTime(5000), 1000), HallTime(5000));
    }
}
