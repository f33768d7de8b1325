//! Evaluation terminals: what they say by HTTP, on MQTT and on serial lines, brought to one of six options at a window. A rating goes
//! to the totals and nowhere else: no rule sees it, and no log or file holds a single one.

pub mod desk;
pub mod line;
pub mod reader;
pub mod splitter;

pub use desk::{Rating, RatingDesk, RatingPush, RatingTopic};
pub use line::RatingLine;
pub use reader::RatingReader;
pub use splitter::LineSplitter;
