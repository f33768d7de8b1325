//! ESPHome entities over MQTT (<https://esphome.io/components/mqtt>): a binary sensor's `ON` and `OFF`, the node's birth and will.
//! LD2410 nodes offer `has_target`, `has_moving_target`, `has_still_target` and `out_pin_presence_status`; numeric entities such as
//! `moving_distance` say nothing about presence by themselves.

use hall_core::ids::SensorId;

use crate::error::SensorError;
use crate::meaning::{Meaning, TopicAdapter, availability, failure, reading, truth_word};

/// One binary sensor of an ESPHome node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EspHomeSensor {
    /// Sensor id.
    pub id: SensorId,
    /// State topic, for example `w3-radar/binary_sensor/has_target/state`.
    pub topic: String,
    /// True when "on" means nobody is there.
    pub invert: bool,
}

impl EspHomeSensor {
    /// `<prefix>/status`: the prefix is whatever stands before `/binary_sensor/` (or `/switch/`).
    fn status_topic(&self) -> String {
        let prefix = ["/binary_sensor/", "/switch/"]
            .iter()
            .find_map(|part| self.topic.split_once(part))
            .map_or_else(|| self.topic.as_str(), |(prefix, _)| prefix);
        format!("{prefix}/status")
    }
}

impl TopicAdapter for EspHomeSensor {
    fn id(&self) -> &SensorId {
        &self.id
    }

    fn topics(&self) -> Vec<String> {
        vec![self.topic.clone(), self.status_topic()]
    }

    fn interpret(
        &self,
        topic: &str,
        payload: &[u8],
        retained: bool,
    ) -> Result<Option<Meaning>, SensorError> {
        if topic == self.status_topic() {
            return availability(&self.id, topic, payload).map(Some);
        }
        if topic != self.topic {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(payload);
        let word = text.trim();
        if word.is_empty() {
            return Ok(Some(Meaning::Nothing));
        }
        // Before its first measurement a node publishes the state as unknown.
        if word.eq_ignore_ascii_case("unknown") || word.eq_ignore_ascii_case("nan") {
            return Ok(Some(Meaning::Nothing));
        }
        let value = truth_word(word).ok_or_else(|| {
            failure(
                &self.id,
                topic,
                format!("'{word}', expected ON or OFF; is this the topic of a binary sensor?"),
            )
        })?;
        Ok(Some(reading(value != self.invert, retained, None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hall_core::observe::Quality;

    fn sensor(invert: bool) -> EspHomeSensor {
        EspHomeSensor {
            id: "W3-radar".into(),
            topic: "w3-radar/binary_sensor/has_target/state".into(),
            invert,
        }
    }

    #[test]
    fn on_and_off_are_readings_and_the_nodes_status_is_its_health() {
        let says = |value, quality| {
            Some(Meaning::Reading {
                value,
                quality,
                measured_unix_ms: None,
            })
        };
        let state = "w3-radar/binary_sensor/has_target/state";
        for (topic, payload, retained, invert, expected) in [
            (state, "ON", false, false, says(true, Quality::Good)),
            (state, "OFF", false, false, says(false, Quality::Good)),
            (state, "OFF", false, true, says(true, Quality::Good)),
            (state, "ON", true, false, says(true, Quality::Stale)),
            (state, "", true, false, Some(Meaning::Nothing)),
            (state, "unknown", false, false, Some(Meaning::Nothing)),
            (
                "w3-radar/status",
                "offline",
                true,
                false,
                Some(Meaning::Offline),
            ),
            (
                "w3-radar/status",
                "online",
                true,
                false,
                Some(Meaning::Online),
            ),
            (
                "w3-radar/sensor/moving_distance/state",
                "81",
                false,
                false,
                None,
            ),
            ("w4-radar/status", "offline", true, false, None),
        ] {
            let got = sensor(invert)
                .interpret(topic, payload.as_bytes(), retained)
                .unwrap();
            assert_eq!(got, expected, "{topic} {payload}");
        }
        assert_eq!(sensor(false).topics(), [state, "w3-radar/status"]);
    }

    #[test]
    fn a_number_is_refused_with_a_hint_at_the_wrong_topic() {
        let text = sensor(false)
            .interpret("w3-radar/binary_sensor/has_target/state", b"81", false)
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("expected ON or OFF") && text.contains("W3-radar"),
            "{text}"
        );
    }
}
