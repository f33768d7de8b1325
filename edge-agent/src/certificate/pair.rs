//! A certificate and its key, read from PEM files and checked to belong together.

use std::path::Path;
use std::sync::Arc;

use hall_wire::seal::sha256_hex;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{CertificateError, file_error};

/// What handshakes use, and what is told of it.
#[derive(Debug)]
pub(super) struct Pair {
    pub key: Arc<CertifiedKey>,
    /// Good from, Unix milliseconds.
    pub begins_unix_ms: i64,
    /// Good until, Unix milliseconds.
    pub ends_unix_ms: i64,
    /// SHA-256 of the certificate, hex.
    pub fingerprint: String,
    /// Host names and addresses it is for.
    pub names: Vec<String>,
}

impl Pair {
    /// Reads both files.
    pub fn read(cert_file: &Path, key_file: &Path) -> Result<Pair, CertificateError> {
        let read = |path: &Path| std::fs::read(path).map_err(file_error("read", path));
        let content = |path: &Path, reason: String| CertificateError::Content {
            path: path.into(),
            reason,
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&read(cert_file)?)
            .collect::<Result<_, _>>()
            .map_err(|e| content(cert_file, format!("it is not PEM: {e}")))?;
        let leaf = chain.first().cloned().ok_or_else(|| {
            content(
                cert_file,
                "there is no certificate in it; are the files swapped?".into(),
            )
        })?;
        let key = PrivateKeyDer::from_pem_slice(&read(key_file)?)
            .map_err(|e| content(key_file, format!("there is no private key in it: {e}")))?;
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider).map_err(|e| {
            content(
                key_file,
                format!("it does not belong to the certificate: {e}"),
            )
        })?;
        let (_, parsed) = X509Certificate::from_der(&leaf)
            .map_err(|e| content(cert_file, format!("the certificate cannot be read: {e}")))?;
        let validity = parsed.validity();
        Ok(Pair {
            key: Arc::new(key),
            begins_unix_ms: validity.not_before.timestamp() * 1000,
            ends_unix_ms: validity.not_after.timestamp() * 1000,
            fingerprint: sha256_hex(&leaf),
            names: names(&parsed),
        })
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes)
                .ok()
                .map(|b| std::net::IpAddr::from(b).to_string()),
            16 => <[u8; 16]>::try_from(*bytes)
                .ok()
                .map(|b| std::net::IpAddr::from(b).to_string()),
            _ => None,
        },
        _ => None,
    };
    extension
        .value
        .general_names
        .iter()
        .filter_map(name)
        .collect()
}
