//! The report as one page: self-contained, ready to print on A4, every text escaped.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use hall_metrics::calendar::hour_of;
use hall_metrics::queue::QueueFigures;
use hall_metrics::{LocalDay, MonthReport};
use hall_wire::day::day_text;

use crate::sections::{beside, instant, month_text, sections};
use crate::sheet::{Cell, Section};
use crate::svg::{Bar, Field, columns, heat, rows};
use crate::words::{Lang, Names};

const STYLE: &str = "\
@page{size:A4;margin:15mm}\
body{font:10pt/1.5 system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;color:#111;max-width:190mm;margin:0 auto;padding:4mm}\
h1{font-size:16pt;text-align:center;margin:0 0 2mm}h2{font-size:12pt;margin:6mm 0 2mm;break-after:avoid}\
p.lead{text-align:center;margin:0 0 4mm}p.note{font-size:8.5pt;color:#444;margin:1mm 0}\
table{border-collapse:collapse;width:100%;font-size:8.5pt}thead{display:table-header-group}tr{break-inside:avoid}\
th,td{border:1px solid #999;padding:1mm 1.5mm;text-align:left;overflow-wrap:anywhere}td.n{text-align:right}th{background:#eee}\
svg{max-width:100%;height:auto}svg rect{fill:#1f5f99}svg text{font-size:9px;text-anchor:middle}\
svg .end{text-anchor:end}svg .start{text-anchor:start}\
div.findings{border:1px solid #999;min-height:40mm;padding:2mm}\
@media print{body{padding:0}}";

/// Text for HTML content and attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

pub(crate) fn write(report: &MonthReport, names: &Names, lang: Lang) -> String {
    let title = format!(
        "{} {}",
        lang.of("现场效能月报", "Monthly report of the hall"),
        month_text(report.month)
    );
    let hall = match names.hall.of(lang) {
        "" => report.hall.as_str(),
        name => name,
    };
    let mut page = format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{}</title><style>{STYLE}</style></head><body><h1>{}</h1><p class=\"lead\">{} · {} {}</p><p class=\"note\">{}</p>",
        lang.of("zh-CN", "en"),
        escape(&title),
        escape(&title),
        escape(hall),
        lang.of("数据截至", "up to"),
        instant(report.until_ms),
        beside(lang),
    );
    for (n, section) in sections(report, names, lang).iter().enumerate() {
        table(&mut page, section, lang, n > 0);
        match n {
            3 => page.push_str(&windows_chart(report, names, lang)),
            5 => {
                page.push_str(&unstaffed_chart(report, lang));
                page.push_str(&queue_chart(report, lang));
                page.push_str(&day_chart(report, lang));
            }
            _ => {}
        }
    }
    let _ = writeln!(
        page,
        "<h2>{}</h2><div class=\"findings\"></div></body></html>",
        lang.of("情况分析（人工填写）", "Findings (filled in by a person)")
    );
    page
}

fn table(page: &mut String, section: &Section, lang: Lang, with_note: bool) {
    let _ = write!(page, "<h2>{}</h2>", escape(section.title));
    if let Some(note) = section.note.filter(|_| with_note) {
        let _ = write!(page, "<p class=\"note\">{}</p>", escape(note));
    }
    if section.rows.is_empty() {
        let _ = write!(page, "<p>{}</p>", lang.of("无", "None"));
        return;
    }
    page.push_str("<table><thead><tr>");
    for column in &section.columns {
        let _ = write!(page, "<th scope=\"col\">{}</th>", escape(column));
    }
    page.push_str("</tr></thead><tbody>");
    for row in &section.rows {
        page.push_str("<tr>");
        for cell in row {
            let class = if cell.is_text() { "" } else { " class=\"n\"" };
            let _ = write!(page, "<td{class}>{}</td>", escape(&cell.show(lang)));
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table>");
}

fn windows_chart(report: &MonthReport, names: &Names, lang: Lang) -> String {
    let bars: Vec<Bar> = (report.windows.iter())
        .filter_map(|window| {
            let rate = window.staffing.sum.times.staffing_rate()?;
            Some(Bar {
                label: Names::look_up(&names.windows, &window.id, lang),
                value: rate,
                shown: Cell::Share(Some(rate)).show(lang),
            })
        })
        .collect();
    rows(lang.of("窗口在岗率", "Staffing rate by window"), &bars)
}

fn unstaffed_chart(report: &MonthReport, lang: Lang) -> String {
    let bars: Vec<Bar> = (report.tally.unstaffed_by_hour.iter().enumerate())
        .map(|(hour, n)| Bar {
            label: hour.to_string(),
            value: f64::from(*n),
            shown: if *n > 0 { n.to_string() } else { String::new() },
        })
        .collect();
    let title = lang.of(
        "分时段空岗(疑似)次数",
        "Windows unstaffed (suspected) by hour",
    );
    format!("<p class=\"note\">{title}</p>{}", columns(title, &bars))
}

fn queue_chart(report: &MonthReport, lang: Lang) -> String {
    let mean = |hour: u8| {
        let hour = report.hours.iter().find(|h| h.hour == hour);
        hour.and_then(|h| QueueFigures::len_mean(&h.queues))
    };
    let bars: Vec<Bar> = (0..24)
        .map(|hour| Bar {
            label: hour.to_string(),
            value: mean(hour).unwrap_or(0.0),
            shown: mean(hour)
                .filter(|m| *m > 0.0)
                .map_or_else(String::new, |m| format!("{m:.1}")),
        })
        .collect();
    let title = lang.of("分时段平均排队人数", "Mean queue length by hour");
    format!("<p class=\"note\">{title}</p>{}", columns(title, &bars))
}

/// Every hour of every day: the darker, the more of the scheduled time was unstaffed.
fn day_chart(report: &MonthReport, lang: Lang) -> String {
    let hours: BTreeSet<u8> = report
        .day_hours
        .iter()
        .map(|h| hour_of(h.from_ms))
        .collect();
    let mut days: BTreeMap<LocalDay, Vec<Field>> = BTreeMap::new();
    for hour in &report.day_hours {
        let fields = days
            .entry(LocalDay::of(hour.from_ms))
            .or_insert_with(|| vec![None; hours.len()]);
        let column = hours.iter().position(|h| *h == hour_of(hour.from_ms));
        if let (Some(column), Some(rate)) = (column, hour.times.staffing_rate()) {
            fields[column] = Some((format!("{:.0}", rate * 100.0), 1.0 - rate));
        }
    }
    let columns: Vec<String> = hours.iter().map(|hour| format!("{hour:02}")).collect();
    let rows: Vec<(String, Vec<Field>)> = (days.into_iter())
        .map(|(day, fields)| (day_text(day)[5..].to_owned(), fields))
        .collect();
    let title = lang.of(
        "分日分时段在岗率(%)，越深空岗(疑似)越多",
        "Staffing rate by day and hour (%); the darker, the more unstaffed (suspected)",
    );
    format!(
        "<p class=\"note\">{title}</p>{}",
        heat(title, &columns, &rows)
    )
}
