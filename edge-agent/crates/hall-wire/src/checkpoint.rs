//! The engine's checkpoint as it is stored, v1: open episodes and events, so that a box that died goes on with the same
//! events. Read only by the box that wrote it; knows no storage.

use hall_core::HallTime;
use hall_core::config::Leave;
use hall_core::engine::{
    Account, Checkpoint, CredenceCheckpoint, EpisodeCheckpoint, EpisodeRule, OpenRecord,
    PostCheckpoint, QueueCheckpoint, WaitCheckpoint,
};
use hall_core::event::Subject;
use hall_core::order::Answer;
use hall_core::time::Stamp;
use serde::{Deserialize, Serialize};

use crate::checkpoint_post::PostRecord;
use crate::event::{
    code_name, event_id_text, level_name, parse_code, parse_event_id, parse_level, parse_subject,
    parse_tag, subject_parts, tag_name,
};
use crate::name::{doubt_name, parse_doubt};

use crate::order_state::{AnswerState, LeaveState};

/// A stored checkpoint that makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CheckpointError {
    /// Written by another version.
    #[error("the checkpoint has version {0}, this program reads version 1")]
    Version(u32),
    /// A name this program does not know.
    #[error("the checkpoint's {field} '{value}' is not known")]
    Name {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: String,
    },
}

/// Everything open at one instant, v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointRecord {
    v: u32,
    at_ms: i64,
    windows: Vec<EpisodeRecord>,
    queues: Vec<QueueRecord>,
    sources: Vec<OpenEventRecord>,
    #[serde(default)]
    posts: Vec<PostRecord>,
    #[serde(default)]
    credences: Vec<CredenceRecord>,
    #[serde(default)]
    leave: Vec<LeaveState>,
    #[serde(default)]
    answers: Vec<AnswerState>,
    /// What ran; missing in checkpoints of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<RunRecord>,
}

/// What ran when a checkpoint was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// SHA-256 of the configuration, hex.
    pub config_sha256: String,
    /// SHA-256 of the model, hex; empty without one.
    pub model_sha256: String,
    /// It was stopped on purpose, and this was the last thing it did.
    pub stopped: bool,
}

impl CheckpointRecord {
    /// The same, saying what ran.
    #[must_use]
    pub fn of_run(self, run: RunRecord) -> Self {
        CheckpointRecord {
            run: Some(run),
            ..self
        }
    }

    /// What ran.
    #[must_use]
    pub fn run(&self) -> Option<&RunRecord> {
        self.run.as_ref()
    }
}

