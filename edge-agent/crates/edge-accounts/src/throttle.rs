//! Makes guessing slow: counts failures per account and per address, locks an account for a while and holds an address back. In memory:
//! a restart forgets it, and nobody outside can restart the box.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

use hall_core::time::HallTime;

/// So many wrong passwords in a row lock an account …
const ACCOUNT_FAILURES: u32 = 5;
/// … for so long, twice as long with every further one …
const LOCK_FIRST_MS: i64 = 60_000;
/// … at most.
const LOCK_MAX_MS: i64 = 15 * 60_000;
/// So many failures of one address within [`ADDRESS_WINDOW_MS`] hold all its attempts back for the rest of it. More than one person
/// mistypes, fewer than a guesser needs; a whole hall may come from one address.
const ADDRESS_FAILURES: u32 = 20;
const ADDRESS_WINDOW_MS: i64 = 5 * 60_000;
/// Names and addresses remembered; of more, those that are least lately seen are forgotten.
const REMEMBERED: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: HallTime,
    until: HallTime,
}

/// Failures of late.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    accounts: HashMap<String, Failures>,
    addresses: HashMap<IpAddr, Failures>,
}

impl Throttle {
    /// How long this attempt must wait, in milliseconds; `None`: it may be made.
    pub fn wait_ms(&self, account: &str, from: IpAddr, now: HallTime) -> Option<i64> {
        let left = |failures: Option<&Failures>| failures.map_or(0, |f| f.until.since_ms(now));
        let wait = left(self.accounts.get(account)).max(left(self.addresses.get(&from)));
        (wait > 0).then_some(wait)
    }

    /// An attempt failed; tells whether this one locked the account.
    pub fn failed(&mut self, account: &str, from: IpAddr, now: HallTime) -> bool {
        let entry = entry(&mut self.accounts, account.to_owned(), now);
        // A lock that is over leaves one attempt; a quarter of an hour after the last failure all is forgotten.
        if now.since_ms(entry.last) > 2 * LOCK_MAX_MS {
            entry.count = 0;
        }
        entry.count += 1;
        entry.last = now;
        let over = entry.count.saturating_sub(ACCOUNT_FAILURES);
        let locked = entry.count >= ACCOUNT_FAILURES;
        if locked {
            entry.until = now.plus_ms((LOCK_FIRST_MS << over.min(8)).min(LOCK_MAX_MS));
        }
        let entry = self::entry(&mut self.addresses, from, now);
        if now.since_ms(entry.last) > ADDRESS_WINDOW_MS {
            entry.count = 0;
        }
        entry.count += 1;
        entry.last = now;
        if entry.count >= ADDRESS_FAILURES {
            entry.until = now.plus_ms(ADDRESS_WINDOW_MS);
            entry.count = 0;
        }
        locked
    }

    /// The right password: the account's failures are forgotten, its address's are not.
    pub fn succeeded(&mut self, account: &str) {
        self.accounts.remove(account);
    }
}

fn entry<K: Hash + Eq + Clone>(
    map: &mut HashMap<K, Failures>,
    key: K,
    now: HallTime,
) -> &mut Failures {
    if map.len() >= REMEMBERED
        && !map.contains_key(&key)
        && let Some(oldest) = map
            .iter()
            .min_by_key(|(_, f)| f.last)
            .map(|(k, _)| k.clone())
    {
        map.remove(&oldest);
    }
    map.entry(key).or_insert(Failures {
        count: 0,
        last: now,
        until: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u8) -> IpAddr {
        [10, 0, 0, n].into()
    }

    #[test]
    fn five_failures_lock_an_account_for_longer_and_longer_and_success_forgets_them() {
        let mut throttle = Throttle::default();
        let mut now = HallTime(0);
        for n in 1..=5 {
            assert_eq!(throttle.wait_ms("m", address(1), now), None, "{n}");
            assert_eq!(throttle.failed("m", address(1), now), n == 5);
        }
        for wanted_s in [60, 120, 240, 480, 900, 900] {
            let wait = throttle.wait_ms("m", address(2), now);
            assert_eq!(wait, Some(wanted_s * 1000), "from every address");
            now = now.plus_ms(wanted_s * 1000);
            assert_eq!(throttle.wait_ms("m", address(2), now), None);
            assert!(throttle.failed("m", address(2), now));
        }
        assert_eq!(throttle.wait_ms("other", address(1), now), None);
        throttle.succeeded("m");
        assert_eq!(throttle.wait_ms("m", address(3), now), None);
    }

    #[test]
    fn an_address_that_tries_many_names_is_held_back_and_others_are_not() {
        let mut throttle = Throttle::default();
        for n in 0..20 {
            assert_eq!(
                throttle.wait_ms(&format!("n{n}"), address(1), HallTime(0)),
                None
            );
            throttle.failed(&format!("n{n}"), address(1), HallTime(0));
        }
        assert!(throttle.wait_ms("fresh", address(1), HallTime(0)).is_some());
        assert_eq!(throttle.wait_ms("fresh", address(2), HallTime(0)), None);
        assert_eq!(
            throttle.wait_ms("fresh", address(1), HallTime(ADDRESS_WINDOW_MS)),
            None
        );
    }

    #[test]
    fn names_made_up_in_masses_do_not_fill_the_memory() {
        let mut throttle = Throttle::default();
        for n in 0..REMEMBERED + 50 {
            throttle.failed(
                &format!("n{n}"),
                address((n % 250) as u8),
                HallTime(n as i64),
            );
        }
        assert!(throttle.accounts.len() <= REMEMBERED);
        assert!(
            throttle
                .accounts
                .contains_key(&format!("n{}", REMEMBERED + 49))
        );
    }
}
