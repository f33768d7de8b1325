//! Validators: an answer that has not changed is not sent again.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

/// The validator of whatever these parts decide; of this build of the program only, so that a new one never answers "unchanged".
pub(super) fn of(parts: impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_PKG_VERSION"), parts).hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// The client holds the answer with this validator.
pub(super) fn is_held(request: &HeaderMap, etag: &str) -> bool {
    (request.get_all(header::IF_NONE_MATCH).iter())
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|tag| tag.trim().trim_start_matches("W/") == etag || tag.trim() == "*")
}

/// Headers of an answer a client may keep and must ask about every time.
pub(super) fn headers(etag: &str) -> [(HeaderName, HeaderValue); 2] {
    let etag = HeaderValue::from_str(etag).unwrap_or(HeaderValue::from_static("\"\""));
    [
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        ),
        (header::ETAG, etag),
    ]
}

/// 304 for a client that holds the answer.
pub(super) fn not_modified(etag: &str) -> Response {
    (StatusCode::NOT_MODIFIED, headers(etag)).into_response()
}
