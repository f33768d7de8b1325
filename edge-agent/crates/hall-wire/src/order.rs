//! Orders and their answers as JSON, v1: who, what, and the words around them. Checks the form; whether an order may be carried
//! out is the engine's business.

use hall_core::config::Leave;
use hall_core::ids::WindowId;
use hall_core::order::{Actor, Answer, Directive, EventRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{event_id_text, parse_code, parse_event_id, parse_subject};
use crate::name::{
    ActionWord, CaseReasonWord, CodeWord, RoleWord, parse_action, parse_case_reason, parse_role,
    refusal_name,
};
use crate::schema::{AnyInstant, LocalTime, Ulid};
use crate::time::{parse_local_ms, parse_rfc3339};

/// What is wrong with one value of an order: where, and why.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{path}: {reason}")]
pub struct OrderError {
    /// Where in the record, for example `leave.from`.
    pub path: String,
    /// Why, and what is expected.
    pub reason: String,
}

fn wrong(path: &str, reason: impl Into<String>) -> OrderError {
    OrderError {
        path: path.into(),
        reason: reason.into(),
    }
}

/// Who gives an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActorRecord {
    /// Account or office, for example `manager-1`.
    pub id: String,
    /// In which role.
    #[schemars(with = "RoleWord")]
    pub role: String,
    /// Windows the role is limited to; empty: the whole hall.
    #[serde(default)]
    pub windows: Vec<String>,
}

impl ActorRecord {
    /// The actor in core types.
    ///
    /// # Errors
    /// When the role is not known or nobody is named.
    pub fn check(self) -> Result<Actor, OrderError> {
        if self.id.is_empty() {
            return Err(wrong("by.id", "is empty; name the account or office"));
        }
        let role = parse_role(&self.role).ok_or_else(|| {
            wrong(
                "by.role",
                format!(
                    "'{}' is none of province, supervisor, resident_supervisor, hall_manager, chief_representative, installer, patrol and auditor",
                    self.role
                ),
            )
        })?;
        Ok(Actor {
            id: self.id,
            role,
            windows: windows(self.windows),
        })
    }
}

/// Approved leave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveRecord {
    /// Id; the same id again replaces it.
    pub id: String,
    /// Windows concerned.
    pub windows: Vec<String>,
    /// Local time, for example `2026-09-21T14:00`.
    #[schemars(with = "LocalTime")]
    pub from: String,
    /// Local time, exclusive.
    #[schemars(with = "LocalTime")]
    pub to: String,
    /// Account or office that approved it.
    pub approved_by: String,
    /// Window that covers meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<String>,
}

impl LeaveRecord {
    /// The leave in core types.
    ///
    /// # Errors
    /// When a time is no local time.
    pub fn check(self) -> Result<Leave, OrderError> {
        let local = |path: &str, text: &str| {
            parse_local_ms(text).map_err(|error| wrong(path, error.to_string()))
        };
        Ok(Leave {
            id: self.id.into(),
            windows: windows(self.windows),
            from_local_ms: local("leave.from", &self.from)?,
            to_local_ms: local("leave.to", &self.to)?,
            approved_by: self.approved_by,
            cover: self.cover.map(WindowId::from),
        })
    }
}

/// A step in the life of an event's case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseRecord {
    /// The event.
    pub event: EventRefRecord,
    /// The step; `uphold`, `downgrade` and `revoke` decide on an appeal.
    #[schemars(with = "ActionWord")]
    pub action: String,
    /// Category of the reason.
    #[schemars(with = "CaseReasonWord")]
    pub reason: String,
}

/// Which event is meant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "an event is its ULID, or {\"code\": ..., \"subject\": ..., \"onset\": ...}"
)]
pub enum EventRefRecord {
    /// Its ULID.
    Id(#[schemars(with = "Ulid")] String),
    /// The newest of its kind.
    Newest(NewestRecord),
}

/// The newest event of a code about a subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewestRecord {
    /// Event code.
    #[schemars(with = "CodeWord")]
    pub code: String,
    /// `window:ID`, `group:ID`, `queue:ID`, `camera:ID`, `sensor:ID`, `gateway:ID`, `hall` or `box`.
    pub subject: String,
    /// Only if it began then, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<AnyInstant>")]
    pub onset: Option<String>,
}

