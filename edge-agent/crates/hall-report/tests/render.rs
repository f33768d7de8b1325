//! The report of a made-up month, in every form and language.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use hall_core::account::{Interval, TimeClass, WaitSample, WaitSource};
use hall_core::config::{DaySegment, DutyCalendar, EngineConfig, Rules, WeeklyDuty, WindowConfig};
use hall_core::engine::Output;
use hall_core::event::{Event, EventCode, EventId, Level, Phase, Review, Revision, Subject};
use hall_core::order::{CaseAction, CaseReason, Role};
use hall_core::summary::{QueueSummary, Summary, WindowCounts};
use hall_core::time::{HallTime, Stamp, WallClock};
use hall_metrics::{Book, Layout, LocalDay, Month, MonthReport};
use hall_report::{Format, Lang, MonthReportRecord, Name, Names, render, tables};

const HOUR: i64 = 3_600_000;
const SEPTEMBER: Month = Month {
    year: 2026,
    month: 9,
};

fn stamp(local_ms: i64) -> Stamp {
    WallClock::unix(28_800).stamp(HallTime(local_ms - 8 * HOUR))
}

fn at(month: u8, day: i64, hour: i64) -> i64 {
    let first = Month { year: 2026, month }.first_day().0;
    LocalDay(first + day - 1).from_ms() + hour * HOUR
}

fn layout() -> Layout {
    let mut weekly = WeeklyDuty::default();
    weekly.days[..5].fill(vec![DaySegment {
        from_s: 9 * 3600,
        to_s: 17 * 3600,
    }]);
    let cfg = EngineConfig {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        cameras: vec!["cam1".into()],
        windows: ["W1", "W2", "W3"]
            .map(|id| WindowConfig {
                id: id.into(),
                min_staff: 1,
                duty: None,
            })
            .into(),
        queues: Vec::new(),
        zones: Vec::new(),
        sensors: Vec::new(),
        groups: Vec::new(),
        duty: DutyCalendar {
            weekly,
            ..DutyCalendar::default()
        },
        rules: Rules::default(),
    };
    let departments = [("W1", "税务"), ("W2", "税务"), ("W3", "公安")];
    let departments: BTreeMap<_, _> = (departments.iter())
        .map(|(w, d)| ((*w).into(), (*d).to_owned()))
        .collect();
    Layout::new(&cfg, 28_800, &departments)
}

fn unstaffed(id: u128, window: &str, onset: i64, seconds: i64) -> Event {
    Event {
        id: EventId((stamp(onset).unix_ms as u128) << 80 | id),
        rev: 1,
        code: EventCode::Unstaffed,
        subject: Subject::Window(window.into()),
        level: Level::Notice,
        phase: Phase::Cleared,
        onset: stamp(onset),
        raised: stamp(onset + 300_000),
        updated: stamp(onset + seconds * 1000),
        end: Some(stamp(onset + seconds * 1000)),
        end_reason: None,
        duration_ms: seconds * 1000,
        absent_ms: seconds * 1000,
        unobserved_ms: 0,
        brief_returns: 0,
        customers_max: 0,
        peak: None,
        evidence_sources: Vec::new(),
        confidence: 1.0,
        rule: String::new(),
        tags: Vec::new(),
        related: Vec::new(),
        review: Review::Suspected,
        revision: None,
        mitigated_at: None,
        wait_est_ms: None,
    }
}

/// The last day of August and the first of September: W1 all there, W2 away for an hour in September, W3 seen for too short a time.
fn book() -> Book {
    let mut book = Book::new(layout());
    for (month, day) in [(8, 31), (9, 1)] {
        let mut piece = |window: &str, from, to, class| {
            book.take(&Output::Interval(Interval {
                window: window.into(),
                from: stamp(from),
                to: stamp(to),
                class,
            }));
        };
        for window in ["W1", "W2", "W3"] {
            piece(
                window,
                at(month, day, 0),
                at(month, day, 9),
                TimeClass::OffDuty,
            );
            piece(
                window,
                at(month, day, 9),
                at(month, day, 17),
                TimeClass::Staffed,
            );
        }
        if month == 9 {
            piece("W2", at(9, 1, 10), at(9, 1, 11), TimeClass::Unstaffed);
            piece("W3", at(9, 1, 9), at(9, 1, 11), TimeClass::Unknown);
        }
    }
    book.take(&Output::Event(unstaffed(1, "W2", at(9, 1, 10), 3600)));
    let mut revoked = unstaffed(2, "W1", at(9, 1, 14), 440);
    revoked.rev = 2;
    revoked.review = Review::Revoked;
    revoked.revision = Some(Revision {
        action: CaseAction::Revoke,
        by: "=cmd|' /C calc'!A0<script>".into(),
        role: Role::Supervisor,
        reason: CaseReason::SystemError,
        at: stamp(at(9, 2, 10)),
        retroactive: false,
        tx: String::new(),
    });
    book.take(&Output::Event(revoked));
    book.take(&Output::Summary(Summary {
        from: stamp(at(9, 1, 9)),
        to: stamp(at(9, 1, 9) + 60_000),
        windows: WindowCounts::default(),
        queues: vec![QueueSummary {
            queue: "Q1".into(),
            len_avg: Some(4.0),
            len_max: Some(6),
            saturated: false,
            wait: None,
            departures: 0,
            open_windows: 0,
            advised_windows: None,
        }],
        open_events: 0,
        coverage: 1.0,
    }));
    for minutes in [5, 20] {
        book.take(&Output::Wait(WaitSample {
            queue: "Q1".into(),
            at: stamp(at(9, 1, 9) + minutes * 60_000),
            wait_ms: minutes * 60_000,
            source: WaitSource::Ticket,
            service_ms: None,
            abandoned: false,
        }));
    }
    book
}

