//! Who may see and do what on the page, as tables: role × right, role × role, and what of the hall a scope shows. The only place that
//! decides it. Pure; whether a step in a case may be taken is decided by [`case`](crate::case).

use crate::case::{Concern, Kind, kind};
use crate::event::EventCode;
use crate::ids::WindowId;
use crate::order::Role;

/// Something an account may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// The hall now: windows, queues, half an hour of history.
    Board,
    /// Names, zones and rules of the hall.
    Names,
    /// Events and their revisions.
    Events,
    /// Kept days and the month's report, of the whole hall.
    Figures,
    /// Camera pictures and detections, persons pixelated.
    Pictures,
    /// Steps in the cases of events, and notes on them.
    Cases,
    /// Evidence of an event as a file.
    Evidence,
    /// The state of the box in full, and its figures.
    Health,
    /// Making, changing and disabling accounts.
    Accounts,
    /// The whole access log.
    Audit,
    /// What the access log says about evidence that was handed out.
    EvidenceLog,
}

/// Every right, in the order of the documentation.
pub const RIGHTS: &[Right] = &[
    Right::Names,
    Right::Board,
    Right::Events,
    Right::Figures,
    Right::Pictures,
    Right::Cases,
    Right::Evidence,
    Right::Health,
    Right::Accounts,
    Right::Audit,
    Right::EvidenceLog,
];

/// Every role, in the order of the domain reference.
pub const ROLES: &[Role] = &[
    Role::Province,
    Role::Supervisor,
    Role::ResidentSupervisor,
    Role::HallManager,
    Role::ChiefRepresentative,
    Role::Installer,
    Role::Patrol,
    Role::Auditor,
];

/// Roles that have a right (domain reference §1.8).
#[must_use]
pub const fn roles_with(right: Right) -> &'static [Role] {
    use Role as R;
    match right {
        Right::Names | Right::Health => ROLES,
        Right::Board => &[
            R::Province,
            R::Supervisor,
            R::ResidentSupervisor,
            R::HallManager,
            R::ChiefRepresentative,
            R::Installer,
        ],
        Right::Events => ROLES,
        // A representative sees its own windows; a picture shows the neighbours too. Patrol sees no personal imagery.
        Right::Pictures => &[R::Province, R::Supervisor, R::HallManager, R::Installer],
        Right::Cases => &[
            R::Province,
            R::Supervisor,
            R::ResidentSupervisor,
            R::HallManager,
            R::ChiefRepresentative,
            R::Patrol,
        ],
        Right::Evidence | Right::Figures => &[R::Province, R::Supervisor, R::HallManager],
        Right::Accounts => &[R::Province, R::Supervisor, R::HallManager],
        Right::Audit => &[R::Auditor],
        Right::EvidenceLog => &[R::Province, R::Supervisor, R::HallManager, R::Auditor],
    }
}

/// Whether a role has a right.
#[must_use]
pub fn may(role: Role, right: Right) -> bool {
    roles_with(right).contains(&role)
}

/// Roles whose accounts a role may make, change and disable. A hall manager appoints nobody who supervises the hall: else he could
/// excuse himself through a second account.
#[must_use]
pub const fn appoints(role: Role) -> &'static [Role] {
    use Role as R;
    match role {
        R::Province => ROLES,
        R::Supervisor => &[
            R::Supervisor,
            R::ResidentSupervisor,
            R::HallManager,
            R::ChiefRepresentative,
            R::Installer,
            R::Patrol,
            R::Auditor,
        ],
        R::HallManager => &[R::ChiefRepresentative, R::Installer, R::Patrol, R::Auditor],
        R::ResidentSupervisor | R::ChiefRepresentative | R::Installer | R::Patrol | R::Auditor => {
            &[]
        }
    }
}

/// What of the hall somebody is limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Not limited.
    Hall,
    /// These windows; none at all is possible, when a department has no window any more.
    Windows(Vec<WindowId>),
}

impl Scope {
    /// One window is within.
    #[must_use]
    pub fn holds(&self, window: &WindowId) -> bool {
        match self {
            Scope::Hall => true,
            Scope::Windows(own) => own.contains(window),
        }
    }

    /// Something about these windows is within: at least one of them is. What is about no window belongs to the hall as a whole.
    #[must_use]
    pub fn touches(&self, windows: &[WindowId]) -> bool {
        match self {
            Scope::Hall => true,
            Scope::Windows(_) => windows.iter().any(|window| self.holds(window)),
        }
    }

    /// Nothing but these windows is shown by something that shows them: all of them are within, and there is one.
    #[must_use]
    pub fn covers(&self, windows: &[WindowId]) -> bool {
        match self {
            Scope::Hall => true,
            Scope::Windows(_) => {
                !windows.is_empty() && windows.iter().all(|window| self.holds(window))
            }
        }
    }
}

/// Whether an account of this role must be limited to windows.
#[must_use]
pub fn is_always_limited(role: Role) -> bool {
    matches!(role, Role::ChiefRepresentative | Role::ResidentSupervisor)
}

/// Whether an event is shown: it is about the scope's windows, and to patrol only what devices, sources and the box report.
#[must_use]
pub fn sees_event(role: Role, scope: &Scope, code: EventCode, concern: &Concern) -> bool {
    let within = match (scope, concern) {
        (Scope::Hall, _) => true,
        (Scope::Windows(_), Concern::Windows(windows)) => scope.touches(windows),
        (Scope::Windows(_), Concern::Hall) => false,
    };
    within && (role != Role::Patrol || kind(code) == Kind::Upkeep)
}
