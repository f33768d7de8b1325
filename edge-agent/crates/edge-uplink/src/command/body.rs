//! What a command's JWS holds: who commands what, of which box, until when. Its form only; what of it is believed is decided elsewhere.

use hall_core::order::Directive;
use hall_wire::calendar::CalendarRecord;
use hall_wire::order::{ActorRecord, CaseRecord, DirectiveFields, LeaveRecord, OrderError};
use hall_wire::schema::{AnyInstant, One, Seq, Tx, Ulid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The verbs, and which of the fields each is given: exactly one of those listed, or none where none is.
pub const VERBS: [(&str, &[&str]); 6] = [
    ("resync", &["from_seq"]),
    ("evidence", &["event"]),
    ("verdict", &["case"]),
    ("excuse", &["case", "leave", "cancel_leave"]),
    ("calendar", &["calendar"]),
    ("config.get", &[]),
];

/// Payload of `cmd/{verb}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037); its header is `{"alg":"EdDSA","kid":"<id of the signer>"}`, its payload the
    /// command.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"))]
    pub jws: String,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Format version: 1.
    #[schemars(with = "One")]
    pub v: u32,
    /// Transaction: the same one again is answered again and done once. It stands in the topic of the reply and in every revision it makes.
    #[schemars(with = "Tx")]
    pub tx: String,
    /// What is to be done: the last level of the topic.
    pub verb: String,
    /// CloudEvents source of the box, for example `/51/5119/511921/511921-001/b1`.
    pub to: String,
    /// In whose name.
    pub by: ActorRecord,
    /// When it was given, RFC 3339; at most 60 s ahead of the box's clock.
    #[schemars(with = "AnyInstant")]
    pub at: String,
    /// It is not carried out after this.
    #[schemars(with = "AnyInstant")]
    pub expires: String,
    /// `resync`: every record from this number on is sent again.
    #[serde(default)]
    #[schemars(with = "Seq")]
    pub from_seq: Option<u64>,
    /// `evidence`: ULID of the event asked about.
    #[serde(default)]
    #[schemars(with = "Ulid")]
    pub event: Option<String>,
    /// `excuse`: leave that is granted.
    #[serde(default)]
    #[schemars(with = "LeaveRecord")]
    pub leave: Option<LeaveRecord>,
    /// `excuse`: id of leave that is cancelled.
    #[serde(default)]
    #[schemars(with = "String")]
    pub cancel_leave: Option<String>,
    /// `verdict` and `excuse`: a step in an event's case.
    #[serde(default)]
    #[schemars(with = "CaseRecord")]
    pub case: Option<CaseRecord>,
    /// `calendar`: holidays and make-up workdays of a year, in place of what the box knew of it.
    #[serde(default)]
    #[schemars(with = "CalendarRecord")]
    pub calendar: Option<CalendarRecord>,
}

impl Body {
    /// Which of the fields that tell what to do are given.
    #[must_use]
    pub fn given(&self) -> Vec<&'static str> {
        [
            ("from_seq", self.from_seq.is_some()),
            ("event", self.event.is_some()),
            ("leave", self.leave.is_some()),
            ("cancel_leave", self.cancel_leave.is_some()),
            ("case", self.case.is_some()),
            ("calendar", self.calendar.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, given)| given.then_some(name))
        .collect()
    }

    /// The directive of a `verdict` or `excuse`.
    pub(super) fn directive(self) -> Result<Directive, OrderError> {
        DirectiveFields {
            leave: self.leave,
            cancel_leave: self.cancel_leave,
            case: self.case,
        }
        .check()
    }
}
