//! Claim: after three days without a line, with a summary a minute and over two hundred records on the box's disk, the centre first
//! learns how things are now and then every record once, with its own time and marked late (domain scenario 52): the backlog in order, and
//! what is found while it goes out in order beside it.
//! The engine, the log on disk, the uplink and the broker are real; the hall's time runs two hours a second.

use std::time::Duration;

use edge_tests::broker::{Broker, Memory};
use edge_tests::judge::Judge;
use edge_tests::running::Running;
use edge_tests::subscriber::{Message, Subscriber, sequence};
use jiff::Timestamp;

const HOURS_OFFLINE: i64 = 72;
/// The sizes that a box allows its log begin here (`storage.max_mib`).
const DISK_MAX_BYTES: u64 = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(300);

fn time(message: &Message) -> Timestamp {
    message.json()["time"].as_str().unwrap().parse().unwrap()
}

fn bytes_in(folder: &std::path::Path) -> u64 {
    std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => bytes_in(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[test]
fn three_days_offline_arrive_state_first_then_every_record_once_in_order_and_late() {
    let broker = Broker::start(Memory::Persistent).unwrap();
    let judge = Judge::new(&broker).unwrap();
    let listening = judge.listen(&broker).unwrap();
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (logs, report) = (folder.path().join("logs"), folder.path().join("report"));
    let fleet = Running::start(&[
        "fleet",
        "--broker",
        &broker.url(),
        "--halls",
        "1",
        // 7,200 seconds a second: 72 hours are 36 s.
        "--time-scale",
        "7200",
        "--events-per-hour",
        "3",
        "--for",
        "42s",
        "--outage",
        "4s+36s",
        "--backoff-max",
        "0.5s",
        "--logs",
        &logs.display().to_string(),
        "--report",
        &report.display().to_string(),
    ])
    .unwrap();
    let fleet = fleet.wait_end(PATIENCE).unwrap();
    assert_eq!(fleet.code, Some(0), "{}\n{}", fleet.json, fleet.log);
    let _ = listening.end().unwrap();
    let verdict = judge.hear(Some(&report)).unwrap();
    verdict.assert_clean();

    // The second birth is the return.
    let messages = centre.messages();
    let births: Vec<usize> = (messages.iter().enumerate())
        .filter(|(_, m)| m.topic.ends_with("/status") && m.json()["online"] == true)
        .map(|(i, _)| i)
        .collect();
    assert_eq!(births.len(), 2, "{births:?}");
    let (before, after) = messages.split_at(births[1]);
    let lost = before
        .iter()
        .rev()
        .find(|m| m.topic.ends_with("/status"))
        .unwrap();
    assert_eq!(lost.json()["reason"], "connection_lost");

    let is_event = |m: &&Message| m.topic.ends_with("/event");
    let first_event = after.iter().position(|m| is_event(&m)).unwrap();
    let state: Vec<&str> = after[..first_event]
        .iter()
        .map(|m| m.topic.rsplit("/b1/").next().unwrap())
        .collect();
    for topic in ["status", "meta", "summary/live"] {
        assert!(
            state.contains(&topic),
            "{topic} before the records: {state:?}"
        );
    }
    let summaries = after[..first_event]
        .iter()
        .filter(|m| m.topic.ends_with("/summary/live"));
    assert!(
        summaries.count() <= 2,
        "of three days' summaries only the present one is sent"
    );

    // What arrived within ten seconds of the cut comes again, and those seconds were a day; then what the centre does not have.
    let events: Vec<&Message> = after.iter().filter(is_event).collect();
    let order: Vec<u64> = (events.iter())
        .map(|m| sequence(&m.json()).unwrap())
        .collect();
    let known = before.iter().filter(is_event).count() as u64;
    // What is found while the backlog goes out does not wait for it (an hour passes in half a second here); each of the two comes in order.
    let overtakes = |i: &usize| order[*i..].iter().any(|later| *later < order[*i]);
    let found_after = (0..order.len())
        .filter(overtakes)
        .map(|i| order[i])
        .min()
        .unwrap_or(u64::MAX);
    let (backlog, live): (Vec<u64>, Vec<u64>) = order.iter().partition(|n| **n < found_after);
    assert!(
        backlog.is_sorted() && live.is_sorted(),
        "in order: {order:?}"
    );
    let fresh = (backlog.iter().chain(&live)).filter(|n| **n > known);
    assert!(
        fresh.copied().eq(known + 1..=*order.iter().max().unwrap()),
        "each once: {order:?}"
    );
    // Made while the line was cut, by their own times.
    let offline: Vec<&&Message> = events
        .iter()
        .filter(|m| {
            let number = sequence(&m.json()).unwrap();
            (known + 1..found_after).contains(&number) && m.json()["data"]["late"] == true
        })
        .collect();
    println!(
        "{} records offline of {}, {} bytes on disk",
        offline.len(),
        verdict.json["records"],
        bytes_in(&logs)
    );
    assert!(offline.len() >= 200, "{}", offline.len());
    let times: Vec<Timestamp> = offline.iter().map(|m| time(m)).collect();
    assert!(times.is_sorted());
    let span_h = (times[times.len() - 1].as_second() - times[0].as_second()) / 3600;
    assert!(
        (HOURS_OFFLINE - 6..=HOURS_OFFLINE + 24).contains(&span_h),
        "their own times span {span_h} h"
    );
    assert!(
        fleet.json["summaries"].as_u64().unwrap() > 72 * 60,
        "a summary a minute was made: {}",
        fleet.json
    );
    assert!(bytes_in(&logs) < DISK_MAX_BYTES);
}
