//! The uplink as the configuration describes it, in the terms of the crate that makes it.

use std::sync::Arc;
use std::time::Duration;

use edge_config::{
    AckBy as ConfiguredAck, Broker, Config, MqttVersion as ConfiguredVersion, Transport,
};
use edge_uplink::clock::{WallFn, WallTime};
use edge_uplink::command::{CommandGate, Signer};
use edge_uplink::{AckBy, ClientFiles, MqttVersion, Tls, UplinkConfig};

use crate::clock::Clock;

/// 1,632 boxes must not come back in step: full jitter between these (contract v1).
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(120));
/// A broker on the box itself has no such company.
const BACKOFF_LOOPBACK: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// A centre that follows acknowledges within seconds; one that is away for a while should not find everything twice at once.
const RESEND_AFTER: Duration = Duration::from_secs(60);

/// The wall clock as the uplink is given it.
#[must_use]
pub fn wall(clock: &Arc<Clock>) -> WallFn {
    let clock = clock.clone();
    Arc::new(move || WallTime {
        unix_ms: clock.now_with_unix_ms().1,
        utc_offset_s: clock.wall().utc_offset_s,
    })
}

/// The uplink's settings; `None` when the box works alone.
#[must_use]
pub fn uplink_config(config: &Config) -> Option<UplinkConfig> {
    let uplink = config.uplink.as_ref()?;
    let broker = &uplink.broker;
    let (backoff_min, backoff_max) = if is_loopback(&broker.host) {
        BACKOFF_LOOPBACK
    } else {
        BACKOFF
    };
    let (user, password) = login(broker);
    Some(UplinkConfig {
        prefix: uplink.prefix.clone(),
        area: config.hall.area.clone(),
        hall: config.hall.id.clone(),
        box_id: config.box_id.clone(),
        host: broker.host.clone(),
        port: broker.port,
        mqtt_version: mqtt_version(uplink),
        client_id: uplink.client_id.clone(),
        user,
        password,
        tls: tls(config),
        keep_alive_s: uplink.keep_alive_s,
        backoff_min,
        backoff_max,
        backlog_rate_per_s: uplink.backlog_rate_per_s,
        ack: match uplink.ack {
            ConfiguredAck::Broker => AckBy::Broker,
            ConfiguredAck::Centre => AckBy::Centre,
        },
        resend_after: RESEND_AFTER,
        state_interval_s: uplink.state_interval_s,
    })
}

/// Version of MQTT to the centre.
#[must_use]
pub fn mqtt_version(uplink: &edge_config::UplinkConfig) -> MqttVersion {
    match uplink.mqtt_version {
        ConfiguredVersion::V3 => MqttVersion::V3,
        ConfiguredVersion::V5 => MqttVersion::V5,
    }
}

/// TLS to the centre; `None`: clear text, or no uplink.
#[must_use]
pub fn tls(config: &Config) -> Option<Tls> {
    let uplink = config.uplink.as_ref()?;
    (uplink.broker.transport == Transport::Tls).then(|| Tls {
        ca_file: uplink.ca_file.clone(),
        client: uplink.client_cert.as_ref().map(|client| ClientFiles {
            cert_file: client.cert_file.clone(),
            key_file: client.key_file.clone(),
        }),
    })
}

/// Who may command this box; `None`: nobody.
#[must_use]
pub fn command_gate(config: &Config) -> Option<CommandGate> {
    let signers = &config.uplink.as_ref()?.signers;
    let path: Vec<&str> = config
        .hall
        .area
        .iter()
        .map(String::as_str)
        .chain([config.hall.id.as_str(), config.box_id.as_str()])
        .collect();
    let signers: Vec<Signer> = signers
        .iter()
        .map(|signer| Signer {
            id: signer.id.clone(),
            public_key: signer.public_key,
            roles: signer.roles.clone(),
            area: signer.area.clone(),
        })
        .collect();
    (!signers.is_empty()).then(|| CommandGate::new(signers, format!("/{}", path.join("/"))))
}

/// User and password of a broker.
pub(crate) fn login(broker: &Broker) -> (Option<String>, Option<String>) {
    (
        broker.user.clone(),
        broker.password.as_ref().map(|p| p.expose().to_owned()),
    )
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}
