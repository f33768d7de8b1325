//! Detections of one camera.

use serde::Serialize;
use utoipa::ToSchema;

use crate::web::inputs::CameraBoxes;
use crate::web::state::AppState;

/// What the detector found in the last analysed picture.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BoxesDto {
    /// Format version: 1.
    pub v: u32,
    /// Camera id.
    pub camera: String,
    /// Capture time, RFC 3339; null before the first analysed picture.
    pub at: Option<String>,
    /// Age of that picture in milliseconds; null before the first.
    pub age_ms: Option<i64>,
    /// Persons found. Boxes carry no identity over pictures.
    pub detections: Vec<BoxDto>,
}

/// One person, in shares of the picture's width and height (0–1).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BoxDto {
    /// Left.
    pub x1: f32,
    /// Top.
    pub y1: f32,
    /// Right.
    pub x2: f32,
    /// Bottom.
    pub y2: f32,
    /// Detector's score, 0–1.
    pub score: f32,
}

impl BoxesDto {
    pub(in crate::web) fn new(
        camera: String,
        found: Option<&CameraBoxes>,
        state: &AppState,
    ) -> Self {
        let detections = found.map(|f| f.detections.as_slice()).unwrap_or_default();
        BoxesDto {
            v: 1,
            camera,
            at: found.map(|f| state.wall(f.at)),
            age_ms: found.map(|f| state.now().since_ms(f.at).max(0)),
            detections: detections
                .iter()
                .map(|d| BoxDto {
                    x1: d.bbox.x1,
                    y1: d.bbox.y1,
                    x2: d.bbox.x2,
                    y2: d.bbox.y2,
                    score: d.score,
                })
                .collect(),
        }
    }
}
