//! The key tables of `edge-agent/docs/config.md` are those of the schema (`UPDATE_EXPECT=1` rewrites them), and the limits of `rules.md`
//! have its defaults.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use edge_config::json_schema;
use serde_json::Value as Json;

const BEGIN: &str = "<!-- keys -->\n";
const END: &str = "<!-- /keys -->";

#[test]
fn the_documented_keys_are_those_of_the_schema() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.md");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the begin mark");
    let (_, after) = rest.split_once(END).expect("the end mark");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", tables(&json_schema()));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&file, &wanted).unwrap();
    }
    assert!(
        text == wanted || std::env::var_os("UPDATE_EXPECT").is_some(),
        "docs/config.md is old: UPDATE_EXPECT=1 rewrites its tables"
    );
}

/// `docs/rules.md` says of every limit of the rules what it is by default.
#[test]
fn every_limit_stands_in_the_rules_with_its_default() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    let text = fs::read_to_string(&file).unwrap();
    let written: Vec<(&str, f64)> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
            let name = cells.next()?.strip_suffix('`')?;
            Some((name, cells.next()?.parse().ok()?))
        })
        .collect();
    let schema = json_schema();
    let rules = schema["$defs"]["RawRules"]["properties"]
        .as_object()
        .unwrap();
    let limits: Vec<&String> = rules
        .keys()
        .filter(|key| !["profile", "revision"].contains(&key.as_str()))
        .collect();
    assert_eq!(written.len(), limits.len(), "{written:?}");
    for name in limits {
        let default = rules[name]["default"].as_f64();
        let found = written.iter().find(|(written, _)| written == name);
        assert_eq!(found.map(|(_, value)| *value), default, "{name}");
    }
}

fn tables(schema: &Json) -> String {
    let mut out = String::new();
    table(schema, schema, "", "", &mut out);
    out
}

fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    schema["$ref"].as_str().map_or(schema, |path| {
        &root["$defs"][path.rsplit('/').next().unwrap()]
    })
}

/// One table per section; sections inside follow it.
fn table(root: &Json, schema: &Json, header: &str, name: &str, out: &mut String) {
    let properties = schema["properties"].as_object().unwrap();
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    let mut keys: Vec<&String> = properties.keys().collect();
    keys.sort_by_key(|key| (!required.contains(&key.as_str()), *key));
    let mut rows = String::new();
    let mut inner = Vec::new();
    for key in keys {
        let property = &properties[key];
        let resolved = resolve(root, property);
        let items = resolve(root, &resolved["items"]);
        let path = if name.is_empty() {
            key.clone()
        } else {
            format!("{name}.{key}")
        };
        let is_name = resolved["properties"]["zh"].is_object();
        if items["properties"].is_object() {
            inner.push((items, format!("[[{path}]]"), path));
        } else if resolved["properties"].is_object() && !is_name {
            inner.push((resolved, format!("[{path}]"), path));
        } else {
            let default = match &property["default"] {
                _ if required.contains(&key.as_str()) => "**required**".to_string(),
                Json::Null => "–".to_string(),
                default => format!("`{}`", plain(default)),
            };
            let meaning = property["description"]
                .as_str()
                .unwrap()
                .replace('\n', " ")
                .replace('|', "\\|");
            writeln!(
                rows,
                "| `{key}` | {} | {default} | {meaning} |",
                values(resolved, is_name)
            )
            .unwrap();
        }
    }
    if !header.is_empty() {
        let meaning = schema["description"]
            .as_str()
            .unwrap_or("")
            .replace('\n', " ");
        writeln!(out, "### `{header}`\n{meaning}\n").unwrap();
    }
    if !rows.is_empty() {
        writeln!(
            out,
            "| key | values | default | meaning |\n|---|---|---|---|\n{rows}"
        )
        .unwrap();
    }
    for (schema, header, path) in inner {
        table(root, schema, &header, &path, out);
    }
}

/// What may be written, in short.
fn values(schema: &Json, is_name: bool) -> String {
    if is_name {
        return "`{ zh, en }`".into();
    }
    let choices: Vec<String> = schema["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["const"].as_str())
        .map(|one| format!("`{one}`"))
        .collect();
    if !choices.is_empty() {
        return choices.join(", ");
    }
    match (
        schema["type"].as_str().unwrap(),
        schema["minimum"].as_f64(),
        schema["maximum"].as_f64(),
    ) {
        ("array", ..) => match schema["items"]["type"].as_str() {
            Some("array") => "points",
            Some("integer") => "whole numbers",
            _ => "texts",
        }
        .into(),
        ("string", ..) => "text".into(),
        ("boolean", ..) => "true, false".into(),
        (_, Some(least), Some(most)) => format!("{least}–{most}"),
        (_, Some(least), None) => format!("≥ {least}"),
        (kind, ..) => kind.into(),
    }
}

fn plain(value: &Json) -> String {
    value
        .as_f64()
        .map_or_else(|| value.to_string(), |number| number.to_string())
}
