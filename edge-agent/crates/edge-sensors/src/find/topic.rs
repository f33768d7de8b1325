//! What a message on a broker is: whose form it has, and which of its values say on and off. Pure: topic and bytes in, signals out.

use serde_json::{Map, Value};

use super::Place;
use crate::meaning::{truth, truth_word};

/// What a signal says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// On.
    On,
    /// Off.
    Off,
    /// A word that is neither by itself.
    Word(String),
}

impl From<bool> for State {
    fn from(on: bool) -> Self {
        if on { State::On } else { State::Off }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::On => "on",
            State::Off => "off",
            State::Word(word) => word,
        })
    }
}

/// A message as it is understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recognised {
    /// Whose form it has, as `type` of a sensor names it; empty when nobody's that is known.
    pub family: &'static str,
    /// What says on and off in it.
    pub signals: Vec<(Place, State)>,
}

/// At most this many signals of one message; a form with more is not a sensor's.
const SIGNALS_MAX: usize = 32;
/// How deep a state may lie in JSON.
const DEPTH_MAX: usize = 4;
/// A state that is a word is short.
const WORD_MAX: usize = 16;
/// Keys of Zigbee2MQTT that are on and off and say nothing about a window.
const NOT_SIGNALS: [&str; 3] = ["update_available", "battery_low", "tamper"];

/// Recognises a message.
#[must_use]
pub fn recognise(topic: &str, payload: &[u8]) -> Recognised {
    let text = String::from_utf8_lossy(payload);
    let text = text.trim();
    let json: Option<Value> = serde_json::from_str(text).ok();
    let levels: Vec<&str> = topic.split('/').collect();
    let (last, before) = (
        levels.last().copied().unwrap_or_default(),
        levels.iter().rev().nth(2).copied().unwrap_or_default(),
    );
    let fields = json.as_ref().and_then(Value::as_object);
    let (family, mut signals) = if levels.contains(&"onvif-ej") {
        ("onvif", fields.map(|f| onvif(topic, f)).unwrap_or_default())
    } else if last == "state" && matches!(before, "binary_sensor" | "switch") {
        let topic = topic.to_owned();
        (
            "esphome",
            truth_word(text)
                .map(|on| (Place::EspHome { topic }, on.into()))
                .into_iter()
                .collect(),
        )
    } else if last == "state" && matches!(before, "sensor" | "text_sensor" | "number" | "select") {
        ("esphome", Vec::new())
    } else if levels.len() >= 3 && matches!(levels[0], "tele" | "stat" | "cmnd") {
        let name = levels[1..levels.len() - 1].join("/");
        ("tasmota", tasmota(&name, last, text, fields))
    } else if levels.contains(&"bridge") || last == "availability" {
        ("zigbee2mqtt", Vec::new())
    } else if last == "status" && matches!(text, "online" | "offline") {
        ("esphome", Vec::new())
    } else if let Some(fields) =
        fields.filter(|f| levels[0] == "zigbee2mqtt" || f.contains_key("linkquality"))
    {
        ("zigbee2mqtt", zigbee2mqtt(topic, fields))
    } else {
        let mut signals = Vec::new();
        let json = json.unwrap_or_else(|| Value::String(text.to_owned()));
        generic(topic, &json, &mut String::new(), 0, &mut signals);
        (if signals.is_empty() { "" } else { "mqtt" }, signals)
    };
    signals.truncate(SIGNALS_MAX);
    Recognised { family, signals }
}

fn zigbee2mqtt(topic: &str, fields: &Map<String, Value>) -> Vec<(Place, State)> {
    let place = |property: &str| Place::Zigbee2Mqtt {
        topic: topic.to_owned(),
        property: property.to_owned(),
    };
    let plain = (fields.iter())
        .filter(|(key, _)| !NOT_SIGNALS.contains(&key.as_str()))
        .filter_map(|(key, value)| Some((place(key), truth(value)?.into())));
    // A region of an Aqara FP1 comes as an action.
    let action = fields
        .get("action")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let region = [("_occupied", true), ("_unoccupied", false)];
    let region = (region.into_iter())
        .filter_map(|(end, on)| Some((action.strip_suffix(end)?, on)))
        .filter(|(name, _)| name.starts_with("region_"))
        .map(|(name, on)| (place(name), on.into()));
    plain.chain(region).collect()
}

