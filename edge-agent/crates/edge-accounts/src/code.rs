//! Codes a person types once: the set-up code on the console, and first passwords of accounts. And random bytes for all secrets.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

use crate::StoreError;
use crate::private_file::{io, private_dir, replace};

/// Crockford's alphabet: nothing in it looks like something else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 80 bits, in four groups.
const CHARS: usize = 16;

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("invariant: the kernel gives random bytes");
    bytes
}

/// A fresh code, for example `7QKM-2XPA-9F3T-HW4C`.
pub(crate) fn fresh() -> String {
    let letters: Vec<char> = random::<CHARS>()
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    letters
        .chunks(4)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-")
}

/// The same code however it was typed: case, spaces and dashes do not matter, and what looks alike is one.
pub(crate) fn normal(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

/// The one-time set-up code: a file that only the agent's user reads, gone once it was used.
pub(crate) struct SetupCode {
    path: PathBuf,
}

impl SetupCode {
    pub fn new(dir: &Path) -> Self {
        SetupCode {
            path: dir.join("setup-code"),
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The code, if there is one.
    pub fn read(&self) -> Result<Option<String>, StoreError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|code| !code.is_empty())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io("read", &self.path)(error)),
        }
    }

    /// The code there is, or a new one.
    pub fn ensure(&self) -> Result<String, StoreError> {
        match self.read()? {
            Some(code) => Ok(code),
            None => {
                let code = fresh();
                replace(&self.path, format!("{code}\n").as_bytes())?;
                Ok(code)
            }
        }
    }

    /// Whether `typed` is the code. `false` while there is none.
    pub fn fits(&self, typed: &str) -> Result<bool, StoreError> {
        let Some(code) = self.read()? else {
            return Ok(false);
        };
        let (typed, code) = (normal(typed), normal(&code));
        Ok(bool::from(typed.as_bytes().ct_eq(code.as_bytes())))
    }

    /// It was used.
    pub fn spend(&self) -> Result<(), StoreError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(io("remove", &self.path)(error))
            }
            _ => Ok(()),
        }
    }
}

/// Makes a set-up code where accounts are kept, also for a running agent: with it whoever is at the console makes a further account that
/// manages accounts. An unused one stays.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_setup_code(dir: &Path) -> Result<(String, PathBuf), StoreError> {
    private_dir(dir)?;
    let code = SetupCode::new(dir);
    Ok((code.ensure()?, code.path().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{SetupCode, fresh, normal, write_setup_code};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_code_fits_however_it_is_typed_and_is_gone_once_used() {
        let dir = tempfile::tempdir().unwrap();
        let (code, path) = write_setup_code(dir.path()).unwrap();
        assert_eq!(
            write_setup_code(dir.path()).unwrap().0,
            code,
            "an unused one stays"
        );
        assert_eq!(code.len(), 19);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let kept = SetupCode::new(dir.path());
        assert!(kept.fits(&code).unwrap());
        assert!(kept.fits(&code.to_lowercase().replace('-', " ")).unwrap());
        assert!(!kept.fits(&fresh()).unwrap() && !kept.fits("").unwrap());
        kept.spend().unwrap();
        assert!(!kept.fits(&code).unwrap() && !kept.fits("").unwrap());
        assert_eq!(normal("oil0-IL"), "011011");
    }
}
