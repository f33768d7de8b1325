//! How a piece of a window's time counts, v1: what figures are added up from. Knows no figure.

use hall_core::account::{Excuse, Interval};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::time_class_name;
use crate::time::rfc3339;

/// A window's time from `from` to `to`, v1. A later record replaces what earlier ones said about the same time: states are
/// confirmed with a delay and dated back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IntervalRecord {
    /// Format version: 1.
    pub v: u32,
    /// Always `interval`.
    pub kind: String,
    /// Window id.
    pub window: String,
    /// Start, RFC 3339 with milliseconds and offset.
    pub from: String,
    /// End.
    pub to: String,
    /// `staffed`, `unstaffed`, `excused`, `paused`, `paused_over`, `unknown`, `off_duty` or `extra_open`.
    pub class: String,
}

impl From<&Interval> for IntervalRecord {
    fn from(interval: &Interval) -> Self {
        IntervalRecord {
            v: 1,
            kind: "interval".into(),
            window: interval.window.to_string(),
            from: rfc3339(interval.from),
            to: rfc3339(interval.to),
            class: time_class_name(interval.class).into(),
        }
    }
}

/// Leave entered afterwards, v1: of what the records before it said about `from..to`, `unstaffed` is `excused` instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExcuseRecord {
    /// Format version: 1.
    pub v: u32,
    /// Always `excuse`.
    pub kind: String,
    /// Window id.
    pub window: String,
    /// Start, RFC 3339 with milliseconds and offset.
    pub from: String,
    /// End.
    pub to: String,
    /// `true`; `false` takes it back: `excused` is `unstaffed` again.
    pub excused: bool,
}

impl From<&Excuse> for ExcuseRecord {
    fn from(excuse: &Excuse) -> Self {
        ExcuseRecord {
            v: 1,
            kind: "excuse".into(),
            window: excuse.window.to_string(),
            from: rfc3339(excuse.from),
            to: rfc3339(excuse.to),
            excused: excuse.excused,
        }
    }
}
