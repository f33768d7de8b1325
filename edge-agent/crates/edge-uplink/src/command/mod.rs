//! Commands of the centre: a JWS signed by a key that the hall's configuration trusts, checked for box, role and expiry. Pure; carries
//! nothing out.
//!
//! Payload of `cmd/{verb}`: `{"jws":"…"}`, a compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037), header `{"alg":"EdDSA","kid":"…"}`.
//! Who may write to the topic is the broker's business; who may command is decided here, so that a broker with a wrong access list
//! cannot excuse anybody.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hall_core::order::{Actor, Directive, Role};
use hall_wire::calendar::CalendarRecord;
use hall_wire::name::parse_role;
use hall_wire::time::parse_rfc3339;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

pub mod body;
mod reply;

pub use body::VERBS;
use body::{Body, Envelope};
pub use reply::{Reason, Refused, Reply};

/// A larger command is none: a year's calendar is under 4 KiB.
const COMMAND_MAX_BYTES: usize = 16 * 1024;
/// Clocks of centre and box may differ by so much.
const SKEW_MS: i64 = 60_000;
/// A transaction stands in a topic and in every revision it makes.
const TX_MAX_CHARS: usize = 64;

/// A key that may command this box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Key id, the `kid` of the JWS.
    pub id: String,
    /// Ed25519 public key.
    pub public_key: [u8; 32],
    /// Roles it may act in.
    pub roles: Vec<Role>,
    /// Division codes from province down: it commands the halls below; empty: wherever it is trusted.
    pub area: Vec<String>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

/// What is commanded.
#[derive(Debug, Clone, PartialEq)]
pub enum Verb {
    /// Send all records again from this number on.
    Resync {
        /// First number.
        from_seq: u64,
    },
    /// A person's decision, for the engine.
    Order(Directive),
    /// What the event was judged by.
    Evidence {
        /// ULID of the event.
        event: String,
    },
    /// Holidays and make-up workdays of a year.
    Calendar(CalendarRecord),
    /// The rules and ids the box works with.
    ConfigGet,
}

/// A command that may be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// Transaction; the same one is carried out once.
    pub tx: String,
    /// Key that signed it.
    pub signer: String,
    /// In whose name.
    pub by: Actor,
    /// What.
    pub verb: Verb,
}

/// Who may command this box.
#[derive(Debug, Clone)]
pub struct CommandGate {
    signers: Vec<Signer>,
    source: String,
}

impl CommandGate {
    /// `source` is the box's own ([`Topics::source`](crate::topics::Topics::source)).
    #[must_use]
    pub fn new(signers: Vec<Signer>, source: impl Into<String>) -> Self {
        CommandGate {
            signers,
            source: source.into(),
        }
    }

    /// Checks what came on `cmd/{verb}`. `now_unix_ms` is the wall clock, `None` while nobody believes it.
    ///
    /// # Errors
    /// Why it is refused, to be published as the reply.
    pub fn check(
        &self,
        verb: &str,
        payload: &[u8],
        now_unix_ms: Option<i64>,
    ) -> Result<Command, Refused> {
        let mut tx = String::from("unreadable");
        self.verified(verb, payload, now_unix_ms, &mut tx)
            .map_err(|(reason, detail)| Refused { tx, reason, detail })
    }

