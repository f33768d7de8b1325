//! Accounts: listed, made and changed by whoever manages them. Whom a role may appoint is decided by `hall_core::access`.

use axum::Json;
use axum::extract::{Extension, State};
use edge_accounts::{Account, AccountDesk, AccountScope, Change, Deed, NewAccount};
use hall_wire::name::role_name;
use std::sync::Arc;

use crate::web::body::JsonBody;
use crate::web::dto::{
    AccountChangedDto, AccountDto, AccountPatchDto, AccountsDto, ErrorDto, NewAccountDto,
};
use crate::web::error::ApiError;
use crate::web::inputs::{Access, HallInfo};
use crate::web::path_id::PathId;
use crate::web::state::AppState;
use crate::web::viewer::{Origin, Viewer};

use super::session::{refused, role};

/// All accounts, by name.
#[utoipa::path(
    get,
    path = "/api/accounts",
    tag = "accounts",
    responses(
        (status = 200, body = AccountsDto),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `password_due`, `role`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn accounts(
    State(state): State<AppState>,
) -> Result<Json<AccountsDto>, ApiError> {
    let offset_s = state.stamp(state.now()).utc_offset_s;
    let accounts = desk(&state)?.accounts();
    Ok(Json(AccountsDto {
        v: 1,
        accounts: accounts
            .into_iter()
            .map(|a| AccountDto::new(a, offset_s))
            .collect(),
    }))
}

/// Makes an account; the answer holds its first password, this once.
#[utoipa::path(
    post,
    path = "/api/accounts",
    tag = "accounts",
    request_body = NewAccountDto,
    params(("x-csrf-token" = String, Header, description = "`csrf` of the session")),
    responses(
        (status = 200, body = AccountChangedDto),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `csrf`, `origin_refused`, `password_due`, `role`", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 409, description = "`account_taken`", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 415, description = "`not_json`", body = ErrorDto),
        (status = 422, description = "`not_understood`: the answer says what cannot be used", body = ErrorDto),
        (status = 503, description = "`busy`, `log_unavailable`: nothing was changed", body = ErrorDto),
    )
)]
pub(in crate::web) async fn appoint(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
    JsonBody(asked): JsonBody<NewAccountDto>,
) -> Result<Json<AccountChangedDto>, ApiError> {
    let new = NewAccount {
        role: role(&asked.role)?,
        name: asked.name,
        scope: scope(&state, asked.windows, asked.departments)?,
    };
    let desk = desk(&state)?;
    let by = viewer.signed()?.signed.role;
    let what = described(role_name(new.role), &new.scope, None);
    let audited = viewer.audited(
        &origin,
        Deed::AccountMade,
        format!("account:{}", new.name),
        &what,
    );
    let made = state.with_accounts(move |inputs| {
        let first = desk
            .appoint(by, &new, origin.now)
            .map_err(|r| refused(&r))?;
        kept(inputs.audit.append(&audited, origin.now))?;
        let account = desk.accounts().into_iter().find(|a| a.name == new.name);
        Ok((account, Some(first)))
    });
    changed(&state, made.await)
}

