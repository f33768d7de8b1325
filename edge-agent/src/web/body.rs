//! JSON bodies of requests: bounded, waited for a while, and refused in the one shape of errors.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::DeserializeOwned;

use super::error::ApiError;
use super::state::AppState;

/// What people send is a few fields.
const BODY_MAX_BYTES: usize = 16 * 1024;

/// A JSON body.
pub(super) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        // A form of another site cannot send this type without being asked first, which nobody answers.
        let kind = request.headers().get(header::CONTENT_TYPE);
        let is_json = kind
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.split(';').next().unwrap_or("").trim() == "application/json");
        if !is_json {
            return Err(ApiError::unsupported(
                "Send the header 'Content-Type: application/json' and a JSON body.",
            ));
        }
        let bytes = receive(state, request.into_body(), BODY_MAX_BYTES).await?;
        serde_json::from_slice(&bytes)
            .map(JsonBody)
            .map_err(|e| ApiError::not_understood(format!("Not understood: {e}.")))
    }
}

/// A body of at most so many bytes, waited for a while.
pub(super) async fn receive(
    state: &AppState,
    body: Body,
    most_bytes: usize,
) -> Result<axum::body::Bytes, ApiError> {
    let read = tokio::time::timeout(state.limits().source_wait, to_bytes(body, most_bytes));
    match read.await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(ApiError::too_large(format!(
            "The body could not be read: it has more than {} KiB, or broke off. Send one message per request.",
            most_bytes / 1024
        ))),
        Err(_) => Err(ApiError::too_slow(
            "The body did not come in time; send it together with the headers.",
        )),
    }
}
