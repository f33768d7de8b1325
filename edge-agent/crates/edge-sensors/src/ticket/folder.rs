//! A folder into which a ticket machine puts CSV files. Polled, not watched: it is often a share of another computer, which tells of no
//! change. Files taken in go to `done`, others to `rejected` with a text that says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::desk::TicketDesk;
use super::reader::Read;
use super::sheet::{Sheet, read_sheet};
use crate::mailbox::SensorInput;

/// A file that has not changed between two looks is whole: whoever writes one slower should rename it when it is.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A day of a large hall has some hundred kilobytes.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// A file that could not be put away is tried again after so many looks.
const TURNS_STUCK: u64 = 60;
const DONE: &str = "done";
const REJECTED: &str = "rejected";

/// The folder of one machine.
pub struct TicketFolder {
    desk: Arc<TicketDesk>,
    folder: PathBuf,
    keep: Duration,
    /// Where is remembered which tickets are over.
    seen: PathBuf,
}

/// Size and time of change: a file with the same at two looks is whole.
type Mark = (u64, SystemTime);

/// What was in a file.
struct Taken {
    path: PathBuf,
    sheet: Result<Sheet, String>,
}

impl TicketFolder {
    /// Does no IO. Files taken in are kept `keep_days`; `seen` is a file of the box's own.
    #[must_use]
    pub fn new(desk: Arc<TicketDesk>, folder: PathBuf, keep_days: u32, seen: PathBuf) -> Self {
        TicketFolder {
            desk,
            folder,
            keep: Duration::from_secs(u64::from(keep_days) * 86_400),
            seen,
        }
    }

