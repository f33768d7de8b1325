//! The centre sends a year's calendar: in force at once and after a restart, once, and refused with a reason otherwise.

use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::centre::Centre;
use edge_tests::hall::Hall;
use edge_tests::subscriber::Subscriber;
use edge_tests::wait;
use jiff::{Timestamp, tz::Offset};
use serde_json::{Value, json};

const SOURCE: &str = "/51/5100/510000/510000-002/b1";
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_commanded_calendar_closes_the_hall_at_once_and_stays_over_a_restart() {
    let broker = Broker::start(Memory::Persistent).unwrap();
    let sub = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let county = Centre::new("county", 1, SOURCE, broker.port()).unwrap();
    let neighbour = Centre::new("neighbour", 2, SOURCE, broker.port()).unwrap();
    let mut hall = Hall::of_sensors(1).unwrap();
    hall.broker(&broker.url());
    hall.signer("county", &county.public_key(), &["supervisor", "patrol"]);
    hall.signer("neighbour", &neighbour.public_key(), &["supervisor"]);
    hall.signer_area("neighbour", &["51", "5101"]);
    let mut agent = Agent::start(&hall).unwrap();
    let answer = |tx: &str, times: usize| -> Value {
        let topic = format!("/reply/{tx}");
        wait::until("the answer", PATIENCE, || {
            let messages = sub.messages();
            let mut all = messages.iter().filter(|m| m.topic.ends_with(&topic));
            all.nth(times - 1).map(|m| m.json())
        })
        .unwrap_or_else(|e| panic!("{tx}: {e}"))
    };
    let state = || {
        sub.last("/state/window/W1")
            .map(|m| m.json()["state"].clone())
    };
    wait::until_true("a window on duty", PATIENCE, || {
        state().is_some_and(|s| s != "off_duty")
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    let sha256 = || Some(sub.last("/meta")?.json()["config_sha256"].clone());
    let before = wait::until("meta", PATIENCE, sha256).unwrap();

    let today = Offset::constant(8).to_datetime(Timestamp::now()).date();
    let year = today.year();
    // Tomorrow too, should midnight be near.
    let tomorrow = today
        .tomorrow()
        .ok()
        .filter(|day| day.year() == year)
        .unwrap_or(today);
    let off = format!("{today}..{tomorrow}");
    let by = |role: &str| json!({"id": "supervision-1", "role": role});
    let calendar =
        |off: &[&str], work: &[&str]| json!({"calendar": {"year": year, "off": off, "work": work}});
    let good = calendar(&[&off], &[]);

    neighbour
        .command("calendar", "c-0", &by("supervisor"), good.clone())
        .unwrap();
    assert_eq!(answer("c-0", 1)["result"], "area");
    county
        .command("calendar", "c-1", &by("patrol"), good.clone())
        .unwrap();
    assert_eq!(answer("c-1", 1)["result"], "role");
    let next = format!("{}-01-01", year + 1);
    for (tx, wrong) in [
        ("c-2", calendar(&["yesterday"], &[])),
        ("c-3", calendar(&[&next], &[])),
        ("c-4", calendar(&[&off], &[&off])),
    ] {
        county
            .command("calendar", tx, &by("supervisor"), wrong)
            .unwrap();
        let said = answer(tx, 1);
        assert_eq!(said["result"], "invalid", "{said}");
        assert!(said["detail"].as_str().unwrap().len() > 5, "{said}");
    }
    assert_ne!(state().unwrap(), "off_duty", "nothing refused is in force");

    county
        .command("calendar", "c-5", &by("supervisor"), good.clone())
        .unwrap();
    let done = answer("c-5", 1);
    assert_eq!(
        (&done["result"], &done["data"]["year"]),
        (&json!("done"), &json!(year))
    );
    wait::until_true("the holiday", PATIENCE, || {
        state().is_some_and(|s| s == "off_duty")
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    sub.wait_event("the change", PATIENCE, |_, data| {
        data["code"] == "config_changed"
    })
    .unwrap();
    let sha256 = done["data"]["config_sha256"].clone();
    assert_ne!(sha256, before);
    let meta = || sub.last("/meta").unwrap().json();
    wait::until_true("meta to know", PATIENCE, || {
        meta()["config_sha256"] == sha256
    })
    .unwrap();
    assert_eq!(meta()["calendars"][0], json!({"year": year, "tx": "c-5"}));

    // The same transaction again, and after a restart: the same answer, and no further change.
    county
        .command("calendar", "c-5", &by("supervisor"), good.clone())
        .unwrap();
    assert_eq!(answer("c-5", 2)["data"], done["data"]);
    agent.kill();
    let mut agent = Agent::start(&hall).unwrap();
    wait::until_true("the line", PATIENCE, || {
        agent.health()["uplink"]["mode"] == "live"
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    county
        .command("calendar", "c-5", &by("supervisor"), good)
        .unwrap();
    assert_eq!(answer("c-5", 3)["data"], done["data"]);
    wait::until_true("the holiday after the restart", PATIENCE, || {
        sub.last("/state/window/W1")
            .is_some_and(|m| !m.retain && m.json()["state"] == "off_duty")
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    let changes = sub
        .events()
        .iter()
        .filter(|e| e["data"]["code"] == "config_changed" && e["data"]["phase"] == "raised")
        .count();
    assert_eq!(changes, 1);
    assert!(agent.stop().unwrap().0.success());
}
