//! A small hall under test: configuration, a scripted scene that is played to the engine, and events as one line each.

use std::collections::BTreeMap;

use hall_core::config::{
    Cover, DaySegment, DutyCalendar, EngineConfig, EvaluationPoint, GroupConfig, QueueConfig,
    Rules, SensorConfig, SensorKind, WeeklyDuty, WindowConfig, Zone, ZoneKind,
};
use hall_core::engine::{Engine, Output};
use hall_core::event::{Event, Phase, Subject};
use hall_core::geometry::Point;
use hall_core::ids::{TrackId, ZoneId};
use hall_core::observe::{
    FaultCause, Input, Quality, SensorReading, SourceHealth, SourceId, ZoneCount, ZoneSnapshot,
};
use hall_core::summary::Summary;
use hall_core::{HallTime, WallClock};

/// Asia/Shanghai.
pub const SHANGHAI_S: i32 = 28_800;

pub fn clock() -> WallClock {
    WallClock::unix(SHANGHAI_S)
}

/// `HH:MM:SS` or `HH:MM:SS.mmm` on Monday 2026-09-21, or `MM-DD HH:MM:SS` in 2026, local time.
pub fn t(text: &str) -> HallTime {
    let (date, time) = text.split_once(' ').unwrap_or(("09-21", text));
    let (month, day) = date.split_once('-').unwrap();
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let days =
        20_454 + before[month.parse::<usize>().unwrap() - 1] + day.parse::<i64>().unwrap() - 1;
    let mut parts = time.split(':');
    let mut number = || parts.next().unwrap().parse::<f64>().unwrap();
    let seconds = number() * 3600.0 + number() * 60.0 + number();
    HallTime(days * 86_400_000 + (seconds * 1000.0).round() as i64 - i64::from(SHANGHAI_S) * 1000)
}

/// `HH:MM:SS`, with milliseconds only where there are any.
pub fn hms(unix_ms: i64) -> String {
    let ms = (unix_ms + i64::from(SHANGHAI_S) * 1000).rem_euclid(86_400_000);
    let (s, rest) = (ms / 1000, ms % 1000);
    let text = format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
    if rest == 0 {
        text
    } else {
        format!("{text}.{rest:03}")
    }
}

pub fn hours(segments: &[(u32, u32)]) -> Vec<DaySegment> {
    segments
        .iter()
        .map(|(from, to)| DaySegment {
            from_s: from * 3600,
            to_s: to * 3600,
        })
        .collect()
}

pub fn weekdays(segments: &[(u32, u32)]) -> WeeklyDuty {
    let mut weekly = WeeklyDuty::default();
    weekly.days[..5].fill(hours(segments));
    weekly
}

pub fn zone(id: &str, camera: &str, kind: ZoneKind) -> Zone {
    let point = |x, y| Point { x, y };
    Zone {
        id: id.into(),
        camera: camera.into(),
        kind,
        polygon: vec![point(0.0, 0.0), point(1.0, 0.0), point(1.0, 1.0)],
        evaluation_point: EvaluationPoint::Center,
        adult_height: None,
    }
}

pub fn sensor(id: &str, window: &str, kind: SensorKind) -> SensorConfig {
    SensorConfig {
        id: id.into(),
        window: window.into(),
        kind,
        stale_s: None,
        gateways: Vec::new(),
    }
}

/// Windows of which one must be staffed.
pub fn pair(id: &str, windows: &[&str]) -> GroupConfig {
    GroupConfig {
        id: id.into(),
        windows: windows.iter().map(|window| (*window).into()).collect(),
        cover: Cover::Either,
        min_staffed: 1,
    }
}

/// Windows W1..W4 and the counter of W3 on cam1, queue Q1 on cam2; 09–12 and 13–17 on weekdays; profile P0.
pub fn hall() -> EngineConfig {
    let mut zones = Vec::new();
    let mut windows = Vec::new();
    for n in 1..=4 {
        let id = format!("W{n}");
        windows.push(WindowConfig {
            id: id.as_str().into(),
            min_staff: 1,
            duty: None,
        });
        zones.push(zone(
            &format!("{id}.staff"),
            "cam1",
            ZoneKind::Staff(id.as_str().into()),
        ));
        zones.push(zone(
            &format!("{id}.ext"),
            "cam1",
            ZoneKind::StaffExtended(id.as_str().into()),
        ));
        zones.push(zone(
            &format!("{id}.counter"),
            "cam1",
            ZoneKind::Counter(id.as_str().into()),
        ));
    }
    zones.push(zone("Q1", "cam2", ZoneKind::Queue("Q1".into())));
    EngineConfig {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        cameras: vec!["cam1".into(), "cam2".into()],
        windows,
        queues: vec![QueueConfig {
            id: "Q1".into(),
            windows: Vec::new(),
            capacity: None,
            tickets: false,
        }],
        zones,
        sensors: Vec::new(),
        groups: Vec::new(),
        duty: DutyCalendar {
            weekly: weekdays(&[(9, 12), (13, 17)]),
            ..DutyCalendar::default()
        },
        rules: Rules::default(),
    }
}

