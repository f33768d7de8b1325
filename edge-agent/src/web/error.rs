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
    /// TLS.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
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
    /// For the `Retry-After` header.
    pub retry_after_s: Option<u64>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        ApiError {
            status,
            code,
            message: message.into(),
            detail: None,
            retry_after_s: None,
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

    /// 401: nobody is signed in.
    pub fn signed_out() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "signed_out",
            "Nobody is signed in, or the session is over; sign in with POST /api/login.",
        )
    }

    /// 401: the box has no account that could let anybody in.
    pub fn set_up_first() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "set_up_first",
            "This box is not set up yet; make its first account with POST /api/setup and the code that it prints on its console.",
        )
    }

    /// 401: name or password.
    pub fn login_refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "login_refused", message)
    }

    /// 401: the set-up code.
    pub fn code_refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "code_refused", message)
    }

    /// 415: the body is no JSON.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message)
    }

    /// 503: what has to be written down cannot be; the cause is for the log.
    pub fn log_unavailable(detail: impl Into<String>) -> Self {
        let mut error = Self::unavailable(
            "log_unavailable",
            "The box cannot write its accounts or its access log, so this is not done; its disk may be full.",
        );
        error.detail = Some(detail.into());
        error
    }

    /// 403: this box asks nobody who they are, so nobody can be named who does this.
    pub fn accounts_off() -> Self {
        Self::forbidden(
            "accounts_off",
            "This box has no accounts, so nobody can do this in his own name; set accounts = true under [web] in hall.toml.",
        )
    }

    /// 403: not for whoever asks.
    pub fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 409: it contradicts what there is.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 429: too many wrong attempts.
    pub fn locked(message: impl Into<String>, for_s: u64) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "locked", message);
        error.retry_after_s = Some(for_s);
        error
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

    /// 422: the step does not fit the event.
    pub fn invalid_step(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "case_invalid", message)
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
            "This path does not take that method; the Allow header says what it takes.",
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
