//! A window's pauses and customers as the checkpoint stores them.

use hall_core::HallTime;
use hall_core::engine::{OpenRecord, PauseDay, PostCheckpoint, RunningPause, UnattendedCheckpoint};
use serde::{Deserialize, Serialize};

use crate::checkpoint::{CheckpointError, OpenEventRecord};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostRecord {
    window: String,
    #[serde(default)]
    pause: Option<PauseRecord>,
    #[serde(default)]
    pause_day: Option<PauseDayRecord>,
    #[serde(default)]
    unattended: Option<UnattendedRecord>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnattendedRecord {
    onset_ms: i64,
    observed_ms: i64,
    unobserved_ms: i64,
    customers_max: u32,
    limit_ms: i64,
    rule: String,
    event: Option<OpenEventRecord>,
    last_observed_ms: i64,
    duty_to_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseRecord {
    since_ms: i64,
    unobserved_ms: i64,
    limit_ms: i64,
    rule: String,
    event: Option<OpenEventRecord>,
    last_observed_ms: i64,
    duty_to_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseDayRecord {
    day: i64,
    count: u32,
    signal_counted: bool,
    onset_ms: i64,
    event: Option<OpenEventRecord>,
}

impl From<&PostCheckpoint> for PostRecord {
    fn from(post: &PostCheckpoint) -> Self {
        PostRecord {
            window: post.window.to_string(),
            pause: post.pause.as_ref().map(|pause| PauseRecord {
                since_ms: pause.since.0,
                unobserved_ms: pause.unobserved_ms,
                limit_ms: pause.limit_ms,
                rule: pause.rule.clone(),
                event: pause.record.as_ref().map(OpenEventRecord::from),
                last_observed_ms: pause.last_observed.0,
                duty_to_ms: pause.duty_to.0,
            }),
            pause_day: post.pause_day.as_ref().map(|day| PauseDayRecord {
                day: day.day,
                count: day.count,
                signal_counted: day.signal_counted,
                onset_ms: day.onset.0,
                event: day.record.as_ref().map(OpenEventRecord::from),
            }),
            unattended: post.unattended.as_ref().map(|customers| UnattendedRecord {
                onset_ms: customers.onset.0,
                observed_ms: customers.observed_ms,
                unobserved_ms: customers.unobserved_ms,
                customers_max: customers.customers_max,
                limit_ms: customers.limit_ms,
                rule: customers.rule.clone(),
                event: customers.record.as_ref().map(OpenEventRecord::from),
                last_observed_ms: customers.last_observed.0,
                duty_to_ms: customers.duty_to.0,
            }),
        }
    }
}

impl TryFrom<PostRecord> for PostCheckpoint {
    type Error = CheckpointError;

    fn try_from(record: PostRecord) -> Result<Self, CheckpointError> {
        let pause = record.pause.map(|pause| {
            Ok(RunningPause {
                since: HallTime(pause.since_ms),
                unobserved_ms: pause.unobserved_ms,
                limit_ms: pause.limit_ms,
                rule: pause.rule,
                record: pause.event.map(OpenRecord::try_from).transpose()?,
                last_observed: HallTime(pause.last_observed_ms),
                duty_to: HallTime(pause.duty_to_ms),
            })
        });
        let pause_day = record.pause_day.map(|day| {
            Ok(PauseDay {
                day: day.day,
                count: day.count,
                signal_counted: day.signal_counted,
                onset: HallTime(day.onset_ms),
                record: day.event.map(OpenRecord::try_from).transpose()?,
            })
        });
        let unattended = record.unattended.map(|customers| {
            Ok(UnattendedCheckpoint {
                onset: HallTime(customers.onset_ms),
                observed_ms: customers.observed_ms,
                unobserved_ms: customers.unobserved_ms,
                customers_max: customers.customers_max,
                limit_ms: customers.limit_ms,
                rule: customers.rule,
                record: customers.event.map(OpenRecord::try_from).transpose()?,
                last_observed: HallTime(customers.last_observed_ms),
                duty_to: HallTime(customers.duty_to_ms),
            })
        });
        Ok(PostCheckpoint {
            window: record.window.into(),
            pause: pause.transpose()?,
            pause_day: pause_day.transpose()?,
            unattended: unattended.transpose()?,
        })
    }
}
