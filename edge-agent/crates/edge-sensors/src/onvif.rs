//! ONVIF events that a camera publishes over MQTT as JSON (topic part `onvif-ej`; ONVIF Core specification, "JSON notification
//! messages"): its digital inputs and its own analytics as a further source. Both data forms exist in the field, and empty payloads.

use hall_core::ids::SensorId;
use hall_wire::time::parse_rfc3339;
use serde_json::Value;

use crate::error::SensorError;
use crate::meaning::{Meaning, TopicAdapter, failure, object, reading, truth};

/// One ONVIF event topic of a camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnvifSensor {
    /// Sensor id.
    pub id: SensorId,
    /// Whole topic, for example `cam3/onvif-ej/RuleEngine/FieldDetector/ObjectsInside/&1/W3`.
    pub topic: String,
    /// Data item to read; `None`: `IsInside`, `State`, `LogicalState`, `IsMotion` or `Count`, whichever is there.
    pub property: Option<String>,
    /// True when "on" means nobody is there.
    pub invert: bool,
}

/// Data items that tell of presence, by what they are called in the ONVIF topic set.
const ITEMS: [&str; 5] = ["IsInside", "LogicalState", "State", "IsMotion", "Count"];

impl OnvifSensor {
    fn judge(&self, topic: &str, item: &str, value: &Value) -> Result<bool, SensorError> {
        // A relay or an input is active or inactive (tt:RelayLogicalState); a count of people is above 0, and "1" and "0" of an
        // xs:boolean read the same way.
        let word = match value {
            Value::String(text) => match text.trim() {
                "active" => Some(true),
                "inactive" => Some(false),
                text => text.parse::<u64>().ok().map(|count| count > 0),
            },
            Value::Number(count) => count.as_u64().map(|count| count > 0),
            _ => None,
        };
        word.or_else(|| truth(value)).ok_or_else(|| {
            failure(
                &self.id,
                topic,
                format!("'{item}' is {value}, expected true, false, active, inactive or a count"),
            )
        })
    }
}

/// An item of `Data`, in the short form `{"Count":"3"}` or as a list of name and value.
fn item<'a>(data: &'a Value, name: &str) -> Option<&'a Value> {
    let list = match data {
        Value::Array(list) => Some(list),
        Value::Object(fields) => match fields.get("SimpleItem") {
            Some(Value::Array(list)) => Some(list),
            Some(one @ Value::Object(_)) => return named(one, name),
            _ => return fields.get(name),
        },
        _ => None,
    };
    list?.iter().find_map(|entry| named(entry, name))
}

fn named<'a>(entry: &'a Value, name: &str) -> Option<&'a Value> {
    let is = |key: &str| entry.get(key).and_then(Value::as_str) == Some(name);
    if is("Name") || is("@Name") {
        entry.get("Value").or_else(|| entry.get("@Value"))
    } else {
        None
    }
}

impl TopicAdapter for OnvifSensor {
    fn id(&self) -> &SensorId {
        &self.id
    }

    fn topics(&self) -> Vec<String> {
        vec![self.topic.clone()]
    }

    fn interpret(
        &self,
        topic: &str,
        payload: &[u8],
        retained: bool,
    ) -> Result<Option<Meaning>, SensorError> {
        if topic != self.topic {
            return Ok(None);
        }
        if payload.iter().all(u8::is_ascii_whitespace) {
            return Ok(Some(Meaning::Nothing));
        }
        let fields = object(&self.id, topic, payload)?;
        // A property that was deleted (the rule was taken out of the camera) has no state any more.
        let deleted = fields.get("PropertyOperation").and_then(Value::as_str) == Some("Deleted");
        let Some(data) = fields.get("Data").filter(|_| !deleted) else {
            return Ok(Some(Meaning::Nothing));
        };
        let wanted: Vec<&str> = match &self.property {
            Some(name) => vec![name],
            None => ITEMS.to_vec(),
        };
        let found = wanted
            .into_iter()
            .find_map(|name| item(data, name).map(|value| (name, value)));
        let Some((name, value)) = found else {
            return Ok(Some(Meaning::Nothing));
        };
        let on = self.judge(topic, name, value)?;
        let measured = fields
            .get("UtcTime")
            .and_then(Value::as_str)
            .and_then(|text| parse_rfc3339(text).ok())
            .map(|(ms, _)| ms);
        Ok(Some(reading(on != self.invert, retained, measured)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_data_are_read_and_empty_payloads_say_nothing() {
        let topic = "cam3/onvif-ej/RuleEngine/CountAggregation/OccupancyCounter/&1/W3";
        let sensor = |property: Option<&str>| OnvifSensor {
            id: "W3-onvif".into(),
            topic: topic.into(),
            property: property.map(Into::into),
            invert: false,
        };
        let short = r#"{"UtcTime":"2026-09-21T02:00:00.250Z","Source":{"VideoSource":"1"},"Data":{"Count":"3"}}"#;
        let items = r#"{"UtcTime":"2026-09-21T02:00:00Z","Data":{"SimpleItem":[{"Name":"Count","Value":"0"}]}}"#;
        let array =
            r#"{"Data":[{"Name":"ObjectId","Value":"7"},{"Name":"IsInside","Value":"true"}]}"#;
        let one = r#"{"Data":{"SimpleItem":{"@Name":"LogicalState","@Value":"1"}}}"#;
        for (payload, property, expected, time) in [
            (short, None, Some(true), Some(1_789_956_000_250)),
            (items, None, Some(false), Some(1_789_956_000_000)),
            (array, None, Some(true), None),
            (one, None, Some(true), None),
            (short, Some("IsInside"), None, None),
            ("", None, None, None),
            (" \n", None, None, None),
            (r#"{"UtcTime":"2026-09-21T02:00:00Z"}"#, None, None, None),
        ] {
            let got = sensor(property)
                .interpret(topic, payload.as_bytes(), false)
                .unwrap();
            let read = match got {
                Some(Meaning::Reading {
                    value,
                    measured_unix_ms,
                    ..
                }) => (Some(value), measured_unix_ms),
                other => {
                    assert_eq!(other, Some(Meaning::Nothing), "{payload}");
                    (None, None)
                }
            };
            assert_eq!(read, (expected, time), "{payload}");
        }
        assert!(
            sensor(None)
                .interpret(topic, br#"{"Data":{"Count":"many"}}"#, false)
                .is_err()
        );
    }
}
