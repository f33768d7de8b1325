//! Passwords: what is accepted, and argon2id hashes with the parameters OWASP names (19 MiB, two passes, one lane).

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};

use crate::code::random;

/// Shortest password, in characters: long beats complicated (NIST SP 800-63B).
pub(crate) const MIN_CHARS: usize = 12;
/// Longest password, in bytes: hashing it must stay cheap to bound.
pub(crate) const MAX_BYTES: usize = 256;
/// Fewer different characters than this are a pattern.
const MIN_DIFFERENT: usize = 5;
/// Pieces that guessers try first.
const COMMON: [&str; 8] = [
    "password", "123456", "qwerty", "admin", "letmein", "abc123", "111111", "woaini",
];

/// What is wrong with a new password; `None`: it can be used.
pub(crate) fn mistake(password: &str, account: &str) -> Option<String> {
    let different = {
        let mut chars: Vec<char> = password.chars().collect();
        chars.sort_unstable();
        chars.dedup();
        chars.len()
    };
    let lower = password.to_lowercase();
    if password.chars().count() < MIN_CHARS || password.len() > MAX_BYTES {
        Some(format!(
            "A password has at least {MIN_CHARS} characters (at most {MAX_BYTES} bytes); a few words that do not belong together are good."
        ))
    } else if different < MIN_DIFFERENT {
        Some(format!(
            "The password repeats itself: use at least {MIN_DIFFERENT} different characters."
        ))
    } else if lower.contains(account) || COMMON.iter().any(|piece| lower.contains(piece)) {
        Some(
            "The password holds the account's name or a piece that is guessed first; take another."
                .into(),
        )
    } else {
        None
    }
}

/// The hash to keep, in PHC form.
pub(crate) fn hash(password: &str) -> String {
    let salt = SaltString::encode_b64(&random::<16>())
        .expect("invariant: 16 bytes are a salt of allowed length");
    Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .expect("invariant: the default parameters and a password within bounds can be hashed")
        .to_string()
}

/// Whether `password` is the one hashed; takes as long for a hash that cannot be read as for a wrong password.
pub(crate) fn matches(password: &str, hash: &str) -> bool {
    let parsed = PasswordHash::new(hash);
    let against = parsed.or_else(|_| PasswordHash::new(NOBODYS));
    against.is_ok_and(|against| {
        Argon2::default()
            .verify_password(password.as_bytes(), &against)
            .is_ok()
    }) && hash != NOBODYS
}

/// Verified against for accounts that are not there, so that the time taken does not tell which are.
pub(crate) const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IHNhbHQgMTYuLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[cfg(test)]
mod tests {
    use super::{NOBODYS, hash, matches, mistake};

    #[test]
    fn only_the_right_password_matches_and_two_hashes_of_one_differ() {
        let (one, two) = (hash("four words of mine"), hash("four words of mine"));
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && one != two);
        assert!(matches("four words of mine", &one) && matches("four words of mine", &two));
        assert!(!matches("four words of yours", &one));
        assert!(!matches("anything", NOBODYS) && !matches("anything", "not a hash"));
    }

    #[test]
    fn what_is_guessed_first_is_refused_in_words() {
        for (password, account, says) in [
            ("short", "manager", "at least 12"),
            ("aaaaaaaaaaaaaaaa", "manager", "repeats"),
            ("my Manager words", "manager", "guessed first"),
            ("Password-of-2026", "manager", "guessed first"),
        ] {
            assert!(
                mistake(password, account).is_some_and(|m| m.contains(says)),
                "{password}"
            );
        }
        assert!(mistake(&"long words ".repeat(30), "manager").is_some());
        assert_eq!(mistake("大厅 窗口 排队 雨伞 茶杯", "manager"), None);
        assert_eq!(mistake("umbrella tea stapler", "manager"), None);
    }
}
