//! Tasmota devices over MQTT (<https://tasmota.github.io/docs/MQTT/>): `tele/NAME/SENSOR` and `STATE`, `stat/NAME/...` and the last
//! will `tele/NAME/LWT`. Its `Time` carries no zone and follows the device's own settings, so it is never used as a time.

use hall_core::ids::SensorId;
use serde_json::{Map, Value};

use crate::error::SensorError;
use crate::meaning::{Meaning, TopicAdapter, availability, failure, object, reading, truth};

/// One switch or relay of a Tasmota device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TasmotaSensor {
    /// Sensor id.
    pub id: SensorId,
    /// The device's topic name, for example `w3-seat` (the middle of `tele/w3-seat/SENSOR`), or its full topic with `%prefix%`, for
    /// example `hall/%prefix%/w3-seat`, where the installer changed it.
    pub name: String,
    /// Key that holds the state, for example `Switch1` or `POWER`; a dot leads into an object (`MCP230XX.D0`).
    pub property: String,
    /// True when "on" means nobody is there.
    pub invert: bool,
}

impl TasmotaSensor {
    /// `tele/NAME/SENSOR`, or as its FullTopic says (<https://tasmota.github.io/docs/MQTT/#mqtt-topic-definition>).
    fn full_topic(&self, prefix: &str, last: &str) -> String {
        if self.name.contains("%prefix%") {
            let full = self.name.replace("%prefix%", prefix);
            return format!("{}/{last}", full.trim_end_matches('/'));
        }
        format!("{prefix}/{}/{last}", self.name)
    }

    fn will_topic(&self) -> String {
        self.full_topic("tele", "LWT")
    }

    /// `stat/NAME/SWITCH1`, `stat/NAME/POWER`: the key alone, in capitals.
    fn own_topic(&self) -> String {
        self.full_topic("stat", &self.property.to_ascii_uppercase())
    }

    /// Reports by themselves and answers to `Status 8`, `10` (sensors) and `11` (relays).
    fn state_topics(&self) -> [String; 6] {
        [
            self.full_topic("tele", "SENSOR"),
            self.full_topic("tele", "STATE"),
            self.full_topic("stat", "RESULT"),
            self.full_topic("stat", "STATUS8"),
            self.full_topic("stat", "STATUS10"),
            self.full_topic("stat", "STATUS11"),
        ]
    }

    fn find<'a>(&self, fields: &'a Map<String, Value>) -> Option<&'a Value> {
        let mut keys = self.property.split('.');
        // Answers to a status request wrap the same object once more.
        let inner = (fields.get("StatusSNS").or_else(|| fields.get("StatusSTS")))
            .and_then(Value::as_object);
        let first = inner
            .unwrap_or(fields)
            .get(keys.next().unwrap_or_default())?;
        let value = keys.try_fold(first, |value, key| value.get(key))?;
        // Newer firmware reports a switch as {"Action":"ON"}.
        Some(
            value
                .get("Action")
                .or_else(|| value.get("State"))
                .unwrap_or(value),
        )
    }

    fn judge(&self, topic: &str, value: &Value, retained: bool) -> Result<Meaning, SensorError> {
        let on = match value {
            Value::Number(n) if n.as_i64() == Some(1) => Some(true),
            Value::Number(n) if n.as_i64() == Some(0) => Some(false),
            other => truth(other),
        };
        let on = on.ok_or_else(|| {
            failure(
                &self.id,
                topic,
                format!("'{}' is {value}, expected ON or OFF", self.property),
            )
        })?;
        Ok(reading(on != self.invert, retained, None))
    }
}

impl TopicAdapter for TasmotaSensor {
    fn id(&self) -> &SensorId {
        &self.id
    }

    fn topics(&self) -> Vec<String> {
        let mut topics = self.state_topics().to_vec();
        topics.extend([self.own_topic(), self.will_topic()]);
        topics
    }

