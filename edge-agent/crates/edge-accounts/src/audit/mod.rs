//! The access log: who looked at a picture, took evidence away or changed something; when, why and from where. Sealed lines with a chain
//! of their own, each naming the head of the event log's chain, so that neither can be rewritten without the other. Never published.

mod deed;
mod entry;
mod log;
mod notes;
mod segment;
mod views;

pub use deed::Deed;
pub use entry::{Audited, EventsHead, SealedEntry};
pub use log::{AuditLog, AuditPage, Filter, HeadFn};
pub use notes::Note;
