//! The life of an event's case: every decision is a further revision, made once, by the right office, never in one's own case.

use hall_core::HallTime;
use hall_core::case::{self, PERMISSIONS, STEPS};
use hall_core::config::{Cover, GroupConfig};
use hall_core::engine::{Engine, Output};
use hall_core::event::{Event, EventCode, EventId, Level, Phase, Review, Subject};
use hall_core::observe::{FaultCause, Input};
use hall_core::order::{
    Actor, Answer, CaseAction, CaseReason, Directive, EventRef, Order, Refusal, Role,
};

use crate::hall::{Played, Scene, clock, hall, hms, line, t};

fn actor(role: Role, windows: &[&str]) -> Actor {
    Actor {
        id: "account-1".into(),
        role,
        windows: windows.iter().map(|w| (*w).into()).collect(),
    }
}

fn case(tx: &str, at: HallTime, by: Actor, event: EventId, action: CaseAction) -> Input {
    let reason = match action {
        CaseAction::Excuse => CaseReason::Leave,
        CaseAction::Resolve => CaseReason::SensorWrong,
        _ => CaseReason::Other,
    };
    let what = Directive::Case {
        event: EventRef::Id(event),
        action,
        reason,
    };
    Input::Order(Order {
        tx: tx.into(),
        at,
        by,
        what,
    })
}

fn supervisor(action: CaseAction) -> (Role, CaseAction) {
    (Role::Supervisor, action)
}

/// `10:20:00 r3 Warn Confirmed`, and `open` while it is.
fn short(e: &Event) -> String {
    format!(
        "{} r{} {:?} {:?} {:?}{}{}",
        hms(e.updated.unix_ms),
        e.rev,
        e.phase,
        e.level,
        e.review,
        if e.end.is_none() { " open" } else { "" },
        if e.revision.as_ref().is_some_and(|r| r.retroactive) {
            " retroactive"
        } else {
            ""
        }
    )
}

/// When, who, limited to which windows, what.
type Step<'a> = (&'a str, Role, &'a [&'a str], CaseAction);

