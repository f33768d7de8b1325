//! The one place where somebody signs in, sets the box up, and where accounts are made and changed. Calls block on hashing and on the
//! disk; async code makes them from a blocking thread, a few at a time.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hall_core::access::{Right, appoints, may};
use hall_core::order::Role;
use hall_wire::name::role_name;
use subtle::ConstantTimeEq;

use crate::account::{Account, AccountScope, NewAccount, name_mistake, scope_mistake};
use crate::book::{Book, Entry};
use crate::code::{SetupCode, fresh, normal};
use crate::password;
use crate::private_file::private_dir;
use crate::session::{Grant, Sessions, Signed};
use crate::throttle::Throttle;
use crate::{Moment, StoreError};

/// A first password is good for a week.
const FIRST_PASSWORD_MS: i64 = 7 * 86_400_000;
/// Accounts of one box: a hall has a few dozen offices.
const ACCOUNTS_MAX: usize = 500;
/// The throttle counts wrong set-up codes under this name, which no account can have.
const SETUP: &str = "set-up code";

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Name or password is wrong, the account is disabled, or its first password is too old. One answer for all: it tells a guesser
    /// nothing.
    #[error(
        "Name or password is not right, or the account is disabled; ask whoever manages the accounts."
    )]
    Login,
    /// The account is locked, or the address held back.
    #[error("Too many wrong attempts: nothing is accepted for another {} s. A right password will do then; nobody can shorten this but by the passing of time.", (wait_ms + 999) / 1000)]
    Locked {
        /// For how long still.
        wait_ms: i64,
        /// This very attempt locked it.
        just_now: bool,
    },
    /// The set-up code is wrong or was used.
    #[error(
        "The set-up code is not right or was used already; the box prints it on its console, and `edge-agent setup-code` makes a new one."
    )]
    Code,
    /// What was given cannot be used; the text says why and what to do.
    #[error("{0}")]
    Invalid(String),
    /// The role may not do that to accounts of that role, or not to its own.
    #[error("{0}")]
    Role(String),
    /// There is no such account.
    #[error("There is no account of that name.")]
    Unknown,
    /// There is one already.
    #[error("There is an account of that name already; take another name.")]
    Taken,
    /// The disk refused; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What shall change about an account; `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// Role.
    pub role: Option<Role>,
    /// What it is limited to.
    pub scope: Option<AccountScope>,
    /// Whether it may sign in.
    pub disabled: Option<bool>,
    /// It gets a new first password.
    pub new_password: bool,
}

struct State {
    book: Book,
    sessions: Sessions,
    throttle: Throttle,
}

/// Accounts and sessions of a box.
pub struct AccountDesk {
    code: SetupCode,
    state: Mutex<State>,
}

impl AccountDesk {
    /// Opens the accounts in `dir`. While nobody could manage accounts there is a set-up code, which the caller shows on the console.
    ///
    /// # Errors
    /// When the files cannot be read, or the code not be written.
    pub fn open(dir: &Path) -> Result<AccountDesk, StoreError> {
        private_dir(dir)?;
        let book = Book::open(dir)?;
        let desk = AccountDesk {
            code: SetupCode::new(dir),
            state: Mutex::new(State {
                book,
                sessions: Sessions::default(),
                throttle: Throttle::default(),
            }),
        };
        if desk.needs_setup() {
            desk.code.ensure()?;
        }
        Ok(desk)
    }

    /// Nobody could manage accounts yet: the box only takes the set-up code.
    #[must_use]
    pub fn needs_setup(&self) -> bool {
        !self.state().book.entries().iter().any(manages)
    }

