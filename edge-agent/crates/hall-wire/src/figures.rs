//! The JSON forms of figures: staffing, queues, events, cases. Shared by roll-ups and the month's report. Rates are shares from 0 to 1;
//! null means that there is nothing to say, never zero.

use std::collections::BTreeMap;

use hall_metrics::Layout;
use hall_metrics::figures::{Figures, Scope, Staffing};
use hall_metrics::queue::{QueueFigures, Spread, TARGET_15_MS, TARGET_30_MS};
use hall_metrics::tally::{Cases, Episodes, EventTally, Punctuality};
use hall_metrics::times::ratio;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::seconds;
use crate::name::{WaitSourceWord, code_name, wait_source_name};
use crate::schema::{Count, CountByCode, Id, NotNegative, Seconds, Share};

/// Staffing of a window, a department or the hall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StaffingRecord {
    /// Windows that were scheduled.
    #[schemars(with = "Count")]
    pub windows_scheduled: u32,
    /// S: window seconds on duty.
    #[schemars(with = "Seconds")]
    pub scheduled_s: f64,
    /// O: of these, seconds whose state is known.
    #[schemars(with = "Seconds")]
    pub observed_s: f64,
    /// X: of these, excused by leave, cover, or a pause within its limit.
    #[schemars(with = "Seconds")]
    pub excused_s: f64,
    /// Of these, declared paused within the limit.
    #[schemars(with = "Seconds")]
    pub paused_s: f64,
    /// Staffed.
    #[schemars(with = "Seconds")]
    pub staffed_s: f64,
    /// Unstaffed without excuse.
    #[schemars(with = "Seconds")]
    pub unstaffed_s: f64,
    /// Declared paused beyond the limit: counts against.
    #[schemars(with = "Seconds")]
    pub paused_over_s: f64,
    /// On duty and not observable.
    #[schemars(with = "Seconds")]
    pub unknown_s: f64,
    /// Staffed without being scheduled; in no rate.
    #[schemars(with = "Seconds")]
    pub extra_open_s: f64,
    /// O / S.
    #[schemars(with = "Option<Share>")]
    pub coverage: Option<f64>,
    /// Staffed / (O − X); null under a coverage of 0.5.
    #[schemars(with = "Option<Share>")]
    pub staffing_rate: Option<f64>,
    /// Slots in which a window was scheduled: the period, or for a month each of its days.
    #[schemars(with = "Count")]
    pub slots_scheduled: u32,
    /// Of these, with at least one staffed minute.
    #[schemars(with = "Count")]
    pub slots_opened: u32,
    /// `slots_opened` / `slots_scheduled`.
    #[schemars(with = "Option<Share>")]
    pub opening_rate: Option<f64>,
}

/// Lengths of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpreadRecord {
    /// Samples.
    #[schemars(with = "Count")]
    pub n: u64,
    /// Mean.
    #[schemars(with = "Option<Seconds>")]
    pub mean_s: Option<f64>,
    /// Median, nearest rank.
    #[schemars(with = "Option<Seconds>")]
    pub p50_s: Option<f64>,
    /// 90th percentile, nearest rank.
    #[schemars(with = "Option<Seconds>")]
    pub p90_s: Option<f64>,
    /// Longest.
    #[schemars(with = "Option<Seconds>")]
    pub max_s: Option<f64>,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueueFiguresRecord {
    /// Queue id; `*` for all together.
    #[schemars(with = "Id")]
    pub id: String,
    /// Seconds on duty whose length is known.
    #[schemars(with = "Seconds")]
    pub known_s: f64,
    /// Time-weighted mean length.
    #[schemars(with = "Option<NotNegative>")]
    pub len_mean: Option<f64>,
    /// Not exceeded 95 % of the time, by minute means.
    #[schemars(with = "Option<NotNegative>")]
    pub len_p95: Option<f64>,
    /// Longest.
    #[schemars(with = "Option<Count>")]
    pub len_max: Option<u32>,
    /// Seconds at the zone's capacity: lengths there are lower bounds.
    #[schemars(with = "Seconds")]
    pub saturated_s: f64,
    /// `ticket` or `video` (an estimate); null without waits.
    #[schemars(with = "Option<WaitSourceWord>")]
    pub wait_source: Option<String>,
    /// Waits that ended with service.
    pub wait: SpreadRecord,
    /// Share of waits of at most 15 min.
    #[schemars(with = "Option<Share>")]
    pub within_15min: Option<f64>,
    /// Share of waits of at most 30 min.
    #[schemars(with = "Option<Share>")]
    pub within_30min: Option<f64>,
    /// Service times.
    pub service: SpreadRecord,
    /// Left without service.
    #[schemars(with = "Count")]
    pub abandoned: u64,
    /// `abandoned` / all whose wait ended.
    #[schemars(with = "Option<Share>")]
    pub abandonment: Option<f64>,
}

