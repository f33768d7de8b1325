//! The observation record v1: one line of a replay file, parsed and checked. Knows no engine, no zones of a hall and no
//! order of lines; `edge-agent/docs/replay.md` describes the format.

mod name;
mod record;

#[cfg(test)]
mod tests;

use crate::order::{DirectiveFields, OrderError};
use crate::ticket::{TicketRecord, TicketWord};
use crate::time::parse_rfc3339;
use hall_core::HallTime;
use hall_core::detection::Detection;
use hall_core::geometry::BBox;
use hall_core::ids::{CameraId, SensorId, TrackId, ZoneId};
use hall_core::observe::{FaultCause, Quality, SourceId, SystemFact, ZoneCount};
use hall_core::order::{Actor, Directive};

pub use name::{CauseName, QualityName, cause_name, quality_name};
pub use record::{
    DetectionValue, FactName, ObservationRecord, TrackValue, TrackedCount, UpDown, ZoneValue,
};

/// A clock shows the years −9999 to 9999, and so is off by no more.
const CLOCK_OFF_MAX_MS: i64 = 20_000 * 366 * 86_400_000;

/// What was observed, in core types.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// People counted per zone; zones not listed keep their last count.
    Zones {
        /// Camera.
        camera: CameraId,
        /// Counts of the zones it speaks of.
        zones: Vec<ZoneCount>,
    },
    /// Followed people of one picture.
    Tracks {
        /// Camera.
        camera: CameraId,
        /// Everybody in the picture.
        tracks: Vec<(TrackId, Detection)>,
    },
    /// Detections of one picture.
    Detections {
        /// Camera.
        camera: CameraId,
        /// Everybody in the picture.
        detections: Vec<Detection>,
    },
    /// A sensor reading.
    Sensor {
        /// Sensor.
        sensor: SensorId,
        /// On or off.
        value: bool,
        /// Trust.
        quality: Quality,
    },
    /// A source went up (`None`) or down.
    Source {
        /// Which.
        source: SourceId,
        /// Why it is down.
        down: Option<FaultCause>,
    },
    /// The wall clock was set or became trusted.
    Clock {
        /// Wall time = time line + this.
        offset_ms: i64,
        /// Believed.
        synced: bool,
    },
    /// A person or the centre decides something.
    Order {
        /// Transaction id.
        tx: String,
        /// By whom.
        by: Actor,
        /// What.
        what: Directive,
    },
    /// The box notices something about itself.
    System(SystemFact),
    /// Other rules from here on: keys of `[rules]`, not yet checked.
    Rules(serde_json::Map<String, serde_json::Value>),
    /// The process died and runs again.
    Restart {
        /// Unix milliseconds at which it died; `None`: at the record before.
        last_ms: Option<i64>,
    },
    /// A ticket machine says something about one ticket.
    Ticket(TicketWord),
    /// Time passed.
    Tick,
}

/// When a record holds: once, or again every `every_ms` from `at_ms` (inclusive) until `until_ms` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Unix milliseconds; `None`: once.
    pub until_ms: Option<i64>,
    /// Milliseconds between repetitions.
    pub every_ms: i64,
}

/// Default of `every_ms`.
pub const EVERY_MS: u32 = 1_000;

/// What is wrong with one record.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RecordError {
    /// Not JSON, or not of this format.
    #[error("{0}; the format is described in docs/replay.md")]
    Format(String),
    /// A value that cannot be.
    #[error("{path}: {reason}")]
    Value {
        /// Where in the record, for example `tracks[2].box`.
        path: String,
        /// Why, and what is expected.
        reason: String,
    },
}

impl From<OrderError> for RecordError {
    fn from(error: OrderError) -> Self {
        wrong(error.path, error.reason)
    }
}

fn wrong(path: impl Into<String>, reason: impl Into<String>) -> RecordError {
    RecordError::Value {
        path: path.into(),
        reason: reason.into(),
    }
}

/// `camera:cam1`, `sensor:W3-seat`, `gateway:modbus-1` or `tickets:Q1`.
#[must_use]
pub fn source_name(source: &SourceId) -> String {
    match source {
        SourceId::Camera(id) => format!("camera:{id}"),
        SourceId::Sensor(id) => format!("sensor:{id}"),
        SourceId::Gateway(id) => format!("gateway:{id}"),
        SourceId::Tickets(id) => format!("tickets:{id}"),
    }
}

/// Reads one line.
///
/// # Errors
/// When the line is no JSON object of this format, or a value in it cannot be.
pub fn parse_record(line: &str) -> Result<(Span, Observation), RecordError> {
    let record: ObservationRecord = serde_json::from_str(line).map_err(|e| {
        // serde_json counts lines and columns of this one line; the caller names the line of the file.
        let text = e.to_string();
        let text = text.split(" at line ").next().unwrap_or(&text);
        RecordError::Format(text.to_owned())
    })?;
    record.check()
}

