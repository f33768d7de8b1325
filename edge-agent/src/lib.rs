//! edge-agent: wiring of one edge box. Owns components and their supervision; judges nothing itself.

pub mod app;
pub mod archive_port;
pub mod cameras;
pub mod centre;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod event_log;
pub mod figures;
pub mod hall;
pub mod hall_info;
pub mod health;
pub mod links;
pub mod meta;
pub mod metrics;
pub mod orders;
pub mod resume;
pub mod retained;
pub mod sensor_links;
pub mod signals;
pub mod store_port;
pub mod supervise;
pub mod telemetry;
pub mod upkeep;
pub mod vision_port;
pub mod web;
