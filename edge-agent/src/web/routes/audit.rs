//! The access log: pages for the auditor, what concerns evidence for the hall manager, and the whole as a file that `edge-agent verify`
//! checks.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use edge_accounts::Deed;
use edge_accounts::audit::Filter;
use hall_core::access::Right;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::web::dto::{AuditPageDto, ErrorDto};
use crate::web::error::ApiError;
use crate::web::state::AppState;
use crate::web::viewer::{Origin, Viewer};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 500;
/// What whoever may not read the whole log sees of it.
const EVIDENCE: [Deed; 3] = [
    Deed::EvidenceTaken,
    Deed::EvidenceLinked,
    Deed::EvidenceFetched,
];

/// Filters; all given ones must fit.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct AuditQuery {
    /// Deeds, separated by commas, for example `picture,evidence_taken`.
    deed: Option<String>,
    /// Account.
    who: Option<String>,
    /// For example `camera:cam1`, `event:01K…`, `account:manager-1`.
    object: Option<String>,
    /// At most this many, 1–500.
    #[param(default = 100, minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// Continue a list: `next_before_seq` of the page before.
    before_seq: Option<u64>,
}

/// The access log, newest first. Without the right `audit` only what concerns evidence.
#[utoipa::path(
    get,
    path = "/api/audit",
    tag = "accounts",
    params(AuditQuery),
    responses(
        (status = 200, body = AuditPageDto),
        (status = 400, body = ErrorDto),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `password_due`, `role`", body = ErrorDto),
        (status = 503, body = ErrorDto),
    )
)]
pub(in crate::web) async fn audit(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<AuditPageDto>, ApiError> {
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::bad_request(format!(
            "limit must be 1 to {MAX_LIMIT}."
        )));
    }
    let asked = query
        .deed
        .iter()
        .flat_map(|d| d.split(','))
        .filter(|d| !d.is_empty());
    let mut deeds: Vec<String> = asked.map(str::to_owned).collect();
    if let Some(unknown) = deeds
        .iter()
        .find(|d| Deed::ALL.iter().all(|deed| deed.name() != *d))
    {
        return Err(ApiError::bad_request(format!(
            "There is no deed '{}'.",
            unknown.escape_debug()
        )));
    }
    if !viewer.may(Right::Audit) {
        let shown = |name: &String| EVIDENCE.iter().any(|deed| deed.name() == name);
        let all = deeds.is_empty();
        deeds.retain(shown);
        if all {
            deeds = EVIDENCE.iter().map(|deed| deed.name().to_owned()).collect();
        } else if deeds.is_empty() {
            return Err(ApiError::forbidden(
                "role",
                "Only the auditor reads that part of the access log.",
            ));
        }
    }
    let filter = Filter {
        deeds,
        who: query.who,
        object: query.object,
        before_seq: query.before_seq,
    };
    let page = state
        .with_store(move |inputs| inputs.audit.page(&filter, limit))
        .await?
        .map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(Json(page.into()))
}

/// The whole access log as JSON lines, byte for byte as sealed; `edge-agent verify` checks it. Taking it is itself in the log.
#[utoipa::path(
    get,
    path = "/api/audit.jsonl",
    tag = "accounts",
    responses(
        (status = 200, content_type = "application/x-ndjson", body = String),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `password_due`, `role`", body = ErrorDto),
        (status = 503, description = "`busy`, `log_unavailable`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn audit_file(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
) -> Result<Response, ApiError> {
    let audited = viewer.audited(&origin, Deed::AuditExported, String::new(), "");
    let lines = state
        .with_store(move |inputs| {
            inputs
                .audit
                .append(&audited, origin.now)
                .map_err(|error| ApiError::log_unavailable(error.to_string()))?;
            let mut lines = Vec::new();
            inputs
                .audit
                .export(&mut lines)
                .map_err(|error| ApiError::internal(error.to_string()))?;
            Ok::<_, ApiError>(lines)
        })
        .await??;
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"access-log.jsonl\"",
        ),
    ];
    Ok((headers, lines).into_response())
}
