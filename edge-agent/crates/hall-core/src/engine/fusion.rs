//! The truth table: what video, sensors, duty and pause together say about a window. One table decides and explains;
//! it is data, so that documents and tests can print it. Knows no time.

use crate::snapshot::{Reason, WindowState};
use crate::tri::Tri;

/// What the cameras of a window say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VideoSays {
    /// Enough people on post.
    Present,
    /// Enough of what looks like people, none of which has moved at all for `static_suspect_s`.
    Still,
    /// A healthy camera sees the post, and nobody is there.
    Absent,
    /// Cameras silent or faulty.
    Silent,
    /// No camera has delivered anything yet.
    Never,
    /// No camera sees this post.
    NotFitted,
}

/// What the presence and seat sensors of a window say together: any trusted one that says yes wins, then any that says no, and
/// only where none can be trusted, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SensorSays {
    /// No such sensor.
    NotFitted,
    /// It has never been heard.
    Never,
    /// Reported down, or reports a fault itself.
    Fault,
    /// Stuck, flapping, found wrong by a person, or contradicting itself.
    Suspect,
    /// Silent for too long, or its gateway is down.
    Stale,
    /// A trusted sensor says nobody, none says somebody.
    No,
    /// A trusted sensor says somebody is there.
    Yes,
}

impl From<SensorSays> for Tri {
    fn from(says: SensorSays) -> Tri {
        match says {
            SensorSays::Yes => Tri::Yes,
            SensorSays::No => Tri::No,
            _ => Tri::Unknown,
        }
    }
}

/// May the window be judged at all?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gate {
    /// On duty.
    Open,
    /// On duty, service declared paused.
    Paused,
    /// On duty, absence excused by approved leave.
    OnLeave,
    /// On duty, absence excused by its group: enough of it is staffed.
    Covered,
    /// On duty, and nobody can see whether its group covers it.
    CoverUnknown,
    /// Outside duty times.
    OffDuty,
    /// Outside its duty times while the hall is open.
    Spare,
    /// Nobody knows what time it is.
    Unsynced,
}

impl Gate {
    /// Outside duty times, whether or not the hall is open.
    #[must_use]
    pub fn is_off_duty(self) -> bool {
        matches!(self, Gate::OffDuty | Gate::Spare)
    }
}

/// Has the disagreement of video and sensor lasted too long?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trust {
    /// No.
    Sound,
    /// Yes: `sensor_conflict`.
    Conflict,
}

/// One row; `None` matches everything. The first matching row decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Duty and pause.
    pub gate: Option<Gate>,
    /// Cameras.
    pub video: Option<VideoSays>,
    /// Presence and seat sensors.
    pub sensor: Option<SensorSays>,
    /// Conflict latched.
    pub trust: Option<Trust>,
    /// The window's state.
    pub state: WindowState,
    /// Why.
    pub reason: Reason,
}

const fn gate(gate: Gate, state: WindowState, reason: Reason) -> Row {
    Row {
        gate: Some(gate),
        video: None,
        sensor: None,
        trust: None,
        state,
        reason,
    }
}

const fn fuse(
    video: VideoSays,
    sensor: Option<SensorSays>,
    state: WindowState,
    reason: Reason,
) -> Row {
    Row {
        gate: None,
        video: Some(video),
        sensor,
        trust: None,
        state,
        reason,
    }
}

/// Not scheduled, the hall is open, and somebody serves.
const fn extra(video: Option<VideoSays>, sensor: Option<SensorSays>) -> Row {
    Row {
        gate: Some(Gate::Spare),
        video,
        sensor,
        trust: None,
        state: WindowState::OffDuty,
        reason: Reason::ExtraOpen,
    }
}

/// Nobody there, and that is in order, or may be.
const fn nobody(
    gate: Gate,
    video: VideoSays,
    sensor: Option<SensorSays>,
    state: WindowState,
    reason: Reason,
) -> Row {
    Row {
        gate: Some(gate),
        video: Some(video),
        sensor,
        trust: None,
        state,
        reason,
    }
}

