//! Compares a TOML tree with the JSON Schema of the raw form: unknown keys, missing keys, wrong types, values out of
//! range. Finds all of them, then mends the tree so that the rest can still be checked. Knows no hall rules.

use serde_json::Value as Json;
use toml::Value;

use crate::document::join;
use crate::mistake::Finding;

/// What the comparison found.
pub(crate) struct Shape {
    /// All findings about shape.
    pub findings: Vec<Finding>,
    /// Paths whose values were replaced or dropped: findings about them, or about what holds them, mean nothing.
    pub mended: Vec<String>,
}

/// Checks `root` against `schema` and mends it until it deserialises.
pub(crate) fn check(schema: &Json, root: &mut Value) -> Shape {
    let mut walk = Walk {
        schema,
        shape: Shape {
            findings: Vec::new(),
            mended: Vec::new(),
        },
    };
    walk.value(schema, root, "");
    walk.shape
}

/// Whether a value can stay as it is.
#[derive(PartialEq)]
enum Fit {
    Usable,
    Unusable,
}

struct Walk<'a> {
    schema: &'a Json,
    shape: Shape,
}

impl<'a> Walk<'a> {
    fn resolve(&self, schema: &'a Json) -> &'a Json {
        let mut schema = schema;
        while let Some(name) = schema["$ref"]
            .as_str()
            .and_then(|path| path.strip_prefix("#/$defs/"))
        {
            schema = &self.schema["$defs"][name];
        }
        schema
    }

    fn find(&mut self, path: &str, message: impl Into<String>, hint: impl Into<String>) -> Fit {
        self.shape.findings.push(Finding::new(path, message, hint));
        Fit::Unusable
    }

    fn value(&mut self, schema: &'a Json, value: &mut Value, path: &str) -> Fit {
        let described = schema;
        let schema = self.resolve(schema);
        // 2026-10-10 without quotes is a date to TOML.
        if let (Value::Datetime(date), "string") = (&*value, kind(schema)) {
            *value = Value::String(date.to_string());
        }
        match (kind(schema), &mut *value) {
            ("object", Value::Table(table)) => self.table(schema, table, path),
            ("array", Value::Array(items)) => self.array(schema, items, path),
            ("string", Value::String(text)) => match variants(schema) {
                Some(known) if !known.contains(&text.as_str()) => {
                    let near = nearest(text, &known)
                        .map_or(String::new(), |near| format!("did you mean \"{near}\"? "));
                    let hint = format!("{near}possible values: {}", known.join(", "));
                    self.find(path, "unknown value", hint)
                }
                _ => Fit::Usable,
            },
            ("boolean", Value::Boolean(_)) => Fit::Usable,
            ("number", Value::Integer(number)) => self.range(schema, *number as f64, path),
            ("number" | "integer", Value::Float(number)) if !number.is_finite() => self.find(
                path,
                "must be a finite number",
                "write a number such as 1.5",
            ),
            ("number", Value::Float(number)) => self.range(schema, *number, path),
            ("integer", Value::Integer(number)) => self.range(schema, *number as f64, path),
            ("integer", Value::Float(_)) => self.find(
                path,
                "must be a whole number",
                "write it without a decimal point",
            ),
            (wanted, found) => {
                let message = format!(
                    "must be {}, found {}",
                    article(wanted),
                    article(found.type_str())
                );
                let name = path.rsplit('.').next().unwrap_or(path);
                let hint = match (wanted, &*found) {
                    ("array", Value::Table(_)) => {
                        format!("write the header with double brackets: [[{path}]]")
                    }
                    ("object", Value::Array(_)) => {
                        format!("write the header with single brackets: [{path}]")
                    }
                    ("string", Value::Integer(_) | Value::Float(_) | Value::Boolean(_)) => {
                        "put the value in double quotes".into()
                    }
                    ("number" | "integer" | "boolean", Value::String(_)) => {
                        "write the value without quotes".into()
                    }
                    ("array", _) if path.ends_with(']') => {
                        "write it in square brackets: [...]".into()
                    }
                    ("array", _) => format!("write a list in square brackets: {name} = [...]"),
                    _ => meaning(described, schema),
                };
                self.find(path, message, hint)
            }
        }
    }

    fn table(&mut self, schema: &'a Json, table: &mut toml::Table, path: &str) -> Fit {
        let Some(properties) = schema["properties"].as_object() else {
            return Fit::Usable;
        };
        let known: Vec<&str> = properties.keys().map(String::as_str).collect();
        let required: Vec<&str> = schema["required"].as_array().map_or(Vec::new(), |keys| {
            keys.iter().filter_map(Json::as_str).collect()
        });
        let keys: Vec<String> = table.keys().cloned().collect();
        for key in keys {
            let path = join(path, &key);
            let Some(property) = properties.get(&key) else {
                table.remove(&key);
                let (message, hint) = unknown_key(&key, &known, &required);
                self.find(&path, message, hint);
                continue;
            };
            let Some(value) = table.get_mut(&key) else {
                continue;
            };
            if self.value(property, value, &path) == Fit::Unusable {
                if required.contains(&key.as_str()) {
                    *value = self.placeholder(property);
                } else {
                    table.remove(&key);
                }
                self.shape.mended.push(path);
            }
        }
        for key in required {
            if table.contains_key(key) {
                continue;
            }
            let property = &properties[key];
            let resolved = self.resolve(property);
            let is_section =
                kind(resolved) == "object" && resolved["properties"].is_object() && path.is_empty();
            let path = join(path, key);
            let meaning = meaning(property, resolved);
            if is_section {
                self.find(
                    &path,
                    format!("the section [{key}] is missing"),
                    format!("add [{key}]: {meaning}"),
                );
            } else {
                self.find(&path, "missing", meaning);
            }
            table.insert(key.to_string(), self.placeholder(property));
            self.shape.mended.push(path);
        }
        Fit::Usable
    }

    fn array(&mut self, schema: &'a Json, items: &mut [Value], path: &str) -> Fit {
        let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
        let count = items.len() as u64;
        if least.is_some_and(|least| count < least) || most.is_some_and(|most| count > most) {
            let wanted = match (least, most) {
                (Some(least), Some(most)) if least == most => format!("exactly {least}"),
                (Some(least), Some(most)) => format!("{least} to {most}"),
                (Some(least), None) => format!("at least {least}"),
                (None, most) => format!("at most {}", most.unwrap_or(0)),
            };
            return self.find(
                path,
                format!("must hold {wanted} values, found {count}"),
                "a point is [x, y]",
            );
        }
        for (n, item) in items.iter_mut().enumerate() {
            let path = format!("{path}[{n}]");
            if self.value(&schema["items"], item, &path) == Fit::Unusable {
                *item = self.placeholder(&schema["items"]);
                self.shape.mended.push(path);
            }
        }
        Fit::Usable
    }

    fn range(&mut self, schema: &Json, number: f64, path: &str) -> Fit {
        let least = schema["minimum"].as_f64();
        let most = schema["maximum"]
            .as_f64()
            .or(match schema["format"].as_str() {
                Some("uint32") => Some(f64::from(u32::MAX)),
                Some("uint8") => Some(f64::from(u8::MAX)),
                _ => None,
            });
        let hint = match (least, most) {
            (Some(least), Some(most)) => format!("allowed: {least} to {most}"),
            (Some(least), None) => format!("allowed: {least} or more"),
            (None, Some(most)) => format!("allowed: {most} or less"),
            (None, None) => return Fit::Usable,
        };
        if least.is_some_and(|least| number < least) {
            return self.find(path, format!("{number} is too small"), hint);
        }
        if most.is_some_and(|most| number > most) {
            return self.find(path, format!("{number} is too large"), hint);
        }
        Fit::Usable
    }

    /// A value of the right shape, so that the rest of the document can be read.
    fn placeholder(&self, schema: &'a Json) -> Value {
        let schema = self.resolve(schema);
        match kind(schema) {
            "object" => {
                let mut table = toml::Table::new();
                for key in schema["required"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Json::as_str)
                {
                    table.insert(
                        key.to_string(),
                        self.placeholder(&schema["properties"][key]),
                    );
                }
                Value::Table(table)
            }
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or(0);
                Value::Array(
                    (0..least)
                        .map(|_| self.placeholder(&schema["items"]))
                        .collect(),
                )
            }
            "string" => Value::String(
                variants(schema)
                    .and_then(|known| known.first().copied())
                    .unwrap_or("")
                    .to_string(),
            ),
            "boolean" => Value::Boolean(false),
            "integer" => Value::Integer(schema["minimum"].as_f64().unwrap_or(0.0) as i64),
            _ => Value::Float(schema["minimum"].as_f64().unwrap_or(0.0)),
        }
    }
}

