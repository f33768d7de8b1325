//! The one message by which Home Assistant learns of a box: device-based MQTT discovery
//! (<https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload>). Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::topics::Topics;

/// What is shown: ids with names for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// The hall.
    pub hall: String,
    /// Windows.
    pub windows: Vec<(String, String)>,
    /// Queues.
    pub queues: Vec<(String, String)>,
    /// Version of this program.
    pub version: String,
}

/// What a box announces.
#[derive(Debug, Clone, PartialEq)]
pub struct Announcement {
    topic: String,
    labels: Labels,
    /// Everything but the entities.
    frame: Map<String, Value>,
    entities: BTreeMap<String, Value>,
}

/// The states a window can be in, as in its state record.
const WINDOW_STATES: [&str; 5] = ["staffed", "unstaffed", "paused", "off_duty", "unknown"];

impl Announcement {
    /// The announcement of the box `hall`/`box_id` that publishes under `topics`; `prefix` is Home Assistant's discovery prefix.
    #[must_use]
    pub fn new(prefix: &str, topics: &Topics, hall: &str, box_id: &str, labels: Labels) -> Self {
        let id = word(&format!("{hall}_{box_id}"));
        let device = json!({
            "identifiers": [id],
            "name": format!("{} {box_id}", labels.hall),
            "model": "edge-agent",
            "sw_version": labels.version,
        });
        let origin = json!({"name": "edge-agent", "sw_version": labels.version});
        let frame = [("device", device), ("origin", origin), ("qos", 1.into())];
        let frame = frame.map(|(key, value)| (key.to_owned(), value));
        let mut announcement = Announcement {
            topic: format!("{prefix}/device/{id}/config"),
            frame: Map::from_iter(frame),
            entities: BTreeMap::new(),
            labels,
        };
        let status = topics.status();
        announcement.entity(
            &id,
            "box",
            json!({
                "platform": "binary_sensor",
                "name": "Online",
                "device_class": "connectivity",
                "entity_category": "diagnostic",
                "state_topic": status,
                "value_template": "{{ 'ON' if value_json.online else 'OFF' }}",
            }),
        );
        // Not shared by all entities: whether the box is there is to be seen when it is not.
        let availability = json!([{
            "topic": status,
            "value_template": "{{ 'online' if value_json.online else 'offline' }}",
        }]);
        let labels = announcement.labels.clone();
        for (window, name) in &labels.windows {
            let topic = topics.window_state(window);
            announcement.entity(
                &id,
                &format!("window_{window}_state"),
                json!({
                    "platform": "sensor",
                    "name": name,
                    "device_class": "enum",
                    "options": WINDOW_STATES,
                    "state_topic": topic,
                    "value_template": "{{ value_json.state }}",
                    "json_attributes_topic": topic,
                    "availability": availability,
                }),
            );
            announcement.entity(
                &id,
                &format!("window_{window}_suspected"),
                json!({
                    "platform": "binary_sensor",
                    "name": format!("{name} 疑似 (suspected)"),
                    "device_class": "problem",
                    "state_topic": topic,
                    "value_template": "{{ 'ON' if value_json.open_event else 'OFF' }}",
                    "availability": availability,
                }),
            );
        }
        for (queue, name) in &labels.queues {
            let topic = topics.queue_state(queue);
            announcement.entity(
                &id,
                &format!("queue_{queue}_length"),
                json!({
                    "platform": "sensor",
                    "name": format!("{name} 排队人数 (people)"),
                    "state_class": "measurement",
                    "unit_of_measurement": "people",
                    "state_topic": topic,
                    "value_template": "{{ value_json.length }}",
                    "json_attributes_topic": topic,
                    "availability": availability,
                }),
            );
            announcement.entity(
                &id,
                &format!("queue_{queue}_wait"),
                json!({
                    "platform": "sensor",
                    "name": format!("{name} 预计等待 (wait)"),
                    "device_class": "duration",
                    "state_class": "measurement",
                    "unit_of_measurement": "s",
                    "suggested_display_precision": 0,
                    "state_topic": topic,
                    "value_template": "{{ value_json.wait_est_s }}",
                    "availability": availability,
                }),
            );
        }
        announcement
    }

