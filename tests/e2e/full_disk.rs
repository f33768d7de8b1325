//! The disk is full: the box says so, goes on judging, and keeps events again once there is room.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::export::Export;
use edge_tests::line::State;
use edge_tests::stage::Stage;
use edge_tests::wait;

/// A small file system in memory. Unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one; `None` when this user may not.
    fn mount(at: &Path, mib: u32) -> Option<SmallDisk> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={mib}m,mode=0777");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(at)
            .output()
            .ok()?;
        mounted.status.success().then(|| SmallDisk(at.to_owned()))
    }

    /// Takes all the room there is, again and again if asked: what the box frees is taken as well.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .unwrap();
        for size in [64 * 1024, 4096] {
            let block = vec![0u8; size];
            while file.write_all(&block).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazy, so that a file still open in a dying process does not keep it; there is nobody to tell of a failure.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Whether the box can reach the centre while its disk is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Centre {
    There,
    /// Gone before the disk fills, and back before there is room.
    Away,
}

fn check(of: Centre) {
    // Many windows, so that the database soon needs room it has not yet taken.
    let mut stage = Stage::new(24).unwrap();
    let hall = &mut stage.hall;
    let at = hall.folder().join("disk");
    let Some(disk) = SmallDisk::mount(&at, 48) else {
        say_skipped("the full-disk test: mounting a tmpfs needs root");
        return;
    };
    hall.store(&at.join("store"));
    hall.set("storage", "reserve_mib", 4);
    let people = stage.people().unwrap();
    let (hall, line, centre) = (&stage.hall, &stage.line, &stage.centre);
    let mut agent = Agent::start(hall).unwrap();
    let seq = Agent::stored;
    wait::until_true("events are kept", Duration::from_secs(30), || {
        seq(&agent) > Some(5)
    })
    .unwrap();
    if of == Centre::Away {
        line.set(State::Cut);
        let at = seq(&agent).unwrap();
        wait::until_true("a backlog", Duration::from_secs(60), || {
            seq(&agent) > Some(at + 20)
        })
        .unwrap();
    }

    wait::until_true(
        "the full disk to be reported",
        Duration::from_secs(120),
        || {
            disk.fill();
            let health = agent.health();
            health["store"]["degraded"] == true && health["overall"] != "ok"
        },
    )
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    let log = agent.log();
    assert!(log.contains("full"), "the log says why:\n{log}");
    // Judging goes on: states still change on the live page.
    let states = |agent: &Agent| {
        agent
            .http()
            .json("/api/snapshot")
            .ok()
            .map(|s| s["windows"].to_string())
    };
    let before = states(&agent);
    wait::until_true("states to change", Duration::from_secs(20), || {
        states(&agent).is_some() && states(&agent) != before
    })
    .unwrap();
    if of == Centre::Away {
        line.set(State::Open);
        wait::until_true("the line is back", Duration::from_secs(60), || {
            agent.health()["uplink"]["mode"] != "offline"
        })
        .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    }

    std::fs::remove_file(disk.fill()).unwrap();
    let at_relief = seq(&agent).unwrap();
    wait::until_true("events are kept again", Duration::from_secs(90), || {
        seq(&agent) > Some(at_relief + 3) && agent.health()["store"]["degraded"] == false
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    drop(people);
    wait::until_true("all of it at the centre", Duration::from_secs(60), || {
        let health = agent.health();
        health["store"]["seq"] == health["uplink"]["acked"]
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    let (status, _) = agent.stop().unwrap();
    assert!(status.success(), "{status}");
    // To make room the box may have dropped what the centre had acknowledged, oldest first, and nothing else.
    let export = Export::verified(hall).unwrap();
    let (first, last) = export.span().unwrap();
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
    println!("{of:?}: the box keeps #{first} to #{last}; the centre has {seen:?}");
    assert_eq!(seen.span, Some((1, last)));
    assert_eq!(seen.missing, [0u64; 0]);
    assert_eq!(seen.forked, [0u64; 0]);
    stage.verdict().unwrap().assert_clean();
}

#[test]
fn a_full_disk_is_reported_judging_goes_on_and_events_are_kept_again_when_there_is_room() {
    check(Centre::There);
}

#[test]
fn a_disk_that_fills_while_the_centre_is_away_costs_no_record_when_both_are_back() {
    check(Centre::Away);
}

/// Past the test harness, which would swallow what a passing test prints.
fn say_skipped(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "\nSKIPPED {what}");
}
