//! PEM files of certificates and keys, and what is wrong with them in words. Says nothing of what a key file holds.

use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::expiry::{Certificate, CertificateRole};
use super::{ClientFiles, UplinkError};

/// Authorities to trust.
pub(super) fn authorities(path: &Path) -> Result<rustls::RootCertStore, UplinkError> {
    let fail = |detail: String| UplinkError::CaFile {
        path: path.into(),
        detail,
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in read(path).map_err(fail)? {
        roots.add(certificate).map_err(|e| fail(e.to_string()))?;
    }
    Ok(roots)
}

/// The client's certificate and those between it and an authority.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, UplinkError> {
    read(path).map_err(|detail| UplinkError::ClientCertificate {
        path: path.into(),
        detail,
    })
}

/// The client's key.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, UplinkError> {
    let fail = |detail: String| UplinkError::ClientKey {
        path: path.into(),
        detail,
    };
    let text = std::fs::read(path).map_err(|e| fail(e.to_string()))?;
    match PrivateKeyDer::from_pem_slice(&text) {
        Ok(key) => Ok(key),
        Err(_) if holds(&text, "ENCRYPTED") => Err(fail(
            "it is protected by a passphrase, which nobody could type in here: write it without one, readable for this user only".into(),
        )),
        Err(pem::Error::NoItemsFound) if holds(&text, "BEGIN CERTIFICATE") => {
            Err(fail("it holds a certificate and no key: the two files may be mixed up".into()))
        }
        Err(pem::Error::NoItemsFound) => Err(fail("it holds no key in PEM".into())),
        Err(error) => Err(fail(error.to_string())),
    }
}

/// Why certificate and key do not go together.
pub(super) fn unfit(client: &ClientFiles, error: &rustls::Error) -> UplinkError {
    match error {
        rustls::Error::InconsistentKeys(_) => UplinkError::ClientKey {
            path: client.key_file.clone(),
            detail: format!(
                "it is not the key of the certificate in {}",
                client.cert_file.display()
            ),
        },
        rustls::Error::InvalidCertificate(_) => UplinkError::ClientCertificate {
            path: client.cert_file.clone(),
            detail: error.to_string(),
        },
        other => UplinkError::ClientKey {
            path: client.key_file.clone(),
            detail: other.to_string(),
        },
    }
}

/// What the certificates of a file say of themselves.
pub(super) fn told(path: &Path, role: CertificateRole) -> Result<Vec<Certificate>, UplinkError> {
    let fail = |detail: String| match role {
        CertificateRole::Authority => UplinkError::CaFile {
            path: path.into(),
            detail,
        },
        CertificateRole::Client => UplinkError::ClientCertificate {
            path: path.into(),
            detail,
        },
    };
    read(path)
        .map_err(fail)?
        .iter()
        .map(|der| Certificate::read(der, role, path.into()).map_err(fail))
        .collect()
}

/// All certificates of a PEM file, at least one.
fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = std::fs::read(path).map_err(|e| e.to_string())?;
    let found = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| e.to_string())?;
    if !found.is_empty() {
        Ok(found)
    } else if holds(&text, "PRIVATE KEY") {
        Err("it holds a key and no certificate: the two files may be mixed up".into())
    } else {
        Err("it holds no certificate".into())
    }
}

fn holds(text: &[u8], what: &str) -> bool {
    text.windows(what.len())
        .any(|window| window == what.as_bytes())
}
