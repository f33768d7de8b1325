//! One stored day of figures, v1: what the box keeps of a day to work its figures out again. Compact: pieces are lists, times are
//! milliseconds after local midnight. Knows no file.

use std::collections::BTreeMap;

use hall_core::account::{TimeClass, WaitSource};
use hall_core::config::Date;
use hall_core::event::Subject;
use hall_core::ids::{CameraId, GatewayId, GroupId, QueueId, SensorId, WindowId};
use hall_metrics::calendar::{DAY_MS, LocalDay, Month, Period};
use hall_metrics::day::{QueueDay, StoredDay, WindowDay};
use hall_metrics::fact::{CaseTimes, Decision, EventFact};
use hall_metrics::queue::{QueueMinute, Wait};
use hall_metrics::rating::RatingTotals;
use hall_metrics::rollup::Published;
use hall_metrics::spans::Span;
use serde::{Deserialize, Serialize};

use crate::event::{event_id_text, parse_event_id, subject_parts};
use crate::name::{
    action_name, case_reason_name, code_name, level_name, parse_action, parse_case_reason,
    parse_code, parse_level, parse_review, parse_role, parse_time_class, review_name, role_name,
    time_class_name,
};
use crate::rollup::{parse_period, period_name};

/// A stored day that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// Another form.
    #[error("the stored day has version {0}, this program reads version 1")]
    Version(u32),
    /// A word this program does not know.
    #[error("the stored day's {what} '{word}' is not known")]
    Word {
        /// Kind of word.
        what: &'static str,
        /// The word.
        word: String,
    },
}

/// `[from, length, mean in tenths, longest, saturated]`.
type MinuteRow = (i64, u32, u32, u32, bool);
/// `[end, wait, service, abandoned, from a ticket]`.
type WaitRow = (i64, u32, Option<u32>, bool, bool);

/// A stored day, v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayRecord {
    /// Format version: 1.
    pub v: u32,
    /// Local date, `2026-09-21`.
    pub day: String,
    /// Told up to here, milliseconds after its midnight.
    pub until_ms: i64,
    /// Windows: pieces `[from, to, class]`.
    pub windows: BTreeMap<String, Vec<(i64, i64, String)>>,
    /// Windows: leave entered or cancelled afterwards, `[from, to, excused]`.
    #[serde(default)]
    pub excuses: BTreeMap<String, Vec<(i64, i64, bool)>>,
    /// Queues: minutes `[from, length, mean in tenths, longest, saturated]`.
    #[serde(default)]
    pub minutes: BTreeMap<String, Vec<MinuteRow>>,
    /// Queues: waits `[end, wait, service, abandoned, from a ticket]`.
    #[serde(default)]
    pub waits: BTreeMap<String, Vec<WaitRow>>,
    /// Events that began on it.
    #[serde(default)]
    pub events: Vec<FactRecord>,
    /// Windows: presses of the six options of the evaluation terminal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ratings: BTreeMap<String, [u32; 6]>,
    /// Roll-ups of periods that begin on it: `[period, from, rev, print]`.
    #[serde(default)]
    pub published: Vec<(String, i64, u32, u64)>,
    /// Of these, which revision the centre is known to have: `[period, from, rev]`; those it has none of are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<(String, i64, u32)>,
}

/// An event as the figures know it; times are local milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactRecord {
    id: String,
    rev: u32,
    code: String,
    subject_kind: String,
    subject: String,
    level: String,
    onset_ms: i64,
    end_ms: Option<i64>,
    duration_ms: i64,
    absent_ms: i64,
    early_close: bool,
    review: String,
    /// First confirmed, answered, closed, appealed.
    case: [Option<i64>; 4],
    decision: Option<DecisionRecord>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct DecisionRecord {
    rev: u32,
    action: String,
    by: String,
    role: String,
    reason: String,
    at_ms: i64,
    retroactive: bool,
}

/// `2026-09-21`.
#[must_use]
pub fn day_text(day: LocalDay) -> String {
    let Date { year, month, day } = day.date();
    format!("{year:04}-{month:02}-{day:02}")
}

/// The day of `2026-09-21`; `None` when it is no date.
#[must_use]
pub fn parse_day(text: &str) -> Option<LocalDay> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let day = LocalDay::of_date(Date {
        year: date.year().into(),
        month: date.month().try_into().ok()?,
        day: date.day().try_into().ok()?,
    });
    (day_text(day) == text).then_some(day)
}

/// The month of `2026-09`; `None` when it is none.
#[must_use]
pub fn parse_month(text: &str) -> Option<Month> {
    parse_day(&format!("{text}-01")).map(LocalDay::month)
}

