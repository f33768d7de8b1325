//! Arguments of `sensors`: what an installer asks for while setting sensors up.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::ConfigArg;
use super::central::duration;

/// What to do with sensors.
#[derive(Debug, Subcommand)]
pub enum SensorsCommand {
    /// List what is heard on the sensor broker, behind Modbus gateways, on serial lines and by HTTP, with live values and a suggested
    /// entry of hall.toml for everything that is not bound yet.
    Listen(ListenArgs),
    /// Press a sensor or walk past it, twice: finds out which it is and binds it to a window in hall.toml.
    Identify(IdentifyArgs),
    /// Make a device's password for the box's own broker and print it, once; a running box takes it within a second.
    Login(LoginArgs),
}

/// Where to look for sensors besides what is configured.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Configuration; its broker, gateways and lines are listened to. The box may be running on it.
    #[command(flatten)]
    pub config: ConfigArg,
    /// Modbus units to ask, for example 1-247.
    #[arg(long, value_name = "UNITS", default_value = "1-32,255", value_parser = units)]
    pub units: Units,
    /// A serial device to listen on, besides those of the configuration and of /dev/serial/by-id; may be given more than once.
    #[arg(long, value_name = "DEVICE")]
    pub device: Vec<String>,
}

/// Modbus unit addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units(pub Vec<u8>);

/// Arguments of `sensors listen`.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// Where to look.
    #[command(flatten)]
    pub search: SearchArgs,
    /// End after this time, for example 30s (the default where there is no terminal); on a terminal: at Ctrl-C.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub duration: Option<Duration>,
    /// Print one JSON object at the end.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sensors identify`.
#[derive(Debug, Args)]
pub struct IdentifyArgs {
    /// Where to look.
    #[command(flatten)]
    pub search: SearchArgs,
    /// The window to bind it to.
    #[arg(long, value_name = "WINDOW")]
    pub window: String,
    /// What its "on" means.
    #[arg(long, value_enum, default_value = "presence")]
    pub kind: KindArg,
    /// Its id; left out: window and kind, for example W3-seat.
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
}

/// What a sensor says, as `kind` of a sensor in hall.toml.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// Somebody is at the post.
    Presence,
    /// Somebody sits on the chair.
    Seat,
    /// Service is declared paused.
    Pause,
    /// The window's lamp.
    Lamp,
}

impl KindArg {
    /// As it is written in hall.toml.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            KindArg::Presence => "presence",
            KindArg::Seat => "seat",
            KindArg::Pause => "pause",
            KindArg::Lamp => "lamp",
        }
    }
}

/// Arguments of `sensors login`.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// The device: an id of [[sensor_broker.logins]].
    #[arg(value_name = "LOGIN")]
    pub login: String,
    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArg,
}

fn units(text: &str) -> Result<Units, String> {
    let words = || "it is addresses and ranges from 1 to 255, for example 1-32,255".to_owned();
    let mut units = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<u8>().ok().filter(|n| *n > 0);
        let (first, last) = number(first).zip(number(last)).ok_or_else(words)?;
        if first > last {
            return Err(words());
        }
        units.extend(first..=last);
    }
    units.sort_unstable();
    units.dedup();
    Ok(Units(units))
}

#[cfg(test)]
mod tests {
    use super::units;

    #[test]
    fn unit_addresses_are_read_or_refused() {
        assert_eq!(units("1-3,255, 2").unwrap().0, [1, 2, 3, 255]);
        for bad in ["", "0", "256", "3-1", "1-", "a"] {
            assert!(units(bad).is_err(), "{bad}");
        }
    }
}
