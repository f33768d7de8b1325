//! The page's certificate: given, or made by the box and renewed before it ends. Knows no HTTP.

mod own;
mod pair;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use edge_config::{Config, WebCertificate};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::supervise::{Criticality, Stage, Supervisor};
use pair::Pair;

/// Between two looks at the files and the end.
const LOOK_EVERY: Duration = Duration::from_secs(3600);
/// An own certificate is renewed this long before its end; a given one is warned about.
const BEFORE_END_MS: i64 = 30 * 86_400_000;

/// A certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file.
    #[error("cannot {what} {path}: {source}")]
    File {
        /// What was tried.
        what: &'static str,
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// What is in the files.
    #[error("{path}: {reason}")]
    Content {
        /// Which one.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// Making one failed.
    #[error("the box could not make its certificate: {0}")]
    Make(#[from] rcgen::Error),
}

/// The certificate in use, for handshakes and for whoever asks how long it is good. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CertificateInUse(Arc<RwLock<Pair>>);

impl CertificateInUse {
    /// When it ends, Unix milliseconds.
    #[must_use]
    pub fn ends_unix_ms(&self) -> i64 {
        self.pair().ends_unix_ms
    }

    /// SHA-256 of the certificate, to compare with what a browser shows.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.pair().fingerprint.clone()
    }

    /// Less than 30 days are left.
    #[must_use]
    pub fn ends_soon(&self, now_unix_ms: i64) -> bool {
        self.ends_unix_ms() - now_unix_ms < BEFORE_END_MS
    }

    /// TLS 1.2 and 1.3 with this certificate, whichever it is when a connection comes.
    ///
    /// # Errors
    /// When rustls cannot be set up.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn pair(&self) -> std::sync::RwLockReadGuard<'_, Pair> {
        // A pair is replaced as a whole.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for CertificateInUse {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair().key.clone())
    }
}

/// Keeps the certificate good.
pub struct CertificateKeeper {
    source: Source,
    clock: Arc<Clock>,
    in_use: CertificateInUse,
}

enum Source {
    Own {
        dir: PathBuf,
        names: Vec<String>,
    },
    Given {
        cert_file: PathBuf,
        key_file: PathBuf,
    },
}

impl CertificateKeeper {
    /// Reads or makes the certificate; `None` when the page is plain HTTP.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub fn open(config: &Config, clock: &Arc<Clock>) -> Result<Option<Self>, CertificateError> {
        let source = match &config.web.certificate {
            None => return Ok(None),
            Some(WebCertificate::Own) => Source::Own {
                dir: config.storage.dir.join("tls"),
                names: own::names(config),
            },
            Some(WebCertificate::Given {
                cert_file,
                key_file,
            }) => Source::Given {
                cert_file: cert_file.clone(),
                key_file: key_file.clone(),
            },
        };
        let pair = source.read(clock.now_with_unix_ms().1)?;
        let in_use = CertificateInUse(Arc::new(RwLock::new(pair)));
        let clock = clock.clone();
        Ok(Some(CertificateKeeper {
            source,
            clock,
            in_use,
        }))
    }

    /// What handshakes use.
    #[must_use]
    pub fn in_use(&self) -> CertificateInUse {
        self.in_use.clone()
    }

    /// Looks every hour until cancelled: renews, reads changed files again, warns.
    ///
    /// # Errors
    /// When a blocking call panicked.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) -> anyhow::Result<()> {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                _ = looks.tick() => {}
            }
            let keeper = self.clone();
            tokio::task::spawn_blocking(move || keeper.look()).await?;
        }
    }

    fn look(&self) {
        let now = self.clock.now_with_unix_ms().1;
        match self.source.read(now) {
            Ok(pair) => {
                let changed = pair.fingerprint != self.in_use.pair().fingerprint;
                if changed {
                    tracing::info!(fingerprint = %pair.fingerprint, "The page has a new certificate.");
                    *self
                        .in_use
                        .0
                        .write()
                        .unwrap_or_else(PoisonError::into_inner) = pair;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "The page's certificate cannot be renewed; the one in use goes on.")
            }
        }
        if self.in_use.ends_soon(now) {
            let days = (self.in_use.ends_unix_ms() - now) / 86_400_000;
            tracing::warn!(
                days,
                "The page's certificate ends soon; put a new one into cert_file and key_file."
            );
        }
    }
}

