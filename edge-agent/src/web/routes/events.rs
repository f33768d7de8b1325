//! Events: lists of newest revisions, and one event with all its revisions.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use hall_wire::event::SealedRecord;
use hall_wire::time::parse_rfc3339;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::web::dto::{ErrorDto, EventDto, EventPageDto, EventRevisionsDto};
use crate::web::error::ApiError;
use crate::web::index::Filter;
use crate::web::inputs::SourceError;
use crate::web::path_id::PathId;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

/// Filters; all given ones must fit.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct EventQuery {
    /// Event codes, separated by commas, for example `unstaffed,late_open`.
    code: Option<String>,
    /// Id of a window, queue, camera or sensor.
    subject: Option<String>,
    /// `true`: open events, `false`: closed ones.
    open: Option<bool>,
    /// Onset at or after, RFC 3339 with offset (`+` written as `%2B`).
    from: Option<String>,
    /// Onset before, RFC 3339 with offset.
    to: Option<String>,
    /// At most this many, 1–200.
    #[param(default = 50, minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// Continue a list: `next_before_seq` of the page before.
    before_seq: Option<u64>,
}

/// Newest revision of each event that fits, newest first.
#[utoipa::path(
    get,
    path = "/api/events",
    tag = "events",
    params(EventQuery),
    responses(
        (status = 200, body = EventPageDto),
        (status = 400, body = ErrorDto),
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto),
        (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto),
        (status = 503, body = ErrorDto),
    )
)]
pub(in crate::web) async fn events(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    query: Result<Query<EventQuery>, QueryRejection>,
) -> Result<Json<EventPageDto>, ApiError> {
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::bad_request(format!(
            "limit must be 1 to {MAX_LIMIT}."
        )));
    }
    let filter = Filter {
        codes: query
            .code
            .iter()
            .flat_map(|c| c.split(','))
            .filter(|c| !c.is_empty())
            .map(str::to_owned)
            .collect(),
        subject: query.subject,
        open: query.open,
        from_ms: instant("from", query.from)?,
        to_ms: instant("to", query.to)?,
        before_seq: query.before_seq,
    };
    let last_seq = state.index().caught_up(&state).await?;
    // One more than asked tells whether there is a next page.
    let hall = state.inputs().hall.borrow().clone();
    let sees = |code: &str, kind: &str, subject: &str| viewer.sees(&hall, code, kind, subject);
    let mut seqs = state.index().find(&filter, &sees, limit + 1);
    let more = seqs.len() > limit;
    seqs.truncate(limit);
    let next_before_seq = if more { seqs.last().copied() } else { None };
    let open_events = state.index().open_count(&sees);
    let events = read_each(&state, seqs).await?;
    Ok(Json(EventPageDto {
        v: 1,
        events: events.into_iter().map(EventDto::from).collect(),
        open_events,
        last_seq,
        next_before_seq,
    }))
}

/// All revisions of one event, oldest first.
#[utoipa::path(
    get,
    path = "/api/events/{event_id}",
    tag = "events",
    params(("event_id" = String, Path, description = "ULID of the event")),
    responses(
        (status = 200, body = EventRevisionsDto),
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto),
        (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto),
        (status = 404, body = ErrorDto),
        (status = 503, body = ErrorDto),
    )
)]
pub(in crate::web) async fn event(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    PathId(event_id): PathId,
) -> Result<Json<EventRevisionsDto>, ApiError> {
    let revisions = revisions(&state, &viewer, &event_id).await?;
    Ok(Json(EventRevisionsDto {
        v: 1,
        event_id,
        revisions: revisions.into_iter().map(EventDto::from).collect(),
    }))
}

/// All revisions of an event that is shown to this viewer, oldest first.
///
/// # Errors
/// 404 when there is none: an event that is not shown is not known either.
pub(super) async fn revisions(
    state: &AppState,
    viewer: &Viewer,
    event_id: &str,
) -> Result<Vec<SealedRecord>, ApiError> {
    state.index().caught_up(state).await?;
    let mut revisions = read_each(state, state.index().revisions(event_id)).await?;
    let hall = state.inputs().hall.borrow().clone();
    revisions.retain(|sealed| viewer.sees_record(&hall, &sealed.record));
    if revisions.is_empty() {
        return Err(ApiError::not_found(
            "event_unknown",
            "No event with this id is kept on this box.",
        ));
    }
    Ok(revisions)
}

/// The records at these places, in this order; places trimmed meanwhile are left out.
async fn read_each(state: &AppState, seqs: Vec<u64>) -> Result<Vec<SealedRecord>, ApiError> {
    let read = move |inputs: &crate::web::WebInputs| {
        let mut found = Vec::with_capacity(seqs.len());
        for seq in seqs {
            let batch = inputs.events.read_after(seq.saturating_sub(1), 1)?;
            found.extend(batch.records.into_iter().filter(|r| r.seq == seq));
        }
        Ok::<_, SourceError>(found)
    };
    Ok(state.with_store(read).await??)
}

fn instant(name: &str, text: Option<String>) -> Result<Option<i64>, ApiError> {
    text.map(|t| parse_rfc3339(&t).map(|(ms, _)| ms))
        .transpose()
        .map_err(|error| ApiError::bad_request(format!("{name}: {error}")))
}
