//! The accounts on the disk: one JSON file that only the agent's user reads, replaced as a whole. Passwords are in it as argon2id hashes
//! only.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hall_wire::name::{parse_role, role_name};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::account::{Account, AccountScope};
use crate::private_file::{io, replace};

/// An account with its password's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub account: Account,
    pub hash: String,
}

/// As stored, v1.
#[derive(Serialize, Deserialize)]
struct FileV1 {
    v: u32,
    accounts: Vec<RecordV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordV1 {
    name: String,
    role: String,
    windows: Vec<String>,
    departments: Vec<String>,
    disabled: bool,
    password: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password_due_unix_ms: Option<i64>,
    made_unix_ms: i64,
}

/// The file.
#[derive(Debug)]
pub(crate) struct Book {
    path: PathBuf,
    entries: Vec<Entry>,
}

impl Book {
    /// Reads it; a file that is not there is an empty book.
    pub fn open(dir: &Path) -> Result<Book, StoreError> {
        let path = dir.join("accounts.json");
        let entries = match fs::read(&path) {
            Ok(bytes) => read(&bytes).map_err(|reason| StoreError::Damaged {
                path: path.display().to_string(),
                reason,
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io("read", &path)(error)),
        };
        Ok(Book { path, entries })
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.account.name == name)
    }

    /// Puts an account in, in place of one of the same name; counts once it is durable.
    pub fn put(&mut self, entry: Entry) -> Result<(), StoreError> {
        let mut entries = self.entries.clone();
        match entries
            .iter_mut()
            .find(|e| e.account.name == entry.account.name)
        {
            Some(there) => *there = entry,
            None => entries.push(entry),
        }
        entries.sort_by(|a, b| a.account.name.cmp(&b.account.name));
        replace(&self.path, &written(&entries))?;
        self.entries = entries;
        Ok(())
    }
}

fn read(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let file: FileV1 = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    if file.v != 1 {
        return Err(format!("its version is {}, this program reads 1", file.v));
    }
    let entry = |record: RecordV1| {
        let role = parse_role(&record.role)
            .ok_or_else(|| format!("{} has the unknown role {}", record.name, record.role))?;
        Ok(Entry {
            account: Account {
                name: record.name,
                role,
                scope: AccountScope {
                    windows: record.windows,
                    departments: record.departments,
                },
                disabled: record.disabled,
                password_due_unix_ms: record.password_due_unix_ms,
                made_unix_ms: record.made_unix_ms,
            },
            hash: record.password,
        })
    };
    file.accounts.into_iter().map(entry).collect()
}

fn written(entries: &[Entry]) -> Vec<u8> {
    let record = |entry: &Entry| {
        let Entry { account, hash } = entry;
        RecordV1 {
            name: account.name.clone(),
            role: role_name(account.role).into(),
            windows: account.scope.windows.clone(),
            departments: account.scope.departments.clone(),
            disabled: account.disabled,
            password: hash.clone(),
            password_due_unix_ms: account.password_due_unix_ms,
            made_unix_ms: account.made_unix_ms,
        }
    };
    let file = FileV1 {
        v: 1,
        accounts: entries.iter().map(record).collect(),
    };
    serde_json::to_vec_pretty(&file).expect("invariant: plain fields are JSON")
}
