//! Where sensors and their gateways enter: every reading and every up and down is told to whom it concerns — the watch over the
//! sensor, what is believed of it, the window it belongs to.

use std::collections::VecDeque;

use super::credence::{Credence, CredenceCheckpoint, Doubt};
use super::feelers::Health;
use super::watch::{Watch, Watched};
use super::{Core, Engine, LastReading, Output};
use crate::observe::{FaultCause, Quality, SensorReading, SourceHealth, SourceId};
use crate::time::HallTime;

/// What is believed of every configured sensor; the same sensors keep what `old` knew.
pub(super) fn credences(
    core: &Core,
    mut old: Vec<Credence>,
    at: HallTime,
    out: &mut VecDeque<Output>,
) -> Vec<Credence> {
    let ctx = core.ctx(out);
    let make = |sensor: &crate::config::SensorConfig| {
        let window = core.cfg.windows.iter().find(|w| w.id == sensor.window);
        let weekly = window.and_then(|w| w.duty.clone());
        let was = old.iter().position(|c| c.id() == &sensor.id);
        let was = was.map(|ix| old.swap_remove(ix));
        Credence::new(sensor, weekly, was, at, &ctx)
    };
    core.cfg.sensors.iter().map(make).collect()
}

impl Engine {
    pub(super) fn sense(&mut self, at: HallTime, reading: &SensorReading) {
        let Some(ix) = self.core.layout.sensor(&reading.sensor) else {
            return;
        };
        let taken = reading.at.min(at);
        if self.readings[ix].is_some_and(|last| taken < last.at) {
            return;
        }
        if reading.quality == Quality::Good {
            self.disprove_gateways(ix, at, taken);
        }
        let before = self.readings[ix];
        let same = before.filter(|before| before.quality == reading.quality);
        self.readings[ix] = Some(LastReading {
            at: taken,
            value: reading.value,
            quality: reading.quality,
            since: same.map_or(taken, |before| before.since),
            outdated: None,
        });
        let mut ctx = self.core.ctx(&mut self.out);
        // What a broker kept is no sign that the sensor lives.
        let lives = reading.quality != Quality::Stale;
        let back = lives && self.sensors[ix].observe(at, taken, &mut ctx);
        let faulty = reading.quality == Quality::Fault;
        let was_faulty = before.is_some_and(|b| b.quality == Quality::Fault);
        if faulty != was_faulty {
            self.sensors[ix].health(at, taken, faulty.then_some(FaultCause::Defect), &mut ctx);
        }
        let sound = self.sensors[ix].reported().is_none() && !self.gateway_down(ix);
        let mut ctx = self.core.ctx(&mut self.out);
        if sound && reading.quality == Quality::Good {
            self.credences[ix].observe(taken, reading.value, &ctx);
        } else {
            self.credences[ix].deafen(taken, &ctx);
        }
        if let Some(window) = self.core.layout.window(&self.core.cfg.sensors[ix].window) {
            if back {
                self.windows[window].sensor_health(&reading.sensor, taken, Health::Up, &mut ctx);
            }
            self.tell_credence(ix, taken);
            let mut ctx = self.core.ctx(&mut self.out);
            self.windows[window].sense(taken, reading, &mut ctx);
            self.rearm_window(window);
        }
        self.settle(self.cameras.len() + ix, at);
    }

    /// A sensor or a gateway was reported down or up.
    pub(super) fn sensor_health(&mut self, at: HallTime, health: &SourceHealth) {
        let when = health.at.min(at);
        let mut ctx = self.core.ctx(&mut self.out);
        let state = if health.down.is_some() {
            Health::Down
        } else {
            Health::Up
        };
        match &health.source {
            SourceId::Sensor(id) => {
                let Some(ix) = self.core.layout.sensor(id) else {
                    return;
                };
                let was_down = self.sensors[ix].reported().is_some();
                self.sensors[ix].health(at, when, health.down, &mut ctx);
                self.credences[ix].deafen(when, &ctx);
                if was_down && state == Health::Up {
                    outdate(&mut self.readings[ix], when);
                }
                let mut ctx = self.core.ctx(&mut self.out);
                if let Some(window) = self.core.layout.window(&self.core.cfg.sensors[ix].window) {
                    self.windows[window].sensor_health(id, when, state, &mut ctx);
                    self.rearm_window(window);
                }
                self.settle(self.cameras.len() + ix, at);
            }
            SourceId::Gateway(id) => {
                let Some(ix) = self.core.layout.gateway(id) else {
                    return;
                };
                self.gateways[ix].health(at, when, health.down, &mut ctx);
                self.tell_gateway(ix, at, when);
            }
            SourceId::Camera(_) | SourceId::Tickets(_) => {}
        }
    }

