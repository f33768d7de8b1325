//! Errors of the web side: one for the caller of `serve`, one for HTTP clients.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::inputs::SourceError;

/// The server could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The socket failed.
    #[error(
        "the page's listening socket failed: {0}; check that the address is free and belongs to this machine"
    )]
    Listen(#[source] std::io::Error),
}

/// What a client is told: a stable code and a sentence; rendered as [`super::dto::ErrorDto`] by the guard, which adds the
/// request id and logs `detail`.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    /// For the log only.
    pub detail: Option<String>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        ApiError {
            status,
            code,
            message: message.into(),
            detail: None,
        }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 403: the Host header names no host of this box.
    pub fn host_refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "host_refused", message)
    }

    /// 404: no such thing.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 401: no token, or not the right one.
    pub fn token_refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "token_refused", message)
    }

    /// 408: the body did not come in time.
    pub fn too_slow(message: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message)
    }

    /// 413: the body is too large.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// 422: the body is not understood.
    pub fn not_understood(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_understood", message)
    }

    /// 429: too often.
    pub fn too_fast(message: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_fast", message)
    }

    /// 405: the path does not take that method.
    pub fn method_refused() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_refused",
            "Reading is GET and HEAD; devices send with POST to /api/sensors/{id}, /api/tickets/{id} or /api/ratings/{id}. This path takes nothing else.",
        )
    }

    /// 503: not now.
    pub fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
    }

    /// 500 with the cause kept for the log.
    pub fn internal(detail: impl Into<String>) -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The box could not answer; the log has the cause under this request id.",
        );
        error.detail = Some(detail.into());
        error
    }
}

impl From<SourceError> for ApiError {
    fn from(error: SourceError) -> Self {
        ApiError::internal(error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