fn tasmota(
    name: &str,
    last: &str,
    text: &str,
    fields: Option<&Map<String, Value>>,
) -> Vec<(Place, State)> {
    let place = |property: String| Place::Tasmota {
        name: name.to_owned(),
        property,
    };
    let Some(fields) = fields else {
        // stat/NAME/POWER and stat/NAME/SWITCH1, the key in capitals.
        let property = match last.strip_prefix("SWITCH") {
            Some(number) => format!("Switch{number}"),
            None if last.starts_with("POWER") => last.to_owned(),
            None => return Vec::new(),
        };
        let state = truth_word(text).map(|on| (place(property), on.into()));
        return state.into_iter().collect();
    };
    if !matches!(
        last,
        "SENSOR" | "STATE" | "RESULT" | "STATUS8" | "STATUS10" | "STATUS11"
    ) {
        return Vec::new();
    }
    let inner =
        (fields.get("StatusSNS").or_else(|| fields.get("StatusSTS"))).and_then(Value::as_object);
    let mut signals = Vec::new();
    for (key, value) in inner.unwrap_or(fields) {
        let told = value
            .get("Action")
            .or_else(|| value.get("State"))
            .unwrap_or(value);
        if let Some(on) = truth(told) {
            signals.push((place(key.clone()), on.into()));
        }
        // Inputs of a port expander: {"MCP230XX":{"D0":1}}.
        for (pin, value) in value.as_object().into_iter().flatten() {
            let is_pin = pin
                .strip_prefix('D')
                .is_some_and(|n| n.parse::<u8>().is_ok());
            if let Some(on) = truth(value).or_else(|| bit(value)).filter(|_| is_pin) {
                signals.push((place(format!("{key}.{pin}")), on.into()));
            }
        }
    }
    signals
}

fn onvif(topic: &str, fields: &Map<String, Value>) -> Vec<(Place, State)> {
    let mut items: Vec<(String, Value)> = Vec::new();
    let mut take = |entry: &Value| {
        let of = |key: &str| entry.get(key).or_else(|| entry.get(format!("@{key}")));
        if let (Some(Value::String(name)), Some(value)) = (of("Name"), of("Value")) {
            items.push((name.clone(), value.clone()));
        }
    };
    match fields.get("Data") {
        Some(Value::Array(list)) => list.iter().for_each(take),
        Some(Value::Object(data)) => match data.get("SimpleItem") {
            Some(Value::Array(list)) => list.iter().for_each(take),
            Some(one) => take(one),
            None => items.extend(data.iter().map(|(k, v)| (k.clone(), v.clone()))),
        },
        _ => {}
    }
    let state = |name: &str, value: &Value| {
        let number = match value {
            Value::Number(n) => n.as_f64(),
            Value::String(s) => s.trim().parse().ok(),
            _ => None,
        };
        // A number of people is on when there is somebody; other numbers are identities.
        let count = number.filter(|n| name == "Count" || *n == 0.0 || *n == 1.0);
        truth(value).or(count.map(|n| n > 0.0))
    };
    let known = ["IsInside", "LogicalState", "State", "IsMotion", "Count"];
    (items.into_iter())
        .filter(|(name, _)| known.contains(&name.as_str()))
        .filter_map(|(property, value)| {
            let on = state(&property, &value)?;
            let topic = topic.to_owned();
            Some((Place::Onvif { topic, property }, on.into()))
        })
        .collect()
}

fn generic(
    topic: &str,
    value: &Value,
    at: &mut String,
    depth: usize,
    out: &mut Vec<(Place, State)>,
) {
    if out.len() >= SIGNALS_MAX || depth > DEPTH_MAX {
        return;
    }
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(k, v)| (k.replace('~', "~0").replace('/', "~1"), v))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(n, v)| (n.to_string(), v))
            .collect(),
        _ => {
            if let Some(state) = word(value) {
                let pointer = (depth > 0).then(|| at.clone());
                out.push((
                    Place::Json {
                        topic: topic.to_owned(),
                        pointer,
                    },
                    state,
                ));
            }
            return;
        }
    };
    for (key, value) in inner {
        let length = at.len();
        at.push('/');
        at.push_str(&key);
        generic(topic, value, at, depth + 1, out);
        at.truncate(length);
    }
}

