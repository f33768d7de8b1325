//! Ticket machines: what they say by HTTP, on MQTT and in files, brought to the one record of a ticket. Ticket numbers pass through to
//! the hall and stay in no log, error or file but the machine's own.

pub mod desk;
pub mod folder;
pub mod reader;
mod seen;
pub mod sheet;
pub mod time;

pub use desk::{TicketDesk, TicketPush, TicketTopic};
pub use folder::TicketFolder;
pub use reader::{TicketFields, TicketReader};