impl From<&StoredDay> for DayRecord {
    fn from(stored: &StoredDay) -> Self {
        let start = stored.day.from_ms();
        let mut record = DayRecord {
            v: 1,
            day: day_text(stored.day),
            until_ms: stored.until_ms - start,
            windows: BTreeMap::new(),
            excuses: BTreeMap::new(),
            minutes: BTreeMap::new(),
            waits: BTreeMap::new(),
            events: stored.events.iter().map(FactRecord::from).collect(),
            ratings: (stored.ratings.iter())
                .map(|(window, totals)| (window.to_string(), totals.counts))
                .collect(),
            published: (stored.published.iter())
                .map(|(period, published)| {
                    let from = period.from_ms - start;
                    (
                        period_name(period.kind).to_owned(),
                        from,
                        published.rev,
                        published.print,
                    )
                })
                .collect(),
            delivered: (stored.published.iter())
                .filter(|(_, published)| published.delivered > 0)
                .map(|(period, published)| {
                    let from = period.from_ms - start;
                    (
                        period_name(period.kind).to_owned(),
                        from,
                        published.delivered,
                    )
                })
                .collect(),
        };
        for window in &stored.windows {
            let id = window.window.to_string();
            let times = window.times.iter();
            let times = times.map(|s| {
                (
                    s.from_ms - start,
                    s.to_ms - start,
                    time_class_name(s.value).to_owned(),
                )
            });
            record.windows.insert(id.clone(), times.collect());
            if !window.excuses.is_empty() {
                let excuses = window.excuses.iter();
                let excuses = excuses.map(|s| (s.from_ms - start, s.to_ms - start, s.value));
                record.excuses.insert(id, excuses.collect());
            }
        }
        for queue in &stored.queues {
            let id = queue.queue.to_string();
            let minutes = queue.minutes.iter();
            let minutes =
                minutes.map(|(at, m)| (at - start, m.ms, m.mean_tenths, m.max, m.saturated));
            record.minutes.insert(id.clone(), minutes.collect());
            let waits = queue.waits.iter().map(|w| {
                let ticket = w.source == WaitSource::Ticket;
                (
                    w.at_ms - start,
                    w.wait_ms,
                    w.service_ms,
                    w.abandoned,
                    ticket,
                )
            });
            record.waits.insert(id, waits.collect());
        }
        record
    }
}

impl TryFrom<DayRecord> for StoredDay {
    type Error = DayError;

    fn try_from(record: DayRecord) -> Result<Self, DayError> {
        if record.v != 1 {
            return Err(DayError::Version(record.v));
        }
        let day = word("date", &record.day, parse_day)?;
        let start = day.from_ms();
        let span =
            |from: i64, to: i64| (start + from.clamp(0, DAY_MS), start + to.clamp(0, DAY_MS));
        let mut excuses = record.excuses;
        let mut windows = Vec::new();
        for (id, pieces) in record.windows {
            let mut times = Vec::new();
            for (from, to, class) in pieces {
                let value: TimeClass = word("class", &class, parse_time_class)?;
                let (from_ms, to_ms) = span(from, to);
                times.push(Span {
                    from_ms,
                    to_ms,
                    value,
                });
            }
            windows.push(window_day(id, times, &mut excuses, span));
        }
        let left: Vec<String> = excuses.keys().cloned().collect();
        windows.extend(
            left.into_iter()
                .map(|id| window_day(id, Vec::new(), &mut excuses, span)),
        );
        let mut waits = record.waits;
        let queues = record.minutes.into_iter().map(|(id, minutes)| {
            let waits = waits.remove(&id).unwrap_or_default();
            let wait = |(at, wait_ms, service_ms, abandoned, ticket): (
                i64,
                u32,
                Option<u32>,
                bool,
                bool,
            )| Wait {
                at_ms: start + at,
                wait_ms,
                service_ms,
                abandoned,
                source: if ticket {
                    WaitSource::Ticket
                } else {
                    WaitSource::Video
                },
            };
            let minute = |(at, ms, mean_tenths, max, saturated): MinuteRow| {
                (
                    start + at,
                    QueueMinute {
                        ms,
                        mean_tenths,
                        max,
                        saturated,
                    },
                )
            };
            QueueDay {
                queue: QueueId::from(id),
                minutes: minutes.into_iter().map(minute).collect(),
                waits: waits.into_iter().map(wait).collect(),
            }
        });
        let period = |name: &str, from: i64| {
            let kind = word("period", name, parse_period)?;
            Ok(Period::containing(kind, start + from))
        };
        let mut delivered = BTreeMap::new();
        for (name, from, rev) in record.delivered {
            delivered.insert(period(&name, from)?, rev);
        }
        let mut published = Vec::new();
        for (name, from, rev, print) in record.published {
            let period = period(&name, from)?;
            let delivered = delivered.get(&period).copied().unwrap_or(0);
            let known = Published {
                rev,
                print,
                delivered,
            };
            published.push((period, known));
        }
        Ok(StoredDay {
            day,
            until_ms: start + record.until_ms.clamp(0, DAY_MS),
            windows,
            queues: queues.collect(),
            events: (record.events.into_iter())
                .map(EventFact::try_from)
                .collect::<Result<_, _>>()?,
            ratings: (record.ratings.into_iter())
                .map(|(window, counts)| (WindowId::from(window), RatingTotals { counts }))
                .collect(),
            published,
        })
    }
}

