//! The report as JSON, v1. Shares from 0 to 1, seconds; null where there is nothing to say.

use std::collections::BTreeMap;

use hall_metrics::calendar::hour_of;
use hall_metrics::month::{Comparison, Ranked};
use hall_metrics::timeline::DayHour;
use hall_metrics::{LocalDay, MonthReport};
use hall_wire::day::day_text;
use hall_wire::event::{code_name, event_id_text, review_name, seconds, subject_parts};
use hall_wire::figures::{
    EpisodesRecord, EventsRecord, QualityRecord, QueueFiguresRecord, StaffingRecord, share,
};
use hall_wire::time::rfc3339_ms;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sections::{beside, month_text};
use crate::words::{Lang, Name, Names};

/// The month's report, v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MonthReportRecord {
    /// Format version: 1.
    pub v: u32,
    /// Always `month_report`.
    pub kind: String,
    /// What these figures are and are not.
    pub about: NameRecord,
    /// Hall id.
    pub hall: String,
    /// Its name.
    pub hall_name: NameRecord,
    /// Box id.
    #[serde(rename = "box")]
    pub box_id: String,
    /// `2026-09`.
    pub month: String,
    /// Figures reach up to here.
    pub until: String,
    /// The month is over and told to its end.
    pub complete: bool,
    /// Days of which something is known.
    pub days: u32,
    /// Windows scheduled.
    pub windows_scheduled: u32,
    /// Windows opened at least once.
    pub windows_opened: u32,
    /// Staffing of the hall.
    pub staffing: StaffingRecord,
    /// Share of the devices' time in which they were online.
    pub device_online_rate: Option<f64>,
    /// Departments by rank.
    pub departments: Vec<RankedRecord>,
    /// Windows by rank.
    pub windows: Vec<RankedRecord>,
    /// Events and cases.
    pub events: EventsRecord,
    /// `unstaffed` by local hour of the onset, 24 numbers.
    pub unstaffed_by_hour: Vec<u32>,
    /// Faults of devices by code.
    pub device_faults: BTreeMap<String, u32>,
    /// Queues.
    pub queues: Vec<QueueFiguresRecord>,
    /// All queues together.
    pub all_queues: QueueFiguresRecord,
    /// All queues together by local hour; `id` is the hour.
    pub queues_by_hour: Vec<QueueFiguresRecord>,
    /// Every hour of every day in which anything was scheduled, served or observed in a queue, in order.
    pub day_hours: Vec<DayHourRecord>,
    /// Local hour with the greatest mean length.
    pub peak_hour: Option<u8>,
    /// The four scores of the data.
    pub quality: QualityRecord,
    /// Events taken out of the counts, at most 500.
    pub dropped: Vec<DroppedRecord>,
    /// Totals of the evaluation terminals; null: not connected.
    pub ratings: Option<u32>,
    /// Spot checks done; null: not connected.
    pub spot_checks: Option<u32>,
    /// The month before; null when nothing is known of it.
    pub previous: Option<ComparisonRecord>,
    /// The same month last year.
    pub year_before: Option<ComparisonRecord>,
}

/// The hall in one hour of one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayHourRecord {
    /// Local date, `2026-09-21`.
    pub day: String,
    /// Local hour, 0–23.
    pub hour: u8,
    /// S: window seconds on duty.
    pub scheduled_s: f64,
    /// Of these, unstaffed without excuse.
    pub unstaffed_s: f64,
    /// O / S.
    pub coverage: Option<f64>,
    /// Staffed / (O − X); null under a coverage of 0.5.
    pub staffing_rate: Option<f64>,
    /// Mean length of all queues.
    pub len_mean: Option<f64>,
    /// Waits that ended with service.
    pub waits: u64,
    /// Their mean.
    pub wait_mean_s: Option<f64>,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NameRecord {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A department or a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RankedRecord {
    /// Window id or name of the department.
    pub id: String,
    /// Its name, where it has one.
    pub name: Option<NameRecord>,
    /// Place by staffing rate; null under a coverage of 0.8.
    pub rank: Option<u32>,
    /// Staffing rate minus that of the month before.
    pub change: Option<f64>,
    /// Staffing rate minus that of the same month last year.
    pub change_year: Option<f64>,
    /// Staffing.
    #[serde(flatten)]
    pub staffing: StaffingRecord,
    /// `unstaffed`.
    pub unstaffed: EpisodesRecord,
    /// `late_open`.
    pub late_open: EpisodesRecord,
}

/// An event that does not count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DroppedRecord {
    /// ULID.
    pub event_id: String,
    /// Code.
    pub code: String,
    /// Kind of subject.
    pub subject_kind: String,
    /// Subject.
    pub subject: String,
    /// Start.
    pub onset: String,
    /// `false_alarm`, `excused` or `revoked`.
    pub review: String,
    /// Office that decided.
    pub by: Option<String>,
    /// When it decided.
    pub at: Option<String>,
}

