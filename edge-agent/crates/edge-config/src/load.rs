//! From a path to a [`Config`] or to every mistake. Owns the order of the steps and the file limits.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::document::Document;
use crate::mistake::{ConfigErrors, Finding, Mistake, show};
use crate::raw::RawConfig;
use crate::validate::{self, Check};
use crate::{schema, shape};

/// Larger files are something else than a configuration.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Loads `hall.toml` at `path` with its calendars and secrets.
///
/// # Errors
/// Every mistake in the files, each with its place and a hint; never a secret's value.
pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
    load_with_env(path, &|name| std::env::var(name).ok())
}

/// [`load`] with the environment given by `env`, so that nothing but the arguments decides the result.
///
/// # Errors
/// As [`load`].
pub fn load_with_env(
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, ConfigErrors> {
    match read(path) {
        Ok(bytes) => load_bytes(&bytes, path, env),
        Err(finding) => Err(ConfigErrors {
            path: path.to_path_buf(),
            mistakes: vec![finding.at(path, None)],
        }),
    }
}

/// [`load_with_env`] of a file whose content is `bytes`; what it names lies beside `path`.
///
/// # Errors
/// As [`load`].
pub fn load_bytes(
    bytes: &[u8],
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, ConfigErrors> {
    build(bytes, path, env).map_err(|mistakes| ConfigErrors {
        path: path.to_path_buf(),
        mistakes,
    })
}

fn build(
    bytes: &[u8],
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<Mistake>> {
    static SCHEMA: LazyLock<Json> = LazyLock::new(schema::json_schema);
    let parsed: Parsed<RawConfig> = parse(bytes, path, &SCHEMA)?;
    let dir = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let mut check = Check::new(dir, env);
    let config = validate::build(&parsed.raw, &mut check);

    let line = |finding: &Finding| parsed.document.line(&finding.path);
    let mut findings = parsed.findings;
    findings.extend(check.mistakes.into_iter().filter(|finding| {
        !parsed
            .mended
            .iter()
            .any(|mended| related(&finding.path, mended))
    }));
    let mut mistakes: Vec<Mistake> = findings
        .into_iter()
        .map(|finding| (line(&finding), finding))
        .map(|(line, finding)| finding.at(path, line))
        .collect();
    // Stable: findings at one line keep the order in which they were found. A place without a line comes first.
    mistakes.sort_by_key(|mistake| mistake.line);
    mistakes.extend(check.elsewhere);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }

    let mut hasher = Sha256::new();
    hasher.update(bytes);
    for calendar in &check.calendar_bytes {
        hasher.update(calendar);
    }
    let warnings = check
        .warnings
        .into_iter()
        .map(|finding| (line(&finding), finding))
        .map(|(line, finding)| finding.at(path, line))
        .collect();
    let sha256 = hex::encode(hasher.finalize());
    Ok(Config {
        path: path.to_path_buf(),
        files_sha256: sha256.clone(),
        sha256,
        warnings,
        ..config
    })
}

/// A file read into its raw form, with what was wrong with its shape.
pub(crate) struct Parsed<T> {
    pub raw: T,
    pub document: Document,
    pub findings: Vec<Finding>,
    mended: Vec<String>,
}

/// Reads a file, at most [`MAX_FILE_BYTES`] long.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Finding> {
    let meta = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !meta.is_file() {
        return Err(Finding::new(
            "",
            format!("{} is not a file", show(path)),
            "name the file itself",
        ));
    }
    if meta.len() > MAX_FILE_BYTES {
        return Err(Finding::new(
            "",
            format!("{} is larger than 1 MiB", show(path)),
            "a configuration is a few KiB; is this the right file?",
        ));
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Finding {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => "check the path",
        std::io::ErrorKind::PermissionDenied => "let the service's user read it",
        _ => "check the file and its disk",
    };
    Finding::new(
        "",
        format!("cannot read {}: {}", show(path), reason(error)),
        hint,
    )
}

/// An IO error in words that do not depend on the system's language or numbering.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        kind => kind.to_string(),
    }
}

/// Parses `bytes` into the raw form `T` described by `schema`. Mistakes of shape are collected, mended and passed on.
pub(crate) fn parse<T: DeserializeOwned>(
    bytes: &[u8],
    path: &Path,
    schema: &Json,
) -> Result<Parsed<T>, Vec<Mistake>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        vec![Finding::new("", "not UTF-8 text", "save the file as UTF-8").at(path, Some(line))]
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut document = Document::parse(text, path).map_err(|mistake| vec![mistake])?;
    let shape = shape::check(schema, &mut document.root);
    match document.root.clone().try_into() {
        Ok(raw) => Ok(Parsed {
            raw,
            document,
            findings: shape.findings,
            mended: shape.mended,
        }),
        Err(error) => {
            // The shape check follows the same structs, so this is a gap between the two; say what serde saw.
            let mut mistakes: Vec<Mistake> = shape
                .findings
                .into_iter()
                .map(|finding| {
                    let line = document.line(&finding.path);
                    finding.at(path, line)
                })
                .collect();
            let message = toml::de::Error::message(&error).to_string();
            mistakes.push(Finding::new("", message, "see hall-config/README.md").at(path, None));
            Err(mistakes)
        }
    }
}

/// True when one path lies within the other.
fn related(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
