//! Pipeline state changes that may hang: done on a thread of their own, with a deadline. Knows no camera settings.

use std::time::Duration;

use gstreamer::prelude::*;
use tokio::sync::oneshot;

/// A state change takes milliseconds; one that takes this long is stuck inside a plug-in or a driver.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// What became of a state change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Done, or going on by itself.
    Done,
    /// Refused; the reason is on the bus.
    Refused,
    /// Not back within [`DEADLINE`]: the pipeline is wedged.
    Stuck,
}

/// Sets the state of `pipeline` on a named thread. A plain thread, not the runtime's blocking pool: the pool waits for
/// its threads when the runtime ends, and a wedged driver would keep the whole process from ending.
pub(crate) async fn set(
    pipeline: &gstreamer::Pipeline,
    state: gstreamer::State,
    camera: &str,
) -> Change {
    let (done, changed) = oneshot::channel();
    let wanted = pipeline.clone();
    let name: String = format!("gst:{camera}").chars().take(15).collect();
    let thread = std::thread::Builder::new().name(name).spawn(move || {
        // Nobody listens any more once the deadline has passed.
        let _ = done.send(wanted.set_state(state).is_ok());
    });
    if let Err(error) = thread {
        tracing::error!(camera, %error, "no thread for a pipeline's state change");
        return Change::Refused;
    }
    match tokio::time::timeout(DEADLINE, changed).await {
        Ok(Ok(true)) => Change::Done,
        Ok(_) => Change::Refused,
        Err(_) => Change::Stuck,
    }
}
