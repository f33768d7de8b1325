//! Who may see and do what: the tables of `access`, cell by cell as the domain reference has them, and the table in the documentation.

use hall_core::access::{
    RIGHTS, ROLES, Right, Scope, appoints, is_always_limited, may, roles_with, sees_event,
};
use hall_core::case::Concern;
use hall_core::event::EventCode;
use hall_core::order::Role;

/// Rows in the order of `ROLES`, columns in the order of `RIGHTS`.
const WANTED: [(Role, [bool; 11]); 8] = {
    const Y: bool = true;
    const N: bool = false;
    [
        // names, board, events, figures, pictures, cases, evidence, health, accounts, audit, evidence log
        (Role::Province, [Y, Y, Y, Y, Y, Y, Y, Y, Y, N, Y]),
        (Role::Supervisor, [Y, Y, Y, Y, Y, Y, Y, Y, Y, N, Y]),
        (Role::ResidentSupervisor, [Y, Y, Y, N, N, Y, N, Y, N, N, N]),
        (Role::HallManager, [Y, Y, Y, Y, Y, Y, Y, Y, Y, N, Y]),
        (Role::ChiefRepresentative, [Y, Y, Y, N, N, Y, N, Y, N, N, N]),
        (Role::Installer, [Y, Y, Y, N, Y, N, N, Y, N, N, N]),
        (Role::Patrol, [Y, N, Y, N, N, Y, N, Y, N, N, N]),
        (Role::Auditor, [Y, N, Y, N, N, N, N, Y, N, Y, Y]),
    ]
};

#[test]
fn every_role_has_exactly_the_rights_of_the_domain_reference() {
    assert_eq!(WANTED.map(|(role, _)| role), ROLES);
    for (role, row) in WANTED {
        for (right, wanted) in RIGHTS.iter().zip(row) {
            assert_eq!(may(role, *right), wanted, "{role:?} {right:?}");
        }
    }
}

#[test]
fn nobody_can_appoint_who_would_judge_him() {
    for role in ROLES {
        let named = appoints(*role);
        assert_eq!(
            !named.is_empty(),
            may(*role, Right::Accounts),
            "{role:?}: who manages accounts appoints somebody"
        );
    }
    for judge in [
        Role::Province,
        Role::Supervisor,
        Role::ResidentSupervisor,
        Role::HallManager,
    ] {
        assert!(!appoints(Role::HallManager).contains(&judge), "{judge:?}");
    }
    assert!(!appoints(Role::Supervisor).contains(&Role::Province));
    assert_eq!(roles_with(Right::Audit), [Role::Auditor]);
}

#[test]
fn a_scope_shows_its_windows_and_nothing_of_the_hall_as_a_whole() {
    let own = Scope::Windows(vec!["W1".into(), "W2".into()]);
    let nothing = Scope::Windows(Vec::new());
    let about = |ids: &[&str]| Concern::Windows(ids.iter().map(|id| (*id).into()).collect());
    for (scope, concern, seen) in [
        (&Scope::Hall, Concern::Hall, true),
        (&Scope::Hall, about(&["W9"]), true),
        (&own, about(&["W1"]), true),
        (&own, about(&["W2", "W9"]), true),
        (&own, about(&["W9"]), false),
        (&own, Concern::Hall, false),
        (&nothing, about(&["W1"]), false),
    ] {
        for role in [Role::HallManager, Role::ChiefRepresentative] {
            assert_eq!(
                sees_event(role, scope, EventCode::Unstaffed, &concern),
                seen,
                "{role:?} {scope:?} {concern:?}"
            );
        }
    }
    // What shows several windows at once is shown when none of them is another's.
    assert!(
        own.covers(&["W1".into()]) && !own.covers(&["W1".into(), "W9".into()]) && !own.covers(&[])
    );
    assert!(own.touches(&["W9".into(), "W2".into()]) && !nothing.covers(&[]));
    assert!(
        ROLES
            .iter()
            .filter(|role| is_always_limited(**role))
            .eq(&[Role::ResidentSupervisor, Role::ChiefRepresentative])
    );
}

#[test]
fn patrol_sees_what_devices_report_and_nothing_about_windows() {
    let sees = |code| sees_event(Role::Patrol, &Scope::Hall, code, &Concern::Hall);
    assert!(sees(EventCode::CameraOffline) && sees(EventCode::SensorFault));
    assert!(!sees(EventCode::Unstaffed) && !sees(EventCode::QueueLong));
}

#[test]
fn the_documentation_shows_these_tables() {
    let document = include_str!("../../../docs/accounts.md");
    let mark = |yes: bool| if yes { "yes" } else { "–" };
    for role in ROLES {
        let cells: Vec<_> = RIGHTS
            .iter()
            .map(|right| mark(may(*role, *right)))
            .collect();
        let row = format!("| {} | {} |", name(*role), cells.join(" | "));
        assert!(document.contains(&row), "docs/accounts.md must hold\n{row}");
    }
    for role in ROLES.iter().filter(|role| may(**role, Right::Accounts)) {
        let named: Vec<_> = appoints(*role).iter().map(|role| name(*role)).collect();
        let row = format!("| {} | {} |", name(*role), named.join(", "));
        assert!(document.contains(&row), "docs/accounts.md must hold\n{row}");
    }
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Province => "province",
        Role::Supervisor => "supervisor",
        Role::ResidentSupervisor => "resident_supervisor",
        Role::HallManager => "hall_manager",
        Role::ChiefRepresentative => "chief_representative",
        Role::Installer => "installer",
        Role::Patrol => "patrol",
        Role::Auditor => "auditor",
    }
}
