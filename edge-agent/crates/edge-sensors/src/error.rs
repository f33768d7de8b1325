//! What can go wrong with a sensor link, in words for a person.

/// A sensor adapter's failure. Credentials never appear in it.
#[derive(Debug, thiserror::Error)]
pub enum SensorError {
    /// A payload that says nothing usable.
    #[error("sensor {sensor}: payload on '{topic}' not understood: {reason}")]
    Payload {
        /// Sensor id.
        sensor: String,
        /// Topic it came on.
        topic: String,
        /// What was wrong, and what was expected.
        reason: String,
    },
}
