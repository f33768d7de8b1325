//! `sensors login`: a device's password at the box's own broker.

use std::io::Write;

use anyhow::bail;
use edge_config::SensorBroker;
use edge_sensors::own_broker;

use super::{Exit, load_config};
use crate::cli::LoginArgs;

/// Makes a password and prints what has to be entered into the device.
///
/// # Errors
/// When the login's password is not the box's to make, or it cannot be kept.
pub(super) fn login(args: &LoginArgs) -> anyhow::Result<Exit> {
    let config = match load_config(&args.config.config) {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let Some(SensorBroker::Own(broker)) = &config.sensor_broker else {
        bail!(
            "the box runs no broker of its own ([sensor_broker] listen); passwords are made at the broker that url names"
        );
    };
    let Some(login) = broker.logins.iter().find(|login| login.id == args.login) else {
        let known: Vec<&str> = broker
            .logins
            .iter()
            .map(|login| login.id.as_str())
            .collect();
        bail!(
            "there is no login '{}'; known: {}; add it under [[sensor_broker.logins]] first",
            args.login,
            known.join(", ")
        );
    };
    if login.password.is_some() {
        bail!(
            "the password of '{}' is named in hall.toml (password_file or password_env); change it there, or take the key out",
            login.id
        );
    }
    let folder = config.storage.sensor_broker_dir();
    let password = own_broker::make_password(&folder, &login.id).map_err(anyhow::Error::msg)?;
    let host = if broker.listen.ip().is_unspecified() {
        "the box's address in the hall's network".to_owned()
    } else {
        broker.listen.ip().to_string()
    };
    writeln!(
        std::io::stdout(),
        "broker    {host}\nport      {}\nuser      {}\npassword  {password}\ntopics    {}\n\n\
         It is shown only this once: the box keeps a hash. Asked again, it makes another, and this one ends.",
        broker.listen.port(),
        login.id,
        login.topics.join(", ")
    )?;
    Ok(Exit::Ok)
}
