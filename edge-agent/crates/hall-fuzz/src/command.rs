//! Commands of the centre. Even first byte: the bytes as they are, which nobody signed; odd: as the content of a JWS that a trusted key signed.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edge_uplink::command::{CommandGate, Refused, Reply, Signer};
use hall_core::order::Role;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

const SOURCE: &str = "/51/5119/511921/511921-001/b1";
/// 2026-09-21T10:00:00+08:00.
const NOW_MS: i64 = 1_789_956_000_000;
const VERBS: [&str; 6] = [
    "resync",
    "evidence",
    "config.get",
    "verdict",
    "excuse",
    "calendar",
];

static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
static GATE: LazyLock<CommandGate> = LazyLock::new(|| {
    let signer = Signer {
        id: "county".into(),
        public_key: KEY.public_key().as_ref().try_into().unwrap(),
        roles: vec![Role::Supervisor, Role::HallManager],
        area: vec!["51".into(), "5119".into()],
    };
    CommandGate::new(vec![signer], SOURCE)
});

fn signed(body: &[u8]) -> Vec<u8> {
    let header = br#"{"alg":"EdDSA","kid":"county"}"#;
    let content = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(body)
    );
    let signature = URL_SAFE_NO_PAD.encode(KEY.sign(content.as_bytes()));
    json!({"jws": format!("{content}.{signature}")})
        .to_string()
        .into_bytes()
}

pub(crate) fn command(bytes: &[u8]) {
    let Some((choice, content)) = bytes.split_first() else {
        return;
    };
    let verb = VERBS[usize::from(choice >> 1) % VERBS.len()];
    let by_us = choice & 1 != 0;
    let payload = if by_us {
        signed(content)
    } else {
        content.to_vec()
    };
    assert!(
        GATE.check(verb, &payload, None).is_err(),
        "without a clock nothing is believed"
    );
    match GATE.check(verb, &payload, Some(NOW_MS)) {
        Ok(command) => {
            assert!(by_us, "nobody signed it");
            assert_eq!(command.signer, "county");
            assert!([Role::Supervisor, Role::HallManager].contains(&command.by.role));
            assert!(is_tx(&command.tx));
        }
        Err(refused) => answer(refused),
    }
}

/// A refusal can be sent: its transaction may stand in a topic.
fn answer(refused: Refused) {
    assert!(is_tx(&refused.tx));
    let reply = Reply::refused(refused, "2026-09-21T10:00:00.000+08:00".into()).json();
    assert!(serde_json::from_str::<serde_json::Value>(&reply).is_ok());
}

fn is_tx(text: &str) -> bool {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(may)
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let common = json!({
        "v": 1, "tx": "tx-1", "to": SOURCE, "by": {"id": "li", "role": "supervisor"},
        "at": "2026-09-21T09:59:00+08:00", "expires": "2026-09-21T10:05:00+08:00",
    });
    let event = "01K5NM8Y00ABCDEFGHJKMNPQRS";
    let bodies = [
        ("resync", json!({"from_seq": 7})),
        ("evidence", json!({"event": event})),
        ("config.get", json!({})),
        (
            "verdict",
            json!({"case": {"event": event, "action": "confirm", "reason": "none"}}),
        ),
        (
            "excuse",
            json!({"leave": {"id": "L1", "windows": ["W3"], "from": "2026-09-21T10:00", "to": "2026-09-21T11:00", "approved_by": "zhang"}}),
        ),
        ("excuse", json!({"cancel_leave": "L1"})),
    ];
    let mut seeds = Vec::new();
    for (verb, fields) in bodies {
        let mut body = common.clone();
        body["verb"] = verb.into();
        for (key, value) in fields.as_object().unwrap() {
            body[key] = value.clone();
        }
        let ix = VERBS.iter().position(|known| *known == verb).unwrap() as u8;
        let text = body.to_string();
        seeds.push([&[ix << 1 | 1], text.as_bytes()].concat());
        let mut foreign = signed(text.as_bytes());
        // A signature that is not right any more.
        let last = foreign.len() - 4;
        foreign[last] ^= 1;
        seeds.push([&[ix << 1], &foreign[..]].concat());
    }
    seeds
}
