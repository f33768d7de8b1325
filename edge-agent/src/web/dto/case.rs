//! What people do about an event: steps in its case, acknowledgements and notes.

use edge_accounts::audit::Note;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A step in the case of an event.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseStepDto {
    /// Transaction of the client's choosing, 1 to 64 of A-Z a-z 0-9 - _ .: the same one again gets the same answer and does nothing.
    #[schema(max_length = 64)]
    pub tx: String,
    /// `confirm`, `false_alarm`, `excuse`, `feedback`, `close`, `appeal`, `uphold`, `downgrade`, `revoke` or `resolve`.
    pub action: String,
    /// `verified`, `system_error`, `official_duty`, `device_fault`, `roster_not_updated`, `leave`, `pause`, `sensor_wrong`,
    /// `video_wrong` or `other`.
    pub reason: String,
    /// In words, for those who work on the case; stays on this box.
    #[schema(max_length = 500)]
    #[serde(default)]
    pub note: String,
}

/// An acknowledgement or a note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNoteDto {
    /// Transaction, as in a step.
    #[schema(max_length = 64)]
    pub tx: String,
    /// The event was seen by whoever must see it; else it is a note only.
    #[serde(default)]
    pub acknowledge: bool,
    /// The words; may be empty in an acknowledgement.
    #[schema(max_length = 500)]
    #[serde(default)]
    pub text: String,
}

/// Asking for evidence.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceAskedDto {
    /// Why, for the access log.
    #[schema(min_length = 1, max_length = 500)]
    pub why: String,
}

/// What became of a step.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseDoneDto {
    /// Format version: 1.
    pub v: u32,
    /// The client's transaction.
    pub tx: String,
    /// ULIDs of the events that got a revision by it.
    pub events: Vec<String>,
}

/// What was written on an event.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NotesDto {
    /// Format version: 1.
    pub v: u32,
    /// ULID of the event.
    pub event_id: String,
    /// Oldest first.
    pub notes: Vec<NoteDto>,
}

/// One acknowledgement, note, or the words with a step.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoteDto {
    /// Transaction; of a step the same as in its revision.
    pub tx: String,
    /// RFC 3339.
    pub at: String,
    /// Account.
    pub by: String,
    /// Its role.
    pub role: String,
    /// `acknowledge`, `note` or `case_step`.
    pub kind: String,
    /// The words.
    pub text: String,
}

impl From<Note> for NoteDto {
    fn from(note: Note) -> Self {
        NoteDto {
            tx: note.tx,
            at: note.at,
            by: note.by,
            role: note.role,
            kind: note.deed,
            text: note.text,
        }
    }
}
