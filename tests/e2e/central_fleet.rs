//! Claim: what a fleet of simulated boxes publishes through an outage arrives whole, at our subscriber and at one in Python; and what
//! is not as it must be has an exit code.

use std::path::Path;
use std::process::{Command, Output};

use edge_tests::agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::judge::Judge;
use serde_json::Value;

const HALLS: &str = "50";

fn python(broker: &Broker, db: &Path) -> Option<Output> {
    let has_paho = Command::new("python3")
        .args(["-c", "import paho.mqtt.client"])
        .output();
    if !has_paho.is_ok_and(|o| o.status.success()) {
        println!(
            "SKIPPED python subscriber: paho-mqtt is not installed; what to do: make setup-test"
        );
        return None;
    }
    let example = agent::workspace().join("edge-agent/docs/mqtt/subscribe.py");
    let done = Command::new("python3")
        .arg(example)
        .args(["127.0.0.1", &broker.port().to_string(), "hall/v1/51/5119/#"])
        .arg(db)
        .args(["--idle", "3"])
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    Some(done)
}

#[test]
fn a_fleet_cut_off_and_back_arrives_whole_and_a_fault_has_an_exit_code() {
    let broker = Broker::start(Memory::Persistent).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (report, db) = (dir.path().join("r.jsonl"), dir.path().join("e.db"));
    let judge = Judge::new(&broker).unwrap();
    // Sessions for both subscribers: the broker keeps what comes while they are away.
    judge.begin(&broker).unwrap();
    let has_python = python(&broker, &db).is_some();

    let done = agent::run(&[
        "fleet",
        "--broker",
        &broker.url(),
        "--halls",
        HALLS,
        "--for",
        "14s",
        "--time-scale",
        "90",
        "--events-per-hour",
        "20",
        "--outage",
        "6s+3s",
        "--backoff-max",
        "1s",
        "--report",
        &report.display().to_string(),
    ])
    .unwrap();
    let figures: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(0), "{figures}");
    assert!(figures["records"].as_u64().unwrap() > 100, "{figures}");
    assert!(
        figures["drained_s"].as_f64().is_some(),
        "all came back: {figures}"
    );

    let verdict = judge.hear(Some(&report)).unwrap();
    verdict.assert_clean();
    let told = verdict.json;
    assert_eq!(
        (&told["boxes"], &told["records"]),
        (&figures["halls"], &figures["records"])
    );
    assert!(
        told["late"].as_u64().unwrap() > 0,
        "what was made while the line was cut is late: {told}"
    );

    if has_python {
        let done = python(&broker, &db).unwrap();
        let ids: Vec<String> = String::from_utf8(done.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].to_string())
            .collect();
        let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
        assert_eq!(
            (unique.len() as u64, ids.len() as u64),
            (figures["records"].as_u64().unwrap(), unique.len() as u64)
        );
        assert!(
            done.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    let topic = "hall/v1/51/5119/511902/511902-0001/b1/event";
    let sent = Command::new("mosquitto_pub")
        .args([
            "-p",
            &broker.port().to_string(),
            "-q",
            "1",
            "-t",
            topic,
            "-m",
            "{}",
        ])
        .status();
    assert!(sent.unwrap().success());
    let wrong = judge.hear(None).unwrap();
    assert_eq!(
        (wrong.code, &wrong.json["invalid"]),
        (Some(3), &Value::from(1)),
        "{}",
        wrong.json
    );
}
