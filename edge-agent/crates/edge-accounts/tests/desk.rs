//! Signing in and managing accounts, on real files.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use edge_accounts::{
    AccountDesk, AccountScope, Change, Grant, Moment, NewAccount, Refused, write_setup_code,
};
use hall_core::access::Scope;
use hall_core::ids::WindowId;
use hall_core::order::Role;
use hall_core::time::HallTime;

const OWN: &str = "umbrella tea stapler";
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 7));

fn at(ms: i64) -> Moment {
    Moment {
        at: HallTime(ms),
        unix_ms: 1_790_000_000_000 + ms,
    }
}

fn new(name: &str, role: Role) -> NewAccount {
    NewAccount {
        name: name.into(),
        role,
        scope: AccountScope::default(),
    }
}

/// A box whose first account is `chief` with this role.
fn set_up(dir: &Path, role: Role) -> (AccountDesk, Grant) {
    let desk = AccountDesk::open(dir).unwrap();
    let (code, _) = desk.setup_code().unwrap().unwrap();
    let grant = desk
        .set_up(&code, &new("first", role), OWN, HERE, at(0))
        .unwrap();
    (desk, grant)
}

#[test]
fn a_fresh_box_takes_nothing_but_its_code_and_the_code_once() {
    let storage = tempfile::tempdir().unwrap();
    let dir = storage.path().join("accounts");
    let desk = AccountDesk::open(&dir).unwrap();
    assert!(desk.needs_setup());
    let (code, path) = desk.setup_code().unwrap().unwrap();
    for secret in [path.as_str(), dir.to_str().unwrap()] {
        let mode = std::fs::metadata(secret).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{secret}");
    }
    let manager = new("first", Role::HallManager);
    let wrong = desk.set_up("0000-0000-0000-0000", &manager, OWN, HERE, at(0));
    assert!(matches!(wrong, Err(Refused::Code)));
    let clerk = new("first", Role::Patrol);
    let refused = desk.set_up(&code, &clerk, OWN, HERE, at(0));
    assert!(
        matches!(refused, Err(Refused::Invalid(_))),
        "nobody could manage accounts"
    );
    let grant = desk.set_up(&code, &manager, OWN, HERE, at(0)).unwrap();
    assert_eq!(desk.signed(&grant.token, at(1)).unwrap(), grant.signed);
    assert!(!desk.needs_setup() && desk.setup_code().unwrap().is_none());
    let again = desk.set_up(&code, &new("second", Role::HallManager), OWN, HERE, at(2));
    assert!(matches!(again, Err(Refused::Code)));

    // The same accounts after a restart, no session, and no plain password anywhere.
    let desk = AccountDesk::open(&dir).unwrap();
    assert!(!desk.needs_setup() && desk.signed(&grant.token, at(3)).is_none());
    assert!(desk.log_in("first", OWN, None, HERE, at(4)).is_ok());
    let kept = std::fs::read_to_string(dir.join("accounts.json")).unwrap();
    assert!(kept.contains("$argon2id$v=19$m=19456,t=2,p=1$") && !kept.contains("umbrella"));

    // At the console a code can be made at any time, also while the box runs.
    let (code, _) = write_setup_code(&dir).unwrap();
    desk.set_up(&code, &new("rescue", Role::Supervisor), OWN, HERE, at(5))
        .unwrap();
}

#[test]
fn signing_in_gives_a_new_token_and_ends_the_one_that_came() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, planted) = set_up(dir.path(), Role::HallManager);
    let grant = desk
        .log_in("first", OWN, Some(&planted.token), HERE, at(1))
        .unwrap();
    assert_ne!(grant.token, planted.token);
    assert_ne!(grant.signed.csrf, planted.signed.csrf);
    assert!(desk.signed(&planted.token, at(2)).is_none());
    assert!(desk.signed(&grant.token, at(2)).is_some());
    let other = desk.log_in("first", OWN, None, HERE, at(3)).unwrap();
    desk.log_out(&other.token);
    assert!(
        desk.signed(&other.token, at(4)).is_none() && desk.signed(&grant.token, at(4)).is_some()
    );
    desk.log_out_everywhere("first");
    assert!(desk.signed(&grant.token, at(5)).is_none());
}

#[test]
fn a_thousand_wrong_passwords_do_not_come_through_and_the_right_one_waits_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, _) = set_up(dir.path(), Role::HallManager);
    let (mut refused, mut locked) = (0, 0);
    for n in 0..1000 {
        match desk.log_in("first", &format!("wrong {n}"), None, HERE, at(n)) {
            Err(Refused::Login) => refused += 1,
            Err(Refused::Locked { wait_ms, .. }) => {
                assert!(wait_ms > 0);
                locked += 1;
            }
            other => panic!("{n}: {other:?}"),
        }
    }
    assert_eq!((refused, locked), (4, 996), "the fifth locks");
    let right = desk.log_in("first", OWN, None, HERE, at(2000));
    assert!(matches!(right, Err(Refused::Locked { .. })));
    let words = right.unwrap_err().to_string();
    // 58.004 s are left: never less is said than has to be waited.
    assert!(words.contains("another 59 s"), "{words}");
    // Names that do not exist are locked in the same way, so that a lock tells nothing.
    for n in 0..5 {
        let answer = desk.log_in("nobody", "wrong", None, [10, 0, 0, 9].into(), at(n));
        assert_eq!(matches!(answer, Err(Refused::Locked { .. })), n == 4);
    }
    desk.log_in("first", OWN, None, HERE, at(120_000)).unwrap();
}

