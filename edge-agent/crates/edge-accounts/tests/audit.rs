//! The access log on real files: its chain, paging, views, and what survives torn and damaged lines.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use edge_accounts::audit::{EventsHead, Filter};
use edge_accounts::{AuditLog, Audited, Deed, Moment};
use hall_core::time::HallTime;
use hall_wire::seal::{GENESIS, hash_holds};
use serde_json::Value;

const DAY_MS: i64 = 86_400_000;

fn at(ms: i64) -> Moment {
    Moment {
        at: HallTime(ms),
        unix_ms: 1_790_000_000_000 + ms,
    }
}

fn open(dir: &Path) -> AuditLog {
    let head = || EventsHead {
        seq: 7,
        hash: "e".repeat(64),
    };
    AuditLog::open(dir, 28_800, Box::new(head), at(0)).unwrap()
}

fn entry(deed: Deed, object: &str, why: &str) -> Audited {
    Audited {
        who: "manager".into(),
        role: "hall_manager".into(),
        from: "10.0.0.7".into(),
        deed,
        object: object.into(),
        why: why.into(),
        tx: String::new(),
    }
}

fn exported(log: &AuditLog) -> Vec<String> {
    let mut bytes = Vec::new();
    log.export(&mut bytes).unwrap();
    String::from_utf8(bytes)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn check_chain(lines: &[String]) {
    let mut prev = GENESIS.to_owned();
    for (n, line) in lines.iter().enumerate() {
        assert!(hash_holds(line.as_bytes()), "{line}");
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["seq"], n as u64 + 1);
        assert_eq!(value["prev"], prev.as_str());
        prev = value["hash"].as_str().unwrap().into();
    }
}

#[test]
fn every_line_says_who_what_why_when_and_from_where_and_is_chained_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let head = {
        let log = open(dir.path());
        assert_eq!(log.head(), None);
        let sealed = log
            .append(
                &entry(Deed::EvidenceTaken, "event:01K", "\"complaint\"\n17"),
                at(0),
            )
            .unwrap();
        assert_eq!(sealed.at, "2026-09-21T22:13:20.000+08:00");
        assert_eq!(
            sealed.events,
            EventsHead {
                seq: 7,
                hash: "e".repeat(64)
            }
        );
        log.append(&entry(Deed::LogOut, "", ""), at(1)).unwrap();
        log.head().unwrap()
    };
    let log = open(dir.path());
    assert_eq!(log.head().unwrap(), head);
    log.append(&entry(Deed::LogIn, "", ""), at(2)).unwrap();
    let lines = exported(&log);
    assert_eq!(lines.len(), 3);
    check_chain(&lines);
    let first: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(
        (
            first["who"].as_str(),
            first["from"].as_str(),
            first["deed"].as_str(),
            first["why"].as_str()
        ),
        (
            Some("manager"),
            Some("10.0.0.7"),
            Some("evidence_taken"),
            Some("\"complaint\"\n17")
        )
    );
}

#[test]
fn pages_go_back_in_time_by_filter() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for n in 0..10 {
        let deed = if n % 2 == 0 {
            Deed::Picture
        } else {
            Deed::LogIn
        };
        log.append(&entry(deed, &format!("camera:cam{n}"), ""), at(n))
            .unwrap();
    }
    let seqs = |filter: &Filter, limit| {
        let page = log.page(filter, limit).unwrap();
        assert_eq!(page.last_seq, 10);
        (
            page.entries.iter().map(|e| e.seq).collect::<Vec<_>>(),
            page.next_before_seq,
        )
    };
    assert_eq!(seqs(&Filter::default(), 4), (vec![10, 9, 8, 7], Some(7)));
    let rest = Filter {
        before_seq: Some(7),
        ..Filter::default()
    };
    assert_eq!(seqs(&rest, 50), (vec![6, 5, 4, 3, 2, 1], None));
    let pictures = Filter {
        deeds: vec!["picture".into()],
        ..Filter::default()
    };
    assert_eq!(seqs(&pictures, 2), (vec![9, 7], Some(7)));
    let object = Filter {
        object: Some("camera:cam3".into()),
        ..Filter::default()
    };
    assert_eq!(seqs(&object, 5), (vec![4], None));
    let nobody = Filter {
        who: Some("other".into()),
        ..Filter::default()
    };
    assert_eq!(seqs(&nobody, 5), (vec![], None));
}

#[test]
fn a_view_of_a_camera_is_one_line_however_many_pictures_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for s in 0..200 {
        log.view(&entry(Deed::Picture, "camera:cam1", ""), at(s * 1000))
            .unwrap();
        log.view(&entry(Deed::Picture, "camera:cam2", ""), at(s * 1000))
            .unwrap();
    }
    assert_eq!(exported(&log).len(), 2);
}

#[test]
fn a_torn_last_line_is_cut_off_and_a_damaged_one_is_set_aside_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for n in 0..5 {
        log.append(&entry(Deed::Note, "event:01K", &format!("note {n}")), at(n))
            .unwrap();
    }
    drop(log);
    let file = dir.path().join("audit-000000000001.jsonl");
    let sound = std::fs::read(&file).unwrap();
    std::fs::write(&file, [&sound[..], b"{\"seq\":6,\"v\""].concat()).unwrap();
    let log = open(dir.path());
    assert_eq!(exported(&log).len(), 5);
    assert_eq!(log.notes("01K").len(), 5);
    drop(log);

    let forged = String::from_utf8(sound)
        .unwrap()
        .replace("note 3", "note X");
    std::fs::write(&file, forged).unwrap();
    let log = open(dir.path());
    let lines = exported(&log);
    check_chain(&lines);
    assert_eq!(lines.len(), 4, "three sound ones, and what happened");
    assert!(lines[3].contains("audit_damaged"), "{}", lines[3]);
    let aside = std::fs::read_dir(dir.path()).unwrap().filter(|f| {
        f.as_ref()
            .unwrap()
            .file_name()
            .to_str()
            .unwrap()
            .contains("damaged")
    });
    assert_eq!(aside.count(), 1);
}

#[test]
fn lines_are_kept_half_a_year_at_least_and_their_removal_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).with_files_of(2_000);
    for month in 0..4 {
        for n in 0..10 {
            let why = format!("note {n}");
            log.append(
                &entry(Deed::Note, "event:01K", &why),
                at(month * 30 * DAY_MS),
            )
            .unwrap();
        }
    }
    let before = exported(&log).len() as u64;
    assert_eq!(
        log.trim(30, at(180 * DAY_MS)).unwrap(),
        0,
        "whatever the events' own time"
    );
    let gone = log.trim(30, at(220 * DAY_MS)).unwrap();
    assert!(gone > 0);
    let lines = exported(&log);
    assert_eq!(lines.len() as u64, before - gone + 1);
    assert!(lines.last().unwrap().contains(&format!("{gone} lines")));
}
