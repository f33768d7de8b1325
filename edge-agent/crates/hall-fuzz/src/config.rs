//! `hall.toml`.

use std::fs;
use std::path::Path;

use edge_config::load_bytes;

use crate::fixture::beside;

pub(crate) fn hall_toml(bytes: &[u8]) {
    // No file beside it is there: what is named in it is missing, whatever it is.
    let path = Path::new("/proc/self/no-such-folder/hall.toml");
    let env = |name: &str| {
        name.contains("TOKEN")
            .then(|| "0123456789abcdef0123".into())
    };
    match load_bytes(bytes, path, &env) {
        Ok(config) => assert!(!config.hall.id.is_empty()),
        Err(errors) => {
            assert!(!errors.mistakes.is_empty());
            assert!(!errors.to_string().is_empty());
        }
    }
}

/// The example halls and every bad file that the tests know.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut folders = vec![beside("../../hall-config"), beside("edge-config/tests/bad")];
    let mut seeds = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "toml") {
                seeds.push(fs::read(path).unwrap());
            }
        }
    }
    seeds.sort();
    seeds
}