/// Changes an account: role, windows, whether it may sign in, or gives it a new first password. Its sessions end.
#[utoipa::path(
    patch,
    path = "/api/accounts/{name}",
    tag = "accounts",
    request_body = AccountPatchDto,
    params(
        ("name" = String, Path, description = "Account"),
        ("x-csrf-token" = String, Header, description = "`csrf` of the session"),
    ),
    responses(
        (status = 200, body = AccountChangedDto),
        (status = 401, description = "`signed_out`, `set_up_first`", body = ErrorDto),
        (status = 403, description = "`accounts_off`, `csrf`, `origin_refused`, `password_due`, `role`", body = ErrorDto),
        (status = 404, description = "`account_unknown`", body = ErrorDto),
        (status = 408, description = "`too_slow`", body = ErrorDto),
        (status = 413, description = "`too_large`", body = ErrorDto),
        (status = 415, description = "`not_json`", body = ErrorDto),
        (status = 422, description = "`not_understood`: the answer says what cannot be used", body = ErrorDto),
        (status = 503, description = "`busy`, `log_unavailable`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn change(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
    PathId(name): PathId,
    JsonBody(asked): JsonBody<AccountPatchDto>,
) -> Result<Json<AccountChangedDto>, ApiError> {
    let scope = match (asked.windows, asked.departments) {
        (None, None) => None,
        (Some(windows), Some(departments)) => Some(scope(&state, windows, departments)?),
        _ => {
            let words =
                "windows and departments are given together: each list replaces the one before.";
            return Err(ApiError::not_understood(words));
        }
    };
    let change = Change {
        role: asked.role.as_deref().map(role).transpose()?,
        scope,
        disabled: asked.disabled,
        new_password: asked.new_password,
    };
    let desk = desk(&state)?;
    let who = viewer.signed()?;
    let by = (who.signed.account.clone(), who.signed.role);
    let done = state.with_accounts(move |inputs| {
        let (account, first) = desk
            .change((&by.0, by.1), &name, &change, origin.now)
            .map_err(|r| refused(&r))?;
        let what = described(
            role_name(account.role),
            &account.scope,
            Some((&account, &asked.why)),
        );
        let object = format!("account:{}", account.name);
        let audited = viewer.audited(&origin, Deed::AccountChanged, object, &what);
        kept(inputs.audit.append(&audited, origin.now))?;
        Ok((Some(account), first))
    });
    changed(&state, done.await)
}

fn desk(state: &AppState) -> Result<Arc<AccountDesk>, ApiError> {
    match &state.inputs().access {
        Access::Open => Err(ApiError::accounts_off()),
        Access::Accounts(desk) => Ok(Arc::clone(desk)),
    }
}

/// A scope whose windows and departments the hall has.
fn scope(
    state: &AppState,
    windows: Vec<String>,
    departments: Vec<String>,
) -> Result<AccountScope, ApiError> {
    let hall: Arc<HallInfo> = state.inputs().hall.borrow().clone();
    let has_window = |id: &String| hall.windows.iter().any(|w| w.id.as_str() == id);
    let has_department = |name: &String| {
        let of_windows = hall.windows.iter().filter_map(|w| w.department.as_ref());
        of_windows
            .into_iter()
            .any(|d| d.zh == *name || d.en == *name)
    };
    let window = windows.iter().find(|id| !has_window(id));
    let department = departments.iter().find(|name| !has_department(name));
    if window.is_some() || department.is_some() {
        let words = "The hall has no window, or no window of a department, that is called so; /api/hall lists both.";
        return Err(ApiError::not_understood(words));
    }
    Ok(AccountScope {
        windows,
        departments,
    })
}

/// What is written in the access log about an account.
fn described(role: &str, scope: &AccountScope, changed: Option<(&Account, &str)>) -> String {
    let mut parts = vec![role.to_owned()];
    parts.extend(scope.windows.iter().cloned());
    parts.extend(scope.departments.iter().cloned());
    if let Some((account, why)) = changed {
        parts.extend(account.disabled.then(|| "disabled".to_owned()));
        parts.extend((!why.is_empty()).then(|| why.to_owned()));
    }
    parts.join("; ")
}

/// What was done is in the access log, or the client is told that it is not.
fn kept<T>(appended: Result<T, edge_accounts::StoreError>) -> Result<(), ApiError> {
    appended
        .map(drop)
        .map_err(|error| ApiError::log_unavailable(error.to_string()))
}

type Changed = Result<(Option<Account>, Option<String>), ApiError>;

fn changed(
    state: &AppState,
    done: Result<Changed, ApiError>,
) -> Result<Json<AccountChangedDto>, ApiError> {
    let (account, first_password) = done??;
    let account =
        account.ok_or_else(|| ApiError::internal("an account is gone right after it was made"))?;
    Ok(Json(AccountChangedDto {
        v: 1,
        account: AccountDto::new(account, state.stamp(state.now()).utc_offset_s),
        first_password,
    }))
}