#[test]
fn a_first_password_opens_only_the_way_to_an_own_one_and_only_for_a_week() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, _) = set_up(dir.path(), Role::HallManager);
    let first = desk
        .appoint(Role::HallManager, &new("clerk", Role::Patrol), at(0))
        .unwrap();
    let typed = first.to_lowercase().replace('-', "");
    let week = 7 * 86_400_000;
    let unused = desk
        .appoint(Role::HallManager, &new("late", Role::Patrol), at(0))
        .unwrap();
    let grant = desk.log_in("clerk", &typed, None, HERE, at(1)).unwrap();
    assert!(grant.signed.password_due);
    for (own, says) in [
        ("short", "12"),
        (first.as_str(), "old one"),
        ("the clerk of ours", "name"),
    ] {
        let refused = desk
            .change_password("clerk", &first, own, HERE, at(2))
            .unwrap_err();
        assert!(refused.to_string().contains(says), "{own}: {refused}");
    }
    assert!(
        desk.change_password("clerk", "wrong", OWN, HERE, at(2))
            .is_err()
    );
    let changed = desk
        .change_password("clerk", &first, OWN, HERE, at(2))
        .unwrap();
    assert!(!changed.signed.password_due);
    assert!(
        desk.signed(&grant.token, at(3)).is_none(),
        "all sessions of before end"
    );
    assert!(desk.log_in("clerk", &first, None, HERE, at(4)).is_err());
    assert!(desk.log_in("late", &unused, None, HERE, at(week)).is_err());
    desk.log_in("clerk", OWN, None, HERE, at(week + 1)).unwrap();
}

#[test]
fn a_disabled_account_is_out_at_once_and_nobody_changes_the_own_or_a_higher_one() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, _) = set_up(dir.path(), Role::Supervisor);
    let manager = ("manager", Role::HallManager);
    let first = desk
        .appoint(Role::Supervisor, &new(manager.0, manager.1), at(0))
        .unwrap();
    let grant = desk.log_in("manager", &first, None, HERE, at(1)).unwrap();
    let disable = Change {
        disabled: Some(true),
        ..Change::default()
    };
    assert!(matches!(
        desk.change(manager, "first", &disable, at(2)),
        Err(Refused::Role(_))
    ));
    assert!(matches!(
        desk.change(manager, "manager", &disable, at(2)),
        Err(Refused::Role(_))
    ));
    assert!(matches!(
        desk.change(manager, "nobody", &disable, at(2)),
        Err(Refused::Unknown)
    ));
    let clerk = new("clerk", Role::Patrol);
    desk.appoint(manager.1, &clerk, at(2)).unwrap();
    let raise = Change {
        role: Some(Role::Supervisor),
        ..Change::default()
    };
    assert!(matches!(
        desk.change(manager, "clerk", &raise, at(2)),
        Err(Refused::Role(_))
    ));
    assert!(matches!(
        desk.appoint(manager.1, &new("judge", Role::Supervisor), at(2)),
        Err(Refused::Role(_))
    ));
    assert!(matches!(
        desk.appoint(manager.1, &clerk, at(2)),
        Err(Refused::Taken)
    ));
    let chief = new("chief", Role::ChiefRepresentative);
    assert!(matches!(
        desk.appoint(manager.1, &chief, at(2)),
        Err(Refused::Invalid(_))
    ));

    let supervisor = ("first", Role::Supervisor);
    desk.change(supervisor, "manager", &disable, at(3)).unwrap();
    assert!(desk.signed(&grant.token, at(4)).is_none());
    assert!(matches!(
        desk.log_in("manager", &first, None, HERE, at(5)),
        Err(Refused::Login)
    ));
    let enable = Change {
        disabled: Some(false),
        new_password: true,
        ..Change::default()
    };
    let (account, second) = desk.change(supervisor, "manager", &enable, at(6)).unwrap();
    assert!(!account.disabled);
    assert!(
        desk.log_in("manager", &second.unwrap(), None, HERE, at(7))
            .is_ok()
    );
}

#[test]
fn a_scope_by_department_follows_its_windows() {
    let scope = AccountScope {
        windows: vec!["W9".into()],
        departments: vec!["Tax".into()],
    };
    let (w1, w2, w9): (WindowId, WindowId, WindowId) = ("W1".into(), "W2".into(), "W9".into());
    let hall = [
        (&w1, vec!["税务", "Tax"]),
        (&w2, vec!["社保", "Insurance"]),
        (&w9, Vec::new()),
    ];
    assert_eq!(
        scope.resolve(hall.clone()),
        Scope::Windows(vec!["W1".into(), "W9".into()])
    );
    assert_eq!(AccountScope::default().resolve(hall), Scope::Hall);
    assert_eq!(
        scope.resolve([(&w2, vec!["社保"])]),
        Scope::Windows(Vec::new()),
        "a department without windows is not the whole hall"
    );
}

#[test]
fn a_damaged_book_is_refused_in_words_and_not_taken_for_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    set_up(dir.path(), Role::HallManager);
    let book = dir.path().join("accounts.json");
    std::fs::write(&book, &std::fs::read(&book).unwrap()[..40]).unwrap();
    let refused = AccountDesk::open(dir.path()).err().unwrap().to_string();
    assert!(
        refused.contains("damaged") && refused.contains("put back a copy"),
        "{refused}"
    );
}
