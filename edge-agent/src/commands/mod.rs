//! One module per subcommand, and how each tells a person and a script how it went.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use edge_config::Config;

mod central;
mod check;
mod detect;
mod doctor;
mod fleet;
mod log_file;
mod observations;
mod replay;
mod report;
mod run;
mod sensors;
mod setup_code;
mod shadow;

pub use central::central;
pub use check::{check, schema};
pub use detect::detect;
pub use doctor::doctor;
pub use fleet::fleet;
pub use log_file::{export, verify};
pub use replay::replay;
pub use report::report;
pub use run::run;
pub use sensors::sensors;
pub use setup_code::setup_code;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// As asked.
    Ok,
    /// Not done; the reason was printed.
    Failed,
    /// The configuration has mistakes; all were printed.
    BadConfig,
    /// What boxes published was not as it must be; the report was printed.
    Faults,
    /// A critical component was lost (sysexits EX_SOFTWARE): systemd starts the box again.
    Lost,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::BadConfig => 2,
            Exit::Faults => 3,
            Exit::Lost => 70,
        })
    }
}

/// Says something to the person on standard error. A closed standard error is nobody to tell.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Loads the configuration, prints every mistake or warning; `Err` is the exit code to end with.
fn load_config(path: &Path) -> Result<Arc<Config>, Exit> {
    match edge_config::load(path) {
        Ok(config) => {
            let config = config.with_imported();
            for warning in &config.warnings {
                complain(&format!("warning: {warning}"));
            }
            Ok(Arc::new(config))
        }
        Err(errors) => {
            complain(&errors.to_string());
            let n = errors.mistakes.len();
            complain(&format!(
                "{}: {n} mistake{}",
                path.display(),
                if n == 1 { "" } else { "s" }
            ));
            Err(Exit::BadConfig)
        }
    }
}
