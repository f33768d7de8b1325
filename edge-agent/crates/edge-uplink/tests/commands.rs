//! Commands of the centre: what is signed by a trusted key, for this box and in time, is carried out; everything else is answered with
//! the reason and does nothing.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edge_uplink::command::{Command, CommandGate, Reason, Reply, Signer, Verb};
use edge_uplink::store::mem::MemStore;
use edge_uplink::{Commands, EventStore};
use hall_core::order::{CaseAction, CaseReason, Directive, Role};
use ring::signature::{Ed25519KeyPair, KeyPair};
use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};
use serde_json::{Value, json};
use support::broker::{Broker, Memory, Subscriber, until};
use support::uplink::{ROOT, Running, config};
use support::{T0, clock, record};
use tokio::sync::{Mutex, mpsc};

const SOURCE: &str = "/51/5119/511921/511921-001/b1";

fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn gate() -> CommandGate {
    let signer = |id: &str, seed: u8, roles: &[Role], area: &[&str]| Signer {
        id: id.into(),
        public_key: key(seed).public_key().as_ref().try_into().unwrap(),
        roles: roles.to_vec(),
        area: area.iter().map(|code| (*code).into()).collect(),
    };
    let signers = vec![
        signer("county", 1, &[Role::Supervisor], &["51", "5119", "511921"]),
        signer("hall", 2, &[Role::HallManager], &[]),
        signer(
            "neighbour",
            3,
            &[Role::Supervisor],
            &["51", "5119", "511922"],
        ),
        signer("patrol", 4, &[Role::Patrol], &["51"]),
    ];
    CommandGate::new(signers, SOURCE)
}

fn jws(kid: &str, seed: u8, alg: &str, body: &Value) -> Value {
    let header = json!({"alg": alg, "kid": kid}).to_string();
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(body.to_string())
    );
    let signature = key(seed).sign(signed.as_bytes());
    json!({"jws": format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))})
}

