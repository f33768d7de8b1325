//! Logins: user names beside the address, passwords by file or environment variable. Messages name the file or variable, never what is in it.

use std::fs;

use crate::load::reason;
use crate::mistake::show;
use crate::secret::Secret;
use crate::validate::Check;

/// A password is a line, not a document.
const MAX_SECRET_BYTES: u64 = 4096;
/// A token shorter than this can be guessed.
const LEAST_TOKEN: usize = 16;

/// How a section says who logs in.
pub(super) struct Login<'a> {
    /// User name.
    pub user: Option<&'a str>,
    /// File that holds the password.
    pub password_file: Option<&'a str>,
    /// Environment variable that holds the password.
    pub password_env: Option<&'a str>,
}

impl Login<'_> {
    /// The password; mistakes are reported under the section at `path`.
    pub fn password(&self, path: &str, check: &mut Check<'_>) -> Option<Secret> {
        self.user(path, check);
        match (self.password_file, self.password_env) {
            (None, None) => None,
            (Some(_), Some(_)) => {
                check.mistake(
                    format!("{path}.password_env"),
                    "password_file and password_env are both set",
                    "keep one of them",
                );
                None
            }
            (Some(file), None) => from_file(&format!("{path}.password_file"), file, check),
            (None, Some(name)) => from_env(&format!("{path}.password_env"), name, check),
        }
    }

    /// A user name without what separates it from a password, and never a password without one. A `/` may be in it: a box's name at
    /// the centre's broker is its place in the topic tree.
    fn user(&self, path: &str, check: &mut Check<'_>) {
        let has_password = self.password_file.is_some() || self.password_env.is_some();
        match self.user {
            None if has_password => {
                check.mistake(
                    path,
                    "there is a password but no user",
                    "name the user with user",
                );
            }
            Some(user)
                if user.is_empty() || user.chars().any(|c| c.is_control() || ":@".contains(c)) =>
            {
                // Not quoted: people write "admin:password" here.
                check.mistake(
                    format!("{path}.user"),
                    "the user name is empty or holds one of : @",
                    "write the user name alone; the password goes into password_file or password_env",
                );
            }
            _ => {}
        }
    }
}

/// A token of the section at `path`: what a device that comes by HTTP proves itself with.
pub(super) fn token(
    path: &str,
    file: Option<&str>,
    env: Option<&str>,
    check: &mut Check<'_>,
) -> Option<Secret> {
    let (key, token) = match (file, env) {
        (None, None) => {
            check.mistake(
                path,
                "there is no token, so nobody could send anything",
                "make one with `openssl rand -hex 32 > token` and name the file with token_file",
            );
            return None;
        }
        (Some(_), Some(_)) => {
            check.mistake(
                format!("{path}.token_env"),
                "token_file and token_env are both set",
                "keep one of them",
            );
            return None;
        }
        (Some(file), None) => {
            return token_in_file(&format!("{path}.token_file"), file, check);
        }
        (None, Some(name)) => {
            let at = format!("{path}.token_env");
            (at.clone(), from_env(&at, name, check)?)
        }
    };
    usable(key, token, check)
}

/// The token in the file that the key at `path` names.
pub(super) fn token_in_file(path: &str, file: &str, check: &mut Check<'_>) -> Option<Secret> {
    let token = from_file(path, file, check)?;
    usable(path.to_owned(), token, check)
}

/// A token that cannot be guessed and that a header carries.
fn usable(key: String, token: Secret, check: &mut Check<'_>) -> Option<Secret> {
    let text = token.expose();
    if text.len() < LEAST_TOKEN || !text.chars().all(|c| c.is_ascii_graphic()) {
        check.mistake(
            key,
            format!("the token is shorter than {LEAST_TOKEN} characters, or holds a space or another character that no header carries"),
            "make one with `openssl rand -hex 32`",
        );
        return None;
    }
    Some(token)
}

fn from_file(path: &str, file: &str, check: &mut Check<'_>) -> Option<Secret> {
    let file = check.resolve(file);
    let shown = show(&file);
    let meta = match fs::metadata(&file) {
        Ok(meta) => meta,
        Err(error) => {
            check.mistake(
                path,
                format!("cannot read {shown}: {}", reason(&error)),
                "create the file with the password as its only line, readable by the service only",
            );
            return None;
        }
    };
    if !meta.is_file() || meta.len() > MAX_SECRET_BYTES {
        check.mistake(
            path,
            format!("{shown} is not a password file"),
            "it must be a file with the password as its only line",
        );
        return None;
    }
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            check.mistake(
                path,
                format!("cannot read {shown}: {}", reason(&error)),
                "let the service's user read it; it must be UTF-8 text",
            );
            return None;
        }
    };
    if readable_by_all(&meta) {
        check.warn(
            path,
            format!("{shown} can be read by every user of this machine"),
            format!("chmod 600 {shown}"),
        );
    }
    let mut lines = text.lines();
    let first = lines.next().unwrap_or("");
    if first.is_empty() {
        check.mistake(
            path,
            format!("{shown} is empty"),
            "write the password as its first line",
        );
        return None;
    }
    if lines.any(|line| !line.trim().is_empty()) {
        check.mistake(
            path,
            format!("{shown} holds more than one line"),
            "write the password as its only line",
        );
        return None;
    }
    Some(Secret::new(first))
}

fn from_env(path: &str, name: &str, check: &mut Check<'_>) -> Option<Secret> {
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if !is_name {
        // Not quoted: it may be the password itself.
        check.mistake(
            path,
            "this is not the name of an environment variable",
            "write a name in capitals such as CAM1_PASSWORD, not the password",
        );
        return None;
    }
    match (check.env)(name).filter(|value| !value.is_empty()) {
        Some(value) => Some(Secret::new(value)),
        None => {
            check.mistake(
                path,
                format!("the environment variable {name} is not set"),
                "set it for the service, or use password_file",
            );
            None
        }
    }
}

#[cfg(unix)]
pub(super) fn readable_by_all(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
pub(super) fn readable_by_all(_: &fs::Metadata) -> bool {
    false
}
