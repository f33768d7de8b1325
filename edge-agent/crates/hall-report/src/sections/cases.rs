//! Tables about cases: what people decided, what was counted and what was not.

use hall_core::event::Subject;
use hall_metrics::MonthReport;
use hall_metrics::tally::Punctuality;

use super::{instant, pair};
use crate::sheet::{Cell, Section};
use crate::words::{self, Lang, Names};

pub(super) fn cases(report: &MonthReport, lang: Lang) -> Section {
    let cases = &report.tally.cases;
    let step = |label: &'static str, step: &Punctuality| {
        [
            pair(label, Cell::Share(step.rate())),
            pair(
                lang.of("　按时", "  in time"),
                Cell::Count(step.in_time.into()),
            ),
            pair(
                lang.of("　逾期", "  overdue"),
                Cell::Count(step.late.into()),
            ),
            pair(
                lang.of("　未到期", "  not due yet"),
                Cell::Count(step.pending.into()),
            ),
        ]
    };
    let mut rows = vec![
        pair(
            lang.of("已核查", "Reviewed"),
            Cell::Count(cases.reviewed.into()),
        ),
        pair(
            lang.of("已确认", "Confirmed"),
            Cell::Count(cases.confirmed.into()),
        ),
        pair(
            lang.of("误报", "False alarms"),
            Cell::Count(cases.false_alarms.into()),
        ),
        pair(
            lang.of("误报率", "False alarm rate"),
            Cell::Share(cases.false_alarm_rate()),
        ),
        pair(
            lang.of("免责(已备案)", "Excused (on record)"),
            Cell::Count(cases.excused.into()),
        ),
        pair(
            lang.of("申诉", "Appeals"),
            Cell::Count(cases.appeals.into()),
        ),
        pair(
            lang.of("　维持", "  upheld"),
            Cell::Count(cases.upheld.into()),
        ),
        pair(
            lang.of("　降级", "  downgraded"),
            Cell::Count(cases.downgraded.into()),
        ),
        pair(
            lang.of("　撤销", "  revoked"),
            Cell::Count(cases.revoked.into()),
        ),
    ];
    rows.extend(step(
        lang.of("响应率(1 小时内反馈)", "Response within 1 h"),
        &cases.response,
    ));
    rows.extend(step(
        lang.of("销号率(24 小时内)", "Closure within 24 h"),
        &cases.closure,
    ));
    Section {
        title: lang.of("核查与申诉", "Cases"),
        note: None,
        columns: vec![lang.of("项目", "Figure"), lang.of("数值", "Value")],
        rows,
    }
}

pub(super) fn events(report: &MonthReport, lang: Lang) -> Section {
    let rows = report.tally.by_code.iter().map(|(code, n)| {
        let kind = if report.device_faults.contains_key(code) {
            lang.of("设备", "device")
        } else {
            lang.of("服务与系统", "service and system")
        };
        vec![
            Cell::text(words::code(lang, *code)),
            Cell::text(kind),
            Cell::Count((*n).into()),
        ]
    });
    Section {
        title: lang.of("事件与设备故障", "Events and device faults"),
        note: Some(lang.of(
            "不含误报、免责和撤销的事件。",
            "Without false alarms, excused and revoked events.",
        )),
        columns: vec![
            lang.of("类别", "Kind"),
            lang.of("范围", "About"),
            lang.of("次数", "Number"),
        ],
        rows: rows.collect(),
    }
}

pub(super) fn dropped(report: &MonthReport, names: &Names, lang: Lang) -> Section {
    let rows = report.dropped.iter().map(|fact| {
        let subject = match &fact.subject {
            Subject::Window(id) => Names::look_up(&names.windows, id.as_str(), lang),
            Subject::Queue(id) => Names::look_up(&names.queues, id.as_str(), lang),
            Subject::Group(id) => id.to_string(),
            Subject::Camera(id) => id.to_string(),
            Subject::Sensor(id) => id.to_string(),
            Subject::Gateway(id) => id.to_string(),
            Subject::Hall => report.hall.clone(),
            Subject::Device => report.box_id.clone(),
        };
        let decision = fact.decision.as_ref();
        vec![
            Cell::text(instant(fact.onset_ms)),
            Cell::text(words::code(lang, fact.code)),
            Cell::Text(subject),
            Cell::text(words::review(lang, fact.review)),
            Cell::text(decision.map_or("", |d| d.by.as_str())),
            Cell::text(decision.map_or_else(String::new, |d| instant(d.at_ms))),
        ]
    });
    Section {
        title: lang.of("不计入的事件", "Events not counted"),
        note: Some(lang.of(
            "误报、免责和撤销的事件不计入任何次数，列出决定单位和时间。",
            "False alarms, excused and revoked events are in no count; listed with the office that decided and when.",
        )),
        columns: vec![
            lang.of("开始", "Onset"),
            lang.of("类别", "Kind"),
            lang.of("对象", "About"),
            lang.of("结论", "Decision"),
            lang.of("决定单位", "By"),
            lang.of("决定时间", "At"),
        ],
        rows: rows.collect(),
    }
}
