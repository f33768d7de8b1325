//! Simulated time of a run: begins at a given instant and runs faster, or slower, than the clock.

use std::sync::Arc;

use edge_uplink::clock::{WallFn, WallTime};
use hall_core::HallTime;
use tokio::time::Instant;

/// Boxes keep China Standard Time.
pub(crate) const UTC_OFFSET_S: i32 = 28_800;

/// Simulated time: begins now and runs `scale` times as fast.
#[derive(Clone, Copy)]
pub(crate) struct SimTime {
    pub origin: Instant,
    pub start_unix_ms: i64,
    pub scale: f64,
}

impl SimTime {
    pub fn now(self) -> HallTime {
        let ms = self.origin.elapsed().as_secs_f64() * 1000.0 * self.scale;
        HallTime(self.start_unix_ms + ms as i64)
    }

    pub fn wall(self) -> WallFn {
        Arc::new(move || WallTime {
            unix_ms: self.now().0,
            utc_offset_s: UTC_OFFSET_S,
        })
    }
}
