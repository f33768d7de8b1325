//! Kept days: which there are, and one of them.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use hall_core::event::EventId;
use hall_metrics::LocalDay;
use hall_wire::day::{day_text, parse_day};
use hall_wire::event::{event_id_text, parse_event_id};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::web::dto::{DayDto, DaysDto, ErrorDto};
use crate::web::error::ApiError;
use crate::web::etag;
use crate::web::figure_source::FigureError;
use crate::web::state::AppState;

const DEFAULT_EVENTS: usize = 200;
const MAX_EVENTS: usize = 500;

/// Days of which figures are kept.
#[utoipa::path(
    get,
    path = "/api/days",
    tag = "figures",
    params(("If-None-Match" = Option<String>, Header, description = "`ETag` of the answer held")),
    responses((status = 200, body = DaysDto), (status = 304, description = "unchanged"), (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto), (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto), (status = 503, body = ErrorDto))
)]
pub(in crate::web) async fn days(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let mut days = state.with_figures(|inputs| inputs.figures.days()).await??;
    days.reverse();
    let today = today(&state);
    let etag = etag::of(("days", &today, &days));
    if etag::is_held(&headers, &etag) {
        return Ok(etag::not_modified(&etag));
    }
    let body = DaysDto {
        v: 1,
        today,
        days: days.into_iter().map(day_text).collect(),
    };
    Ok((etag::headers(&etag), Json(body)).into_response())
}

/// Which day, and which of its events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct DayQuery {
    /// Local day, `2026-09-21`; default: today.
    date: Option<String>,
    /// At most this many events, 1–500.
    #[param(default = 200, minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// Continue the events: `next_after` of the answer before.
    after: Option<String>,
}

/// One day out of the kept figures: every window's time, queue lengths and waits, the hall hour by hour, events.
#[utoipa::path(
    get,
    path = "/api/day",
    tag = "figures",
    params(DayQuery, ("If-None-Match" = Option<String>, Header, description = "`ETag` of the answer held")),
    responses(
        (status = 200, body = DayDto),
        (status = 304, description = "unchanged"),
        (status = 400, body = ErrorDto),
        (status = 404, description = "`figures_none`", body = ErrorDto),
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto), (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto), (status = 503, body = ErrorDto),
    )
)]
pub(in crate::web) async fn day(
    State(state): State<AppState>,
    query: Result<Query<DayQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let text = query.date.unwrap_or_else(|| today(&state));
    let day = parse_day(&text).ok_or_else(|| {
        ApiError::bad_request(format!(
            "date: '{text}' is no day; write it like 2026-09-21."
        ))
    })?;
    let limit = query.limit.unwrap_or(DEFAULT_EVENTS);
    if !(1..=MAX_EVENTS).contains(&limit) {
        return Err(ApiError::bad_request(format!(
            "limit must be 1 to {MAX_EVENTS}."
        )));
    }
    let after: Option<EventId> = (query.after.as_deref())
        .map(|id| {
            parse_event_id(id).ok_or_else(|| ApiError::bad_request("after must be an event id."))
        })
        .transpose()?;
    let after = after.map(event_id_text);
    let (mark, kept) = state
        .with_figures(move |inputs| {
            Ok::<_, FigureError>((inputs.figures.day_mark(day)?, inputs.figures.days()?))
        })
        .await?
        .map_err(|error| refused(&text, error))?;
    let etag = etag::of(("day", mark, &kept, &after, limit));
    if etag::is_held(&headers, &etag) {
        return Ok(etag::not_modified(&etag));
    }
    let view = state
        .with_figures(move |inputs| inputs.figures.day(day))
        .await?
        .map_err(|error| refused(&text, error))?;
    let body = DayDto::new(&view, &kept, after.as_deref(), limit);
    Ok((etag::headers(&etag), Json(body)).into_response())
}

/// The local day now.
fn today(state: &AppState) -> String {
    state.wall(state.now()).chars().take(10).collect()
}

/// What a client is told when there are no figures of what it `asked` for.
pub(super) fn refused(asked: &str, error: FigureError) -> ApiError {
    let kept: Option<(LocalDay, LocalDay)> = match error {
        FigureError::Failed(error) => return error.into(),
        FigureError::Nothing { kept } => kept,
    };
    let known = match kept {
        Some((first, last)) => format!("they reach from {} to {}", day_text(first), day_text(last)),
        None => "none are kept yet".to_owned(),
    };
    ApiError::not_found(
        "figures_none",
        format!("There are no figures of {asked} on this box; {known}."),
    )
}
