//! The hall: names and rules, present state, short history, live stream.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use serde::Deserialize;
use std::convert::Infallible;
use utoipa::IntoParams;

use crate::web::dto::{ErrorDto, HallDto, HistoryDto, SnapshotDto};
use crate::web::error::ApiError;
use crate::web::live;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Names, windows, queues, cameras, zones, rules and versions.
#[utoipa::path(
    get,
    path = "/api/hall",
    tag = "hall",
    responses(
        (status = 200, body = HallDto),
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto),
        (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto),
    )
)]
pub(in crate::web) async fn hall(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
) -> Json<HallDto> {
    Json(HallDto::from(&*viewer.hall(&state.inputs().hall.borrow())))
}

/// The hall now.
#[utoipa::path(
    get,
    path = "/api/snapshot",
    tag = "hall",
    responses(
        (status = 200, body = SnapshotDto),
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto),
        (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto),
    )
)]
pub(in crate::web) async fn snapshot(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
) -> Json<SnapshotDto> {
    let snapshot = state.inputs().snapshot.borrow().clone();
    let shown = viewer.snapshot(&state.inputs().hall.borrow(), &snapshot);
    Json(SnapshotDto::new(&shown, &state))
}

/// Window states and queue lengths of the last half hour, sampled in memory; empty after a restart.
#[utoipa::path(
    get,
    path = "/api/history",
    tag = "hall",
    responses(
        (status = 200, body = HistoryDto),
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto),
        (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto),
    )
)]
pub(in crate::web) async fn history(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
) -> Json<HistoryDto> {
    let snapshot = state.inputs().snapshot.borrow().clone();
    let shown = viewer.snapshot(&state.inputs().hall.borrow(), &snapshot);
    Json(state.history().view(&state, &shown))
}

/// Where a live stream shall start.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct LiveQuery {
    /// Send every record with a greater `seq`; default: only new ones. The `Last-Event-ID` header wins.
    #[serde(default)]
    after: Option<u64>,
}

/// Server-sent events: `snapshot` (SnapshotDto; now, on change at most twice a second, and every 3 s), `event` (EventDto;
/// id = `seq`), `hall` (HallChangedDto; fetch `/api/hall` again), `reset` (ResetDto; the store began anew, fetch everything again).
#[utoipa::path(
    get,
    path = "/api/live",
    tag = "hall",
    params(LiveQuery, ("Last-Event-ID" = Option<u64>, Header, description = "`seq` of the last event received; the stream resumes after it")),
    responses(
        (status = 200, content_type = "text/event-stream", body = String),
        (status = 400, body = ErrorDto),
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto),
        (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto),
        (status = 503, description = "`too_many_streams`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn live(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    query: Result<Query<LiveQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + Send>, ApiError> {
    let Query(query) = query?;
    let resumed = match headers
        .get("last-event-id")
        .map(|v| v.to_str().unwrap_or_default().trim())
    {
        None | Some("") => None,
        Some(text) => Some(text.parse::<u64>().map_err(|_| {
            ApiError::bad_request(
                "Last-Event-ID must be the id of an event of this stream, a whole number.",
            )
        })?),
    };
    let permit = state.stream_permits().try_acquire_owned().map_err(|_| {
        ApiError::unavailable(
            "too_many_streams",
            "Too many pages are open on this box; close some and try again.",
        )
    })?;
    let events = live::stream(state, viewer, resumed.or(query.after), permit);
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
