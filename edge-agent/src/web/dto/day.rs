//! A kept day as HTTP shows it: what every window's time was, how long the queues were, what was found.

use hall_core::account::{TimeClass, WaitSource};
use hall_metrics::LocalDay;
use hall_metrics::calendar::hour_of;
use hall_metrics::fact::EventFact;
use hall_metrics::figures::Staffing;
use hall_metrics::queue::{QueueFigures, TARGET_15_MS};
use hall_metrics::spans::Span;
use hall_metrics::timeline::{DayHour, DayView, HourTimes, QueueCurve, QueueStep, WindowTimeline};
use hall_metrics::times::ratio;

use hall_wire::day::day_text;
use hall_wire::event::{code_name, event_id_text, level_name, review_name, seconds, subject_parts};
use hall_wire::figures::share;
use hall_wire::time::rfc3339_ms;
use serde::Serialize;
use utoipa::ToSchema;

/// Days of which figures are kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DaysDto {
    /// Format version: 1.
    pub v: u32,
    /// The box's local day now, `2026-09-21`.
    pub today: String,
    /// Kept days, newest first; at most 800.
    pub days: Vec<String>,
}

/// One day of the hall, out of the kept figures. Seconds (`from_s`, `to_s`) are counted from local midnight.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DayDto {
    /// Format version: 1.
    pub v: u32,
    /// Local day, `2026-09-21`.
    pub date: String,
    /// Where it comes from: always `figures`, the kept figures.
    pub source: String,
    /// Figures reach up to here, RFC 3339.
    pub until: String,
    /// The day is over and told to its end.
    pub complete: bool,
    /// The kept day before; null without one.
    pub previous: Option<String>,
    /// The kept day after.
    pub next: Option<String>,
    /// Staffing of the hall.
    pub staffing: StaffingDto,
    /// Windows by id.
    pub windows: Vec<WindowDayDto>,
    /// Length of a queue's step in seconds.
    pub step_s: u32,
    /// Queues by id.
    pub queues: Vec<QueueDayDto>,
    /// The hall hour by hour; only hours in which anything was scheduled, served or observed in a queue.
    pub hours: Vec<DayHourDto>,
    /// Events that began on it, oldest first.
    pub events: Vec<DayEventDto>,
    /// More events: ask again with this as `after`; null at the end.
    pub next_after: Option<String>,
}

/// Seconds of window time and what follows from them (docs/metrics.md).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StaffingDto {
    /// On duty.
    pub scheduled_s: f64,
    /// Of these, state known.
    pub observed_s: f64,
    /// Staffed.
    pub staffed_s: f64,
    /// Unstaffed without excuse; always a suspicion.
    pub unstaffed_s: f64,
    /// Nobody there, approved leave or cover.
    pub excused_s: f64,
    /// Declared paused within the limit.
    pub paused_s: f64,
    /// Declared paused beyond it.
    pub paused_over_s: f64,
    /// On duty and not observable.
    pub unknown_s: f64,
    /// Served without being scheduled.
    pub extra_open_s: f64,
    /// Observed / scheduled.
    pub coverage: Option<f64>,
    /// Staffed / (observed − excused − paused); null under a coverage of 0.5.
    pub staffing_rate: Option<f64>,
}

/// A window's day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WindowDayDto {
    /// Window id.
    pub window: String,
    /// Its figures.
    pub staffing: StaffingDto,
    /// How its time counts, in order, without gaps since the box first saw it.
    pub pieces: Vec<PieceDto>,
    /// Hours in which it was scheduled or served.
    pub hours: Vec<WindowHourDto>,
}

/// A piece of a window's time.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PieceDto {
    /// Start.
    pub from_s: f64,
    /// End.
    pub to_s: f64,
    /// Class of time.
    pub class: TimeClassDto,
}

/// How a piece of time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeClassDto {
    /// 在岗.
    Staffed,
    /// 空岗 (suspected).
    Unstaffed,
    /// Nobody there, approved leave or cover.
    Excused,
    /// 暂停 within the limit.
    Paused,
    /// 暂停 beyond the limit.
    PausedOver,
    /// 无法观测.
    Unknown,
    /// 未排班.
    OffDuty,
    /// Not scheduled, and yet somebody served.
    ExtraOpen,
}

/// A window in one hour.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WindowHourDto {
    /// Local hour, 0–23.
    pub hour: u8,
    /// On duty.
    pub scheduled_s: f64,
    /// Unstaffed without excuse.
    pub unstaffed_s: f64,
    /// Observed / scheduled.
    pub coverage: Option<f64>,
    /// Staffing rate.
    pub staffing_rate: Option<f64>,
}

