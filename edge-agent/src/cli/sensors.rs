//! Arguments of `sensors`: what an installer asks for while setting sensors up.

use clap::{Args, Subcommand};

use super::ConfigArg;

/// What to do with sensors.
#[derive(Debug, Subcommand)]
pub enum SensorsCommand {
    /// Make a device's password for the box's own broker and print it, once; a running box takes it within a second.
    Login(LoginArgs),
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