fn report() -> MonthReport {
    MonthReport::new(&book(), SEPTEMBER)
}

fn names() -> Names {
    let name = |zh: &str, en: &str| Name {
        zh: zh.into(),
        en: en.into(),
    };
    Names {
        hall: name("通江县政务服务中心", "Tongjiang service centre"),
        windows: [
            ("W1", "一号<窗口>", "Window \"1\", tax"),
            ("W2", "二号窗口", "Window 2"),
        ]
        .map(|(id, zh, en)| (id.to_owned(), name(zh, en)))
        .into(),
        queues: BTreeMap::new(),
        departments: [("税务".to_owned(), name("税务", "Tax"))].into(),
    }
}

fn text(lang: Lang, format: Format) -> String {
    String::from_utf8(render(&report(), &names(), lang, format).unwrap()).unwrap()
}

#[test]
fn windows_are_ranked_and_too_little_seen_is_not() {
    let report = report();
    let ranks: Vec<_> = report
        .windows
        .iter()
        .map(|w| (w.id.as_str(), w.rank))
        .collect();
    assert_eq!(ranks, [("W1", Some(1)), ("W2", Some(2)), ("W3", None)]);
    let w2 = &report.windows[1];
    assert_eq!(w2.staffing.sum.times.staffing_rate(), Some(0.875));
    assert_eq!((w2.change, w2.change_year), (Some(-0.125), None));
    assert_eq!(w2.unstaffed.n, 1);
    assert_eq!(
        (
            report.tally.unstaffed.n,
            report.tally.dropped,
            report.dropped.len()
        ),
        (1, 1, 1)
    );
    assert_eq!((report.peak_hour, report.days), (Some(9), 1));
    assert_eq!(
        report
            .previous
            .as_ref()
            .unwrap()
            .staffing
            .sum
            .times
            .staffing_rate(),
        Some(1.0)
    );
    assert_eq!(report.year_before, None);
    assert!(!report.complete);
}

#[test]
fn an_empty_month_is_an_empty_report_and_no_error() {
    let report = MonthReport::new(
        &book(),
        Month {
            year: 2026,
            month: 12,
        },
    );
    for format in [Format::Json, Format::Csv, Format::Xlsx, Format::Html] {
        assert!(
            !render(&report, &names(), Lang::Zh, format)
                .unwrap()
                .is_empty()
        );
    }
    assert_eq!((report.days, report.windows.len()), (0, 0));
}

#[test]
fn json_reads_back_and_says_nothing_as_null() {
    let record: MonthReportRecord = serde_json::from_str(&text(Lang::Zh, Format::Json)).unwrap();
    assert_eq!(record, MonthReportRecord::new(&report(), &names()));
    assert_eq!((record.v, record.month.as_str()), (1, "2026-09"));
    assert_eq!(record.ratings, None);
    assert_eq!(record.all_queues.within_15min, Some(0.5));
    assert!(record.about.zh.contains("不替代"));
}

