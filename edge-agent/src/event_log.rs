//! The page's read side of the event store. Knows no HTTP.

use std::sync::Arc;

use edge_uplink::store::EventStore;

use crate::web::inputs::{EventBatch, EventSource, SourceError};

/// The stored events as the page reads them.
pub struct EventLog(pub Arc<dyn EventStore>);

impl EventSource for EventLog {
    fn read_after(&self, after: u64, max: usize) -> Result<EventBatch, SourceError> {
        let lines = self.0.read(after + 1, max).map_err(|e| SourceError {
            what: format!("read events after {after}"),
            reason: e.to_string(),
        })?;
        // Lines of another kind (gaps) and of an unknown version are passed over, but counted as looked at.
        let upto = lines.last().map_or(after, |line| line.seq);
        Ok(EventBatch {
            records: lines.iter().filter_map(|line| line.record()).collect(),
            upto,
        })
    }
}