/// Episodes of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EpisodesRecord {
    /// How many.
    #[schemars(with = "Count")]
    pub n: u32,
    /// Of these, highest level notice.
    #[schemars(with = "Count")]
    pub notice: u32,
    /// Highest level warn.
    #[schemars(with = "Count")]
    pub warn: u32,
    /// Highest level severe.
    #[schemars(with = "Count")]
    pub severe: u32,
    /// Observed absence in all of them; for `customer_unattended` their length.
    #[schemars(with = "Seconds")]
    pub total_s: f64,
    /// The longest one's.
    #[schemars(with = "Seconds")]
    pub longest_s: f64,
}

/// A step of a case against its deadline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PunctualityRecord {
    /// Done within it.
    #[schemars(with = "Count")]
    pub in_time: u32,
    /// Done later, or overdue.
    #[schemars(with = "Count")]
    pub late: u32,
    /// Neither done nor overdue.
    #[schemars(with = "Count")]
    pub pending: u32,
    /// `in_time` / (`in_time` + `late`).
    #[schemars(with = "Option<Share>")]
    pub rate: Option<f64>,
}

/// Where cases stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CasesRecord {
    /// A person decided on them.
    #[schemars(with = "Count")]
    pub reviewed: u32,
    /// Confirmed.
    #[schemars(with = "Count")]
    pub confirmed: u32,
    /// False alarms.
    #[schemars(with = "Count")]
    pub false_alarms: u32,
    /// Excused.
    #[schemars(with = "Count")]
    pub excused: u32,
    /// Revoked on appeal.
    #[schemars(with = "Count")]
    pub revoked: u32,
    /// Appealed, decided or not.
    #[schemars(with = "Count")]
    pub appeals: u32,
    /// Upheld on appeal.
    #[schemars(with = "Count")]
    pub upheld: u32,
    /// Downgraded on appeal.
    #[schemars(with = "Count")]
    pub downgraded: u32,
    /// `false_alarms` / `reviewed`.
    #[schemars(with = "Option<Share>")]
    pub false_alarm_rate: Option<f64>,
    /// Confirmed to feedback within 1 h.
    pub response: PunctualityRecord,
    /// Confirmed to closed within 24 h.
    pub closure: PunctualityRecord,
}

/// Events whose onset lies in the period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventsRecord {
    /// Events that count, by code.
    #[schemars(with = "CountByCode")]
    pub by_code: BTreeMap<String, u32>,
    /// `unstaffed`.
    pub unstaffed: EpisodesRecord,
    /// `late_open`.
    pub late_open: EpisodesRecord,
    /// `unstaffed` tagged `early_close`; also in `unstaffed`.
    pub early_close: EpisodesRecord,
    /// `customer_unattended`.
    pub customer_unattended: EpisodesRecord,
    /// Taken out of all counts above: false alarms, excused, revoked.
    #[schemars(with = "Count")]
    pub dropped: u32,
    /// Cases.
    pub cases: CasesRecord,
}

/// The four scores of the data itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QualityRecord {
    /// 真实: confirmed share of what was raised about service.
    #[schemars(with = "Option<Share>")]
    pub truth: Option<f64>,
    /// 实时: share that reached the centre in time; null where that is not known.
    #[schemars(with = "Option<Share>")]
    pub timeliness: Option<f64>,
    /// 完整: coverage.
    #[schemars(with = "Option<Share>")]
    pub completeness: Option<f64>,
    /// 准确: 1 − false alarms among what was reviewed.
    #[schemars(with = "Option<Share>")]
    pub accuracy: Option<f64>,
}

/// A share, to four decimals.
#[must_use]
pub fn share(value: Option<f64>) -> Option<f64> {
    value.map(|v| (v * 10_000.0).round() / 10_000.0)
}

fn hundredths(value: Option<f64>) -> Option<f64> {
    value.map(|v| (v * 100.0).round() / 100.0)
}

