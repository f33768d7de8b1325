//! The figures of the running hall: what the configuration says about them. Knows no rule.

use std::collections::BTreeMap;

use edge_config::Config;
use hall_core::ids::WindowId;

/// The departments of the windows that have one, by their Chinese name: departments have no id of their own.
#[must_use]
pub fn departments(config: &Config) -> BTreeMap<WindowId, String> {
    (config.windows.iter())
        .filter_map(|window| {
            let name = window.department.as_ref()?;
            Some((window.id.clone(), name.zh.clone()))
        })
        .collect()
}
