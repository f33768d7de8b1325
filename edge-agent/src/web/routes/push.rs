//! Where devices send: a token per device, bounded bodies, answers that say what to do.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use edge_sensors::{PushRefusal, Pushed};

use crate::web::dto::{ErrorDto, PushedDto, RatingsPushedDto, TicketsPushedDto};
use crate::web::error::ApiError;
use crate::web::gate::bearer;
use crate::web::inputs::PushKind;
use crate::web::path_id::PathId;
use crate::web::state::AppState;

/// A state is a word or a small object.
const SENSOR_BODY_BYTES: usize = 16 * 1024;
/// A thousand tickets and more.
const TICKETS_BODY_BYTES: usize = 256 * 1024;

/// A sensor of type `http` says its state: `on`, `1`, or `{"value": true, "at": "2026-09-21T10:00:00+08:00"}`, or what its `pointer`
/// names.
#[utoipa::path(
    post,
    path = "/api/sensors/{id}",
    tag = "devices",
    params(
        ("id" = String, Path, description = "Id of the sensor in hall.toml"),
        ("Authorization" = String, Header, description = "`Bearer ` and the sensor's token"),
    ),
    request_body(content = String, content_type = "application/json", description = "The state, as text or JSON; at most 16 KiB"),
    responses(
        (status = 200, body = PushedDto),
        (status = 401, description = "`token_refused`", body = ErrorDto),
        (status = 404, description = "`not_found`: no sensor of type http has that id", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 422, description = "`not_understood`", body = ErrorDto),
        (status = 429, description = "`too_fast`; `Retry-After` says when to try again", body = ErrorDto),
    )
)]
pub(in crate::web) async fn sensor(
    State(state): State<AppState>,
    PathId(id): PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PushedDto>, Response> {
    let bytes = receive(
        &state,
        PushKind::Sensor,
        &id,
        &headers,
        body,
        SENSOR_BODY_BYTES,
    )
    .await?;
    let pushed = (state.inputs().push)
        .take(PushKind::Sensor, &id, &bytes)
        .map_err(refused)?;
    let (taken, value) = match pushed {
        Pushed::Reading(value) => ("reading", Some(value)),
        _ => ("nothing", None),
    };
    Ok(Json(PushedDto {
        v: 1,
        taken: taken.into(),
        value,
    }))
}

/// A ticket machine of type `http` says what happened to tickets: an object or a list of them, all taken or none; an empty list is a sign
/// of life.
#[utoipa::path(
    post,
    path = "/api/tickets/{id}",
    tag = "devices",
    params(
        ("id" = String, Path, description = "Id of the machine under [[tickets]] in hall.toml"),
        ("Authorization" = String, Header, description = "`Bearer ` and the machine's token"),
    ),
    request_body(content = serde_json::Value, content_type = "application/json", description = "Tickets; at most 256 KiB"),
    responses(
        (status = 200, body = TicketsPushedDto),
        (status = 401, description = "`token_refused`", body = ErrorDto),
        (status = 404, description = "`not_found`: no machine of type http has that id", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 422, description = "`not_understood`: nothing was taken", body = ErrorDto),
        (status = 429, description = "`too_fast`; `Retry-After` says when to try again", body = ErrorDto),
        (status = 503, description = "`busy`: nothing was taken; `Retry-After` says when to try again", body = ErrorDto),
    )
)]
pub(in crate::web) async fn tickets(
    State(state): State<AppState>,
    PathId(id): PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<TicketsPushedDto>, Response> {
    let kind = PushKind::Tickets;
    let bytes = receive(&state, kind, &id, &headers, body, TICKETS_BODY_BYTES).await?;
    let pushed = (state.inputs().push)
        .take(kind, &id, &bytes)
        .map_err(refused)?;
    let (words, new) = match pushed {
        Pushed::Tickets { words, new } => (words, new),
        _ => (0, 0),
    };
    Ok(Json(TicketsPushedDto {
        v: 1,
        taken: "tickets".into(),
        words,
        new,
    }))
}

/// Evaluation terminals of type `http` say what was pressed: an object or a list of them, all counted or none. Only totals per window and
/// day are kept.
#[utoipa::path(
    post,
    path = "/api/ratings/{id}",
    tag = "devices",
    params(
        ("id" = String, Path, description = "Id of the terminals under [[ratings]] in hall.toml"),
        ("Authorization" = String, Header, description = "`Bearer ` and the terminals' token"),
    ),
    request_body(content = serde_json::Value, content_type = "application/json", description = "Ratings; at most 16 KiB"),
    responses(
        (status = 200, body = RatingsPushedDto),
        (status = 401, description = "`token_refused`", body = ErrorDto),
        (status = 404, description = "`not_found`: no terminals of type http have that id", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 422, description = "`not_understood`: nothing was counted", body = ErrorDto),
        (status = 429, description = "`too_fast`; `Retry-After` says when to try again", body = ErrorDto),
        (status = 503, description = "`busy`: nothing was counted; `Retry-After` says when to try again", body = ErrorDto),
    )
)]
pub(in crate::web) async fn ratings(
    State(state): State<AppState>,
    PathId(id): PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RatingsPushedDto>, Response> {
    let kind = PushKind::Ratings;
    let bytes = receive(&state, kind, &id, &headers, body, SENSOR_BODY_BYTES).await?;
    let pushed = (state.inputs().push)
        .take(kind, &id, &bytes)
        .map_err(refused)?;
    let words = match pushed {
        Pushed::Ratings { words } => words,
        _ => 0,
    };
    Ok(Json(RatingsPushedDto {
        v: 1,
        taken: "ratings".into(),
        words,
    }))
}

/// The body of a device that may send now.
async fn receive(
    state: &AppState,
    kind: PushKind,
    id: &str,
    headers: &HeaderMap,
    body: Body,
    most_bytes: usize,
) -> Result<axum::body::Bytes, Response> {
    (state.inputs().push)
        .admit(kind, id, bearer(headers))
        .map_err(refused)?;
    crate::web::body::receive(state, body, most_bytes)
        .await
        .map_err(IntoResponse::into_response)
}

fn refused(refusal: PushRefusal) -> Response {
    match refusal {
        PushRefusal::Unknown => ApiError::not_found(
            "not_found",
            "Nothing with that id sends by HTTP; compare the path with the ids of type http in hall.toml.",
        )
        .into_response(),
        PushRefusal::Token => (
            [(header::WWW_AUTHENTICATE, "Bearer")],
            ApiError::token_refused(
                "The token is missing or not this device's; send the header 'Authorization: Bearer TOKEN' with the token of its token_file.",
            ),
        )
            .into_response(),
        PushRefusal::TooFast => (
            [(header::RETRY_AFTER, "1")],
            ApiError::too_fast(format!("{refusal}: send on change, and now and then as a sign of life.")),
        )
            .into_response(),
        PushRefusal::Busy => (
            [(header::RETRY_AFTER, "1")],
            ApiError::unavailable("busy", "The box is busy and took nothing of it; send the same again."),
        )
            .into_response(),
        PushRefusal::Payload(reason) => ApiError::not_understood(format!("Not understood: {reason}.")).into_response(),
    }
}
