//! When a certificate expires, and what to say of it. Pure.

use std::path::PathBuf;

use hall_wire::time::rfc3339_ms;
use rustls::pki_types::CertificateDer;

/// A certificate that expires within this time is warned of: 30 days, which a yearly round of renewals needs.
pub const EXPIRES_SOON_S: i64 = 30 * 86_400;

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertificateRole {
    /// We prove ourselves with it.
    Client,
    /// The broker's must be signed by it.
    Authority,
}

impl CertificateRole {
    /// Stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CertificateRole::Client => "client",
            CertificateRole::Authority => "authority",
        }
    }
}

/// A certificate in a configured file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// What it is for.
    pub role: CertificateRole,
    /// Where it stands.
    pub file: PathBuf,
    /// Whose it is, for example `CN=511921-001-b1`.
    pub subject: String,
    /// Valid from, Unix seconds.
    pub not_before_unix_s: i64,
    /// Valid until, Unix seconds.
    pub not_after_unix_s: i64,
}

impl Certificate {
    /// Reads one.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(super) fn read(
        der: &CertificateDer<'_>,
        role: CertificateRole,
        file: PathBuf,
    ) -> Result<Self, String> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der)
            .map_err(|e| format!("it holds something that is no X.509 certificate ({e})"))?;
        let validity = certificate.validity();
        Ok(Certificate {
            role,
            file,
            subject: certificate.subject().to_string(),
            not_before_unix_s: validity.not_before.timestamp(),
            not_after_unix_s: validity.not_after.timestamp(),
        })
    }

    /// Seconds until it expires; negative: it has.
    #[must_use]
    pub fn expires_in_s(&self, now_unix_ms: i64) -> i64 {
        self.not_after_unix_s - now_unix_ms.div_euclid(1000)
    }

    /// What is wrong or soon will be, in a sentence; `None`: nothing.
    #[must_use]
    pub fn trouble(&self, now_unix_ms: i64) -> Option<String> {
        let left_s = self.expires_in_s(now_unix_ms);
        let what = match self.role {
            CertificateRole::Client => "the client certificate",
            CertificateRole::Authority => "the certificate of the authority",
        };
        let at = |unix_s: i64| rfc3339_ms(unix_s * 1000, 0);
        let (subject, file) = (&self.subject, self.file.display());
        if now_unix_ms.div_euclid(1000) < self.not_before_unix_s {
            Some(format!(
                "{what} {subject} in {file} is not valid before {}; set the clock, or use another",
                at(self.not_before_unix_s)
            ))
        } else if left_s < 0 {
            Some(format!(
                "{what} {subject} in {file} expired at {}; put a renewed one there, no restart is needed",
                at(self.not_after_unix_s)
            ))
        } else if left_s < EXPIRES_SOON_S {
            Some(format!(
                "{what} {subject} in {file} expires in {} days, at {}; put a renewed one there, no restart is needed",
                left_s / 86_400,
                at(self.not_after_unix_s)
            ))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_is_told_thirty_days_ahead_and_after() {
        let at = |days: i64| days * 86_400_000;
        let certificate = Certificate {
            role: CertificateRole::Client,
            file: "b1.pem".into(),
            subject: "CN=b1".into(),
            not_before_unix_s: 100 * 86_400,
            not_after_unix_s: 465 * 86_400,
        };
        for (now, holds) in [
            (at(99), Some("not valid before")),
            (at(100), None),
            (at(434), None),
            (at(436), Some("expires in 29 days")),
            (at(466), Some("expired at 1971-04-11")),
        ] {
            let told = certificate.trouble(now);
            match holds {
                None => assert_eq!(told, None),
                Some(words) => assert!(told.unwrap().contains(words), "{words}"),
            }
        }
        assert_eq!(certificate.expires_in_s(at(465)), 0);
    }
}