/// A verdict by the county, good for a minute from [`T0`] on.
fn verdict() -> Value {
    json!({
        "v": 1, "tx": "t-1", "verb": "verdict", "to": SOURCE,
        "by": {"id": "supervision-1", "role": "supervisor"},
        "at": "2026-09-21T10:00:00+08:00", "expires": "2026-09-21T10:01:00+08:00",
        "case": {"event": {"code": "unstaffed", "subject": "window:W3"}, "action": "confirm", "reason": "verified"},
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = verdict();
    change(&mut body);
    body
}

fn check(payload: &Value, verb: &str, now: Option<i64>) -> Result<Command, (String, Reason)> {
    gate()
        .check(verb, payload.to_string().as_bytes(), now)
        .map_err(|refused| (refused.tx, refused.reason))
}

#[test]
fn a_command_signed_for_this_box_in_time_is_what_it_says() {
    let command = check(&jws("county", 1, "EdDSA", &verdict()), "verdict", Some(T0)).unwrap();
    assert_eq!(
        (command.tx.as_str(), command.signer.as_str()),
        ("t-1", "county")
    );
    assert_eq!(command.by.role, Role::Supervisor);
    let Verb::Order(Directive::Case { action, reason, .. }) = command.verb else {
        panic!("{command:?}")
    };
    assert_eq!(
        (action, reason),
        (CaseAction::Confirm, CaseReason::Verified)
    );
}

#[test]
fn every_other_command_is_refused_for_its_reason() {
    let now = Some(T0 + 1000);
    let good = |body: Value| jws("county", 1, "EdDSA", &body);
    let mut changed = good(verdict());
    let text = changed["jws"].as_str().unwrap().to_owned();
    let other = URL_SAFE_NO_PAD.encode(with(|b| b["tx"] = json!("t-2")).to_string());
    let parts: Vec<&str> = text.split('.').collect();
    changed["jws"] = json!(format!("{}.{other}.{}", parts[0], parts[2]));
    let cases = [
        (
            "not JSON",
            json!("x"),
            "verdict",
            now,
            "unreadable",
            Reason::Malformed,
        ),
        (
            "no JWS",
            json!({"jws": "a.b"}),
            "verdict",
            now,
            "unreadable",
            Reason::Malformed,
        ),
        (
            "unknown key",
            jws("nobody", 1, "EdDSA", &verdict()),
            "verdict",
            now,
            "t-1",
            Reason::Signature,
        ),
        (
            "another's key",
            jws("county", 2, "EdDSA", &verdict()),
            "verdict",
            now,
            "t-1",
            Reason::Signature,
        ),
        (
            "no algorithm",
            jws("county", 1, "none", &verdict()),
            "verdict",
            now,
            "t-1",
            Reason::Signature,
        ),
        (
            "changed on the way",
            changed,
            "verdict",
            now,
            "t-2",
            Reason::Signature,
        ),
        (
            "another box",
            good(with(|b| b["to"] = json!("/51/5119/511921/511921-001/b2"))),
            "verdict",
            now,
            "t-1",
            Reason::Target,
        ),
        (
            "sent as another verb",
            good(verdict()),
            "excuse",
            now,
            "t-1",
            Reason::Verb,
        ),
        (
            "too late",
            good(verdict()),
            "verdict",
            Some(T0 + 60_001),
            "t-1",
            Reason::Expired,
        ),
        (
            "too early",
            good(verdict()),
            "verdict",
            Some(T0 - 60_001),
            "t-1",
            Reason::Expired,
        ),
        (
            "no clock",
            good(verdict()),
            "verdict",
            None,
            "t-1",
            Reason::Clock,
        ),
        (
            "a role the key has not",
            good(with(|b| b["by"]["role"] = json!("hall_manager"))),
            "verdict",
            now,
            "t-1",
            Reason::Role,
        ),
        (
            "a key of the county beside",
            jws("neighbour", 3, "EdDSA", &verdict()),
            "verdict",
            now,
            "t-1",
            Reason::Area,
        ),
        (
            "no such role",
            good(with(|b| b["by"]["role"] = json!("king"))),
            "verdict",
            now,
            "t-1",
            Reason::Malformed,
        ),
        (
            "no such verb",
            good(with(|b| b["verb"] = json!("reboot"))),
            "reboot",
            now,
            "t-1",
            Reason::Verb,
        ),
        (
            "fields of another verb",
            good(with(|b| b["from_seq"] = json!(1))),
            "verdict",
            now,
            "t-1",
            Reason::Malformed,
        ),
        (
            "unknown fields",
            good(with(|b| b["note"] = json!("x"))),
            "verdict",
            now,
            "t-1",
            Reason::Malformed,
        ),
        (
            "another version",
            good(with(|b| b["v"] = json!(2))),
            "verdict",
            now,
            "t-1",
            Reason::Malformed,
        ),
        (
            "a tx that is a topic",
            good(with(|b| b["tx"] = json!("a/+"))),
            "verdict",
            now,
            "unreadable",
            Reason::Malformed,
        ),
        (
            "resync by a manager",
            jws(
                "hall",
                2,
                "EdDSA",
                &with(|b| {
                    b["verb"] = json!("resync");
                    b["by"] = json!({"id": "m", "role": "hall_manager"});
                    b["from_seq"] = json!(1);
                    b.as_object_mut().unwrap().remove("case");
                }),
            ),
            "resync",
            now,
            "t-1",
            Reason::Role,
        ),
    ];
    for (what, payload, verb, now, tx, reason) in cases {
        let got = check(&payload, verb, now);
        assert_eq!(got, Err((tx.to_owned(), reason)), "{what}");
    }
    let large = vec![b'x'; 20_000];
    assert!(gate().check("verdict", &large, Some(T0)).is_err());
}

/// A centre that sends commands.
async fn send(port: u16, verb: &str, payload: &Value) {
    let options = MqttOptions::new("centre-commands", "127.0.0.1", port);
    let (client, mut events) = AsyncClient::new(options, 4);
    client
        .publish(
            format!("{ROOT}/cmd/{verb}"),
            QoS::AtLeastOnce,
            false,
            payload.to_string(),
        )
        .await
        .unwrap();
    loop {
        if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await.unwrap() {
            return;
        }
    }
}

fn commanded(
    store: Arc<dyn EventStore>,
    port: u16,
) -> (Running, mpsc::Receiver<Command>, mpsc::Sender<Reply>) {
    let (desk, commands) = mpsc::channel(1);
    let (answers, replies) = mpsc::channel(4);
    let commands_of = Commands {
        gate: gate(),
        desk,
        replies: Arc::new(Mutex::new(replies)),
    };
    (
        Running::start_with(config(port), store, Some(commands_of)),
        commands,
        answers,
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_reaches_the_agent_its_answer_the_centre_and_what_is_refused_is_answered_too() {
    let broker = Broker::start(Memory::Forgets);
    let sub = Subscriber::start(broker.port, "centre").await;
    let (up, mut commands, answers) = commanded(Arc::new(MemStore::new(clock())), broker.port);
    // The broker takes what a connection sends in order: with the record it has the subscription.
    up.append(&[record(1, 1)]);
    until("connected", 10, || up.status().acked == 1).await;
    send(
        broker.port,
        "verdict",
        &jws("county", 1, "EdDSA", &verdict()),
    )
    .await;
    let command = commands.recv().await.unwrap();
    let at = "2026-09-21T10:00:01.000+08:00".to_owned();
    answers
        .send(Reply::done(command.tx, at, vec!["01J8".into()], None))
        .await
        .unwrap();
    until("answered", 10, || !sub.json("/reply/t-1").is_empty()).await;
    assert_eq!(
        sub.json("/reply/t-1")[0],
        json!({"v": 1, "tx": "t-1", "at": "2026-09-21T10:00:01.000+08:00", "result": "done", "events": ["01J8"]})
    );

    send(
        broker.port,
        "verdict",
        &jws("county", 2, "EdDSA", &with(|b| b["tx"] = json!("t-2"))),
    )
    .await;
    until("refused", 10, || !sub.json("/reply/t-2").is_empty()).await;
    assert_eq!(sub.json("/reply/t-2")[0]["result"], "signature");

    // The agent takes one at a time here, and takes none: the second of two waits for nobody.
    for tx in ["t-3", "t-4"] {
        send(
            broker.port,
            "verdict",
            &jws("county", 1, "EdDSA", &with(|b| b["tx"] = json!(tx))),
        )
        .await;
    }
    until("busy", 10, || !sub.json("/reply/t-4").is_empty()).await;
    assert_eq!(sub.json("/reply/t-4")[0]["result"], "busy");
    up.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resync_sends_everything_from_there_on_again_with_the_same_ids() {
    let broker = Broker::start(Memory::Forgets);
    let sub = Subscriber::start(broker.port, "centre").await;
    let (up, _commands, _answers) = commanded(Arc::new(MemStore::new(clock())), broker.port);
    until("connected", 10, || up.status().connected).await;
    up.append(&(1..=30).map(|n| record(n, 1)).collect::<Vec<_>>());
    until("all there", 10, || up.status().acked == 30).await;
    let before = sub.json("/event").len();
    let body = with(|b| {
        b["verb"] = json!("resync");
        b["from_seq"] = json!(11);
        b.as_object_mut().unwrap().remove("case");
    });
    send(broker.port, "resync", &jws("county", 1, "EdDSA", &body)).await;
    until("answered", 10, || sub.json("/reply/t-1").len() == 1).await;
    until("sent again", 10, || sub.json("/event").len() >= before + 20).await;
    let again: Vec<String> = sub.json("/event")[before..before + 20]
        .iter()
        .map(|e| {
            e["sequence"]
                .as_str()
                .unwrap()
                .trim_start_matches('0')
                .to_owned()
        })
        .collect();
    assert_eq!(again, (11..=30).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(
        sub.json("/event")[before..]
            .iter()
            .all(|e| e["data"]["late"] == true)
    );
    assert_eq!((up.status().acked, up.status().backlog), (30, 0));
    up.append(&[record(31, 1)]);
    until("live again", 10, || up.status().acked == 31).await;
    up.stop().await;
}
