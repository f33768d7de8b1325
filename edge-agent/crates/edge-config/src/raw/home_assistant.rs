//! Home Assistant, as written.

use schemars::JsonSchema;
use serde::Deserialize;

/// Home Assistant in the hall: windows, queues and the box appear there by MQTT discovery. Left out: nothing is published.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHomeAssistant {
    /// Off: what was published is taken back. Do this before the section is deleted, or Home Assistant keeps what it knows.
    #[serde(default = "super::default_enabled")]
    pub enabled: bool,
    /// The broker that Home Assistant listens to, without user and password: "mqtt://127.0.0.1:1883".
    pub url: String,
    /// User to log in with.
    pub user: Option<String>,
    /// File whose first line is the password.
    pub password_file: Option<String>,
    /// Environment variable that holds the password.
    pub password_env: Option<String>,
    /// Home Assistant's discovery prefix.
    #[serde(default = "default_discovery_prefix")]
    pub discovery_prefix: String,
}

fn default_discovery_prefix() -> String {
    "homeassistant".into()
}
