//! The fleet as lines of text for a terminal or a log. Pure.

use crate::report::Report;
use crate::watch::{Fault, Fleet};

/// One line: what matters now.
#[must_use]
pub fn line(report: &Report) -> String {
    format!(
        "halls online {}/{}  records {}  open events {}  late {}  missing {}  duplicates {}  chain {}  invalid {}  clock {}",
        report.online,
        report.boxes,
        report.records,
        report.open_events,
        report.late,
        report.missing,
        report.lasting_duplicates,
        report.chain_faults,
        report.invalid,
        report.clock_faults,
    )
}

/// The board: totals, then boxes with those that need a person first, at most `rows` of them, then the newest faults.
#[must_use]
pub fn board(fleet: &Fleet, rows: usize) -> String {
    let report = Report::of(fleet, &[]);
    let mut boxes: Vec<_> = fleet.boxes.iter().collect();
    boxes.sort_by_key(|(source, b)| {
        let trouble = !b.runs.holes().is_empty() || b.online != Some(true);
        (!trouble, std::cmp::Reverse(b.open.len()), (*source).clone())
    });
    let mut text = line(&report);
    text += &format!(
        "\n\n{:<40} {:<8} {:>5} {:>9} {:>7} {:>8}\n",
        "box", "", "open", "last", "late", "missing"
    );
    for (source, b) in boxes.iter().take(rows) {
        let online = match b.online {
            Some(true) => "online",
            Some(false) => "OFFLINE",
            None => "unknown",
        };
        let missing: u64 = b.runs.holes().iter().map(|(a, z)| z - a + 1).sum();
        text += &format!(
            "{source:<40} {online:<8} {:>5} {:>9} {:>7} {missing:>8}\n",
            b.open.len(),
            b.runs.span().map_or(0, |(_, last)| last),
            b.late,
        );
    }
    if boxes.len() > rows {
        text += &format!("… and {} more\n", boxes.len() - rows);
    }
    for Fault {
        kind, source, why, ..
    } in fleet.faults.iter().rev().take(5)
    {
        text += &format!("{kind:?} {source}: {why}\n");
    }
    text
}