/// A state in a form of somebody's own.
fn word(value: &Value) -> Option<State> {
    if let Some(on) = truth(value).or_else(|| bit(value)) {
        return Some(on.into());
    }
    let text = value.as_str()?.trim();
    match text {
        "1" => Some(State::On),
        "0" => Some(State::Off),
        // Numbers, times and names with numbers are no states.
        _ => {
            let is_word = !text.is_empty()
                && text.chars().count() <= WORD_MAX
                && !text.contains(|c: char| c.is_ascii_digit() || c.is_control());
            is_word.then(|| State::Word(text.to_owned()))
        }
    }
}

fn bit(value: &Value) -> Option<bool> {
    match value.as_i64() {
        Some(1) => Some(true),
        Some(0) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(topic: &str, payload: &str) -> (&'static str, Vec<String>) {
        let found = recognise(topic, payload.as_bytes());
        let signals = found
            .signals
            .iter()
            .map(|(place, state)| format!("{place}={state}"));
        (found.family, signals.collect())
    }

    #[test]
    fn every_family_is_recognised_by_its_documented_messages() {
        let fp1 = r#"{"presence":true,"presence_event":"enter","device_temperature":24,"linkquality":90,"update_available":false}"#;
        for (topic, payload, family, signals) in [
            (
                "zigbee2mqtt/W3-radar",
                fp1,
                "zigbee2mqtt",
                vec!["zigbee2mqtt/W3-radar presence=on"],
            ),
            (
                "home/hall/W3",
                r#"{"contact":false,"linkquality":90}"#,
                "zigbee2mqtt",
                vec!["home/hall/W3 contact=off"],
            ),
            (
                "zigbee2mqtt/W3",
                r#"{"action":"region_2_occupied"}"#,
                "zigbee2mqtt",
                vec!["zigbee2mqtt/W3 region_2=on"],
            ),
            (
                "zigbee2mqtt/bridge/state",
                r#"{"state":"online"}"#,
                "zigbee2mqtt",
                vec![],
            ),
            (
                "zigbee2mqtt/W3-radar/availability",
                "online",
                "zigbee2mqtt",
                vec![],
            ),
            (
                "w3/binary_sensor/has_target/state",
                "ON",
                "esphome",
                vec!["w3/binary_sensor/has_target/state=on"],
            ),
            ("w3/sensor/moving_distance/state", "81", "esphome", vec![]),
            ("w3/status", "online", "esphome", vec![]),
            (
                "tele/w3-seat/SENSOR",
                r#"{"Time":"2026-09-21T03:00:00","Switch1":"ON","ANALOG":{"A0":7}}"#,
                "tasmota",
                vec!["w3-seat Switch1=on"],
            ),
            (
                "stat/w3-seat/SWITCH1",
                "OFF",
                "tasmota",
                vec!["w3-seat Switch1=off"],
            ),
            (
                "stat/w3-seat/RESULT",
                r#"{"Switch1":{"Action":"OFF"}}"#,
                "tasmota",
                vec!["w3-seat Switch1=off"],
            ),
            (
                "tele/mcp/SENSOR",
                r#"{"MCP230XX":{"D0":1,"D1":0}}"#,
                "tasmota",
                vec!["mcp MCP230XX.D0=on", "mcp MCP230XX.D1=off"],
            ),
            ("tele/w3-seat/LWT", "Online", "tasmota", vec![]),
            (
                "cam/onvif-ej/Device/Trigger/DigitalInput/&1",
                r#"{"Data":{"LogicalState":"true"}}"#,
                "onvif",
                vec!["cam/onvif-ej/Device/Trigger/DigitalInput/&1 LogicalState=on"],
            ),
            (
                "cam/onvif-ej/RuleEngine/C/&1/W3",
                r#"{"Data":{"SimpleItem":[{"Name":"Count","Value":"3"}]}}"#,
                "onvif",
                vec!["cam/onvif-ej/RuleEngine/C/&1/W3 Count=on"],
            ),
            (
                "mats/5",
                r#"{"state":[{"occupied":1}],"at":1789956000250}"#,
                "mqtt",
                vec!["mats/5 /state/0/occupied=on"],
            ),
            ("mats/6", "frei", "mqtt", vec!["mats/6=frei"]),
            ("mats/7", "0", "mqtt", vec!["mats/7=off"]),
            ("weather", r#"{"temperature":21.5}"#, "", vec![]),
            ("clock", "2026-09-21T03:00:00", "", vec![]),
            ("empty", "", "", vec![]),
        ] {
            let signals: Vec<String> = signals.into_iter().map(Into::into).collect();
            assert_eq!(told(topic, payload), (family, signals), "{topic} {payload}");
        }
    }
}