#[test]
fn every_hour_of_a_day_has_its_own_rate_and_queue() {
    let record = MonthReportRecord::new(&report(), &names());
    let hours: Vec<_> = (record.day_hours.iter())
        .map(|h| (h.day.as_str(), h.hour, h.staffing_rate, h.len_mean))
        .collect();
    assert_eq!(
        hours.len(),
        8,
        "the hours on duty of the one day: {hours:?}"
    );
    // W3 is not seen at 9 and 10, W2 is away from 10 to 11.
    assert_eq!(hours[0], ("2026-09-01", 9, Some(1.0), Some(4.0)));
    assert_eq!(hours[1], ("2026-09-01", 10, Some(0.5), None));
    assert_eq!(hours[2], ("2026-09-01", 11, Some(1.0), None));
    assert_eq!(
        (record.day_hours[0].waits, record.day_hours[0].wait_mean_s),
        (2, Some(750.0))
    );
    let scheduled: f64 = record.day_hours.iter().map(|h| h.scheduled_s).sum();
    assert_eq!(scheduled, record.staffing.scheduled_s);
    let csv = text(Lang::En, Format::Csv);
    assert!(csv.contains("2026-09-01,10:00,3:00:00,1:00:00,50.00%"));
}

#[test]
fn tables_are_what_the_page_prints() {
    for lang in [Lang::Zh, Lang::En] {
        let page = text(lang, Format::Html);
        let tables = tables(&report(), &names(), lang);
        assert_eq!(
            page.matches("<table>").count(),
            tables.len(),
            "none is empty here"
        );
        for table in &tables {
            assert!(page.contains(&format!("<h2>{}</h2>", table.title)));
            assert_eq!(table.numbers.len(), table.columns.len());
            for row in &table.rows {
                assert_eq!(row.len(), table.columns.len(), "{}", table.title);
            }
        }
        let windows = &tables[3];
        assert_eq!(windows.rows[1][2], "87.50 %");
        assert!(!windows.numbers[0] && windows.numbers[2]);
    }
}

#[test]
fn csv_has_a_mark_quotes_what_must_be_and_runs_no_formula() {
    let csv = text(Lang::En, Format::Csv);
    assert!(csv.starts_with('\u{feff}'));
    assert!(csv.contains("\"Window \"\"1\"\", tax\",1,100.00%"));
    assert!(csv.contains("'=cmd|"));
    assert!(csv.contains("1:00:00"), "an hour of absence");
    assert!(
        csv.split("\r\n").all(|line| !line.contains('\n')),
        "lines end with CRLF"
    );
    assert!(text(Lang::Zh, Format::Csv).contains("通江县政务服务中心"));
}

#[test]
fn the_workbook_opens_and_holds_numbers() {
    for lang in [Lang::Zh, Lang::En] {
        let bytes = render(&report(), &names(), lang, Format::Xlsx).unwrap();
        let again = render(&report(), &names(), lang, Format::Xlsx).unwrap();
        assert_eq!(bytes, again, "the same report is the same file");
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let sheets = book.sheet_names().to_vec();
        assert_eq!(sheets.len(), 11, "{sheets:?}");
        let windows = book.worksheet_range(&sheets[3]).unwrap();
        let rate = |row| match windows.get_value((row, 2)) {
            Some(Data::Float(rate)) => *rate,
            other => panic!("{other:?}"),
        };
        assert_eq!((rate(1), rate(2)), (1.0, 0.875));
        let name = windows.get_value((1, 0)).unwrap().to_string();
        assert_eq!(name, names().windows["W1"].of(lang));
        let dropped = book.worksheet_range(&sheets[9]).unwrap();
        let by = dropped.get_value((1, 4)).unwrap();
        assert!(
            matches!(by, Data::String(text) if text.starts_with('=')),
            "a text, no formula: {by:?}"
        );
    }
}

#[test]
fn the_page_is_whole_escaped_and_of_one_piece() {
    for lang in [Lang::Zh, Lang::En] {
        let page = text(lang, Format::Html);
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
        for outside in ["http:", "https:", "src=", "href=", "url(", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert_eq!(page.matches("<svg").count(), 4);
        for tag in [
            "table", "thead", "tbody", "tr", "td", "th", "svg", "p", "h2", "div", "title",
        ] {
            let opened = page.matches(&format!("<{tag}>")).count()
                + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
    let zh = text(Lang::Zh, Format::Html);
    assert!(zh.contains("一号&lt;窗口&gt;") && zh.contains("1 小时 0 分"));
    assert!(zh.contains("疑似") && zh.contains("不替代"));
    for word in ["脱岗", "旷工", "迟到", "早退", "蓝牌", "黄牌", "红牌"] {
        assert!(!zh.contains(word), "{word}");
    }
    let en = text(Lang::En, Format::Html);
    assert!(en.contains("suspected") && en.contains("beside, not instead of"));
    let chinese = en
        .chars()
        .filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c))
        .collect::<String>();
    assert_eq!(
        chinese, "公安",
        "only the department without an English name"
    );
}
