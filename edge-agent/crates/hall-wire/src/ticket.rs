//! What a ticket machine says about one ticket, v1: the record that adapters and replay files share. Ticket numbers pass through
//! here into the engine's memory and nowhere else: no event, state or log carries them.

use hall_core::ids::{QueueId, WindowId};
use hall_core::observe::{Ticket, TicketState};
use hall_core::time::{HallTime, WallClock};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::parse_rfc3339;

/// Longest ticket number; machines print a handful of characters.
const NUMBER_MAX: usize = 32;
/// More people than this do not come with one ticket.
const PARTY_MAX: u32 = 100;

/// One word of a ticket machine, as written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketRecord {
    /// Format version: 1.
    #[serde(default = "one")]
    pub v: u32,
    /// Always `ticket`.
    #[serde(default = "ticket")]
    pub src: String,
    /// Queue id.
    pub queue: String,
    /// Number as printed, for example `A023`.
    pub ticket: String,
    /// The window it was called to.
    #[serde(default)]
    pub window: Option<String>,
    /// Where it is in its life.
    pub state: TicketStateName,
    /// When it was taken, RFC 3339 with offset.
    #[serde(default)]
    pub taken_at: Option<String>,
    /// When it was called.
    #[serde(default)]
    pub called_at: Option<String>,
    /// When service began.
    #[serde(default)]
    pub start_at: Option<String>,
    /// When service ended.
    #[serde(default)]
    pub end_at: Option<String>,
    /// Called before others; for information.
    #[serde(default)]
    pub priority: bool,
    /// People who came with it.
    #[serde(default = "one")]
    pub party: u32,
}

