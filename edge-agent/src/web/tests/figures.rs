//! Kept days and the month's report over HTTP: forms, validators, paging, refusals.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hall_core::account::{Interval, TimeClass, WaitSample, WaitSource};
use hall_core::config::{DaySegment, DutyCalendar, EngineConfig, Rules, WeeklyDuty, WindowConfig};
use hall_core::engine::Output;
use hall_core::event::{Event, EventCode, EventId, Level, Phase, Review, Subject};
use hall_core::summary::{QueueSummary, Summary, WindowCounts};
use hall_metrics::timeline::DayView;
use hall_metrics::{Book, Layout, LocalDay, Month, MonthReport};
use hall_report::{Format, Lang, Name, Names, Table};

use super::client::{Answer, get, request};
use super::fixture::{NOW, Served, stamp};
use super::golden::check;
use crate::web::figure_source::{FigureError, FigureSource, Report};
use crate::web::inputs::SourceError;

const MINUTE: i64 = 60_000;

/// Figures in memory; `mark` is what the validators are made of.
pub struct ScriptedFigures {
    book: Mutex<Book>,
    mark: AtomicU64,
}

fn layout() -> Layout {
    let mut weekly = WeeklyDuty::default();
    weekly.days.fill(vec![DaySegment {
        from_s: 9 * 3600,
        to_s: 17 * 3600,
    }]);
    let cfg = EngineConfig {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        cameras: vec!["cam1".into()],
        windows: ["W1", "W3"]
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
    Layout::new(&cfg, 28_800, &[("W1".into(), "税务".to_owned())].into())
}

fn names() -> Names {
    let name = |zh: &str, en: &str| Name {
        zh: zh.into(),
        en: en.into(),
    };
    Names {
        hall: name(
            "通江县政务服务中心",
            "Tongjiang County Government Service Centre",
        ),
        windows: [
            ("W1".to_owned(), name("综合窗口", "General services")),
            ("W3".to_owned(), name("户籍窗口", "Household registration")),
        ]
        .into(),
        queues: [("Q1".to_owned(), name("大厅排队区", "Main queue"))].into(),
        departments: [("税务".to_owned(), name("税务", "Tax"))].into(),
    }
}

fn absence(n: u128, onset: i64, minutes: i64) -> Event {
    Event {
        id: EventId((stamp(at(onset)).unix_ms as u128) << 80 | n),
        rev: 1,
        code: EventCode::Unstaffed,
        subject: Subject::Window("W3".into()),
        level: Level::Notice,
        phase: Phase::Cleared,
        onset: stamp(at(onset)),
        raised: stamp(at(onset + 5)),
        updated: stamp(at(onset + minutes)),
        end: Some(stamp(at(onset + minutes))),
        end_reason: None,
        duration_ms: minutes * MINUTE,
        absent_ms: minutes * MINUTE,
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

/// Minutes after midnight of the day of [`NOW`]; below 0 the day before.
fn at(minutes: i64) -> hall_core::time::HallTime {
    let midnight = NOW.0 - (10 * 60 + 7) * MINUTE - 20_000;
    hall_core::time::HallTime(midnight + minutes * MINUTE)
}

/// Yesterday all staffed, today W3 away from 9:20 to 9:32 and from 9:50 to 9:57 and unseen from 10:00 to 10:05.
pub fn figures() -> Arc<ScriptedFigures> {
    use TimeClass::{OffDuty, Staffed, Unknown, Unstaffed};
    let mut book = Book::new(layout());
    let mut piece = |window: &str, from: i64, to: i64, class| {
        book.take(&Output::Interval(Interval {
            window: window.into(),
            from: stamp(at(from)),
            to: stamp(at(to)),
            class,
        }));
    };
    for window in ["W1", "W3"] {
        piece(window, -1440, -900, OffDuty);
        piece(window, -900, -420, Staffed);
        piece(window, -420, 540, OffDuty);
        piece(window, 540, 605, Staffed);
    }
    piece("W3", 560, 572, Unstaffed);
    piece("W3", 590, 597, Unstaffed);
    piece("W3", 600, 605, Unknown);
    for (n, onset, minutes) in [(1, 560, 12), (2, 590, 7)] {
        book.take(&Output::Event(absence(n, onset, minutes)));
    }
    for (minute, length, longest) in [(541, 4.0, 6), (542, 6.0, 7), (556, 2.0, 3)] {
        book.take(&Output::Summary(Summary {
            from: stamp(at(minute)),
            to: stamp(at(minute + 1)),
            windows: WindowCounts::default(),
            queues: vec![QueueSummary {
                queue: "Q1".into(),
                len_avg: Some(length),
                len_max: Some(longest),
                saturated: false,
                wait: None,
                departures: 0,
                open_windows: 0,
                advised_windows: None,
            }],
            open_events: 0,
            coverage: 1.0,
        }));
    }
    book.take(&Output::Wait(WaitSample {
        queue: "Q1".into(),
        at: stamp(at(557)),
        wait_ms: 9 * MINUTE,
        source: WaitSource::Ticket,
        service_ms: None,
        abandoned: false,
    }));
    Arc::new(ScriptedFigures {
        book: Mutex::new(book),
        mark: AtomicU64::new(1),
    })
}

impl ScriptedFigures {
    fn nothing(&self) -> FigureError {
        let days = self.days().unwrap();
        FigureError::Nothing {
            kept: days.first().copied().zip(days.last().copied()),
        }
    }

    fn month(&self, month: Month) -> Result<MonthReport, FigureError> {
        let report = MonthReport::new(&self.book.lock().unwrap(), month);
        if report.days == 0 {
            return Err(self.nothing());
        }
        Ok(report)
    }
}

impl FigureSource for ScriptedFigures {
    fn days(&self) -> Result<Vec<LocalDay>, SourceError> {
        let today = LocalDay::of(at(0).0 + 8 * 60 * MINUTE);
        Ok(vec![LocalDay(today.0 - 1), today])
    }

    fn day_mark(&self, day: LocalDay) -> Result<u64, SourceError> {
        Ok(self.mark.load(Ordering::SeqCst) + day.0 as u64)
    }

    fn month_mark(&self, _: Month) -> Result<u64, SourceError> {
        Ok(self.mark.load(Ordering::SeqCst))
    }

    fn day(&self, day: LocalDay) -> Result<DayView, FigureError> {
        let book = self.book.lock().unwrap();
        if book.knows(day) {
            return Ok(book.day_view(day, 5 * MINUTE));
        }
        drop(book);
        Err(self.nothing())
    }

    fn report(
        &self,
        month: Month,
        format: Format,
        lang: Lang,
    ) -> Result<Report<Vec<u8>>, FigureError> {
        let report = self.month(month)?;
        Ok(Report {
            body: hall_report::render(&report, &names(), lang, format).unwrap(),
            left_out: 0,
        })
    }

    fn tables(&self, month: Month, lang: Lang) -> Result<Report<Vec<Table>>, FigureError> {
        let report = self.month(month)?;
        Ok(Report {
            body: hall_report::tables(&report, &names(), lang),
            left_out: 1,
        })
    }
}

#[tokio::test]
async fn days_and_reports_are_as_published() {
    let served = Served::start().await;
    for (path, name) in [
        ("/api/days", "days.json"),
        ("/api/day", "day.json"),
        ("/api/report?month=2026-09", "report.json"),
        (
            "/api/report/tables?month=2026-09&lang=en",
            "report_tables.json",
        ),
        ("/api/report/tables?month=2026-09", "report_tables_zh.json"),
    ] {
        let answer = get(served.addr, path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
        check(name, &answer.json());
    }
    let today = get(served.addr, "/api/day?date=2026-09-21").await;
    assert_eq!(today.json()["complete"], false);
    let yesterday = get(served.addr, "/api/day?date=2026-09-20").await.json();
    assert_eq!(yesterday["complete"], true);
    assert_eq!(yesterday["next"], "2026-09-21");
    assert_eq!(yesterday["previous"], serde_json::Value::Null);
    served.stop().await;
}

async fn held(served: &Served, path: &str, etag: &str) -> Answer {
    let headers = [("host", "localhost"), ("if-none-match", etag)];
    request(served.addr, "GET", path, &headers).await
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let served = Served::start().await;
    for path in [
        "/api/days",
        "/api/day",
        "/api/report?month=2026-09",
        "/api/report?month=2026-09&format=xlsx",
        "/api/report/tables?month=2026-09",
    ] {
        let etag = get(served.addr, path).await;
        let etag = etag.header("etag").expect("an ETag").to_owned();
        let again = held(&served, path, &etag).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), Some(etag.as_str()), "{path}");
        assert_eq!(held(&served, path, "\"other\"").await.status, 200);
        if path != "/api/days" {
            served.figures.mark.fetch_add(1, Ordering::SeqCst);
            assert_eq!(held(&served, path, &etag).await.status, 200, "{path}");
        }
    }
    let zh = get(served.addr, "/api/report?month=2026-09&format=csv").await;
    let en = get(served.addr, "/api/report?month=2026-09&format=csv&lang=en").await;
    assert_ne!(zh.header("etag"), en.header("etag"));
    served.stop().await;
}

#[tokio::test]
async fn events_of_a_day_come_page_by_page() {
    let served = Served::start().await;
    let first = get(served.addr, "/api/day?limit=1").await.json();
    let after = first["next_after"].as_str().expect("more").to_owned();
    assert_eq!(first["events"][0]["event_id"], after.as_str());
    let rest = get(served.addr, &format!("/api/day?limit=1&after={after}"))
        .await
        .json();
    assert_eq!(rest["events"].as_array().unwrap().len(), 1);
    assert_ne!(rest["events"][0]["event_id"], after.as_str());
    assert_eq!(rest["next_after"], serde_json::Value::Null);
    served.stop().await;
}

#[tokio::test]
async fn a_report_is_the_file_that_the_command_line_writes() {
    let served = Served::start().await;
    let september = Month {
        year: 2026,
        month: 9,
    };
    for format in [Format::Json, Format::Csv, Format::Xlsx, Format::Html] {
        for (lang, name) in [(Lang::Zh, "zh"), (Lang::En, "en")] {
            let path = format!(
                "/api/report?month=2026-09&format={}&lang={name}",
                format.name()
            );
            let answer = get(served.addr, &path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("content-type"), Some(format.media_type()));
            let wanted = served.figures.report(september, format, lang).unwrap();
            assert_eq!(answer.body, wanted.body, "{path}");
            assert_eq!(answer.header("x-days-left-out"), Some("0"));
            let kept = answer.header("content-disposition").map(str::to_owned);
            let file = format!("attachment; filename=\"report-2026-09.{}\"", format.name());
            assert_eq!(kept, (format != Format::Json).then_some(file), "{path}");
        }
    }
    served.stop().await;
}

#[tokio::test]
async fn what_is_not_kept_or_not_understood_is_said() {
    let served = Served::start().await;
    for (path, status, says) in [
        (
            "/api/day?date=2025-01-05",
            404,
            "they reach from 2026-09-20 to 2026-09-21",
        ),
        ("/api/day?date=yesterday", 400, "'yesterday' is no day"),
        ("/api/day?date=2026-02-30", 400, "is no day"),
        ("/api/day?limit=0", 400, "1 to 500"),
        ("/api/day?after=x", 400, "event id"),
        ("/api/day?dat=2026-09-21", 400, "dat"),
        ("/api/report?month=2025-01", 404, "no figures of 2025-01"),
        ("/api/report?month=2026-13", 400, "is no month"),
        (
            "/api/report?month=2026-09&format=pdf",
            400,
            "json, csv, xlsx or html",
        ),
        ("/api/report?month=2026-09&lang=fr", 400, "zh or en"),
        ("/api/report", 400, "month"),
        (
            "/api/report/tables?month=2025-01",
            404,
            "no figures of 2025-01",
        ),
    ] {
        let answer = get(served.addr, path).await;
        assert_eq!(answer.status, status, "{path}");
        let said = answer.json();
        let message = said["message"].as_str().unwrap();
        assert!(message.contains(says), "{path}: {message}");
        let code = if status == 404 {
            "figures_none"
        } else {
            "bad_request"
        };
        assert_eq!(said["code"], code, "{path}");
    }
    served.stop().await;
}
