//! The files other crates' tests hold their parsers to, as inputs to begin from.

use std::fs;
use std::path::{Path, PathBuf};

/// A place beside this crate, for example `edge-sensors/tests/fixtures`.
pub(crate) fn beside(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(place)
}

/// A fixture of the sensors' adapters.
pub(crate) fn table(name: &str) -> toml::Table {
    let path = beside("edge-sensors/tests/fixtures").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The tables of a list in it.
pub(crate) fn tables(of: &toml::Table, key: &str) -> Vec<toml::Table> {
    let list = of.get(key).and_then(toml::Value::as_array);
    let tables = list
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.as_table());
    tables.cloned().collect()
}

/// A text in one.
pub(crate) fn text<'t>(of: &'t toml::Table, key: &str) -> Option<&'t str> {
    of.get(key).and_then(toml::Value::as_str)
}

/// Bytes written as hex, spaces between them or not.
pub(crate) fn bytes_of(hex: &str) -> Vec<u8> {
    let hex: String = hex.split_whitespace().collect();
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

/// Name and content of each file of a folder beside this crate, in order of their names.
pub(crate) fn files(place: &str) -> Vec<(String, Vec<u8>)> {
    let folder = beside(place);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| {
        path.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    (paths.iter().filter(|path| path.is_file()))
        .map(|path| (name(path), fs::read(path).unwrap()))
        .collect()
}
