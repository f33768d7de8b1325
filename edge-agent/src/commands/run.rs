//! `run`: judges a hall until stopped.

use super::{Exit, complain, load_config};
use crate::cli::RunArgs;
use crate::signals::StopSignals;
use crate::{app, telemetry};

/// Loads the configuration, starts the log and the async runtime, and hands over to the composition root.
///
/// # Errors
/// When the box cannot start; the text says why and what to do.
pub fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let config = match load_config(&args.config.config) {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    telemetry::start(args.log)?;
    // Two TLS providers are linked by dependencies; the uplink and the sensors use this one. Err: already chosen, the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(async {
        let signals = StopSignals::listen()?;
        app::run(config, signals).await
    });
    // A thread that did not end in time must not hold the process.
    runtime.shutdown_background();
    if outcome.is_err() {
        complain("edge-agent could not start.");
    }
    outcome
}
