//! The life of an event's case as two tables: which step leads from where to where, and whose step it is. The box only suspects; every
//! step is a decision of people. Pure: knows no engine, and takes the accounts it is told as given.

use crate::config::EngineConfig;
use crate::event::{Event, EventCode, Level, Review, Subject};
use crate::ids::WindowId;
use crate::order::{Actor, CaseAction, CaseReason, Refusal, Role};

/// Every step there is: in this state, by this action, to that state. What is not listed is refused.
pub const STEPS: &[(Review, CaseAction, Review)] = &[
    (Review::Suspected, CaseAction::Confirm, Review::Confirmed),
    (
        Review::Suspected,
        CaseAction::FalseAlarm,
        Review::FalseAlarm,
    ),
    (Review::Suspected, CaseAction::Excuse, Review::Excused),
    (Review::Suspected, CaseAction::Resolve, Review::Closed),
    (Review::Confirmed, CaseAction::Feedback, Review::Feedback),
    (Review::Confirmed, CaseAction::Appeal, Review::Appealed),
    (Review::Confirmed, CaseAction::Resolve, Review::Closed),
    (Review::Feedback, CaseAction::Close, Review::Closed),
    (Review::Feedback, CaseAction::Appeal, Review::Appealed),
    (Review::Closed, CaseAction::Appeal, Review::Appealed),
    (Review::Appealed, CaseAction::Uphold, Review::Upheld),
    (Review::Appealed, CaseAction::Downgrade, Review::Downgraded),
    (Review::Appealed, CaseAction::Revoke, Review::Revoked),
    (Review::Upheld, CaseAction::Feedback, Review::Feedback),
    (Review::Upheld, CaseAction::Close, Review::Closed),
    (Review::Downgraded, CaseAction::Feedback, Review::Feedback),
    (Review::Downgraded, CaseAction::Close, Review::Closed),
];

/// Which events an action is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What happens at posts and in queues: it is supervised.
    Post,
    /// What devices, sources and the box itself report: it is repaired.
    Upkeep,
}

/// Whose step an action is, for which kind of event, and whether it can be taken while the event still goes on.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    /// The action.
    pub action: CaseAction,
    /// Roles that may take it on events of posts and queues; none: it is not for them.
    pub post: &'static [Role],
    /// Roles that may take it on events of devices, sources and the box; none: it is not for them.
    pub upkeep: &'static [Role],
    /// Also before the event has ended. An appeal and a closing need the whole of it.
    pub while_open: bool,
}

const VERIFIERS: &[Role] = &[Role::Supervisor, Role::Province];
const MANAGERS: &[Role] = &[Role::HallManager, Role::Supervisor, Role::Province];

/// Who may do what (domain reference §1.8).
pub const PERMISSIONS: &[Permission] = &[
    permission(CaseAction::Confirm, VERIFIERS, VERIFIERS, true),
    permission(CaseAction::FalseAlarm, VERIFIERS, VERIFIERS, true),
    permission(CaseAction::Excuse, MANAGERS, &[], true),
    permission(
        CaseAction::Feedback,
        &[
            Role::ChiefRepresentative,
            Role::HallManager,
            Role::ResidentSupervisor,
        ],
        &[],
        true,
    ),
    permission(CaseAction::Close, VERIFIERS, &[], false),
    permission(
        CaseAction::Appeal,
        &[Role::ChiefRepresentative, Role::HallManager],
        &[],
        false,
    ),
    permission(CaseAction::Uphold, VERIFIERS, &[], false),
    permission(CaseAction::Downgrade, VERIFIERS, &[], false),
    permission(CaseAction::Revoke, VERIFIERS, &[], false),
    permission(
        CaseAction::Resolve,
        &[],
        &[
            Role::Patrol,
            Role::HallManager,
            Role::Supervisor,
            Role::Province,
        ],
        true,
    ),
];

const fn permission(
    action: CaseAction,
    post: &'static [Role],
    upkeep: &'static [Role],
    while_open: bool,
) -> Permission {
    Permission {
        action,
        post,
        upkeep,
        while_open,
    }
}

/// What an event concerns: windows, or the hall as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// These windows, at least one.
    Windows(Vec<WindowId>),
    /// No window of its own.
    Hall,
}

impl Concern {
    /// Which windows a subject is about.
    #[must_use]
    pub fn of(subject: &Subject, cfg: &EngineConfig) -> Concern {
        let windows = match subject {
            Subject::Window(id) => vec![id.clone()],
            Subject::Group(id) => cfg
                .groups
                .iter()
                .find(|group| group.id == *id)
                .map(|group| group.windows.clone())
                .unwrap_or_default(),
            Subject::Queue(id) => cfg
                .queues
                .iter()
                .find(|queue| queue.id == *id)
                .map(|queue| queue.windows.clone())
                .unwrap_or_default(),
            Subject::Sensor(id) => cfg
                .sensors
                .iter()
                .find(|sensor| sensor.id == *id)
                .map(|sensor| vec![sensor.window.clone()])
                .unwrap_or_default(),
            Subject::Camera(_) | Subject::Gateway(_) | Subject::Hall | Subject::Device => {
                Vec::new()
            }
        };
        if windows.is_empty() {
            Concern::Hall
        } else {
            Concern::Windows(windows)
        }
    }

