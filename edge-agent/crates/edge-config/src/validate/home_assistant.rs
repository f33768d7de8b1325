//! Home Assistant's section: which broker, under which prefix.

use crate::config::HomeAssistantConfig;
use crate::mistake::quote;
use crate::raw::RawConfig;
use crate::validate::secret::Login;
use crate::validate::{Check, uplink};

/// The section; `None` when absent.
pub(super) fn home_assistant(
    raw: &RawConfig,
    check: &mut Check<'_>,
) -> Option<HomeAssistantConfig> {
    let section = raw.home_assistant.as_ref()?;
    let prefix = section.discovery_prefix.as_str();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
    if prefix.split('/').any(str::is_empty) || !prefix.chars().all(plain) {
        check.mistake(
            "home_assistant.discovery_prefix",
            format!("{} cannot begin a topic", quote(prefix)),
            "write it as Home Assistant's MQTT integration shows it; usually \"homeassistant\"",
        );
    }
    let login = Login {
        user: section.user.as_deref(),
        password_file: section.password_file.as_deref(),
        password_env: section.password_env.as_deref(),
    };
    // No TLS, as for the sensors: a broker on the box or on the hall's own cable.
    let broker = uplink::broker("home_assistant", &section.url, &["mqtt"], &login, check)?;
    Some(HomeAssistantConfig {
        broker,
        discovery_prefix: section.discovery_prefix.clone(),
        enabled: section.enabled,
    })
}
