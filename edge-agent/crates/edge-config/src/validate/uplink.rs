//! MQTT brokers: the uplink to the centre, and what it shares with the sensors' broker.

use crate::address::{self, is_loopback};
use crate::config::{Broker, Transport, UplinkConfig};
use crate::mistake::{quote, show};
use crate::raw::RawConfig;
use crate::validate::secret::Login;
use crate::validate::{Check, signer};

/// The uplink; `None` when absent or switched off. A switched-off section is checked all the same, its secrets are not read.
pub(super) fn uplink(raw: &RawConfig, check: &mut Check<'_>) -> Option<UplinkConfig> {
    let uplink = raw.uplink.as_ref()?;
    let login = Login {
        user: uplink.user.as_deref(),
        password_file: uplink.password_file.as_deref().filter(|_| uplink.enabled),
        password_env: uplink.password_env.as_deref().filter(|_| uplink.enabled),
    };
    let broker = broker("uplink", &uplink.url, &["mqtt", "mqtts"], &login, check);
    if let Some(client_id) = &uplink.client_id
        && (client_id.is_empty()
            || client_id.len() > 128
            || !client_id
                .chars()
                .all(|c| c.is_ascii_graphic() && !"/+#".contains(c)))
    {
        check.mistake(
            "uplink.client_id",
            "the client id is empty, longer than 128, or holds a space or one of / + #",
            "leave the key out to use hall id and box id",
        );
    }
    let client_id = uplink
        .client_id
        .clone()
        .unwrap_or_else(|| format!("{}-{}", raw.hall.id, raw.edge_box.id));
    let prefix = uplink.prefix.as_str();
    if prefix.is_empty()
        || prefix.starts_with('$')
        || prefix.split('/').any(str::is_empty)
        || !prefix
            .chars()
            .all(|c| c.is_ascii_graphic() && !"+#".contains(c))
    {
        check.mistake(
            "uplink.prefix",
            format!("{} cannot begin a topic", quote(prefix)),
            "write levels without wildcards, such as \"hall/v1\"",
        );
    }
    let ca_file = uplink.ca_file.as_deref().map(|file| check.resolve(file));
    if let Some(file) = &ca_file {
        if !file.is_file() {
            check.mistake(
                "uplink.ca_file",
                format!("there is no file {}", show(file)),
                "paths are relative to the folder of this file",
            );
        }
        if broker
            .as_ref()
            .is_some_and(|broker| broker.transport == Transport::Tcp)
        {
            check.mistake(
                "uplink.ca_file",
                "certificates are used with mqtts:// only, and the url begins with mqtt://",
                "change the url to mqtts://, or take ca_file out",
            );
        }
    }
    let signers = signer::signers(&uplink.signers, &raw.hall.area, check);
    let broker = broker.filter(|_| uplink.enabled)?;
    if broker.transport == Transport::Tcp && !is_loopback(&broker.host) {
        check.warn(
            "uplink.url",
            "events and the login cross the network in clear text",
            "use mqtts:// unless the link itself is encrypted",
        );
    }
    Some(UplinkConfig {
        broker,
        client_id,
        ca_file,
        prefix: uplink.prefix.clone(),
        backlog_rate_per_s: uplink.backlog_rate_per_s,
        keep_alive_s: uplink.keep_alive_s,
        state_interval_s: uplink.state_interval_s,
        signers,
    })
}

/// The broker of the section at `path`.
pub(super) fn broker(
    path: &str,
    url: &str,
    schemes: &[&str],
    login: &Login<'_>,
    check: &mut Check<'_>,
) -> Option<Broker> {
    let password = login.password(path, check);
    let address = match address::parse(url, schemes) {
        Ok(address) => address,
        Err((message, hint)) => {
            check.mistake(format!("{path}.url"), message, hint);
            return None;
        }
    };
    if !matches!(address.rest, "" | "/") {
        check.mistake(
            format!("{path}.url"),
            "the address of a broker ends after the port",
            "write mqtt://host:port",
        );
    }
    let (transport, default_port) = if address.scheme == "mqtts" {
        (Transport::Tls, 8883)
    } else {
        (Transport::Tcp, 1883)
    };
    Some(Broker {
        transport,
        host: address.host.to_string(),
        port: address.port.unwrap_or(default_port),
        user: login.user.map(str::to_string),
        password,
    })
}
