//! The figures as claims, over the crate's public face only.
#![allow(clippy::unwrap_used)]

mod hall;
mod order;
mod periods;
mod rates;
mod ratings;
mod timeline;