fn kind(schema: &Json) -> &str {
    schema["type"]
        .as_str()
        .unwrap_or(if schema["oneOf"].is_array() {
            "string"
        } else {
            "object"
        })
}

/// The values an enum schema allows; `None` when any string will do.
fn variants(schema: &Json) -> Option<Vec<&str>> {
    if let Some(list) = schema["enum"].as_array() {
        return Some(list.iter().filter_map(Json::as_str).collect());
    }
    let list = schema["oneOf"].as_array()?;
    Some(
        list.iter()
            .flat_map(|one| {
                one["const"].as_str().into_iter().chain(
                    one["enum"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Json::as_str),
                )
            })
            .collect(),
    )
}

/// First sentence of the key's description: what the key is for.
fn meaning(described: &Json, resolved: &Json) -> String {
    let text = described["description"]
        .as_str()
        .or(resolved["description"].as_str())
        .unwrap_or("see hall-config/README.md");
    let text = text.split("\n\n").next().unwrap_or(text).replace('\n', " ");
    text.split_once(". ")
        .map_or(text.as_str(), |(first, _)| first)
        .trim_end_matches('.')
        .to_string()
}

fn unknown_key(key: &str, known: &[&str], required: &[&str]) -> (String, String) {
    if is_secret_name(key) && known.contains(&"password_file") {
        return (
            "a secret must not stand in this file".into(),
            "put it in a file that only the service can read and name that file with password_file, or name an environment variable with password_env".into(),
        );
    }
    let hint = match nearest(key, known) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => {
            let mut known = known.to_vec();
            known.sort_by_key(|key| (!required.contains(key), *key));
            format!("known keys here: {}", known.join(", "))
        }
    };
    ("unknown key".into(), hint)
}

fn is_secret_name(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "password",
        "passwd",
        "pass",
        "pwd",
        "secret",
        "token",
        "credentials",
    ]
    .contains(&key.as_str())
}

fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let lower = word.to_lowercase().replace('-', "_");
    let near = known
        .iter()
        .map(|key| {
            (
                strsim::damerau_levenshtein(&lower, &key.to_lowercase()),
                *key,
            )
        })
        .min()?;
    (near.0 <= (near.1.chars().count() / 3).max(1)).then_some(near.1)
}

fn article(kind: &str) -> String {
    match kind {
        "object" | "table" => "a section",
        "array" => "a list",
        "string" => "a text",
        "integer" => "a whole number",
        "number" | "float" => "a number",
        "boolean" => "true or false",
        "datetime" => "a date",
        other => other,
    }
    .to_string()
}
