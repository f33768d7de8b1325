//! The box is killed again and again while events flow: nothing that was acknowledged is lost, the chain stays whole, the centre
//! sees every number once.

use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::export::Export;
use edge_tests::hall::Hall;
use edge_tests::subscriber::{Subscriber, sequence};
use edge_tests::toggler::Toggler;
use edge_tests::wait;

const KILLS: usize = 50;

#[test]
fn fifty_kills_lose_no_acknowledged_event_and_leave_no_gap_at_the_centre() {
    let broker = Broker::start(Memory::None).unwrap();
    let centre = Subscriber::start(broker.port(), "hall/v1/#", None).unwrap();
    let windows = 8;
    let mut hall = Hall::of_sensors(windows).unwrap();
    hall.broker(&broker.url());
    let people = Toggler::start(broker.port(), windows).unwrap();

    for kill in 1..=KILLS {
        let before = centre.continuity().distinct;
        let mut agent = Agent::start(&hall).unwrap();
        // Killed at a different point of the flow each time: after 1, 2 … 7 new events.
        let wanted = before + 1 + kill % 7;
        wait::until_true("new events at the centre", Duration::from_secs(60), || {
            centre.continuity().distinct >= wanted
        })
        .unwrap_or_else(|e| {
            panic!(
                "kill {kill}: {e}; {:?}\n{}",
                centre.continuity(),
                agent.log()
            )
        });
        agent.kill();
    }

    drop(people);
    let mut agent = Agent::start(&hall).unwrap();
    // All that was stored before the last kill arrives, and then the open events end or stay open in peace.
    let stored = wait::until(
        "the uplink to be level with the store",
        Duration::from_secs(60),
        || {
            let health = agent.health();
            let (seq, acked) = (
                health["store"]["seq"].as_u64()?,
                health["uplink"]["acked"].as_u64()?,
            );
            (seq > 0 && seq == acked).then_some(seq)
        },
    );
    let stored = stored.unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    let (status, _) = agent.stop().unwrap();
    assert!(status.success(), "{status}");

    let export = Export::verified(&hall).unwrap();
    let (first, last) = export.span().unwrap();
    assert_eq!(first, 1);
    assert!(last >= stored, "{last} of {stored}");
    wait::until_true(
        "the last event at the centre",
        Duration::from_secs(10),
        || {
            centre
                .continuity()
                .span
                .is_some_and(|(_, seen)| seen >= last)
        },
    )
    .unwrap();
    let seen = centre.continuity();
    println!(
        "{KILLS} kills, {last} events, {} repeated on the wire",
        seen.duplicates
    );
    assert_eq!(seen.span, Some((1, last)));
    assert_eq!(seen.missing, [0u64; 0], "numbers that never came");
    assert_eq!(seen.forked, [0u64; 0], "numbers with two histories");
    for event in centre.events() {
        let seq = sequence(&event).unwrap();
        assert_eq!(
            event["data"]["hash"], export.records[&seq]["hash"],
            "#{seq}: what the centre has is what the box keeps"
        );
    }
}
