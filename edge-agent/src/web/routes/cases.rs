//! What people do about an event. Steps go the same way as those of the centre, as orders to the hall, which alone decides whether they
//! may be taken; acknowledgements and notes stay on the box, in its access log.

use axum::Json;
use axum::extract::{Extension, State};
use edge_accounts::Deed;
use hall_core::order::{Order, Refusal, Role};
use hall_wire::event::{event_id_text, parse_event_id};
use hall_wire::order::{CaseRecord, EventRefRecord};

use super::events::revisions;
use crate::orders::OrderError;
use crate::web::body::JsonBody;
use crate::web::dto::{CaseDoneDto, CaseStepDto, ErrorDto, NewNoteDto, NoteDto, NotesDto};
use crate::web::error::ApiError;
use crate::web::path_id::PathId;
use crate::web::state::AppState;
use crate::web::viewer::{Origin, Viewer};

/// Longest transaction of a client.
const TX_MAX: usize = 64;

/// Takes a step in the case of an event: confirm, excuse, explain, appeal and so on. Who may take which one, and when, is in
/// `docs/cases.md`.
#[utoipa::path(
    post,
    path = "/api/events/{event_id}/case",
    tag = "events",
    request_body = CaseStepDto,
    params(
        ("event_id" = String, Path, description = "ULID of the event"),
        ("x-csrf-token" = String, Header, description = "`csrf` of the session"),
    ),
    responses(
        (status = 200, description = "Done, and durable", body = CaseDoneDto),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`role`, `scope`, `own_case`; `accounts_off`, `csrf`, `origin_refused`, `password_due`", body = ErrorDto),
        (status = 404, description = "`event_unknown`", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 409, description = "`case_state`: not possible as the case stands", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 415, description = "`not_json`", body = ErrorDto),
        (status = 422, description = "`not_understood`, `case_invalid`: action, reason and event do not fit", body = ErrorDto),
        (status = 503, description = "`busy`: give it again with the same transaction; `events_loading`, `log_unavailable`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn step(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
    PathId(event_id): PathId,
    JsonBody(asked): JsonBody<CaseStepDto>,
) -> Result<Json<CaseDoneDto>, ApiError> {
    take(&state, &viewer, &origin, event_id, asked)
        .await
        .map(Json)
}

async fn take(
    state: &AppState,
    viewer: &Viewer,
    origin: &Origin,
    event_id: String,
    asked: CaseStepDto,
) -> Result<CaseDoneDto, ApiError> {
    let by = viewer.actor()?;
    let tx = transaction(&by.id, &asked.tx)?;
    known(state, viewer, &event_id).await?;
    let (action, reason) = (asked.action.clone(), asked.reason.clone());
    let what = CaseRecord {
        event: EventRefRecord::Id(event_id.clone()),
        action: asked.action,
        reason: asked.reason,
    };
    let what = what
        .check()
        .map_err(|error| ApiError::not_understood(format!("{error}.")))?;
    let order = Order {
        tx: tx.clone(),
        at: origin.now.at,
        by,
        what,
    };
    let given = tokio::time::timeout(state.limits().order_wait, state.inputs().orders.give(order));
    let busy = |error: OrderError| {
        ApiError::unavailable("busy", format!("Not known whether it is done: {error}."))
    };
    let answer = match given.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(busy(error)),
        Err(_) => return Err(busy(OrderError::Unknown)),
    };
    let events = answer.result.map_err(refusal)?;
    let mut why = format!("{action}: {reason}");
    if !asked.note.trim().is_empty() {
        why = format!("{why}: {}", asked.note.trim());
    }
    write(state, viewer, origin, Deed::CaseStep, event_id, why, tx).await?;
    Ok(CaseDoneDto {
        v: 1,
        tx: asked.tx,
        events: events.into_iter().map(event_id_text).collect(),
    })
}

