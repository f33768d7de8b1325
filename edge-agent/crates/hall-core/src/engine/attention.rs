//! Whose pictures are worth looking at: outside duty nobody is looked for (domain §3.1 line 12, scenarios 28 and 62). A question put
//! to the rosters; judges nothing.

use super::Engine;
use crate::duty::{self, Post};
use crate::ids::CameraId;

impl Engine {
    /// Whether anybody may be looked for in the pictures of `camera` now: the hall is on duty, or a window or queue that it shows is.
    /// With a clock nobody believes there is no duty.
    #[must_use]
    pub fn camera_on_duty(&self, camera: &CameraId) -> bool {
        let Some(camera) = self.core.layout.camera(camera) else {
            return false;
        };
        let layout = &self.core.layout;
        let windows = self.windows.iter().zip(&layout.window_cameras);
        let queues = self.queues.iter().zip(&layout.queue_cameras);
        self.core.clock.synced
            && (self.hall_on_duty()
                || windows
                    .filter(|(_, cameras)| cameras.iter().any(|c| c.camera == camera))
                    .any(|(window, _)| window.roster.stretch().is_some())
                || queues
                    .filter(|(_, cameras)| cameras.iter().any(|(c, _)| *c == camera))
                    .any(|(queue, _)| queue.on_duty()))
    }

    /// The hall's own hours: somebody may serve at a window that is not scheduled.
    fn hall_on_duty(&self) -> bool {
        let clock = &self.core.clock;
        let local_ms = clock.unix_ms(self.now) + i64::from(clock.utc_offset_s) * 1000;
        let hall = Post {
            window: None,
            weekly: None,
        };
        duty::duty_at(&self.core.cfg.duty, hall, local_ms)
            .span
            .is_some()
    }
}
