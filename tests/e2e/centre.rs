//! The centre decides on an event over MQTT: signed, answered, kept as a revision, and never twice.

use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::centre::Centre;
use edge_tests::hall::Hall;
use edge_tests::radar::Radar;
use edge_tests::subscriber::{Subscriber, sequence};
use edge_tests::wait;
use serde_json::{Value, json};

const SOURCE: &str = "/51/5100/510000/510000-002/b1";
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_signed_verdict_is_kept_as_a_revision_and_every_command_is_answered() {
    let broker = Broker::start(Memory::None).unwrap();
    let sub = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let radar = Radar::start(broker.port(), "zigbee2mqtt/W1").unwrap();
    let county = Centre::new("county", 1, SOURCE, broker.port()).unwrap();
    let window = Centre::new("window", 2, SOURCE, broker.port()).unwrap();
    let stranger = Centre::new("county", 3, SOURCE, broker.port()).unwrap();
    let mut hall = Hall::of_sensors(1).unwrap();
    hall.broker(&broker.url());
    hall.signer("county", &county.public_key(), &["supervisor"]);
    hall.signer("window", &window.public_key(), &["chief_representative"]);
    let mut agent = Agent::start(&hall).unwrap();
    let answer = |tx: &str, times: usize| -> Value {
        wait::until("the answer", PATIENCE, || {
            let topic = format!("/reply/{tx}");
            let all: Vec<Value> = sub
                .messages()
                .iter()
                .filter(|m| m.topic.ends_with(&topic))
                .map(|m| m.json())
                .collect();
            (all.len() >= times).then(|| all[times - 1].clone())
        })
        .unwrap_or_else(|e| panic!("{tx}: {e}"))
    };

    radar.set(true);
    wait::until_true("somebody at the window", PATIENCE, || {
        sub.last("/state/window/W1")
            .is_some_and(|m| m.json()["state"] == "staffed")
    })
    .unwrap();
    radar.set(false);
    let event = sub
        .wait_event("an absence", PATIENCE, |_, data| {
            data["code"] == "unstaffed"
        })
        .unwrap();
    let id = event["data"]["event_id"].as_str().unwrap().to_owned();
    radar.set(true);
    sub.wait_event("its end", PATIENCE, |_, data| {
        data["event_id"] == id && data["state"] == "closed"
    })
    .unwrap();

    let supervisor = json!({"id": "supervision-1", "role": "supervisor"});
    let confirm = json!({"case": {"event": id, "action": "confirm", "reason": "verified"}});
    stranger
        .command("verdict", "t-0", &supervisor, confirm.clone())
        .unwrap();
    assert_eq!(answer("t-0", 1)["result"], "signature");
    county
        .command("verdict", "t-1", &supervisor, confirm.clone())
        .unwrap();
    let first = answer("t-1", 1);
    assert_eq!(
        (&first["result"], &first["events"]),
        (&json!("done"), &json!([id]))
    );
    let revised = sub
        .wait_event("the verdict", PATIENCE, |_, data| {
            data["review"] == "confirmed"
        })
        .unwrap();
    assert_eq!(revised["data"]["revision"]["tx"], "t-1");
    assert_eq!(revised["data"]["revision"]["by"], "supervision-1");

    // The same transaction again: the same answer, and nothing happens a second time.
    county
        .command("verdict", "t-1", &supervisor, confirm)
        .unwrap();
    let second = answer("t-1", 2);
    assert_eq!(
        (&second["result"], &second["events"]),
        (&first["result"], &first["events"])
    );

    let representative = json!({"id": "rep-1", "role": "chief_representative", "windows": ["W1"]});
    let excuse = json!({"case": {"event": id, "action": "excuse", "reason": "official_duty"}});
    window
        .command("excuse", "t-2", &representative, excuse)
        .unwrap();
    assert_eq!(answer("t-2", 1)["result"], "own_case");

    county
        .command("evidence", "t-3", &supervisor, json!({"event": id}))
        .unwrap();
    let evidence = answer("t-3", 1)["data"].clone();
    let revisions = evidence["revisions"].as_array().unwrap();
    assert_eq!(revisions.last().unwrap()["review"], "confirmed");
    assert_eq!(evidence["event"]["event_id"], json!(id));
    assert!(
        evidence["no_link"].as_str().unwrap().contains("public_url"),
        "{evidence}"
    );
    let verdicts = revisions.iter().filter(|r| r["phase"] == "revised").count();
    assert_eq!(verdicts, 1, "{revisions:?}");

    county
        .command("config.get", "t-4", &supervisor, json!({}))
        .unwrap();
    let meta = sub.last("/meta").unwrap().json();
    assert_eq!(
        answer("t-4", 1)["data"]["config_sha256"],
        meta["config_sha256"]
    );

    let firsts = || {
        let messages = sub.messages();
        let numbers = messages.iter().map(|m| sequence(&m.json()));
        numbers.filter(|number| *number == Some(1)).count()
    };
    assert_eq!(firsts(), 1);
    county
        .command("resync", "t-5", &supervisor, json!({"from_seq": 1}))
        .unwrap();
    assert_eq!(answer("t-5", 1)["result"], "done");
    wait::until_true("everything again", PATIENCE, || firsts() == 2).unwrap();
    assert!(agent.stop().unwrap().0.success());

    // Over a restart too a transaction is done once.
    let mut agent = Agent::start(&hall).unwrap();
    wait::until_true("the line", PATIENCE, || {
        agent.health()["uplink"]["mode"] == "live"
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    let confirm = json!({"case": {"event": id, "action": "confirm", "reason": "verified"}});
    county
        .command("verdict", "t-1", &supervisor, confirm)
        .unwrap();
    let third = answer("t-1", 3);
    assert_eq!(
        (&third["result"], &third["events"]),
        (&first["result"], &first["events"])
    );
    let revised = sub
        .events()
        .iter()
        .filter(|e| e["data"]["phase"] == "revised")
        .count();
    assert_eq!(revised, 1);
    assert!(agent.stop().unwrap().0.success());
}
