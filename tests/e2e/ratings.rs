//! Evaluation terminals: a line of text on a serial port becomes a total of its window and day, and nothing else.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::hall::Hall;
use edge_tests::tty::LinePair;
use edge_tests::wait;
use serde_json::Value;

const SOON: Duration = Duration::from_secs(20);
const TOKEN: &str = "9f6d1c0e9b7a48d2a3c4e5f607182930";

fn up(agent: &Agent, component: &str) -> bool {
    let health = agent.health();
    let components = health["components"].as_array().cloned();
    let mut components = components.unwrap_or_default().into_iter();
    components.any(|c| c["name"] == component && c["state"] == "up")
}

/// The totals in the only file of figures.
fn kept(store: &Path) -> Option<Value> {
    let folder = std::fs::read_dir(store.join("figures")).ok()?;
    let mut days = folder.flatten().map(|e| e.path());
    let day = days.find(|path| path.extension().is_some_and(|e| e == "json"))?;
    let text = std::fs::read_to_string(day).ok()?;
    let day: Value = serde_json::from_str(&text).ok()?;
    Some(day["ratings"].clone())
}

#[test]
fn what_is_pressed_at_a_window_is_a_total_of_its_day_and_no_more() {
    let mut hall = Hall::of_sensors(1).unwrap();
    let line = LinePair::lay(hall.folder()).unwrap();
    let (box_end, terminal_end) = (line.near().to_owned(), line.far().to_owned());
    hall.extend(&format!(
        r#"
[[ratings]]
id = "serial"
type = "serial"
device = {box_end:?}
pattern = '^(?<window>\d+),(?<rating>\S+)$'
windows = [{{ name = "01", window = "W1" }}]
words = {{ very_satisfied = ["1"], other = ["6"] }}
[[ratings]]
id = "http"
type = "http"
token_env = "TERMINALS_TOKEN"
window = "W1"
"#
    ))
    .unwrap();
    hall.env("TERMINALS_TOKEN", TOKEN);
    let mut agent = Agent::start(&hall).unwrap();
    wait::until_true("the line", SOON, || up(&agent, "ratings:serial")).unwrap();

    let mut terminal = std::fs::File::options()
        .append(true)
        .open(&terminal_end)
        .unwrap();
    let (gbk, _, _) = encoding_rs::GBK.encode("01,办理时间太长\r\n");
    let lines = [
        b"01,1\r\n",
        &gbk[..],
        b"noise\xff\n",
        b"01,6\r\n",
        b"01,1\r\n",
    ];
    for line in lines {
        terminal.write_all(line).unwrap();
    }
    terminal.flush().unwrap();
    let http = agent.http().clone();
    let sent = http.post("/api/ratings/http", TOKEN, r#"{"rating": "业务不熟"}"#);
    assert_eq!(sent.unwrap().status, 200);
    let sent = http.post("/api/ratings/http", TOKEN, r#"{"rating": "不满意"}"#);
    assert_eq!(sent.unwrap().status, 422, "nothing is guessed");

    // Very satisfied, satisfied, attitude, slow, unskilled, other.
    let expected = serde_json::json!({"W1": [2, 0, 0, 1, 1, 1]});
    let store = hall.folder().join("store");
    wait::until_true("the day's totals", Duration::from_secs(75), || {
        kept(&store).as_ref() == Some(&expected)
    })
    .unwrap_or_else(|e| panic!("{e:#}: {:?}\n{}", kept(&store), agent.log()));
    agent.stop().unwrap();

    assert!(!agent.log().contains("01,1"), "no log holds a rating");

    // After a restart the day goes on where it was.
    let mut agent = Agent::start(&hall).unwrap();
    let sent = http.post("/api/ratings/http", TOKEN, r#"{"rating": "其他"}"#);
    assert_eq!(sent.unwrap().status, 200);
    agent.stop().unwrap();
    let expected = serde_json::json!({"W1": [2, 0, 0, 1, 1, 2]});
    assert_eq!(kept(&store), Some(expected));
}
