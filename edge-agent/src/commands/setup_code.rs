//! `setup-code`: a way back in for whoever is at the box's console.

use std::io::Write;

use anyhow::Context;

use super::{Exit, complain, load_config};
use crate::access_port::accounts_dir;
use crate::cli::ConfigArg;

/// Makes a set-up code, or shows the one there is.
///
/// # Errors
/// When the storage folder cannot be written.
pub fn setup_code(args: &ConfigArg) -> anyhow::Result<Exit> {
    let config = match load_config(&args.config) {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    if !config.web.accounts {
        complain("The page of this hall has no accounts; set accounts = true under [web].");
        return Ok(Exit::Failed);
    }
    let dir = accounts_dir(&config.storage.dir);
    let (code, file) = edge_accounts::write_setup_code(&dir).context("set-up code")?;
    writeln!(std::io::stdout().lock(), "{code}")?;
    complain(&format!(
        "Good once, on the page's set-up view; it is also in {}.",
        file.display()
    ));
    Ok(Exit::Ok)
}
