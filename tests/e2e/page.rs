//! The page in a real browser: headless Chromium looks at the demo hall being judged.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use edge_tests::agent::{Agent, workspace};
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::radar::Radar;
use edge_tests::rtsp::RtspServer;
use edge_tests::wait;

use crate::judged_hall::morning;

#[test]
fn the_page_shows_the_live_hall_in_both_languages_on_desktop_and_phone() {
    let cameras = RtspServer::start(morning(&["windows", "corner"]), None).unwrap();
    let broker = Broker::start(Memory::None).unwrap();
    let _radar = Radar::start(broker.port(), "zigbee2mqtt/W4-radar").unwrap();
    let mut hall = Hall::demo().unwrap();
    hall.camera("windows", &cameras.url("windows"));
    hall.camera("corner", &cameras.url("corner"));
    hall.broker(&broker.url());
    // A sensor that is never heard: the page says so.
    hall.extend("[[sensors]]\nid = \"W1-seat\"\nwindow = \"W1\"\nkind = \"seat\"\ntype = \"zigbee2mqtt\"\ntopic = \"zigbee2mqtt/W1-seat\"\n")
        .unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    wait::until_true("the windows to be known", Duration::from_secs(30), || {
        let snapshot = agent.http().json("/api/snapshot").unwrap_or_default();
        snapshot["windows"]
            .as_array()
            .is_some_and(|w| !w.is_empty() && w.iter().all(|w| w["state"] == "staffed"))
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));

    // The agent in this test is a debug build, which serves the page from web-ui/dist: set-up has built it.
    let pictures = hall.folder().join("pictures");
    std::fs::create_dir_all(&pictures).unwrap();
    let output = Command::new(node())
        .arg("test/page.e2e.mjs")
        .arg(format!("http://127.0.0.1:{}", hall.port()))
        .arg(&pictures)
        // One round of the clips shows window 2 staffed, unstaffed and staffed again.
        .env("WAIT_EVENT_S", "90")
        .env("EXPECT_STATES", "staffed,unstaffed")
        .current_dir(workspace().join("web-ui"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}\n{}", agent.log());
    let taken = std::fs::read_dir(&pictures).unwrap().count();
    assert!(
        taken >= 4,
        "two languages, two sizes: {taken} pictures; {said}"
    );
    println!("{said}");
    assert!(agent.stop().unwrap().0.success());
}

/// The Node.js that set-up found or brought.
pub(crate) fn node() -> PathBuf {
    let named = std::fs::read_to_string(workspace().join(".native/node.path")).unwrap_or_default();
    let path = PathBuf::from(named.trim()).join("node");
    if path.is_file() {
        path
    } else {
        PathBuf::from("node")
    }
}