/// Acknowledges an event or writes a note on it. It changes nothing about the case, and does not leave the box.
#[utoipa::path(
    post,
    path = "/api/events/{event_id}/notes",
    tag = "events",
    request_body = NewNoteDto,
    params(
        ("event_id" = String, Path, description = "ULID of the event"),
        ("x-csrf-token" = String, Header, description = "`csrf` of the session"),
    ),
    responses(
        (status = 200, description = "All that is written on the event now", body = NotesDto),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`role`; `accounts_off`, `csrf`, `origin_refused`, `password_due`", body = ErrorDto),
        (status = 404, description = "`event_unknown`", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 415, description = "`not_json`", body = ErrorDto),
        (status = 422, description = "`not_understood`", body = ErrorDto),
        (status = 503, description = "`busy`, `events_loading`, `log_unavailable`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn write_note(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
    PathId(event_id): PathId,
    JsonBody(asked): JsonBody<NewNoteDto>,
) -> Result<Json<NotesDto>, ApiError> {
    let who = viewer.signed()?;
    let tx = transaction(&who.signed.account, &asked.tx)?;
    known(&state, &viewer, &event_id).await?;
    if asked.acknowledge && !acknowledges(who.signed.role) {
        let words = "Acknowledging is for the hall's manager, its representatives and patrol; write a note.";
        return Err(ApiError::forbidden("role", words));
    }
    let text = asked.text.trim().to_owned();
    if text.is_empty() && !asked.acknowledge {
        return Err(ApiError::not_understood("A note has words."));
    }
    let deed = if asked.acknowledge {
        Deed::Acknowledge
    } else {
        Deed::Note
    };
    write(&state, &viewer, &origin, deed, event_id.clone(), text, tx).await?;
    Ok(Json(written(&state, event_id)))
}

/// What was written on an event: acknowledgements, notes, and the words with steps of its case.
#[utoipa::path(
    get,
    path = "/api/events/{event_id}/notes",
    tag = "events",
    params(("event_id" = String, Path, description = "ULID of the event")),
    responses(
        (status = 200, body = NotesDto),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `password_due`, `role`", body = ErrorDto),
        (status = 404, description = "`event_unknown`", body = ErrorDto),
        (status = 503, description = "`busy`, `events_loading`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn notes(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    PathId(event_id): PathId,
) -> Result<Json<NotesDto>, ApiError> {
    known(&state, &viewer, &event_id).await?;
    Ok(Json(written(&state, event_id)))
}

/// Whose business it is to have seen an event: those who must do something about it in the hall.
fn acknowledges(role: Role) -> bool {
    matches!(
        role,
        Role::HallManager | Role::ChiefRepresentative | Role::Patrol
    )
}

/// An event that this viewer sees.
async fn known(state: &AppState, viewer: &Viewer, event_id: &str) -> Result<(), ApiError> {
    if parse_event_id(event_id).is_none() {
        return Err(ApiError::not_found(
            "event_unknown",
            "That is no event's id.",
        ));
    }
    revisions(state, viewer, event_id).await.map(drop)
}

/// The transaction as it is kept. A client's word alone could be one that somebody else is going to use.
fn transaction(account: &str, tx: &str) -> Result<String, ApiError> {
    let fits = (1..=TX_MAX).contains(&tx.len())
        && tx
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if fits {
        Ok(format!("web:{account}:{tx}"))
    } else {
        Err(ApiError::not_understood(format!(
            "tx must be 1 to {TX_MAX} of A-Z a-z 0-9 - _ ."
        )))
    }
}

/// Writes something on an event, once per transaction.
async fn write(
    state: &AppState,
    viewer: &Viewer,
    origin: &Origin,
    deed: Deed,
    event_id: String,
    text: String,
    tx: String,
) -> Result<(), ApiError> {
    let mut audited = viewer.audited(origin, deed, format!("event:{event_id}"), &text);
    audited.tx = tx;
    let now = origin.now;
    state
        .with_store(move |inputs| inputs.audit.append_once(&event_id, &audited, now))
        .await?
        .map_err(|error| ApiError::log_unavailable(error.to_string()))
}

fn written(state: &AppState, event_id: String) -> NotesDto {
    let notes = state.inputs().audit.notes(&event_id);
    NotesDto {
        v: 1,
        event_id,
        notes: notes.into_iter().map(NoteDto::from).collect(),
    }
}

fn refusal(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Unknown => ApiError::not_found(
            "event_unknown",
            "This event is too old to be decided on here; the centre has it.",
        ),
        Refusal::Role => ApiError::forbidden("role", "This step is not for your role."),
        Refusal::Scope => ApiError::forbidden("scope", "The event is not about your windows."),
        Refusal::OwnCase => ApiError::forbidden(
            "own_case",
            "Nobody who is the subject of an event decides on it; explain it, or appeal once it is over.",
        ),
        Refusal::State => ApiError::conflict(
            "case_state",
            "The case does not stand where this step begins, or the event must end first; read its revisions again.",
        ),
        Refusal::Invalid => ApiError::invalid_step(
            "This action or reason does not fit this kind of event; docs/cases.md has the tables.",
        ),
    }
}
