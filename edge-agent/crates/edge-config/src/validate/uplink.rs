//! MQTT brokers: the uplink to the centre, and what it shares with the sensors' broker.

use std::path::PathBuf;

use crate::address::{self, is_loopback};
use crate::config::{AckBy, Broker, ClientCert, MqttVersion, Transport, UplinkConfig};
use crate::mistake::{quote, show};
use crate::raw::{RawAck, RawConfig, RawMqttVersion, RawUplink};
use crate::validate::secret::{Login, readable_by_all};
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
    let is_tls = broker
        .as_ref()
        .is_none_or(|broker| broker.transport == Transport::Tls);
    let ca_file = certificate_file("ca_file", uplink.ca_file.as_deref(), is_tls, check);
    let client_cert = client_cert(uplink, is_tls, check);
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
        mqtt_version: match uplink.mqtt_version {
            RawMqttVersion::V3 => MqttVersion::V3,
            RawMqttVersion::V5 => MqttVersion::V5,
        },
        ca_file,
        client_cert,
        ack: match uplink.ack {
            RawAck::Broker => AckBy::Broker,
            RawAck::Centre => AckBy::Centre,
        },
        prefix: uplink.prefix.clone(),
        backlog_rate_per_s: uplink.backlog_rate_per_s,
        keep_alive_s: uplink.keep_alive_s,
        state_interval_s: uplink.state_interval_s,
        signers,
    })
}

/// A file that only TLS needs.
fn certificate_file(
    key: &str,
    file: Option<&str>,
    is_tls: bool,
    check: &mut Check<'_>,
) -> Option<PathBuf> {
    let file = check.resolve(file?);
    let at = format!("uplink.{key}");
    if !file.is_file() {
        check.mistake(
            at.clone(),
            format!("there is no file {}", show(&file)),
            "paths are relative to the folder of this file",
        );
    }
    if !is_tls {
        check.mistake(
            at,
            "certificates are used with mqtts:// only, and the url begins with mqtt://",
            format!("change the url to mqtts://, or take {key} out"),
        );
    }
    Some(file)
}

/// The client's certificate and key, which only go together. What they hold is looked at by `edge-agent check`.
fn client_cert(uplink: &RawUplink, is_tls: bool, check: &mut Check<'_>) -> Option<ClientCert> {
    let cert_file = certificate_file("cert_file", uplink.cert_file.as_deref(), is_tls, check);
    let key_file = certificate_file("key_file", uplink.key_file.as_deref(), is_tls, check);
    match (&cert_file, &key_file) {
        (Some(_), None) => check.mistake(
            "uplink.cert_file",
            "there is a certificate but no key",
            "name the key's file with key_file",
        ),
        (None, Some(_)) => check.mistake(
            "uplink.key_file",
            "there is a key but no certificate",
            "name the certificate's file with cert_file",
        ),
        _ => {}
    }
    if let Some(key_file) = &key_file
        && std::fs::metadata(key_file).is_ok_and(|meta| readable_by_all(&meta))
    {
        check.warn(
            "uplink.key_file",
            format!(
                "{} can be read by every user of this machine",
                show(key_file)
            ),
            format!("chmod 600 {}", show(key_file)),
        );
    }
    Some(ClientCert {
        cert_file: cert_file?,
        key_file: key_file?,
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
