//! Which roll-ups are offered to the centre: those it does not have, of which everything is on disk.

use edge_agent::figures::Offered;
use hall_core::engine::Output;

use crate::hall::*;

/// `hour rev 1`, in the order offered.
fn shown(offered: &[Offered]) -> Vec<String> {
    let text = |(_, rollup): &Offered| format!("{} rev {}", rollup.period, rollup.rev);
    offered.iter().map(text).collect()
}

#[test]
fn what_is_delivered_is_not_offered_again_until_late_data_changes_it() {
    let hall = Hall::new();
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-21 08:59"))).unwrap();
    morning(&mut ledger);
    assert!(ledger.outgoing(&[]).is_empty(), "nothing is rolled up yet");
    ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    let offered = ledger.outgoing(&[]);
    let quarter = "15min rev 1";
    assert_eq!(
        shown(&offered),
        [
            quarter,
            quarter,
            quarter,
            quarter,
            "hour rev 1",
            quarter,
            quarter,
            quarter,
            quarter,
            "hour rev 1"
        ],
        "in order of their ends, and no minutes"
    );
    for (_, rollup) in &offered {
        assert!(rollup.parts.iter().all(|part| part.len() < 16 * 1024));
    }

    // All but the last are delivered; the process is killed before that is on disk: they are offered once more, the same.
    for (period, rollup) in &offered[..9] {
        ledger.delivered(*period, rollup.rev);
    }
    assert_eq!(ledger.outgoing(&offered), offered[9..]);
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    assert_eq!(ledger.outgoing(&[]), offered);

    for (period, rollup) in &offered[..9] {
        ledger.delivered(*period, rollup.rev);
    }
    ledger.round(Some(at("2026-09-21 11:04"))).unwrap();
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-21 11:04"))).unwrap();
    assert_eq!(ledger.outgoing(&[]), offered[9..]);

    // A decision days later changes two that were delivered, and the day.
    ledger.round(Some(at("2026-09-25 15:00"))).unwrap();
    let before = ledger.outgoing(&[]);
    for (period, rollup) in &before {
        ledger.delivered(*period, rollup.rev);
    }
    let event = absence("W1", "2026-09-21 10:00", 20);
    ledger.enter(vec![Output::Event(false_alarm(&event, "2026-09-25 15:00"))]);
    ledger.round(Some(at("2026-09-25 15:00"))).unwrap();
    assert_eq!(
        shown(&ledger.outgoing(&[])),
        ["15min rev 2", "hour rev 2", "day rev 2"]
    );
}

#[test]
fn nothing_is_offered_of_a_day_that_cannot_be_written_down() {
    let hall = Hall::new();
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-21 08:59"))).unwrap();
    morning(&mut ledger);
    // The folder's name is taken by a file: the disk refuses.
    std::fs::remove_dir_all(hall.folder()).ok();
    std::fs::create_dir_all(hall.folder().parent().unwrap()).unwrap();
    std::fs::write(hall.folder(), "in the way").unwrap();
    ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    assert!(ledger.outgoing(&[]).is_empty());
    std::fs::remove_file(hall.folder()).unwrap();
    ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    assert_eq!(ledger.outgoing(&[]).len(), 10);
}
