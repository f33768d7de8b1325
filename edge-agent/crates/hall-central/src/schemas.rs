//! The published JSON Schemas (`edge-agent/docs/mqtt/schemas`), embedded: which one a topic's payload must satisfy, and whether it does.
//! Knows nothing of what a payload means.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

macro_rules! published {
    ($($name:literal),+ $(,)?) => {
        /// Every published schema: its name, and the file as published.
        pub const PUBLISHED: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../docs/mqtt/schemas/", $name, ".json")),
        )),+];
    };
}

published![
    "ack",
    "cmd",
    "cmd-calendar",
    "cmd-config.get",
    "cmd-evidence",
    "cmd-excuse",
    "cmd-resync",
    "cmd-verdict",
    "event",
    "gap",
    "meta",
    "reply",
    "rollup",
    "state-queue",
    "state-window",
    "status",
    "summary-live",
];

/// What becomes of a field that no schema names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// It is passed over, as every subscriber must: a later version of the contract may have it.
    PassedOver,
    /// It is a fault: a box says what its own version's contract does not know. For tests.
    Refused,
}

/// The schemas, ready to check payloads.
pub struct Schemas {
    by_name: BTreeMap<&'static str, Validator>,
}

impl Schemas {
    /// The schemas as published.
    #[must_use]
    pub fn published() -> &'static Schemas {
        static PASSING: LazyLock<Schemas> = LazyLock::new(|| Schemas::new(Unknown::PassedOver));
        &PASSING
    }

    /// The schemas, and every field they do not name is a fault.
    #[must_use]
    pub fn strict() -> &'static Schemas {
        static STRICT: LazyLock<Schemas> = LazyLock::new(|| Schemas::new(Unknown::Refused));
        &STRICT
    }

    fn new(unknown: Unknown) -> Self {
        let compiled = PUBLISHED.iter().map(|(name, text)| {
            let mut schema: Value =
                serde_json::from_str(text).expect("invariant: a published schema is JSON");
            if unknown == Unknown::Refused {
                close(&mut schema);
            }
            let validator = jsonschema::options()
                .should_validate_formats(true)
                .build(&schema)
                .expect("invariant: a published schema is one");
            (*name, validator)
        });
        Schemas {
            by_name: compiled.collect(),
        }
    }

    /// Checks a payload against the schema `name`.
    ///
    /// # Errors
    /// The first thing that is wrong, and where in the payload.
    pub fn check(&self, name: &str, payload: &Value) -> Result<(), String> {
        let Some(validator) = self.by_name.get(name) else {
            return Err(format!("there is no schema {name}"));
        };
        validator.validate(payload).map_err(|error| {
            let place = error.instance_path().to_string();
            let place = if place.is_empty() { "/" } else { &place };
            format!("schema {name}: {place}: {error}")
        })
    }

    /// Checks what stands on a topic below the box's own, for example `state/window/W1`. An empty payload clears a retained topic.
    ///
    /// # Errors
    /// As [`check`](Self::check), or that the contract knows no such topic.
    pub fn check_leaf(&self, leaf: &str, payload: &str) -> Result<(), String> {
        if payload.is_empty() && is_retained(leaf) {
            return Ok(());
        }
        let value: Value = serde_json::from_str(payload).map_err(|e| e.to_string())?;
        self.check(schema_of(leaf, &value)?, &value)
    }
}

/// The schema of a topic's payload.
///
/// # Errors
/// When the contract knows no such topic.
pub fn schema_of(leaf: &str, payload: &Value) -> Result<&'static str, String> {
    Ok(match leaf.split('/').collect::<Vec<_>>()[..] {
        ["status"] => "status",
        ["meta"] => "meta",
        ["ack"] => "ack",
        ["event"] if payload["type"] == "hall.log.gap.v1" => "gap",
        ["event"] => "event",
        ["state", "window", _] => "state-window",
        ["state", "queue", _] => "state-queue",
        ["summary", "live"] => "summary-live",
        ["summary", "15min" | "hour" | "day" | "month"] => "rollup",
        ["reply", _] => "reply",
        ["cmd", _] => "cmd",
        _ => return Err(format!("the contract knows no topic {leaf}")),
    })
}

fn is_retained(leaf: &str) -> bool {
    matches!(leaf, "status" | "meta" | "summary/live" | "ack") || leaf.starts_with("state/")
}

/// Closes every object that lists its fields. What stands under `allOf` and `if` says more about an object listed elsewhere.
fn close(schema: &mut Value) {
    let Value::Object(map) = schema else {
        return;
    };
    if map.contains_key("properties") && !map.contains_key("additionalProperties") {
        map.insert("additionalProperties".into(), false.into());
    }
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(close);
    }
    if let Some(items) = map.get_mut("items") {
        close(items);
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(Value::Array(choices)) = map.get_mut(key) {
            choices.iter_mut().for_each(close);
        }
    }
}
