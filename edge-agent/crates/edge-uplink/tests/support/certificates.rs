//! Authorities, and certificates signed by them, made for a test.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use edge_uplink::{ClientFiles, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    date_time_ymd,
};

/// An authority with its file in the folder.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub file: PathBuf,
}

/// From when until when, in days from now.
pub type Days = std::ops::Range<i64>;

/// A certificate's usual time.
pub const VALID: Days = -1..365;

fn params(name: &str, days: Days) -> CertificateParams {
    let now_s = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs() as i64;
    let at =
        |days: i64| date_time_ymd(1970, 1, 1) + Duration::from_secs((now_s + days * 86_400) as u64);
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (at(days.start), at(days.end));
    params
}

impl Authority {
    /// A new authority, its certificate in `{name}.pem`.
    pub fn new(dir: &Path, name: &str) -> Authority {
        let mut params = params(name, -2..3650);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let file = dir.join(format!("{name}.pem"));
        std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        Authority {
            issuer: Issuer::new(params, key),
            file,
        }
    }

    /// A certificate for `names` (addresses or hosts) in `{stem}.pem` and its key in `{stem}.key`.
    pub fn sign(&self, dir: &Path, stem: &str, names: &[&str], days: Days) -> ClientFiles {
        let key = KeyPair::generate().unwrap();
        let files = self.sign_key(dir, stem, names, days, &key);
        std::fs::write(&files.key_file, key.serialize_pem()).unwrap();
        files
    }

    /// The same for a key of the caller's, who writes its file.
    pub fn sign_key(
        &self,
        dir: &Path,
        stem: &str,
        names: &[&str],
        days: Days,
        key: &KeyPair,
    ) -> ClientFiles {
        let mut params = params(stem, days);
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.parse() {
                Ok(ip) => rcgen::SanType::IpAddress(ip),
                Err(_) => rcgen::SanType::DnsName((*name).try_into().unwrap()),
            })
            .collect();
        let files = ClientFiles {
            cert_file: dir.join(format!("{stem}.pem")),
            key_file: dir.join(format!("{stem}.key")),
        };
        let certificate = params.signed_by(key, &self.issuer).unwrap();
        std::fs::write(&files.cert_file, certificate.pem()).unwrap();
        files
    }

    /// Trusts this authority, proves itself with `client`.
    pub fn trusted(&self, client: Option<ClientFiles>) -> Option<Tls> {
        Some(Tls {
            ca_file: Some(self.file.clone()),
            client,
        })
    }
}

/// mosquitto's settings for a server certificate; `clients`: who signs those of clients, which then are required.
pub fn listener(server: &ClientFiles, clients: Option<&Authority>) -> String {
    let mut text = format!(
        "certfile {}\nkeyfile {}\n",
        server.cert_file.display(),
        server.key_file.display()
    );
    if let Some(authority) = clients {
        text += &format!(
            "require_certificate true\ncafile {}\n",
            authority.file.display()
        );
    }
    text
}
