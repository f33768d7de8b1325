//! Claim: a broker that is killed again and again at random instants, while a fleet publishes, costs no record and doubles none; the
//! reference subscriber says so. `EDGE_TEST_KILLS` sets how often per kind of broker, `EDGE_TEST_SEED` the instants.

use std::time::Duration;

use edge_tests::broker::{Broker, Memory};
use edge_tests::judge::Judge;
use edge_tests::line::{Line, State};
use edge_tests::running::Running;
use edge_tests::wait;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Enough for every test run; the full two hundred: `make storm`.
const KILLS: usize = 30;

fn number(name: &str, otherwise: u64) -> u64 {
    let set = std::env::var(name).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number"))
    });
    set.unwrap_or(otherwise)
}

fn storm(memory: Memory) {
    let (kills, seed) = (
        number("EDGE_TEST_KILLS", KILLS as u64),
        number("EDGE_TEST_SEED", 20_260_921),
    );
    let mut random = StdRng::seed_from_u64(seed);
    // What waits in a broker without memory for a slow subscriber dies with it: it must not have to wait.
    let mut broker = Broker::start_with(memory, "max_inflight_messages 0").unwrap();
    let line = Line::start(broker.port()).unwrap();
    let judge = Judge::new(&broker).unwrap();
    let listening = judge.listen(&broker).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("published.jsonl");
    // 6 boxes with about 40 records a second.
    let fleet = Running::start(&[
        "fleet",
        "--broker",
        &line.url(),
        "--halls",
        "6",
        "--events-per-hour",
        "400",
        "--time-scale",
        "60",
        "--for",
        "2h",
        "--backoff-max",
        "0.1s",
        "--backlog-rate",
        "2000",
        "--report",
        &report.display().to_string(),
    ])
    .unwrap();
    for kill in 1..=kills {
        std::thread::park_timeout(Duration::from_millis(random.random_range(50..700)));
        // A broker without memory forgets the subscription too, and would acknowledge records that nobody gets: that is its
        // operator's choice and no sender's to mend. The centre is back first.
        if memory == Memory::None {
            line.set(State::Cut);
        }
        let granted = judge.granted(&broker);
        broker.kill();
        broker
            .restart()
            .unwrap_or_else(|e| panic!("kill {kill}: {e}"));
        if memory == Memory::None {
            wait::until_true("the centre is back", Duration::from_secs(60), || {
                judge.granted(&broker) > granted
            })
            .unwrap();
            line.set(State::Open);
        }
    }
    let fleet = fleet.stop(Duration::from_secs(180)).unwrap();
    assert_eq!(fleet.code, Some(0), "{}\n{}", fleet.json, fleet.log);
    // Nothing is on its way once the centre has been silent for a while with the session it has had all along.
    let _ = listening.end().unwrap();
    let verdict = judge.hear(Some(&report)).unwrap();
    println!(
        "{memory:?}, seed {seed}: {kills} kills, {} records of {} boxes, {} published with repetitions, {} repeated at the centre",
        fleet.json["records"],
        fleet.json["halls"],
        fleet.json["published"],
        verdict.json["repeats"]
    );
    verdict.assert_clean();
    assert_eq!(verdict.json["records"], fleet.json["records"]);
    let records = verdict.count("records").unwrap();
    assert!(records > kills, "there was load: {records}");
}

#[test]
fn no_record_is_lost_when_a_broker_with_memory_is_killed_at_random_instants() {
    storm(Memory::Persistent);
}

#[test]
fn no_record_is_lost_when_a_broker_without_memory_is_killed_at_random_instants() {
    storm(Memory::None);
}
