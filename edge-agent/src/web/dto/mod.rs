//! HTTP forms v1: versioned copies of what the core and the composition root know, so that those may change without
//! changing the interface. Golden files under `web/golden` pin every one of them; fields are only ever added.

mod account;
mod audit;
mod camera;
mod case;
mod day;
mod event;
mod hall;
mod health;
mod history;
mod report;
mod sensor;
mod session;
mod snapshot;

use serde::Serialize;
use utoipa::ToSchema;

pub use account::{AccountChangedDto, AccountDto, AccountPatchDto, AccountsDto, NewAccountDto};
pub use audit::{AuditEntryDto, AuditPageDto};
pub use camera::{BoxDto, BoxesDto};
pub use case::{CaseDoneDto, CaseStepDto, EvidenceAskedDto, NewNoteDto, NoteDto, NotesDto};
pub use day::{
    DayDto, DayEventDto, DayHourDto, DaysDto, PieceDto, QueueDayDto, QueueStepDto, StaffingDto,
    TimeClassDto, WindowDayDto, WindowHourDto,
};
pub use event::{ClockQualityDto, EventDto, EventPageDto, EventRevisionsDto};
pub use hall::{
    CameraInfoDto, HallDto, NamesDto, PointDto, QueueInfoDto, RulesDto, SensorInfoDto,
    SensorKindDto, VersionsDto, WindowInfoDto, ZoneDto, ZoneKindDto,
};
pub use health::{
    CameraHealthDto, CameraStateDto, CertificateHealthDto, ClockHealthDto, ComponentHealthDto,
    ComponentStateDto, HealthDto, OverallDto, StoreHealthDto, UplinkHealthDto, UplinkModeDto,
};
pub use history::{HistoryDto, QueueHistoryDto, StateRunDto, WindowHistoryDto};
pub use report::{ReportTableDto, ReportTablesDto};
pub use sensor::{QualityDto, SensorReasonDto, SensorSnapshotDto};
pub use session::{LoginDto, PasswordDto, SessionDto, SessionModeDto, SetUpDto, WhoDto};
pub use snapshot::{
    CameraSnapshotDto, FaultDto, LevelDto, QueueSnapshotDto, QueueStateDto, ReasonDto, SnapshotDto,
    TriDto, WindowSnapshotDto, WindowStateDto,
};

/// Every error body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorDto {
    /// Stable code, for example `camera_unknown`.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
    /// Finds the request in the log; also in the `x-request-id` header.
    pub request_id: String,
}

/// What was made of a device's message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PushedDto {
    /// Format version: 1.
    pub v: u32,
    /// `reading`, or `nothing`: a sign of life without a state.
    pub taken: String,
    /// The reading as the box uses it, after `invert`.
    pub value: Option<bool>,
}

/// What was made of a ticket machine's message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TicketsPushedDto {
    /// Format version: 1.
    pub v: u32,
    /// Always `tickets`.
    pub taken: String,
    /// Words in the message; 0: a sign of life.
    pub words: usize,
    /// Of these, new: what is said of a ticket that is over counts once.
    pub new: usize,
}

/// What was made of an evaluation terminal's message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RatingsPushedDto {
    /// Format version: 1.
    pub v: u32,
    /// Always `ratings`.
    pub taken: String,
    /// Ratings in the message, all counted.
    pub words: usize,
}

/// Live stream: the configuration changed, fetch `/api/hall` again.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HallChangedDto {
    /// Format version: 1.
    pub v: u32,
}

/// Live stream: the event store began anew, sequence numbers held by the client mean nothing any more.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ResetDto {
    /// Format version: 1.
    pub v: u32,
    /// Newest sequence number now.
    pub last_seq: u64,
}
