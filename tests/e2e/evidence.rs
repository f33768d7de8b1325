//! Evidence for the centre: asked for over MQTT, fetched over TLS by a link that works once, checked by `verify`, and in the access log.

use std::process::{Command, Output};
use std::time::Duration;

use edge_tests::agent::{Agent, run};
use edge_tests::broker::{Broker, Memory};
use edge_tests::centre::Centre;
use edge_tests::hall::Hall;
use edge_tests::radar::Radar;
use edge_tests::subscriber::Subscriber;
use edge_tests::wait;
use serde_json::{Value, json};

const SOURCE: &str = "/51/5100/510000/510000-002/b1";
const PATIENCE: Duration = Duration::from_secs(40);

/// Fetches `url` whatever its certificate; prints the status, then the body.
const FETCH: &str = "
import ssl, sys, urllib.error, urllib.request
context = ssl._create_unverified_context()
try:
    answer = urllib.request.urlopen(sys.argv[1], context=context, timeout=20)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, flush=True)
sys.stdout.buffer.write(answer.read())
";

fn fetch(url: &str) -> (String, Vec<u8>) {
    let output = Command::new("python3")
        .args(["-c", FETCH, url])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let cut = output.stdout.iter().position(|b| *b == b'\n').unwrap();
    let status = String::from_utf8_lossy(&output.stdout[..cut]).into_owned();
    (status, output.stdout[cut + 1..].to_vec())
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_centre_fetches_evidence_once_over_tls_and_it_can_be_checked_and_is_written_down() {
    let broker = Broker::start(Memory::None).unwrap();
    let sub = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let radar = Radar::start(broker.port(), "zigbee2mqtt/W1").unwrap();
    let county = Centre::new("county", 1, SOURCE, broker.port()).unwrap();
    let mut hall = Hall::of_sensors(1).unwrap();
    hall.broker(&broker.url());
    hall.signer("county", &county.public_key(), &["supervisor"]);
    hall.set("web", "listen", format!("0.0.0.0:{}", hall.port()));
    hall.set(
        "web",
        "public_url",
        format!("https://127.0.0.1:{}", hall.port()),
    );
    let mut agent = Agent::spawn(&hall, None).unwrap();
    wait::until_true("the page to be up", Duration::from_secs(60), || {
        agent.log().contains("The page is up")
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    let state = |wanted: &str| {
        let last = sub.last("/state/window/W1");
        last.is_some_and(|m| m.json()["state"] == wanted)
    };
    radar.set(true);
    wait::until_true("somebody at the window", PATIENCE, || state("staffed")).unwrap();
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
    // Observations are written down every 10 s; the trace is of what is kept.
    let supervisor = json!({"id": "supervision-1", "role": "supervisor"});
    let ask = |tx: &str| -> Value {
        county
            .command("evidence", tx, &supervisor, json!({"event": id}))
            .unwrap();
        let topic = format!("/reply/{tx}");
        let answer = wait::until("the answer", PATIENCE, || {
            sub.last(&topic).map(|m| m.json())
        });
        answer.unwrap()["data"]["link"].clone()
    };
    let pack = wait::until(
        "evidence with a trace of the sensor",
        Duration::from_secs(90),
        || {
            let n = sub.messages().len();
            let link = ask(&format!("e-{n}"));
            let url = link["url"].as_str().unwrap().to_owned();
            let (status, pack) = fetch(&url);
            assert_eq!(status, "200", "{}", String::from_utf8_lossy(&pack));
            assert_eq!(fetch(&url).0, "404", "a link works once");
            let lines = String::from_utf8(pack).unwrap();
            lines
                .contains("\"kind\":\"reading\"")
                .then_some((link, lines))
        },
    );
    let (link, lines) = pack.unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    let file = hall.folder().join("evidence.jsonl");
    std::fs::write(&file, &lines).unwrap();
    let output = run(&["verify", &file.display().to_string()]).unwrap();
    let told = said(&output);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains(&id) && told.contains(link["sha256"].as_str().unwrap()),
        "{told}"
    );
    for (what, to) in [
        ("\"returned\"", "\"schedule_end\""),
        ("\"value\":true", "\"value\":false"),
    ] {
        let forged = lines.replacen(what, to, 1);
        assert_ne!(forged, lines, "{what}");
        std::fs::write(&file, forged).unwrap();
        let output = run(&["verify", &file.display().to_string()]).unwrap();
        assert_eq!(output.status.code(), Some(1), "{what}: {}", said(&output));
    }
    let first = lines.lines().next().unwrap();
    std::fs::write(&file, format!("{first}\n")).unwrap();
    assert_eq!(
        run(&["verify", &file.display().to_string()])
            .unwrap()
            .status
            .code(),
        Some(1)
    );

    assert!(agent.stop().unwrap().0.success());
    let log = hall.folder().join("store/audit/audit-000000000001.jsonl");
    let kept = std::fs::read_to_string(&log).unwrap();
    for deed in ["evidence_linked", "evidence_fetched"] {
        assert!(
            kept.contains(&format!("\"deed\":\"{deed}\",\"object\":\"event:{id}\"")),
            "{kept}"
        );
    }
    assert!(kept.contains("\"who\":\"supervision-1\""));
    let output = run(&["verify", &log.display().to_string()]).unwrap();
    assert!(output.status.success(), "{}", said(&output));
}
