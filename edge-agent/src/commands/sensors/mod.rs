//! `sensors`: what an installer asks for while setting sensors up. One module per question.

mod login;

use super::{Exit, load_config};
use crate::cli::SensorsCommand;

/// Answers one question.
///
/// # Errors
/// When it cannot be done; the text says why and what to do.
pub fn sensors(command: &SensorsCommand) -> anyhow::Result<Exit> {
    match command {
        SensorsCommand::Login(args) => login::login(args),
    }
}