impl CaseRecord {
    /// The step in core types.
    ///
    /// # Errors
    /// When a word of it is not known.
    pub fn check(self) -> Result<Directive, OrderError> {
        let action = parse_action(&self.action).ok_or_else(|| {
            let reason = format!(
                "'{}' is none of confirm, false_alarm, excuse, feedback, close, appeal, uphold, downgrade, revoke and resolve",
                self.action
            );
            wrong("case.action", reason)
        })?;
        let reason = parse_case_reason(&self.reason).ok_or_else(|| {
            let reason = format!(
                "'{}' is none of verified, system_error, official_duty, device_fault, roster_not_updated, leave, pause, sensor_wrong, video_wrong and other",
                self.reason
            );
            wrong("case.reason", reason)
        })?;
        Ok(Directive::Case {
            event: self.event.check()?,
            action,
            reason,
        })
    }
}

impl EventRefRecord {
    fn check(self) -> Result<EventRef, OrderError> {
        let newest = match self {
            EventRefRecord::Id(id) => {
                return parse_event_id(&id)
                    .map(EventRef::Id)
                    .ok_or_else(|| wrong("case.event", format!("'{id}' is no ULID")));
            }
            EventRefRecord::Newest(newest) => newest,
        };
        let code = parse_code(&newest.code).ok_or_else(|| {
            let reason = format!("'{}' is no event code", newest.code);
            wrong("case.event.code", reason)
        })?;
        let (kind, id) = newest
            .subject
            .split_once(':')
            .unwrap_or((&newest.subject, ""));
        let whole = matches!(kind, "hall" | "box");
        let subject = parse_subject(kind, id)
            .filter(|_| whole == id.is_empty())
            .ok_or_else(|| {
                let reason = format!(
                    "'{}' is none of window:ID, group:ID, queue:ID, camera:ID, sensor:ID, gateway:ID, hall and box",
                    newest.subject
                );
                wrong("case.event.subject", reason)
            })?;
        let onset = newest.onset.as_deref().map(|text| {
            parse_rfc3339(text).map_err(|error| wrong("case.event.onset", error.to_string()))
        });
        Ok(EventRef::Newest {
            code,
            subject,
            onset_unix_ms: onset.transpose()?.map(|(unix_ms, _)| unix_ms),
        })
    }
}

/// What is ordered; exactly one of the fields is given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DirectiveFields {
    /// Grants leave.
    pub leave: Option<LeaveRecord>,
    /// Cancels the leave with this id.
    pub cancel_leave: Option<String>,
    /// Takes a step in an event's case.
    pub case: Option<CaseRecord>,
}

impl DirectiveFields {
    /// The directive in core types.
    ///
    /// # Errors
    /// When none or several are given, or one of them cannot be.
    pub fn check(self) -> Result<Directive, OrderError> {
        match (self.leave, self.cancel_leave, self.case) {
            (Some(leave), None, None) => Ok(Directive::GrantLeave(leave.check()?)),
            (None, Some(id), None) => Ok(Directive::CancelLeave(id.into())),
            (None, None, Some(case)) => case.check(),
            _ => Err(wrong(
                "order",
                "give exactly one of leave, cancel_leave and case",
            )),
        }
    }
}

/// The answer to an order, v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnswerRecord {
    /// 1.
    pub v: u32,
    /// `answer`.
    pub kind: String,
    /// The order's transaction.
    pub tx: String,
    /// `done`, or why nothing was done: `unknown`, `role`, `scope`, `own_case`, `state` or `invalid`.
    pub result: String,
    /// ULIDs of the events that got a revision by it.
    pub events: Vec<String>,
}

impl From<&Answer> for AnswerRecord {
    fn from(answer: &Answer) -> Self {
        let (result, events) = match &answer.result {
            Ok(events) => ("done", events.iter().map(|id| event_id_text(*id)).collect()),
            Err(refusal) => (refusal_name(*refusal), Vec::new()),
        };
        AnswerRecord {
            v: 1,
            kind: "answer".into(),
            tx: answer.tx.clone(),
            result: result.into(),
            events,
        }
    }
}

fn windows(ids: Vec<String>) -> Vec<WindowId> {
    ids.into_iter().map(WindowId::from).collect()
}
