//! The box itself: health for people and watchdogs, figures for Prometheus.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use hall_core::access::Right;
use hall_wire::time::rfc3339_ms;

use crate::web::dto::{CertificateHealthDto, ErrorDto, HealthDto, OverallDto};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// State of the box: components, cameras, store, uplink, clock. 503 only when the box does not do its job. Where accounts are on, the
/// verdict is for everybody and the rest for who is signed in or has the monitor token.
#[utoipa::path(
    get,
    path = "/health",
    tag = "box",
    responses((status = 200, description = "`ok` or `degraded`", body = HealthDto), (status = 503, description = "`critical`", body = HealthDto))
)]
pub(in crate::web) async fn health(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
) -> Response {
    let mut report = HealthDto::from(&**state.inputs().health.borrow());
    report.certificate = state.inputs().certificate.as_ref().map(|certificate| {
        let now = state.stamp(state.now());
        CertificateHealthDto {
            ends: rfc3339_ms(certificate.ends_unix_ms(), now.utc_offset_s),
            ends_soon: certificate.ends_soon(now.unix_ms),
            sha256: certificate.fingerprint(),
        }
    });
    if !viewer.may(Right::Health) {
        report = report.verdict();
    }
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
    responses(
        (status = 200, content_type = "text/plain; version=0.0.4", body = String),
        (status = 401, description = "`signed_out`, `set_up_first`: send the monitor token, or sign in", body = ErrorDto),
        (status = 403, description = "`password_due`", body = ErrorDto),
    )
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
