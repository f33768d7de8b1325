//! What JSON Schema says about texts and numbers that are more than texts and numbers: instants, ids, hashes, shares. Named by a field's
//! `#[schemars(with = "…")]`; holds no value and checks nothing itself.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident = $schema:tt;)+) => {$(
        $(#[$doc])*
        pub struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

forms! {
    /// Version of the form: 1.
    One = {"type": "integer", "const": 1};
    /// RFC 3339 with milliseconds and offset, as the box writes it.
    Instant = {
        "type": "string", "format": "date-time",
        "pattern": r"^-?\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{2}:\d{2}$"
    };
    /// RFC 3339 with an offset or `Z`, as others may write it.
    AnyInstant = {"type": "string", "format": "date-time"};
    /// Local time without an offset.
    LocalTime = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$"};
    /// A ULID.
    Ulid = {"type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"};
    /// SHA-256, hex.
    Sha256Hex = {"type": "string", "pattern": "^[0-9a-f]{64}$"};
    /// SHA-256, hex, or nothing.
    Sha256HexOrEmpty = {"type": "string", "pattern": "^([0-9a-f]{64})?$"};
    /// An id of hall, box, window, queue, camera, sensor, account.
    Id = {"type": "string", "minLength": 1, "maxLength": 128};
    /// A share.
    Share = {"type": "number", "minimum": 0, "maximum": 1};
    /// A length of time in seconds.
    Seconds = {"type": "number", "minimum": 0};
    /// A number of something, of any size that JSON holds exactly.
    Count = {"type": "integer", "minimum": 0};
    /// A sequence number.
    Seq = {"type": "integer", "minimum": 1};
    /// Profile and revision of the rules.
    RuleName = {"type": "string", "pattern": r"^.+@\d+$"};
    /// A transaction of a command.
    Tx = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"};
    /// Days of a calendar.
    DateRange = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}(\.\.\d{4}-\d{2}-\d{2})?$"};
    /// A mean or quantile of numbers of people.
    NotNegative = {"type": "number", "minimum": 0};
    /// Where an event is.
    OpenOrClosed = {"type": "string", "enum": ["open", "closed"]};
    /// What an event can be about; the words of [`subject_parts`](crate::event::subject_parts).
    SubjectKindWord = {
        "type": "string", "enum": ["window", "group", "queue", "camera", "sensor", "gateway", "hall", "box"]
    };
    /// How many events, by code.
    CountByCode = {
        "type": "object",
        "propertyNames": {"enum": crate::name::CodeWord::ALL},
        "additionalProperties": {"type": "integer", "minimum": 0}
    };
    /// The kind of a window's state.
    WindowKind = {"type": "string", "const": "window"};
    /// The kind of a queue's state.
    QueueKind = {"type": "string", "const": "queue"};
    /// The kind of a live summary.
    SummaryKind = {"type": "string", "const": "summary"};
    /// The kind of a roll-up.
    RollupKind = {"type": "string", "const": "rollup"};
    /// The kind of `meta`.
    MetaKind = {"type": "string", "const": "meta"};
    /// The kind of a gap.
    GapKind = {"type": "string", "const": "gap"};
    /// Limits of the rules by name, and the profile's name.
    Limits = {
        "type": "object", "required": ["rule"],
        "properties": {"rule": {"type": "string", "description": "Profile and revision, for example `P0@7`."}},
        "additionalProperties": {"type": "number"}
    };
    /// CloudEvents' `specversion`.
    SpecVersion = {"type": "string", "const": "1.0"};
    /// CloudEvents' `datacontenttype`.
    JsonMedia = {"type": "string", "const": "application/json"};
    /// CloudEvents' `sequence`.
    Sequence = {"type": "string", "pattern": r"^\d{20}$"};
}
