//! Constant-velocity prediction of a box over real time. Four independent two-state Kalman filters (centre x, centre y,
//! width, height): the noises of the usual eight-state box filter do not couple the axes, so this is the same filter.
//! Knows no detections and no tracks.

use crate::geometry::{BBox, Point};

/// Noise is given in box heights, so that near and far people are treated alike. The values follow from a person of
/// 1.7 m: detectors place box edges to a few per cent of the height, and people change their speed by about 1 m/s within
/// a second.
const CENTRE_MEASURED: f32 = 0.05;
const SIZE_MEASURED: f32 = 0.08;
const CENTRE_SPEED_CHANGE: f32 = 0.6;
const SIZE_SPEED_CHANGE: f32 = 0.3;
/// Speed wanders like a random walk only this long; over more seconds people stop or keep going, they do not race away.
const WANDER_S: f32 = 0.5;
/// Standard deviation of the unknown speed of a new person, in heights per second: walking is 1.4 m/s.
const NEW_SPEED_PER_S: f32 = 0.8;

/// Value and speed of one coordinate with their covariance.
#[derive(Debug, Clone, Copy)]
struct Axis {
    value: f32,
    speed: f32,
    var: f32,
    cov: f32,
    speed_var: f32,
}

impl Axis {
    fn new(value: f32, deviation: f32, speed_deviation: f32) -> Self {
        Axis {
            value,
            speed: 0.0,
            var: deviation * deviation,
            cov: 0.0,
            speed_var: speed_deviation * speed_deviation,
        }
    }

    /// `speed_change` is the deviation of the speed after one second.
    fn predict(&mut self, dt_s: f32, speed_change: f32) {
        let q = speed_change * speed_change * dt_s.min(WANDER_S);
        let dt2 = dt_s * dt_s;
        self.value += self.speed * dt_s;
        self.var += 2.0 * dt_s * self.cov + dt2 * (self.speed_var + q / 3.0);
        self.cov += dt_s * (self.speed_var + q / 2.0);
        self.speed_var += q;
    }

    fn correct(&mut self, measured: f32, deviation: f32) {
        let total = self.var + deviation * deviation;
        if total <= 0.0 {
            self.value = measured;
            return;
        }
        let (gain, speed_gain) = (self.var / total, self.cov / total);
        let surprise = measured - self.value;
        self.value += gain * surprise;
        self.speed += speed_gain * surprise;
        self.speed_var -= speed_gain * self.cov;
        self.cov *= 1.0 - gain;
        self.var *= 1.0 - gain;
    }
}

/// Predicted place, size and motion of one box. `x` coordinates are kept in picture heights, so that both directions have
/// one unit; `aspect` is picture width over height.
#[derive(Debug, Clone, Copy)]
pub(super) struct Motion {
    aspect: f32,
    x: Axis,
    y: Axis,
    width: Axis,
    height: Axis,
}

impl Motion {
    pub(super) fn new(bbox: &BBox, aspect: f32) -> Self {
        let (c, h) = (bbox.center(), bbox.height());
        Motion {
            aspect,
            x: Axis::new(c.x * aspect, h * CENTRE_MEASURED, h * NEW_SPEED_PER_S),
            y: Axis::new(c.y, h * CENTRE_MEASURED, h * NEW_SPEED_PER_S),
            width: Axis::new(bbox.width() * aspect, h * SIZE_MEASURED, h * SIZE_MEASURED),
            height: Axis::new(h, h * SIZE_MEASURED, h * SIZE_MEASURED),
        }
    }

    pub(super) fn predict(&mut self, dt_s: f32) {
        let h = self.height.value.max(0.0);
        self.x.predict(dt_s, h * CENTRE_SPEED_CHANGE);
        self.y.predict(dt_s, h * CENTRE_SPEED_CHANGE);
        self.width.predict(dt_s, h * SIZE_SPEED_CHANGE);
        self.height.predict(dt_s, h * SIZE_SPEED_CHANGE);
    }

    pub(super) fn correct(&mut self, bbox: &BBox) {
        let (c, h) = (bbox.center(), bbox.height());
        self.x.correct(c.x * self.aspect, h * CENTRE_MEASURED);
        self.y.correct(c.y, h * CENTRE_MEASURED);
        self.width
            .correct(bbox.width() * self.aspect, h * SIZE_MEASURED);
        self.height.correct(h, h * SIZE_MEASURED);
    }

    /// Forgets all speed: what was not seen for long is expected where it was.
    pub(super) fn halt(&mut self) {
        for axis in [&mut self.x, &mut self.y, &mut self.width, &mut self.height] {
            axis.speed = 0.0;
            axis.cov = 0.0;
        }
    }

    /// The expected box, cut to the picture.
    pub(super) fn bbox(&self) -> BBox {
        let (w, h) = (
            self.width.value.max(0.0) / self.aspect,
            self.height.value.max(0.0),
        );
        let c = Point {
            x: self.x.value / self.aspect,
            y: self.y.value,
        };
        BBox {
            x1: (c.x - w / 2.0).clamp(0.0, 1.0),
            y1: (c.y - h / 2.0).clamp(0.0, 1.0),
            x2: (c.x + w / 2.0).clamp(0.0, 1.0),
            y2: (c.y + h / 2.0).clamp(0.0, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walker(t_s: f32) -> BBox {
        let x = 0.1 + 0.1 * t_s;
        BBox {
            x1: x,
            y1: 0.4,
            x2: x + 0.05,
            y2: 0.6,
        }
    }

    #[test]
    fn a_steady_walk_is_predicted_at_any_frame_rate() {
        for step_ms in [40, 100, 200, 500, 1000, 2000] {
            let step_s = step_ms as f32 / 1000.0;
            let mut motion = Motion::new(&walker(0.0), 16.0 / 9.0);
            let mut t = 0.0;
            while t + step_s < 6.0 {
                t += step_s;
                motion.predict(step_s);
                motion.correct(&walker(t));
            }
            motion.predict(step_s);
            let (got, want) = (motion.bbox().center().x, walker(t + step_s).center().x);
            assert!((got - want).abs() < 0.02, "{step_ms} ms: {got} for {want}");
        }
    }
}
