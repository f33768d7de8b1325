//! The files in `hall-config` load, and mean what their comments say.

use std::path::{Path, PathBuf};

use edge_config::load_with_env;

fn hall_config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../hall-config")
}

#[test]
fn the_demo_hall_loads() {
    let config = load_with_env(&hall_config().join("demo/hall.toml"), &|_| None)
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.warnings, []);
    assert_eq!(config.engine.windows.len(), 4);
    assert_eq!(config.engine.zones.len(), 9);
}