    /// The set-up code and its file, while there is one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn setup_code(&self) -> Result<Option<(String, String)>, StoreError> {
        let shown = self.code.path().display().to_string();
        Ok(self.code.read()?.map(|code| (code, shown)))
    }

    /// Makes the first account, or a further one for whoever is at the console and has made a code there, and signs it in.
    ///
    /// # Errors
    /// When the code is wrong, the role manages no accounts, or name or password cannot be used.
    pub fn set_up(
        &self,
        code: &str,
        new: &NewAccount,
        password: &str,
        from: IpAddr,
        now: Moment,
    ) -> Result<Grant, Refused> {
        let mut state = self.state();
        admit(&state, SETUP, from, now)?;
        if !self.code.fits(code)? {
            let just_now = state.throttle.failed(SETUP, from, now.at);
            return Err(locked(&state, SETUP, from, now, just_now).unwrap_or(Refused::Code));
        }
        if !may(new.role, Right::Accounts) {
            return Err(Refused::Invalid(format!(
                "With the set-up code an account is made that manages the others: {}.",
                holders()
            )));
        }
        let entry = checked(&state, new, password, now)?;
        state.book.put(entry)?;
        state.throttle.succeeded(SETUP);
        self.code.spend()?;
        let token = state.sessions.begin(&new.name, now.at);
        grant(&mut state, token, now)
    }

    /// Signs in; `before` is the token the client came with, which ends: a session that somebody else planted is worth nothing.
    ///
    /// # Errors
    /// [`Refused::Login`] or [`Refused::Locked`].
    pub fn log_in(
        &self,
        name: &str,
        given: &str,
        before: Option<&str>,
        from: IpAddr,
        now: Moment,
    ) -> Result<Grant, Refused> {
        let name: String = name.chars().take(64).collect();
        let entry = {
            let state = self.state();
            admit(&state, &name, from, now)?;
            state.book.find(&name).cloned()
        };
        // Not under the lock: it takes long, and others want to be answered meanwhile.
        let right = opens(given, entry.as_ref());
        let mut state = self.state();
        let usable = state.book.find(&name).is_some_and(|entry| {
            let due = entry.account.password_due_unix_ms;
            !entry.account.disabled && due.is_none_or(|until| now.unix_ms < until)
        });
        if !(right && usable) {
            let just_now = state.throttle.failed(&name, from, now.at);
            return Err(locked(&state, &name, from, now, just_now).unwrap_or(Refused::Login));
        }
        state.throttle.succeeded(&name);
        if let Some(before) = before {
            state.sessions.end(before);
        }
        let token = state.sessions.begin(&name, now.at);
        grant(&mut state, token, now)
    }

    /// Who a token stands for; `None`: nobody. Counts as use of the session.
    #[must_use]
    pub fn signed(&self, token: &str, now: Moment) -> Option<Signed> {
        signed(&mut self.state(), token, now)
    }

    /// Ends a session.
    pub fn log_out(&self, token: &str) {
        self.state().sessions.end(token);
    }

    /// Ends all sessions of an account.
    pub fn log_out_everywhere(&self, account: &str) {
        self.state().sessions.end_all(account);
    }

    /// Changes an account's own password: all its sessions end, and whoever changed it gets a new one.
    ///
    /// # Errors
    /// When the old password is wrong or the new one cannot be used.
    pub fn change_password(
        &self,
        account: &str,
        old: &str,
        new: &str,
        from: IpAddr,
        now: Moment,
    ) -> Result<Grant, Refused> {
        let entry = {
            let state = self.state();
            admit(&state, account, from, now)?;
            state.book.find(account).cloned().ok_or(Refused::Login)?
        };
        if !opens(old, Some(&entry)) {
            let mut state = self.state();
            let just_now = state.throttle.failed(account, from, now.at);
            return Err(locked(&state, account, from, now, just_now).unwrap_or(Refused::Login));
        }
        if let Some(mistake) = password::mistake(new, account) {
            return Err(Refused::Invalid(mistake));
        }
        if bool::from(old.as_bytes().ct_eq(new.as_bytes())) {
            return Err(Refused::Invalid(
                "The new password is the old one; take another.".into(),
            ));
        }
        let hash = password::hash(new);
        let mut state = self.state();
        // Somebody may have disabled or reset it meanwhile.
        let mut entry = state
            .book
            .find(account)
            .filter(|e| e.hash == entry.hash && !e.account.disabled)
            .cloned()
            .ok_or(Refused::Login)?;
        entry.hash = hash;
        entry.account.password_due_unix_ms = None;
        state.book.put(entry)?;
        state.sessions.end_all(account);
        let token = state.sessions.begin(account, now.at);
        grant(&mut state, token, now)
    }

    /// All accounts, by name.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        let state = self.state();
        state
            .book
            .entries()
            .iter()
            .map(|e| e.account.clone())
            .collect()
    }

    /// Makes an account; gives its first password, which is good for a week and for one thing: setting an own one.
    ///
    /// # Errors
    /// When the role may not appoint it, or name or scope cannot be.
    pub fn appoint(&self, by: Role, new: &NewAccount, now: Moment) -> Result<String, Refused> {
        may_change(by, new.role)?;
        let first = fresh();
        // Hashing takes long; not under the lock.
        let hash = password::hash(&normal(&first));
        let mut state = self.state();
        let mut entry = unhashed(&state, new, now)?;
        entry.hash = hash;
        entry.account.password_due_unix_ms = Some(now.unix_ms + FIRST_PASSWORD_MS);
        state.book.put(entry)?;
        Ok(first)
    }

    /// Changes an account; its sessions end. Gives the new first password if one was asked for.
    ///
    /// # Errors
    /// When the role may not change such an account, it is one's own, or what is asked for cannot be.
    pub fn change(
        &self,
        by: (&str, Role),
        name: &str,
        change: &Change,
        now: Moment,
    ) -> Result<(Account, Option<String>), Refused> {
        let first = change.new_password.then(fresh);
        let hash = first.as_deref().map(|first| password::hash(&normal(first)));
        let mut state = self.state();
        let mut entry = state.book.find(name).cloned().ok_or(Refused::Unknown)?;
        if by.0 == name {
            return Err(Refused::Role(
                "Nobody changes the own account, so that nobody locks himself out; the own password is changed with the old one.".into(),
            ));
        }
        may_change(by.1, entry.account.role)?;
        let account = &mut entry.account;
        if let Some(role) = change.role {
            may_change(by.1, role)?;
            account.role = role;
        }
        if let Some(scope) = &change.scope {
            account.scope.clone_from(scope);
        }
        if let Some(mistake) = scope_mistake(account.role, &account.scope) {
            return Err(Refused::Invalid(mistake));
        }
        if let Some(disabled) = change.disabled {
            account.disabled = disabled;
        }
        if let Some(hash) = hash {
            entry.hash = hash;
            account.password_due_unix_ms = Some(now.unix_ms + FIRST_PASSWORD_MS);
        }
        let changed = account.clone();
        state.book.put(entry)?;
        state.sessions.end_all(name);
        Ok((changed, first))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whatever panicked left the book as it is on the disk.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `given` opens the account; takes as long when there is none. A first password is a code: it fits however it is typed.
fn opens(given: &str, entry: Option<&Entry>) -> bool {
    if given.len() > password::MAX_BYTES {
        return false;
    }
    match entry {
        None => password::matches(given, password::NOBODYS),
        Some(entry) if entry.account.password_due_unix_ms.is_some() => {
            password::matches(&normal(given), &entry.hash)
        }
        Some(entry) => password::matches(given, &entry.hash),
    }
}

fn manages(entry: &Entry) -> bool {
    !entry.account.disabled && may(entry.account.role, Right::Accounts)
}

/// Whether an attempt may be made at all.
fn admit(state: &State, name: &str, from: IpAddr, now: Moment) -> Result<(), Refused> {
    locked(state, name, from, now, false).map_or(Ok(()), Err)
}

fn locked(state: &State, name: &str, from: IpAddr, now: Moment, just_now: bool) -> Option<Refused> {
    let wait = state.throttle.wait_ms(name, from, now.at);
    wait.map(|wait_ms| Refused::Locked { wait_ms, just_now })
}

fn may_change(by: Role, role: Role) -> Result<(), Refused> {
    if appoints(by).contains(&role) {
        return Ok(());
    }
    let names: Vec<_> = appoints(by).iter().map(|role| role_name(*role)).collect();
    Err(Refused::Role(if names.is_empty() {
        "This role manages no accounts.".into()
    } else {
        format!(
            "This role manages accounts of these roles only: {}.",
            names.join(", ")
        )
    }))
}

fn unhashed(state: &State, new: &NewAccount, now: Moment) -> Result<Entry, Refused> {
    let mistake = name_mistake(&new.name).or_else(|| scope_mistake(new.role, &new.scope));
    if let Some(mistake) = mistake {
        return Err(Refused::Invalid(mistake));
    }
    if state.book.find(&new.name).is_some() {
        return Err(Refused::Taken);
    }
    if state.book.entries().len() >= ACCOUNTS_MAX {
        return Err(Refused::Invalid(format!(
            "There are {ACCOUNTS_MAX} accounts, which is the most; change one that is no longer used."
        )));
    }
    Ok(Entry {
        account: Account {
            name: new.name.clone(),
            role: new.role,
            scope: new.scope.clone(),
            disabled: false,
            password_due_unix_ms: None,
            made_unix_ms: now.unix_ms,
        },
        hash: String::new(),
    })
}

fn checked(state: &State, new: &NewAccount, password: &str, now: Moment) -> Result<Entry, Refused> {
    let mut entry = unhashed(state, new, now)?;
    if let Some(mistake) = password::mistake(password, &new.name) {
        return Err(Refused::Invalid(mistake));
    }
    entry.hash = password::hash(password);
    Ok(entry)
}

fn signed(state: &mut State, token: &str, now: Moment) -> Option<Signed> {
    let session = state.sessions.find(token, now.at)?;
    let account = &state.book.find(&session.account)?.account;
    (!account.disabled).then(|| Signed {
        account: account.name.clone(),
        role: account.role,
        scope: account.scope.clone(),
        csrf: session.csrf.clone(),
        password_due: account.password_due_unix_ms.is_some(),
        ends: session.ends(),
    })
}

fn grant(state: &mut State, token: String, now: Moment) -> Result<Grant, Refused> {
    let signed = signed(state, &token, now).ok_or(Refused::Login)?;
    Ok(Grant { token, signed })
}

/// Roles that manage accounts, by name.
fn holders() -> String {
    let names: Vec<_> = hall_core::access::roles_with(Right::Accounts)
        .iter()
        .map(|role| role_name(*role))
        .collect();
    names.join(", ")
}
