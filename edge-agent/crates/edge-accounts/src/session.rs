//! Sessions: random tokens, kept as hashes in memory only. A restart of the box signs everybody out; nothing on the disk could be used
//! to come back in.

use std::collections::HashMap;

use hall_core::order::Role;
use hall_core::time::HallTime;
use sha2::{Digest, Sha256};

use crate::account::AccountScope;
use crate::code::random;

/// A session that asks for nothing for this long is over. An open page asks every few seconds.
const IDLE_MS: i64 = 30 * 60_000;
/// However busy, a session is over after a working day.
const ABSOLUTE_MS: i64 = 12 * 3_600_000;
/// Sessions of one account; the oldest goes when there is one more.
const PER_ACCOUNT: usize = 16;
/// Sessions in all; the one least lately used goes when there is one more.
const IN_ALL: usize = 512;

/// What whoever signed in is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// For the cookie; nothing else knows it.
    pub token: String,
    /// Who that is now.
    pub signed: Signed,
}

/// A session as of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Account.
    pub account: String,
    /// Its role now.
    pub role: Role,
    /// What it is limited to now.
    pub scope: AccountScope,
    /// Must stand in the `x-csrf-token` header of whatever changes something.
    pub csrf: String,
    /// It must change its password before anything else.
    pub password_due: bool,
    /// When the session ends at the latest.
    pub ends: HallTime,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub account: String,
    pub csrf: String,
    begun: HallTime,
    used: HallTime,
}

impl Session {
    /// When it ends at the latest.
    pub fn ends(&self) -> HallTime {
        self.begun.plus_ms(ABSOLUTE_MS)
    }

    fn is_over(&self, now: HallTime) -> bool {
        now.since_ms(self.used) > IDLE_MS || now >= self.ends()
    }
}

type Key = [u8; 32];

fn key(token: &str) -> Key {
    Sha256::digest(token.as_bytes()).into()
}

/// All sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions(HashMap<Key, Session>);

impl Sessions {
    /// Begins one; gives its token.
    pub fn begin(&mut self, account: &str, now: HallTime) -> String {
        self.0.retain(|_, session| !session.is_over(now));
        let own = |s: &Session| s.account == account;
        if self.0.values().filter(|s| own(s)).count() >= PER_ACCOUNT {
            self.drop_least_used(own);
        }
        if self.0.len() >= IN_ALL {
            self.drop_least_used(|_| true);
        }
        let token = hex::encode(random::<32>());
        let session = Session {
            account: account.into(),
            csrf: hex::encode(random::<32>()),
            begun: now,
            used: now,
        };
        self.0.insert(key(&token), session);
        token
    }

    /// The session of a token, if it still runs; it is used now.
    pub fn find(&mut self, token: &str, now: HallTime) -> Option<&Session> {
        let key = key(token);
        let session = self.0.get_mut(&key)?;
        if session.is_over(now) {
            self.0.remove(&key);
            return None;
        }
        session.used = now;
        self.0.get(&key)
    }

    /// Ends one.
    pub fn end(&mut self, token: &str) {
        self.0.remove(&key(token));
    }

    /// Ends all of an account.
    pub fn end_all(&mut self, account: &str) {
        self.0.retain(|_, session| session.account != account);
    }

    fn drop_least_used(&mut self, of: impl Fn(&Session) -> bool) {
        let least = self
            .0
            .iter()
            .filter(|(_, s)| of(s))
            .min_by_key(|(_, s)| s.used);
        if let Some(key) = least.map(|(key, _)| *key) {
            self.0.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_idle_when_old_and_when_told() {
        let mut sessions = Sessions::default();
        let (one, two) = (
            sessions.begin("m", HallTime(0)),
            sessions.begin("m", HallTime(0)),
        );
        assert_ne!(one, two);
        assert!(sessions.find(&one, HallTime(IDLE_MS)).is_some());
        assert!(sessions.find(&two, HallTime(IDLE_MS + 1)).is_none(), "idle");
        let mut now = 0;
        while now + IDLE_MS < ABSOLUTE_MS {
            now += IDLE_MS;
            assert!(sessions.find(&one, HallTime(now)).is_some());
        }
        assert!(sessions.find(&one, HallTime(ABSOLUTE_MS)).is_none(), "old");
        let (three, four) = (
            sessions.begin("m", HallTime(0)),
            sessions.begin("o", HallTime(0)),
        );
        sessions.end_all("m");
        assert!(sessions.find(&three, HallTime(0)).is_none());
        sessions.end(&four);
        assert!(sessions.find(&four, HallTime(0)).is_none());
        assert!(sessions.find("", HallTime(0)).is_none());
    }

    #[test]
    fn one_account_cannot_push_the_others_out() {
        let mut sessions = Sessions::default();
        let other = sessions.begin("other", HallTime(0));
        let first = sessions.begin("m", HallTime(0));
        let tokens: Vec<_> = (1..=PER_ACCOUNT as i64)
            .map(|n| sessions.begin("m", HallTime(n)))
            .collect();
        assert!(sessions.find(&first, HallTime(20)).is_none());
        assert!(
            tokens
                .iter()
                .all(|t| sessions.find(t, HallTime(20)).is_some())
        );
        assert!(sessions.find(&other, HallTime(20)).is_some());
    }
}
