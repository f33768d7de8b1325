//! Who gets in: one table of every route and what it needs, and the one place that applies it. A route that is not in the table is not
//! answered.

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::Method;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use edge_accounts::{Moment, Signed};
use hall_core::access::Right;
use std::sync::Arc;
use subtle::ConstantTimeEq;

use super::connection::Peer;
use super::cookie;
use super::error::ApiError;
use super::inputs::Access;
use super::state::AppState;
use super::viewer::{Origin, SignedIn, Viewer};

/// Must carry the session's token in whatever changes something: a form of another site cannot set it.
pub(super) const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing.
    Public,
    /// A device's own token, which the route checks itself.
    Device,
    /// A one-time link, which the route checks itself.
    Link,
    /// Somebody is signed in, whoever it is; also with a first password.
    SignedIn,
    /// A right.
    Right(Right),
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;

/// Every route there is.
pub(super) const ROUTES: &[(Method, &str, Need)] = &[
    (GET, "/api/hall", Need::Right(Right::Names)),
    (GET, "/api/snapshot", Need::Right(Right::Board)),
    (GET, "/api/history", Need::Right(Right::Board)),
    (GET, "/api/live", Need::Right(Right::Events)),
    (GET, "/api/events", Need::Right(Right::Events)),
    (GET, "/api/events/{event_id}", Need::Right(Right::Events)),
    (
        POST,
        "/api/events/{event_id}/case",
        Need::Right(Right::Cases),
    ),
    (
        GET,
        "/api/events/{event_id}/notes",
        Need::Right(Right::Cases),
    ),
    (
        POST,
        "/api/events/{event_id}/notes",
        Need::Right(Right::Cases),
    ),
    (
        POST,
        "/api/events/{event_id}/evidence",
        Need::Right(Right::Evidence),
    ),
    (GET, "/api/evidence/{token}", Need::Link),
    (
        GET,
        "/api/cameras/{id}/frame.jpg",
        Need::Right(Right::Pictures),
    ),
    (GET, "/api/cameras/{id}/boxes", Need::Right(Right::Pictures)),
    (GET, "/api/days", Need::Right(Right::Figures)),
    (GET, "/api/day", Need::Right(Right::Figures)),
    (GET, "/api/report", Need::Right(Right::Figures)),
    (GET, "/api/report/tables", Need::Right(Right::Figures)),
    (GET, "/health", Need::Public),
    (GET, "/metrics", Need::Right(Right::Health)),
    (GET, "/api/openapi.json", Need::Public),
    (POST, "/api/sensors/{id}", Need::Device),
    (POST, "/api/tickets/{id}", Need::Device),
    (POST, "/api/ratings/{id}", Need::Device),
    (GET, "/api/session", Need::Public),
    (POST, "/api/login", Need::Public),
    (POST, "/api/setup", Need::Public),
    (POST, "/api/logout", Need::SignedIn),
    (POST, "/api/logout/everywhere", Need::SignedIn),
    (POST, "/api/password", Need::SignedIn),
    (GET, "/api/accounts", Need::Right(Right::Accounts)),
    (POST, "/api/accounts", Need::Right(Right::Accounts)),
    (PATCH, "/api/accounts/{name}", Need::Right(Right::Accounts)),
    (GET, "/api/audit", Need::Right(Right::EvidenceLog)),
    (GET, "/api/audit.jsonl", Need::Right(Right::Audit)),
];

/// The layer around every route.
pub(super) async fn pass(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let method = match *request.method() {
        Method::HEAD => &GET,
        ref method => method,
    };
    let of_path = || ROUTES.iter().filter(|(_, p, _)| *p == path);
    let Some((_, _, need)) = of_path().find(|(m, _, _)| m == method) else {
        return method_refused(of_path().map(|(m, _, _)| m));
    };
    let viewer = viewer(&state, request.headers());
    if let Err(refused) = admit(&state, *need, &viewer, request.method(), request.headers()) {
        return refused.into_response();
    }
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let Some(ConnectInfo(Peer(peer))) = peer else {
        return ApiError::internal("a request without an address").into_response();
    };
    let origin = Origin {
        address: peer.ip().to_canonical(),
        now: state.moment(),
    };
    request.extensions_mut().insert(viewer);
    request.extensions_mut().insert(origin);
    next.run(request).await
}

