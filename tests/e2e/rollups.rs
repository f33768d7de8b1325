//! Roll-ups made while the broker is away arrive when it is back, once each, whatever is killed; what left the configuration while the box
//! was off is cleared at the broker.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::subscriber::Subscriber;
use edge_tests::wait;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::Offset};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);
const HOUR_MS: i64 = 3_600_000;

/// The local date so many days ago.
fn days_ago(days: i64) -> Date {
    let at = Timestamp::now() - SignedDuration::from_hours(24 * days);
    Offset::constant(8).to_datetime(at).date()
}

/// A day's figures as an earlier run left them: staffed from 9 to 12 but for half an hour.
fn keep_day(hall: &Hall, day: Date) {
    let folder = hall.folder().join("store/figures");
    std::fs::create_dir_all(&folder).unwrap();
    let (nine, ten) = (9 * HOUR_MS, 10 * HOUR_MS);
    let spans = json!([
        [nine, ten, "staffed"],
        [ten, ten + HOUR_MS / 2, "unstaffed"],
        [ten + HOUR_MS / 2, 12 * HOUR_MS, "staffed"],
    ]);
    let record = json!({
        "v": 1, "day": day.to_string(), "until_ms": 24 * HOUR_MS, "windows": {"W1": spans},
    });
    std::fs::write(folder.join(format!("{day}.json")), record.to_string()).unwrap();
}

/// Every roll-up that came: how often, and in which revision, by topic and beginning.
fn came(centre: &Subscriber) -> BTreeMap<(String, String, u64), Vec<Value>> {
    let mut all: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for message in centre.messages() {
        let Some((_, period)) = message.topic.rsplit_once("/summary/") else {
            continue;
        };
        if period == "live" {
            continue;
        }
        let record = message.json();
        assert_eq!(record["period"], period, "{}", message.topic);
        let key = (
            period.to_owned(),
            record["from"].as_str().unwrap().to_owned(),
            record["rev"].as_u64().unwrap(),
        );
        all.entry(key).or_default().push(record);
    }
    all
}

#[test]
fn rollups_of_days_without_a_broker_arrive_whole_and_are_not_sent_again() {
    let mut broker = Broker::start(Memory::Persistent).unwrap();
    let mut hall = Hall::of_sensors(1).unwrap();
    hall.broker(&broker.url());
    let (yesterday, older) = (days_ago(1), days_ago(40));
    for day in [yesterday, days_ago(2), days_ago(3)] {
        keep_day(&hall, day);
    }
    // The box rolls up what it finds, without a broker, and is killed as soon as that is on disk.
    broker.kill();
    let mut agent = Agent::start(&hall).unwrap();
    let kept = hall
        .folder()
        .join(format!("store/figures/{yesterday}.json"));
    let published = |what: &str| -> usize {
        let text = std::fs::read_to_string(&kept).unwrap_or_default();
        let record: Value = serde_json::from_str(&text).unwrap_or_default();
        record[what].as_array().map_or(0, Vec::len)
    };
    wait::until_true("the figures to be rolled up", PATIENCE, || {
        published("published") > 0
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    agent.kill();
    assert_eq!(published("delivered"), 0);

    broker.restart().unwrap();
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    let has = |period: &str, day: Date| {
        let midnight = format!("{day}T00:00:00.000+08:00");
        came(&centre).contains_key(&(period.to_owned(), midnight, 1))
    };
    // In order of their ends: with the day that is over last, all before it are there.
    wait::until_true("yesterday", PATIENCE, || has("day", yesterday))
        .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    for day in [yesterday, days_ago(2), days_ago(3)] {
        assert!(has("day", day), "{day}");
    }
    let first = came(&centre);
    let of = |period: &str| first.keys().filter(|(p, ..)| p == period).count();
    assert!(of("15min") >= 12 && of("hour") >= 3, "{:?}", first.keys());
    let ten = first.iter().find(|((period, from, _), _)| {
        period == "hour" && from.starts_with(&format!("{yesterday}T10:00"))
    });
    let (_, records) = ten.unwrap();
    assert_eq!(records[0]["windows"][0]["unstaffed_s"], 1800.0);
    // The cursor is written with the next minute at the latest, or when the box stops.
    assert!(agent.stop().unwrap().0.success());
    assert!(published("delivered") > 0);

    // A day turns up that nobody has: it is sent, and nothing else once more.
    keep_day(&hall, older);
    let agent = Agent::start(&hall).unwrap();
    wait::until_true("the day that turned up", PATIENCE, || has("day", older))
        .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    let again: BTreeSet<_> = came(&centre)
        .into_iter()
        .filter(|(key, records)| records.len() > first.get(key).map_or(1, Vec::len))
        .map(|(key, _)| key)
        .collect();
    assert!(again.is_empty(), "sent again: {again:?}");
    for (key, records) in came(&centre) {
        assert!(
            records.windows(2).all(|two| two[0] == two[1]),
            "{key:?} with two contents"
        );
    }
}

#[test]
fn a_window_removed_while_the_box_was_off_is_gone_for_late_joiners() {
    let broker = Broker::start(Memory::Persistent).unwrap();
    let mut hall = Hall::of_sensors(2).unwrap();
    hall.broker(&broker.url());
    let states = |sub: &Subscriber| -> BTreeSet<String> {
        let messages = sub.messages();
        let states = messages
            .iter()
            .filter(|m| m.topic.contains("/state/") && !m.payload.is_empty());
        states
            .filter_map(|m| m.topic.rsplit('/').next().map(str::to_owned))
            .collect()
    };
    let mut agent = Agent::start(&hall).unwrap();
    let before = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    wait::until_true("both windows", PATIENCE, || states(&before).len() == 2)
        .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    agent.kill();
    drop(before);

    hall.remove_window("W2");
    let agent = Agent::start(&hall).unwrap();
    wait::until_true("W2 to be cleared", PATIENCE, || {
        let late = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
        let online = || {
            late.last("/status")
                .is_some_and(|m| m.json()["online"] == true)
        };
        let _ = wait::until_true("the retained state", Duration::from_secs(2), || {
            online() && late.last("/state/window/W1").is_some()
        });
        online() && states(&late) == BTreeSet::from(["W1".to_owned()])
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
}
