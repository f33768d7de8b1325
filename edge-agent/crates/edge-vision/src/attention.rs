//! Which cameras' pictures may be looked at. Outside duty nobody is looked for: pictures are taken, counted and let go. Knows no
//! calendar.

use std::collections::BTreeSet;
use std::sync::Arc;

use hall_core::ids::CameraId;
use tokio::sync::watch;

/// Whose pictures are analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attention {
    /// Everybody's.
    All,
    /// Those of these cameras; the others rest.
    Only(Arc<BTreeSet<CameraId>>),
}

/// The newest word on it; read at every picture.
pub type AttentionWatch = watch::Receiver<Attention>;

impl Attention {
    /// Nobody's.
    #[must_use]
    pub fn none() -> Self {
        Attention::Only(Arc::default())
    }

    /// Whether pictures of `camera` are analysed.
    #[must_use]
    pub fn covers(&self, camera: &CameraId) -> bool {
        match self {
            Attention::All => true,
            Attention::Only(cameras) => cameras.contains(camera),
        }
    }
}
