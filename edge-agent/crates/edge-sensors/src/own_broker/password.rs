//! Passwords of devices: made so that nobody guesses them, kept as mosquitto's own hashes (`$7$`: PBKDF2 with SHA-512). Knows no file.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::pbkdf2;
use ring::rand::{SecureRandom, SystemRandom};

/// Letters and digits that nobody mistakes for each other; 32, so that five random bits choose one without bias.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Groups of five: 100 bits.
const LETTERS: usize = 20;
const GROUP: usize = 5;
/// mosquitto computes this on its only thread at every login, so it has to be little (about a millisecond); made passwords have
/// 100 random bits, which need no slow hash.
const ROUNDS: NonZeroU32 = NonZeroU32::new(1_000).expect("invariant: not zero");
/// Length of salt and hash in mosquitto 2.0.
const SALT: usize = 12;
const HASH: usize = 64;

/// A new password, for example `k7qmx-2vdtp-9ehwz-fb4cu`.
///
/// # Errors
/// When the system gives no random bytes.
pub(super) fn make() -> Result<String, String> {
    let mut bytes = [0; LETTERS];
    random(&mut bytes)?;
    let letters = bytes.map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    let groups: Vec<String> = letters.chunks(GROUP).map(|g| g.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// The password as mosquitto keeps it.
///
/// # Errors
/// When the system gives no random bytes.
pub(super) fn hash(password: &str) -> Result<String, String> {
    let (mut salt, mut hash) = ([0; SALT], [0; HASH]);
    random(&mut salt)?;
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA512;
    pbkdf2::derive(algorithm, ROUNDS, &salt, password.as_bytes(), &mut hash);
    let (salt, hash) = (STANDARD.encode(salt), STANDARD.encode(hash));
    Ok(format!("$7${ROUNDS}${salt}${hash}"))
}

/// Whether a text is a hash as [`hash`] makes it, and nothing that would add a line to mosquitto's file.
pub(super) fn is_hash(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "$+/=".contains(c);
    text.starts_with("$7$") && text.chars().all(fits)
}

fn random(bytes: &mut [u8]) -> Result<(), String> {
    (SystemRandom::new().fill(bytes)).map_err(|_| "the system gives no random bytes".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_passwords_differ_and_hashes_are_salted() {
        let (a, b) = (make().unwrap(), make().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), LETTERS + LETTERS / GROUP - 1, "{a}");
        assert_ne!(hash(&a).unwrap(), hash(&a).unwrap());
        assert!(is_hash(&hash(&a).unwrap()));
        assert!(!is_hash("$7$1$a$b\nother:$7$1$a$b"));
        assert!(!is_hash(&a));
    }
}
