//! What is asked of the figures while they are kept: the report on the command line, roll-ups.

use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Output};

use calamine::{Data, Reader, Xlsx};
use edge_agent::figures::QueryError;
use hall_metrics::PeriodKind;
use serde_json::Value;

use crate::hall::*;

/// A hall whose agent is in the middle of a morning.
fn running() -> (Hall, edge_agent::figures::Ledger) {
    let hall = Hall::new();
    let mut ledger = hall.ledger();
    ledger.round(Some(at("2026-09-21 08:59"))).unwrap();
    morning(&mut ledger);
    ledger.round(Some(at("2026-09-21 11:03"))).unwrap();
    (hall, ledger)
}

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_edge-agent"))
        .args(args)
        .output()
        .unwrap()
}

fn report(hall: &Hall, args: &[&str]) -> Output {
    let toml = hall.toml();
    run(&[&["report", "--config", &toml], args].concat())
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_report_comes_in_every_form_while_the_figures_are_kept() {
    let (hall, _ledger) = running();
    let said = report(&hall, &["--month", "2026-09"]);
    assert!(said.status.success(), "{}", complaint(&said));
    let json: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(json["kind"], "month_report");
    assert_eq!(json["complete"], false);
    assert_eq!(json["until"], "2026-09-21T11:03:00.000+08:00");
    let w1 = &json["windows"][0];
    assert_eq!(
        (&w1["id"], &w1["staffing_rate"]),
        (&"W1".into(), &0.8333.into())
    );
    assert_eq!(json["departments"][0]["name"]["en"], "Tax office");
    assert_eq!(json["events"]["unstaffed"]["total_s"], 1_200.0);
    assert_eq!(json["all_queues"]["wait"]["p90_s"], 720.0);

    for lang in ["zh", "en"] {
        for format in ["json", "csv", "xlsx", "html"] {
            let file = hall.dir.path().join(format!("report.{format}"));
            let path = file.display().to_string();
            let args = ["--month", "2026-09", "--format", format, "--lang", lang];
            let written = report(&hall, &[&args[..], &["--out", &path]].concat());
            assert!(written.status.success(), "{}", complaint(&written));
            assert!(written.stdout.is_empty() && written.stderr.is_empty());
            let bytes = std::fs::read(&file).unwrap();
            assert_eq!(
                bytes,
                report(&hall, &args).stdout,
                "a file is what a pipe gets"
            );
            match format {
                "xlsx" => opens(bytes, lang),
                "html" => {
                    let page = String::from_utf8(bytes).unwrap();
                    assert!(page.contains("@page") && page.contains("83.33"), "{lang}");
                    for outside in ["http:", "https:", "src=", "href=", "url(", "<script"] {
                        assert!(!page.contains(outside), "{outside}");
                    }
                }
                "csv" => assert!(String::from_utf8(bytes).unwrap().contains("83.33%")),
                _ => assert_eq!(bytes, said.stdout, "json has both languages"),
            }
        }
    }
}

/// By another program's reader.
fn opens(bytes: Vec<u8>, lang: &str) {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let sheets = book.sheet_names().to_vec();
    assert_eq!(sheets.len(), 11, "{sheets:?}");
    let windows = book.worksheet_range(&sheets[3]).unwrap();
    let Some(Data::Float(rate)) = windows.get_value((1, 2)) else {
        panic!("a number: {:?}", windows.get_value((1, 2)))
    };
    assert!((rate - 6_000.0 / 7_200.0).abs() < 1e-9, "{rate}");
    let name = windows.get_value((1, 0)).unwrap().to_string();
    let expected = match lang {
        "zh" => "综合窗口一",
        _ => "General service 1",
    };
    assert_eq!(name, expected);
}

#[test]
fn a_person_is_told_what_is_wrong_with_a_report() {
    let (hall, _ledger) = running();
    let cases: [(&[&str], i32, &str); 8] = [
        (
            &["--month", "2026-08"],
            1,
            "there are no figures of 2026-08: they reach from 2026-09-21 to 2026-09-21",
        ),
        (
            &["--month", "2031-01"],
            1,
            "there are no figures of 2031-01",
        ),
        (
            &["--month", "2026-13"],
            2,
            "'2026-13' is no month; write it like 2026-09",
        ),
        (&["--month", "September"], 2, "'September' is no month"),
        (&["--month", "2026-9"], 2, "'2026-9' is no month"),
        (
            &["--month", "2026-09", "--format", "pdf"],
            2,
            "it is one of json, csv, xlsx, html",
        ),
        (&["--month", "2026-09", "--lang", "fr"], 2, "it is zh or en"),
        (
            &["--month", "2026-09", "--out", "/nowhere/report.json"],
            1,
            "cannot write /nowhere/report.json: ",
        ),
    ];
    for (args, code, expected) in cases {
        let output = report(&hall, args);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?}: {}",
            complaint(&output)
        );
        assert!(
            complaint(&output).contains(expected),
            "{args:?}: {}",
            complaint(&output)
        );
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    let never = Hall::new();
    let output = report(&never, &["--month", "2026-09"]);
    assert!(
        complaint(&output).contains("this hall has not run yet"),
        "{}",
        complaint(&output)
    );

    let broken = hall.files().path(day("2026-09-18"));
    std::fs::write(&broken, "{").unwrap();
    let output = report(&hall, &["--month", "2026-09"]);
    assert!(output.status.success());
    assert!(
        complaint(&output).starts_with("warning: 2026-09-18 is left out: "),
        "{}",
        complaint(&output)
    );
    assert!(broken.exists(), "whoever only reads sets nothing aside");
}

