//! Versioned JSON forms (v1) of what leaves or enters the box: copies of core types, so that the core may change without
//! changing a published contract. Knows no transport and no storage.
#![forbid(unsafe_code)]

#[macro_use]
pub mod name;
pub mod calendar;
pub mod checkpoint;
mod checkpoint_post;
pub mod day;
pub mod event;
pub mod figures;
pub mod interval;
pub mod meta;
pub mod observation;
pub mod order;
mod order_state;
pub mod rating;
pub mod recall;
pub mod reply;
pub mod rollup;
pub mod schema;
pub mod seal;
pub mod state;
pub mod summary;
pub mod ticket;
pub mod time;
pub mod timeline;