impl ObservationRecord {
    /// The record in core types, its values checked.
    ///
    /// # Errors
    /// When a value cannot be.
    pub fn check(self) -> Result<(Span, Observation), RecordError> {
        use ObservationRecord as R;
        Ok(match self {
            R::Zones {
                at,
                until,
                every_ms,
                camera,
                zones,
            } => {
                let span = span(&at, until.as_deref(), every_ms)?;
                let zones = zones
                    .into_iter()
                    .map(|(zone, value)| {
                        let (count, tracks, still_since) = match value {
                            ZoneValue::Count(count) => (count, Vec::new(), None),
                            ZoneValue::Tracked(t) => (t.count, t.tracks, t.still_since),
                        };
                        if !tracks.is_empty() && tracks.len() != count as usize {
                            let reason = format!("{} tracks for a count of {count}", tracks.len());
                            return Err(wrong(format!("zones.{zone}"), reason));
                        }
                        let path = format!("zones.{zone}.still_since");
                        let still_since = still_since.map(|text| instant(&path, &text));
                        Ok(ZoneCount {
                            zone: ZoneId::from(zone),
                            count,
                            tracks: tracks.into_iter().map(TrackId).collect(),
                            still_since: still_since.transpose()?.map(HallTime),
                        })
                    })
                    .collect::<Result<_, _>>()?;
                (
                    span,
                    Observation::Zones {
                        camera: camera.into(),
                        zones,
                    },
                )
            }
            R::Tracks {
                at,
                until,
                every_ms,
                camera,
                tracks,
            } => {
                let span = span(&at, until.as_deref(), every_ms)?;
                let mut checked: Vec<(TrackId, Detection)> = Vec::with_capacity(tracks.len());
                for (i, t) in tracks.iter().enumerate() {
                    if checked.iter().any(|(id, _)| id.0 == t.id) {
                        return Err(wrong(
                            format!("tracks[{i}].id"),
                            format!("{} is there twice", t.id),
                        ));
                    }
                    checked.push((
                        TrackId(t.id),
                        detection(&format!("tracks[{i}]"), t.bbox, t.score)?,
                    ));
                }
                (
                    span,
                    Observation::Tracks {
                        camera: camera.into(),
                        tracks: checked,
                    },
                )
            }
            R::Detections {
                at,
                until,
                every_ms,
                camera,
                detections,
            } => {
                let span = span(&at, until.as_deref(), every_ms)?;
                let detections = detections
                    .iter()
                    .enumerate()
                    .map(|(i, d)| detection(&format!("detections[{i}]"), d.bbox, d.score))
                    .collect::<Result<_, _>>()?;
                (
                    span,
                    Observation::Detections {
                        camera: camera.into(),
                        detections,
                    },
                )
            }
            R::Sensor {
                at,
                until,
                every_ms,
                sensor,
                value,
                quality,
            } => (
                span(&at, until.as_deref(), every_ms)?,
                Observation::Sensor {
                    sensor: sensor.into(),
                    value,
                    quality: quality.into(),
                },
            ),
            R::Source {
                at,
                source,
                state,
                cause,
            } => {
                let source = match source.split_once(':') {
                    Some(("camera", id)) if !id.is_empty() => SourceId::Camera(id.into()),
                    Some(("sensor", id)) if !id.is_empty() => SourceId::Sensor(id.into()),
                    Some(("gateway", id)) if !id.is_empty() => SourceId::Gateway(id.into()),
                    Some(("tickets", id)) if !id.is_empty() => SourceId::Tickets(id.into()),
                    _ => {
                        return Err(wrong(
                            "source",
                            format!(
                                "'{source}' is none of camera:ID, sensor:ID, gateway:ID and tickets:QUEUE"
                            ),
                        ));
                    }
                };
                let down = match (state, cause) {
                    (UpDown::Up, None) => None,
                    (UpDown::Down, Some(cause)) => Some(cause.into()),
                    (UpDown::Up, Some(_)) => {
                        return Err(wrong(
                            "cause",
                            "a source that is up has no cause; leave it out",
                        ));
                    }
                    (UpDown::Down, None) => {
                        return Err(wrong(
                            "cause",
                            "say why it is down: offline, dark, blocked, blurry, frozen, moved, defect or unanalysed",
                        ));
                    }
                };
                (span(&at, None, None)?, Observation::Source { source, down })
            }
            R::Clock {
                at,
                offset_ms,
                synced,
            } => {
                if !(-CLOCK_OFF_MAX_MS..=CLOCK_OFF_MAX_MS).contains(&offset_ms) {
                    return Err(wrong(
                        "offset_ms",
                        format!("{offset_ms} ms is more than any clock shows"),
                    ));
                }
                (
                    span(&at, None, None)?,
                    Observation::Clock { offset_ms, synced },
                )
            }
            R::Order {
                at,
                tx,
                by,
                leave,
                cancel_leave,
                case,
            } => {
                let fields = DirectiveFields {
                    leave,
                    cancel_leave,
                    case: case.map(|case| *case),
                };
                (
                    span(&at, None, None)?,
                    Observation::Order {
                        tx,
                        by: by.check()?,
                        what: fields.check()?,
                    },
                )
            }
            R::System { at, fact, sha256 } => {
                let sha256 = match (fact, sha256) {
                    (FactName::StorageLow | FactName::StorageOk, Some(_)) => {
                        return Err(wrong("sha256", "a disk has none; leave it out"));
                    }
                    (_, sha256) => sha256.unwrap_or_default(),
                };
                let fact = match fact {
                    FactName::StorageLow => SystemFact::StorageLow(true),
                    FactName::StorageOk => SystemFact::StorageLow(false),
                    FactName::ConfigChanged => SystemFact::ConfigChanged(sha256),
                    FactName::ModelChanged => SystemFact::ModelChanged(sha256),
                };
                (span(&at, None, None)?, Observation::System(fact))
            }
            R::Rules { at, rules } => (span(&at, None, None)?, Observation::Rules(rules)),
            R::Restart { at, last } => {
                let span = span(&at, None, None)?;
                let last_ms = last.map(|text| instant("last", &text)).transpose()?;
                if last_ms.is_some_and(|last_ms| last_ms > span.at_ms) {
                    return Err(wrong("last", "must not be later than at"));
                }
                (span, Observation::Restart { last_ms })
            }
            R::Ticket {
                at,
                queue,
                ticket,
                window,
                state,
                taken_at,
                called_at,
                start_at,
                end_at,
                priority,
                party,
            } => {
                let record = TicketRecord {
                    v: 1,
                    src: "ticket".into(),
                    queue,
                    ticket,
                    window,
                    state,
                    taken_at,
                    called_at,
                    start_at,
                    end_at,
                    priority,
                    party,
                };
                let word = record.check().map_err(|e| wrong(e.field, e.reason))?;
                (span(&at, None, None)?, Observation::Ticket(word))
            }
            R::Tick { at } => (span(&at, None, None)?, Observation::Tick),
        })
    }
}