/// Staffed if video or any trusted sensor sees somebody; unstaffed only if a healthy camera sees nobody and no trusted
/// sensor contradicts (or, without cameras, a trusted sensor says nobody); otherwise unknown. Somebody who never moves may be a
/// coat: neither staffed nor unstaffed.
pub const TRUTH_TABLE: [Row; 29] = {
    use SensorSays::{Fault, No, Stale, Suspect, Yes};
    use VideoSays::{Absent, Never, NotFitted, Present, Silent, Still};
    use WindowState::{OffDuty, Paused, Staffed, Unknown, Unstaffed};
    [
        gate(Gate::Unsynced, Unknown, Reason::ClockUnsynced),
        gate(Gate::OffDuty, OffDuty, Reason::NotScheduled),
        extra(Some(Present), None),
        extra(None, Some(Yes)),
        gate(Gate::Spare, OffDuty, Reason::NotScheduled),
        gate(Gate::Paused, Paused, Reason::PauseDeclared),
        fuse(Present, Some(Yes), Staffed, Reason::VideoAndSensorPresent),
        fuse(Present, None, Staffed, Reason::VideoPresent),
        Row {
            gate: None,
            video: None,
            sensor: None,
            trust: Some(Trust::Conflict),
            state: Unknown,
            reason: Reason::Conflict,
        },
        fuse(Still, Some(Yes), Staffed, Reason::SensorPresent),
        fuse(Still, None, Unknown, Reason::StaticPresence),
        fuse(Absent, Some(Yes), Staffed, Reason::SensorPresent),
        nobody(Gate::OnLeave, Absent, None, Unstaffed, Reason::OnLeave),
        nobody(
            Gate::Covered,
            Absent,
            None,
            Unstaffed,
            Reason::CoveredByGroup,
        ),
        nobody(
            Gate::CoverUnknown,
            Absent,
            None,
            Unknown,
            Reason::CameraDown,
        ),
        fuse(Absent, None, Unstaffed, Reason::VideoAbsent),
        fuse(Silent, Some(Yes), Staffed, Reason::SensorPresent),
        fuse(Silent, None, Unknown, Reason::CameraDown),
        fuse(Never, Some(Yes), Staffed, Reason::SensorPresent),
        fuse(Never, None, Unknown, Reason::NoObservation),
        fuse(NotFitted, Some(Yes), Staffed, Reason::SensorPresent),
        nobody(
            Gate::OnLeave,
            NotFitted,
            Some(No),
            Unstaffed,
            Reason::OnLeave,
        ),
        nobody(
            Gate::Covered,
            NotFitted,
            Some(No),
            Unstaffed,
            Reason::CoveredByGroup,
        ),
        nobody(
            Gate::CoverUnknown,
            NotFitted,
            Some(No),
            Unknown,
            Reason::CameraDown,
        ),
        fuse(NotFitted, Some(No), Unstaffed, Reason::SensorAbsent),
        fuse(NotFitted, Some(Stale), Unknown, Reason::SensorStale),
        fuse(NotFitted, Some(Suspect), Unknown, Reason::SensorSuspect),
        fuse(NotFitted, Some(Fault), Unknown, Reason::SensorDown),
        fuse(NotFitted, None, Unknown, Reason::NoObservation),
    ]
};

/// The row that decides.
#[must_use]
pub fn judge(
    gate: Gate,
    video: VideoSays,
    sensor: SensorSays,
    trust: Trust,
) -> (WindowState, Reason) {
    let row = TRUTH_TABLE.iter().find(|row| {
        row.gate.is_none_or(|g| g == gate)
            && row.video.is_none_or(|v| v == video)
            && row.sensor.is_none_or(|s| s == sensor)
            && row.trust.is_none_or(|t| t == trust)
    });
    row.map_or((WindowState::Unknown, Reason::NoObservation), |row| {
        (row.state, row.reason)
    })
}

/// The table as the documents show it.
#[must_use]
pub fn truth_table_markdown() -> String {
    fn cell(value: Option<impl std::fmt::Debug>) -> String {
        value.map_or_else(|| "–".into(), |value| format!("{value:?}"))
    }
    let mut text = String::from(
        "| gate | video | sensor | conflict | state | reason |\n|---|---|---|---|---|---|\n",
    );
    for row in TRUTH_TABLE {
        text += &format!(
            "| {} | {} | {} | {} | {:?} | {:?} |\n",
            cell(row.gate),
            cell(row.video),
            cell(row.sensor),
            cell(row.trust),
            row.state,
            row.reason
        );
    }
    text
}
