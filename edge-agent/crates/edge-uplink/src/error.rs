//! What can go wrong with the event log, in words for the person who has to mend it.

use std::io;
use std::path::PathBuf;

/// An error of the event log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory is held by another process.
    #[error("another edge-agent is using the event log in {}: stop it, or give this one another storage directory", dir.display())]
    InUse {
        /// Storage directory.
        dir: PathBuf,
    },
    /// No space left, even with the reserve freed.
    #[error("the disk holding the event log in {} is full ({detail}): free some space; events wait in memory until then", dir.display())]
    Full {
        /// Storage directory.
        dir: PathBuf,
        /// The operating system's words.
        detail: String,
    },
    /// The file system refused.
    #[error("could not {what} {}: {source}; check that the disk is mounted, writable and healthy", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// The log is damaged.
    #[error("the event log in {} is damaged ({detail}); it will be set aside and a new one started", dir.display())]
    Damaged {
        /// Storage directory.
        dir: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The log is closed, or could not be reopened yet.
    #[error("the event log in {} is not open ({detail}); it is retried with every batch", dir.display())]
    Unavailable {
        /// Storage directory.
        dir: PathBuf,
        /// Why.
        detail: String,
    },
    /// A record that JSON cannot hold.
    #[error(
        "an event record could not be written as JSON: {source}; this is a defect, please report it"
    )]
    Encode {
        /// Cause.
        source: serde_json::Error,
    },
}

impl StoreError {
    /// Whether the cause is a full disk or quota.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            StoreError::Full { .. } => true,
            StoreError::Io { source, .. } => is_full(source),
            _ => false,
        }
    }
}

/// No space, or no quota.
pub(crate) fn is_full(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    ) || matches!(e.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT))
}

/// An error of the uplink that no reconnecting mends.
#[derive(Debug, thiserror::Error)]
pub enum UplinkError {
    /// A level of the topic tree cannot be one.
    #[error(
        "'{level}' cannot be a level of the MQTT topic: it must not be empty, longer than 128 bytes, start with $, or hold / + # or control characters; change area, hall, box or uplink.prefix"
    )]
    Topic {
        /// The level.
        level: String,
    },
    /// The keep-alive is too short.
    #[error("uplink.keep_alive_s is {keep_alive_s}: it must be at least 5")]
    KeepAlive {
        /// Configured.
        keep_alive_s: u32,
    },
    /// The authorities' file cannot be used.
    #[error("could not use the certificate authorities in {}: {detail}; uplink.ca_file must be a PEM file with at least one certificate; left out, the package ca-certificates is needed", path.display())]
    CaFile {
        /// Configured file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// The client certificate cannot be used.
    #[error("could not use the client certificate in {}: {detail}; uplink.cert_file must be a PEM file that begins with this box's certificate", path.display())]
    ClientCertificate {
        /// Configured file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// The client's key cannot be used.
    #[error("could not use the key in {}: {detail}; uplink.key_file must be the PEM file of the key of uplink.cert_file, without passphrase", path.display())]
    ClientKey {
        /// Configured file.
        path: PathBuf,
        /// Why; nothing of what the file holds.
        detail: String,
    },
}
