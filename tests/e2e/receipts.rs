//! Claim: a box killed after the broker has its record and before the box knows so sends it again under the same id, and it is there
//! once after de-duplication.

use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::line::State;
use edge_tests::stage::Stage;
use edge_tests::subscriber::{Message, sequence};
use edge_tests::wait;
use serde_json::Value;

const KILLS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(60);

/// Without the only thing that may differ between two deliveries.
fn content(message: &Message) -> Value {
    let mut event = message.json();
    event["data"]["late"].take();
    event
}

fn acked(agent: &Agent) -> Option<u64> {
    agent.health()["uplink"]["acked"].as_u64()
}

#[test]
fn a_box_killed_between_publish_and_receipt_sends_the_same_id_again() {
    let stage = Stage::reading(6).unwrap();
    let (hall, line, centre) = (&stage.hall, &stage.line, &stage.centre);
    let people = stage.people().unwrap();
    let of_number = |number| -> Vec<Message> {
        let events = centre.messages().into_iter();
        events
            .filter(|m| m.topic.ends_with("/event") && sequence(&m.json()) == Some(number))
            .collect()
    };

    for kill in 1..=KILLS {
        let mut agent = Agent::start(hall).unwrap();
        let known = wait::until("receipts as usual", PATIENCE, || {
            acked(&agent).filter(|n| {
                Some(*n)
                    > centre
                        .continuity()
                        .span
                        .map(|(_, last)| last.saturating_sub(3))
            })
        })
        .unwrap_or_else(|e| panic!("kill {kill}: {e}\n{}", agent.log()));
        line.set(State::NoReceipts);
        let withheld = line.withheld();
        // The instant: the centre has it, the broker has given its receipt, the box does not have the receipt.
        let last = wait::until("a record without a receipt", PATIENCE, || {
            let (_, last) = centre.continuity().span?;
            let is_out = last > known && line.withheld() > withheld && acked(&agent)? < last;
            is_out.then_some(last)
        })
        .unwrap_or_else(|e| panic!("kill {kill}: {e}\n{}", agent.log()));
        agent.kill();
        line.set(State::Open);

        let before = of_number(last);
        assert_eq!(before.len(), 1, "sent once so far");
        let mut agent = Agent::start(hall).unwrap();
        wait::until_true("the record again", PATIENCE, || of_number(last).len() > 1)
            .unwrap_or_else(|e| panic!("kill {kill}, number {last}: {e}\n{}", agent.log()));
        for again in of_number(last) {
            assert_eq!(content(&again), content(&before[0]));
        }
        wait::until_true("its receipt", PATIENCE, || acked(&agent) >= Some(last)).unwrap();
        assert!(agent.stop().unwrap().0.success());
    }

    drop(people);
    let verdict = stage.verdict().unwrap();
    verdict.assert_clean();
    let repeats = verdict.count("repeats").unwrap();
    println!(
        "{KILLS} kills, {} records, {repeats} repeated",
        verdict.json["records"]
    );
    assert!(repeats >= KILLS as u64);
}
