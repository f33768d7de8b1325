//! Signing in and out, setting the box up, the own password.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use edge_accounts::{AccountDesk, AccountScope, Audited, Deed, Grant, NewAccount, Refused};
use hall_core::access::{RIGHTS, Right, Scope, appoints};
use hall_wire::name::{parse_role, role_name};
use std::sync::Arc;

use crate::web::body::JsonBody;
use crate::web::cookie;
use crate::web::dto::{
    ErrorDto, LoginDto, PasswordDto, SessionDto, SessionModeDto, SetUpDto, WhoDto,
};
use crate::web::error::ApiError;
use crate::web::gate::viewer_of;
use crate::web::inputs::{Access, WebInputs};
use crate::web::state::AppState;
use crate::web::viewer::{Origin, Viewer};

/// How this client stands with the box: what it may do, and what it must send with changes.
#[utoipa::path(get, path = "/api/session", tag = "accounts", responses((status = 200, body = SessionDto)))]
pub(in crate::web) async fn session(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
) -> Json<SessionDto> {
    Json(described(&state, &viewer))
}

/// Signs in: sets a new session's cookie; a session that came with the request ends.
#[utoipa::path(
    post,
    path = "/api/login",
    tag = "accounts",
    request_body = LoginDto,
    responses(
        (status = 200, description = "`Set-Cookie` has the session", body = SessionDto),
        (status = 401, description = "`login_refused`", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `origin_refused`", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 415, description = "`not_json`", body = ErrorDto),
        (status = 422, description = "`not_understood`", body = ErrorDto),
        (status = 429, description = "`locked`; `Retry-After` says for how long", body = ErrorDto),
        (status = 503, description = "`busy`, `log_unavailable`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn log_in(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    JsonBody(login): JsonBody<LoginDto>,
) -> Result<Response, ApiError> {
    let before = cookie::session(&headers, state.tls()).map(str::to_owned);
    let done = with_desk(&state, move |desk, inputs| {
        let (name, from, now) = (login.name, origin.address, origin.now);
        let granted = desk.log_in(&name, &login.password, before.as_deref(), from, now);
        let granted = logged(inputs, &origin, &name, Deed::LogIn, granted)?;
        Ok(granted)
    });
    signed_in(&state, done.await?)
}

/// Makes the first account with the code that the box prints on its console, and signs it in.
#[utoipa::path(
    post,
    path = "/api/setup",
    tag = "accounts",
    request_body = SetUpDto,
    responses(
        (status = 200, description = "`Set-Cookie` has the session", body = SessionDto),
        (status = 401, description = "`code_refused`", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `origin_refused`", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 409, description = "`account_taken`", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 415, description = "`not_json`", body = ErrorDto),
        (status = 422, description = "`not_understood`: the answer says what cannot be used", body = ErrorDto),
        (status = 429, description = "`locked`; `Retry-After` says for how long", body = ErrorDto),
        (status = 503, description = "`busy`, `log_unavailable`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn set_up(
    State(state): State<AppState>,
    Extension(origin): Extension<Origin>,
    JsonBody(asked): JsonBody<SetUpDto>,
) -> Result<Response, ApiError> {
    let role = role(&asked.role)?;
    let done = with_desk(&state, move |desk, inputs| {
        let new = NewAccount {
            name: asked.name,
            role,
            scope: AccountScope::default(),
        };
        let (from, now) = (origin.address, origin.now);
        let granted = desk.set_up(&asked.code, &new, &asked.password, from, now);
        logged(inputs, &origin, &new.name, Deed::SetUp, granted)
    });
    signed_in(&state, done.await?)
}

/// Signs out here.
#[utoipa::path(
    post,
    path = "/api/logout",
    tag = "accounts",
    params(("x-csrf-token" = String, Header, description = "`csrf` of the session")),
    responses(
        (status = 200, body = SessionDto),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `csrf`, `origin_refused`", body = ErrorDto),
        (status = 503, description = "`busy`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn log_out(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
) -> Result<Response, ApiError> {
    end(&state, viewer, origin, Deed::LogOut).await
}

/// Signs out everywhere: all sessions of the account end.
#[utoipa::path(
    post,
    path = "/api/logout/everywhere",
    tag = "accounts",
    params(("x-csrf-token" = String, Header, description = "`csrf` of the session")),
    responses(
        (status = 200, body = SessionDto),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `csrf`, `origin_refused`", body = ErrorDto),
        (status = 503, description = "`busy`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn log_out_everywhere(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
) -> Result<Response, ApiError> {
    end(&state, viewer, origin, Deed::LogOutEverywhere).await
}

/// Changes the own password: all sessions of the account end, this client gets a new one.
#[utoipa::path(
    post,
    path = "/api/password",
    tag = "accounts",
    request_body = PasswordDto,
    params(("x-csrf-token" = String, Header, description = "`csrf` of the session")),
    responses(
        (status = 200, description = "`Set-Cookie` has the new session", body = SessionDto),
        (status = 401, description = "`signed_out`, `set_up_first`, `login_refused`: the old password is wrong", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `csrf`, `origin_refused`", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 415, description = "`not_json`", body = ErrorDto),
        (status = 422, description = "`not_understood`: the answer says what cannot be used", body = ErrorDto),
        (status = 429, description = "`locked`; `Retry-After` says for how long", body = ErrorDto),
        (status = 503, description = "`busy`, `log_unavailable`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn change_password(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
    JsonBody(asked): JsonBody<PasswordDto>,
) -> Result<Response, ApiError> {
    let account = viewer.signed()?;
    let account = account.signed.account.clone();
    let done = with_desk(&state, move |desk, inputs| {
        let (from, now) = (origin.address, origin.now);
        let granted = desk.change_password(&account, &asked.old, &asked.new, from, now);
        logged(inputs, &origin, &account, Deed::PasswordChanged, granted)
    });
    signed_in(&state, done.await?)
}

async fn end(
    state: &AppState,
    viewer: Viewer,
    origin: Origin,
    deed: Deed,
) -> Result<Response, ApiError> {
    with_desk(state, move |desk, inputs| {
        let who = viewer.signed()?;
        match deed {
            Deed::LogOutEverywhere => desk.log_out_everywhere(&who.signed.account),
            _ => desk.log_out(&who.token),
        }
        // Signing out must not wait for a disk.
        let audited = viewer.audited(&origin, deed, String::new(), "");
        if let Err(error) = inputs.audit.append(&audited, origin.now) {
            tracing::error!(%error, "A sign-out is not in the access log.");
        }
        Ok(())
    })
    .await?;
    Ok(with_cookie(state, None, described(state, &Viewer::Nobody)))
}

/// Runs a call on the accounts.
async fn with_desk<T: Send + 'static>(
    state: &AppState,
    call: impl FnOnce(&AccountDesk, &WebInputs) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = state.with_accounts(move |inputs| match &inputs.access {
        Access::Open => Err(ApiError::accounts_off()),
        Access::Accounts(desk) => call(&Arc::clone(desk), inputs),
    });
    done.await?
}

/// Puts in the access log what became of a password or code; gives on what was granted.
fn logged(
    inputs: &WebInputs,
    origin: &Origin,
    name: &str,
    deed: Deed,
    granted: Result<Grant, Refused>,
) -> Result<Grant, ApiError> {
    let (deed, role, why) = match &granted {
        Ok(grant) => (deed, role_name(grant.signed.role), String::new()),
        Err(Refused::Locked { just_now: true, .. }) => (Deed::Locked, "", deed.name().to_owned()),
        // Attempts while it is locked are not written down one by one: a guesser must not fill the disk.
        Err(Refused::Locked { .. } | Refused::Invalid(_) | Refused::Taken) => {
            return granted.map_err(|refusal| refused(&refusal));
        }
        Err(_) => (Deed::LogInRefused, "", deed.name().to_owned()),
    };
    let audited = Audited {
        who: name.chars().filter(|c| !c.is_control()).collect(),
        role: role.into(),
        from: origin.address.to_string(),
        deed,
        object: String::new(),
        why,
        tx: String::new(),
    };
    // A full disk must not keep the manager from looking at the hall; pictures and changes wait for the log.
    if let Err(error) = inputs.audit.append(&audited, origin.now) {
        tracing::error!(%error, deed = audited.deed.name(), "A sign-in is not in the access log.");
    }
    granted.map_err(|refusal| refused(&refusal))
}

fn signed_in(state: &AppState, grant: Grant) -> Result<Response, ApiError> {
    let viewer = viewer_of(state, grant.signed, &grant.token);
    Ok(with_cookie(
        state,
        Some(&grant.token),
        described(state, &viewer),
    ))
}

fn with_cookie(state: &AppState, token: Option<&str>, body: SessionDto) -> Response {
    let cookie = cookie::set(token, state.tls());
    ([(header::SET_COOKIE, cookie)], Json(body)).into_response()
}

fn described(state: &AppState, viewer: &Viewer) -> SessionDto {
    let rights = RIGHTS.iter().filter(|right| viewer.may(**right));
    let who = viewer.signed().ok();
    let mode = match (&state.inputs().access, who) {
        (Access::Open, _) => SessionModeDto::Open,
        (_, Some(who)) if who.signed.password_due => SessionModeDto::PasswordDue,
        (_, Some(_)) => SessionModeDto::SignedIn,
        (Access::Accounts(desk), None) if desk.needs_setup() => SessionModeDto::SetUpFirst,
        (_, None) => SessionModeDto::SignedOut,
    };
    SessionDto {
        v: 1,
        mode,
        account: who.map(|who| WhoDto {
            name: who.signed.account.clone(),
            role: role_name(who.signed.role).into(),
            windows: match &who.scope {
                Scope::Hall => None,
                Scope::Windows(windows) => Some(windows.iter().map(ToString::to_string).collect()),
            },
            appoints: appoints(who.signed.role)
                .iter()
                .map(|role| role_name(*role).to_owned())
                .collect(),
        }),
        rights: rights.map(|right| right_name(*right).to_owned()).collect(),
        csrf: who.map(|who| who.signed.csrf.clone()),
        ends_in_s: who.map(|who| who.signed.ends.since_ms(state.now()).max(0) as u64 / 1000),
    }
}

fn right_name(right: Right) -> &'static str {
    match right {
        Right::Names => "names",
        Right::Board => "board",
        Right::Events => "events",
        Right::Figures => "figures",
        Right::Pictures => "pictures",
        Right::Cases => "cases",
        Right::Evidence => "evidence",
        Right::Health => "health",
        Right::Accounts => "accounts",
        Right::Audit => "audit",
        Right::EvidenceLog => "evidence_log",
    }
}

/// A role by its name.
pub(super) fn role(name: &str) -> Result<hall_core::order::Role, ApiError> {
    parse_role(name).ok_or_else(|| {
        ApiError::not_understood(
            "role is one of province, supervisor, resident_supervisor, hall_manager, chief_representative, installer, patrol and auditor.",
        )
    })
}

/// Why accounts did not do what was asked.
pub(super) fn refused(refusal: &Refused) -> ApiError {
    let words = refusal.to_string();
    match refusal {
        Refused::Login => ApiError::login_refused(words),
        Refused::Code => ApiError::code_refused(words),
        Refused::Locked { wait_ms, .. } => {
            let wait_s = u64::try_from((wait_ms + 999) / 1000).unwrap_or(0);
            ApiError::locked(words, wait_s)
        }
        Refused::Invalid(_) => ApiError::not_understood(words),
        Refused::Role(_) => ApiError::forbidden("role", words),
        Refused::Unknown => ApiError::not_found("account_unknown", words),
        Refused::Taken => ApiError::conflict("account_taken", words),
        Refused::Store(error) => ApiError::log_unavailable(error.to_string()),
    }
}
