//! The sensors of one window: last readings, staleness, and what they say together. Knows nothing of cameras or duty.

use super::fusion::SensorSays;
use super::limits::Limits;
use crate::config::{SensorConfig, SensorKind};
use crate::ids::SensorId;
use crate::observe::{Quality, SensorReading};
use crate::time::HallTime;
use crate::tri::Tri;

/// Whether a source has been reported down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Up,
    Down,
}

/// One sensor.
#[derive(Debug, Clone)]
struct Feeler {
    id: SensorId,
    kind: SensorKind,
    stale_ms: Option<i64>,
    last: Option<HallTime>,
    value: bool,
    /// Since when it has said the same without a break.
    same_since: HallTime,
    quality: Quality,
    health: Health,
    /// Of the gateway its messages pass through.
    gateway: Health,
    /// It may be believed: neither stuck nor flapping nor found wrong.
    credible: bool,
}

impl Feeler {
    fn says(&self, at: HallTime, limits: &Limits) -> Tri {
        self.says_why(at, limits).into()
    }

    /// What it says, or why it cannot be trusted.
    fn says_why(&self, at: HallTime, limits: &Limits) -> SensorSays {
        let stale = self.stale_ms.unwrap_or(limits.sensor_stale);
        if !self.credible {
            return SensorSays::Suspect;
        }
        if self.gateway == Health::Down {
            return SensorSays::Stale;
        }
        match (self.last, self.quality) {
            _ if self.health == Health::Down => SensorSays::Fault,
            (None, _) => SensorSays::Never,
            (_, Quality::Fault) => SensorSays::Fault,
            (_, Quality::Suspect) => SensorSays::Suspect,
            (_, Quality::Stale) => SensorSays::Stale,
            (Some(last), Quality::Good) if at.since_ms(last) > stale => SensorSays::Stale,
            _ if self.value => SensorSays::Yes,
            _ => SensorSays::No,
        }
    }

    fn name(&self) -> String {
        let kind = match self.kind {
            SensorKind::Presence => "presence",
            SensorKind::Seat => "seat",
            SensorKind::Pause => "pause",
        };
        format!("{kind}:{}", self.id)
    }

    fn tells_presence(&self) -> bool {
        self.kind != SensorKind::Pause
    }
}

/// All sensors of one window.
#[derive(Debug, Clone, Default)]
pub(crate) struct Feelers {
    all: Vec<Feeler>,
}

