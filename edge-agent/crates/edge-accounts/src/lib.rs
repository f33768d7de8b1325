//! Who may use the page: accounts with role and scope, passwords, sessions, guessing made slow, and the log of who looked at or changed
//! what. Knows no HTTP; what a role may do is decided by `hall_core::access`, time comes from outside.
#![forbid(unsafe_code)]

pub mod account;
pub mod audit;
mod book;
mod code;
mod desk;
mod password;
mod private_file;
mod session;
mod throttle;

use hall_core::time::HallTime;

pub use account::{Account, AccountScope, NewAccount};
pub use audit::{AuditLog, Audited, Deed};
pub use code::write_setup_code;
pub use desk::{AccountDesk, Change, Refused};
pub use session::{Grant, Signed};

/// An instant as the caller takes it, once per request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Monotonic: sessions and locks run on it, so that a step of the wall clock neither ends nor prolongs them.
    pub at: HallTime,
    /// Wall clock, Unix milliseconds.
    pub unix_ms: i64,
}

/// A file of the accounts could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {what} {path}: {source}; make room or mend the permissions, then try again")]
    Io {
        /// What was tried.
        what: &'static str,
        /// Which file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is there and holds something else.
    #[error(
        "{path} is damaged: {reason}; put back a copy, or move it away and set the box up anew with the code that is then made"
    )]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}
