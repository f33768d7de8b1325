//! What the subscriber knows, kept over its own restarts: a snapshot of the fleet and the messages taken since. A message is
//! acknowledged to the broker only after it is here, and taking it again after a restart leads to the same state.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use crate::CentralError;
use crate::message::Arrived;
use crate::watch::Fleet;

/// Messages after which a new snapshot is written.
const SNAPSHOT_EVERY: u64 = 20_000;

/// The folder of a subscriber.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    file: File,
    lines: u64,
    generation: u64,
}

/// The snapshot, and the number of the journal that follows it.
#[derive(serde::Serialize, serde::Deserialize)]
struct Snapshot<F> {
    generation: u64,
    fleet: F,
}

impl Journal {
    /// Opens the folder and gives the fleet as it was known, or `fresh` in an empty one.
    ///
    /// # Errors
    /// When the folder cannot be used, or holds something else.
    pub fn open(dir: &Path, fresh: Fleet) -> Result<(Self, Fleet), CentralError> {
        fs::create_dir_all(dir).map_err(|e| at(dir, e))?;
        let path = dir.join("fleet.json");
        let (generation, mut fleet) = match fs::read(&path) {
            Ok(bytes) => {
                let snapshot: Snapshot<Fleet> =
                    serde_json::from_slice(&bytes).map_err(|e| CentralError::State {
                        path: path.clone(),
                        reason: e.to_string(),
                    })?;
                (snapshot.generation, snapshot.fleet)
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => (0, fresh),
            Err(e) => return Err(at(&path, e)),
        };
        let path = journal_path(dir, generation);
        if let Ok(file) = File::open(&path) {
            for line in BufReader::new(file).split(b'\n') {
                // The last line may be cut off; its message was never acknowledged and comes again.
                if let Ok(arrived) =
                    serde_json::from_slice::<Arrived>(&line.map_err(|e| at(&path, e))?)
                {
                    fleet.take(&arrived);
                }
            }
        }
        let mut journal = Journal {
            dir: dir.into(),
            file: append(&path)?,
            lines: 0,
            generation,
        };
        journal.snapshot(&fleet)?;
        Ok((journal, fleet))
    }

    /// Makes what was kept survive a power cut.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> Result<(), CentralError> {
        let path = journal_path(&self.dir, self.generation);
        self.file.sync_data().map_err(|e| at(&path, e))
    }

    /// Keeps the messages just taken; `fleet` is the state after them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&mut self, arrived: &[Arrived], fleet: &Fleet) -> Result<(), CentralError> {
        let mut text = Vec::new();
        for one in arrived {
            serde_json::to_writer(&mut text, one).expect("invariant: texts and numbers are JSON");
            text.push(b'\n');
        }
        let path = journal_path(&self.dir, self.generation);
        self.file.write_all(&text).map_err(|e| at(&path, e))?;
        self.lines += arrived.len() as u64;
        if self.lines >= SNAPSHOT_EVERY {
            self.snapshot(fleet)?;
        }
        Ok(())
    }

    /// Writes the fleet as a whole and begins a new journal. A crash between leaves the old pair or the new one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn snapshot(&mut self, fleet: &Fleet) -> Result<(), CentralError> {
        let old = journal_path(&self.dir, self.generation);
        let generation = self.generation + 1;
        let new = journal_path(&self.dir, generation);
        let _ = fs::remove_file(&new);
        let file = append(&new)?;
        let snapshot = Snapshot { generation, fleet };
        let bytes = serde_json::to_vec(&snapshot).map_err(|e| at(&self.dir, e.into()))?;
        let (path, temporary) = (self.dir.join("fleet.json"), self.dir.join("fleet.json.new"));
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&temporary)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)?;
            File::open(&self.dir)?.sync_all()
        };
        write().map_err(|e| at(&path, e))?;
        (self.file, self.lines, self.generation) = (file, 0, generation);
        let _ = fs::remove_file(old);
        Ok(())
    }
}

fn journal_path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("messages-{generation}.jsonl"))
}

fn append(path: &Path) -> Result<File, CentralError> {
    let file = File::options().create(true).append(true).open(path);
    file.map_err(|e| at(path, e))
}

fn at(path: &Path, source: std::io::Error) -> CentralError {
    CentralError::File {
        path: path.into(),
        source,
    }
}
