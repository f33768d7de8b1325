//! What the handlers share: the inputs, the event index, the history and the permits. Owns no task.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use edge_accounts::Moment;
use hall_core::time::{HallTime, Stamp};
use hall_wire::time::rfc3339;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::error::ApiError;
use super::history::History;
use super::index::EventIndex;
use super::inputs::WebInputs;
use super::limits::Limits;

/// Encodes at a time; a picture takes a core for some milliseconds and judging must not wait for viewers.
const FRAME_WORKERS: usize = 2;
/// Readings of kept figures at a time: a report may take a core for seconds, and judging must not wait for readers.
const FIGURE_WORKERS: usize = 1;
/// Store reads at a time.
const STORE_WORKERS: usize = 4;
/// Hashes of passwords at a time.
const ACCOUNT_WORKERS: usize = 1;

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub(super) struct AppState(Arc<Shared>);

struct Shared {
    inputs: WebInputs,
    bound: SocketAddr,
    limits: Limits,
    cancel: CancellationToken,
    index: EventIndex,
    history: History,
    frame_permits: Arc<Semaphore>,
    store_permits: Arc<Semaphore>,
    figure_permits: Arc<Semaphore>,
    account_permits: Arc<Semaphore>,
    stream_permits: Arc<Semaphore>,
    request_prefix: u32,
    requests: AtomicU64,
}

impl AppState {
    pub fn new(
        inputs: WebInputs,
        bound: SocketAddr,
        limits: Limits,
        cancel: CancellationToken,
    ) -> Self {
        let stream_permits = Arc::new(Semaphore::new(limits.max_streams));
        AppState(Arc::new(Shared {
            history: History::new(limits.history_step),
            inputs,
            bound,
            limits,
            cancel,
            index: EventIndex::new(),
            frame_permits: Arc::new(Semaphore::new(FRAME_WORKERS)),
            store_permits: Arc::new(Semaphore::new(STORE_WORKERS)),
            figure_permits: Arc::new(Semaphore::new(FIGURE_WORKERS)),
            account_permits: Arc::new(Semaphore::new(ACCOUNT_WORKERS)),
            stream_permits,
            request_prefix: rand::random(),
            requests: AtomicU64::new(0),
        }))
    }

    pub fn inputs(&self) -> &WebInputs {
        &self.0.inputs
    }

    pub fn bound(&self) -> SocketAddr {
        self.0.bound
    }

    /// Requests come over TLS.
    pub fn tls(&self) -> bool {
        self.0.inputs.certificate.is_some()
    }

    /// When a request came.
    pub fn moment(&self) -> Moment {
        let at = self.now();
        Moment {
            at,
            unix_ms: self.stamp(at).unix_ms,
        }
    }

    /// Runs a blocking call on accounts (a hash takes a core for some ten milliseconds), one at a time, so that guessers cannot slow
    /// judging.
    ///
    /// # Errors
    /// As [`AppState::with_frames`].
    pub async fn with_accounts<T: Send + 'static>(
        &self,
        call: impl FnOnce(&WebInputs) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let wait = self.limits().order_wait;
        self.off_thread(&self.0.account_permits, "accounts", wait, call)
            .await
    }

    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub fn cancel(&self) -> &CancellationToken {
        &self.0.cancel
    }

    pub fn index(&self) -> &EventIndex {
        &self.0.index
    }

    pub fn history(&self) -> &History {
        &self.0.history
    }

    pub fn stream_permits(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.stream_permits)
    }

    pub fn now(&self) -> HallTime {
        (self.0.inputs.now)()
    }

    pub fn stamp(&self, at: HallTime) -> Stamp {
        (self.0.inputs.clock)().stamp(at)
    }

    /// RFC 3339 of a hall instant by the present clock.
    pub fn wall(&self, at: HallTime) -> String {
        rfc3339(self.stamp(at))
    }

    pub fn next_request_id(&self) -> String {
        format!(
            "{:08x}-{}",
            self.0.request_prefix,
            self.0.requests.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// Runs a blocking picture call, two at a time.
    ///
    /// # Errors
    /// 503 when no worker gets free or the call does not return in time; 500 when it panics.
    pub async fn with_frames<T: Send + 'static>(
        &self,
        call: impl FnOnce(&WebInputs) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let wait = self.limits().source_wait;
        self.off_thread(&self.0.frame_permits, "picture", wait, call)
            .await
    }

    /// Runs a blocking store call, four at a time.
    ///
    /// # Errors
    /// As [`AppState::with_frames`].
    pub async fn with_store<T: Send + 'static>(
        &self,
        call: impl FnOnce(&WebInputs) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let wait = self.limits().source_wait;
        self.off_thread(&self.0.store_permits, "store", wait, call)
            .await
    }

    /// Runs a blocking call on the kept figures, one at a time.
    ///
    /// # Errors
    /// As [`AppState::with_frames`].
    pub async fn with_figures<T: Send + 'static>(
        &self,
        call: impl FnOnce(&WebInputs) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let wait = self.limits().figures_wait;
        self.off_thread(&self.0.figure_permits, "kept figures", wait, call)
            .await
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        permits: &Arc<Semaphore>,
        what: &'static str,
        wait: Duration,
        call: impl FnOnce(&WebInputs) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let permits = Arc::clone(permits);
        let state = self.clone();
        let work = async move {
            let permit = permits
                .acquire_owned()
                .await
                .map_err(|_| ApiError::internal(format!("{what} permits closed")))?;
            // The permit goes along: a call that outlives its client still counts against the bound.
            tokio::task::spawn_blocking(move || {
                let _permit = permit;
                call(state.inputs())
            })
            .await
            .map_err(|e| ApiError::internal(format!("{what} call failed: {e}")))
        };
        tokio::time::timeout(wait, work).await.unwrap_or_else(|_| {
            Err(ApiError::unavailable(
                "busy",
                format!("The {what} did not answer in time; try again shortly."),
            ))
        })
    }
}