/// The hall in one hour.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DayHourDto {
    /// Time of all windows.
    #[serde(flatten)]
    pub staffing: WindowHourDto,
    /// Mean length of all queues.
    pub len_mean: Option<f64>,
    /// Waits that ended with service.
    pub waits: u64,
    /// Their mean.
    pub wait_mean_s: Option<f64>,
}

/// A queue's day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueDayDto {
    /// Queue id.
    pub queue: String,
    /// `ticket` or `video` (an estimate); null without waits.
    pub wait_source: Option<String>,
    /// Time-weighted mean length.
    pub len_mean: Option<f64>,
    /// Longest.
    pub len_max: Option<u32>,
    /// Waits that ended with service.
    pub waits: u64,
    /// Their mean.
    pub wait_mean_s: Option<f64>,
    /// Longest.
    pub wait_max_s: Option<f64>,
    /// Share of waits of at most 15 min.
    pub within_15min: Option<f64>,
    /// Steps in which anything was observed, in order.
    pub steps: Vec<QueueStepDto>,
}

/// A queue over one step.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueStepDto {
    /// Start.
    pub from_s: f64,
    /// Mean length; null when not observed.
    pub len_mean: Option<f64>,
    /// Longest.
    pub len_max: Option<u32>,
    /// The zone was full: lengths are lower bounds.
    pub saturated: bool,
    /// Waits that ended with service in it.
    pub waits: u64,
    /// Their mean.
    pub wait_mean_s: Option<f64>,
    /// Longest.
    pub wait_max_s: Option<f64>,
}

/// An event as the figures know it: its newest revision.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DayEventDto {
    /// ULID.
    pub event_id: String,
    /// Revision.
    pub rev: u32,
    /// Kind of subject.
    pub subject_kind: String,
    /// Id of the subject.
    pub subject: String,
    /// Code.
    pub code: String,
    /// Highest level reached.
    pub level: String,
    /// Start, RFC 3339.
    pub onset: String,
    /// End; null while open.
    pub end: Option<String>,
    /// Length so far or in all.
    pub duration_s: f64,
    /// Observed absence in it.
    pub absent_s: f64,
    /// Lasted to the end of duty.
    pub early_close: bool,
    /// Where its case stands.
    pub review: String,
    /// False when a person or the roster took it out of the counts.
    pub counts: bool,
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Mean and longest wait in seconds.
fn waits(queue: &QueueFigures) -> (u64, Option<f64>, Option<f64>) {
    queue.wait().map_or((0, None, None), |wait| {
        let mean_s = hundredths(wait.mean_ms / 1000.0);
        (wait.n, Some(mean_s), Some(seconds(i64::from(wait.max_ms))))
    })
}

impl From<&Staffing> for StaffingDto {
    fn from(staffing: &Staffing) -> Self {
        let times = &staffing.sum.times;
        StaffingDto {
            scheduled_s: seconds(times.scheduled_ms()),
            observed_s: seconds(times.observed_ms()),
            staffed_s: seconds(times.staffed_ms),
            unstaffed_s: seconds(times.unstaffed_ms),
            excused_s: seconds(times.excused_ms),
            paused_s: seconds(times.paused_ms),
            paused_over_s: seconds(times.paused_over_ms),
            unknown_s: seconds(times.unknown_ms),
            extra_open_s: seconds(times.extra_open_ms),
            coverage: share(times.coverage()),
            staffing_rate: share(times.staffing_rate()),
        }
    }
}

impl From<TimeClass> for TimeClassDto {
    fn from(class: TimeClass) -> Self {
        match class {
            TimeClass::Staffed => TimeClassDto::Staffed,
            TimeClass::Unstaffed => TimeClassDto::Unstaffed,
            TimeClass::Excused => TimeClassDto::Excused,
            TimeClass::Paused => TimeClassDto::Paused,
            TimeClass::PausedOver => TimeClassDto::PausedOver,
            TimeClass::Unknown => TimeClassDto::Unknown,
            TimeClass::OffDuty => TimeClassDto::OffDuty,
            TimeClass::ExtraOpen => TimeClassDto::ExtraOpen,
        }
    }
}

impl From<&HourTimes> for WindowHourDto {
    fn from(hour: &HourTimes) -> Self {
        WindowHourDto {
            hour: hour_of(hour.from_ms),
            scheduled_s: seconds(hour.times.scheduled_ms()),
            unstaffed_s: seconds(hour.times.unstaffed_ms),
            coverage: share(hour.times.coverage()),
            staffing_rate: share(hour.times.staffing_rate()),
        }
    }
}