impl Source {
    fn read(&self, now_unix_ms: i64) -> Result<Pair, CertificateError> {
        match self {
            Source::Given {
                cert_file,
                key_file,
            } => Pair::read(cert_file, key_file),
            Source::Own { dir, names } => own::read_or_make(dir, names, now_unix_ms),
        }
    }
}

/// Reads or makes the page's certificate and keeps it good from now on; `None`: plain HTTP.
///
/// # Errors
/// When it cannot be read or made.
pub async fn start(
    supervisor: &mut Supervisor,
    config: &Arc<Config>,
    clock: &Arc<Clock>,
) -> anyhow::Result<Option<CertificateInUse>> {
    let (at_start, running) = (config.clone(), clock.clone());
    let opened =
        tokio::task::spawn_blocking(move || CertificateKeeper::open(&at_start, &running)).await??;
    let Some(keeper) = opened.map(Arc::new) else {
        return Ok(None);
    };
    let in_use = keeper.in_use();
    tracing::info!(sha256 = %in_use.fingerprint(), "The page's certificate; compare it with what the browser shows.");
    supervisor.start(
        "certificate",
        Stage::Web,
        Criticality::Degradable,
        Box::new(move |cancel| Box::pin(keeper.clone().run(cancel))),
    );
    Ok(Some(in_use))
}

fn file_error(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> CertificateError {
    let path = path.to_owned();
    move |source| CertificateError::File { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const DAY_MS: i64 = 86_400_000;
    const NOW: i64 = 1_790_000_000_000;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn an_own_certificate_stays_until_a_month_before_its_end_or_until_its_names_change() {
        let dir = tempfile::tempdir().unwrap();
        let own =
            |names: &[&str], now| own::read_or_make(dir.path(), &self::names(names), now).unwrap();
        let first = own(&["10.0.0.5", "hall.lan"], NOW);
        let key = dir.path().join("key.pem");
        assert_eq!(
            std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            own(&["10.0.0.5", "hall.lan"], NOW + 300 * DAY_MS).fingerprint,
            first.fingerprint
        );
        assert!(first.ends_unix_ms > NOW + 380 * DAY_MS, "more than a year");
        let renewed = own(&["10.0.0.5", "hall.lan"], first.ends_unix_ms - 29 * DAY_MS);
        assert_ne!(renewed.fingerprint, first.fingerprint);
        assert!(renewed.ends_unix_ms > first.ends_unix_ms + 300 * DAY_MS);
        let moved = own(&["10.0.0.6"], NOW + 400 * DAY_MS);
        assert_ne!(moved.fingerprint, renewed.fingerprint);
        // A box whose clock was wrong at first made one that is not good yet.
        assert_ne!(own(&["10.0.0.6"], NOW).fingerprint, moved.fingerprint);
    }

    #[test]
    fn files_that_do_not_belong_together_are_refused_in_words() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for dir in [&one, &two] {
            own::read_or_make(dir.path(), &names(&["hall.lan"]), NOW).unwrap();
        }
        let refused = Pair::read(&one.path().join("cert.pem"), &two.path().join("key.pem"));
        let words = refused.unwrap_err().to_string();
        assert!(words.contains("does not belong"), "{words}");
        let swapped = Pair::read(&one.path().join("key.pem"), &one.path().join("cert.pem"));
        assert!(swapped.unwrap_err().to_string().contains("no certificate"));
        let absent = Pair::read(&one.path().join("none.pem"), &one.path().join("key.pem"));
        assert!(absent.unwrap_err().to_string().contains("cannot read"));
    }
}
