//! The examples for a subscriber in `docs/mqtt.md` do what they say, word for word.

use std::process::Command;
use std::time::Duration;

use edge_tests::agent::{Agent, workspace};
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::subscriber::Subscriber;
use edge_tests::toggler::Toggler;
use edge_tests::wait;

/// The one-liners of the page, with what each is for.
fn one_liners() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(workspace().join("edge-agent/docs/mqtt.md")).unwrap();
    let (_, rest) = page.split_once("## Try it").unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    let mut lines = Vec::new();
    let mut what = String::new();
    for line in block.lines() {
        match line.strip_prefix("# ") {
            Some(comment) => what = comment.into(),
            None => lines.push((std::mem::take(&mut what), line.to_owned())),
        }
    }
    lines
}

#[test]
fn every_one_liner_of_the_page_prints_what_it_promises() {
    let broker = Broker::start(Memory::None).unwrap();
    let windows = 4;
    let mut hall = Hall::of_sensors(windows).unwrap();
    hall.broker(&broker.url());
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let _people = Toggler::start(broker.port(), windows).unwrap();
    let agent = Agent::start(&hall).unwrap();
    wait::until_true("states and events", Duration::from_secs(60), || {
        centre.last("/state/window/W4").is_some() && !centre.events().is_empty()
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));

    let lines = one_liners();
    assert!(lines.len() >= 4, "{lines:?}");
    for (what, line) in lines {
        assert!(!what.is_empty(), "{line} is not explained");
        let here = format!("-h 127.0.0.1 -p {}", broker.port());
        let command = line
            .replace("-h 127.0.0.1", &here)
            .replace("511921-001", "510000-002");
        assert_ne!(command, line, "{line} names no broker");
        let done = Command::new("bash")
            .args(["-c", &command])
            .output()
            .unwrap();
        let (out, err) = (
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr),
        );
        // 27: mosquitto_sub ended because its time was over, as asked.
        assert!(
            matches!(done.status.code(), Some(0 | 27)),
            "{command}: {} {err}",
            done.status
        );
        assert!(!out.trim().is_empty(), "{command} prints nothing; {err}");
        if what.contains("event") {
            assert!(
                out.lines().all(|l| l.contains("window/W")),
                "{command}: {out}"
            );
        }
        if what.contains("online") {
            assert!(out.contains("\"online\":true"), "{command}: {out}");
        }
    }
}
