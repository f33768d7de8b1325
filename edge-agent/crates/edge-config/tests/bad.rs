//! Every mistake a person can make has its exact message: `tests/bad/NAME.toml` gives `tests/bad/NAME.expect`.
//! `UPDATE_EXPECT=1 cargo test -p edge-config --test bad` rewrites the expectations; read the difference before keeping it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use edge_config::load_with_env;

/// Relative to the crate, so that messages that name a file do not depend on where the project lies.
const DIR: &str = "tests/bad";

fn bad_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(DIR)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    files
}

fn env(name: &str) -> Option<String> {
    (name == "CAM_PASSWORD").then(|| "s3cret-from-env".to_string())
}

#[test]
fn each_bad_file_is_refused_with_exactly_these_words() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    let files = bad_files();
    assert!(files.len() >= 20, "only {} bad files", files.len());
    for file in files {
        let errors = load_with_env(&file, &env).expect_err(&file.display().to_string());
        assert_eq!(errors.path, file);
        let got = format!("{errors}\n");
        let expect = file.with_extension("expect");
        if update {
            fs::write(&expect, &got).unwrap();
        } else if fs::read_to_string(&expect).unwrap_or_default() != got {
            wrong.push(format!("{}:\n{got}", file.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "messages changed; UPDATE_EXPECT=1 rewrites them\n{}",
        wrong.join("\n")
    );
}

#[test]
fn no_message_quotes_a_secret() {
    for file in bad_files() {
        let errors = load_with_env(&file, &env).expect_err("a bad file");
        let shown = format!("{errors} {errors:?}");
        assert!(!shown.contains("s3cret"), "{}: {shown}", file.display());
    }
}

#[test]
fn unreadable_files_are_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let latin1 = dir.path().join("latin1.toml");
    fs::write(&latin1, b"[hall]\nid = \"caf\xe9\"\n").unwrap();
    let large = dir.path().join("large.toml");
    fs::write(&large, vec![b'#'; (1 << 20) + 1]).unwrap();
    let check = |path: &Path, wanted: &str| {
        let errors = load_with_env(path, &env).expect_err(wanted);
        let shown = errors
            .to_string()
            .replace(&dir.path().display().to_string(), "DIR");
        assert_eq!(shown, wanted);
    };
    check(
        &dir.path().join("absent.toml"),
        "absent.toml: cannot read DIR/absent.toml: no such file (check the path)",
    );
    check(
        &latin1,
        "latin1.toml:2: not UTF-8 text (save the file as UTF-8)",
    );
    check(
        &large,
        "large.toml: DIR/large.toml is larger than 1 MiB (a configuration is a few KiB; is this the right file?)",
    );
    let folder = errors_of(dir.path());
    assert!(
        folder.ends_with("is not a file (name the file itself)"),
        "{folder}"
    );
}

fn errors_of(path: &Path) -> String {
    load_with_env(path, &env)
        .expect_err("not a configuration")
        .to_string()
}
