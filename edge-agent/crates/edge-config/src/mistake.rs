//! What is wrong with a configuration, said to a person: file, line, path, message and hint. Never holds a secret.

use std::fmt;
use std::path::{Path, PathBuf};

/// One mistake, or one warning, at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// File it is in.
    pub file: PathBuf,
    /// Line in that file, from 1; `None` when the place cannot be told (a missing section, an unreadable file).
    pub line: Option<usize>,
    /// Place in the document, for example `windows[3].zones[0].polygon` (counted from 0); empty: the whole file.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.file.file_name().unwrap_or(self.file.as_os_str());
        write!(f, "{}", Path::new(name).display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": {} ({})", self.message, self.hint)
    }
}

/// Every mistake found in a configuration, in the order of the file. Prints one per line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors {
    /// The `hall.toml` that was loaded.
    pub path: PathBuf,
    /// At least one mistake.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, mistake) in self.mistakes.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

/// A finding before its line is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Place in the document.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Finding {
    /// A finding at `path`.
    pub fn new(
        path: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Finding {
            path: path.into(),
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// The finding with its place in a file.
    pub fn at(self, file: &Path, line: Option<usize>) -> Mistake {
        Mistake {
            file: file.to_path_buf(),
            line,
            path: self.path,
            message: self.message,
            hint: self.hint,
        }
    }
}

/// `text` in quotes for a message; an address is not quoted, because people paste addresses with passwords anywhere.
pub(crate) fn quote(text: &str) -> String {
    if text.contains('@') || text.contains("://") {
        return "this value".into();
    }
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// A path for a message, under the same rule as [`quote`].
pub(crate) fn show(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains('@') || text.contains(":/") {
        "the file named here".into()
    } else {
        text
    }
}