impl From<&Staffing> for StaffingRecord {
    fn from(staffing: &Staffing) -> Self {
        let times = &staffing.sum.times;
        StaffingRecord {
            windows_scheduled: staffing.windows_scheduled,
            scheduled_s: seconds(times.scheduled_ms()),
            observed_s: seconds(times.observed_ms()),
            excused_s: seconds(times.excused_in_all_ms()),
            paused_s: seconds(times.paused_ms),
            staffed_s: seconds(times.staffed_ms),
            unstaffed_s: seconds(times.unstaffed_ms),
            paused_over_s: seconds(times.paused_over_ms),
            unknown_s: seconds(times.unknown_ms),
            extra_open_s: seconds(times.extra_open_ms),
            coverage: share(times.coverage()),
            staffing_rate: share(times.staffing_rate()),
            slots_scheduled: staffing.sum.scheduled,
            slots_opened: staffing.sum.opened,
            opening_rate: share(staffing.opening_rate()),
        }
    }
}

impl From<Option<Spread>> for SpreadRecord {
    fn from(spread: Option<Spread>) -> Self {
        let s = |ms: u32| seconds(i64::from(ms));
        SpreadRecord {
            n: spread.as_ref().map_or(0, |spread| spread.n),
            mean_s: hundredths(spread.as_ref().map(|spread| spread.mean_ms / 1000.0)),
            p50_s: spread.as_ref().map(|spread| s(spread.p50_ms)),
            p90_s: spread.as_ref().map(|spread| s(spread.p90_ms)),
            max_s: spread.as_ref().map(|spread| s(spread.max_ms)),
        }
    }
}

impl QueueFiguresRecord {
    /// The figures of a queue.
    #[must_use]
    pub fn new(id: &str, queue: &QueueFigures) -> Self {
        let of = |(part, whole): (u64, u64)| share(ratio(part as i64, whole as i64));
        QueueFiguresRecord {
            id: id.into(),
            known_s: seconds(queue.known_ms()),
            len_mean: hundredths(queue.len_mean()),
            len_p95: queue.len_p95(),
            len_max: queue.len_max,
            saturated_s: seconds(queue.saturated_ms),
            wait_source: queue
                .wait_source()
                .map(|source| wait_source_name(source).into()),
            wait: queue.wait().into(),
            within_15min: of(queue.within(TARGET_15_MS)),
            within_30min: of(queue.within(TARGET_30_MS)),
            service: queue.service().into(),
            abandoned: queue.abandoned().0,
            abandonment: of(queue.abandoned()),
        }
    }
}

impl From<&Episodes> for EpisodesRecord {
    fn from(episodes: &Episodes) -> Self {
        EpisodesRecord {
            n: episodes.n,
            notice: episodes.notice,
            warn: episodes.warn,
            severe: episodes.severe,
            total_s: seconds(episodes.total_ms),
            longest_s: seconds(episodes.longest_ms),
        }
    }
}

impl From<&Punctuality> for PunctualityRecord {
    fn from(step: &Punctuality) -> Self {
        PunctualityRecord {
            in_time: step.in_time,
            late: step.late,
            pending: step.pending,
            rate: share(step.rate()),
        }
    }
}

impl From<&Cases> for CasesRecord {
    fn from(cases: &Cases) -> Self {
        CasesRecord {
            reviewed: cases.reviewed,
            confirmed: cases.confirmed,
            false_alarms: cases.false_alarms,
            excused: cases.excused,
            revoked: cases.revoked,
            appeals: cases.appeals,
            upheld: cases.upheld,
            downgraded: cases.downgraded,
            false_alarm_rate: share(cases.false_alarm_rate()),
            response: (&cases.response).into(),
            closure: (&cases.closure).into(),
        }
    }
}

impl From<&EventTally> for EventsRecord {
    fn from(tally: &EventTally) -> Self {
        EventsRecord {
            by_code: (tally.by_code.iter())
                .map(|(code, n)| (code_name(*code).to_owned(), *n))
                .collect(),
            unstaffed: (&tally.unstaffed).into(),
            late_open: (&tally.late_open).into(),
            early_close: (&tally.early_close).into(),
            customer_unattended: (&tally.customer_unattended).into(),
            dropped: tally.dropped,
            cases: (&tally.cases).into(),
        }
    }
}

impl QualityRecord {
    /// The scores of a period; `timeliness` is known only to whoever talks to the broker.
    #[must_use]
    pub fn new(
        figures: &Figures,
        tally: &EventTally,
        layout: &Layout,
        timeliness: Option<f64>,
    ) -> Self {
        let hall = figures.staffing(&Scope::Hall, layout);
        QualityRecord {
            truth: share(tally.truth()),
            timeliness: share(timeliness),
            completeness: share(hall.sum.times.coverage()),
            accuracy: share(tally.accuracy()),
        }
    }
}
