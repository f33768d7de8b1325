//! What a camera is and how its stream is to be taken. Plain data; secrets never show.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use hall_core::ids::CameraId;

use crate::error::VisionError;

/// A password that no log, error or debug output shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Keeps the secret.
    #[must_use]
    pub fn new(secret: String) -> Password {
        Password(secret)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What happens at the end of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It starts again, for ever.
    Forever,
    /// The camera is down from then on.
    Never,
}

/// Where the pictures come from.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// A network camera, over TCP.
    Rtsp {
        /// `rtsp://` or `rtsps://` address; a login inside it is taken out by [`CameraSpec::check`].
        url: String,
        /// Login name, for digest or basic.
        user: Option<String>,
        /// Password.
        password: Option<Password>,
    },
    /// A video file, played in real time.
    File {
        /// The file.
        path: PathBuf,
        /// What follows its end.
        repeat: Repeat,
    },
    /// A USB camera (Video4Linux).
    Device {
        /// For example `/dev/video0`.
        path: PathBuf,
    },
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Source {
    /// For people: an address without login and query, which may carry secrets.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Source::Rtsp { url, .. } => {
                let (address, _) = split_login(url);
                address
                    .split(['?', '#'])
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            }
            Source::File { path, .. } | Source::Device { path } => path.display().to_string(),
        }
    }
}

/// Which pictures of the stream are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeMode {
    /// All of them; the analysed rate is then reduced.
    Full,
    /// Key frames only: a tenth of the work, one picture per group (commonly 1–4 s).
    KeyFramesOnly,
}

/// One camera's stream and how it is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSpec {
    /// The camera.
    pub id: CameraId,
    /// Where the pictures come from.
    pub source: Source,
    /// At most as many pictures a second are analysed.
    pub analysis_fps: f32,
    /// Larger pictures are scaled down to fit, proportions kept.
    pub max_width_px: u32,
    /// As above.
    pub max_height_px: u32,
    /// Which pictures are decoded.
    pub decode: DecodeMode,
    /// How long packets may wait for late ones before them.
    pub latency: Duration,
    /// A stream that delivers nothing for this long is taken down and built anew.
    pub silence: Duration,
}

impl CameraSpec {
    /// A camera with the usual settings: 5 pictures a second of at most 1280×720, 100 ms latency, 10 s silence.
    #[must_use]
    pub fn new(id: CameraId, source: Source) -> CameraSpec {
        CameraSpec {
            id,
            source,
            analysis_fps: 5.0,
            max_width_px: 1280,
            max_height_px: 720,
            decode: DecodeMode::Full,
            latency: Duration::from_millis(100),
            silence: Duration::from_secs(10),
        }
    }

    /// Checks the settings and moves a login written into the address to where it does not show.
    ///
    /// # Errors
    /// [`VisionError::CameraSpec`] with the setting that cannot work.
    pub fn check(mut self) -> Result<CameraSpec, VisionError> {
        let wrong = |reason: &str| VisionError::CameraSpec {
            camera: self.id.to_string(),
            reason: reason.into(),
        };
        if !(self.analysis_fps > 0.0 && self.analysis_fps <= 120.0) {
            return Err(wrong(
                "the analysed rate must be above 0 and at most 120 pictures a second",
            ));
        }
        if self.max_width_px < 32 || self.max_height_px < 32 {
            return Err(wrong("pictures under 32 pixels a side show nobody"));
        }
        if self.silence < Duration::from_secs(1) {
            return Err(wrong("less than 1 s of silence is no fault"));
        }
        if let Source::Rtsp {
            url,
            user,
            password,
        } = &mut self.source
        {
            let lower = url.to_ascii_lowercase();
            if !lower.starts_with("rtsp://") && !lower.starts_with("rtsps://") {
                return Err(wrong("the address must begin with rtsp:// or rtsps://"));
            }
            let (address, login) = split_login(url);
            if let Some((name, secret)) = login {
                user.get_or_insert(name);
                if let Some(secret) = secret {
                    password.get_or_insert(Password(secret));
                }
            }
            *url = address;
        }
        Ok(self)
    }
}

