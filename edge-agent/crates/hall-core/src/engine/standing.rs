//! How each sensor stands: its quality now, why, and since when; for people, the page and the centre. Judges nothing: what counts
//! for a window is decided where it is judged.

use super::Engine;
use super::credence::Doubt;
use crate::observe::{FaultCause, Quality};
use crate::snapshot::{SensorReason, SensorSnapshot};
use crate::time::HallTime;

impl Engine {
    pub(super) fn sensor_snapshots(&self, at: HallTime) -> Vec<SensorSnapshot> {
        let snapshot = |ix: usize| {
            let reading = self.readings[ix];
            let trouble = self.sensor_trouble(ix, at);
            SensorSnapshot {
                sensor: self.core.cfg.sensors[ix].id.clone(),
                value: reading.map(|r| r.value),
                quality: trouble.map_or(Quality::Good, |(reason, _)| quality(reason)),
                trouble,
                last_seen: reading
                    .filter(|r| r.quality != Quality::Stale)
                    .map(|r| r.at),
                ons_last_hour: u32::try_from(self.credences[ix].ons_within_hour(at))
                    .unwrap_or(u32::MAX),
            }
        };
        (0..self.sensors.len()).map(snapshot).collect()
    }

    /// Why a sensor is not `good`, and since when.
    fn sensor_trouble(&self, ix: usize, at: HallTime) -> Option<(SensorReason, HallTime)> {
        let watch = &self.sensors[ix];
        if let Some((doubt, since)) = self.credences[ix].doubt() {
            return Some((doubtful(doubt), since));
        }
        let gateways = self.core.layout.sensor_gateways[ix].iter();
        let lost = gateways.filter_map(|gateway| self.gateways[*gateway].reported_since());
        if let Some(since) = lost.min() {
            return Some((SensorReason::Gateway, since));
        }
        if let Some(cause) = watch.reported() {
            let reason = match cause {
                FaultCause::Defect => SensorReason::Defect,
                _ => SensorReason::Offline,
            };
            return Some((reason, watch.reported_since().unwrap_or(at)));
        }
        let Some(reading) = self.readings[ix] else {
            return Some((SensorReason::NotHeard, watch.start()));
        };
        if let Some(since) = reading.outdated {
            return Some((SensorReason::NotHeard, since));
        }
        let stale_ms = (self.core.cfg.sensors[ix].stale_s)
            .map_or(self.core.limits.sensor_stale, |s| i64::from(s) * 1000);
        match reading.quality {
            Quality::Stale => Some((SensorReason::Retained, reading.since)),
            _ if at.since_ms(reading.at) > stale_ms => {
                Some((SensorReason::Silent, reading.at.plus_ms(stale_ms)))
            }
            Quality::Fault => Some((SensorReason::Defect, reading.since)),
            Quality::Suspect => Some((SensorReason::Contradictory, reading.since)),
            Quality::Good => self.contradicted(ix),
        }
    }

    /// Video contradicts it for too long, since then.
    fn contradicted(&self, ix: usize) -> Option<(SensorReason, HallTime)> {
        let sensor = &self.core.cfg.sensors[ix];
        let window = self.core.layout.window(&sensor.window)?;
        let since = self.windows[window].contradicts(&sensor.id)?;
        Some((SensorReason::Conflict, since))
    }
}

/// The quality a reason stands for.
fn quality(reason: SensorReason) -> Quality {
    use SensorReason as R;
    match reason {
        R::NotHeard | R::Silent | R::Retained | R::Gateway => Quality::Stale,
        R::StuckOn | R::StuckOff | R::Flapping => Quality::Suspect,
        R::Conflict | R::SensorWrong | R::Contradictory => Quality::Suspect,
        R::Offline | R::Defect => Quality::Fault,
    }
}

fn doubtful(doubt: Doubt) -> SensorReason {
    match doubt {
        Doubt::StuckOn => SensorReason::StuckOn,
        Doubt::StuckOff => SensorReason::StuckOff,
        Doubt::Flapping => SensorReason::Flapping,
        Doubt::Ruled => SensorReason::SensorWrong,
    }
}