    fn interpret(
        &self,
        topic: &str,
        payload: &[u8],
        retained: bool,
    ) -> Result<Option<Meaning>, SensorError> {
        if topic == self.will_topic() {
            return availability(&self.id, topic, payload).map(Some);
        }
        let own = topic == self.own_topic();
        if !own && !self.state_topics().iter().any(|t| t == topic) {
            return Ok(None);
        }
        if payload.is_empty() {
            return Ok(Some(Meaning::Nothing));
        }
        if own && payload.first() != Some(&b'{') {
            let word = Value::String(String::from_utf8_lossy(payload).trim().to_owned());
            return self.judge(topic, &word, retained).map(Some);
        }
        let fields = object(&self.id, topic, payload)?;
        let value = if own {
            fields.get("STATE").or_else(|| self.find(&fields))
        } else {
            self.find(&fields)
        };
        match value {
            Some(value) => self.judge(topic, value, retained).map(Some),
            // Reports about other things: a sign of life, not a reading.
            None => Ok(Some(Meaning::Nothing)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(meaning: &Option<Meaning>) -> Option<bool> {
        match meaning {
            Some(Meaning::Reading { value, .. }) => Some(*value),
            _ => None,
        }
    }

    #[test]
    fn documented_reports_are_read_and_their_zoneless_time_is_not() {
        let sensor = TasmotaSensor {
            id: "W3-seat".into(),
            name: "w3-seat".into(),
            property: "Switch1".into(),
            invert: false,
        };
        for (topic, payload, expected) in [
            (
                "tele/w3-seat/SENSOR",
                r#"{"Time":"2026-09-21T03:00:00","Switch1":"ON","ANALOG":{"A0":7}}"#,
                Some(true),
            ),
            (
                "tele/w3-seat/SENSOR",
                r#"{"Time":"2026-09-21T03:00:00","Switch1":"OFF"}"#,
                Some(false),
            ),
            (
                "stat/w3-seat/RESULT",
                r#"{"Switch1":{"Action":"ON"}}"#,
                Some(true),
            ),
            (
                "stat/w3-seat/STATUS8",
                r#"{"StatusSNS":{"Time":"2026-09-21T03:00:00","Switch1":"OFF"}}"#,
                Some(false),
            ),
            ("stat/w3-seat/SWITCH1", r#"{"STATE":"ON"}"#, Some(true)),
            ("stat/w3-seat/SWITCH1", "OFF", Some(false)),
            (
                "tele/w3-seat/STATE",
                r#"{"Time":"2026-09-21T03:00:00","Uptime":"0T01:00:10","Wifi":{"RSSI":70}}"#,
                None,
            ),
        ] {
            let got = sensor.interpret(topic, payload.as_bytes(), false).unwrap();
            assert_eq!(value(&got), expected, "{topic} {payload}");
            if let Some(Meaning::Reading {
                measured_unix_ms, ..
            }) = got
            {
                assert_eq!(measured_unix_ms, None, "the device's time has no zone");
            }
        }
        for (payload, expected) in [("Online", Meaning::Online), ("Offline", Meaning::Offline)] {
            let got = sensor
                .interpret("tele/w3-seat/LWT", payload.as_bytes(), true)
                .unwrap();
            assert_eq!(got, Some(expected));
        }
        assert_eq!(
            sensor.interpret("tele/other/SENSOR", b"{}", false).unwrap(),
            None
        );
    }

    #[test]
    fn a_nested_key_and_a_relay_are_read_too() {
        let mut sensor = TasmotaSensor {
            id: "W3-pause".into(),
            name: "panel".into(),
            property: "MCP230XX.D0".into(),
            invert: true,
        };
        let payload = br#"{"Time":"2026-09-21T03:00:00","MCP230XX":{"D0":0,"D1":1}}"#;
        let got = sensor
            .interpret("tele/panel/SENSOR", payload, false)
            .unwrap();
        assert_eq!(value(&got), Some(true));
        sensor.property = "POWER".into();
        sensor.invert = false;
        let got = sensor.interpret("stat/panel/POWER", b"ON", false).unwrap();
        assert_eq!(value(&got), Some(true));
        let text = sensor
            .interpret("stat/panel/RESULT", br#"{"POWER":"HOLD"}"#, false)
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("POWER") && text.contains("expected ON or OFF"),
            "{text}"
        );
    }
}