fn method_refused<'a>(allowed: impl Iterator<Item = &'a Method>) -> Response {
    let mut names: Vec<&str> = allowed.map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    let mut response = ApiError::method_refused().into_response();
    if let Ok(value) = HeaderValue::from_str(&names.join(",")) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

/// Who asks, by cookie or monitor token.
fn viewer(state: &AppState, headers: &HeaderMap) -> Viewer {
    let Access::Accounts(desk) = &state.inputs().access else {
        return Viewer::Local;
    };
    let now: Moment = state.moment();
    if let Some(token) = cookie::session(headers, state.tls())
        && let Some(signed) = desk.signed(token, now)
    {
        return viewer_of(state, signed, token);
    }
    let monitor = state.inputs().monitor_token.as_deref();
    let given = bearer(headers);
    let is_monitor =
        monitor.is_some_and(|token| bool::from(token.as_bytes().ct_eq(given.as_bytes())));
    if is_monitor {
        Viewer::Monitor
    } else {
        Viewer::Nobody
    }
}

/// Somebody who is signed in, with the windows that the account has in the hall as it is now.
pub(super) fn viewer_of(state: &AppState, signed: Signed, token: &str) -> Viewer {
    let hall = state.inputs().hall.borrow();
    let windows = hall.windows.iter().map(|window| {
        let department = window.department.as_ref();
        let names = department.map_or(Vec::new(), |d| vec![d.zh.as_str(), d.en.as_str()]);
        (&window.id, names)
    });
    Viewer::Signed(Arc::new(SignedIn {
        scope: signed.scope.resolve(windows),
        token: token.to_owned(),
        signed,
    }))
}

fn admit(
    state: &AppState,
    need: Need,
    viewer: &Viewer,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let changes = !method.is_safe();
    match need {
        // Devices prove themselves with a token that no browser sends by itself.
        Need::Device | Need::Link => Ok(()),
        Need::Public if changes => same_origin(state, headers),
        Need::Public => Ok(()),
        Need::SignedIn => {
            let who = viewer.signed().map_err(|_| nobody(state))?;
            if changes {
                from_our_page(state, who, headers)?;
            }
            Ok(())
        }
        Need::Right(right) => {
            if let Viewer::Nobody = viewer {
                return Err(nobody(state));
            }
            if !viewer.may(right) {
                return Err(refused(viewer));
            }
            match (changes, viewer) {
                (true, Viewer::Signed(who)) => from_our_page(state, who, headers),
                (true, _) => Err(refused(viewer)),
                (false, _) => Ok(()),
            }
        }
    }
}

/// Nobody is signed in: what to do about it.
fn nobody(state: &AppState) -> ApiError {
    match &state.inputs().access {
        Access::Open => ApiError::accounts_off(),
        Access::Accounts(desk) if desk.needs_setup() => ApiError::set_up_first(),
        Access::Accounts(_) => ApiError::signed_out(),
    }
}

fn refused(viewer: &Viewer) -> ApiError {
    match viewer {
        Viewer::Local => ApiError::accounts_off(),
        Viewer::Signed(who) if who.signed.password_due => ApiError::forbidden(
            "password_due",
            "Set a password of your own first: this one was given by somebody else.",
        ),
        _ => ApiError::forbidden("role", "This is not for your role."),
    }
}

/// A change comes from our own page: same origin, and with the token that only it can read.
fn from_our_page(state: &AppState, who: &SignedIn, headers: &HeaderMap) -> Result<(), ApiError> {
    same_origin(state, headers)?;
    let given = headers.get(CSRF).map_or(&b""[..], HeaderValue::as_bytes);
    if bool::from(given.ct_eq(who.signed.csrf.as_bytes())) {
        Ok(())
    } else {
        Err(ApiError::forbidden(
            "csrf",
            "The header x-csrf-token is missing or not this session's; read it from /api/session and send it with every change.",
        ))
    }
}

/// What a browser says about where a request comes from, if it says something.
fn same_origin(state: &AppState, headers: &HeaderMap) -> Result<(), ApiError> {
    let text = |name: HeaderName| headers.get(name).map(|v| v.to_str().unwrap_or("null"));
    let site_fits = text(FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let scheme = if state.tls() { "https://" } else { "http://" };
    let own = |origin: &str| {
        origin
            .strip_prefix(scheme)
            .is_some_and(|authority| Some(authority) == text(header::HOST))
    };
    if site_fits && text(header::ORIGIN).is_none_or(own) {
        Ok(())
    } else {
        Err(ApiError::forbidden(
            "origin_refused",
            "The request comes from another site than this box's own page.",
        ))
    }
}

/// The token of an `Authorization: Bearer` header; empty without one.
pub(super) fn bearer(headers: &HeaderMap) -> &str {
    let value = headers.get(header::AUTHORIZATION);
    let text = value.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") {
        token.trim()
    } else {
        ""
    }
}