/// What happens in front of the cameras, to be played at a fixed picture rate.
#[derive(Clone)]
pub struct Scene {
    pub cfg: EngineConfig,
    pub period_ms: i64,
    counts: BTreeMap<String, Vec<(HallTime, u32)>>,
    tracks: BTreeMap<String, Vec<(HallTime, HallTime, u64)>>,
    silent: Vec<(String, HallTime, HallTime)>,
    readings: Vec<(HallTime, Input)>,
    pub clock: WallClock,
}

/// What the engine said, and the engine.
pub struct Played {
    pub engine: Engine,
    pub events: Vec<Event>,
    pub summaries: Vec<Summary>,
    pub intervals: Vec<hall_core::account::Interval>,
    pub waits: Vec<hall_core::account::WaitSample>,
    pub answers: Vec<hall_core::order::Answer>,
}

impl Scene {
    /// All windows staffed, no queue.
    pub fn new() -> Self {
        let mut scene = Scene {
            cfg: hall(),
            period_ms: 1000,
            counts: BTreeMap::new(),
            tracks: BTreeMap::new(),
            silent: Vec::new(),
            readings: Vec::new(),
            clock: clock(),
        };
        for n in 1..=4 {
            scene = scene.from("00:00:00", &format!("W{n}.staff"), 1);
        }
        scene
    }

    pub fn every(mut self, period_ms: i64) -> Self {
        self.period_ms = period_ms;
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut EngineConfig)) -> Self {
        change(&mut self.cfg);
        self
    }

    /// From an instant on, so many people are in the zone.
    pub fn from(mut self, at: &str, zone: &str, count: u32) -> Self {
        let at = if at == "00:00:00" { HallTime(0) } else { t(at) };
        let list = self.counts.entry(zone.into()).or_default();
        list.push((at, count));
        list.sort_by_key(|(at, _)| *at);
        self
    }

    /// Nobody in the staff zone of `window` in between.
    pub fn away(self, window: &str, from: &str, to: &str) -> Self {
        let zone = format!("{window}.staff");
        self.from(from, &zone, 0).from(to, &zone, 1)
    }

    /// A tracked person in the zone in between.
    pub fn person(mut self, zone: &str, track: u64, from: &str, to: &str) -> Self {
        self.tracks
            .entry(zone.into())
            .or_default()
            .push((t(from), t(to), track));
        self
    }

    /// The camera delivers nothing in between.
    pub fn silent(mut self, camera: &str, from: &str, to: &str) -> Self {
        self.silent.push((camera.into(), t(from), t(to)));
        self
    }

    pub fn source(mut self, at: &str, camera: &str, down: Option<FaultCause>) -> Self {
        let health = SourceHealth {
            source: SourceId::Camera(camera.into()),
            at: t(at),
            down,
        };
        self.readings.push((t(at), Input::Source(health)));
        self
    }

    pub fn input(mut self, at: &str, input: Input) -> Self {
        self.readings.push((t(at), input));
        self
    }

    /// The sensor says `value` at `from` and repeats it every 30 s until `to` (exclusive).
    pub fn sensor(mut self, sensor: &str, value: bool, from: &str, to: &str) -> Self {
        let (mut at, to) = (t(from), t(to));
        while at < to {
            let reading = SensorReading {
                sensor: sensor.into(),
                at,
                value,
                quality: Quality::Good,
            };
            self.readings.push((at, Input::Sensor(reading)));
            at = at.plus_ms(30_000);
        }
        self
    }

    fn count(&self, id: &ZoneId, at: HallTime) -> ZoneCount {
        let zone = id.as_str();
        let list = self.counts.get(zone);
        let count = list
            .and_then(|l| l.iter().rev().find(|(from, _)| *from <= at))
            .map_or(0, |(_, n)| *n);
        let stays = self.tracks.get(zone).into_iter().flatten();
        let tracks: Vec<TrackId> = stays
            .filter(|(from, to, _)| (*from..*to).contains(&at))
            .map(|(_, _, id)| TrackId(*id))
            .collect();
        ZoneCount {
            zone: id.clone(),
            count: count.max(tracks.len() as u32),
            tracks,
            still_since: None,
        }
    }

    /// Every input from `from` to `to`, in order of time.
    pub fn inputs(&self, from: HallTime, to: HallTime) -> Vec<(HallTime, Input)> {
        let mut inputs = Vec::new();
        let mut at = from;
        while at <= to {
            for camera in &self.cfg.cameras {
                let silent = |(c, from, to): &(String, HallTime, HallTime)| {
                    c == camera.as_str() && (*from..*to).contains(&at)
                };
                if self.silent.iter().any(silent) {
                    continue;
                }
                let mine = self.cfg.zones.iter().filter(|z| &z.camera == camera);
                let zones = mine.map(|z| self.count(&z.id, at)).collect();
                inputs.push((
                    at,
                    Input::Zones(ZoneSnapshot {
                        camera: camera.clone(),
                        at,
                        zones,
                    }),
                ));
            }
            at = at.plus_ms(self.period_ms);
        }
        inputs.extend(
            self.readings
                .iter()
                .filter(|(at, _)| (from..=to).contains(at))
                .cloned(),
        );
        inputs.sort_by_key(|(at, input)| (*at, matches!(input, Input::Zones(_))));
        inputs
    }

    /// Plays the scene from a fresh engine.
    pub fn play(&self, from: &str, to: &str) -> Played {
        let engine = Engine::new(self.cfg.clone(), self.clock, t(from));
        self.go_on(engine, from, to)
    }

    /// Plays the scene to an engine that may have a past.
    pub fn go_on(&self, mut engine: Engine, from: &str, to: &str) -> Played {
        for (at, input) in self.inputs(t(from), t(to)) {
            engine.handle(at, input);
        }
        engine.handle(t(to), Input::Tick);
        Played::drain(engine)
    }
}

