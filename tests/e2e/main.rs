//! End-to-end tests: the real binary with real cameras, a real broker and a real disk.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failed step is a failed test, and tests say what they measured and skipped"
)]

mod access;
mod accounts;
mod broker_outage;
mod broker_storm;
mod calendar;
mod camera_loss;
mod central_fleet;
mod centre;
mod centre_acknowledges;
mod clock_step;
mod commands;
mod days_offline;
mod evidence;
mod examples;
mod full_disk;
mod judged_hall;
mod own_broker;
mod page;
mod ratings;
mod receipts;
mod rollups;
mod sensor_adapters;
mod sensor_flood;
mod sensor_health;
mod sensor_push;
mod sensors_identify;
mod sensors_listen;
mod shutdown;
mod sudden_death;
mod ticket_machines;
mod tiers;
mod watchers;
mod web_api;
mod wills;
mod wrong_setup;
