//! `sensors`: what an installer asks for while setting sensors up. One module per question.

mod bind;
mod ears;
mod entry;
mod identify;
mod listen;
mod login;
mod table;

use super::{Exit, complain, load_config};
use crate::cli::SensorsCommand;

/// Answers one question.
///
/// # Errors
/// When it cannot be done; the text says why and what to do.
pub fn sensors(command: &SensorsCommand) -> anyhow::Result<Exit> {
    match command {
        SensorsCommand::Listen(args) => listen::listen(args),
        SensorsCommand::Identify(args) => identify::identify(args),
        SensorsCommand::Login(args) => login::login(args),
    }
}
