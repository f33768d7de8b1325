//! The router and its OpenAPI description, built from the same list so that neither can lack a route of the other.

use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, middleware};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::dto::{ErrorDto, HallChangedDto, ResetDto};
use super::error::ApiError;
use super::state::AppState;
use super::{assets, gate, guard, routes as handlers};

/// Version of the interface, not of the program: rises when a client must change.
const API_VERSION: &str = "1.0.0";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "edge-agent local interface",
        description = "Windows, queues, events, cameras and health of one hall, for reading; and where devices send. Every finding is suspected until a \
                       person confirms it; what cannot be observed is `unknown`, never `unstaffed`. Every object carries `v`; \
                       fields may be added within a version, never removed or changed in meaning.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ErrorDto, HallChangedDto, ResetDto)),
    tags(
        (name = "hall", description = "The hall as it is now"),
        (name = "events", description = "What was found"),
        (name = "figures", description = "Kept days and the month's report"),
        (name = "cameras", description = "Pictures and detections"),
        (name = "accounts", description = "Signing in, accounts and the access log"),
        (name = "devices", description = "Where devices of the hall send, each with its token"),
        (name = "box", description = "The box itself"),
    )
)]
struct Base;

#[derive(Clone)]
pub(super) struct Description(Arc<str>);

fn routed() -> OpenApiRouter<AppState> {
    let mut base = Base::openapi();
    base.info.version = API_VERSION.into();
    OpenApiRouter::with_openapi(base)
        .routes(routes!(handlers::hall::hall))
        .routes(routes!(handlers::hall::snapshot))
        .routes(routes!(handlers::hall::history))
        .routes(routes!(handlers::hall::live))
        .routes(routes!(handlers::events::events))
        .routes(routes!(handlers::events::event))
        .routes(routes!(handlers::day::days))
        .routes(routes!(handlers::day::day))
        .routes(routes!(handlers::report::report))
        .routes(routes!(handlers::report::tables))
        .routes(routes!(handlers::cases::step))
        .routes(routes!(handlers::cases::notes, handlers::cases::write_note))
        .routes(routes!(handlers::evidence::take))
        .routes(routes!(handlers::evidence::fetch))
        .routes(routes!(handlers::cameras::frame))
        .routes(routes!(handlers::cameras::boxes))
        .routes(routes!(handlers::health::health))
        .routes(routes!(handlers::health::metrics))
        .routes(routes!(openapi))
        .routes(routes!(handlers::push::sensor))
        .routes(routes!(handlers::push::tickets))
        .routes(routes!(handlers::push::ratings))
        .routes(routes!(handlers::session::session))
        .routes(routes!(handlers::session::log_in))
        .routes(routes!(handlers::session::set_up))
        .routes(routes!(handlers::session::log_out))
        .routes(routes!(handlers::session::log_out_everywhere))
        .routes(routes!(handlers::session::change_password))
        .routes(routes!(
            handlers::accounts::accounts,
            handlers::accounts::appoint
        ))
        .routes(routes!(handlers::accounts::change))
        .routes(routes!(handlers::audit::audit))
        .routes(routes!(handlers::audit::audit_file))
}

/// What devices send to, and nothing else.
pub(super) fn push_router(state: &AppState) -> Router {
    let router = OpenApiRouter::new()
        .routes(routes!(handlers::push::sensor))
        .routes(routes!(handlers::push::tickets))
        .routes(routes!(handlers::push::ratings));
    let (router, _) = router.split_for_parts();
    router
        .fallback(|| async {
            ApiError::not_found("not_found", "On this address devices send with POST to /api/sensors/{id}, /api/tickets/{id} or /api/ratings/{id}; the page is on another.")
        })
        .method_not_allowed_fallback(|| async { ApiError::method_refused() })
        .layer(middleware::from_fn_with_state(state.clone(), guard::pass))
        .with_state(state.clone())
}

/// Everything the server answers.
pub(super) fn router(state: &AppState) -> Router {
    let (router, api) = routed().split_for_parts();
    let text = api
        .to_json()
        .expect("invariant: the description holds only strings, numbers and maps");
    router
        .route_layer(middleware::from_fn_with_state(state.clone(), gate::pass))
        // Everything else is a file of the page, for everybody: without it nobody could sign in.
        .fallback(assets::file)
        .layer(Extension(Description(text.into())))
        .layer(middleware::from_fn_with_state(state.clone(), guard::pass))
        .with_state(state.clone())
}

/// This description.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "box",
    responses((status = 200, description = "OpenAPI 3.1 document", content_type = "application/json", body = serde_json::Value))
)]
pub(super) async fn openapi(Extension(description): Extension<Description>) -> Response {
    (
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        description.0.to_string(),
    )
        .into_response()
}

/// The description as pretty JSON, for the golden test.
#[cfg(test)]
pub(super) fn description_pretty() -> String {
    routed()
        .into_openapi()
        .to_pretty_json()
        .expect("invariant: as above")
}
