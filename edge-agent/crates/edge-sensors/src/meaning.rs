//! What a device's message means, whatever the device: a reading, a sign of life, or nothing. Owns the words all adapters share;
//! knows no device.

use hall_core::HallTime;
use hall_core::ids::SensorId;
use hall_core::observe::Quality;
use serde_json::{Map, Value};

use crate::error::SensorError;

/// What one message means for one sensor.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A reading; `measured_unix_ms` when the payload says when it was taken.
    Reading {
        /// On or off, after `invert`.
        value: bool,
        /// `Suspect` when the payload contradicts itself; `Stale` for a retained payload without a time.
        quality: Quality,
        /// When it was measured, in Unix milliseconds.
        measured_unix_ms: Option<i64>,
    },
    /// The device says that it is there.
    Online,
    /// The device, or its will, says that it is gone.
    Offline,
    /// The bridge that the device hangs on is there, or gone.
    Bridge(bool),
    /// A message that concerns the sensor but says nothing about its state.
    Nothing,
}

/// A sensor that is heard on an MQTT broker. Pure: topic and bytes in, meaning out.
pub trait TopicAdapter: std::fmt::Debug + Send + Sync {
    /// The sensor.
    fn id(&self) -> &SensorId;

    /// Topics to subscribe.
    fn topics(&self) -> Vec<String>;

    /// What a message means for this sensor; `None` when its topic is not this sensor's.
    ///
    /// # Errors
    /// When the payload on a topic of this sensor is not what its device sends.
    fn interpret(
        &self,
        topic: &str,
        payload: &[u8],
        retained: bool,
    ) -> Result<Option<Meaning>, SensorError>;
}

/// A payload that says nothing usable.
pub(crate) fn failure(sensor: &SensorId, topic: &str, reason: impl Into<String>) -> SensorError {
    SensorError::Payload {
        sensor: sensor.to_string(),
        topic: topic.into(),
        reason: reason.into(),
    }
}

/// A JSON object, or what is wrong.
pub(crate) fn object(
    sensor: &SensorId,
    topic: &str,
    payload: &[u8],
) -> Result<Map<String, Value>, SensorError> {
    match serde_json::from_slice(payload) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(failure(sensor, topic, "a JSON object was expected")),
        Err(e) => Err(failure(sensor, topic, format!("not JSON ({e})"))),
    }
}

/// The words devices use for on and off.
pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(s) => truth_word(s),
        _ => None,
    }
}

/// The same for plain text.
pub(crate) fn truth_word(word: &str) -> Option<bool> {
    let is = |other: &str| word.eq_ignore_ascii_case(other);
    if is("on") || is("true") {
        Some(true)
    } else if is("off") || is("false") {
        Some(false)
    } else {
        None
    }
}

/// A reading without a time of its own: what the broker kept may be of any age.
pub(crate) fn reading(value: bool, retained: bool, measured_unix_ms: Option<i64>) -> Meaning {
    Meaning::Reading {
        value,
        quality: if retained && measured_unix_ms.is_none() {
            Quality::Stale
        } else {
            Quality::Good
        },
        measured_unix_ms,
    }
}

/// `online` and `offline` in any case, as plain text or as `{"state":"online"}`; nothing for an empty payload.
pub(crate) fn availability(
    sensor: &SensorId,
    topic: &str,
    payload: &[u8],
) -> Result<Meaning, SensorError> {
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
    match word.to_ascii_lowercase().as_str() {
        "online" => Ok(Meaning::Online),
        "offline" => Ok(Meaning::Offline),
        "" => Ok(Meaning::Nothing),
        _ => Err(failure(
            sensor,
            topic,
            format!("'{word}', expected online or offline"),
        )),
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
            // Nothing is older than the clock; a payload may say anything.
            received.plus_ms(measured.max(0) - received_unix_ms)
        }
        _ => received,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let ancient = reading_time(Some(i64::MIN), HallTime(5000), 1000);
        assert_eq!(ancient, HallTime(4000));
    }
}
