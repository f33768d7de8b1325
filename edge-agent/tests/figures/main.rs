//! The figures of a running hall: kept through crashes and damage, published again when late data come, asked while they are kept.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod asked;
mod hall;
mod kept;
mod killed;
mod sent;
mod shown;
