//! Tables about service: absence, hours of the day, queues and waits.

use hall_metrics::calendar::hour_of;
use hall_metrics::queue::{QueueFigures, TARGET_15_MS, TARGET_30_MS};
use hall_metrics::tally::Episodes;
use hall_metrics::times::ratio;
use hall_metrics::{LocalDay, MonthReport};
use hall_wire::day::day_text;

use super::within;
use crate::sheet::{Cell, Section};
use crate::words::{Lang, Names};

pub(super) fn episodes(report: &MonthReport, lang: Lang) -> Section {
    let tally = &report.tally;
    let row = |label: &'static str, e: &Episodes| {
        vec![
            Cell::text(label),
            Cell::Count(e.n.into()),
            Cell::Count(e.notice.into()),
            Cell::Count(e.warn.into()),
            Cell::Count(e.severe.into()),
            Cell::ms(e.total_ms),
            Cell::ms(e.longest_ms),
        ]
    };
    Section {
        title: lang.of("空岗与开关窗(疑似)", "Absence (suspected)"),
        note: Some(lang.of(
            "时长为可观测的空岗时长；提前关窗同时计入空岗。",
            "Lengths are observed absence; early closings also count as unstaffed.",
        )),
        columns: vec![
            lang.of("类别", "Kind"),
            lang.of("次数", "Number"),
            lang.of("提示", "Notice"),
            lang.of("预警", "Warning"),
            lang.of("告警", "Severe"),
            lang.of("累计时长", "In all"),
            lang.of("最长", "Longest"),
        ],
        rows: vec![
            row(lang.of("窗口空岗", "Window unstaffed"), &tally.unstaffed),
            row(lang.of("未按时开窗", "Late opening"), &tally.late_open),
            row(lang.of("提前关窗", "Early closing"), &tally.early_close),
            row(
                lang.of("窗口无人接待", "Customer unattended"),
                &tally.customer_unattended,
            ),
        ],
    }
}

pub(super) fn by_hour(report: &MonthReport, lang: Lang) -> Section {
    let rows = (0..24_u8).filter_map(|hour| {
        let queues = report
            .hours
            .iter()
            .find(|h| h.hour == hour)
            .map(|h| &h.queues);
        let n = report.tally.unstaffed_by_hour[usize::from(hour)];
        (n > 0 || queues.is_some()).then(|| {
            let wait = queues.and_then(QueueFigures::wait);
            vec![
                Cell::text(format!("{hour:02}:00")),
                Cell::Count(n.into()),
                Cell::Number(queues.and_then(QueueFigures::len_mean)),
                Cell::Number(queues.and_then(|q| q.len_max).map(f64::from)),
                Cell::Count(wait.as_ref().map_or(0, |w| w.n)),
                Cell::Seconds(wait.map(|w| w.mean_ms / 1000.0)),
            ]
        })
    });
    Section {
        title: lang.of("分时段", "By hour"),
        note: None,
        columns: vec![
            lang.of("时段", "Hour"),
            lang.of("空岗(疑似)次数", "Unstaffed (suspected)"),
            lang.of("平均排队人数", "Mean queue length"),
            lang.of("最多排队人数", "Longest queue"),
            lang.of("等候样本数", "Waits"),
            lang.of("平均等候", "Mean wait"),
        ],
        rows: rows.collect(),
    }
}

/// One row an hour of a day: for spreadsheets, too long for paper.
pub(crate) fn by_day_and_hour(report: &MonthReport, lang: Lang) -> Section {
    let rows = report.day_hours.iter().map(|hour| {
        let wait = hour.queues.wait();
        vec![
            Cell::text(day_text(LocalDay::of(hour.from_ms))),
            Cell::text(format!("{:02}:00", hour_of(hour.from_ms))),
            Cell::ms(hour.times.scheduled_ms()),
            Cell::ms(hour.times.unstaffed_ms),
            Cell::Share(hour.times.staffing_rate()),
            Cell::Share(hour.times.coverage()),
            Cell::Number(hour.queues.len_mean()),
            Cell::Count(wait.as_ref().map_or(0, |w| w.n)),
            Cell::Seconds(wait.map(|w| w.mean_ms / 1000.0)),
        ]
    });
    Section {
        title: lang.of("分日分时段", "By day and hour"),
        note: None,
        columns: vec![
            lang.of("日期", "Day"),
            lang.of("时段", "Hour"),
            lang.of("排班时长", "Time scheduled"),
            lang.of("空岗(疑似)时长", "Unstaffed (suspected)"),
            lang.of("在岗率", "Staffing rate"),
            lang.of("覆盖率", "Coverage"),
            lang.of("平均排队人数", "Mean queue length"),
            lang.of("等候样本数", "Waits"),
            lang.of("平均等候", "Mean wait"),
        ],
        rows: rows.collect(),
    }
}

pub(super) fn queues(report: &MonthReport, names: &Names, lang: Lang) -> Section {
    let row = |name: String, queue: &QueueFigures| {
        let wait = queue.wait();
        let s = |ms: Option<u32>| Cell::Seconds(ms.map(|ms| f64::from(ms) / 1000.0));
        let (left, all) = queue.abandoned();
        vec![
            Cell::Text(name),
            Cell::Number(queue.len_mean()),
            Cell::Number(queue.len_p95()),
            Cell::Number(queue.len_max.map(f64::from)),
            Cell::Count(wait.as_ref().map_or(0, |w| w.n)),
            Cell::Seconds(wait.as_ref().map(|w| w.mean_ms / 1000.0)),
            s(wait.as_ref().map(|w| w.p50_ms)),
            s(wait.as_ref().map(|w| w.p90_ms)),
            s(wait.as_ref().map(|w| w.max_ms)),
            Cell::Share(within(queue, TARGET_15_MS)),
            Cell::Share(within(queue, TARGET_30_MS)),
            Cell::Seconds(queue.service().map(|s| s.mean_ms / 1000.0)),
            Cell::Share(ratio(left as i64, all as i64)),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = (report.queues.iter())
        .map(|(id, queue)| row(Names::look_up(&names.queues, id, lang), queue))
        .collect();
    if rows.len() != 1 {
        rows.push(row(lang.of("合计", "All").to_owned(), &report.all_queues));
    }
    Section {
        title: lang.of("排队与等候", "Queues and waits"),
        note: Some(lang.of(
            "有叫号数据时以叫号为准，否则为视频估计；人数不等于办件数。",
            "From tickets where they are connected, otherwise estimated from video; people, not cases.",
        )),
        columns: vec![
            lang.of("队列", "Queue"),
            lang.of("平均人数", "Mean length"),
            lang.of("P95 人数", "P95 length"),
            lang.of("最多人数", "Longest"),
            lang.of("等候样本数", "Waits"),
            lang.of("平均等候", "Mean wait"),
            lang.of("P50 等候", "P50 wait"),
            lang.of("P90 等候", "P90 wait"),
            lang.of("最长等候", "Longest wait"),
            lang.of("15 分钟内", "Within 15 min"),
            lang.of("30 分钟内", "Within 30 min"),
            lang.of("平均办理时长", "Mean service time"),
            lang.of("弃号率", "Abandonment"),
        ],
        rows,
    }
}
