//! Questions to the event log. Pure.

use hall_wire::event::SealedRecord;
use hall_wire::time::parse_rfc3339;

/// Which time of a record a range is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeField {
    /// When the event began.
    #[default]
    Onset,
    /// When this revision was made.
    Updated,
}

/// What to look for; everything given must hold. The default finds the newest 100 records of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Which time `from_unix_ms` and `to_unix_ms` are about.
    pub time: TimeField,
    /// At or after, Unix milliseconds.
    pub from_unix_ms: Option<i64>,
    /// Before, Unix milliseconds.
    pub to_unix_ms: Option<i64>,
    /// Subject kind and id, for example `("window", "W3")`.
    pub subject: Option<(String, String)>,
    /// Event code, for example `unstaffed`.
    pub code: Option<String>,
    /// Only the latest revision of each event.
    pub latest_only: bool,
    /// Only events still open (then only their latest revision).
    pub open_only: bool,
    /// Only sequence numbers below this one: the next page after the last record seen.
    pub before_seq: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

impl Default for Query {
    fn default() -> Self {
        Query {
            time: TimeField::Onset,
            from_unix_ms: None,
            to_unix_ms: None,
            subject: None,
            code: None,
            latest_only: false,
            open_only: false,
            before_seq: None,
            limit: 100,
        }
    }
}

impl Query {
    /// Whether the record itself answers; `latest_only` and `open_only` need the log around it and are not looked at.
    #[must_use]
    pub fn matches(&self, sealed: &SealedRecord) -> bool {
        let r = &sealed.record;
        let at = match self.time {
            TimeField::Onset => unix_ms(&r.onset),
            TimeField::Updated => unix_ms(&r.updated),
        };
        self.from_unix_ms.is_none_or(|from| at >= from)
            && self.to_unix_ms.is_none_or(|to| at < to)
            && self
                .subject
                .as_ref()
                .is_none_or(|(kind, id)| *kind == r.subject_kind && *id == r.subject)
            && self.code.as_ref().is_none_or(|code| *code == r.code)
            && self.before_seq.is_none_or(|seq| sealed.seq < seq)
    }

    pub(crate) fn has_time(&self) -> bool {
        self.from_unix_ms.is_some() || self.to_unix_ms.is_some()
    }
}

/// Unix milliseconds of a stored time; 0 when it is none.
pub(crate) fn unix_ms(text: &str) -> i64 {
    parse_rfc3339(text).map_or(0, |(ms, _)| ms)
}
