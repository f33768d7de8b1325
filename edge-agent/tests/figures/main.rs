//! The figures of a running hall: kept through crashes and damage, published again when late data come.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod hall;
mod kept;
mod killed;