    fn verified(
        &self,
        verb: &str,
        payload: &[u8],
        now_unix_ms: Option<i64>,
        tx: &mut String,
    ) -> Result<Command, (Reason, String)> {
        let malformed = |detail: String| (Reason::Malformed, detail);
        if payload.len() > COMMAND_MAX_BYTES {
            return Err(malformed(format!("larger than {COMMAND_MAX_BYTES} bytes")));
        }
        let envelope: Envelope = serde_json::from_slice(payload)
            .map_err(|e| malformed(format!("not {{\"jws\": \"…\"}}: {e}")))?;
        let mut parts = envelope.jws.split('.');
        let (Some(header), Some(body), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("a compact JWS has three parts".into()));
        };
        let decode = |part: &str, name: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|e| malformed(format!("the JWS {name} is not base64url: {e}")))
        };
        let body_bytes = decode(body, "payload")?;
        let body_json: Value = serde_json::from_slice(&body_bytes)
            .map_err(|e| malformed(format!("the JWS payload is not JSON: {e}")))?;
        // Read before anything is believed, only to answer whoever sent it.
        if let Some(named) = body_json["tx"].as_str()
            && is_tx(named)
        {
            *tx = named.to_owned();
        }
        let parsed: Header = serde_json::from_slice(&decode(header, "header")?)
            .map_err(|e| malformed(format!("the JWS header: {e}")))?;
        if parsed.alg != "EdDSA" {
            return Err((
                Reason::Signature,
                format!("the algorithm is {}, not EdDSA", parsed.alg),
            ));
        }
        let signer = self
            .signers
            .iter()
            .find(|signer| signer.id == parsed.kid)
            .ok_or_else(|| {
                (
                    Reason::Signature,
                    "this box trusts no key with that kid".to_owned(),
                )
            })?;
        let signed = &envelope.jws[..header.len() + 1 + body.len()];
        UnparsedPublicKey::new(&ED25519, signer.public_key)
            .verify(signed.as_bytes(), &decode(signature, "signature")?)
            .map_err(|_| (Reason::Signature, "the signature is wrong".to_owned()))?;
        let body: Body = serde_json::from_value(body_json)
            .map_err(|e| malformed(format!("the command: {e}")))?;
        self.believed(verb, body, signer, now_unix_ms)
    }

    /// The signature is right; everything else is still to be checked.
    fn believed(
        &self,
        verb: &str,
        body: Body,
        signer: &Signer,
        now_unix_ms: Option<i64>,
    ) -> Result<Command, (Reason, String)> {
        let malformed = |detail: String| (Reason::Malformed, detail);
        if body.v != 1 {
            return Err(malformed(format!("v is {}, this box speaks 1", body.v)));
        }
        if !is_tx(&body.tx) {
            return Err(malformed(format!(
                "tx must be 1 to {TX_MAX_CHARS} of A-Z a-z 0-9 - _ ."
            )));
        }
        if body.to != self.source {
            return Err((
                Reason::Target,
                format!("it is for {}, this box is {}", body.to, self.source),
            ));
        }
        if body.verb != verb {
            return Err((
                Reason::Verb,
                format!("signed as {}, sent as {verb}", body.verb),
            ));
        }
        let time = |path: &str, text: &str| {
            parse_rfc3339(text)
                .map(|(unix_ms, _)| unix_ms)
                .map_err(|e| malformed(format!("{path}: {e}")))
        };
        let (at, expires) = (time("at", &body.at)?, time("expires", &body.expires)?);
        let Some(now) = now_unix_ms else {
            return Err((
                Reason::Clock,
                "the box does not know the time; give it again later".into(),
            ));
        };
        if now > expires || at > now + SKEW_MS {
            return Err((
                Reason::Expired,
                format!("good from {} to {}", body.at, body.expires),
            ));
        }
        let of_area = format!("/{}", signer.area.join("/"));
        if !signer.area.is_empty() && !self.source.starts_with(&format!("{of_area}/")) {
            return Err((
                Reason::Area,
                format!("the key {} commands the halls of {of_area} only", signer.id),
            ));
        }
        let by = (body.by.clone().check()).map_err(|e| malformed(e.to_string()))?;
        if !signer.roles.contains(&by.role) {
            return Err((
                Reason::Role,
                format!("the key {} may not act in this role", signer.id),
            ));
        }
        let tx = body.tx.clone();
        let verb = what(verb, body)?;
        // Decisions about events are checked by the engine, and anybody who may command may ask for evidence.
        let may = match verb {
            Verb::Resync { .. } | Verb::ConfigGet => {
                matches!(by.role, Role::Province | Role::Supervisor | Role::Patrol)
            }
            Verb::Calendar(_) => matches!(by.role, Role::Province | Role::Supervisor),
            Verb::Order(_) | Verb::Evidence { .. } => true,
        };
        if !may {
            return Err((Reason::Role, "this role may not do that".into()));
        }
        Ok(Command {
            tx,
            signer: signer.id.clone(),
            by,
            verb,
        })
    }
}

/// What the fields of a command say, when they are those of its verb.
fn what(verb: &str, body: Body) -> Result<Verb, (Reason, String)> {
    let Some((_, fields)) = VERBS.iter().find(|(name, _)| *name == verb) else {
        return Err((Reason::Verb, format!("there is no command {verb}")));
    };
    let fits = match body.given()[..] {
        [] => fields.is_empty(),
        [one] => fields.contains(&one),
        _ => false,
    };
    let malformed = |detail: String| (Reason::Malformed, detail);
    if !fits {
        return Err(malformed(format!("{verb} takes {}", one_of(fields))));
    }
    Ok(match body {
        Body {
            from_seq: Some(from_seq),
            ..
        } => Verb::Resync { from_seq },
        Body {
            event: Some(event), ..
        } => Verb::Evidence { event },
        Body {
            calendar: Some(calendar),
            ..
        } => Verb::Calendar(calendar),
        _ if fields.is_empty() => Verb::ConfigGet,
        body => Verb::Order(body.directive().map_err(|e| malformed(e.to_string()))?),
    })
}

fn one_of(fields: &[&str]) -> String {
    match fields {
        [] => "no further field".into(),
        [only] => format!("the field {only}"),
        _ => format!("one of the fields {}", fields.join(", ")),
    }
}

fn is_tx(text: &str) -> bool {
    (1..=TX_MAX_CHARS).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Roles by their stable names, for a [`Signer`].
#[must_use]
pub fn roles(names: &[String]) -> Option<Vec<Role>> {
    names.iter().map(|name| parse_role(name)).collect()
}
