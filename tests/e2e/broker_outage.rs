//! The centre's broker dies and comes back: judging goes on, and every event arrives, in order, without a gap.

use std::time::{Duration, Instant};

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::subscriber::{Subscriber, sequence};
use edge_tests::toggler::Toggler;
use edge_tests::wait;

fn check(memory: Memory) {
    let sensors = Broker::start(Memory::None).unwrap();
    let mut broker = Broker::start(memory).unwrap();
    // With memory the centre keeps its session as a real one would; without, it subscribes anew each time.
    let session = (memory == Memory::Persistent).then_some("centre");
    let centre = Subscriber::start(broker.port(), "hall/v1/#", session).unwrap();
    let windows = 6;
    let mut hall = Hall::of_sensors(windows).unwrap();
    hall.set("sensor_broker", "url", sensors.url());
    hall.set("uplink", "url", broker.url());
    let come_and_go = || Toggler::start(sensors.port(), windows).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    let stored = Agent::stored;

    let mut people = come_and_go();
    for outage in 1..=2 {
        let before = centre.continuity().distinct;
        wait::until_true("events at the centre", Duration::from_secs(60), || {
            centre.continuity().distinct >= before + 5
        })
        .unwrap_or_else(|e| panic!("outage {outage}: {e}\n{}", agent.log()));
        // What the broker has acknowledged but not passed on dies with it, which is not the box's to mend: so it dies at a
        // moment when the centre has all there is and nobody moves.
        drop(people);
        let mut quiet_since = (None, Instant::now());
        wait::until_true("a quiet moment", Duration::from_secs(60), || {
            let (seen, kept) = (
                centre.continuity().span.map(|(_, last)| last),
                stored(&agent),
            );
            if seen != kept || quiet_since.0 != seen {
                quiet_since = (seen, Instant::now());
            }
            quiet_since.1.elapsed() > Duration::from_secs(2)
        })
        .unwrap();
        broker.kill();

        people = come_and_go();
        let at_loss = stored(&agent).unwrap();
        wait::until_true(
            "judging to go on meanwhile",
            Duration::from_secs(30),
            || stored(&agent).is_some_and(|seq| seq >= at_loss + 5),
        )
        .unwrap();
        let health = agent.health();
        assert_eq!(health["uplink"]["mode"], "offline", "{health:#}");
        assert!(
            health["uplink"]["backlog"].as_u64().unwrap() >= 5,
            "{health:#}"
        );

        let granted = centre.connections();
        broker.restart().unwrap();
        centre.wait_connected(granted + 1).unwrap();
        let backlog = stored(&agent).unwrap();
        wait::until_true("the backlog to arrive", Duration::from_secs(60), || {
            centre
                .continuity()
                .span
                .is_some_and(|(_, last)| last >= backlog)
        })
        .unwrap_or_else(|e| {
            panic!(
                "outage {outage}: {e}; {:?}\n{}",
                centre.continuity(),
                agent.log()
            )
        });
    }
    drop(people);
    assert!(agent.stop().unwrap().0.success());

    let seen = centre.continuity();
    println!("{memory:?}: {seen:?}");
    assert_eq!(seen.span.unwrap().0, 1);
    assert_eq!(seen.missing, [0u64; 0]);
    assert_eq!(seen.forked, [0u64; 0]);
    // What is found while a backlog goes out does not wait for it; each of the two comes in order.
    for late in [true, false] {
        let order: Vec<_> = (centre.events().iter())
            .filter(|event| event["data"]["late"] == late)
            .filter_map(sequence)
            .collect();
        assert!(order.is_sorted(), "late {late}: {order:?}");
    }
}

#[test]
fn no_event_is_lost_when_a_broker_without_memory_is_killed_and_comes_back() {
    check(Memory::None);
}

#[test]
fn no_event_is_lost_when_a_broker_with_memory_is_killed_and_comes_back() {
    check(Memory::Persistent);
}
