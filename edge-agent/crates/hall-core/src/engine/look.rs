//! What a camera's last picture said, so that the next one that says the same need not be sorted again. Judges nothing.

use super::layout::{Layout, Views};
use crate::observe::{ZoneCount, ZoneSnapshot};

/// The last picture of one camera.
#[derive(Debug, Clone, Default)]
pub(crate) struct Look {
    zones: Vec<ZoneCount>,
    /// The same, sorted to windows and queues.
    pub views: Views,
}

impl Look {
    /// Takes the next picture of this camera.
    pub fn take(&mut self, picture: &ZoneSnapshot, camera: usize, layout: &Layout) {
        if self.zones == picture.zones {
            return;
        }
        self.zones.truncate(picture.zones.len());
        for (known, count) in self.zones.iter_mut().zip(&picture.zones) {
            if known != count {
                known.zone.clone_from(&count.zone);
                known.count = count.count;
                known.tracks.clone_from(&count.tracks);
                known.still_since = count.still_since;
            }
        }
        let known = self.zones.len();
        self.zones.extend_from_slice(&picture.zones[known..]);
        layout.views(picture, camera, &mut self.views);
    }
}