/// Plays W3 away from 10:00 to `back`, takes steps each at its time, and gives revisions and refusals one line each.
fn life(back: &str, steps: &[Step<'_>], until: &str) -> Vec<String> {
    let mut scene = Scene::new().away("W3", "10:00:00", back);
    let played = scene.play("09:50:00", "10:05:00");
    let id = played.events[0].id;
    for (n, (at, role, windows, action)) in steps.iter().enumerate() {
        let by = actor(*role, windows);
        scene = scene.input(at, case(&n.to_string(), t(at), by, id, *action));
    }
    let played = scene.play("09:50:00", until);
    assert!(played.events.iter().all(|e| e.id == id), "one event");
    let refusals = played.answers.iter().filter_map(|a| {
        let n: usize = a.tx.parse().unwrap();
        a.result.as_ref().err().map(|r| (steps[n].0, r))
    });
    let mut lines: Vec<String> = played.events.iter().map(short).collect();
    lines.extend(refusals.map(|(at, refusal)| format!("{at} refused {refusal:?}")));
    lines.sort();
    lines
}

#[test]
fn a_case_lives_as_its_table_says() {
    use CaseAction as A;
    use Role::{ChiefRepresentative as Chief, HallManager as Manager, Supervisor};
    let raised = "10:05:00 r1 Raised Notice Suspected open";
    let rows: &[(&str, &str, &[Step<'_>], &[&str])] = &[
        (
            "confirmed, explained, closed",
            "10:16:00",
            &[
                ("10:30:00", Supervisor, &[], A::Confirm),
                ("10:40:00", Chief, &["W3"], A::Feedback),
                ("11:00:00", Supervisor, &[], A::Close),
            ],
            &[
                raised,
                "10:10:00 r2 Updated Warn Suspected open",
                "10:15:00 r3 Updated Severe Suspected open",
                "10:17:00 r4 Cleared Severe Suspected",
                "10:30:00 r5 Revised Severe Confirmed",
                "10:40:00 r6 Revised Severe Feedback",
                "11:00:00 r7 Revised Severe Closed",
            ],
        ),
        (
            "confirmed while open: it climbs and ends as confirmed",
            "10:11:00",
            &[("10:06:00", Supervisor, &[], A::Confirm)],
            &[
                raised,
                "10:06:00 r2 Revised Notice Confirmed open",
                "10:10:00 r3 Updated Warn Confirmed open",
                "10:12:00 r4 Cleared Warn Confirmed",
            ],
        ),
        (
            "a false alarm climbs no further and ends in its time",
            "10:16:00",
            &[("10:06:00", Supervisor, &[], A::FalseAlarm)],
            &[
                raised,
                "10:06:00 r2 Revised Notice FalseAlarm open",
                "10:17:00 r3 Cleared Notice FalseAlarm",
            ],
        ),
        (
            "excused while it lasts",
            "10:16:00",
            &[("10:12:00", Manager, &[], A::Excuse)],
            &[
                raised,
                "10:10:00 r2 Updated Warn Suspected open",
                "10:12:00 r3 Revised Warn Excused open",
                "10:17:00 r4 Cleared Warn Excused",
            ],
        ),
        (
            "excused afterwards",
            "10:07:20",
            &[("10:12:00", Manager, &[], A::Excuse)],
            &[
                raised,
                "10:08:20 r2 Cleared Notice Suspected",
                "10:12:00 r3 Revised Notice Excused retroactive",
            ],
        ),
        (
            "appeal revoked",
            "10:07:20",
            &[
                ("10:12:00", Supervisor, &[], A::Confirm),
                ("10:13:00", Chief, &["W3"], A::Appeal),
                ("10:14:00", Role::Province, &[], A::Revoke),
                ("10:15:00", Supervisor, &[], A::Close),
            ],
            &[
                raised,
                "10:08:20 r2 Cleared Notice Suspected",
                "10:12:00 r3 Revised Notice Confirmed",
                "10:13:00 r4 Revised Notice Appealed",
                "10:14:00 r5 Revised Notice Revoked",
                "10:15:00 refused State",
            ],
        ),
        (
            "appeal downgraded, then closed",
            "10:11:00",
            &[
                ("10:20:00", Supervisor, &[], A::Confirm),
                ("10:21:00", Manager, &[], A::Appeal),
                ("10:22:00", Supervisor, &[], A::Downgrade),
                ("10:23:00", Chief, &["W3"], A::Feedback),
                ("10:24:00", Supervisor, &[], A::Close),
            ],
            &[
                raised,
                "10:10:00 r2 Updated Warn Suspected open",
                "10:12:00 r3 Cleared Warn Suspected",
                "10:20:00 r4 Revised Warn Confirmed",
                "10:21:00 r5 Revised Warn Appealed",
                "10:22:00 r6 Revised Notice Downgraded",
                "10:23:00 r7 Revised Notice Feedback",
                "10:24:00 r8 Revised Notice Closed",
            ],
        ),
        (
            "appeal upheld; a notice cannot be downgraded",
            "10:07:20",
            &[
                ("10:12:00", Supervisor, &[], A::Confirm),
                ("10:13:00", Chief, &["W3"], A::Appeal),
                ("10:14:00", Supervisor, &[], A::Downgrade),
                ("10:15:00", Supervisor, &[], A::Uphold),
                ("10:16:00", Supervisor, &[], A::Close),
            ],
            &[
                raised,
                "10:08:20 r2 Cleared Notice Suspected",
                "10:12:00 r3 Revised Notice Confirmed",
                "10:13:00 r4 Revised Notice Appealed",
                "10:14:00 refused State",
                "10:15:00 r5 Revised Notice Upheld",
                "10:16:00 r6 Revised Notice Closed",
            ],
        ),
        (
            "nobody decides their own case, and everybody keeps to office and windows",
            "10:07:20",
            &[
                ("10:12:00", Chief, &["W3"], A::Excuse),
                ("10:12:01", Chief, &["W3"], A::Confirm),
                ("10:12:02", Chief, &["W4"], A::Excuse),
                ("10:12:03", Chief, &["W4"], A::Feedback),
                ("10:12:04", Chief, &[], A::Feedback),
                ("10:12:05", Manager, &["W4"], A::Excuse),
                ("10:12:06", Manager, &[], A::Confirm),
                ("10:12:07", Role::Installer, &[], A::Confirm),
                ("10:12:08", Supervisor, &[], A::Resolve),
                ("10:12:09", Supervisor, &[], A::Close),
            ],
            &[
                raised,
                "10:08:20 r2 Cleared Notice Suspected",
                "10:12:00 refused OwnCase",
                "10:12:01 refused OwnCase",
                "10:12:02 refused Role",
                "10:12:03 refused Scope",
                "10:12:04 refused Scope",
                "10:12:05 refused Scope",
                "10:12:06 refused Role",
                "10:12:07 refused Role",
                "10:12:08 refused Invalid",
                "10:12:09 refused State",
            ],
        ),
        (
            "an appeal waits for the end",
            "10:07:20",
            &[
                ("10:06:00", Supervisor, &[], A::Confirm),
                ("10:07:00", Chief, &["W3"], A::Appeal),
                ("10:09:00", Chief, &["W3"], A::Appeal),
            ],
            &[
                raised,
                "10:06:00 r2 Revised Notice Confirmed open",
                "10:07:00 refused State",
                "10:08:20 r3 Cleared Notice Confirmed",
                "10:09:00 r4 Revised Notice Appealed",
            ],
        ),
    ];
    for (name, back, steps, expected) in rows {
        let got = life(back, steps, "11:30:00");
        assert_eq!(&got, expected, "{name}: got\n{}", got.join("\n"));
    }
}

#[test]
fn after_a_false_alarm_the_next_absence_is_a_new_event() {
    let scene = Scene::new()
        .away("W3", "10:00:00", "10:07:20")
        .away("W3", "10:30:00", "10:40:00");
    let id = scene.play("09:50:00", "10:05:00").events[0].id;
    let order = case(
        "a",
        t("10:06:00"),
        actor(Role::Supervisor, &[]),
        id,
        CaseAction::FalseAlarm,
    );
    let played = scene.input("10:06:00", order).play("09:50:00", "10:36:00");
    let last = played.events.last().unwrap();
    assert_eq!(
        line(last),
        "10:35:00 Unstaffed W3 Notice raised r1 onset 10:30:00 absent 300"
    );
    assert_eq!(last.review, Review::Suspected);
    assert_ne!(last.id, id);
}

#[test]
fn the_same_transaction_is_done_once_and_answered_alike() {
    let scene = Scene::new().away("W3", "10:00:00", "10:07:20");
    let played = scene.play("09:50:00", "10:20:00");
    let id = played.events[0].id;
    let mut engine = played.engine;
    let give = |engine: &mut Engine, tx: &str| {
        let (role, action) = supervisor(CaseAction::Confirm);
        let at = t("10:20:30");
        engine.handle(at, case(tx, at, actor(role, &[]), id, action));
        std::iter::from_fn(|| engine.poll_output())
            .filter(|o| matches!(o, Output::Event(_) | Output::Answer(_)))
            .collect::<Vec<_>>()
    };
    let answer = |tx: &str, result| {
        Output::Answer(Answer {
            tx: tx.into(),
            result,
        })
    };
    let first = give(&mut engine, "tx-1");
    assert!(matches!(&first[0], Output::Event(e) if e.rev == 3 && e.phase == Phase::Revised));
    assert_eq!(first[1..], [answer("tx-1", Ok(vec![id]))]);
    // Delivered again: the same answer, no further revision. Another order: refused, the case has moved on.
    assert_eq!(give(&mut engine, "tx-1"), [answer("tx-1", Ok(vec![id]))]);
    let refused = [answer("tx-2", Err(Refusal::State))];
    assert_eq!(give(&mut engine, "tx-2"), refused);
    assert_eq!(give(&mut engine, "tx-2"), refused);
}

#[test]
fn an_event_nobody_knows_is_refused() {
    let at = t("10:00:00");
    let mut engine = Engine::new(hall(), clock(), at);
    let (role, action) = supervisor(CaseAction::Confirm);
    engine.handle(at, case("a", at, actor(role, &[]), EventId(7), action));
    let played = Played::drain(engine);
    assert_eq!(played.answers[0].result, Err(Refusal::Unknown));
}

#[test]
fn decisions_go_on_with_events_of_before_the_restart() {
    let scene = Scene::new().away("W3", "10:00:00", "10:07:20");
    let played = scene.play("09:50:00", "10:20:00");
    let last = played.events.last().unwrap().clone();
    let at = t("11:00:00");
    let mut engine = Engine::new(hall(), clock(), at);
    // In any order, older revisions among them: the newest counts.
    engine.recall(played.events.iter().rev().cloned());
    let order = case(
        "a",
        at,
        actor(Role::Supervisor, &[]),
        last.id,
        CaseAction::Confirm,
    );
    engine.handle(at, order);
    let got = Played::drain(engine).events;
    assert_eq!(short(&got[0]), "11:00:00 r3 Revised Notice Confirmed");
    assert_eq!((got[0].end, got[0].absent_ms), (last.end, last.absent_ms));
}

#[test]
fn a_device_is_not_repaired_by_saying_so_and_patrol_may_say_it_is() {
    let down = |scene: Scene| scene.source("10:00:00", "cam2", Some(FaultCause::Dark));
    let scene = down(Scene::new()).source("10:20:00", "cam2", None);
    let id = down(Scene::new()).play("09:50:00", "10:05:00").events[0].id;
    let steps = [
        ("10:10:00", Role::Patrol, CaseAction::Resolve),
        ("10:30:00", Role::Installer, CaseAction::Resolve),
        ("10:31:00", Role::Patrol, CaseAction::Excuse),
        ("10:32:00", Role::Supervisor, CaseAction::Feedback),
        ("10:33:00", Role::Patrol, CaseAction::Resolve),
    ];
    let scene = steps.iter().fold(scene, |scene, (at, role, action)| {
        scene.input(at, case(at, t(at), actor(*role, &[]), id, *action))
    });
    let played = scene.play("09:50:00", "10:40:00");
    let results: Vec<_> = played.answers.iter().map(|a| a.result.clone()).collect();
    assert_eq!(
        results,
        [
            Err(Refusal::State),
            Err(Refusal::Role),
            Err(Refusal::Role),
            Err(Refusal::Role),
            Ok(vec![id])
        ]
    );
    assert_eq!(
        short(played.events.last().unwrap()),
        "10:33:00 r3 Revised Fault Closed"
    );
}

fn suspected(code: EventCode, subject: Subject) -> Event {
    let mut event = Scene::new()
        .away("W3", "10:00:00", "10:07:20")
        .play("09:50:00", "10:20:00")
        .events
        .pop()
        .unwrap();
    (event.code, event.subject) = (code, subject);
    event
}

#[test]
fn a_manager_does_not_judge_what_the_whole_hall_did() {
    let event = suspected(EventCode::HallUnstaffed, Subject::Hall);
    let mut engine = Engine::new(hall(), clock(), t("11:00:00"));
    engine.recall([event.clone()]);
    let rows = [
        (Role::HallManager, CaseAction::Excuse, Err(Refusal::OwnCase)),
        (Role::Supervisor, CaseAction::Confirm, Ok(vec![event.id])),
        (Role::HallManager, CaseAction::Feedback, Ok(vec![event.id])),
        (Role::HallManager, CaseAction::Appeal, Ok(vec![event.id])),
    ];
    for (n, (role, action, expected)) in rows.into_iter().enumerate() {
        let at = t("11:00:00");
        let order = case(&n.to_string(), at, actor(role, &[]), event.id, action);
        engine.handle(at, order);
        let answers: Vec<Answer> = std::iter::from_fn(|| engine.poll_output())
            .filter_map(|o| match o {
                Output::Answer(answer) => Some(answer),
                _ => None,
            })
            .collect();
        assert_eq!(answers[0].result, expected, "{role:?} {action:?}");
    }
}

#[test]
fn a_pair_is_the_business_of_whoever_answers_for_one_of_its_windows() {
    let mut cfg = hall();
    cfg.groups = vec![GroupConfig {
        id: "AB1".into(),
        windows: vec!["W3".into(), "W4".into()],
        cover: Cover::Either,
        min_staffed: 1,
    }];
    let event = suspected(EventCode::Unstaffed, Subject::Group("AB1".into()));
    for (windows, expected) in [
        (["W4"], Err(Refusal::OwnCase)),
        (["W1"], Err(Refusal::Role)),
    ] {
        let at = t("11:00:00");
        let mut engine = Engine::new(cfg.clone(), clock(), at);
        engine.recall([event.clone()]);
        let by = actor(Role::ChiefRepresentative, &windows);
        engine.handle(at, case("a", at, by, event.id, CaseAction::Excuse));
        assert_eq!(Played::drain(engine).answers[0].result, expected);
    }
}

/// Every (state, action, role, kind, open) there is: what is allowed is in the tables, and nothing else is.
#[test]
fn nothing_is_allowed_that_the_tables_do_not_say() {
    use CaseAction as A;
    use Review as V;
    let states = [
        V::Suspected,
        V::Confirmed,
        V::FalseAlarm,
        V::Excused,
        V::Feedback,
        V::Closed,
        V::Appealed,
        V::Upheld,
        V::Downgraded,
        V::Revoked,
    ];
    let actions: Vec<A> = PERMISSIONS.iter().map(|p| p.action).collect();
    assert_eq!(actions.len(), 10, "an action without a permission");
    let roles = [
        Role::Province,
        Role::Supervisor,
        Role::ResidentSupervisor,
        Role::HallManager,
        Role::ChiefRepresentative,
        Role::Installer,
        Role::Patrol,
        Role::Auditor,
    ];
    let mut allowed = 0;
    let mut closed = suspected(EventCode::Unstaffed, Subject::Window("W3".into()));
    closed.level = Level::Severe;
    for state in states {
        for &action in &actions {
            for role in roles {
                for open in [false, true] {
                    let mut event = closed.clone();
                    event.review = state;
                    if open {
                        event.end = None;
                    }
                    let concern = case::Concern::Windows(vec!["W3".into()]);
                    // A resident supervisor's and a representative's windows: theirs.
                    let by = actor(role, &["W3"]);
                    let reason = if action == A::Excuse {
                        CaseReason::Pause
                    } else {
                        CaseReason::Other
                    };
                    let got = case::decide(&event, &concern, &by, action, reason);
                    let permission = PERMISSIONS.iter().find(|p| p.action == action).unwrap();
                    let step = STEPS.iter().find(|s| (s.0, s.1) == (state, action));
                    let may = permission.post.contains(&role)
                        && step.is_some()
                        && (!open || permission.while_open);
                    assert_eq!(got.ok(), step.filter(|_| may).map(|s| s.2));
                    allowed += usize::from(may);
                }
            }
        }
    }
    // 3 steps of verifying and excusing, open or not, by 2, 2 and 3 roles; 3 of feedback by 3 roles, open or not; 3 of closing
    // by 2; 3 of appealing by 2; 3 of judging by 2.
    assert_eq!(allowed, 2 * (2 + 2 + 3) + 2 * 3 * 3 + 3 * 2 + 3 * 2 + 3 * 2);
}

/// `FalseAlarm` as `false_alarm`.
fn snake(word: &impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for c in format!("{word:?}").chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

#[test]
fn the_document_shows_the_case_tables_as_they_are() {
    let document = include_str!("../../../../docs/cases.md");
    let roles = |roles: &[Role]| {
        if roles.is_empty() {
            return "–".to_owned();
        }
        roles.iter().map(snake).collect::<Vec<_>>().join(", ")
    };
    let steps = STEPS.iter().map(|(from, action, to)| {
        format!("| {} | {} | {} |", snake(from), snake(action), snake(to))
    });
    let permissions = PERMISSIONS.iter().map(|p| {
        format!(
            "| {} | {} | {} | {} |",
            snake(&p.action),
            roles(p.post),
            roles(p.upkeep),
            if p.while_open { "yes" } else { "no" }
        )
    });
    for table in [steps.collect::<Vec<_>>(), permissions.collect()] {
        let table = format!("|\n{}\n\n", table.join("\n"));
        assert!(
            document.contains(&table),
            "docs/cases.md must hold\n{table}"
        );
    }
}
