//! The box itself: health for people and watchdogs, figures for Prometheus.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::web::dto::{HealthDto, OverallDto};
use crate::web::state::AppState;

/// State of the box: components, cameras, store, uplink, clock. 503 only when the box does not do its job.
#[utoipa::path(
    get,
    path = "/health",
    tag = "box",
    responses((status = 200, description = "`ok` or `degraded`", body = HealthDto), (status = 503, description = "`critical`", body = HealthDto))
)]
pub(in crate::web) async fn health(State(state): State<AppState>) -> Response {
    let report = HealthDto::from(&**state.inputs().health.borrow());
    let status = match report.overall {
        OverallDto::Ok | OverallDto::Degraded => StatusCode::OK,
        OverallDto::Critical => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(report)).into_response()
}

/// Figures in the Prometheus text format.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "box",
    responses((status = 200, content_type = "text/plain; version=0.0.4", body = String))
)]
pub(in crate::web) async fn metrics(State(state): State<AppState>) -> Response {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        (state.inputs().metrics)(),
    )
        .into_response()
}
