//! What a connection is made of: options, last will, TLS. MQTT 3.1.1; a 5.0 driver would replace this file and
//! `session.rs` and share the rest.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, EventLoop, LastWill, MqttOptions, QoS, TlsConfiguration, Transport};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::UplinkError;

/// rumqttc's own default of 10 KiB kills the connection with the first larger packet, in either direction.
const PACKET_MAX_BYTES: usize = 256 * 1024;
/// Where Debian keeps the authorities the system trusts. rumqttc's own way to them panics when there are none.
const SYSTEM_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";
const CONNECT_TIMEOUT_S: u64 = 10;
/// Requests beside the window of publishes: the subscription to commands.
const SUBSCRIPTIONS: usize = 1;

/// How to reach the centre.
#[derive(Clone)]
pub struct UplinkConfig {
    /// Begin of every topic, for example `hall/v1`.
    pub prefix: String,
    /// Division codes from province down.
    pub area: Vec<String>,
    /// Hall id.
    pub hall: String,
    /// Box id.
    pub box_id: String,
    /// Broker's host.
    pub host: String,
    /// Broker's port.
    pub port: u16,
    /// Client id: stable, unique at the broker.
    pub client_id: String,
    /// User.
    pub user: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// TLS; `None` for clear text.
    pub tls: Option<Tls>,
    /// Keep-alive in seconds, at least 5.
    pub keep_alive_s: u32,
    /// Shortest wait before a reconnect.
    pub backoff_min: Duration,
    /// Longest wait before a reconnect.
    pub backoff_max: Duration,
    /// Backlog records per second.
    pub backlog_rate_per_s: u32,
    /// Unchanged states are repeated after this many seconds, ± a tenth.
    pub state_interval_s: u32,
}

impl std::fmt::Debug for UplinkConfig {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UplinkConfig")
            .field("broker", &format_args!("{}:{}", self.host, self.port))
            .field("client_id", &self.client_id)
            .field("tls", &self.tls)
            .field("hall", &self.hall)
            .field("box_id", &self.box_id)
            .finish_non_exhaustive()
    }
}

/// TLS to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM file of the authorities that are trusted; `None` for the system's (Debian's `ca-certificates`).
    pub ca_file: Option<PathBuf>,
}

impl UplinkConfig {
    pub(crate) fn transport(&self) -> Result<Transport, UplinkError> {
        transport(self.tls.as_ref())
    }

    /// A fresh client and event loop. Both belong to one connection: rumqttc silently drops or shifts what was under way
    /// when it reconnects by itself.
    pub(crate) fn client(
        &self,
        transport: Transport,
        will: LastWill,
        window: u16,
    ) -> (AsyncClient, EventLoop) {
        let mut options = MqttOptions::new(&self.client_id, &self.host, self.port);
        options
            .set_transport(transport)
            .set_keep_alive(Duration::from_secs(u64::from(self.keep_alive_s)))
            .set_clean_session(true)
            .set_max_packet_size(PACKET_MAX_BYTES, PACKET_MAX_BYTES)
            .set_inflight(window)
            .set_last_will(will);
        if let Some(user) = &self.user {
            options.set_credentials(user, self.password.as_deref().unwrap_or_default());
        }
        let (client, mut event_loop) =
            AsyncClient::new(options, usize::from(window) + SUBSCRIPTIONS);
        event_loop.network_options.set_tcp_nodelay(true);
        event_loop
            .network_options
            .set_connection_timeout(CONNECT_TIMEOUT_S);
        (client, event_loop)
    }
}

/// TLS settings or clear text, read once: a file that cannot be used is the installer's to mend, not a network trouble.
///
/// # Errors
/// When the file of authorities cannot be used.
pub fn transport(tls: Option<&Tls>) -> Result<Transport, UplinkError> {
    // The binary may have installed it already; both are the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(match tls {
        None => Transport::tcp(),
        Some(tls) => {
            let path = tls.ca_file.as_deref().unwrap_or(Path::new(SYSTEM_CA_FILE));
            Transport::tls_with_config(trusting(path)?)
        }
    })
}

fn trusting(path: &Path) -> Result<TlsConfiguration, UplinkError> {
    let fail = |detail: String| UplinkError::CaFile {
        path: path.into(),
        detail,
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|e| fail(e.to_string()))? {
        roots
            .add(certificate.map_err(|e| fail(e.to_string()))?)
            .map_err(|e| fail(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(fail("it holds no certificate".into()));
    }
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConfiguration::Rustls(Arc::new(config)))
}

/// The last will: the retained offline status.
pub(crate) fn last_will(topic: &str, payload: &str) -> LastWill {
    LastWill::new(topic, payload.as_bytes().to_vec(), QoS::AtLeastOnce, true)
}