/// Leading figures of another month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparisonRecord {
    /// `2026-08`.
    pub month: String,
    /// Staffing of the hall.
    pub staffing: StaffingRecord,
    /// Events and cases.
    pub events: EventsRecord,
    /// All queues together.
    pub all_queues: QueueFiguresRecord,
}

impl From<&Name> for NameRecord {
    fn from(name: &Name) -> Self {
        NameRecord {
            zh: name.zh.clone(),
            en: name.en.clone(),
        }
    }
}

impl From<&Comparison> for ComparisonRecord {
    fn from(other: &Comparison) -> Self {
        ComparisonRecord {
            month: month_text(other.month),
            staffing: (&other.staffing).into(),
            events: (&other.tally).into(),
            all_queues: QueueFiguresRecord::new("*", &other.queues),
        }
    }
}

impl From<&DayHour> for DayHourRecord {
    fn from(hour: &DayHour) -> Self {
        let wait = hour.queues.wait();
        let hundredths = |value: f64| (value * 100.0).round() / 100.0;
        DayHourRecord {
            day: day_text(LocalDay::of(hour.from_ms)),
            hour: hour_of(hour.from_ms),
            scheduled_s: seconds(hour.times.scheduled_ms()),
            unstaffed_s: seconds(hour.times.unstaffed_ms),
            coverage: share(hour.times.coverage()),
            staffing_rate: share(hour.times.staffing_rate()),
            len_mean: hour.queues.len_mean().map(hundredths),
            waits: wait.as_ref().map_or(0, |wait| wait.n),
            wait_mean_s: wait.map(|wait| hundredths(wait.mean_ms / 1000.0)),
        }
    }
}

fn ranked(entries: &[Ranked], names: &BTreeMap<String, Name>) -> Vec<RankedRecord> {
    let entry = |entry: &Ranked| RankedRecord {
        id: entry.id.clone(),
        name: names.get(&entry.id).map(NameRecord::from),
        rank: entry.rank,
        change: share(entry.change),
        change_year: share(entry.change_year),
        staffing: (&entry.staffing).into(),
        unstaffed: (&entry.unstaffed).into(),
        late_open: (&entry.late_open).into(),
    };
    entries.iter().map(entry).collect()
}

impl MonthReportRecord {
    /// The v1 form of a report.
    #[must_use]
    pub fn new(report: &MonthReport, names: &Names) -> Self {
        let local = |ms: i64| {
            let offset_s = report.utc_offset_s;
            rfc3339_ms(ms - i64::from(offset_s) * 1000, offset_s)
        };
        let (windows_scheduled, windows_opened) = report.windows_opened();
        let dropped = report.dropped.iter().map(|fact| {
            let (kind, subject) = subject_parts(&fact.subject);
            let decision = fact.decision.as_ref();
            DroppedRecord {
                event_id: event_id_text(fact.id),
                code: code_name(fact.code).into(),
                subject_kind: kind.into(),
                subject: subject.into(),
                onset: local(fact.onset_ms),
                review: review_name(fact.review).into(),
                by: decision.map(|d| d.by.clone()),
                at: decision.map(|d| local(d.at_ms)),
            }
        });
        MonthReportRecord {
            v: 1,
            kind: "month_report".into(),
            about: NameRecord {
                zh: beside(Lang::Zh).into(),
                en: beside(Lang::En).into(),
            },
            hall: report.hall.clone(),
            hall_name: (&names.hall).into(),
            box_id: report.box_id.clone(),
            month: month_text(report.month),
            until: local(report.until_ms),
            complete: report.complete,
            days: report.days,
            windows_scheduled,
            windows_opened,
            staffing: (&report.staffing).into(),
            device_online_rate: share(report.device_online_rate),
            departments: ranked(&report.departments, &names.departments),
            windows: ranked(&report.windows, &names.windows),
            events: (&report.tally).into(),
            unstaffed_by_hour: report.tally.unstaffed_by_hour.to_vec(),
            device_faults: (report.device_faults.iter())
                .map(|(code, n)| (code_name(*code).to_owned(), *n))
                .collect(),
            queues: (report.queues.iter())
                .map(|(id, queue)| QueueFiguresRecord::new(id, queue))
                .collect(),
            all_queues: QueueFiguresRecord::new("*", &report.all_queues),
            queues_by_hour: (report.hours.iter())
                .map(|hour| QueueFiguresRecord::new(&format!("{:02}", hour.hour), &hour.queues))
                .collect(),
            day_hours: report.day_hours.iter().map(DayHourRecord::from).collect(),
            peak_hour: report.peak_hour,
            quality: QualityRecord {
                truth: share(report.truth),
                timeliness: None,
                completeness: share(report.completeness),
                accuracy: share(report.accuracy),
            },
            dropped: dropped.collect(),
            ratings: None,
            spot_checks: None,
            previous: report.previous.as_ref().map(ComparisonRecord::from),
            year_before: report.year_before.as_ref().map(ComparisonRecord::from),
        }
    }
}
