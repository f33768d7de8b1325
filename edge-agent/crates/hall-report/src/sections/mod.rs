//! The report as tables, in the order of domain §1.7.

mod cases;
mod service;

use hall_metrics::calendar::{DAY_MS, HOUR_MS, MINUTE_MS};
use hall_metrics::figures::Staffing;
use hall_metrics::month::{Comparison, Ranked};
use hall_metrics::queue::{QueueFigures, TARGET_15_MS};
use hall_metrics::times::ratio;
use hall_metrics::{LocalDay, Month, MonthReport};

use crate::sheet::{Cell, Section};
use crate::words::{Lang, Name, Names};

/// Said on every report.
pub(crate) fn beside(lang: Lang) -> &'static str {
    lang.of(
        "本报告为现场效能指标，与电子监察十项指标并列，不替代之；所列事件均为疑似，经人工确认后方可作为依据；只针对岗位，不针对个人。",
        "These are indicators of what happens in the hall, beside, not instead of, the programme's ten. All events are suspected until a person confirms them; they are about posts, never about persons.",
    )
}

/// `2026-09`.
pub(crate) fn month_text(month: Month) -> String {
    format!("{:04}-{:02}", month.year, month.month)
}

/// `2026-09-21 10:00`.
pub(crate) fn instant(local_ms: i64) -> String {
    let date = LocalDay::of(local_ms).date();
    let ms = local_ms.rem_euclid(DAY_MS);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}",
        date.year,
        date.month,
        date.day,
        ms / HOUR_MS,
        ms / MINUTE_MS % 60
    )
}

/// All tables.
pub(crate) fn sections(report: &MonthReport, names: &Names, lang: Lang) -> Vec<Section> {
    vec![
        overview(report, names, lang),
        comparison(report, lang),
        ranked(
            lang.of("部门在岗率", "Departments"),
            &report.departments,
            &names.departments,
            lang,
        ),
        ranked(
            lang.of("窗口在岗率", "Windows"),
            &report.windows,
            &names.windows,
            lang,
        ),
        service::episodes(report, lang),
        service::by_hour(report, lang),
        service::queues(report, names, lang),
        cases::cases(report, lang),
        cases::events(report, lang),
        cases::dropped(report, names, lang),
    ]
}

/// All tables, and those that only a spreadsheet can hold.
pub(crate) fn spreadsheet(report: &MonthReport, names: &Names, lang: Lang) -> Vec<Section> {
    let mut all = sections(report, names, lang);
    all.push(service::by_day_and_hour(report, lang));
    all
}

pub(super) fn pair(label: &'static str, cell: Cell) -> Vec<Cell> {
    vec![Cell::text(label), cell]
}

fn overview(report: &MonthReport, names: &Names, lang: Lang) -> Section {
    let times = &report.staffing.sum.times;
    let (scheduled, opened) = report.windows_opened();
    let hall = match names.hall.of(lang) {
        "" => report.hall.clone(),
        name => format!("{name} ({})", report.hall),
    };
    let status = if report.complete {
        lang.of("完整", "complete")
    } else {
        lang.of("未完（截至下列时间）", "not complete, up to the time below")
    };
    Section {
        title: lang.of("概况", "Overview"),
        note: Some(beside(lang)),
        columns: vec![lang.of("项目", "Figure"), lang.of("数值", "Value")],
        rows: vec![
            pair(lang.of("大厅", "Hall"), Cell::text(hall)),
            pair(lang.of("设备", "Box"), Cell::text(&report.box_id)),
            pair(
                lang.of("月份", "Month"),
                Cell::text(month_text(report.month)),
            ),
            pair(lang.of("数据状态", "Data"), Cell::text(status)),
            pair(
                lang.of("数据截至", "Up to"),
                Cell::text(instant(report.until_ms)),
            ),
            pair(
                lang.of("有数据天数", "Days with data"),
                Cell::Count(report.days.into()),
            ),
            pair(
                lang.of("覆盖率(可观测)", "Coverage (observable)"),
                Cell::Share(times.coverage()),
            ),
            pair(
                lang.of("设备在线率", "Device online rate"),
                Cell::Share(report.device_online_rate),
            ),
            pair(
                lang.of("排班窗口数", "Windows scheduled"),
                Cell::Count(scheduled.into()),
            ),
            pair(
                lang.of("开窗窗口数", "Windows opened"),
                Cell::Count(opened.into()),
            ),
            pair(
                lang.of("开窗率(按窗口日)", "Opening rate (window days)"),
                Cell::Share(report.staffing.opening_rate()),
            ),
            pair(
                lang.of("在岗率", "Staffing rate"),
                Cell::Share(times.staffing_rate()),
            ),
            pair(
                lang.of("排班时长", "Time scheduled"),
                Cell::ms(times.scheduled_ms()),
            ),
            pair(
                lang.of("可观测时长", "Time observed"),
                Cell::ms(times.observed_ms()),
            ),
            pair(
                lang.of("免责时长(请假/暂停)", "Time excused (leave, pause)"),
                Cell::ms(times.excused_in_all_ms()),
            ),
            pair(
                lang.of("计划外服务时长", "Served outside the roster"),
                Cell::ms(times.extra_open_ms),
            ),
            pair(
                lang.of("数据真实性(已确认占比)", "Truth (confirmed share)"),
                Cell::Share(report.truth),
            ),
            pair(lang.of("数据实时性", "Timeliness"), Cell::Share(None)),
            pair(
                lang.of("数据完整性(覆盖率)", "Completeness (coverage)"),
                Cell::Share(report.completeness),
            ),
            pair(
                lang.of("数据准确性(1−误报率)", "Accuracy (1 − false alarms)"),
                Cell::Share(report.accuracy),
            ),
            pair(
                lang.of("好差评", "Service ratings"),
                Cell::text(lang.of("未接入", "not connected")),
            ),
            pair(
                lang.of("抽查次数", "Spot checks"),
                Cell::text(lang.of("未接入", "not connected")),
            ),
        ],
    }
}

