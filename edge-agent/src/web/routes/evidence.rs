//! Evidence of an event as a file: for accounts that may have it, and for whoever has a one-time link. Every one that goes out is in the
//! access log first.

use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use edge_accounts::Deed;
use hall_wire::event::parse_event_id;

use super::events::revisions;
use crate::evidence::EvidenceError;
use crate::web::body::JsonBody;
use crate::web::dto::{ErrorDto, EvidenceAskedDto};
use crate::web::error::ApiError;
use crate::web::path_id::PathId;
use crate::web::state::AppState;
use crate::web::viewer::{Origin, Viewer};

/// The evidence pack of an event: its sealed revisions, the trace of its windows' sensors and zones, rule, configuration and model hashes.
/// JSON lines that `edge-agent verify` checks; numbers only.
#[utoipa::path(
    post,
    path = "/api/events/{event_id}/evidence",
    tag = "events",
    request_body = EvidenceAskedDto,
    params(
        ("event_id" = String, Path, description = "ULID of the event"),
        ("x-csrf-token" = String, Header, description = "`csrf` of the session"),
    ),
    responses(
        (status = 200, content_type = "application/x-ndjson", body = String),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`role`; `accounts_off`, `csrf`, `origin_refused`, `password_due`", body = ErrorDto),
        (status = 404, description = "`event_unknown`", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 415, description = "`not_json`", body = ErrorDto),
        (status = 422, description = "`not_understood`: why is missing", body = ErrorDto),
        (status = 503, description = "`busy`, `events_loading`, `log_unavailable`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn take(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
    PathId(event_id): PathId,
    JsonBody(asked): JsonBody<EvidenceAskedDto>,
) -> Result<Response, ApiError> {
    let why = asked.why.trim();
    if why.is_empty() {
        let words = "Say why the evidence is taken; it is written down with who and when.";
        return Err(ApiError::not_understood(words));
    }
    let id = parse_event_id(&event_id)
        .ok_or_else(|| ApiError::not_found("event_unknown", "That is no event's id."))?;
    revisions(&state, &viewer, &event_id).await?;
    let audited = viewer.audited(
        &origin,
        Deed::EvidenceTaken,
        format!("event:{event_id}"),
        why,
    );
    let pack = state
        .with_figures(move |inputs| inputs.evidence.take(id, &audited, origin.now))
        .await?
        .map_err(refused)?;
    Ok(file(&event_id, pack))
}

/// The evidence behind a link that the centre was given. Works once and for a day.
#[utoipa::path(
    get,
    path = "/api/evidence/{token}",
    tag = "events",
    params(("token" = String, Path, description = "The link's own")),
    responses(
        (status = 200, content_type = "application/x-ndjson", body = String),
        (status = 404, description = "`link_unknown`: there is none, it was used, or it is over", body = ErrorDto),
        (status = 503, description = "`busy`, `log_unavailable`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn fetch(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    PathId(token): PathId,
) -> Result<Response, ApiError> {
    let from = origin.address.to_string();
    let fetched = state
        .with_store(move |inputs| inputs.evidence.fetch(&token, &from, origin.now))
        .await?
        .map_err(refused)?;
    let (event_id, pack) = fetched.ok_or_else(|| {
        ApiError::not_found(
            "link_unknown",
            "There is no such link, it was used already, or its day is over; ask for the evidence again.",
        )
    })?;
    Ok(file(&event_id, pack))
}

fn file(event_id: &str, pack: Vec<u8>) -> Response {
    let name = format!("attachment; filename=\"evidence-{event_id}.jsonl\"");
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    (headers, pack).into_response()
}

fn refused(error: EvidenceError) -> ApiError {
    match error {
        EvidenceError::Unknown => {
            ApiError::not_found("event_unknown", "The log has no such event.")
        }
        EvidenceError::Audit(_) | EvidenceError::Shelf(_) => {
            ApiError::log_unavailable(error.to_string())
        }
        EvidenceError::Log(_) => ApiError::internal(error.to_string()),
    }
}
