//! A process that is killed (SIGKILL) while it adds up.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use hall_core::account::TimeClass::Staffed;

use crate::hall::*;

const CHILD_DIR: &str = "EDGE_AGENT_TEST_FIGURES_DIR";

/// Not a test by itself: the process that is killed. Tells every minute of a day and prints each that is kept.
#[test]
fn child_that_adds_up_until_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else {
        return;
    };
    let config = edge_config::load(&std::path::Path::new(&dir).join("hall.toml")).unwrap();
    let files = edge_agent::figures::DayFiles::new(edge_agent::figures::folder(&config));
    let today = day("2026-09-21");
    let start = local("2026-09-21 09:00");
    let known = files.load(today, today).unwrap().days;
    let mut minute = known
        .first()
        .map_or(0, |day| (day.until_ms - start) / MINUTE);
    let mut ledger = edge_agent::figures::Ledger::new(edge_agent::figures::layout(&config), files);
    ledger.round(Some(stamp(start + minute * MINUTE))).unwrap();
    loop {
        let (from, to) = (start + minute * MINUTE, start + (minute + 1) * MINUTE);
        let keep = ledger.enter(vec![interval("W1", from, to, Staffed), summary(to)]);
        assert!(keep, "a minute is over");
        ledger.round(Some(stamp(to))).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "kept {minute}").unwrap();
        out.flush().unwrap();
        minute += 1;
    }
}

#[test]
fn no_minute_that_was_kept_is_lost_when_the_process_is_killed() {
    let hall = Hall::new();
    let mut minutes = 0;
    for round in 0..12_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "killed::child_that_adds_up_until_killed",
                "--exact",
                "--nocapture",
            ])
            .env(CHILD_DIR, hall.dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("kept ")?.1.parse::<i64>().ok());
        let mut last = lines.by_ref().nth(2 + round as usize).unwrap();
        // Somewhere in a minute, at another place in every round.
        std::thread::sleep(std::time::Duration::from_micros(700 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        last = lines.last().unwrap_or(last);
        assert!(last >= minutes, "goes on where it was");
        minutes = last;

        let today = day("2026-09-21");
        let loaded = hall.files().load(today, today).unwrap();
        assert!(loaded.damaged.is_empty(), "{:?}", loaded.damaged);
        let times = &loaded.days[0].windows[0].times;
        assert_eq!(times.len(), 1, "without a gap: {times:?}");
        let told = (times[0].to_ms - local("2026-09-21 09:00")) / MINUTE;
        // The one after the last that was printed may have been written, too.
        assert!((last + 1..=last + 2).contains(&told), "{told} after {last}");
    }
    println!("12 kills, {} minutes", minutes + 1);
}
