//! The box's own certificate: signed by itself, for its own names, good for a little more than a year.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use edge_config::Config;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};
use time::OffsetDateTime;

use super::pair::Pair;
use super::{BEFORE_END_MS, CertificateError, file_error};

/// Browsers take no certificate that is good for longer than 398 days.
const GOOD_FOR_MS: i64 = 397 * 86_400_000;
/// Clocks of viewers may be behind.
const BEGINS_BEFORE_MS: i64 = 86_400_000;

/// Names and addresses under which the page is asked for.
pub(super) fn names(config: &Config) -> Vec<String> {
    let web = &config.web;
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let listen = web.listen.ip();
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
    names.extend(web.public_url.as_ref().map(|url| url.host.clone()));
    names.extend((!listen.is_unspecified()).then(|| listen.to_string()));
    names.push(host.trim().to_lowercase());
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}

/// The certificate in `dir`; a new one when there is none, or it is for other names, not good yet, or ends within a month.
pub(super) fn read_or_make(
    dir: &Path,
    names: &[String],
    now_unix_ms: i64,
) -> Result<Pair, CertificateError> {
    let (cert_file, key_file) = (dir.join("cert.pem"), dir.join("key.pem"));
    let mut wanted = names.to_vec();
    wanted.sort();
    if let Ok(pair) = Pair::read(&cert_file, &key_file) {
        let mut has = pair.names.clone();
        has.sort();
        let good =
            pair.begins_unix_ms <= now_unix_ms && pair.ends_unix_ms - now_unix_ms >= BEFORE_END_MS;
        if good && has == wanted {
            return Ok(pair);
        }
    }
    make(&cert_file, &key_file, &wanted, now_unix_ms)?;
    Pair::read(&cert_file, &key_file)
}

fn make(
    cert_file: &Path,
    key_file: &Path,
    names: &[String],
    now_unix_ms: i64,
) -> Result<(), CertificateError> {
    let instant = |unix_ms: i64| {
        OffsetDateTime::from_unix_timestamp(unix_ms / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    };
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "edge-agent");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = instant(now_unix_ms - BEGINS_BEFORE_MS);
    params.not_after = instant(now_unix_ms + GOOD_FOR_MS - BEGINS_BEFORE_MS);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    if let Some(dir) = cert_file.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(file_error("make the folder", dir))?;
    }
    // A crash in between leaves a pair that does not belong together, which is made anew.
    private(key_file, &key.serialize_pem())?;
    private(cert_file, &certificate.pem())
}

/// Writes a file that only its owner reads.
fn private(path: &Path, text: &str) -> Result<(), CertificateError> {
    let _ = fs::remove_file(path);
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    written.map_err(file_error("write", path))
}
