//! What one message or row of a ticket machine means, with its own names of fields, states, queues and windows. Pure.

use hall_core::ids::{QueueId, WindowId};
use hall_core::observe::TicketState;
use hall_wire::ticket::{TicketRecord, TicketStateName, TicketWord};
use hall_wire::time::rfc3339_ms;
use serde_json::Value;

use super::time::machine_time;

/// Words for the states that machines use.
const STATES: [(&str, TicketState); 17] = [
    ("waiting", TicketState::Waiting),
    ("called", TicketState::Called),
    ("serving", TicketState::Serving),
    ("done", TicketState::Done),
    ("no_show", TicketState::NoShow),
    ("recalled", TicketState::Recalled),
    ("transferred", TicketState::Transferred),
    ("cancelled", TicketState::Cancelled),
    ("等待", TicketState::Waiting),
    ("已叫", TicketState::Called),
    ("办理", TicketState::Serving),
    ("办理中", TicketState::Serving),
    ("完成", TicketState::Done),
    ("过号", TicketState::NoShow),
    ("重呼", TicketState::Recalled),
    ("转移", TicketState::Transferred),
    ("取消", TicketState::Cancelled),
];

/// What a machine calls the fields of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketFields {
    /// Queue.
    pub queue: String,
    /// Number as printed.
    pub ticket: String,
    /// Window.
    pub window: String,
    /// State.
    pub state: String,
    /// When it was taken.
    pub taken_at: String,
    /// When it was called.
    pub called_at: String,
    /// When service began.
    pub start_at: String,
    /// When service ended.
    pub end_at: String,
    /// People who came with it.
    pub party: String,
}

impl Default for TicketFields {
    fn default() -> Self {
        TicketFields {
            queue: "queue".into(),
            ticket: "ticket".into(),
            window: "window".into(),
            state: "state".into(),
            taken_at: "taken_at".into(),
            called_at: "called_at".into(),
            start_at: "start_at".into(),
            end_at: "end_at".into(),
            party: "party".into(),
        }
    }
}

/// One machine's language.
#[derive(Debug, Clone)]
pub struct TicketReader {
    /// Its names of fields.
    pub fields: TicketFields,
    /// Its words for states, besides the usual ones.
    pub states: Vec<(String, TicketState)>,
    /// The queues it feeds, by its names for them.
    pub queues: Vec<(String, QueueId)>,
    /// Windows by its names for them.
    pub windows: Vec<(String, WindowId)>,
    /// The hall's offset from UTC, for times without a zone.
    pub utc_offset_s: i32,
}

/// A word and what tells it from others.
#[derive(Clone, PartialEq, Eq)]
pub struct Read {
    /// The word.
    pub word: TicketWord,
    /// Which ticket: queue, number, and when it was taken.
    pub(super) life: String,
    /// Whether it says when the ticket was taken: then the same number later is another life.
    pub(super) dated: bool,
    /// The ticket's life is over with it.
    pub(super) ends: bool,
}

impl std::fmt::Debug for Read {
    /// Without the number, so that no log can hold one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Read")
            .field("word", &self.word)
            .finish_non_exhaustive()
    }
}

