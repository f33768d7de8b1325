//! Handlers, one file per subject. They translate requests into calls on the inputs and answers into DTOs, nothing more.

pub(super) mod accounts;
pub(super) mod audit;
pub(super) mod cameras;
pub(super) mod cases;
pub(super) mod day;
pub(super) mod events;
pub(super) mod evidence;
pub(super) mod hall;
pub(super) mod health;
pub(super) mod push;
pub(super) mod report;
pub(super) mod session;

use axum::extract::rejection::QueryRejection;

use super::error::ApiError;

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        ApiError::bad_request(rejection.body_text())
    }
}