    fn entity(&mut self, device: &str, name: &str, mut config: Value) {
        let key = word(name);
        config["unique_id"] = format!("{device}_{key}").into();
        self.entities.insert(key, config);
    }

    /// The topic it stands on, retained.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// What is shown.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The message.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        self.with(&BTreeMap::new())
    }

    /// The message that removes the entities of an earlier one that are no more: those have nothing but their platform, and the
    /// next message is without them. `None`: there are none, or it was not one of ours.
    #[must_use]
    pub fn removal(&self, earlier: &[u8]) -> Option<Vec<u8>> {
        let earlier: Value = serde_json::from_slice(earlier).ok()?;
        let gone: BTreeMap<String, Value> = (earlier.get("components")?.as_object()?.iter())
            .filter(|(key, _)| !self.entities.contains_key(*key))
            .filter_map(|(key, config)| {
                let platform = config.get("platform")?.as_str()?;
                Some((key.clone(), json!({"platform": platform})))
            })
            .collect();
        (!gone.is_empty()).then(|| self.with(&gone))
    }

    fn with(&self, others: &BTreeMap<String, Value>) -> Vec<u8> {
        let mut message = self.frame.clone();
        let entities = self.entities.iter().chain(others);
        let components = entities.map(|(key, config)| (key.clone(), config.clone()));
        message.insert(
            "components".into(),
            components.collect::<Map<_, _>>().into(),
        );
        Value::Object(message).to_string().into_bytes()
    }
}

