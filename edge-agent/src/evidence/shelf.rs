//! Packs that wait to be fetched by link: one file each, named by the hash of its link's token, so that the folder gives no link away. A
//! link works once and for a day.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hall_core::event::EventId;
use hall_wire::event::event_id_text;
use hall_wire::seal::sha256_hex;

use super::Pack;

/// A link is good for a day.
pub const LINK_GOOD_FOR_MS: i64 = 86_400_000;
/// Packs that wait at a time; of more, those that end first go.
const WAITING_MAX: usize = 200;

/// The folder.
#[derive(Debug)]
pub struct Shelf(PathBuf);

/// A pack that was taken off; gone for everybody else.
#[derive(Debug)]
pub(super) struct Taken {
    pub event: String,
    path: PathBuf,
}

impl Taken {
    /// Its content; the file goes with it.
    pub fn bytes(self) -> io::Result<Vec<u8>> {
        let bytes = fs::read(&self.path);
        let _ = fs::remove_file(&self.path);
        bytes
    }
}

impl Shelf {
    pub(super) fn new(dir: PathBuf) -> Self {
        Shelf(dir)
    }

    /// Puts a pack by until then; gives its link's token.
    pub(super) fn put(&self, id: EventId, pack: &Pack, until_unix_ms: i64) -> io::Result<String> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)?;
        self.make_room(until_unix_ms - LINK_GOOD_FOR_MS)?;
        let token = hex::encode(rand::random::<[u8; 32]>());
        let name = format!(
            "{}-{until_unix_ms}-{}.jsonl",
            named(&token),
            event_id_text(id)
        );
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.0.join(name))?;
        file.write_all(pack.bytes())?;
        file.sync_all()?;
        File::open(&self.0)?.sync_all()?;
        Ok(token)
    }

    /// Takes a pack off, if the token is one and its time is not over. Of two that come at once one gets it.
    pub(super) fn take(&self, token: &str, now_unix_ms: i64) -> io::Result<Option<Taken>> {
        let wanted = named(token);
        let found = self
            .waiting()?
            .into_iter()
            .find(|waiting| waiting.name == wanted);
        let Some(found) = found.filter(|waiting| now_unix_ms < waiting.until_unix_ms) else {
            return Ok(None);
        };
        let taken = found.path.with_extension("taken");
        match fs::rename(&found.path, &taken) {
            Ok(()) => Ok(Some(Taken {
                event: found.event,
                path: taken,
            })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn make_room(&self, now_unix_ms: i64) -> io::Result<()> {
        let mut waiting = self.waiting()?;
        waiting.sort_by_key(|w| w.until_unix_ms);
        let too_many = waiting.len().saturating_sub(WAITING_MAX - 1);
        for (n, waiting) in waiting.iter().enumerate() {
            if n < too_many || waiting.until_unix_ms <= now_unix_ms {
                fs::remove_file(&waiting.path)?;
            }
        }
        Ok(())
    }

    fn waiting(&self) -> io::Result<Vec<Waiting>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut waiting = Vec::new();
        for entry in entries {
            waiting.extend(Waiting::of(&entry?.path()));
        }
        Ok(waiting)
    }
}

struct Waiting {
    name: String,
    until_unix_ms: i64,
    event: String,
    path: PathBuf,
}

impl Waiting {
    fn of(path: &Path) -> Option<Waiting> {
        let stem = path.file_name()?.to_str()?.strip_suffix(".jsonl")?;
        let mut parts = stem.splitn(3, '-');
        Some(Waiting {
            name: parts.next()?.to_owned(),
            until_unix_ms: parts.next()?.parse().ok()?,
            event: parts.next()?.to_owned(),
            path: path.to_owned(),
        })
    }
}

fn named(token: &str) -> String {
    sha256_hex(token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_works_once_and_for_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(dir.path().join("evidence"));
        let pack = Pack::of_bytes(b"{}\n");
        let put = |now: i64| {
            shelf
                .put(EventId(7), &pack, now + LINK_GOOD_FOR_MS)
                .unwrap()
        };
        let (one, two) = (put(0), put(0));
        assert_ne!(one, two);
        assert!(shelf.take("guess", 1).unwrap().is_none());
        assert!(shelf.take("../../etc/passwd", 1).unwrap().is_none());
        let taken = shelf.take(&one, 1).unwrap().unwrap();
        assert_eq!(taken.event, event_id_text(EventId(7)));
        assert_eq!(taken.bytes().unwrap(), b"{}\n");
        assert!(shelf.take(&one, 1).unwrap().is_none(), "once");
        assert!(
            shelf.take(&two, LINK_GOOD_FOR_MS).unwrap().is_none(),
            "for a day"
        );
        put(LINK_GOOD_FOR_MS);
        let left = fs::read_dir(dir.path().join("evidence")).unwrap().count();
        assert_eq!(left, 1, "what is over goes");
        for name in fs::read_dir(dir.path().join("evidence")).unwrap() {
            let name = name.unwrap().file_name().into_string().unwrap();
            assert!(
                !name.contains(&two) && !name.contains(&one),
                "no link in {name}"
            );
        }
    }
}
