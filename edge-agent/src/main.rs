//! The binary: parses the command line, runs one command, maps its outcome to an exit code.

use clap::Parser;
use edge_agent::cli::{Cli, Command};
use edge_agent::commands;

fn main() -> std::process::ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(args) => commands::run(&args),
        Command::Check(args) => commands::check(&args),
        Command::Doctor(args) => commands::doctor(&args),
        Command::Replay(args) => commands::replay(&args),
        Command::Report(args) => commands::report(&args),
        Command::Detect(args) => commands::detect(&args),
        Command::Export(args) => commands::export(&args),
        Command::Verify(args) => commands::verify(&args),
        Command::Central(args) => commands::central(&args),
        Command::Fleet(args) => commands::fleet(&args),
        Command::Sensors(command) => commands::sensors(&command),
        Command::SetupCode(args) => commands::setup_code(&args),
        Command::Schema => commands::schema(),
    };
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            commands::complain(&format!("{error:#}"));
            commands::Exit::Failed.into()
        }
    }
}