fn instant(path: &str, text: &str) -> Result<i64, RecordError> {
    parse_rfc3339(text)
        .map(|(ms, _)| ms)
        .map_err(|e| wrong(path, e.to_string()))
}

fn span(at: &str, until: Option<&str>, every_ms: Option<u32>) -> Result<Span, RecordError> {
    let at_ms = instant("at", at)?;
    let until_ms = until.map(|text| instant("until", text)).transpose()?;
    if until_ms.is_some_and(|until_ms| until_ms <= at_ms) {
        return Err(wrong("until", "must be later than at"));
    }
    match (every_ms, until_ms) {
        (Some(0), _) => return Err(wrong("every_ms", "must be at least 1")),
        (Some(_), None) => {
            return Err(wrong(
                "every_ms",
                "needs until: without it the record holds once",
            ));
        }
        _ => {}
    }
    Ok(Span {
        at_ms,
        until_ms,
        every_ms: i64::from(every_ms.unwrap_or(EVERY_MS)),
    })
}

/// Boxes may stick out of the picture by rounding only.
const OUTSIDE: f32 = 0.001;

fn detection(path: &str, b: [f32; 4], score: f32) -> Result<Detection, RecordError> {
    let inside = |v: f32| (-OUTSIDE..=1.0 + OUTSIDE).contains(&v);
    if !b.into_iter().all(inside) {
        let reason =
            format!("{b:?} is not within 0 to 1; boxes are shares of the picture, not pixels");
        return Err(wrong(format!("{path}.box"), reason));
    }
    if b[0] >= b[2] || b[1] >= b[3] {
        return Err(wrong(
            format!("{path}.box"),
            format!("{b:?} is not [left, top, right, bottom]"),
        ));
    }
    if !(0.0..=1.0).contains(&score) {
        return Err(wrong(
            format!("{path}.score"),
            format!("{score} is not within 0 to 1"),
        ));
    }
    Ok(Detection {
        bbox: BBox {
            x1: b[0],
            y1: b[1],
            x2: b[2],
            y2: b[3],
        },
        score,
    })
}
