//! The engine against the acceptance scenarios of the domain reference, profile P0, and the edges between them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod accounts;
mod attention;
mod cases;
mod customers;
mod day;
mod device;
mod edges;
mod groups;
mod hall;
mod innocence;
mod pauses;
mod properties;
mod queues;
mod restart;
mod ruling;
mod scenarios;
mod shift;
mod shortcut;
mod sources;
mod standing;
mod static_presence;
mod stream;
mod trust;
mod views;
mod waits;
