//! `check` and `schema`: the configuration's words to an installer and to an editor.

use std::io::Write;

use super::{Exit, complain, load_config};
use crate::cli::ConfigArg;
use crate::links;

/// Reads the configuration; prints what it describes, or every mistake.
///
/// # Errors
/// When standard output cannot be written.
pub fn check(args: &ConfigArg) -> anyhow::Result<Exit> {
    let config = match load_config(&args.config) {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    if let Some(warning) = config.calendar_warning(crate::clock::unix_ms()) {
        complain(&format!("warning: {warning}"));
    }
    if let Some(tls) = links::tls(&config) {
        // All of it again at every connection; here it is said before there is one.
        let looked =
            edge_uplink::transport(Some(&tls)).and_then(|_| edge_uplink::certificates(&tls));
        match looked {
            Ok(found) => {
                let now = crate::clock::unix_ms();
                for trouble in found.iter().filter_map(|c| c.trouble(now)) {
                    complain(&format!("warning: {trouble}"));
                }
            }
            Err(error) => {
                complain(&error.to_string());
                return Ok(Exit::BadConfig);
            }
        }
    }
    let engine = &config.engine;
    writeln!(
        std::io::stdout(),
        "{}: ok. Hall {} ({}), box {}: {} cameras, {} windows, {} queues, {} sensors; rules {}@{}; sha256 {}",
        args.config.display(),
        config.hall.id,
        config.hall.name.en,
        config.box_id,
        config.cameras.len(),
        engine.windows.len(),
        engine.queues.len(),
        engine.sensors.len(),
        engine.rules.name,
        engine.rules.revision,
        config.sha256,
    )?;
    Ok(Exit::Ok)
}

/// Prints the JSON Schema of `hall.toml`.
///
/// # Errors
/// When standard output cannot be written.
pub fn schema() -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &edge_config::json_schema())?;
    writeln!(out)?;
    Ok(Exit::Ok)
}
