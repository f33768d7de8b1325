//! JSON Schemas of the raw forms, for editors and for the shape check. Knows nothing about values.

use schemars::JsonSchema;
use serde_json::Value as Json;

use crate::raw::{RawCalendar, RawConfig, RawRules};

/// The JSON Schema of `hall.toml` (draft 2020-12), with every key described.
#[must_use]
pub fn json_schema() -> Json {
    let mut schema = of::<RawConfig>();
    schema["title"] = "hall.toml of edge-agent".into();
    schema
}

/// The schema of a calendar file.
pub(crate) fn calendar_schema() -> Json {
    of::<RawCalendar>()
}

/// The schema of a file with the keys of `[rules]`: under that header, or bare.
pub(crate) fn rules_file_schema(headed: bool) -> Json {
    let rules = of::<RawRules>();
    if headed {
        serde_json::json!({"type": "object", "properties": {"rules": rules}})
    } else {
        rules
    }
}

fn of<T: JsonSchema>() -> Json {
    let mut schema = schemars::schema_for!(T).to_value();
    strip_null(&mut schema);
    schema
}

/// TOML has no null: an optional key is one that may be left out.
fn strip_null(schema: &mut Json) {
    match schema {
        Json::Object(object) => {
            if let Some(Json::Array(types)) = object.get_mut("type") {
                types.retain(|one| one != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    object.insert("type".into(), one);
                }
            }
            if let Some(Json::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|one| one["type"] != "null");
                if let [Json::Object(one)] = choices.as_slice() {
                    let one = one.clone();
                    object.remove("anyOf");
                    for (key, value) in one {
                        object.entry(key).or_insert(value);
                    }
                }
            }
            if object.get("default").is_some_and(Json::is_null) {
                object.remove("default");
            }
            object.values_mut().for_each(strip_null);
        }
        Json::Array(items) => items.iter_mut().for_each(strip_null),
        _ => {}
    }
    if let Json::Object(object) = schema
        && let Some(Json::Object(default)) = object.get_mut("default")
    {
        default.retain(|_, value| !value.is_null());
    }
}
