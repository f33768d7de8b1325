//! The archive of observations: what the engine was told, kept compactly for some days, so that other rules can be tried on days that
//! are over. Counts, readings, ups and downs, clock, tickets, orders: never a picture, and no number that could follow a person from one day to the
//! next. Knows no engine and no clock. `edge-agent/docs/archive.md` describes files and exactness.
#![forbid(unsafe_code)]

mod archivist;
mod bytes;
mod decoder;
mod encoder;
mod frame;
mod head;
mod rare;
mod reader;
mod shelf;
mod tag;
mod tap;

pub use archivist::{Archivist, Item};
pub use head::{Eye, Head};
pub use reader::{Read, ReadError, Reader};
pub use shelf::{Budget, Day, days, drop_oldest};
pub use tap::{CAPACITY, Tap};
