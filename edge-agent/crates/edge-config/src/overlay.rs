//! Rules that replace some of a hall's: the keys of `[rules]`, checked as there. For trying out other thresholds; owns no file
//! of a hall.

use std::path::{Path, PathBuf};

use hall_core::config::Rules;
use serde_json::Value as Json;
use toml::Value;

use crate::load::{parse, read};
use crate::mistake::{ConfigErrors, Finding, Mistake};
use crate::raw::RawRules;
use crate::schema;
use crate::shape;
use crate::validate::{self, Check};

/// Keys that say which rules these are.
const NAMES: [&str; 2] = ["profile", "revision"];

/// Reads a file with keys of `[rules]`, with or without that header, over `base`: what it does not name stays. Unless it says
/// otherwise its revision is the one after `base`'s.
///
/// # Errors
/// Every mistake in the file, worded as for `hall.toml`.
pub fn load_rules(path: &Path, base: &Rules) -> Result<Rules, ConfigErrors> {
    let load = || {
        let bytes = read(path).map_err(|finding| vec![finding.at(path, None)])?;
        let headed = parse::<Headed>(&bytes, path, &schema::rules_file_schema(true));
        let bare = |e| match parse::<RawRules>(&bytes, path, &schema::rules_file_schema(false)) {
            Ok(parsed) => Ok((parsed.document, parsed.findings, "")),
            Err(_) => Err(e),
        };
        let (document, findings, prefix) = match headed {
            Ok(parsed) if parsed.document.root.get("rules").is_some() => {
                (parsed.document, parsed.findings, "rules.")
            }
            Ok(_) => bare(Vec::new())?,
            Err(mistakes) => bare(mistakes)?,
        };
        let place = |finding: Finding| {
            let line = document.line(&finding.path);
            finding.at(path, line)
        };
        if !findings.is_empty() {
            return Err(findings.into_iter().map(place).collect());
        }
        let root = match prefix {
            "" => Some(&document.root),
            _ => document.root.get("rules"),
        };
        let changes = root.and_then(Value::as_table).cloned().unwrap_or_default();
        over(base, changes).map_err(|findings| {
            let found = findings.into_iter().map(|mut finding| {
                if prefix.is_empty()
                    && let Some(path) = finding.path.strip_prefix("rules.")
                {
                    finding.path = path.to_owned();
                }
                place(finding)
            });
            found.collect()
        })
    };
    load().map_err(|mistakes: Vec<Mistake>| ConfigErrors {
        path: path.to_path_buf(),
        mistakes,
    })
}

/// `base` with the keys of `[rules]` in `changes` replaced, as [`load_rules`] does it.
///
/// # Errors
/// Every mistake, one to a line, worded as for `hall.toml`.
pub fn rules_over(base: &Rules, changes: &Json) -> Result<Rules, String> {
    let text = |findings: Vec<Finding>| {
        let said = findings
            .into_iter()
            .map(|f| format!("{}: {} ({})", f.path, f.message, f.hint));
        said.collect::<Vec<_>>().join("\n")
    };
    let mut root = toml::Table::new();
    let changes = Value::try_from(changes).map_err(|e| format!("rules: {e}"))?;
    root.insert("rules".into(), changes);
    let mut root = Value::Table(root);
    let shape = shape::check(&schema::rules_file_schema(true), &mut root);
    if !shape.findings.is_empty() {
        return Err(text(shape.findings));
    }
    let changes = root.get("rules").and_then(Value::as_table).cloned();
    over(base, changes.unwrap_or_default()).map_err(text)
}

/// The form of a file with the header.
#[derive(serde::Deserialize)]
struct Headed {
    #[serde(rename = "rules")]
    _rules: Option<RawRules>,
}

fn over(base: &Rules, changes: toml::Table) -> Result<Rules, Vec<Finding>> {
    let odd = |e: &dyn std::fmt::Display| {
        vec![Finding::new(
            "rules",
            e.to_string(),
            "see edge-agent/docs/config.md",
        )]
    };
    let Value::Table(mut all) = Value::try_from(RawRules::from(base)).map_err(|e| odd(&e))? else {
        return Err(odd(&"not a table"));
    };
    if !NAMES.iter().any(|key| changes.contains_key(*key)) {
        all.insert("revision".into(), i64::from(base.revision + 1).into());
    }
    all.extend(changes);
    let raw: RawRules = Value::Table(all).try_into().map_err(|e| odd(&e))?;
    let no_env = |_: &str| None;
    let mut check = Check::new(PathBuf::new(), &no_env);
    let rules = validate::rules(&raw, &mut check);
    if check.mistakes.is_empty() {
        Ok(rules)
    } else {
        Err(check.mistakes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Rules, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rules.toml");
        std::fs::write(&path, text).unwrap();
        load_rules(&path, &Rules::default()).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_not_named_stays() {
        let wanted = Rules {
            notice_s: 600.0,
            warn_s: 900.0,
            severe_s: 1200.0,
            revision: 2,
            ..Rules::default()
        };
        let keys = "notice_s = 600\nwarn_s = 900\nsevere_s = 1200.0\n";
        assert_eq!(load(keys).unwrap(), wanted);
        assert_eq!(load(&format!("[rules]\n{keys}")).unwrap(), wanted);
        assert_eq!(load("").unwrap().revision, 2);
        let named = load("profile = \"strict\"\nrevision = 7").unwrap();
        assert_eq!((named.name.as_str(), named.revision), ("strict", 7));
        let json = serde_json::json!({"notice_s": 600, "warn_s": 900, "severe_s": 1200});
        assert_eq!(rules_over(&Rules::default(), &json).unwrap(), wanted);
    }

    #[test]
    fn mistakes_are_those_of_the_hall() {
        for (text, expected) in [
            (
                "notice_s = 900",
                "rules.toml:1: notice_s: must be at most warn_s (600), found 900",
            ),
            (
                "[rules]\nnotice_s = 900",
                "rules.toml:2: rules.notice_s: must be at most warn_s",
            ),
            ("\nnotise_s = 1", "rules.toml:2: notise_s: unknown key"),
            (
                "[rules]\nnotise_s = 1",
                "rules.toml:2: rules.notise_s: unknown key",
            ),
            (
                "notice_s = \"x\"",
                "rules.toml:1: notice_s: must be a number",
            ),
            ("notice_s = ", "not valid TOML"),
        ] {
            let got = load(text).unwrap_err();
            assert!(got.contains(expected), "got: {got}\nfor: {expected}");
        }
        let got = rules_over(&Rules::default(), &serde_json::json!({"notice_s": 0})).unwrap_err();
        assert!(got.contains("rules.notice_s: must be more than 0"), "{got}");
        let got = rules_over(&Rules::default(), &serde_json::json!({"x": 1})).unwrap_err();
        assert!(got.contains("rules.x: unknown key"), "{got}");
    }
}
