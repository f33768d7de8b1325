//! What a detector says about one picture.

use crate::geometry::BBox;

/// One person found in one picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Visible part of the person, normalised to the picture (0–1).
    pub bbox: BBox,
    /// Detector's score, 0–1.
    pub score: f32,
}