impl From<&DayHour> for DayHourDto {
    fn from(hour: &DayHour) -> Self {
        let (n, wait_mean_s, _) = waits(&hour.queues);
        let times = HourTimes {
            from_ms: hour.from_ms,
            times: hour.times,
        };
        DayHourDto {
            staffing: WindowHourDto::from(&times),
            len_mean: hour.queues.len_mean().map(hundredths),
            waits: n,
            wait_mean_s,
        }
    }
}

fn window(day: LocalDay, window: &WindowTimeline) -> WindowDayDto {
    let after = |ms: i64| seconds(ms - day.from_ms());
    let piece = |piece: &Span<TimeClass>| PieceDto {
        from_s: after(piece.from_ms),
        to_s: after(piece.to_ms),
        class: piece.value.into(),
    };
    WindowDayDto {
        window: window.window.to_string(),
        staffing: StaffingDto::from(&window.staffing),
        pieces: window.pieces.iter().map(piece).collect(),
        hours: window.hours.iter().map(WindowHourDto::from).collect(),
    }
}

fn queue(day: LocalDay, queue: &QueueCurve) -> QueueDayDto {
    let step = |step: &QueueStep| {
        let (n, wait_mean_s, wait_max_s) = waits(&step.figures);
        QueueStepDto {
            from_s: seconds(step.from_ms - day.from_ms()),
            len_mean: step.figures.len_mean().map(hundredths),
            len_max: step.figures.len_max,
            saturated: step.figures.saturated_ms > 0,
            waits: n,
            wait_mean_s,
            wait_max_s,
        }
    };
    let (n, wait_mean_s, wait_max_s) = waits(&queue.figures);
    let (within, all) = queue.figures.within(TARGET_15_MS);
    QueueDayDto {
        queue: queue.queue.to_string(),
        wait_source: queue.figures.wait_source().map(|source| {
            let name = match source {
                WaitSource::Ticket => "ticket",
                WaitSource::Video => "video",
            };
            name.to_owned()
        }),
        len_mean: queue.figures.len_mean().map(hundredths),
        len_max: queue.figures.len_max,
        waits: n,
        wait_mean_s,
        wait_max_s,
        within_15min: share(ratio(within as i64, all as i64)),
        steps: queue.steps.iter().map(step).collect(),
    }
}

impl DayEventDto {
    fn new(fact: &EventFact, utc_offset_s: i32) -> Self {
        let (kind, subject) = subject_parts(&fact.subject);
        let wall = |ms: i64| rfc3339_ms(ms - i64::from(utc_offset_s) * 1000, utc_offset_s);
        DayEventDto {
            event_id: event_id_text(fact.id),
            rev: fact.rev,
            subject_kind: kind.into(),
            subject: subject.into(),
            code: code_name(fact.code).into(),
            level: level_name(fact.level).into(),
            onset: wall(fact.onset_ms),
            end: fact.end_ms.map(wall),
            duration_s: seconds(fact.duration_ms),
            absent_s: seconds(fact.absent_ms),
            early_close: fact.early_close,
            review: review_name(fact.review).into(),
            counts: fact.counts(),
        }
    }
}

impl DayDto {
    /// A day among the `kept` ones, with at most `limit` of its events, beginning behind `after`.
    #[must_use]
    pub fn new(view: &DayView, kept: &[LocalDay], after: Option<&str>, limit: usize) -> Self {
        let day = view.day;
        let events = (view.events.iter())
            .map(|fact| DayEventDto::new(fact, view.utc_offset_s))
            // Ids of events rise with their onsets.
            .filter(|event| after.is_none_or(|after| event.event_id.as_str() > after));
        let mut events: Vec<DayEventDto> = events.take(limit + 1).collect();
        let more = events.len() > limit;
        events.truncate(limit);
        let until_ms = view.until_ms - i64::from(view.utc_offset_s) * 1000;
        DayDto {
            v: 1,
            date: day_text(day),
            source: "figures".into(),
            until: rfc3339_ms(until_ms, view.utc_offset_s),
            complete: view.until_ms >= LocalDay(day.0 + 1).from_ms(),
            previous: kept
                .iter()
                .rfind(|other| **other < day)
                .map(|d| day_text(*d)),
            next: kept
                .iter()
                .find(|other| **other > day)
                .map(|d| day_text(*d)),
            staffing: StaffingDto::from(&view.staffing),
            windows: view.windows.iter().map(|w| window(day, w)).collect(),
            step_s: u32::try_from(view.step_ms / 1000).unwrap_or(0),
            queues: view.queues.iter().map(|q| queue(day, q)).collect(),
            hours: view.hours.iter().map(DayHourDto::from).collect(),
            next_after: events.last().filter(|_| more).map(|e| e.event_id.clone()),
            events,
        }
    }
}
