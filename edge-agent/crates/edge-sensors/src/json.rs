//! Any device that publishes a state on MQTT: plain text, or JSON with a pointer to the state (RFC 6901). The words for on and off are
//! configured where they are not the usual ones.

use hall_core::ids::SensorId;
use hall_wire::time::parse_rfc3339;
use serde_json::Value;

use crate::error::SensorError;
use crate::meaning::{Meaning, TopicAdapter, availability, failure, reading, truth};

/// One sensor on a topic of its own making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonSensor {
    /// Sensor id.
    pub id: SensorId,
    /// Topic.
    pub topic: String,
    /// JSON pointer to the state, for example `/state/occupied`; `None`: the payload is the state itself.
    pub pointer: Option<String>,
    /// JSON pointer to the time of the measurement (RFC 3339, or Unix seconds or milliseconds).
    pub time_pointer: Option<String>,
    /// Words that mean on, besides true, on and 1; numbers and truths as they are written.
    pub on: Vec<String>,
    /// Words that mean off, besides false, off and 0.
    pub off: Vec<String>,
    /// Topic with online and offline, if the device has one.
    pub availability_topic: Option<String>,
    /// True when "on" means nobody is there.
    pub invert: bool,
}

/// Unix times from here on are milliseconds: as seconds this would be the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

impl JsonSensor {
    fn judge(&self, value: &Value) -> Option<bool> {
        let word = match value {
            Value::String(s) => s.trim().to_owned(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => return None,
        };
        let among = |words: &[String]| words.iter().any(|w| w.eq_ignore_ascii_case(&word));
        if among(&self.on) {
            return Some(true);
        }
        if among(&self.off) {
            return Some(false);
        }
        // Some programs write every number with a decimal point.
        match word.as_str() {
            "1" | "1.0" => Some(true),
            "0" | "0.0" => Some(false),
            _ => truth(&Value::String(word)),
        }
    }

    fn expected(&self) -> String {
        let usual = ["true", "on", "1", "false", "off", "0"].map(String::from);
        let words: Vec<String> = usual
            .into_iter()
            .chain(self.on.iter().cloned())
            .chain(self.off.iter().cloned())
            .collect();
        words.join(", ")
    }

    /// What a payload of its topic means.
    pub(crate) fn state(&self, payload: &[u8], retained: bool) -> Result<Meaning, SensorError> {
        let topic = self.topic.as_str();
        let text = String::from_utf8_lossy(payload);
        if text.trim().is_empty() {
            return Ok(Meaning::Nothing);
        }
        let json = match (&self.pointer, serde_json::from_str::<Value>(&text)) {
            (_, Ok(json)) => json,
            (None, Err(_)) => Value::String(text.trim().to_owned()),
            (Some(_), Err(e)) => {
                return Err(failure(&self.id, topic, format!("not JSON ({e})")));
            }
        };
        let found = match &self.pointer {
            Some(pointer) => json.pointer(pointer),
            None => Some(&json),
        };
        // A report without the state is a sign of life, not a reading.
        let Some(value) = found.filter(|v| !v.is_null()) else {
            return Ok(Meaning::Nothing);
        };
        let on = self.judge(value).ok_or_else(|| {
            let place = self.pointer.as_deref().unwrap_or("the payload");
            failure(
                &self.id,
                topic,
                format!("{place} is {value}, expected one of {}", self.expected()),
            )
        })?;
        let measured = self
            .time_pointer
            .as_ref()
            .and_then(|pointer| json.pointer(pointer))
            .and_then(unix_ms);
        Ok(reading(on != self.invert, retained, measured))
    }
}

impl TopicAdapter for JsonSensor {
    fn id(&self) -> &SensorId {
        &self.id
    }

    fn topics(&self) -> Vec<String> {
        let mut topics = vec![self.topic.clone()];
        topics.extend(self.availability_topic.clone());
        topics
    }

    fn interpret(
        &self,
        topic: &str,
        payload: &[u8],
        retained: bool,
    ) -> Result<Option<Meaning>, SensorError> {
        if self.availability_topic.as_deref() == Some(topic) {
            return availability(&self.id, topic, payload).map(Some);
        }
        if topic == self.topic {
            return self.state(payload, retained).map(Some);
        }
        Ok(None)
    }
}

fn unix_ms(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => parse_rfc3339(text).ok().map(|(ms, _)| ms),
        Value::Number(n) => {
            let number = n.as_f64()?;
            let ms = if number.abs() < MILLISECONDS_FROM as f64 {
                number * 1000.0
            } else {
                number
            };
            Some(ms as i64)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hall_core::observe::Quality;

    fn sensor(pointer: Option<&str>) -> JsonSensor {
        JsonSensor {
            id: "W5-mat".into(),
            topic: "mats/5".into(),
            pointer: pointer.map(Into::into),
            time_pointer: Some("/at".into()),
            on: vec!["belegt".into(), "7".into()],
            off: vec!["frei".into()],
            availability_topic: Some("mats/5/alive".into()),
            invert: false,
        }
    }

    #[test]
    fn a_pointer_finds_the_state_and_its_time() {
        let p = Some("/state/0/occupied");
        for (pointer, payload, expected, time) in [
            (p, r#"{"state":[{"occupied":true}]}"#, Some(true), None),
            (p, r#"{"state":[{"occupied":"FREI"}]}"#, Some(false), None),
            (p, r#"{"state":[{"occupied":7}]}"#, Some(true), None),
            (
                p,
                r#"{"state":[{"occupied":0}],"at":1789956000}"#,
                Some(false),
                Some(1_789_956_000_000),
            ),
            (
                p,
                r#"{"state":[{"occupied":1}],"at":"2026-09-21T10:00:00+08:00"}"#,
                Some(true),
                Some(1_789_956_000_000),
            ),
            (
                p,
                r#"{"state":[{"occupied":1}],"at":1789956000250}"#,
                Some(true),
                Some(1_789_956_000_250),
            ),
            (None, "ON", Some(true), None),
            (None, "frei", Some(false), None),
            (None, "true", Some(true), None),
        ] {
            let got = sensor(pointer)
                .interpret("mats/5", payload.as_bytes(), false)
                .unwrap();
            let Some(Meaning::Reading {
                value,
                quality: Quality::Good,
                measured_unix_ms,
            }) = got
            else {
                panic!("{payload}: {got:?}")
            };
            assert_eq!(
                (Some(value), measured_unix_ms),
                (expected, time),
                "{payload}"
            );
        }
    }

    #[test]
    fn reports_without_the_state_are_signs_of_life_and_nonsense_is_named() {
        let s = sensor(Some("/occupied"));
        for payload in ["", r#"{"battery":3}"#, r#"{"occupied":null}"#] {
            let got = s.interpret("mats/5", payload.as_bytes(), false).unwrap();
            assert_eq!(got, Some(Meaning::Nothing), "{payload}");
        }
        for payload in [
            r#"{"occupied":"perhaps"}"#,
            r#"{"occupied":{}}"#,
            "occupied",
        ] {
            assert!(
                s.interpret("mats/5", payload.as_bytes(), false).is_err(),
                "{payload}"
            );
        }
        let got = s.interpret("mats/5/alive", b"Offline", true).unwrap();
        assert_eq!(got, Some(Meaning::Offline));
    }
}
