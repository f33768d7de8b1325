//! Where inputs enter: each is handed to the rules it concerns, and only those are settled again.

use super::feelers::Health;
use super::{Engine, LastReading};
use crate::observe::{FaultCause, Quality, SensorReading, SourceHealth, SourceId, ZoneSnapshot};
use crate::time::{HallTime, WallClock};

impl Engine {
    pub(super) fn see(&mut self, at: HallTime, picture: &ZoneSnapshot) {
        let Some(camera) = self.core.layout.camera(&picture.camera) else {
            return;
        };
        let taken = picture.at.min(at);
        if self.cameras[camera]
            .last_seen()
            .is_some_and(|last| taken < last)
        {
            // Overtaken by a later picture of the same camera.
            return;
        }
        if !self.cameras[camera].again(at, taken, &self.core.limits) {
            let back = self.cameras[camera].observe(at, taken, &mut self.core.ctx(&mut self.out));
            if back {
                self.tell_camera_health(camera, at, None);
            }
            self.settle(camera, at);
        }
        let mut look = std::mem::take(&mut self.looks[camera]);
        look.take(picture, camera, &self.core.layout);
        for (ix, view) in &look.views.windows {
            let mut ctx = self.core.ctx(&mut self.out);
            if self.windows[*ix].observe(camera, taken, view, &mut ctx) {
                self.rearm_window(*ix);
            }
        }
        for (ix, view) in &look.views.queues {
            let mut ctx = self.core.ctx(&mut self.out);
            if self.queues[*ix].observe(camera, taken, view, &mut ctx) {
                self.rearm_queue(*ix);
            }
        }
        self.looks[camera] = look;
    }

    pub(super) fn sense(&mut self, at: HallTime, reading: &SensorReading) {
        let Some(ix) = self.core.layout.sensor(&reading.sensor) else {
            return;
        };
        let taken = reading.at.min(at);
        if self.readings[ix].is_some_and(|last| taken < last.at) {
            return;
        }
        let before = self.readings[ix].replace(LastReading {
            at: taken,
            value: reading.value,
            quality: reading.quality,
        });
        let mut ctx = self.core.ctx(&mut self.out);
        let back = self.sensors[ix].observe(at, taken, &mut ctx);
        let faulty = reading.quality == Quality::Fault;
        let was_faulty = before.is_some_and(|b| b.quality == Quality::Fault);
        if faulty != was_faulty {
            self.sensors[ix].health(at, taken, faulty.then_some(FaultCause::Defect), &mut ctx);
        }
        if let Some(window) = self.core.layout.window(&self.core.cfg.sensors[ix].window) {
            if back {
                self.windows[window].sensor_health(&reading.sensor, taken, Health::Up, &mut ctx);
            }
            self.windows[window].sense(taken, reading, &mut ctx);
            self.rearm_window(window);
        }
        self.settle(self.cameras.len() + ix, at);
    }

    pub(super) fn health(&mut self, at: HallTime, health: &SourceHealth) {
        let when = health.at.min(at);
        let mut ctx = self.core.ctx(&mut self.out);
        match &health.source {
            SourceId::Camera(id) => {
                let Some(camera) = self.core.layout.camera(id) else {
                    return;
                };
                self.cameras[camera].health(at, when, health.down, &mut ctx);
                self.settle(camera, at);
                self.tell_camera_health(camera, when, health.down);
            }
            SourceId::Sensor(id) => {
                let Some(ix) = self.core.layout.sensor(id) else {
                    return;
                };
                self.sensors[ix].health(at, when, health.down, &mut ctx);
                if let Some(window) = self.core.layout.window(&self.core.cfg.sensors[ix].window) {
                    let state = if health.down.is_some() {
                        Health::Down
                    } else {
                        Health::Up
                    };
                    self.windows[window].sensor_health(id, when, state, &mut ctx);
                    self.rearm_window(window);
                }
                self.settle(self.cameras.len() + ix, at);
            }
            SourceId::Gateway(_) | SourceId::Tickets(_) => {}
        }
    }

    fn tell_camera_health(&mut self, camera: usize, when: HallTime, down: Option<FaultCause>) {
        for ix in 0..self.windows.len() {
            if self.core.layout.window_cameras[ix]
                .iter()
                .any(|c| c.camera == camera)
            {
                self.windows[ix].camera_health(
                    camera,
                    when,
                    down,
                    &mut self.core.ctx(&mut self.out),
                );
                self.rearm_window(ix);
            }
        }
        for ix in 0..self.queues.len() {
            if self.core.layout.queue_cameras[ix]
                .iter()
                .any(|(c, _)| *c == camera)
            {
                self.queues[ix].camera_health(
                    camera,
                    when,
                    down,
                    &mut self.core.ctx(&mut self.out),
                );
                self.rearm_queue(ix);
            }
        }
    }

    pub(super) fn set_clock(&mut self, at: HallTime, clock: WallClock) {
        // What was given out so far was stamped by the clock before.
        self.enter();
        let before = std::mem::replace(&mut self.core.clock, clock);
        self.device
            .set_clock(at, before, &mut self.core.ctx(&mut self.out));
        if clock.synced && !before.synced {
            self.enter();
            self.restamp(at);
        }
        for window in &mut self.windows {
            window.reschedule(at, &mut self.core.ctx(&mut self.out));
        }
        for queue in &mut self.queues {
            queue.reschedule(at, &mut self.core.ctx(&mut self.out));
        }
        self.minute.reschedule(at, &self.core.clock);
        self.rearm_all();
    }
}