#[test]
fn observations_are_judged_anew_for_a_report() {
    let scenarios =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/hall-replay/tests/scenarios");
    let (toml, input) = (
        scenarios.join("hall.toml"),
        scenarios.join("01-leaves-and-returns.jsonl"),
    );
    let (toml, input) = (toml.display().to_string(), input.display().to_string());
    let report = |month: &str| {
        run(&[
            "report", "--config", &toml, "--month", month, "--input", &input,
        ])
    };
    let output = report("2026-09");
    assert!(output.status.success(), "{}", complaint(&output));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let unstaffed = &json["events"]["unstaffed"];
    assert_eq!(
        (&unstaffed["n"], &unstaffed["notice"]),
        (&1.into(), &1.into())
    );
    assert_eq!(unstaffed["total_s"], 440.0);
    assert_eq!(json["staffing"]["unstaffed_s"], 440.0);
    let output = report("2026-08");
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("the observations say nothing of 2026-08"));
}

#[test]
fn rollups_are_of_the_time_and_the_subject_asked_for() {
    let (hall, mut ledger) = running();
    let query = hall.query();
    let ask = |kind, from: &str, to: &str, subject: Option<&str>| {
        query.rollups(kind, query.time(from, to)?, subject)
    };
    let hours = ask(PeriodKind::Hour, "2026-09-21", "2026-09-21", None)
        .unwrap()
        .body;
    let shown: Vec<_> = hours
        .iter()
        .map(|h| (&h.from[11..16], h.rev, h.complete))
        .collect();
    assert_eq!(
        shown,
        [("09:00", 1, true), ("10:00", 1, true), ("11:00", 0, false)],
        "the running hour has not been published yet"
    );
    assert_eq!(hours[1].windows[0].staffing.staffing_rate, Some(0.6667));
    assert_eq!((hours[1].windows.len(), hours[1].departments.len()), (1, 1));

    let quarter = |subject| {
        let (from, to) = ("2026-09-21T10:00:00+08:00", "2026-09-21T02:16:00Z");
        ask(PeriodKind::Quarter, from, to, Some(subject))
            .unwrap()
            .body
    };
    assert_eq!(quarter("W1").len(), 2, "10:00 and 10:15, by either clock");
    let w1 = &quarter("W1")[0];
    assert!(w1.total.is_none() && w1.queues.is_empty() && w1.departments.is_empty());
    assert_eq!(w1.windows[0].staffing.unstaffed_s, 900.0);
    assert_eq!(
        quarter("税务局")[1].departments[0].staffing.unstaffed_s,
        300.0
    );
    assert!(quarter("hall")[0].total.is_some() && quarter("hall")[0].windows.is_empty());
    assert_eq!(quarter("W4"), [], "nothing is known of it");

    ledger.enter(vec![excuse("W1", "2026-09-21 10:00", "2026-09-21 10:20")]);
    ledger.round(Some(at("2026-09-21 11:04"))).unwrap();
    let w1 = &quarter("W1")[0];
    assert_eq!((w1.rev, w1.windows[0].staffing.excused_s), (2, 900.0));

    let month = ask(PeriodKind::Month, "2025-09-01", "2026-09-30", Some("hall"))
        .unwrap()
        .body;
    assert_eq!(month.len(), 1);
    assert_eq!(month[0].from, "2026-09-01T00:00:00.000+08:00");
    let refused = |kind, from, to, subject| ask(kind, from, to, subject).unwrap_err();
    assert!(matches!(
        refused(PeriodKind::Minute, "2026-09-21", "2026-09-21", None),
        QueryError::TooMany(1_440)
    ));
    assert!(matches!(
        refused(PeriodKind::Day, "2026-09-22", "2026-09-20", None),
        QueryError::Backwards(..)
    ));
    assert!(matches!(
        refused(PeriodKind::Day, "yesterday", "2026-09-20", None),
        QueryError::Wrong(..)
    ));
    assert!(matches!(
        refused(PeriodKind::Day, "2026-09-21", "2026-09-21", Some("W9")),
        QueryError::Subject(_)
    ));
}

#[test]
fn a_month_a_box_was_off_at_the_end_of_is_told_to_its_end_once_it_runs_again() {
    let hall = Hall::new();
    let mut ledger = hall.ledger();
    let said = |ledger: &mut edge_agent::figures::Ledger, day: &str| {
        let time = |hour: &str| format!("{day} {hour}");
        ledger.round(Some(at(&time("09:00")))).unwrap();
        let staffed = hall_core::account::TimeClass::Staffed;
        ledger.enter(vec![span("W1", &time("09:00"), &time("12:00"), staffed)]);
        ledger.round(Some(at(&time("12:00")))).unwrap();
    };
    let json = || -> Value {
        serde_json::from_slice(&report(&hall, &["--month", "2026-09"]).stdout).unwrap()
    };
    said(&mut ledger, "2026-09-29");
    assert_eq!(json()["complete"], false);
    said(&mut ledger, "2026-10-02");
    let json = json();
    assert_eq!(json["complete"], true);
    // Always on duty: 3 h staffed, the rest of the 29th and the 30th unknown.
    assert_eq!(json["staffing"]["unknown_s"], 36.0 * 3_600.0);
}