/// A leading figure: its label, and what it is in a month.
type Leading = (&'static str, fn(&Comparison) -> Option<f64>, bool);

fn comparison(report: &MonthReport, lang: Lang) -> Section {
    let now = Comparison {
        month: report.month,
        staffing: report.staffing,
        tally: report.tally.clone(),
        queues: report.all_queues.clone(),
    };
    let leading: [Leading; 8] = [
        (
            lang.of("在岗率", "Staffing rate"),
            |c| c.staffing.sum.times.staffing_rate(),
            true,
        ),
        (
            lang.of("覆盖率", "Coverage"),
            |c| c.staffing.sum.times.coverage(),
            true,
        ),
        (
            lang.of("开窗率", "Opening rate"),
            |c| c.staffing.opening_rate(),
            true,
        ),
        (
            lang.of("窗口空岗(疑似)次数", "Windows unstaffed (suspected)"),
            |c| Some(f64::from(c.tally.unstaffed.n)),
            false,
        ),
        (
            lang.of("未按时开窗次数", "Late openings"),
            |c| Some(f64::from(c.tally.late_open.n)),
            false,
        ),
        (
            lang.of("15 分钟内等候占比", "Waits of at most 15 min"),
            |c| within(&c.queues, TARGET_15_MS),
            true,
        ),
        (
            lang.of("平均等候(分钟)", "Mean wait (min)"),
            |c| c.queues.wait().map(|w| w.mean_ms / 60_000.0),
            false,
        ),
        (
            lang.of("误报率", "False alarm rate"),
            |c| c.tally.cases.false_alarm_rate(),
            true,
        ),
    ];
    let rows = leading.into_iter().map(|(label, figure, is_share)| {
        let cell = |value| {
            if is_share {
                Cell::Share(value)
            } else {
                Cell::Number(value)
            }
        };
        let of = |other: &Option<Comparison>| other.as_ref().and_then(figure);
        let own = figure(&now);
        let change = |other: Option<f64>| match own.zip(other) {
            Some((own, other)) if is_share => Cell::Change(Some(own - other)),
            Some((own, other)) => Cell::Number(Some(own - other)),
            None => Cell::Number(None),
        };
        let (previous, year) = (of(&report.previous), of(&report.year_before));
        vec![
            Cell::text(label),
            cell(own),
            cell(previous),
            change(previous),
            cell(year),
            change(year),
        ]
    });
    Section {
        title: lang.of("对比", "Comparison"),
        note: Some(lang.of(
            "占比的变化以百分点计。",
            "Changes of shares are in percentage points.",
        )),
        columns: vec![
            lang.of("指标", "Figure"),
            lang.of("本月", "This month"),
            lang.of("上月", "Month before"),
            lang.of("环比变化", "Change"),
            lang.of("去年同期", "Same month last year"),
            lang.of("同比变化", "Change in a year"),
        ],
        rows: rows.collect(),
    }
}

pub(super) fn within(queue: &QueueFigures, target_ms: u32) -> Option<f64> {
    let (part, whole) = queue.within(target_ms);
    ratio(part as i64, whole as i64)
}

fn ranked(
    title: &'static str,
    entries: &[Ranked],
    names: &std::collections::BTreeMap<String, Name>,
    lang: Lang,
) -> Section {
    let rows = entries.iter().map(|entry| {
        let Staffing { sum, .. } = &entry.staffing;
        vec![
            Cell::text(Names::look_up(names, &entry.id, lang)),
            match entry.rank {
                Some(rank) => Cell::Count(rank.into()),
                None => Cell::text(lang.of("不排名", "not ranked")),
            },
            Cell::Share(sum.times.staffing_rate()),
            Cell::Change(entry.change),
            Cell::Change(entry.change_year),
            Cell::Share(sum.times.coverage()),
            Cell::ms(sum.times.scheduled_ms()),
            Cell::Share(entry.staffing.opening_rate()),
            Cell::Count(entry.unstaffed.n.into()),
            Cell::ms(entry.unstaffed.total_ms),
            Cell::ms(entry.unstaffed.longest_ms),
            Cell::Count(entry.late_open.n.into()),
        ]
    });
    Section {
        title,
        note: Some(lang.of(
            "覆盖率低于 80 % 不排名，低于 50 % 不计在岗率。变化以百分点计。",
            "No rank under a coverage of 80 %, no staffing rate under 50 %. Changes are in percentage points.",
        )),
        columns: vec![
            lang.of("名称", "Name"),
            lang.of("排名", "Rank"),
            lang.of("在岗率", "Staffing rate"),
            lang.of("环比变化", "Change"),
            lang.of("同比变化", "Change in a year"),
            lang.of("覆盖率", "Coverage"),
            lang.of("排班时长", "Time scheduled"),
            lang.of("开窗率", "Opening rate"),
            lang.of("空岗(疑似)次数", "Unstaffed (suspected)"),
            lang.of("累计时长", "In all"),
            lang.of("最长", "Longest"),
            lang.of("未按时开窗", "Late openings"),
        ],
        rows: rows.collect(),
    }
}