impl TicketReader {
    /// Every word of a JSON payload: an object or a list of them. An empty payload or list is a sign of life.
    ///
    /// # Errors
    /// In words for a person, never with a number: where in the payload, what is wrong, what was expected. Then nothing is taken.
    pub fn json(&self, payload: &[u8], now_unix_ms: i64) -> Result<Vec<Read>, String> {
        if payload.trim_ascii().is_empty() {
            return Ok(Vec::new());
        }
        let rows = match serde_json::from_slice(payload) {
            Ok(Value::Array(rows)) => rows,
            Ok(row) => vec![row],
            // The parser's own message tells line and column, not what is there.
            Err(e) => {
                return Err(format!(
                    "not JSON (line {}, column {})",
                    e.line(),
                    e.column()
                ));
            }
        };
        let mut read = Vec::with_capacity(rows.len());
        for (n, row) in rows.iter().enumerate() {
            let Value::Object(fields) = row else {
                return Err(format!("[{n}]: an object per ticket was expected"));
            };
            let field = |name: &str| match fields.get(name)? {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            let word = self
                .row(field, now_unix_ms)
                .map_err(|e| format!("[{n}].{e}"))?;
            read.push(word);
        }
        Ok(read)
    }

    /// One ticket from its fields.
    ///
    /// # Errors
    /// As [`TicketReader::json`].
    pub fn row(
        &self,
        field: impl Fn(&str) -> Option<String>,
        now_unix_ms: i64,
    ) -> Result<Read, String> {
        let names = &self.fields;
        let text = |name: &str| {
            let text = field(name)?;
            let text = text.trim();
            (!text.is_empty() && text != "null").then(|| text.to_owned())
        };
        let queue = self.queue(text(&names.queue).as_deref())?;
        let ticket = text(&names.ticket)
            .ok_or_else(|| format!("{}: the number is missing", names.ticket))?;
        let time = |name: &str| {
            let Some(text) = text(name) else {
                return Ok(None);
            };
            let unix_ms = machine_time(&text, self.utc_offset_s, now_unix_ms);
            unix_ms.map(Some).ok_or_else(|| {
                format!("{name}: not a time; expected 2026-09-21 09:02:11, 09:02:11, RFC 3339 or Unix seconds")
            })
        };
        let (taken, called) = (time(&names.taken_at)?, time(&names.called_at)?);
        let (start, end) = (time(&names.start_at)?, time(&names.end_at)?);
        let state = match text(&names.state) {
            Some(word) => self.state(&word)?,
            // Without a word for it the times tell it.
            None if end.is_some() => TicketState::Done,
            None if start.is_some() => TicketState::Serving,
            None if called.is_some() => TicketState::Called,
            None => TicketState::Waiting,
        };
        let party = match text(&names.party) {
            None => 1,
            Some(text) => text
                .parse()
                .map_err(|_| format!("{}: a number of people was expected", names.party))?,
        };
        let written = |unix_ms: Option<i64>| unix_ms.map(|ms| rfc3339_ms(ms, self.utc_offset_s));
        let life = format!("{queue}\n{ticket}\n{taken:?}");
        let record = TicketRecord {
            v: 1,
            src: "ticket".into(),
            queue: queue.to_string(),
            ticket,
            // A window the box does not watch is no mistake of the machine.
            window: text(&names.window).and_then(|name| self.window(&name)),
            state: TicketStateName::from(state),
            taken_at: written(taken),
            called_at: written(called),
            start_at: written(start),
            end_at: written(end),
            priority: false,
            party,
        };
        Ok(Read {
            word: record.check().map_err(|e| e.to_string())?,
            life,
            dated: taken.is_some(),
            ends: matches!(
                state,
                TicketState::Done
                    | TicketState::NoShow
                    | TicketState::Transferred
                    | TicketState::Cancelled
            ),
        })
    }

    fn queue(&self, name: Option<&str>) -> Result<&QueueId, String> {
        let key = &self.fields.queue;
        match (name, self.queues.as_slice()) {
            (None, [(_, only)]) => Ok(only),
            (None, _) => Err(format!(
                "{key}: missing, and the machine feeds several queues"
            )),
            (Some(name), queues) => queues
                .iter()
                .find(|(known, id)| known == name || id.as_str() == name)
                .map(|(_, id)| id)
                .ok_or_else(|| {
                    let known: Vec<&str> = queues.iter().map(|(name, _)| name.as_str()).collect();
                    format!(
                        "{key}: not one of {}; list the machine's name under [[tickets.queues]]",
                        known.join(", ")
                    )
                }),
        }
    }

    fn window(&self, name: &str) -> Option<String> {
        let found = self.windows.iter().find(|(known, _)| known == name);
        found.map(|(_, id)| id.to_string())
    }

    fn state(&self, word: &str) -> Result<TicketState, String> {
        let own = self
            .states
            .iter()
            .map(|(known, state)| (known.as_str(), *state));
        own.chain(STATES)
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map(|(_, state)| state)
            .ok_or_else(|| {
                format!(
                    "{}: an unknown word; list it under [tickets.states]",
                    self.fields.state
                )
            })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use hall_core::HallTime;
    use hall_core::time::WallClock;

    /// 2026-09-21T10:30:00+08:00.
    pub const NOW_MS: i64 = 1_789_957_800_000;

    pub fn reader() -> TicketReader {
        TicketReader {
            fields: TicketFields {
                ticket: "号码".into(),
                state: "状态".into(),
                ..TicketFields::default()
            },
            states: vec![("叫号".into(), TicketState::Called)],
            queues: vec![("社保".into(), "SB".into()), ("户籍".into(), "HJ".into())],
            windows: vec![("3".into(), "W3".into())],
            utc_offset_s: 28_800,
        }
    }

    #[test]
    fn a_machine_is_understood_in_its_own_words() {
        for (payload, queue, window, state, waited_s) in [
            (
                r#"{"queue":"社保","号码":"A023","window":3,"状态":"叫号","taken_at":"10:00:00","called_at":"10:05"}"#,
                "SB",
                Some("W3"),
                TicketState::Called,
                Some(300),
            ),
            (
                r#"[{"queue":"HJ","号码":23,"window":"99","状态":"完成","taken_at":null}]"#,
                "HJ",
                None,
                TicketState::Done,
                None,
            ),
            (
                r#"{"queue":"SB","号码":"A1","taken_at":"2026-09-21T10:00:00+08:00","called_at":1789956060}"#,
                "SB",
                None,
                TicketState::Called,
                Some(60),
            ),
        ] {
            let read = reader().json(payload.as_bytes(), NOW_MS).unwrap();
            let ticket = read[0]
                .word
                .said(HallTime(NOW_MS), &WallClock::unix(28_800));
            assert_eq!(ticket.queue.as_str(), queue);
            assert_eq!(ticket.window.as_ref().map(WindowId::as_str), window);
            assert_eq!(ticket.state, state);
            let waited = ticket.called_at.zip(ticket.taken_at);
            assert_eq!(waited.map(|(c, t)| c.since_ms(t) / 1000), waited_s);
        }
        for silent in ["", " \n", "[]"] {
            assert_eq!(reader().json(silent.as_bytes(), NOW_MS), Ok(Vec::new()));
        }
    }

    #[test]
    fn a_wrong_payload_is_refused_whole_and_names_the_place_but_no_number() {
        for (payload, expected) in [
            ("{", "not JSON (line 1, column 1)"),
            ("[1]", "[0]: an object per ticket was expected"),
            (
                r#"{"号码":"A023"}"#,
                "[0].queue: missing, and the machine feeds several queues",
            ),
            (
                r#"[{"queue":"SB","号码":"A023"},{"queue":"SB"}]"#,
                "[1].号码: the number is missing",
            ),
            (
                r#"{"queue":"x","号码":"A023"}"#,
                "[0].queue: not one of 社保, 户籍; list the machine's name under [[tickets.queues]]",
            ),
            (
                r#"{"queue":"SB","号码":"A023","状态":"A023?"}"#,
                "[0].状态: an unknown word; list it under [tickets.states]",
            ),
            (
                r#"{"queue":"SB","号码":"A023","party":"A023"}"#,
                "[0].party: a number of people was expected",
            ),
            (
                r#"{"queue":"SB","号码":"A023","taken_at":"A023"}"#,
                "[0].taken_at: not a time; expected 2026-09-21 09:02:11, 09:02:11, RFC 3339 or Unix seconds",
            ),
            (
                r#"{"queue":"SB","号码":"A023","party":1000}"#,
                "[0].party: must be 1 to 100 people",
            ),
        ] {
            assert_eq!(
                reader().json(payload.as_bytes(), NOW_MS),
                Err(expected.into()),
                "{payload}"
            );
        }
    }
}