/// An id as Home Assistant allows it in a topic (letters, digits, `_` and `-`): anything else is written as the hex of its bytes between
/// underlines, which keeps ids apart.
fn word(id: &str) -> String {
    let mut word = String::with_capacity(id.len());
    for c in id.chars() {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
            word.push(c);
        } else {
            let mut bytes = [0; 4];
            let hex: String = c
                .encode_utf8(&mut bytes)
                .bytes()
                .map(|b| format!("{b:02x}"))
                .collect();
            word.push_str(&format!("_{hex}_"));
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement(windows: &[&str], queues: &[&str]) -> Announcement {
        let topics = Topics::new("hall/local", &["51".into()], "511921-001", "b1").unwrap();
        let named = |ids: &[&str]| {
            let named = ids.iter().map(|id| ((*id).to_owned(), format!("{id}号")));
            named.collect::<Vec<_>>()
        };
        let labels = Labels {
            hall: "通江大厅".into(),
            windows: named(windows),
            queues: named(queues),
            version: "0.1.0".into(),
        };
        Announcement::new("homeassistant", &topics, "511921-001", "b1", labels)
    }

    fn parsed(payload: &[u8]) -> Value {
        serde_json::from_slice(payload).unwrap()
    }

    /// What Home Assistant documents for the platforms used here, and the device classes with their conditions: key, and whether it is
    /// required. Anything else makes it refuse the whole entity.
    fn hold_entity(entity: &Value) {
        let fields = entity.as_object().unwrap();
        let allowed: &[&str] = match entity["platform"].as_str().unwrap() {
            "binary_sensor" => &[
                "platform",
                "unique_id",
                "name",
                "device_class",
                "entity_category",
                "state_topic",
                "value_template",
                "availability",
            ],
            "sensor" => &[
                "platform",
                "unique_id",
                "name",
                "device_class",
                "options",
                "state_class",
                "unit_of_measurement",
                "suggested_display_precision",
                "state_topic",
                "value_template",
                "json_attributes_topic",
                "availability",
            ],
            other => panic!("{other}"),
        };
        for key in fields.keys() {
            assert!(allowed.contains(&key.as_str()), "{key}: {entity}");
        }
        for key in ["unique_id", "name", "state_topic", "value_template"] {
            assert!(entity[key].is_string(), "{key}: {entity}");
        }
        let class = entity["device_class"].as_str();
        match entity["platform"].as_str().unwrap() {
            "binary_sensor" => assert!(
                matches!(class, Some("connectivity" | "problem")),
                "{entity}"
            ),
            _ if class == Some("enum") => {
                assert!(entity["options"].as_array().unwrap().len() > 1);
                assert!(entity["state_class"].is_null() && entity["unit_of_measurement"].is_null());
            }
            _ if class == Some("duration") => assert_eq!(entity["unit_of_measurement"], "s"),
            _ => assert!(
                class.is_none() && entity["state_class"] == "measurement",
                "{entity}"
            ),
        }
        for availability in entity["availability"].as_array().into_iter().flatten() {
            let keys: Vec<&String> = availability.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["topic", "value_template"]);
        }
    }

    #[test]
    fn the_message_has_what_home_assistant_documents_and_nothing_else() {
        let announcement = announcement(&["W1", "窗 2"], &["SB"]);
        assert_eq!(
            announcement.topic(),
            "homeassistant/device/511921-001_b1/config"
        );
        let message = parsed(&announcement.payload());
        let keys: Vec<&String> = message.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["components", "device", "origin", "qos"]);
        let device: Vec<&String> = message["device"].as_object().unwrap().keys().collect();
        assert_eq!(device, ["identifiers", "model", "name", "sw_version"]);
        assert_eq!(message["device"]["identifiers"], json!(["511921-001_b1"]));
        let origin: Vec<&String> = message["origin"].as_object().unwrap().keys().collect();
        assert_eq!(origin, ["name", "sw_version"]);

        let entities = message["components"].as_object().unwrap();
        assert_eq!(entities.len(), 1 + 2 * 2 + 2);
        let mut ids: Vec<&str> = Vec::new();
        for (key, entity) in entities {
            hold_entity(entity);
            let may = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            assert!(key.chars().all(may), "{key}");
            ids.push(entity["unique_id"].as_str().unwrap());
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), entities.len(), "every id once");
        let root = "hall/local/51/511921-001/b1";
        assert_eq!(entities["box"]["state_topic"], format!("{root}/status"));
        assert!(
            entities["box"]["availability"].is_null(),
            "seen also when it is gone"
        );
        assert_eq!(
            entities["window_W1_state"]["state_topic"],
            format!("{root}/state/window/W1")
        );
        assert_eq!(
            entities["queue_SB_wait"]["state_topic"],
            format!("{root}/state/queue/SB")
        );
    }

    #[test]
    fn the_states_it_lists_are_those_a_window_can_have() {
        use hall_core::snapshot::WindowState as W;
        let states = [W::Staffed, W::Unstaffed, W::Paused, W::OffDuty, W::Unknown];
        assert_eq!(
            states.map(hall_wire::state::window_state_name),
            WINDOW_STATES
        );
    }

    #[test]
    fn an_entity_that_is_no_more_is_removed_by_its_platform_alone() {
        let before = announcement(&["W1", "W2"], &["SB"]);
        let after = announcement(&["W1"], &["SB"]);
        assert_eq!(after.removal(&after.payload()), None);
        assert_eq!(before.removal(&after.payload()), None, "more is no removal");
        let removal = parsed(&after.removal(&before.payload()).unwrap());
        let entities = removal["components"].as_object().unwrap();
        assert_eq!(entities["window_W2_state"], json!({"platform": "sensor"}));
        assert_eq!(
            entities["window_W2_suspected"],
            json!({"platform": "binary_sensor"})
        );
        assert_eq!(entities["window_W1_state"]["device_class"], "enum");
        for foreign in [&b""[..], b"{}", b"nonsense", br#"{"components":[]}"#] {
            assert_eq!(after.removal(foreign), None);
        }
    }

    #[test]
    fn other_characters_are_spelt_out_and_keep_ids_apart() {
        let words = ["W3", "W_3", "W.3", "W 3", "窗3"].map(word);
        assert_eq!(words, ["W3", "W_3", "W_2e_3", "W_20_3", "_e7aa97_3"]);
    }
}
