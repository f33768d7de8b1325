//! Turns observation records into engine inputs with what a hall's cameras need between pictures: counts of zones not
//! listed, tracks and zone rules. Knows neither engine nor time order.

use std::fmt::Display;
use std::sync::Arc;

use hall_core::HallTime;
use hall_core::config::{EngineConfig, Rules};
use hall_core::detection::Detection;
use hall_core::ids::{CameraId, GatewayId, QueueId, SensorId, TrackId, ZoneId};
use hall_core::observe::{Input, SensorReading, SourceHealth, SourceId, ZoneCount, ZoneSnapshot};
use hall_core::order::Order;
use hall_core::time::WallClock;
use hall_core::track::{Track, TrackState, Tracker, TrackerConfig};
use hall_core::zones::ZoneEvaluator;
use hall_wire::observation::Observation;

use crate::error::ReplayError;
use crate::run::Step;

/// One camera between two pictures.
#[derive(Debug)]
struct Eye {
    zones: Vec<ZoneId>,
    /// Last count of every zone that was ever listed.
    counts: Arc<ZoneSnapshot>,
    /// The record they are from, by its line.
    line: u64,
    tracker: Tracker,
    evaluator: ZoneEvaluator,
    tracks: Vec<Track>,
}

/// The hall's side of a replay.
#[derive(Debug)]
pub(crate) struct Hall {
    /// In order of their ids.
    eyes: Vec<(CameraId, Eye)>,
    sensors: Vec<SensorId>,
    gateways: Vec<GatewayId>,
    queues: Vec<QueueId>,
    /// Queues that have a ticket machine.
    ticketed: Vec<QueueId>,
    clock: WallClock,
}

impl Hall {
    pub(crate) fn new(cfg: &EngineConfig, tracker: TrackerConfig, utc_offset_s: i32) -> Self {
        let eye = |camera: &CameraId| Eye {
            zones: cfg
                .zones
                .iter()
                .filter(|z| z.camera == *camera)
                .map(|z| z.id.clone())
                .collect(),
            counts: Arc::new(ZoneSnapshot {
                camera: camera.clone(),
                at: HallTime::default(),
                zones: Vec::new(),
            }),
            line: 0,
            tracker: Tracker::new(tracker),
            evaluator: ZoneEvaluator::new(camera.clone(), cfg.zones.clone())
                .with_min_height_ratio(cfg.rules.min_height_ratio),
            tracks: Vec::new(),
        };
        let mut eyes: Vec<(CameraId, Eye)> = cfg
            .cameras
            .iter()
            .map(|camera| (camera.clone(), eye(camera)))
            .collect();
        eyes.sort_by(|(a, _), (b, _)| a.cmp(b));
        Hall {
            eyes,
            sensors: cfg.sensors.iter().map(|s| s.id.clone()).collect(),
            gateways: cfg
                .sensors
                .iter()
                .flat_map(|s| s.gateways.clone())
                .collect(),
            queues: cfg.queues.iter().map(|q| q.id.clone()).collect(),
            ticketed: cfg
                .queues
                .iter()
                .filter(|q| q.tickets)
                .map(|q| q.id.clone())
                .collect(),
            clock: WallClock::unix(utc_offset_s),
        }
    }

