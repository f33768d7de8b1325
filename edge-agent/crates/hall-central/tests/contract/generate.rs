//! Makes the schemas from the types, and holds the published files to them.

use std::collections::BTreeSet;
use std::fs;

use edge_uplink::GapRecord;
use edge_uplink::cloudevent::{Data, Envelope};
use edge_uplink::command::body::{Body, Envelope as Signed};
use edge_uplink::command::{Reply, VERBS};
use edge_uplink::wire::{AckRecord, Status};
use hall_central::schemas::PUBLISHED;
use hall_wire::event::SealedRecord;
use hall_wire::meta::MetaRecord;
use hall_wire::rollup::RollupRecord;
use hall_wire::state::{QueueStateRecord, WindowStateRecord};
use hall_wire::summary::SummaryRecord;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::{codes, crates, docs};

/// Every schema under its name.
fn schemas() -> Vec<(String, Value)> {
    let mut all = vec![
        named(
            "status",
            "Whether a box is connected",
            written::<Status>(),
            &[
                "edge-uplink/tests/golden/status_online.json",
                "edge-uplink/tests/golden/status_lost.json",
            ],
        ),
        named(
            "meta",
            "What a box is and has",
            written::<MetaRecord>(),
            &["hall-wire/tests/golden/meta.json"],
        ),
        named(
            "state-window",
            "A window now",
            written::<WindowStateRecord>(),
            &["hall-wire/tests/golden/state-window.json"],
        ),
        named(
            "state-queue",
            "A queue now",
            written::<QueueStateRecord>(),
            &["hall-wire/tests/golden/state-queue.json"],
        ),
        named(
            "summary-live",
            "The last full minute of the hall",
            written::<SummaryRecord>(),
            &["hall-wire/tests/golden/summary.json"],
        ),
        named(
            "rollup",
            "The figures of one period",
            rollup(),
            &["hall-wire/tests/golden/rollup.json"],
        ),
        named(
            "event",
            "One revision of one event",
            event(),
            &[
                "edge-uplink/tests/golden/event_unstaffed_raised.json",
                "edge-uplink/tests/golden/event_queue_long_raised.json",
            ],
        ),
        named(
            "gap",
            "Numbers whose records cannot be delivered any more",
            gap(),
            &["edge-uplink/tests/golden/gap_retention.json"],
        ),
        named("reply", "The answer to a command", written::<Reply>(), &[]),
        named("cmd", "A signed command", read::<Signed>(), &[]),
        named(
            "ack",
            "Up to where the centre has everything",
            read::<AckRecord>(),
            &[],
        ),
    ];
    for (verb, fields) in VERBS {
        let title = format!("What is signed in a command `{verb}`");
        all.push(named(
            &format!("cmd-{verb}"),
            &title,
            command(verb, fields),
            &[],
        ));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn written<T: JsonSchema>() -> Value {
    of::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn read<T: JsonSchema>() -> Value {
    of::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// In one piece: no `$ref`, so that every tool reads it, whatever it makes of them.
fn of<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|s| s.inline_subschemas = true);
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

fn named(name: &str, title: &str, mut schema: Value, examples: &[&str]) -> (String, Value) {
    schema["$id"] = json!(format!("urn:hall:v1:{name}"));
    schema["title"] = json!(title);
    let example = |path: &&str| {
        let text = fs::read_to_string(crates().join(path)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    if !examples.is_empty() {
        schema["examples"] = examples.iter().map(example).collect();
    }
    (name.into(), schema)
}

fn rollup() -> Value {
    let mut schema = written::<RollupRecord>();
    // What the box keeps for itself is not published.
    let period = &mut schema["properties"]["period"]["enum"];
    period.as_array_mut().unwrap().retain(|word| word != "1min");
    schema
}

fn event() -> Value {
    let mut schema = written::<Envelope<'_, Data<SealedRecord>>>();
    let properties = &mut schema["properties"];
    properties["id"]["pattern"] = json!("^[^/]+/[^/]+/[0-7][0-9A-HJKMNP-TV-Z]{25}/[1-9][0-9]*$");
    let data = &mut properties["data"];
    let words = |field: &str, data: &Value| -> String {
        let listed = data["properties"][field]["enum"].as_array().unwrap();
        let words: Vec<&str> = listed.iter().map(|word| word.as_str().unwrap()).collect();
        words.join("|")
    };
    let kind = format!(
        r"^hall\.({})\.({})\.({})\.v1$",
        words("subject_kind", data),
        words("code", data),
        words("phase", data)
    );
    let subject = format!("^({})/.+$", words("subject_kind", data));
    data["properties"]["code"] = codes::words();
    data["allOf"] = codes::consequences().into();
    properties["type"]["pattern"] = kind.into();
    properties["subject"]["pattern"] = subject.into();
    properties["source"]["pattern"] = json!("^(/[^/]+){2,}$");
    schema
}

fn gap() -> Value {
    let mut schema = written::<Envelope<'_, Data<GapRecord>>>();
    let properties = &mut schema["properties"];
    properties["id"]["pattern"] = json!("^[^/]+/[^/]+/gap/[0-9]+-[0-9]+$");
    properties["type"]["const"] = json!("hall.log.gap.v1");
    properties["subject"]["const"] = json!("log");
    properties["source"]["pattern"] = json!("^(/[^/]+){2,}$");
    schema["description"] = json!(
        "Numbers from `data.from` to `data.to` that the box cannot deliver any more: announced, never skipped. What had already arrived stays valid."
    );
    schema
}

/// What is signed for one verb: the fields of all commands, and those of the verb.
fn command(verb: &str, fields: &[&str]) -> Value {
    let mut schema = read::<Body>();
    let own: BTreeSet<&str> = VERBS
        .iter()
        .flat_map(|(_, fields)| *fields)
        .copied()
        .collect();
    let properties = schema["properties"].as_object_mut().unwrap();
    properties.retain(|name, _| !own.contains(name.as_str()) || fields.contains(&name.as_str()));
    properties["verb"] =
        json!({"type": "string", "const": verb, "description": properties["verb"]["description"]});
    properties["to"]["pattern"] = json!("^(/[^/]+){2,}$");
    match fields {
        [] => {}
        [only] => schema["required"].as_array_mut().unwrap().push(json!(only)),
        _ => {
            let one = |field: &&str| json!({"required": [field]});
            schema["oneOf"] = fields.iter().map(one).collect();
        }
    }
    schema["description"] = json!(format!(
        "The payload of the JWS in `cmd/{verb}`. A field that is not listed makes it `malformed`."
    ));
    schema
}

#[test]
fn the_published_schemas_are_those_of_the_code() {
    let folder = docs().join("schemas");
    let bless = std::env::var_os("BLESS").is_some();
    let all = schemas();
    for (name, schema) in &all {
        let path = folder.join(format!("{name}.json"));
        if bless {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, serde_json::to_string_pretty(schema).unwrap() + "\n").unwrap();
        }
        let published: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert!(
            published == *schema,
            "{name}.json is not the schema of the code; BLESS=1 writes it anew"
        );
    }
    let names: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let embedded: BTreeSet<&str> = PUBLISHED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, embedded, "hall_central::schemas lists others");
    let mut files = BTreeSet::new();
    for file in fs::read_dir(&folder).unwrap() {
        files.insert(
            file.unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert!(files.iter().map(String::as_str).eq(names), "{files:?}");
}

/// Words of JSON Schema that mean the same in draft-07, by which AsyncAPI tools read, and in 2020-12.
const COMMON: &[&str] = &[
    "$id",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "description",
    "enum",
    "examples",
    "format",
    "if",
    "items",
    "maxLength",
    "maximum",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "then",
    "title",
    "type",
];

#[test]
fn every_schema_is_one_says_what_each_field_means_and_reads_the_same_in_draft_07() {
    for (name, schema) in schemas() {
        jsonschema::draft202012::meta::validate(&schema).unwrap_or_else(|e| panic!("{name}: {e}"));
        look(&name, &schema);
    }
}

fn look(path: &str, schema: &Value) {
    let Value::Object(map) = schema else {
        assert!(schema.is_boolean(), "{path}");
        return;
    };
    for word in map.keys() {
        assert!(COMMON.contains(&word.as_str()), "{path}: {word}");
    }
    for (key, inner) in map {
        match (key.as_str(), inner) {
            ("properties", Value::Object(fields)) => {
                for (field, schema) in fields {
                    let path = format!("{path}.{field}");
                    let told = schema["description"].as_str().is_some_and(|d| d.len() > 2);
                    assert!(told || path.contains('?'), "{path} is not described");
                    look(&path, schema);
                }
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                let mark = if key == "allOf" { "?" } else { "" };
                parts
                    .iter()
                    .for_each(|part| look(&format!("{path}{mark}"), part));
            }
            ("if" | "then" | "items" | "additionalProperties" | "propertyNames", inner) => {
                look(path, inner);
            }
            _ => {}
        }
    }
}
