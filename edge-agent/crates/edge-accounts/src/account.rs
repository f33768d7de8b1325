//! An account: an office at the hall, never a person's file. Name, role, what it is limited to, and the password's hash.

use hall_core::access::{Scope, is_always_limited};
use hall_core::ids::WindowId;
use hall_core::order::Role;

/// Longest account name, in characters: it stands in every revision the account makes.
pub const NAME_MAX: usize = 32;

/// What an account is limited to, as it was entered: departments are looked up again whenever it is used, so that a window that moves to
/// another department moves with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountScope {
    /// Windows by id.
    pub windows: Vec<String>,
    /// Departments by their Chinese or English name.
    pub departments: Vec<String>,
}

impl AccountScope {
    /// Nothing is named: the whole hall.
    #[must_use]
    pub fn is_whole_hall(&self) -> bool {
        self.windows.is_empty() && self.departments.is_empty()
    }

    /// The windows meant, given those of the hall with the names of their departments.
    #[must_use]
    pub fn resolve<'a>(
        &self,
        hall: impl IntoIterator<Item = (&'a WindowId, Vec<&'a str>)>,
    ) -> Scope {
        if self.is_whole_hall() {
            return Scope::Hall;
        }
        let meant = |window: &WindowId, departments: &[&str]| {
            self.windows.iter().any(|id| id == window.as_str())
                || self
                    .departments
                    .iter()
                    .any(|own| departments.contains(&own.as_str()))
        };
        Scope::Windows(
            hall.into_iter()
                .filter(|(window, departments)| meant(window, departments))
                .map(|(window, _)| window.clone())
                .collect(),
        )
    }
}

/// An account as it is shown: everything but the password's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Name, for example `manager-1`: an office, stored with every decision.
    pub name: String,
    /// Role.
    pub role: Role,
    /// What it is limited to.
    pub scope: AccountScope,
    /// It may not sign in.
    pub disabled: bool,
    /// Its password was given by somebody else and must be changed at the first sign-in, until then (Unix milliseconds).
    pub password_due_unix_ms: Option<i64>,
    /// When it was made, Unix milliseconds.
    pub made_unix_ms: i64,
}

/// An account to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// What it is limited to.
    pub scope: AccountScope,
}

/// What is wrong with a name; `None`: it can be used.
#[must_use]
pub fn name_mistake(name: &str) -> Option<String> {
    let fits = (2..=NAME_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
        && name.starts_with(|c: char| c.is_ascii_lowercase());
    (!fits).then(|| {
        format!("An account's name has 2 to {NAME_MAX} of a-z 0-9 - _ . and begins with a letter; name the office, for example manager-1, not the person.")
    })
}

/// What is wrong with a role and its scope together; `None`: nothing.
#[must_use]
pub fn scope_mistake(role: Role, scope: &AccountScope) -> Option<String> {
    (is_always_limited(role) && scope.is_whole_hall()).then(|| {
        "This role answers for windows of its own: name its windows or departments.".to_owned()
    })
}
