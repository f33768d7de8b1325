//! What the windows of an event were seen and heard as around it, out of the kept observations: changes of counts in their zones, readings of
//! their sensors, ups and downs of their cameras. Counts and readings, no person.

use std::collections::BTreeMap;

use edge_config::Config;
use hall_core::case::Concern;
use hall_core::config::ZoneKind;
use hall_core::ids::{CameraId, SensorId, WindowId, ZoneId};
use hall_core::observe::{Input, SourceId};
use hall_replay::{ArchiveSteps, Asked, Step};
use hall_wire::event::{SealedRecord, parse_subject};
use hall_wire::observation::{cause_name, quality_name};
use hall_wire::time::{parse_rfc3339, rfc3339_ms};
use serde_json::{Value, json};

/// So much before the onset: how it was before.
const BEFORE_MS: i64 = 10 * 60_000;
/// So much after the end: that it is over.
const AFTER_MS: i64 = 2 * 60_000;
/// Longest part of an event that is traced, from its onset: a window's day.
const LONGEST_MS: i64 = 24 * 3_600_000;
/// Lines at most; a restless zone must not make a pack of many MiB.
const LINES_MAX: usize = 20_000;

/// What was observed.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub lines: Vec<Value>,
    /// Begin and end, RFC 3339.
    pub from: String,
    pub to: String,
    /// In words, what is missing; `complete` otherwise.
    pub says: String,
}

/// The trace of the event with these revisions, oldest first.
pub(super) fn of(config: &Config, revisions: &[SealedRecord], now_unix_ms: i64) -> Trace {
    let Some(newest) = revisions.last().map(|r| &r.record) else {
        return Trace::default();
    };
    let time = |text: &str| parse_rfc3339(text).map_or(now_unix_ms, |(unix_ms, _)| unix_ms);
    let onset = time(&newest.onset);
    let end = newest.end.as_deref().map_or(now_unix_ms, time);
    let (from, to) = (
        onset - BEFORE_MS,
        (end + AFTER_MS)
            .min(onset + LONGEST_MS)
            .min(now_unix_ms + 1),
    );
    let mut trace = Trace {
        from: rfc3339_ms(from, config.utc_offset_s),
        to: rfc3339_ms(to, config.utc_offset_s),
        says: "complete".into(),
        ..Trace::default()
    };
    let watched = Watched::of(config, &newest.subject_kind, &newest.subject);
    if let Err(missing) = watched.read(config, (from, to), &mut trace.lines) {
        trace.says = missing;
    }
    trace
}

/// What speaks about an event.
struct Watched {
    zones: Vec<ZoneId>,
    cameras: Vec<CameraId>,
    sensors: Vec<SensorId>,
}

impl Watched {
    fn of(config: &Config, subject_kind: &str, subject: &str) -> Watched {
        let engine = &config.engine;
        let parsed = parse_subject(subject_kind, subject);
        let windows: Vec<WindowId> = match parsed.map(|s| Concern::of(&s, engine)) {
            Some(Concern::Windows(windows)) => windows,
            // The hall as a whole: everything speaks about it.
            _ => engine.windows.iter().map(|w| w.id.clone()).collect(),
        };
        let is_camera = |id: &CameraId| subject_kind == "camera" && id.as_str() == subject;
        let queue = (subject_kind == "queue").then_some(subject);
        let zones: Vec<_> = engine
            .zones
            .iter()
            .filter(|zone| match &zone.kind {
                ZoneKind::Queue(id) => queue.is_some_and(|queue| id.as_str() == queue),
                ZoneKind::Staff(w) | ZoneKind::StaffExtended(w) | ZoneKind::Counter(w) => {
                    windows.contains(w)
                }
            } || is_camera(&zone.camera))
            .collect();
        let mut cameras: Vec<CameraId> = zones.iter().map(|zone| zone.camera.clone()).collect();
        cameras.extend(engine.cameras.iter().filter(|id| is_camera(id)).cloned());
        Watched {
            zones: zones.iter().map(|zone| zone.id.clone()).collect(),
            sensors: engine
                .sensors
                .iter()
                .filter(|sensor| windows.contains(&sensor.window))
                .map(|sensor| sensor.id.clone())
                .collect(),
            cameras,
        }
    }

    /// Reads the changes between two instants; what is missing in words.
    fn read(
        &self,
        config: &Config,
        (from, to): (i64, i64),
        lines: &mut Vec<Value>,
    ) -> Result<(), String> {
        let dir = config.storage.observations_dir();
        let asked = Asked {
            from_unix_ms: from,
            to_unix_ms: to,
        };
        let steps = ArchiveSteps::open(&dir, asked, config.utc_offset_s)
            .map_err(|_| "the observations of that time are not kept (any more)".to_owned())?;
        let mut clock = hall_core::WallClock::unix(config.utc_offset_s);
        let mut counts: BTreeMap<ZoneId, u32> = BTreeMap::new();
        let mut readings: BTreeMap<SensorId, (bool, &'static str)> = BTreeMap::new();
        for told in steps {
            let told = told.map_err(|_| "the kept observations end early".to_owned())?;
            let input = match told.step {
                Step::Start(start) => {
                    clock = start.clock;
                    continue;
                }
                Step::Picture(picture) => Input::Zones((*picture).clone()),
                Step::Input(input) => input,
                _ => continue,
            };
            let unix_ms = clock.stamp(told.at).unix_ms;
            let at = rfc3339_ms(unix_ms, config.utc_offset_s);
            let mut said = Vec::new();
            match input {
                Input::Clock(now) => clock = now,
                Input::Zones(picture) => {
                    for zone in picture
                        .zones
                        .iter()
                        .filter(|z| self.zones.contains(&z.zone))
                    {
                        if counts.insert(zone.zone.clone(), zone.count) != Some(zone.count) {
                            said.push(json!({
                                "v": 1, "kind": "count", "at": at, "camera": picture.camera.as_str(), "zone": zone.zone.as_str(),
                                "count": zone.count,
                            }));
                        }
                    }
                }
                Input::Sensor(reading) if self.sensors.contains(&reading.sensor) => {
                    let now = (reading.value, quality_name(reading.quality));
                    if readings.insert(reading.sensor.clone(), now) != Some(now) {
                        said.push(json!({
                            "v": 1, "kind": "reading", "at": at, "sensor": reading.sensor.as_str(), "value": now.0, "quality": now.1,
                        }));
                    }
                }
                Input::Source(health) => {
                    let (kind, id) = match &health.source {
                        SourceId::Camera(id) if self.cameras.contains(id) => {
                            ("camera", id.as_str())
                        }
                        SourceId::Sensor(id) if self.sensors.contains(id) => {
                            ("sensor", id.as_str())
                        }
                        _ => continue,
                    };
                    let down = health.down.map(cause_name);
                    said.push(json!({"v": 1, "kind": "source", "at": at, kind: id, "down": down}));
                }
                _ => {}
            }
            if unix_ms >= from {
                lines.extend(said);
            } else if !said.is_empty() {
                // How it stood when the trace begins: the last of each kind before it counts.
                lines.retain(|line| !said.iter().any(|new| is_about_the_same(line, new)));
                lines.extend(said);
            }
            if lines.len() > LINES_MAX {
                lines.truncate(LINES_MAX);
                return Err(format!("only the first {LINES_MAX} changes"));
            }
        }
        Ok(())
    }
}

fn is_about_the_same(one: &Value, other: &Value) -> bool {
    ["kind", "zone", "sensor", "camera"]
        .iter()
        .all(|key| one[*key] == other[*key])
}
