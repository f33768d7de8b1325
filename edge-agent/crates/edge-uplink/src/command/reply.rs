//! The answer to a command (`reply/{tx}`), v1: done, or why not. Decides nothing.

use std::borrow::Cow;

use hall_wire::reply::ReplyData;
use hall_wire::schema::{Instant, One, Tx, Ulid};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Value, json};

/// Why a command is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It cannot be read.
    Malformed,
    /// The key is not known, or the signature is not its.
    Signature,
    /// It is for another box.
    Target,
    /// Its time is over, or lies more than 60 s ahead.
    Expired,
    /// The box does not know what time it is, and so not whether the command is still good: give it again later.
    Clock,
    /// The key may not command halls of this area.
    Area,
    /// The key may not act in that role, or the role may not do that.
    Role,
    /// There is no such verb, or it was signed as another.
    Verb,
    /// Nothing is known of what it names.
    Unknown,
    /// Outside the windows the role is limited to.
    Scope,
    /// The subject of an event may not decide on it.
    OwnCase,
    /// Not possible in the present state of the case.
    State,
    /// It contradicts itself.
    Invalid,
    /// Too much at once, or the log cannot be written: give it again later.
    Busy,
}

impl Reason {
    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::Malformed => "malformed",
            Reason::Signature => "signature",
            Reason::Target => "target",
            Reason::Expired => "expired",
            Reason::Clock => "clock",
            Reason::Area => "area",
            Reason::Role => "role",
            Reason::Verb => "verb",
            Reason::Unknown => "unknown",
            Reason::Scope => "scope",
            Reason::OwnCase => "own_case",
            Reason::State => "state",
            Reason::Invalid => "invalid",
            Reason::Busy => "busy",
        }
    }
}

/// The answer to a command, published on `reply/{tx}`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Reply {
    /// Format version: 1.
    #[schemars(with = "One")]
    pub v: u32,
    /// The command's transaction; `unreadable` when it could not be read.
    #[schemars(with = "Tx")]
    pub tx: String,
    /// When it was answered.
    #[schemars(with = "Instant")]
    pub at: String,
    /// `done`: what was commanded is durable. Otherwise nothing was done, and this is why.
    #[schemars(with = "ResultWord")]
    pub result: String,
    /// Why nothing was done, in words; absent when done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// ULIDs of the events that got a revision by it.
    #[schemars(with = "Vec<Ulid>")]
    pub events: Vec<String>,
    /// What was asked for; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<ReplyData>,
}

/// Schema of `result`: `done`, or the name of a [`Reason`].
struct ResultWord;

impl JsonSchema for ResultWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Result".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Reason::json_schema(generator);
        if let Some(Value::Array(words)) = schema.get_mut("oneOf") {
            let done =
                json!({"const": "done", "description": "Carried out; durable.", "type": "string"});
            words.insert(0, done);
        }
        schema.remove("description");
        schema
    }
}

impl Reply {
    /// Carried out.
    #[must_use]
    pub fn done(
        tx: impl Into<String>,
        at: String,
        events: Vec<String>,
        data: Option<ReplyData>,
    ) -> Self {
        Reply {
            v: 1,
            tx: tx.into(),
            at,
            result: "done".into(),
            detail: String::new(),
            events,
            data,
        }
    }

    /// Not carried out.
    #[must_use]
    pub fn refused(refused: Refused, at: String) -> Self {
        Reply {
            v: 1,
            tx: refused.tx,
            at,
            result: refused.reason.name().into(),
            detail: refused.detail,
            events: Vec::new(),
            data: None,
        }
    }

    /// Payload as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("invariant: plain fields are JSON")
    }
}

/// A command that is refused: never silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its transaction, as far as it can be read; `"unreadable"` otherwise.
    pub tx: String,
    /// Why.
    pub reason: Reason,
    /// In words, for whoever sent it.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_done_and_every_reason_by_its_name() {
        use Reason::{
            Area, Busy, Clock, Expired, Invalid, Malformed, OwnCase, Role, Scope, Signature, State,
            Target, Unknown, Verb,
        };
        let schema = schemars::schema_for!(ResultWord).to_value();
        let words = schema["oneOf"].as_array().unwrap();
        let words: Vec<&str> = words.iter().map(|w| w["const"].as_str().unwrap()).collect();
        let reasons = [
            Malformed, Signature, Target, Expired, Clock, Area, Role, Verb, Unknown, Scope,
            OwnCase, State, Invalid, Busy,
        ];
        let names = std::iter::once("done").chain(reasons.map(Reason::name));
        assert!(words.iter().copied().eq(names), "{words:?}");
    }
}