/// A sensor that is not believed (`doubt`, since `doubt_ms`), has been on for `on_ms` outside duty, or off for `off_ms` before video
/// that saw somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredenceRecord {
    sensor: String,
    doubt: Option<String>,
    doubt_ms: i64,
    on_ms: i64,
    on_from_ms: i64,
    #[serde(default)]
    off_ms: i64,
    #[serde(default)]
    off_from_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EpisodeRecord {
    #[serde(default = "of_a_window")]
    subject_kind: String,
    /// `window` in checkpoints of older versions.
    #[serde(alias = "window")]
    subject: String,
    code: String,
    onset: StampRecord,
    ladder_ms: [i64; 3],
    return_hold_ms: i64,
    rule: String,
    absent_ms: i64,
    returned_ms: i64,
    unobserved_ms: i64,
    paused_ms: i64,
    brief_returns: u32,
    customers_max: u32,
    last_observed_ms: i64,
    duty_to_ms: i64,
    event: Option<OpenEventRecord>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueueRecord {
    queue: String,
    event: Option<OpenEventRecord>,
    unobserved_ms: i64,
    peak: u32,
    last_observed_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    staffed_at_raise: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mitigated_at: Option<StampRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    no_new_window: Option<OpenEventRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    long_wait: Option<WaitRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_mismatch: Option<OpenEventRecord>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitRecord {
    event: OpenEventRecord,
    unobserved_ms: i64,
    wait_ms: i64,
    peak: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenEventRecord {
    event_id: String,
    rev: u32,
    code: String,
    subject_kind: String,
    subject: String,
    level: String,
    onset: StampRecord,
    raised: StampRecord,
    rule: String,
    evidence_sources: Vec<String>,
    tags: Vec<String>,
    related: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StampRecord {
    at_ms: i64,
    unix_ms: i64,
    utc_offset_s: i32,
}

impl From<Stamp> for StampRecord {
    fn from(stamp: Stamp) -> Self {
        StampRecord {
            at_ms: stamp.at.0,
            unix_ms: stamp.unix_ms,
            utc_offset_s: stamp.utc_offset_s,
        }
    }
}

impl From<StampRecord> for Stamp {
    fn from(stamp: StampRecord) -> Self {
        Stamp {
            at: HallTime(stamp.at_ms),
            unix_ms: stamp.unix_ms,
            utc_offset_s: stamp.utc_offset_s,
        }
    }
}

impl From<&Checkpoint> for CheckpointRecord {
    fn from(checkpoint: &Checkpoint) -> Self {
        CheckpointRecord {
            v: 1,
            at_ms: checkpoint.at.0,
            windows: checkpoint.windows.iter().map(EpisodeRecord::from).collect(),
            queues: checkpoint.queues.iter().map(QueueRecord::from).collect(),
            sources: checkpoint
                .sources
                .iter()
                .map(OpenEventRecord::from)
                .collect(),
            posts: checkpoint.posts.iter().map(PostRecord::from).collect(),
            credences: checkpoint
                .credences
                .iter()
                .map(CredenceRecord::from)
                .collect(),
            leave: checkpoint.leave.iter().map(LeaveState::from).collect(),
            answers: checkpoint.answers.iter().map(AnswerState::from).collect(),
            run: None,
        }
    }
}

impl From<&CredenceCheckpoint> for CredenceRecord {
    fn from(credence: &CredenceCheckpoint) -> Self {
        CredenceRecord {
            sensor: credence.sensor.to_string(),
            doubt: credence.doubt.map(|(doubt, _)| doubt_name(doubt).into()),
            doubt_ms: credence.doubt.map_or(0, |(_, since)| since.0),
            on_ms: credence.on_ms,
            on_from_ms: credence.on_from.0,
            off_ms: credence.off_ms,
            off_from_ms: credence.off_from.0,
        }
    }
}

impl From<&EpisodeCheckpoint> for EpisodeRecord {
    fn from(episode: &EpisodeCheckpoint) -> Self {
        let (subject_kind, subject) = subject_parts(&episode.subject);
        EpisodeRecord {
            subject_kind: subject_kind.into(),
            subject: subject.into(),
            code: code_name(episode.code).into(),
            onset: episode.onset.into(),
            ladder_ms: episode.rule.ladder_ms,
            return_hold_ms: episode.rule.return_hold_ms,
            rule: episode.rule.rule.clone(),
            absent_ms: episode.account.absent_ms,
            returned_ms: episode.account.returned_ms,
            unobserved_ms: episode.account.unobserved_ms,
            paused_ms: episode.account.paused_ms,
            brief_returns: episode.account.brief_returns,
            customers_max: episode.customers_max,
            last_observed_ms: episode.last_observed.0,
            duty_to_ms: episode.duty_to.0,
            event: episode.record.as_ref().map(OpenEventRecord::from),
        }
    }
}

impl From<&QueueCheckpoint> for QueueRecord {
    fn from(queue: &QueueCheckpoint) -> Self {
        QueueRecord {
            queue: queue.queue.to_string(),
            event: queue.record.as_ref().map(OpenEventRecord::from),
            unobserved_ms: queue.unobserved_ms,
            peak: queue.peak,
            last_observed_ms: queue.last_observed.map(|at| at.0),
            staffed_at_raise: queue.staffed_at_raise,
            mitigated_at: queue.mitigated_at.map(StampRecord::from),
            no_new_window: queue.no_new_window.as_ref().map(OpenEventRecord::from),
            long_wait: queue.long_wait.as_ref().map(|wait| WaitRecord {
                event: OpenEventRecord::from(&wait.record),
                unobserved_ms: wait.unobserved_ms,
                wait_ms: wait.wait_ms,
                peak: wait.peak,
            }),
            source_mismatch: queue.source_mismatch.as_ref().map(OpenEventRecord::from),
        }
    }
}

impl From<&OpenRecord> for OpenEventRecord {
    fn from(open: &OpenRecord) -> Self {
        let (subject_kind, subject) = subject_parts(&open.subject);
        OpenEventRecord {
            event_id: event_id_text(open.id),
            rev: open.rev,
            code: code_name(open.code).into(),
            subject_kind: subject_kind.into(),
            subject: subject.into(),
            level: level_name(open.level).into(),
            onset: open.onset.into(),
            raised: open.raised.into(),
            rule: open.rule.clone(),
            evidence_sources: open.evidence_sources.clone(),
            tags: open.tags.iter().map(|tag| tag_name(*tag).into()).collect(),
            related: open.related.iter().map(|id| event_id_text(*id)).collect(),
        }
    }
}

impl TryFrom<CheckpointRecord> for Checkpoint {
    type Error = CheckpointError;

    fn try_from(record: CheckpointRecord) -> Result<Self, CheckpointError> {
        if record.v != 1 {
            return Err(CheckpointError::Version(record.v));
        }
        Ok(Checkpoint {
            at: HallTime(record.at_ms),
            windows: record
                .windows
                .into_iter()
                .map(EpisodeCheckpoint::try_from)
                .collect::<Result<_, _>>()?,
            queues: record
                .queues
                .into_iter()
                .map(QueueCheckpoint::try_from)
                .collect::<Result<_, _>>()?,
            sources: record
                .sources
                .into_iter()
                .map(OpenRecord::try_from)
                .collect::<Result<_, _>>()?,
            posts: record
                .posts
                .into_iter()
                .map(PostCheckpoint::try_from)
                .collect::<Result<_, _>>()?,
            credences: record
                .credences
                .into_iter()
                .map(CredenceCheckpoint::try_from)
                .collect::<Result<_, _>>()?,
            leave: record.leave.into_iter().map(Leave::from).collect(),
            answers: record
                .answers
                .into_iter()
                .map(Answer::try_from)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<CredenceRecord> for CredenceCheckpoint {
    type Error = CheckpointError;

    fn try_from(record: CredenceRecord) -> Result<Self, CheckpointError> {
        let since = HallTime(record.doubt_ms);
        let doubt = (record.doubt.as_deref())
            .map(|name| known("doubt", name, parse_doubt).map(|doubt| (doubt, since)))
            .transpose()?;
        Ok(CredenceCheckpoint {
            sensor: record.sensor.into(),
            doubt,
            on_ms: record.on_ms,
            on_from: HallTime(record.on_from_ms),
            off_ms: record.off_ms,
            off_from: HallTime(record.off_from_ms),
        })
    }
}

impl TryFrom<EpisodeRecord> for EpisodeCheckpoint {
    type Error = CheckpointError;

    fn try_from(record: EpisodeRecord) -> Result<Self, CheckpointError> {
        Ok(EpisodeCheckpoint {
            subject: known_subject(record.subject_kind, &record.subject)?,
            code: known("code", &record.code, parse_code)?,
            onset: record.onset.into(),
            rule: EpisodeRule {
                ladder_ms: record.ladder_ms,
                return_hold_ms: record.return_hold_ms,
                rule: record.rule,
            },
            account: Account {
                absent_ms: record.absent_ms,
                returned_ms: record.returned_ms,
                unobserved_ms: record.unobserved_ms,
                paused_ms: record.paused_ms,
                brief_returns: record.brief_returns,
            },
            customers_max: record.customers_max,
            last_observed: HallTime(record.last_observed_ms),
            duty_to: HallTime(record.duty_to_ms),
            record: record.event.map(OpenRecord::try_from).transpose()?,
        })
    }
}

impl TryFrom<QueueRecord> for QueueCheckpoint {
    type Error = CheckpointError;

    fn try_from(record: QueueRecord) -> Result<Self, CheckpointError> {
        Ok(QueueCheckpoint {
            queue: record.queue.into(),
            record: record.event.map(OpenRecord::try_from).transpose()?,
            unobserved_ms: record.unobserved_ms,
            peak: record.peak,
            last_observed: record.last_observed_ms.map(HallTime),
            staffed_at_raise: record.staffed_at_raise,
            mitigated_at: record.mitigated_at.map(Stamp::from),
            no_new_window: record.no_new_window.map(OpenRecord::try_from).transpose()?,
            long_wait: record
                .long_wait
                .map(|wait| {
                    Ok::<_, CheckpointError>(WaitCheckpoint {
                        record: OpenRecord::try_from(wait.event)?,
                        unobserved_ms: wait.unobserved_ms,
                        wait_ms: wait.wait_ms,
                        peak: wait.peak,
                    })
                })
                .transpose()?,
            source_mismatch: record
                .source_mismatch
                .map(OpenRecord::try_from)
                .transpose()?,
        })
    }
}

impl TryFrom<OpenEventRecord> for OpenRecord {
    type Error = CheckpointError;

    fn try_from(record: OpenEventRecord) -> Result<Self, CheckpointError> {
        let subject = known_subject(record.subject_kind, &record.subject)?;
        Ok(OpenRecord {
            id: known("event_id", &record.event_id, parse_event_id)?,
            rev: record.rev,
            code: known("code", &record.code, parse_code)?,
            subject,
            level: known("level", &record.level, parse_level)?,
            onset: record.onset.into(),
            raised: record.raised.into(),
            rule: record.rule,
            evidence_sources: record.evidence_sources,
            tags: record
                .tags
                .iter()
                .map(|t| known("tag", t, parse_tag))
                .collect::<Result<_, _>>()?,
            related: record
                .related
                .iter()
                .map(|id| known("related event", id, parse_event_id))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn of_a_window() -> String {
    "window".into()
}

fn known_subject(kind: String, id: &str) -> Result<Subject, CheckpointError> {
    parse_subject(&kind, id).ok_or(CheckpointError::Name {
        field: "subject_kind",
        value: kind,
    })
}

pub(crate) fn known<T>(
    field: &'static str,
    value: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<T, CheckpointError> {
    parse(value).ok_or_else(|| CheckpointError::Name {
        field,
        value: value.to_owned(),
    })
}
