//! The local page and its HTTP interface: owns routes, live stream, limits and headers. Knows nothing of cameras, sled or
//! MQTT; everything it shows comes in through [`WebInputs`].
//!
//! The interface is described in `edge-agent/docs/http.md` and served as `/api/openapi.json`.

pub(crate) mod assets;
mod body;
mod connection;
mod cookie;
pub mod dto;
mod error;
mod etag;
pub mod figure_source;
mod gate;
mod guard;
mod history;
mod index;
pub mod inputs;
mod limits;
mod live;
mod openapi;
mod path_id;
mod routes;
mod state;
#[cfg(test)]
mod tests;
mod viewer;

use std::convert::Infallible;
use std::future::IntoFuture;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use assets::page_is_built_in;
pub use error::WebError;
pub use figure_source::FigureSource;
pub use inputs::WebInputs;

use connection::{BoundedListener, Peer};
use limits::Limits;
use state::AppState;

/// Serves page and API on `listener` until `cancel`, then ends: live streams at once, other requests within one second.
///
/// # Errors
/// When the listener has no address or accepting fails for good.
pub async fn serve(
    listener: TcpListener,
    inputs: WebInputs,
    cancel: CancellationToken,
) -> Result<(), WebError> {
    serve_within(listener, inputs, Limits::default(), cancel).await
}

/// Serves what devices send to, and nothing else, on `listener` until `cancel`.
///
/// # Errors
/// As [`serve`].
pub async fn serve_push(
    listener: TcpListener,
    inputs: WebInputs,
    cancel: CancellationToken,
) -> Result<(), WebError> {
    let bound = listener.local_addr().map_err(WebError::Listen)?;
    let limits = Limits::default();
    let drain_cap = limits.drain_cap;
    let connections = CancellationToken::new();
    let bounded = BoundedListener::new(listener, None, &limits, connections.clone());
    let state = AppState::new(inputs, bound, limits, cancel.clone());
    let result = until_stopped(bounded, openapi::push_router(&state), drain_cap, cancel).await;
    connections.cancel();
    result
}

/// [`serve`] with other limits, so that tests need not wait for the real ones.
async fn serve_within(
    listener: TcpListener,
    inputs: WebInputs,
    limits: Limits,
    cancel: CancellationToken,
) -> Result<(), WebError> {
    let bound: SocketAddr = listener.local_addr().map_err(WebError::Listen)?;
    if !page_is_built_in() {
        tracing::warn!(
            "the page is not built in: run `npm ci && npm run build` in web-ui/ and build again; the API works"
        );
    }
    let drain_cap = limits.drain_cap;
    let connections = CancellationToken::new();
    let certificate = inputs.certificate.as_ref();
    let tls = certificate.map(|c| c.server_config()).transpose()?;
    let bounded = BoundedListener::new(listener, tls, &limits, connections.clone());
    let state = AppState::new(inputs, bound, limits, cancel.clone());
    let app = openapi::router(&state);

    // Polled here, not spawned, so that neither outlives this function.
    let followers = async {
        tokio::join!(index::follow(&state), history::sample(&state));
        std::future::pending::<Infallible>().await
    };
    let result = tokio::select! {
        biased;
        result = until_stopped(bounded, app, drain_cap, cancel) => result,
        never = followers => match never {},
    };
    // axum runs each connection in a task of its own, which outlives the server future: end those too.
    connections.cancel();
    result
}

/// Answers until `cancel`; what is still open `drain_cap` later is cut.
async fn until_stopped(
    bounded: BoundedListener,
    app: axum::Router,
    drain_cap: std::time::Duration,
    cancel: CancellationToken,
) -> Result<(), WebError> {
    let drain = cancel.clone();
    let server = axum::serve(bounded, app.into_make_service_with_connect_info::<Peer>())
        .with_graceful_shutdown(async move { drain.cancelled().await });
    tokio::select! {
        biased;
        result = server.into_future() => result.map_err(WebError::Listen),
        () = async { cancel.cancelled().await; tokio::time::sleep(drain_cap).await } => {
            tracing::warn!("requests still open {} ms after stop were cut", drain_cap.as_millis());
            Ok(())
        }
    }
}
