//! Who is signed in, and what a page sends to sign in or change a password.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a client stands with this box.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionDto {
    /// Format version: 1.
    pub v: u32,
    /// `open`: no accounts, everybody who reaches the address reads; `set_up_first`: the first account is still to be made;
    /// `signed_out`; `password_due`: signed in with a first password, nothing goes but setting an own one; `signed_in`.
    pub mode: SessionModeDto,
    /// Who is signed in; null otherwise.
    pub account: Option<WhoDto>,
    /// What this client may do: `names`, `board`, `events`, `figures`, `pictures`, `cases`, `evidence`, `health`, `accounts`, `audit`,
    /// `evidence_log`.
    pub rights: Vec<String>,
    /// To be sent as `x-csrf-token` with every change; null when nobody is signed in.
    pub csrf: Option<String>,
    /// Seconds until the session ends at the latest; null when nobody is signed in.
    pub ends_in_s: Option<u64>,
}

/// How a client stands with this box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionModeDto {
    /// No accounts.
    Open,
    /// No account yet.
    SetUpFirst,
    /// Nobody is signed in.
    SignedOut,
    /// Signed in with a first password.
    PasswordDue,
    /// Signed in.
    SignedIn,
}

/// An account that is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhoDto {
    /// Name.
    pub name: String,
    /// Role.
    pub role: String,
    /// Windows it is limited to now; null: the whole hall.
    pub windows: Option<Vec<String>>,
    /// Roles whose accounts it may make and change.
    pub appoints: Vec<String>,
}

/// Signing in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginDto {
    /// Account.
    #[schema(max_length = 64)]
    pub name: String,
    /// Password.
    #[schema(max_length = 256)]
    pub password: String,
}

/// Making the first account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUpDto {
    /// The code from the box's console; case, spaces and dashes do not matter.
    #[schema(max_length = 64)]
    pub code: String,
    /// Account to make: 2 to 32 of a-z 0-9 - _ . beginning with a letter.
    #[schema(max_length = 64)]
    pub name: String,
    /// `province`, `supervisor` or `hall_manager`.
    pub role: String,
    /// At least 12 characters.
    #[schema(max_length = 256)]
    pub password: String,
}

/// Changing the own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordDto {
    /// The present one.
    #[schema(max_length = 256)]
    pub old: String,
    /// At least 12 characters.
    #[schema(max_length = 256)]
    pub new: String,
}
