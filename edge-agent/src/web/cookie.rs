//! The session's cookie. Nothing in the page reads it, no other site sends it, and over TLS it goes nowhere in clear text.

use axum::http::header::{self, HeaderMap, HeaderValue};

/// With this prefix a browser takes the cookie over TLS only, for this host only.
const NAME_TLS: &str = "__Host-edge-session";
const NAME_PLAIN: &str = "edge-session";

fn name(tls: bool) -> &'static str {
    if tls { NAME_TLS } else { NAME_PLAIN }
}

/// The token that a request brings.
pub(super) fn session(headers: &HeaderMap, tls: bool) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name(tls))
        .map(|(_, token)| token)
}

/// Gives a browser its token; `None` takes it away. It goes with the browser's own session, and the box ends it in time.
pub(super) fn set(token: Option<&str>, tls: bool) -> HeaderValue {
    let (value, age) = match token {
        Some(token) => (token, ""),
        None => ("", "; Max-Age=0"),
    };
    let secure = if tls { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}",
        name(tls)
    );
    HeaderValue::from_str(&text).expect("invariant: tokens are hex digits")
}