    /// Takes files in until cancelled or the hall is gone.
    ///
    /// # Errors
    /// When reading panicked.
    pub async fn run(
        self: Arc<Self>,
        out: mpsc::Sender<SensorInput>,
        cancel: CancellationToken,
    ) -> Result<(), tokio::task::JoinError> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Ok(()),
            () = self.desk.run(out, cancel.clone()) => Ok(()),
            done = self.clone().look() => done,
        }
    }

    async fn look(self: Arc<Self>) -> Result<(), tokio::task::JoinError> {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut marks = BTreeMap::new();
        let folder = self.clone();
        tokio::task::spawn_blocking(move || folder.prepare()).await?;
        // Files that were told and could not be put away.
        let mut stuck: BTreeSet<PathBuf> = BTreeSet::new();
        for turn in 0_u64.. {
            looks.tick().await;
            if turn % TURNS_STUCK == 0 {
                stuck.clear();
            }
            let (folder, before) = (self.clone(), std::mem::take(&mut marks));
            let looked = tokio::task::spawn_blocking(move || folder.next(before)).await?;
            let taken = match looked {
                Ok((now, taken)) => {
                    marks = now;
                    taken
                }
                Err(error) => {
                    let folder = self.folder.display();
                    self.desk
                        .lost(format!("the folder {folder} cannot be read: {error}"));
                    continue;
                }
            };
            for taken in taken {
                if stuck.contains(&taken.path) {
                    continue;
                }
                let path = taken.path.clone();
                if !self.clone().take(taken).await? {
                    stuck.insert(path);
                }
            }
        }
        Ok(())
    }

    fn prepare(&self) {
        if let Some(folder) = self.seen.parent() {
            // What fails here fails again where it matters, and is told there.
            let _ = fs::create_dir_all(folder);
        }
        self.desk.remember(self.seen.clone());
        for name in [DONE, REJECTED] {
            let _ = fs::create_dir_all(self.folder.join(name));
        }
    }

    /// The files there now, and of these the whole ones, oldest first, with what is in them.
    fn next(
        &self,
        before: BTreeMap<PathBuf, Mark>,
    ) -> io::Result<(BTreeMap<PathBuf, Mark>, Vec<Taken>)> {
        let mut now = BTreeMap::new();
        let mut whole = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            // Gone between listing and asking: somebody else took it.
            let Ok(meta) = fs::metadata(&path) else {
                continue;
            };
            if !meta.is_file() || !is_sheet(&path) {
                continue;
            }
            let mark = (meta.len(), meta.modified()?);
            if before.get(&path) == Some(&mark) {
                whole.push((mark.1, path.clone(), mark.0));
            }
            now.insert(path, mark);
        }
        whole.sort();
        let (_, now_unix_ms) = (self.desk.now)();
        let taken = whole.into_iter().map(|(_, path, bytes)| {
            let sheet = if bytes > MAX_FILE_BYTES {
                Err(format!(
                    "it has {bytes} bytes, more than {MAX_FILE_BYTES}; write a file per day or less"
                ))
            } else {
                fs::read(&path)
                    .map_err(|e| format!("it cannot be read: {e}"))
                    .and_then(|bytes| read_sheet(&self.desk.reader, &bytes, now_unix_ms))
            };
            Taken { path, sheet }
        });
        let taken = taken.collect();
        for name in [DONE, REJECTED] {
            self.trim(&self.folder.join(name));
        }
        Ok((now, taken))
    }

    /// Tells the hall, then puts the file away: a crash between tells of some tickets again, which the hall bears.
    /// False when it stays where it is.
    async fn take(self: Arc<Self>, taken: Taken) -> Result<bool, tokio::task::JoinError> {
        let empty: &[Read] = &[];
        let read = taken.sheet.as_ref().map_or(empty, |sheet| &sheet.read);
        if taken.sheet.is_ok() {
            self.desk.alive();
        }
        let news = self.desk.news(read);
        let (rows, new) = (read.len(), news.len());
        for word in news {
            self.desk.put(word).await;
        }
        let folder = self.clone();
        let trouble =
            tokio::task::spawn_blocking(move || folder.put_away(&taken, rows, new)).await?;
        let Err(trouble) = trouble else {
            return Ok(true);
        };
        tracing::warn!(tickets = %self.desk.id(), %trouble, "A file of the ticket machine stays where it is; tried again in a minute.");
        self.desk.status.send_modify(|s| s.trouble = trouble);
        Ok(false)
    }

    fn put_away(&self, taken: &Taken, rows: usize, new: usize) -> Result<(), String> {
        let name = taken.path.file_name().unwrap_or_default();
        let shown = name.to_string_lossy();
        let saved = self.desk.save();
        let why = match &taken.sheet {
            Ok(sheet) if sheet.refused == 0 => None,
            Ok(sheet) => Some(format!(
                "{rows} rows were taken in; {} were not:\n{}\nCorrect them and put the file back: tickets that are over count once.\n",
                sheet.refused,
                sheet.mistakes.join("\n")
            )),
            Err(why) => Some(format!("Nothing was taken in: {why}.\n")),
        };
        let moved = if let Some(why) = why {
            self.desk.status.send_modify(|s| s.refused += 1);
            tracing::warn!(tickets = %self.desk.id(), file = %shown, rows, "A file of the ticket machine was rejected; the text beside it says why.");
            let target = free_name(&self.folder.join(REJECTED), &shown);
            let mut reason = target.clone().into_os_string();
            reason.push(".reason.txt");
            fs::rename(&taken.path, &target).and_then(|()| fs::write(reason, why))
        } else {
            tracing::debug!(tickets = %self.desk.id(), file = %shown, rows, new, "A file of the ticket machine was taken in.");
            fs::rename(&taken.path, free_name(&self.folder.join(DONE), &shown))
        };
        saved.and(moved).map_err(|e| {
            format!("{shown} cannot be put away: {e}; may the agent's user write to the folder?")
        })
    }

    fn trim(&self, folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let age = entry
                .metadata()
                .and_then(|m| m.modified())
                .map(|t| t.elapsed());
            if age.is_ok_and(|age| age.is_ok_and(|age| age > self.keep)) {
                // Tried again with the next look.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Files that programs write under a name for the time being are left alone.
fn is_sheet(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_none_or(|name| name.to_string_lossy().starts_with(['.', '~']));
    let ending = path
        .extension()
        .map(|e| e.to_string_lossy().to_ascii_lowercase());
    !hidden && matches!(ending.as_deref(), Some("csv" | "txt"))
}

/// A name in `folder` that is not taken: machines use the same name every day.
fn free_name(folder: &Path, name: &str) -> PathBuf {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "csv"));
    let numbered = |n: u32| folder.join(format!("{stem}-{n}.{ending}"));
    std::iter::once(folder.join(name))
        .chain((2..).map(numbered))
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::desk::tests::{desk, said};

    const HEAD: &str = "queue,号码,状态,taken_at,called_at\n";
    const A1: &str = "SB,A1,完成,10:00:00,10:05:00\n";
    const A2: &str = "SB,A2,等待,10:20:00,\n";

    struct Place {
        folder: tempfile::TempDir,
        of: Arc<TicketFolder>,
        marks: BTreeMap<PathBuf, Mark>,
    }

    impl Place {
        fn new() -> Place {
            Place::again(tempfile::tempdir().unwrap())
        }

        /// As after a restart.
        fn again(folder: tempfile::TempDir) -> Place {
            let (desk, _) = desk();
            let (drop, seen) = (folder.path().join("drop"), folder.path().join("own/seen"));
            fs::create_dir_all(&drop).unwrap();
            let of = Arc::new(TicketFolder::new(desk, drop, 7, seen));
            of.prepare();
            let marks = BTreeMap::new();
            Place { folder, of, marks }
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.of.folder.join(name), text).unwrap();
        }

        /// One look; what the hall was told of tickets.
        async fn look(&mut self) -> Vec<String> {
            let (marks, taken) = self.of.next(std::mem::take(&mut self.marks)).unwrap();
            self.marks = marks;
            for taken in taken {
                self.of.clone().take(taken).await.unwrap();
            }
            let (tx, mut rx) = mpsc::channel(64);
            let cancel = CancellationToken::new();
            let desk = self.of.desk.clone();
            let mut got = Vec::new();
            tokio::select! {
                biased;
                () = desk.run(tx, cancel) => {}
                () = async { while let Some(input) = rx.recv().await { got.push(input) } } => {}
                () = async { for _ in 0..64 { tokio::task::yield_now().await } } => {}
            }
            got.retain(|input| matches!(input, SensorInput::Ticket(_)));
            said(&got)
        }

        fn files(&self, folder: &str) -> Vec<String> {
            let entries = fs::read_dir(self.of.folder.join(folder)).unwrap();
            let name = |e: io::Result<fs::DirEntry>| e.unwrap().file_name().into_string().unwrap();
            let mut names: Vec<_> = entries.map(name).filter(|n| n.contains('.')).collect();
            names.sort();
            names
        }
    }

    #[tokio::test]
    async fn a_file_is_taken_in_once_it_no_longer_grows() {
        let mut place = Place::new();
        place.write("day.csv", HEAD);
        assert_eq!(place.look().await, [""; 0]);
        place.write("day.csv", &format!("{HEAD}{A1}"));
        assert_eq!(place.look().await, [""; 0], "it grew");
        assert_eq!(place.look().await, ["SB:Done"]);
        assert_eq!(
            (place.files(""), place.files("done")),
            (vec![], vec!["day.csv".into()])
        );
    }

    #[tokio::test]
    async fn files_of_other_kinds_and_unfinished_ones_are_left_alone() {
        let mut place = Place::new();
        for name in [".day.csv", "~day.csv", "day.csv.tmp", "day.xlsx"] {
            place.write(name, &format!("{HEAD}{A1}"));
        }
        place.look().await;
        assert_eq!(place.look().await, [""; 0]);
        assert_eq!(place.files("").len(), 4);
    }

    #[tokio::test]
    async fn a_day_written_again_and_again_counts_once_also_after_a_restart() {
        let mut place = Place::new();
        place.write("day.csv", &format!("{HEAD}{A1}"));
        place.look().await;
        assert_eq!(place.look().await, ["SB:Done"]);
        place.write("day.csv", &format!("{HEAD}{A1}{A2}"));
        place.look().await;
        assert_eq!(place.look().await, ["SB:Waiting"]);
        assert_eq!(place.files("done"), ["day-2.csv", "day.csv"]);
        let mut place = Place::again(place.folder);
        place.write("day.csv", &format!("{HEAD}{A1}{A2}"));
        place.look().await;
        assert_eq!(
            place.look().await,
            ["SB:Waiting"],
            "numbers that wait are told anew"
        );
    }

    #[tokio::test]
    async fn a_rejected_file_says_why_beside_it() {
        let mut place = Place::new();
        place.write("a.csv", "hello\n");
        place.write("b.csv", &format!("{HEAD}{A1}SB,A7,等待,late,\n"));
        place.look().await;
        assert_eq!(place.look().await, ["SB:Done"]);
        assert_eq!(
            place.files("rejected"),
            ["a.csv", "a.csv.reason.txt", "b.csv", "b.csv.reason.txt"]
        );
        let why =
            |name: &str| fs::read_to_string(place.of.folder.join("rejected").join(name)).unwrap();
        assert!(why("a.csv.reason.txt").contains("does not name the column '号码'"));
        let told = why("b.csv.reason.txt");
        assert!(
            told.contains("1 rows were taken in; 1 were not") && told.contains("line 3: taken_at")
        );
        assert!(!told.contains("A7"), "no number in {told}");
    }

    #[tokio::test]
    async fn old_files_go() {
        let mut place = Place::new();
        let old = place.of.folder.join("done/old.csv");
        fs::write(&old, "x").unwrap();
        fs::write(place.of.folder.join("done/new.csv"), "x").unwrap();
        let eight_days = SystemTime::now() - Duration::from_secs(8 * 86_400);
        let file = fs::File::options().append(true).open(&old).unwrap();
        file.set_modified(eight_days).unwrap();
        place.look().await;
        assert_eq!(place.files("done"), ["new.csv"]);
    }
}