/// An address without its `user:password@`, and the two, percent-decoded.
fn split_login(url: &str) -> (String, Option<(String, Option<String>)>) {
    let Some((scheme, rest)) = url.split_once("://") else {
        return (url.to_owned(), None);
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold an unescaped @: the last one before the path ends the login.
    let Some(at) = rest[..host_end].rfind('@') else {
        return (url.to_owned(), None);
    };
    let (login, host) = (&rest[..at], &rest[at + 1..]);
    let (name, secret) = match login.split_once(':') {
        Some((name, secret)) => (name, Some(percent_decode(secret))),
        None => (login, None),
    };
    (
        format!("{scheme}://{host}"),
        Some((percent_decode(name), secret)),
    )
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escaped = (bytes[i] == b'%')
            .then(|| bytes.get(i + 1..i + 3))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) => {
                decoded.push(byte);
                i += 3;
            }
            None => {
                decoded.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rtsp(url: &str) -> CameraSpec {
        CameraSpec::new(
            "c".into(),
            Source::Rtsp {
                url: url.into(),
                user: None,
                password: None,
            },
        )
    }

    #[test]
    fn a_login_in_the_address_is_taken_out_and_never_shown() {
        let check = |url: &str, address: &str, user: Option<&str>, secret: Option<&str>| {
            let unchecked = format!("{:?} {}", rtsp(url), rtsp(url).source.shown());
            let spec = rtsp(url).check().unwrap();
            let shown = format!("{unchecked} {spec:?} {}", spec.source.shown());
            let Source::Rtsp {
                url,
                user: got_user,
                password,
            } = spec.source
            else {
                panic!()
            };
            assert_eq!((url.as_str(), got_user.as_deref()), (address, user));
            assert_eq!(password.as_ref().map(Password::expose), secret);
            for hidden in secret.iter().chain(user.iter()).filter(|s| !s.is_empty()) {
                assert!(!shown.contains(*hidden), "{shown}");
            }
        };
        check(
            "rtsp://10.0.0.1:554/ch1",
            "rtsp://10.0.0.1:554/ch1",
            None,
            None,
        );
        check(
            "rtsp://admin:Pa55@10.0.0.1/ch1",
            "rtsp://10.0.0.1/ch1",
            Some("admin"),
            Some("Pa55"),
        );
        check(
            "rtsp://admin:p@ss:w@10.0.0.1/ch1",
            "rtsp://10.0.0.1/ch1",
            Some("admin"),
            Some("p@ss:w"),
        );
        check(
            "rtsp://admin:p%40%2Fs@h/a@b",
            "rtsp://h/a@b",
            Some("admin"),
            Some("p@/s"),
        );
        check("rtsp://viewer@h", "rtsp://h", Some("viewer"), None);
        assert_eq!(
            rtsp("rtsp://h/cam?user=a&password=b").source.shown(),
            "rtsp://h/cam"
        );
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let check = |spec: CameraSpec, part: &str| {
            let error = spec.check().unwrap_err().to_string();
            assert!(
                error.contains("camera c") && error.contains(part),
                "{error}"
            );
        };
        check(rtsp("http://h/"), "rtsp://");
        check(
            CameraSpec {
                analysis_fps: 0.0,
                ..rtsp("rtsp://h")
            },
            "rate",
        );
        check(
            CameraSpec {
                analysis_fps: f32::NAN,
                ..rtsp("rtsp://h")
            },
            "rate",
        );
        check(
            CameraSpec {
                max_width_px: 0,
                ..rtsp("rtsp://h")
            },
            "32",
        );
        check(
            CameraSpec {
                silence: Duration::ZERO,
                ..rtsp("rtsp://h")
            },
            "silence",
        );
    }
}
