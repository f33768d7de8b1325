//! Evaluation terminals with how to hear them. Knows no device.

use hall_core::ids::WindowId;
use hall_core::rating::RatingOption;

use crate::secret::Secret;
use crate::sensor::SerialSource;

/// Evaluation terminals that are heard in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingSource {
    /// Id.
    pub id: String,
    /// How they are heard.
    pub adapter: RatingAdapter,
    /// The window they stand at; `None`: each message names it.
    pub window: Option<WindowId>,
    /// Key of the window in a message.
    pub window_key: String,
    /// Key of the rating in a message.
    pub rating_key: String,
    /// The terminal's words, besides the usual ones.
    pub words: Vec<(String, RatingOption)>,
    /// Windows by its names for them; ids of all windows are among them.
    pub windows: Vec<(String, WindowId)>,
}

/// How evaluation terminals are heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RatingAdapter {
    /// They send each rating by HTTP.
    Http {
        /// What they prove themselves with.
        token: Secret,
    },
    /// They publish each rating on the sensor broker.
    Mqtt {
        /// Topic, without wildcards.
        topic: String,
    },
    /// One line of text per rating.
    Serial {
        /// The line.
        line: SerialSource,
        /// Regular expression with the groups `rating` and, unless the window is set, `window`.
        pattern: String,
    },
}
