//! How to reach the centre: everything the uplink is configured with.

use std::time::Duration;

use crate::outbox::AckBy;
use crate::tls::Tls;

/// Version of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MqttVersion {
    /// 3.1.1, which every broker speaks.
    #[default]
    V3,
    /// 5.
    V5,
}

impl MqttVersion {
    /// As in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MqttVersion::V3 => "3.1.1",
            MqttVersion::V5 => "5",
        }
    }
}

/// How to reach the centre.
#[derive(Clone)]
pub struct UplinkConfig {
    /// Begin of every topic, for example `hall/v1`.
    pub prefix: String,
    /// Division codes from province down.
    pub area: Vec<String>,
    /// Hall id.
    pub hall: String,
    /// Box id.
    pub box_id: String,
    /// Broker's host.
    pub host: String,
    /// Broker's port.
    pub port: u16,
    /// Version of MQTT.
    pub mqtt_version: MqttVersion,
    /// Client id: stable, unique at the broker.
    pub client_id: String,
    /// User.
    pub user: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// TLS; `None` for clear text.
    pub tls: Option<Tls>,
    /// Keep-alive in seconds, at least 5.
    pub keep_alive_s: u32,
    /// Shortest wait before a reconnect.
    pub backoff_min: Duration,
    /// Longest wait before a reconnect.
    pub backoff_max: Duration,
    /// Backlog records per second; 0: as fast as the broker takes them.
    pub backlog_rate_per_s: u32,
    /// Whose word counts a record as arrived.
    pub ack: AckBy,
    /// Acknowledged by the centre: records it does not acknowledge are sent again after this time, then after twice as long, and so on.
    pub resend_after: Duration,
    /// Unchanged states are repeated after this many seconds, ± a tenth.
    pub state_interval_s: u32,
}

impl std::fmt::Debug for UplinkConfig {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UplinkConfig")
            .field("broker", &format_args!("{}:{}", self.host, self.port))
            .field("client_id", &self.client_id)
            .field("tls", &self.tls)
            .field("hall", &self.hall)
            .field("box_id", &self.box_id)
            .finish_non_exhaustive()
    }
}
