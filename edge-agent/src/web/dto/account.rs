//! Accounts as whoever manages them sees and changes them.

use edge_accounts::Account;
use hall_wire::name::role_name;
use hall_wire::time::rfc3339_ms;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountsDto {
    /// Format version: 1.
    pub v: u32,
    /// By name.
    pub accounts: Vec<AccountDto>,
}

/// An account; nothing of its password.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountDto {
    /// Name.
    pub name: String,
    /// Role.
    pub role: String,
    /// Windows it is limited to, by id, besides those of `departments`.
    pub windows: Vec<String>,
    /// Departments whose windows it is limited to. Both lists empty: the whole hall.
    pub departments: Vec<String>,
    /// It may not sign in.
    pub disabled: bool,
    /// Until when its first password can be used, RFC 3339; null once it has one of its own.
    pub password_due: Option<String>,
    /// When it was made.
    pub made: String,
}

impl AccountDto {
    /// As shown at this offset from UTC.
    pub fn new(account: Account, utc_offset_s: i32) -> Self {
        let time = |unix_ms: i64| rfc3339_ms(unix_ms, utc_offset_s);
        AccountDto {
            name: account.name,
            role: role_name(account.role).into(),
            windows: account.scope.windows,
            departments: account.scope.departments,
            disabled: account.disabled,
            password_due: account.password_due_unix_ms.map(time),
            made: time(account.made_unix_ms),
        }
    }
}

/// An account that was made or changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountChangedDto {
    /// Format version: 1.
    pub v: u32,
    /// As it is now.
    pub account: AccountDto,
    /// Its first password, told this once: for one sign-in within a week, at which it sets its own; null when it keeps its own.
    pub first_password: Option<String>,
}

/// An account to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccountDto {
    /// Name: the office, not the person; 2 to 32 of a-z 0-9 - _ . beginning with a letter.
    #[schema(max_length = 64)]
    pub name: String,
    /// Role, one of those that the own role appoints.
    pub role: String,
    /// Windows it is limited to.
    #[serde(default)]
    pub windows: Vec<String>,
    /// Departments it is limited to, by either name.
    #[serde(default)]
    pub departments: Vec<String>,
}

/// What shall change about an account; what is left out stays. Its sessions end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPatchDto {
    /// Role.
    pub role: Option<String>,
    /// Windows it is limited to; given with `departments`.
    pub windows: Option<Vec<String>>,
    /// Departments it is limited to; given with `windows`.
    pub departments: Option<Vec<String>>,
    /// Whether it may not sign in.
    pub disabled: Option<bool>,
    /// It gets a new first password.
    #[serde(default)]
    pub new_password: bool,
    /// Why, for the access log.
    #[schema(max_length = 500)]
    #[serde(default)]
    pub why: String,
}