impl std::fmt::Debug for TicketRecord {
    /// Without the number, so that no log can hold one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TicketRecord")
            .field("queue", &self.queue)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Names of [`TicketState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketStateName {
    /// Taken, not called yet.
    Waiting,
    /// Called to a window.
    Called,
    /// Being served.
    Serving,
    /// Served.
    Done,
    /// Called and nobody came.
    NoShow,
    /// Called again.
    Recalled,
    /// Sent to another queue or window.
    Transferred,
    /// Given back.
    Cancelled,
}

impl From<TicketStateName> for TicketState {
    fn from(name: TicketStateName) -> Self {
        match name {
            TicketStateName::Waiting => TicketState::Waiting,
            TicketStateName::Called => TicketState::Called,
            TicketStateName::Serving => TicketState::Serving,
            TicketStateName::Done => TicketState::Done,
            TicketStateName::NoShow => TicketState::NoShow,
            TicketStateName::Recalled => TicketState::Recalled,
            TicketStateName::Transferred => TicketState::Transferred,
            TicketStateName::Cancelled => TicketState::Cancelled,
        }
    }
}

impl From<TicketState> for TicketStateName {
    fn from(state: TicketState) -> Self {
        match state {
            TicketState::Waiting => TicketStateName::Waiting,
            TicketState::Called => TicketStateName::Called,
            TicketState::Serving => TicketStateName::Serving,
            TicketState::Done => TicketStateName::Done,
            TicketState::NoShow => TicketStateName::NoShow,
            TicketState::Recalled => TicketStateName::Recalled,
            TicketState::Transferred => TicketStateName::Transferred,
            TicketState::Cancelled => TicketStateName::Cancelled,
        }
    }
}

/// A record whose values make sense; times are wall times in Unix milliseconds.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketWord {
    queue: QueueId,
    number: String,
    window: Option<WindowId>,
    state: TicketState,
    taken_ms: Option<i64>,
    called_ms: Option<i64>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    party: u32,
}

impl std::fmt::Debug for TicketWord {
    /// Without the number, so that no log can hold one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TicketWord")
            .field("queue", &self.queue)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What is wrong with a ticket record.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field}: {reason}")]
pub struct TicketError {
    /// Which field.
    pub field: &'static str,
    /// Why, and what is expected.
    pub reason: String,
}

fn wrong(field: &'static str, reason: impl Into<String>) -> TicketError {
    TicketError {
        field,
        reason: reason.into(),
    }
}

impl TicketRecord {
    /// The record with its values checked.
    ///
    /// # Errors
    /// When a value cannot be. The message never holds the number.
    pub fn check(self) -> Result<TicketWord, TicketError> {
        if self.v != 1 {
            return Err(wrong(
                "v",
                format!("{} is not known; this is version 1", self.v),
            ));
        }
        if self.src != "ticket" {
            return Err(wrong("src", "must be 'ticket'"));
        }
        if self.ticket.is_empty() || self.ticket.chars().count() > NUMBER_MAX {
            return Err(wrong(
                "ticket",
                format!("must have 1 to {NUMBER_MAX} characters"),
            ));
        }
        if !(1..=PARTY_MAX).contains(&self.party) {
            return Err(wrong("party", format!("must be 1 to {PARTY_MAX} people")));
        }
        let instant = |field, text: Option<String>| {
            text.map(|text| parse_rfc3339(&text).map(|(ms, _)| ms))
                .transpose()
                .map_err(|e| wrong(field, e.to_string()))
        };
        Ok(TicketWord {
            queue: self.queue.into(),
            number: self.ticket,
            window: self.window.map(WindowId::from),
            state: self.state.into(),
            taken_ms: instant("taken_at", self.taken_at)?,
            called_ms: instant("called_at", self.called_at)?,
            start_ms: instant("start_at", self.start_at)?,
            end_ms: instant("end_at", self.end_at)?,
            party: self.party,
        })
    }
}

impl TicketWord {
    /// The queue it speaks of.
    #[must_use]
    pub fn queue(&self) -> &QueueId {
        &self.queue
    }

    /// The engine's form of it, said at `at`; the machine's wall times are seen through the box's present clock.
    #[must_use]
    pub fn said(&self, at: HallTime, clock: &WallClock) -> Ticket {
        let hall = |ms: Option<i64>| ms.map(|ms| clock.hall(ms));
        Ticket {
            queue: self.queue.clone(),
            at,
            number: self.number.clone(),
            window: self.window.clone(),
            state: self.state,
            taken_at: hall(self.taken_ms),
            called_at: hall(self.called_ms),
            start_at: hall(self.start_ms),
            end_at: hall(self.end_ms),
            party: self.party,
        }
    }
}

fn one() -> u32 {
    1
}

fn ticket() -> String {
    "ticket".into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The canonical record of the domain reference §2.2.
    const CANONICAL: &str = r#"{"v":1,"src":"ticket","queue":"SB","ticket":"A023","window":"W3","state":"called",
        "taken_at":"2026-09-21T09:02:11+08:00","called_at":"2026-09-21T09:12:11+08:00","start_at":null,"end_at":null,"priority":false,"party":2}"#;

    #[test]
    fn the_canonical_record_is_understood() {
        let record: TicketRecord = serde_json::from_str(CANONICAL).unwrap();
        let ticket = record
            .check()
            .unwrap()
            .said(HallTime(7), &WallClock::unix(28_800));
        assert_eq!((ticket.number.as_str(), ticket.party), ("A023", 2));
        let waited = ticket.called_at.unwrap().since_ms(ticket.taken_at.unwrap());
        assert_eq!(waited, 600_000);
    }

    #[test]
    fn wrong_records_are_refused_without_naming_the_number() {
        for (from, to, expected) in [
            (
                r#""v":1"#,
                r#""v":2"#,
                "v: 2 is not known; this is version 1",
            ),
            ("\"A023\"", "\"\"", "ticket: must have 1 to 32 characters"),
            (
                r#""party":2"#,
                r#""party":0"#,
                "party: must be 1 to 100 people",
            ),
            (
                r#""src":"ticket""#,
                r#""src":"other""#,
                "src: must be 'ticket'",
            ),
        ] {
            let text = CANONICAL.replacen(from, to, 1);
            let record: TicketRecord = serde_json::from_str(&text).unwrap();
            assert_eq!(record.check().unwrap_err().to_string(), expected);
        }
        let record: TicketRecord = serde_json::from_str(CANONICAL).unwrap();
        assert!(!format!("{record:?}{:?}", record.clone().check()).contains("A023"));
    }
}