impl Played {
    pub fn drain(mut engine: Engine) -> Self {
        let (mut events, mut summaries) = (Vec::new(), Vec::new());
        let (mut intervals, mut waits, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(output) = engine.poll_output() {
            match output {
                Output::Event(event) => events.push(event),
                Output::Summary(summary) => summaries.push(summary),
                Output::Interval(interval) => intervals.push(interval),
                Output::Wait(wait) => waits.push(wait),
                Output::Answer(answer) => answers.push(answer),
                Output::Excuse(_) => {}
            }
        }
        Played {
            engine,
            events,
            summaries,
            intervals,
            waits,
            answers,
        }
    }

    pub fn lines(&self) -> Vec<String> {
        self.events.iter().map(line).collect()
    }
}

/// `10:05:00 unstaffed W3 notice raised r1 onset 10:00:00 absent 300`, and on closing `end … reason dur …`.
pub fn line(e: &Event) -> String {
    let subject = match &e.subject {
        Subject::Window(id) => id.to_string(),
        Subject::Queue(id) => id.to_string(),
        Subject::Camera(id) => id.to_string(),
        Subject::Sensor(id) => id.to_string(),
        Subject::Group(id) => id.to_string(),
        Subject::Gateway(id) => id.to_string(),
        Subject::Hall => "hall".into(),
        Subject::Device => "box".into(),
    };
    let s = |ms: i64| ms as f64 / 1000.0;
    let phase = match e.phase {
        Phase::Raised => "raised",
        Phase::Updated => "updated",
        Phase::Cleared => "cleared",
        Phase::Revised => "revised",
    };
    let mut text = format!(
        "{} {:?} {subject} {:?} {phase} r{} onset {}",
        hms(e.updated.unix_ms),
        e.code,
        e.level,
        e.rev,
        hms(e.onset.unix_ms)
    );
    if let (Some(end), Some(reason)) = (e.end, e.end_reason) {
        text += &format!(
            " end {} {reason:?} dur {}",
            hms(end.unix_ms),
            s(e.duration_ms)
        );
    }
    if e.absent_ms > 0 {
        text += &format!(" absent {}", s(e.absent_ms));
    }
    if e.unobserved_ms > 0 {
        text += &format!(" unobserved {}", s(e.unobserved_ms));
    }
    if e.brief_returns > 0 {
        text += &format!(" returns {}", e.brief_returns);
    }
    if let Some(peak) = e.peak {
        text += &format!(" peak {peak}");
    }
    for tag in &e.tags {
        text += &format!(" {tag:?}");
    }
    text
}

/// Plays a scene and compares every event, one line each.
#[track_caller]
pub fn check(name: &str, scene: &Scene, from: &str, to: &str, expected: &[&str]) {
    let played = scene.play(from, to);
    let got = played.lines();
    assert_eq!(got, expected, "{name}: got\n{}", got.join("\n"));
}
