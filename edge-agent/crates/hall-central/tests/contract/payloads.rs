//! Golden payloads satisfy the schemas to the letter, and what breaks the contract does not.

use std::fs;

use hall_central::schemas::Schemas;
use serde_json::{Value, json};

use crate::crates;

/// The topic of a golden file; `None`: it is not published by MQTT.
fn leaf(stem: &str) -> Option<&'static str> {
    Some(match stem {
        "status_online" | "status_lost" | "status_stopping" => "status",
        "gap_retention" => "event",
        "meta" => "meta",
        "state-window" => "state/window/W3",
        "state-queue" => "state/queue/Q1",
        "summary" => "summary/live",
        "rollup" => "summary/15min",
        _ if stem.starts_with("event_") => "event",
        _ => return None,
    })
}

fn golden() -> Vec<(String, &'static str, String)> {
    let mut all = Vec::new();
    for folder in ["edge-uplink/tests/golden", "hall-wire/tests/golden"] {
        for file in fs::read_dir(crates().join(folder)).unwrap() {
            let path = file.unwrap().path();
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            if let Some(leaf) = leaf(&stem) {
                all.push((stem, leaf, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    all
}

#[test]
fn golden_payloads_have_every_field_the_schemas_know_and_no_other() {
    let golden = golden();
    assert!(golden.len() >= 13, "{}", golden.len());
    for (stem, leaf, text) in &golden {
        (Schemas::strict().check_leaf(leaf, text)).unwrap_or_else(|why| panic!("{stem}: {why}"));
    }
}

#[test]
fn a_subscriber_passes_over_unknown_fields_and_refuses_missing_ones_and_wrong_kinds() {
    for (stem, leaf, text) in golden() {
        let value: Value = serde_json::from_str(&text).unwrap();
        let passes = |value: &Value| Schemas::published().check_leaf(leaf, &value.to_string());
        let mut more = value.clone();
        more["of_a_later_version"] = json!(1);
        assert_eq!(passes(&more), Ok(()), "{stem}");
        let strict = Schemas::strict().check_leaf(leaf, &more.to_string());
        assert!(strict.is_err(), "{stem}");
        for field in value.as_object().unwrap().keys().filter(|f| *f != "reason") {
            let mut less = value.clone();
            less.as_object_mut().unwrap().remove(field);
            assert!(passes(&less).is_err(), "{stem} without {field}");
            let mut other = value.clone();
            other[field] = json!({"no": ["such", "thing"]});
            assert!(passes(&other).is_err(), "{stem} with another {field}");
        }
    }
}

#[test]
fn an_event_that_contradicts_its_code_or_its_state_is_refused() {
    let text =
        fs::read_to_string(crates().join("edge-uplink/tests/golden/event_unstaffed_raised.json"));
    let value: Value = serde_json::from_str(&text.unwrap()).unwrap();
    for (field, wrong) in [
        ("code", json!("somebody_lazy")),
        ("level", json!("fault")),
        ("subject_kind", json!("camera")),
        ("state", json!("closed")),
        ("end", json!("2026-09-21T10:00:00.000+08:00")),
        ("peak", json!(3)),
        ("wait_est_s", json!(3)),
        ("onset", json!("yesterday")),
        ("event_id", json!("01K5N")),
        ("confidence", json!(1.5)),
    ] {
        let mut value = value.clone();
        value["data"][field] = wrong;
        let checked = Schemas::published().check("event", &value);
        assert!(checked.is_err(), "{field} {}", value["data"][field]);
    }
}

#[test]
fn commands_are_what_the_box_takes() {
    let body = |verb: &str, field: &str, value: Value| {
        let mut body = json!({
            "v": 1, "tx": "c-2026-0815", "verb": verb, "to": "/51/5119/511921/511921-001/b1",
            "by": {"id": "supervision-1", "role": "supervisor"},
            "at": "2026-09-21T10:30:00+08:00", "expires": "2026-09-21T10:35:00+08:00",
        });
        if !field.is_empty() {
            body[field] = value;
        }
        body
    };
    let case =
        json!({"event": "01K5NM8Y00ABCDEFGHJKMNPQRS", "action": "uphold", "reason": "verified"});
    let leave = json!({
        "id": "l-1", "windows": ["W1"], "from": "2026-09-21T14:00", "to": "2026-09-21T16:00", "approved_by": "manager-1",
    });
    let good = [
        ("resync", "from_seq", json!(1)),
        ("evidence", "event", json!("01K5NM8Y00ABCDEFGHJKMNPQRS")),
        ("verdict", "case", case.clone()),
        ("excuse", "case", case.clone()),
        ("excuse", "leave", leave),
        ("excuse", "cancel_leave", json!("l-1")),
        (
            "calendar",
            "calendar",
            json!({"year": 2027, "off": ["2027-01-01..2027-01-03"], "work": []}),
        ),
        ("config.get", "", Value::Null),
    ];
    for (verb, field, value) in good {
        let name = format!("cmd-{verb}");
        let body = body(verb, field, value);
        (Schemas::published().check(&name, &body)).unwrap_or_else(|why| panic!("{verb}: {why}"));
        let mut more = body.clone();
        more["and"] = json!("something else");
        assert!(Schemas::published().check(&name, &more).is_err(), "{verb}");
    }
    let bad = [
        ("resync", "from_seq", json!(0)),
        ("evidence", "event", json!("nothing")),
        ("verdict", "", Value::Null),
        (
            "verdict",
            "case",
            json!({"event": "x", "action": "praise", "reason": "verified"}),
        ),
        ("config.get", "event", json!("01K5NM8Y00ABCDEFGHJKMNPQRS")),
    ];
    for (verb, field, value) in bad {
        let checked = Schemas::published().check(&format!("cmd-{verb}"), &body(verb, field, value));
        assert!(checked.is_err(), "{verb} {field}");
    }
}
