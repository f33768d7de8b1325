//! The claims every parser of foreign bytes must hold for any bytes: it does not panic, its memory stays in proportion to its input, and what
//! it says holds together. [`PARSERS`] lists them with bytes to begin from; `edge-agent/fuzz` drives them by libFuzzer, `tests/any_bytes.rs`
//! for some seconds in every test run. Knows no rule and touches neither network nor clock.
// A claim that does not hold must stop the run, as in a test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod archive;
mod central;
mod command;
mod config;
mod device;
mod export;
mod fixture;
mod frame;
mod modbus;
mod observation;
mod rating;
mod ticket;

/// One parser under test.
#[derive(Clone, Copy)]
pub struct Parser {
    /// Its name, also that of its libFuzzer target and its corpus.
    pub name: &'static str,
    /// Feeds it bytes and holds it to its claims.
    pub hold: fn(&[u8]),
    /// Inputs worth beginning from: the fixtures and golden files of the crates.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every parser that takes bytes from outside the box.
pub const PARSERS: [Parser; 17] = [
    Parser {
        name: "zigbee2mqtt",
        hold: device::zigbee2mqtt,
        seeds: || device::seeds("zigbee2mqtt.toml"),
    },
    Parser {
        name: "esphome",
        hold: device::esphome,
        seeds: || device::seeds("esphome.toml"),
    },
    Parser {
        name: "tasmota",
        hold: device::tasmota,
        seeds: || device::seeds("tasmota.toml"),
    },
    Parser {
        name: "onvif",
        hold: device::onvif,
        seeds: || device::seeds("onvif.toml"),
    },
    Parser {
        name: "mqtt_json",
        hold: device::json,
        seeds: || device::seeds("mqtt.toml"),
    },
    Parser {
        name: "http_push",
        hold: device::push,
        seeds: || device::seeds("http.toml"),
    },
    Parser {
        name: "ld2410",
        hold: frame::ld2410,
        seeds: || frame::seeds("ld2410.toml"),
    },
    Parser {
        name: "ld2450",
        hold: frame::ld2450,
        seeds: || frame::seeds("ld2450.toml"),
    },
    Parser {
        name: "modbus_reply",
        hold: modbus::reply,
        seeds: modbus::seeds,
    },
    Parser {
        name: "tickets",
        hold: ticket::tickets,
        seeds: ticket::seeds,
    },
    Parser {
        name: "ratings",
        hold: rating::ratings,
        seeds: rating::seeds,
    },
    Parser {
        name: "command",
        hold: command::command,
        seeds: command::seeds,
    },
    Parser {
        name: "central",
        hold: central::central,
        seeds: central::seeds,
    },
    Parser {
        name: "observation",
        hold: observation::observation,
        seeds: observation::seeds,
    },
    Parser {
        name: "archive",
        hold: archive::archive,
        seeds: archive::seeds,
    },
    Parser {
        name: "export",
        hold: export::export,
        seeds: export::seeds,
    },
    Parser {
        name: "hall_toml",
        hold: config::hall_toml,
        seeds: config::seeds,
    },
];

/// Holds the parser `name` to its claims for `bytes`.
///
/// # Panics
/// When a claim does not hold, or there is no such parser.
pub fn hold(name: &str, bytes: &[u8]) {
    let parser = PARSERS.iter().find(|parser| parser.name == name);
    (parser.unwrap_or_else(|| panic!("no parser {name}")).hold)(bytes);
}
