//! TLS to a broker: whom to trust, and who we are. Files are read for every connection, so renewed ones need no restart.

mod expiry;
mod files;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rumqttc::{TlsConfiguration, Transport};

pub use expiry::{Certificate, CertificateRole, EXPIRES_SOON_S};

use crate::error::UplinkError;

/// Where Debian keeps the authorities the system trusts. rumqttc's own way to them panics when there are none.
const SYSTEM_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Authorities that are told of: a site's file holds a few, a file with the whole world's needs no watching here.
const AUTHORITIES_MAX: usize = 8;

/// TLS to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM file of the authorities that are trusted; `None` for the system's (Debian's `ca-certificates`).
    pub ca_file: Option<PathBuf>,
    /// What we prove ourselves with; `None`: by user and password only.
    pub client: Option<ClientFiles>,
}

/// A client certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFiles {
    /// PEM file: the certificate, then those of the authorities between it and the broker's.
    pub cert_file: PathBuf,
    /// PEM file: the key without passphrase, as PKCS#8, SEC1 or PKCS#1.
    pub key_file: PathBuf,
}

/// TLS settings as the files say now, or clear text.
///
/// # Errors
/// When a file cannot be used, or the key is not that of the certificate.
pub fn transport(tls: Option<&Tls>) -> Result<Transport, UplinkError> {
    let Some(tls) = tls else {
        return Ok(Transport::tcp());
    };
    // The binary may have installed it already; both are the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let path = tls.ca_file.as_deref().unwrap_or(Path::new(SYSTEM_CA_FILE));
    let builder = rustls::ClientConfig::builder().with_root_certificates(files::authorities(path)?);
    let config = match &tls.client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let chain = files::chain(&client.cert_file)?;
            let key = files::key(&client.key_file)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| files::unfit(client, &error))?
        }
    };
    Ok(Transport::tls_with_config(TlsConfiguration::Rustls(
        Arc::new(config),
    )))
}

/// The certificates in the configured files as they are now, those that expire first in front. The system's own authorities
/// are left out: the system renews them.
///
/// # Errors
/// When a file cannot be read.
pub fn certificates(tls: &Tls) -> Result<Vec<Certificate>, UplinkError> {
    let mut found = Vec::new();
    if let Some(path) = &tls.ca_file {
        found.extend(files::told(path, CertificateRole::Authority)?);
        found.sort_by_key(|c| c.not_after_unix_s);
        found.truncate(AUTHORITIES_MAX);
    }
    if let Some(client) = &tls.client {
        let chain = files::told(&client.cert_file, CertificateRole::Client)?;
        // What follows the first are authorities between, which the broker's operator renews with theirs.
        found.extend(chain.into_iter().take(1));
    }
    found.sort_by_key(|c| c.not_after_unix_s);
    Ok(found)
}
