//! What every request passes: request id, error rendering, Host check against DNS rebinding, security headers.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::dto::ErrorDto;
use super::error::ApiError;
use super::state::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Everything the page needs comes from the box itself; nothing may frame it, post from it or run inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    ),
];

/// The outermost layer.
pub(super) async fn pass(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let request_id = state.next_request_id();
    let path = request.uri().path().to_owned();
    let mut response = match check_host(&state, &request) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        if let Some(detail) = &error.detail {
            tracing::warn!(%request_id, %path, %detail, "request failed");
        }
        let body = ErrorDto {
            code: error.code.into(),
            message: error.message,
            request_id: request_id.clone(),
        };
        let mut kept = response.headers().clone();
        if let Some(wait_s) = error.retry_after_s {
            kept.insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
        }
        response = (error.status, kept, Json(body)).into_response();
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A page on another site can make a browser resolve its own name to this box; only the Host header gives it away.
fn check_host(state: &AppState, request: &Request) -> Result<(), ApiError> {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|v| v.to_str().ok())
        .or_else(|| request.uri().authority().map(|a| a.as_str()))
        .ok_or_else(|| ApiError::bad_request("The Host header is missing."))?;
    let host = host_without_port(named);
    let ip = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
        .ok();
    let allowed = if state.bound().ip().is_loopback() {
        host.eq_ignore_ascii_case("localhost") || ip.is_some_and(|ip| ip.is_loopback())
    } else {
        // A rebinding attacker needs a name of his own; an address literal is never one.
        ip.is_some()
            || host.eq_ignore_ascii_case("localhost")
            || state
                .inputs()
                .allowed_hosts
                .iter()
                .any(|name| name.eq_ignore_ascii_case(host))
    };
    if allowed {
        Ok(())
    } else {
        Err(ApiError::host_refused(
            "This box does not answer under that host name; use its address, or add the name to the allowed hosts.",
        ))
    }
}

fn host_without_port(named: &str) -> &str {
    if named.starts_with('[') {
        return named.find(']').map_or(named, |end| &named[..=end]);
    }
    named.rsplit_once(':').map_or(named, |(host, _)| host)
}