    /// A reading that came through its gateways later than the report that one is gone disproves that.
    fn disprove_gateways(&mut self, sensor: usize, at: HallTime, taken: HallTime) {
        for n in 0..self.core.layout.sensor_gateways[sensor].len() {
            let ix = self.core.layout.sensor_gateways[sensor][n];
            if self.gateways[ix].observe(at, taken, &mut self.core.ctx(&mut self.out)) {
                self.tell_gateway(ix, at, taken);
            }
        }
    }

    /// Is a gateway of a sensor down?
    pub(super) fn gateway_down(&self, sensor: usize) -> bool {
        let path = &self.core.layout.sensor_gateways[sensor];
        path.iter()
            .any(|ix| self.gateways[*ix].reported().is_some())
    }

    /// Does a gateway hang on one that is down?
    fn gateway_sheltered(&self, gateway: usize) -> bool {
        let outer = &self.core.layout.outer_gateways[gateway];
        outer
            .iter()
            .any(|ix| self.gateways[*ix].reported().is_some())
    }

    /// Tells everything that hangs on a gateway whether it is up.
    fn tell_gateway(&mut self, gateway: usize, at: HallTime, when: HallTime) {
        for inner in 0..self.gateways.len() {
            if self.core.layout.outer_gateways[inner].contains(&gateway) {
                let down = self.gateway_sheltered(inner);
                self.gateways[inner].shelter(at, down, &mut self.core.ctx(&mut self.out));
                self.settle(self.gateway_slot(inner), at);
            }
        }
        for ix in 0..self.sensors.len() {
            if !self.core.layout.sensor_gateways[ix].contains(&gateway) {
                continue;
            }
            let down = self.gateway_down(ix);
            let state = if down { Health::Down } else { Health::Up };
            if self.sensors[ix].sheltered() && !down {
                outdate(&mut self.readings[ix], when);
            }
            let sensor = &self.core.cfg.sensors[ix];
            let mut ctx = self.core.ctx(&mut self.out);
            self.sensors[ix].shelter(at, down, &mut ctx);
            self.credences[ix].deafen(when, &ctx);
            if let Some(window) = self.core.layout.window(&sensor.window) {
                self.windows[window].sensor_gateway(&sensor.id, when, state, &mut ctx);
                self.rearm_window(window);
            }
            self.settle(self.cameras.len() + ix, at);
        }
        self.settle(self.gateway_slot(gateway), at);
    }

    /// After a window was settled: whether video sees somebody at its seat is told to what is believed of its sensors.
    pub(super) fn note_seat(&mut self, window: usize, at: HallTime) {
        let seen = self.windows[window].seat_seen(at, &self.core.limits);
        if std::mem::replace(&mut self.seats_seen[window], seen) == seen {
            return;
        }
        for ix in 0..self.sensors.len() {
            if self.core.cfg.sensors[ix].window == self.windows[window].id {
                self.credences[ix].see(at, seen, &self.core.ctx(&mut self.out));
                self.settle(self.cameras.len() + ix, at);
            }
        }
    }

    /// Settles a sensor's watch and what is believed of it, and tells its window.
    pub(super) fn settle_sensor(&mut self, ix: usize, at: HallTime) -> Option<HallTime> {
        let mut ctx = self.core.ctx(&mut self.out);
        self.credences[ix].settle(at, &ctx);
        let doubt = self.credences[ix].doubt();
        self.sensors[ix].settle(at, &mut ctx);
        let shown = doubt.and_then(|(doubt, since)| doubt.tag().map(|tag| (tag, since)));
        self.sensors[ix].doubt(at, shown, &mut ctx);
        let due = [
            self.sensors[ix].next(&ctx),
            self.credences[ix].next(ctx.limits),
        ];
        if let Some(window) = self.tell_credence(ix, at) {
            self.rearm_window(window);
        }
        due.into_iter().flatten().min()
    }