    /// What one record does; `rules` are those in force.
    pub(crate) fn step(
        &mut self,
        at: HallTime,
        line: u64,
        observation: &Observation,
        rules: &Rules,
    ) -> Result<Step, ReplayError> {
        Ok(Step::Input(match observation {
            Observation::Rules(changes) => {
                let rules = edge_config::rules_over(rules, &changes.clone().into())
                    .map_err(|reason| ReplayError::Rules { line, reason })?;
                return Ok(Step::Rules(Box::new(rules)));
            }
            Observation::Restart { last_ms } => {
                return Ok(Step::Restart {
                    last: last_ms.map(HallTime),
                });
            }
            Observation::System(fact) => Input::System(fact.clone()),
            Observation::Zones { camera, zones } => {
                let eye = self.eye(line, camera)?;
                return Ok(Step::Picture(eye.count(at, line, zones)?));
            }
            Observation::Tracks { camera, tracks } => {
                Input::Zones(self.eye(line, camera)?.follow(at, tracks))
            }
            Observation::Detections { camera, detections } => {
                let eye = self.eye(line, camera)?;
                Input::Zones(
                    eye.evaluator
                        .evaluate(at, eye.tracker.update(at, detections)),
                )
            }
            Observation::Sensor {
                sensor,
                value,
                quality,
            } => {
                self.know_sensor(line, sensor)?;
                Input::Sensor(SensorReading {
                    sensor: sensor.clone(),
                    at,
                    value: *value,
                    quality: *quality,
                })
            }
            Observation::Source { source, down } => {
                match source {
                    SourceId::Camera(camera) => {
                        self.eye(line, camera)?;
                    }
                    SourceId::Sensor(sensor) => self.know_sensor(line, sensor)?,
                    SourceId::Gateway(gateway) => know(line, "gateway", gateway, &self.gateways)?,
                    SourceId::Tickets(queue) => know(line, "queue", queue, &self.queues)?,
                }
                Input::Source(SourceHealth {
                    source: source.clone(),
                    at,
                    down: *down,
                })
            }
            Observation::Clock { offset_ms, synced } => {
                self.clock = WallClock {
                    offset_ms: *offset_ms,
                    synced: *synced,
                    ..self.clock
                };
                Input::Clock(self.clock)
            }
            Observation::Order { tx, by, what } => Input::Order(Order {
                tx: tx.clone(),
                at,
                by: by.clone(),
                what: what.clone(),
            }),
            Observation::Ticket(word) => {
                know(line, "queue with tickets", word.queue(), &self.ticketed)?;
                Input::Ticket(word.said(at, &self.clock))
            }
            Observation::Tick => Input::Tick,
        }))
    }

    fn eye(&mut self, line: u64, camera: &CameraId) -> Result<&mut Eye, ReplayError> {
        match self.eyes.binary_search_by(|(id, _)| id.cmp(camera)) {
            Ok(ix) => Ok(&mut self.eyes[ix].1),
            Err(_) => {
                let known = self.eyes.iter().map(|(id, _)| id);
                Err(unknown(line, "camera", camera, known))
            }
        }
    }

    fn know_sensor(&self, line: u64, sensor: &SensorId) -> Result<(), ReplayError> {
        know(line, "sensor", sensor, &self.sensors)
    }
}

impl Eye {
    /// The picture of one record; a record that is only repeated needs no more than the time.
    fn count(
        &mut self,
        at: HallTime,
        line: u64,
        zones: &[ZoneCount],
    ) -> Result<Arc<ZoneSnapshot>, ReplayError> {
        // Copied only if whoever got the last one still holds it.
        let picture = Arc::make_mut(&mut self.counts);
        picture.at = at;
        let listed = if self.line == line { &[] } else { zones };
        for new in listed {
            if let Some(known) = picture.zones.iter_mut().find(|c| c.zone == new.zone) {
                known.clone_from(new);
            } else if self.zones.contains(&new.zone) {
                picture.zones.push(new.clone());
            } else {
                return Err(unknown(line, "zone", &new.zone, &self.zones));
            }
        }
        self.line = line;
        Ok(Arc::clone(&self.counts))
    }

    /// Tracks as the file numbers them; one that is not listed any more is gone.
    fn follow(&mut self, at: HallTime, tracks: &[(TrackId, Detection)]) -> ZoneSnapshot {
        let followed = tracks
            .iter()
            .map(|(id, detection)| {
                let first_seen = self
                    .tracks
                    .iter()
                    .find(|t| t.id == *id)
                    .map_or(at, |t| t.first_seen);
                Track {
                    id: *id,
                    bbox: detection.bbox,
                    state: TrackState::Confirmed,
                    score: detection.score,
                    age_ms: at.since_ms(first_seen),
                    first_seen,
                    last_seen: at,
                }
            })
            .collect();
        self.tracks = followed;
        self.evaluator.evaluate(at, &self.tracks)
    }
}

fn know<T: Display + PartialEq>(
    line: u64,
    kind: &'static str,
    id: &T,
    known: &[T],
) -> Result<(), ReplayError> {
    if known.contains(id) {
        Ok(())
    } else {
        Err(unknown(line, kind, id, known))
    }
}

fn unknown<T: Display>(
    line: u64,
    kind: &'static str,
    id: &impl Display,
    known: impl IntoIterator<Item = T>,
) -> ReplayError {
    let known = known
        .into_iter()
        .map(|k| k.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let known = if known.is_empty() {
        "none".to_owned()
    } else {
        known
    };
    ReplayError::Unknown {
        line,
        kind,
        id: id.to_string(),
        known,
    }
}