fn window_day(
    id: String,
    times: Vec<Span<TimeClass>>,
    excuses: &mut BTreeMap<String, Vec<(i64, i64, bool)>>,
    span: impl Fn(i64, i64) -> (i64, i64),
) -> WindowDay {
    let excuses = excuses.remove(&id).unwrap_or_default();
    let excuse = |(from, to, value): (i64, i64, bool)| {
        let (from_ms, to_ms) = span(from, to);
        Span {
            from_ms,
            to_ms,
            value,
        }
    };
    WindowDay {
        window: WindowId::from(id),
        times,
        excuses: excuses.into_iter().map(excuse).collect(),
    }
}

fn word<T>(
    what: &'static str,
    word: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, DayError> {
    parse(word).ok_or_else(|| DayError::Word {
        what,
        word: word.to_owned(),
    })
}

impl From<&EventFact> for FactRecord {
    fn from(fact: &EventFact) -> Self {
        let (kind, id) = subject_parts(&fact.subject);
        FactRecord {
            id: event_id_text(fact.id),
            rev: fact.rev,
            code: code_name(fact.code).into(),
            subject_kind: kind.into(),
            subject: id.into(),
            level: level_name(fact.level).into(),
            onset_ms: fact.onset_ms,
            end_ms: fact.end_ms,
            duration_ms: fact.duration_ms,
            absent_ms: fact.absent_ms,
            early_close: fact.early_close,
            review: review_name(fact.review).into(),
            case: [
                fact.case.confirmed_ms,
                fact.case.feedback_ms,
                fact.case.closed_ms,
                fact.case.appealed_ms,
            ],
            decision: fact.decision.as_ref().map(|d| DecisionRecord {
                rev: d.rev,
                action: action_name(d.action).into(),
                by: d.by.clone(),
                role: role_name(d.role).into(),
                reason: case_reason_name(d.reason).into(),
                at_ms: d.at_ms,
                retroactive: d.retroactive,
            }),
        }
    }
}

impl TryFrom<FactRecord> for EventFact {
    type Error = DayError;

    fn try_from(record: FactRecord) -> Result<Self, DayError> {
        let id = record.subject;
        let subject = match record.subject_kind.as_str() {
            "window" => Subject::Window(WindowId::from(id)),
            "queue" => Subject::Queue(QueueId::from(id)),
            "camera" => Subject::Camera(CameraId::from(id)),
            "sensor" => Subject::Sensor(SensorId::from(id)),
            "group" => Subject::Group(GroupId::from(id)),
            "gateway" => Subject::Gateway(GatewayId::from(id)),
            "hall" => Subject::Hall,
            "box" => Subject::Device,
            _ => {
                return Err(DayError::Word {
                    what: "subject",
                    word: record.subject_kind,
                });
            }
        };
        let [confirmed_ms, feedback_ms, closed_ms, appealed_ms] = record.case;
        let decision = record.decision.map(|d| {
            Ok::<_, DayError>(Decision {
                rev: d.rev,
                action: word("action", &d.action, parse_action)?,
                by: d.by,
                role: word("role", &d.role, parse_role)?,
                reason: word("reason", &d.reason, parse_case_reason)?,
                at_ms: d.at_ms,
                retroactive: d.retroactive,
            })
        });
        Ok(EventFact {
            id: word("event", &record.id, parse_event_id)?,
            rev: record.rev,
            code: word("code", &record.code, parse_code)?,
            subject,
            level: word("level", &record.level, parse_level)?,
            onset_ms: record.onset_ms,
            end_ms: record.end_ms,
            duration_ms: record.duration_ms,
            absent_ms: record.absent_ms,
            early_close: record.early_close,
            review: word("review", &record.review, parse_review)?,
            case: CaseTimes {
                confirmed_ms,
                feedback_ms,
                closed_ms,
                appealed_ms,
            },
            decision: decision.transpose()?,
        })
    }
}
