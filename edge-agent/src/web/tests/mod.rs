//! The real server on a real socket, fed by scripted inputs.

mod accounts;
mod api;
mod client;
mod figures;
mod fixture;
mod golden;
mod live;
mod protection;
mod push;
mod scripted;
