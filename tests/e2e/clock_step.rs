//! Claim: a wall clock that steps while events flow, and while the box is offline, changes no duration, no order and no number, and
//! no record is lost. The real binary is given the steps by libfaketime; the machine's clock stays as it is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::export::Export;
use edge_tests::line::State;
use edge_tests::stage::Stage;
use edge_tests::subscriber::{Subscriber, sequence};
use edge_tests::wait;
use jiff::Timestamp;

const PATIENCE: Duration = Duration::from_secs(60);
/// In the sensor hall everybody is back after 3 s; the rest is how slow a loaded machine may be.
const LONGEST_S: f64 = 60.0;

/// The library that stands between a program and its clock; Debian's package has it in a folder of the architecture's name.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    folders
        .map(|f| f.path().join("faketime/libfaketimeMT.so.1"))
        .find(|p| p.is_file())
}

/// Wall clocks of the records, in order of their numbers, as seconds.
fn updated(centre: &Subscriber) -> Vec<(u64, i64)> {
    let mut all: Vec<_> = (centre.events().iter())
        .map(|e| {
            let at: Timestamp = e["data"]["updated"].as_str().unwrap().parse().unwrap();
            (sequence(e).unwrap(), at.as_second())
        })
        .collect();
    all.sort_unstable();
    all
}

fn set_clock(file: &Path, offset_s: i64) {
    // Replaced at once: the library reads it at any instant.
    let next = file.with_extension("next");
    std::fs::write(&next, format!("{offset_s:+}\n")).unwrap();
    std::fs::rename(&next, file).unwrap();
}

#[test]
fn steps_of_the_wall_clock_change_no_duration_and_lose_no_record() {
    let Some(library) = library() else {
        println!("SKIPPED clock steps: libfaketime is not installed; what to do: make setup-test");
        return;
    };
    let mut stage = Stage::new(6).unwrap();
    let hall = &mut stage.hall;
    let clock = hall.folder().join("clock");
    set_clock(&clock, 0);
    hall.env("LD_PRELOAD", &library.display().to_string());
    hall.env("FAKETIME_TIMESTAMP_FILE", &clock.display().to_string());
    // Read at every question; only the wall clock is moved, as by `date` or a time daemon.
    hall.env("FAKETIME_NO_CACHE", "1");
    hall.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    hall.env("NO_FAKE_STAT", "1");
    let began = Timestamp::now().as_second();
    let people = stage.people().unwrap();
    let (hall, line, centre) = (&stage.hall, &stage.line, &stage.centre);
    let mut agent = Agent::start(hall).unwrap();
    let more = |by: usize| {
        let wanted = centre.continuity().distinct + by;
        wait::until_true("events at the centre", PATIENCE, || {
            centre.continuity().distinct >= wanted
        })
    };
    more(6).unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));

    // (domain: +8 h, −1 h, NTP's +300 s) in turn: while connected, while offline, back again.
    let mut steps = Vec::new();
    for (offset_s, offline) in [(28_800, false), (25_200, true), (25_500, false), (0, true)] {
        if offline {
            line.set(State::Cut);
            wait::until_true("the box to notice", PATIENCE, || {
                agent.health()["uplink"]["mode"] == "offline"
            })
            .unwrap();
        }
        let at = agent.stored().unwrap();
        set_clock(&clock, offset_s);
        steps.push((at, offset_s));
        wait::until_true("judging to go on", PATIENCE, || {
            agent.stored() >= Some(at + 6)
        })
        .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
        line.set(State::Open);
        more(6).unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    }
    drop(people);
    assert!(agent.stop().unwrap().0.success(), "{}", agent.log());
    let stepped = agent.log().matches("The wall clock stepped").count();
    assert_eq!(
        stepped,
        steps.len(),
        "every step is logged:\n{}",
        agent.log()
    );

    let export = Export::verified(hall).unwrap();
    assert_eq!(export.span().ok(), centre.continuity().span);
    for event in centre.events() {
        let data = &event["data"];
        for field in ["duration_s", "absent_s", "unobserved_s"] {
            let s = data[field].as_f64().unwrap();
            assert!((0.0..LONGEST_S).contains(&s), "{field}: {event:#}");
        }
    }
    // What was made between two steps has the clock between them, whenever it was sent; the box may take a second to notice.
    let seen = updated(centre);
    let ended = Timestamp::now().as_second();
    for (i, (at, offset_s)) in steps.iter().enumerate() {
        let before_s = if i == 0 { 0 } else { steps[i - 1].1 };
        let until = steps.get(i + 1).map_or(u64::MAX, |next| next.0);
        let made = |offset_s: i64, updated: i64| (began..=ended).contains(&(updated - offset_s));
        let between: Vec<_> = seen.iter().filter(|(n, _)| n > at && *n <= until).collect();
        for (n, updated) in &between {
            assert!(
                made(*offset_s, *updated) || made(before_s, *updated),
                "number {n} after the step to {offset_s} s: {updated}"
            );
        }
        let last = between.last().unwrap();
        assert!(
            made(*offset_s, last.1),
            "the step to {offset_s} s: {last:?}"
        );
    }
    stage.verdict().unwrap().assert_clean();
}
