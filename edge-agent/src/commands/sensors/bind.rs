//! Writes a new sensor into hall.toml: comments and order stay, the result is checked first, and the file is whole at any moment.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

use anyhow::{Context, bail};
use toml_edit::{ArrayOfTables, DocumentMut, Item};

use super::entry::Entry;

/// Lines around a change that are shown with it.
const CONTEXT_LINES: usize = 2;

/// Adds the entry and returns what changed, as lines with `+` and `-`.
///
/// # Errors
/// When the file cannot be read or written, or would not be right with the entry; then it stays as it is.
pub(super) fn bind(path: &Path, entry: &Entry) -> anyhow::Result<String> {
    // The file itself, so that a link stays one.
    let path = &fs::canonicalize(path).with_context(|| path.display().to_string())?;
    let before = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let after = with_entry(&before, entry)?;
    let meta = fs::metadata(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Beside the file: relative paths in it are relative to its folder, and a rename stays on one disk.
    let part = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = write(&part, &after, &meta)
        .with_context(|| format!("{} cannot be written", part.display()))
        .and_then(|()| check(&part, &name))
        .and_then(|()| {
            let now = fs::read_to_string(path)?;
            if now != before {
                bail!(
                    "{} was changed meanwhile; nothing was written, try again",
                    path.display()
                );
            }
            fs::rename(&part, path)
                .with_context(|| format!("{} cannot be replaced", path.display()))
        });
    if written.is_err() {
        // Fails only when it was never made.
        let _ = fs::remove_file(&part);
    }
    written.map(|()| difference(&before, &after))
}

/// The text with the entry after the last sensor.
fn with_entry(text: &str, entry: &Entry) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse()?;
    let empty = |item: &Item| item.as_array().is_some_and(toml_edit::Array::is_empty);
    if document.get("sensors").is_none_or(empty) {
        document.remove("sensors");
        document["sensors"] = Item::ArrayOfTables(ArrayOfTables::new());
    }
    let Some(sensors) = document["sensors"].as_array_of_tables_mut() else {
        bail!(
            "sensors is written as one list; write each as [[sensors]], or add this one yourself:\n\n{}",
            entry.text()
        );
    };
    let mut table = entry.table();
    table.decor_mut().set_prefix("\n");
    sensors.push(table);
    Ok(document.to_string())
}

fn write(part: &Path, text: &str, like: &fs::Metadata) -> std::io::Result<()> {
    let mode = like.permissions().mode() & 0o7777;
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
        chown(part, Some(like.uid()), Some(like.gid()))?;
    }
    Ok(())
}

fn check(part: &Path, name: &str) -> anyhow::Result<()> {
    let Err(errors) = edge_config::load(part) else {
        return Ok(());
    };
    let own = part.file_name().unwrap_or_default().to_string_lossy();
    let mistakes = errors.to_string().replace(&*own, name);
    bail!("with this sensor the file would be wrong, so it was not written:\n{mistakes}")
}

/// What differs, with some lines around it.
fn difference(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let alike = |a: &mut dyn Iterator<Item = (&&str, &&str)>| a.take_while(|(x, y)| x == y).count();
    let begin = alike(&mut old.iter().zip(&new));
    let most = old.len().min(new.len()) - begin;
    let end = alike(&mut old.iter().rev().zip(new.iter().rev())).min(most);
    let mut text = String::new();
    let mut put = |mark: char, lines: &[&str]| {
        for line in lines {
            text.push_str(format!("{mark} {line}").trim_end());
            text.push('\n');
        }
    };
    put(' ', &old[begin.saturating_sub(CONTEXT_LINES)..begin]);
    put('-', &old[begin..old.len() - end]);
    put('+', &new[begin..new.len() - end]);
    put(
        ' ',
        &old[old.len() - end..(old.len() - end + CONTEXT_LINES).min(old.len())],
    );
    text
}

#[cfg(test)]
mod tests {
    use edge_sensors::find::Place;

    use super::*;

    fn entry() -> Entry {
        Entry {
            id: "W1-seat".into(),
            window: "W1".into(),
            kind: "seat",
            place: Place::Json {
                topic: "mats/5".into(),
                pointer: Some("/occupied".into()),
            },
            invert: true,
            words: Some(("belegt".into(), "frei".into())),
        }
    }

    const ADDED: &str = "\n[[sensors]]\nid = \"W1-seat\"\nwindow = \"W1\"\nkind = \"seat\"\ntype = \"mqtt\"\ntopic = \"mats/5\"\npointer = \"/occupied\"\ninvert = true\non = [\"belegt\"]\noff = [\"frei\"]\n";

    #[test]
    fn the_entry_follows_the_last_sensor_and_all_else_stays() {
        let first = "# the hall\n[hall]\nid = 'x'   # kept\n\n# radar\n[[sensors]]\nid = \"a\"\n";
        let last = "\n# duty\n[duty]\nmon = [ \"09:00-12:00\" ]\n# end\n";
        let after = with_entry(&format!("{first}{last}"), &entry()).unwrap();
        assert_eq!(after, format!("{first}{ADDED}{last}"));
        let shown = difference(&format!("{first}{last}"), &after);
        assert!(shown.contains("+ [[sensors]]"), "{shown}");
        assert!(!shown.contains("\n- "), "{shown}");
    }

    #[test]
    fn a_file_without_sensors_gets_its_first_and_a_list_in_one_line_is_left_alone() {
        for text in ["[hall]\nid = 'x'\n", "sensors = []\n[hall]\nid = 'x'\n"] {
            let after = with_entry(text, &entry()).unwrap();
            assert_eq!(after, format!("[hall]\nid = 'x'\n{ADDED}"), "{text}");
        }
        let refused = with_entry("sensors = [{ id = 'a' }]\n", &entry());
        assert!(refused.unwrap_err().to_string().contains("[[sensors]]"));
    }

    #[test]
    fn a_file_that_would_be_wrong_stays_as_it_is_and_a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("hall.toml"), folder.path().join("link"));
        let hall = "[hall]\nid = \"h\"\nname = { zh = \"厅\", en = \"Hall\" }\narea = [\"51\", \"5100\", \"510000\"]\n[box]\nid = \"b1\"\n[duty]\nmon = [\"09:00-17:00\"]\n[sensor_broker]\nurl = \"mqtt://127.0.0.1:1883\"\n[[windows]]\nid = \"W1\"\nname = { zh = \"窗\", en = \"Window\" }\n";
        fs::write(&file, hall).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("hall.toml", &link).unwrap();

        let wrong = Entry {
            window: "W9".into(),
            ..entry()
        };
        let refused = format!("{:#}", bind(&link, &wrong).unwrap_err());
        assert!(
            refused.contains("hall.toml:17: sensors[0].window: \"W9\" is not in windows"),
            "{refused}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), hall);

        let shown = bind(&link, &entry()).unwrap();
        assert!(shown.contains("+ id = \"W1-seat\""), "{shown}");
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("{hall}{ADDED}"));
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            2,
            "nothing is left over"
        );
    }
}