    /// One of `windows` is concerned.
    fn touches(&self, windows: &[WindowId]) -> bool {
        match self {
            Concern::Windows(own) => own.iter().any(|window| windows.contains(window)),
            Concern::Hall => false,
        }
    }
}

/// The state that `action` leads to from `state`; `None`: there is no such step.
#[must_use]
pub fn next(state: Review, action: CaseAction) -> Option<Review> {
    STEPS
        .iter()
        .find(|(from, by, _)| (*from, *by) == (state, action))
        .map(|(_, _, to)| *to)
}

/// Nothing but the record is left of such a case: the event no longer counts.
#[must_use]
pub fn is_struck(state: Review) -> bool {
    matches!(
        state,
        Review::FalseAlarm | Review::Excused | Review::Revoked
    )
}

/// Whether an event is about posts and queues or about devices.
#[must_use]
pub fn kind(code: EventCode) -> Kind {
    use EventCode as E;
    match code {
        E::Unstaffed
        | E::LateOpen
        | E::QueueLong
        | E::HallUnstaffed
        | E::CustomerUnattended
        | E::PauseOverrun
        | E::PauseQuota
        | E::LongWait
        | E::NoNewWindow => Kind::Post,
        E::CameraOffline
        | E::CameraDark
        | E::CameraBlocked
        | E::CameraBlurry
        | E::CameraFrozen
        | E::CameraMoved
        | E::SensorFault
        | E::SensorConflict
        | E::StaticPresenceSuspect
        | E::SourceMismatch
        | E::GatewayOffline
        | E::TimeUnsynced
        | E::ClockStep
        | E::StorageLow
        | E::PowerRestored
        | E::ConfigChanged
        | E::ModelChanged
        | E::CalendarMissing => Kind::Upkeep,
    }
}

/// The level one step below; `None`: there is none that could still be supervised.
#[must_use]
pub fn downgraded(level: Level) -> Option<Level> {
    match level {
        Level::Severe => Some(Level::Warn),
        Level::Warn => Some(Level::Notice),
        Level::Notice | Level::Info | Level::Fault => None,
    }
}

/// Where the case goes by this step.
///
/// # Errors
/// The first of these that holds: the actor is the subject of the event (`OwnCase`); the action is not the role's (`Role`); the event is
/// not about the actor's windows (`Scope`); the action or its reason does not fit this event (`Invalid`); the case does not stand where
/// the step begins, or the event must end first (`State`).
pub fn decide(
    event: &Event,
    concern: &Concern,
    by: &Actor,
    action: CaseAction,
    reason: CaseReason,
) -> Result<Review, Refusal> {
    if is_decision(action) && is_subject(event, concern, by) {
        return Err(Refusal::OwnCase);
    }
    let permission = PERMISSIONS
        .iter()
        .find(|p| p.action == action)
        .ok_or(Refusal::Invalid)?;
    let (roles, others) = match kind(event.code) {
        Kind::Post => (permission.post, permission.upkeep),
        Kind::Upkeep => (permission.upkeep, permission.post),
    };
    if !roles.contains(&by.role) {
        // Right office, wrong kind of event: the order is at fault, not the person.
        let refusal = if roles.is_empty() && others.contains(&by.role) {
            Refusal::Invalid
        } else {
            Refusal::Role
        };
        return Err(refusal);
    }
    let limited = matches!(
        by.role,
        Role::ChiefRepresentative | Role::ResidentSupervisor
    ) || !by.windows.is_empty();
    if limited && !concern.touches(&by.windows) {
        return Err(Refusal::Scope);
    }
    if !fits(action, reason) {
        return Err(Refusal::Invalid);
    }
    let next = next(event.review, action).ok_or(Refusal::State)?;
    let too_early =
        event.end.is_none() && !(permission.while_open && may_precede_end(event, action));
    let too_low = action == CaseAction::Downgrade && downgraded(event.level).is_none();
    if too_early || too_low {
        return Err(Refusal::State);
    }
    Ok(next)
}

/// Everything but explaining and appealing judges the event.
fn is_decision(action: CaseAction) -> bool {
    !matches!(action, CaseAction::Feedback | CaseAction::Appeal)
}

/// Whose doing the event is about: a representative answers for its windows, a manager for the hall as a whole.
fn is_subject(event: &Event, concern: &Concern, by: &Actor) -> bool {
    match by.role {
        Role::ChiefRepresentative => concern.touches(&by.windows),
        Role::HallManager => event.subject == Subject::Hall && kind(event.code) == Kind::Post,
        _ => false,
    }
}

/// A device that still fails is not repaired by saying so; a disagreement of sources can be decided while it lasts.
fn may_precede_end(event: &Event, action: CaseAction) -> bool {
    action != CaseAction::Resolve
        || matches!(
            event.code,
            EventCode::SensorConflict
                | EventCode::StaticPresenceSuspect
                | EventCode::SourceMismatch
        )
}

/// An excuse is something on record (leave, pause, roster, official duty), never a finding about the system: that is a false alarm.
fn fits(action: CaseAction, reason: CaseReason) -> bool {
    use CaseReason as R;
    match action {
        CaseAction::Excuse => matches!(
            reason,
            R::Leave | R::Pause | R::RosterNotUpdated | R::OfficialDuty | R::Other
        ),
        CaseAction::FalseAlarm => !matches!(
            reason,
            R::Leave | R::Pause | R::RosterNotUpdated | R::OfficialDuty
        ),
        _ => true,
    }
}
