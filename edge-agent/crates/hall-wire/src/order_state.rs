//! What orders did, as the checkpoint keeps it: leave granted and cancelled, answers given. Read only by the box that wrote it.

use hall_core::config::Leave;
use hall_core::ids::WindowId;
use hall_core::order::Answer;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{CheckpointError, known};
use crate::event::{event_id_text, parse_event_id};
use crate::name::{parse_refusal, refusal_name};

/// Leave in core figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaveState {
    id: String,
    windows: Vec<String>,
    from_local_ms: i64,
    to_local_ms: i64,
    approved_by: String,
    cover: Option<String>,
}

impl From<&Leave> for LeaveState {
    fn from(leave: &Leave) -> Self {
        LeaveState {
            id: leave.id.to_string(),
            windows: leave.windows.iter().map(ToString::to_string).collect(),
            from_local_ms: leave.from_local_ms,
            to_local_ms: leave.to_local_ms,
            approved_by: leave.approved_by.clone(),
            cover: leave.cover.as_ref().map(ToString::to_string),
        }
    }
}

impl From<LeaveState> for Leave {
    fn from(state: LeaveState) -> Self {
        Leave {
            id: state.id.into(),
            windows: state.windows.into_iter().map(WindowId::from).collect(),
            from_local_ms: state.from_local_ms,
            to_local_ms: state.to_local_ms,
            approved_by: state.approved_by,
            cover: state.cover.map(WindowId::from),
        }
    }
}

/// An answer: the events it revised, or why it was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerState {
    tx: String,
    events: Vec<String>,
    refused: Option<String>,
}

impl From<&Answer> for AnswerState {
    fn from(answer: &Answer) -> Self {
        let events = answer.result.iter().flatten();
        AnswerState {
            tx: answer.tx.clone(),
            events: events.map(|id| event_id_text(*id)).collect(),
            refused: answer
                .result
                .as_ref()
                .err()
                .map(|refusal| refusal_name(*refusal).into()),
        }
    }
}

impl TryFrom<AnswerState> for Answer {
    type Error = CheckpointError;

    fn try_from(state: AnswerState) -> Result<Self, CheckpointError> {
        let result = match state.refused {
            Some(name) => Err(known("refusal", &name, parse_refusal)?),
            None => Ok(state
                .events
                .iter()
                .map(|id| known("answered event", id, parse_event_id))
                .collect::<Result<_, _>>()?),
        };
        Ok(Answer {
            tx: state.tx,
            result,
        })
    }
}