    /// Tells a sensor's window whether it may be believed; the window, if that changed.
    fn tell_credence(&mut self, ix: usize, at: HallTime) -> Option<usize> {
        let sensor = &self.core.cfg.sensors[ix];
        let credible = self.credences[ix].doubt().is_none();
        let window = self.core.layout.window(&sensor.window)?;
        if self.windows[window].feelers.believes(&sensor.id) == credible {
            return None;
        }
        let mut ctx = self.core.ctx(&mut self.out);
        self.windows[window].sensor_credible(&sensor.id, at, credible, &mut ctx);
        Some(window)
    }

    /// The wall clock or the calendar changed.
    pub(super) fn reschedule_sensors(&mut self, at: HallTime) {
        let ctx = self.core.ctx(&mut self.out);
        for credence in &mut self.credences {
            credence.reschedule(at, &ctx);
        }
    }

    /// After a new configuration: gateways and what is believed, told anew to every window.
    pub(super) fn replace_gateways(&mut self, at: HallTime, mut old: Vec<Watch>) {
        let was = std::mem::take(&mut self.credences);
        self.credences = credences(&self.core, was, at, &mut self.out);
        let mut keep = |what: Watched| match old.iter().position(|watch| watch.what() == &what) {
            Some(ix) => old.swap_remove(ix),
            None => Watch::new(what, at),
        };
        let gateways = self.core.layout.gateways.iter();
        self.gateways = gateways
            .map(|id| keep(Watched::Gateway(id.clone())))
            .collect();
        for watch in old {
            watch.remove(at, &mut self.core.ctx(&mut self.out));
        }
        for ix in 0..self.gateways.len() {
            let down = self.gateway_sheltered(ix);
            self.gateways[ix].shelter(at, down, &mut self.core.ctx(&mut self.out));
        }
        for ix in 0..self.sensors.len() {
            let down = self.gateway_down(ix);
            self.credences[ix].see(at, false, &self.core.ctx(&mut self.out));
            let sensor = &self.core.cfg.sensors[ix];
            let credible = self.credences[ix].doubt().is_none();
            let mut ctx = self.core.ctx(&mut self.out);
            self.sensors[ix].shelter(at, down, &mut ctx);
            if let Some(window) = self.core.layout.window(&sensor.window) {
                let state = if down { Health::Down } else { Health::Up };
                self.windows[window].sensor_gateway(&sensor.id, at, state, &mut ctx);
                self.windows[window].sensor_credible(&sensor.id, at, credible, &mut ctx);
            }
        }
    }

    /// What was believed of the sensors when the box went down goes on.
    pub(super) fn restore_credences(&mut self, saved: &[CredenceCheckpoint], shift: i64) {
        for saved in saved {
            if let Some(ix) = self.core.layout.sensor(&saved.sensor) {
                self.credences[ix].restore(saved, shift);
            }
        }
    }

    pub(super) fn gateway_slot(&self, ix: usize) -> usize {
        self.queue_slot(self.queues.len()) + 2 + ix
    }

    /// A person decided that a sensor is wrong: it is not believed until it goes off.
    pub(super) fn rule_out(&mut self, ix: usize, at: HallTime) {
        self.credences[ix].rule_out(at);
        self.settle(self.cameras.len() + ix, at);
    }

    /// Why a sensor is not believed.
    #[must_use]
    pub fn doubt(&self, sensor: &crate::ids::SensorId) -> Option<Doubt> {
        let ix = self.core.layout.sensor(sensor)?;
        self.credences[ix].doubt().map(|(doubt, _)| doubt)
    }
}

/// What was read before the sensor, or its gateway, came back at `when` is no reading of the present.
fn outdate(reading: &mut Option<LastReading>, when: HallTime) {
    if let Some(reading) = reading {
        reading.outdated = Some(when);
    }
}
