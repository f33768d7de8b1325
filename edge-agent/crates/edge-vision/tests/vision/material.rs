//! Where the tests find their material: what is in the repository, and what may lie beside it.

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(3)
        .unwrap()
        .to_path_buf()
}

/// The default model's manifest.
pub fn manifest() -> edge_vision::Manifest {
    edge_vision::Manifest::read(&root().join("models/models.toml")).unwrap()
}

/// Optional material beside the repository; says so where it is absent.
pub fn beside(test: &str, what: &str) -> Option<PathBuf> {
    let shared = root().parent()?.join("shared");
    let path = shared.join(what);
    if path.exists() {
        return Some(path);
    }
    say_skipped(&format!("{test}: ../shared/{what} is absent"));
    None
}

/// Past the test harness, which would swallow what a passing test prints.
fn say_skipped(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "\nSKIPPED {what}");
}