impl Feelers {
    /// The sensors of a window; what `old` knew of the same sensors is kept.
    pub fn new<'a>(sensors: impl Iterator<Item = &'a SensorConfig>, old: Option<&Feelers>) -> Self {
        let all = sensors
            .map(|s| {
                let known = old
                    .and_then(|old| old.all.iter().find(|f| f.id == s.id && f.kind == s.kind))
                    .cloned();
                let stale_ms = s.stale_s.map(|s| i64::from(s) * 1000);
                match known {
                    Some(feeler) => Feeler { stale_ms, ..feeler },
                    None => Feeler {
                        id: s.id.clone(),
                        kind: s.kind,
                        stale_ms,
                        last: None,
                        value: false,
                        same_since: HallTime::default(),
                        quality: Quality::Good,
                        health: Health::Up,
                        gateway: Health::Up,
                        credible: true,
                    },
                }
            })
            .collect();
        Feelers { all }
    }

    /// Takes a reading that counts from `at`.
    pub fn observe(&mut self, at: HallTime, reading: &SensorReading, limits: &Limits) {
        let Some(feeler) = self.all.iter_mut().find(|f| f.id == reading.sensor) else {
            return;
        };
        if feeler.says(at, limits) != Tri::from(reading.value) {
            feeler.same_since = at;
        }
        feeler.last = Some(at);
        feeler.value = reading.value;
        feeler.quality = reading.quality;
    }

    /// A sensor was reported down or up.
    pub fn health(&mut self, sensor: &SensorId, health: Health) {
        for feeler in self.all.iter_mut().filter(|f| &f.id == sensor) {
            if feeler.health == Health::Down && health == Health::Up {
                // What it said before the fault is no reading of the present.
                feeler.last = None;
            }
            feeler.health = health;
        }
    }

    /// The gateway of a sensor went down or up: all its inputs are stale at once, and count again from their next reading.
    pub fn gateway(&mut self, sensor: &SensorId, health: Health) {
        for feeler in self.all.iter_mut().filter(|f| &f.id == sensor) {
            if feeler.gateway == Health::Down && health == Health::Up {
                feeler.last = None;
            }
            feeler.gateway = health;
        }
    }

    /// A sensor is not believed from `at` on, or again.
    pub fn believe(&mut self, sensor: &SensorId, at: HallTime, credible: bool) {
        for feeler in self.all.iter_mut().filter(|f| &f.id == sensor) {
            if credible && !feeler.credible {
                feeler.same_since = at;
            }
            feeler.credible = credible;
        }
    }

    /// May what a sensor says be believed?
    pub fn believes(&self, sensor: &SensorId) -> bool {
        self.all.iter().any(|f| &f.id == sensor && f.credible)
    }

    /// What the presence and seat sensors say together.
    pub fn say(&self, at: HallTime, limits: &Limits) -> SensorSays {
        let presence = self.all.iter().filter(|f| f.tells_presence());
        presence
            .map(|f| f.says_why(at, limits))
            .max()
            .unwrap_or(SensorSays::NotFitted)
    }

    /// Is somebody there? Yes if any healthy sensor says so; no if healthy ones all say nobody.
    pub fn presence(&self, at: HallTime, limits: &Limits) -> Tri {
        self.say(at, limits).into()
    }

    /// Has a healthy sensor declared a pause?
    pub fn paused(&self, at: HallTime, limits: &Limits) -> bool {
        self.all
            .iter()
            .any(|f| f.kind == SensorKind::Pause && f.says(at, limits).is_yes())
    }

    /// What the pause switches say: yes if a healthy one does, no if all healthy ones deny it.
    pub fn declared(&self, at: HallTime, limits: &Limits) -> Tri {
        let switches = self.all.iter().filter(|f| f.kind == SensorKind::Pause);
        switches.fold(Tri::Unknown, |so_far, f| {
            match (so_far, f.says(at, limits)) {
                (Tri::Yes, _) | (_, Tri::Yes) => Tri::Yes,
                (Tri::No, _) | (_, Tri::No) => Tri::No,
                _ => Tri::Unknown,
            }
        })
    }

    /// How long a pause switch may be silent at most, in milliseconds.
    pub fn pause_stale_ms(&self, limits: &Limits) -> i64 {
        let switches = self.all.iter().filter(|f| f.kind == SensorKind::Pause);
        let stale = switches.map(|f| f.stale_ms.unwrap_or(limits.sensor_stale));
        stale.max().unwrap_or(0)
    }

    /// The first sensor that says somebody is there, and since when one of them has.
    pub fn contradicting(&self, at: HallTime, limits: &Limits) -> Option<(SensorId, HallTime)> {
        let on = || {
            self.all
                .iter()
                .filter(|f| f.tells_presence() && f.says(at, limits).is_yes())
        };
        let since = on().map(|f| f.same_since).min()?;
        on().next().map(|f| (f.id.clone(), since))
    }

    /// Since when a sensor has said that somebody is there, if its last word is that.
    pub fn on_since(&self, sensor: &SensorId) -> Option<HallTime> {
        let feeler = self.all.iter().find(|f| &f.id == sensor)?;
        (feeler.last.is_some() && feeler.value).then_some(feeler.same_since)
    }

    /// Until when a presence sensor may have vouched for somebody: its last on, as far as it was heard.
    pub fn vouched_until(&self) -> Option<HallTime> {
        let heard = self.all.iter().filter(|f| f.tells_presence());
        heard
            .filter_map(|f| f.last.map(|last| if f.value { last } else { f.same_since }))
            .max()
    }

    /// Last reading of any presence sensor.
    pub fn last_seen(&self) -> Option<HallTime> {
        self.all
            .iter()
            .filter(|f| f.tells_presence())
            .filter_map(|f| f.last)
            .max()
    }

    /// When the next sensor turns stale, later than `after`.
    pub fn stale_at(&self, after: HallTime, limits: &Limits) -> Option<HallTime> {
        let stale = |f: &Feeler| {
            f.last
                .map(|last| last.plus_ms(f.stale_ms.unwrap_or(limits.sensor_stale) + 1))
        };
        self.all
            .iter()
            .filter_map(stale)
            .filter(|t| *t > after)
            .min()
    }

    /// Adds the presence sensors that say `present`, for example `seat:W3-seat`.
    pub fn evidence(&self, at: HallTime, present: bool, limits: &Limits, out: &mut Vec<String>) {
        let agrees = |f: &&Feeler| f.tells_presence() && f.says(at, limits) == Tri::from(present);
        out.extend(self.all.iter().filter(agrees).map(Feeler::name));
    }

    /// Adds the switches that declare a pause.
    pub fn pause_evidence(&self, at: HallTime, limits: &Limits, out: &mut Vec<String>) {
        let on = |f: &&Feeler| f.kind == SensorKind::Pause && f.says(at, limits).is_yes();
        out.extend(self.all.iter().filter(on).map(Feeler::name));
    }
}
