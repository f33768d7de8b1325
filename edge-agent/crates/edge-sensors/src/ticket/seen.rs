//! Which tickets of a day are over already: a machine that writes the same day again and again, or a message that comes twice, must not
//! end a ticket twice. Remembers prints, never numbers.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::reader::Read;

/// Tickets of one day; a large hall gives out some thousands. Beyond it nothing more is remembered.
const MAX_LIVES: usize = 50_000;
const SALT_BYTES: usize = 16;
const PRINT_BYTES: usize = 8;

/// The tickets that are over.
#[derive(Debug, Default)]
pub(super) struct Seen {
    day: i64,
    /// Random per day, so that a print cannot be looked up to find its number.
    salt: [u8; SALT_BYTES],
    over: HashSet<u64>,
    /// Not in the file yet. A print that comes again there takes the ticket back.
    pending: Vec<u64>,
    file: Option<PathBuf>,
    /// The file holds another day, or none.
    anew: bool,
}

impl Seen {
    /// What an earlier process wrote to `file`, if it was on `day`. A file that cannot be read is begun anew.
    pub fn open(file: PathBuf, day: i64) -> Self {
        let mut seen = Seen::of(day);
        let mut bytes = Vec::new();
        let read = File::open(&file).and_then(|mut f| f.read_to_end(&mut bytes));
        if read.is_ok() && bytes.len() >= PRINT_BYTES + SALT_BYTES {
            let (head, prints) = bytes.split_at(PRINT_BYTES + SALT_BYTES);
            let (written, salt) = head.split_at(PRINT_BYTES);
            if written == day.to_le_bytes() {
                seen.anew = false;
                seen.salt.copy_from_slice(salt);
                // A print that a crash cut short is not one.
                for print in prints.chunks_exact(PRINT_BYTES) {
                    seen.toggle(number(print));
                }
            }
        }
        seen.file = Some(file);
        seen
    }

    /// Nothing is known of `day`.
    pub fn of(day: i64) -> Self {
        Seen {
            day,
            salt: rand::random(),
            anew: true,
            ..Seen::default()
        }
    }

    /// True when the word says something new on `day`; then it is remembered.
    pub fn news(&mut self, day: i64, read: &Read) -> bool {
        if day != self.day {
            *self = Seen {
                file: self.file.take(),
                ..Seen::of(day)
            };
        }
        let mut hasher = Sha256::new();
        hasher.update(self.salt);
        hasher.update(&read.life);
        let print = number(&hasher.finalize()[..PRINT_BYTES]);
        let over = self.over.contains(&print);
        match (over, read.ends) {
            (true, false) if !read.dated => {
                // The number is given out again.
                self.toggle(print);
                self.pending.push(print);
                true
            }
            (true, _) => false,
            (false, true) if self.over.len() < MAX_LIVES => {
                self.toggle(print);
                self.pending.push(print);
                true
            }
            (false, _) => true,
        }
    }

    fn toggle(&mut self, print: u64) {
        if !self.over.remove(&print) {
            self.over.insert(print);
        }
    }

    /// Writes down what is new.
    ///
    /// # Errors
    /// When the disk refuses; tried again with the next.
    pub fn save(&mut self) -> io::Result<()> {
        let Some(path) = &self.file else {
            self.pending.clear();
            return Ok(());
        };
        if self.anew {
            let mut file = File::create(path)?;
            file.write_all(&self.day.to_le_bytes())?;
            file.write_all(&self.salt)?;
            self.anew = false;
        }
        let mut file = OpenOptions::new().append(true).open(path)?;
        let bytes: Vec<u8> = self.pending.iter().flat_map(|p| p.to_le_bytes()).collect();
        file.write_all(&bytes)?;
        self.pending.clear();
        Ok(())
    }
}

fn number(bytes: &[u8]) -> u64 {
    let mut print = [0; PRINT_BYTES];
    print.copy_from_slice(bytes);
    u64::from_le_bytes(print)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::reader::tests::{NOW_MS, reader};

    fn word(state: &str, taken: &str) -> Read {
        let json = format!(r#"{{"queue":"SB","号码":"A1","状态":"{state}","taken_at":"{taken}"}}"#);
        reader().json(json.as_bytes(), NOW_MS).unwrap().remove(0)
    }

    #[test]
    fn a_ticket_ends_once_and_a_number_given_out_again_is_another_ticket() {
        let mut seen = Seen::of(1);
        for (state, taken, day, new) in [
            ("waiting", "10:00", 1, true),
            ("waiting", "10:00", 1, true),
            ("done", "10:00", 1, true),
            ("done", "10:00", 1, false),
            ("no_show", "10:00", 1, false),
            ("called", "10:00", 1, false),
            ("waiting", "10:20", 1, true),
            ("done", "10:20", 1, true),
            ("done", "", 1, true),
            ("done", "", 1, false),
            ("waiting", "", 1, true),
            ("done", "", 1, true),
            ("done", "10:00", 2, true),
        ] {
            let read = word(state, taken);
            assert_eq!(seen.news(day, &read), new, "{state} {taken} {day}");
        }
    }

    #[test]
    fn a_restart_forgets_neither_what_ended_nor_what_was_given_out_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tickets.seen");
        let mut seen = Seen::open(path.clone(), 1);
        assert!(seen.news(1, &word("done", "10:00")));
        assert!(seen.news(1, &word("done", "")));
        seen.save().unwrap();
        assert!(seen.news(1, &word("waiting", "")));
        seen.save().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&bytes[..], b"cut"].concat()).unwrap();
        let mut again = Seen::open(path.clone(), 1);
        assert!(!again.news(1, &word("done", "10:00")));
        assert!(again.news(1, &word("done", "")));
        let mut other_day = Seen::open(path, 2);
        assert!(other_day.news(2, &word("done", "10:00")));
    }
}
