//! A TOML text as a value tree with the line of every path. Knows TOML, nothing about halls.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mistake::{Finding, Mistake};

/// A parsed TOML file.
pub(crate) struct Document {
    /// The root table.
    pub root: toml::Value,
    lines: BTreeMap<String, usize>,
}

impl Document {
    /// Parses `text`. Of syntax errors the first is reported, with line and column: those after it mostly follow from it.
    /// The text itself is never quoted in a message, since a badly quoted password would be quoted with it.
    pub fn parse(text: &str, file: &Path) -> Result<Document, Mistake> {
        let syntax = |error: toml::de::Error| syntax_mistake(&error, text, file);
        let table: toml::Table = toml::from_str(text).map_err(syntax)?;
        let spanned = DeTable::parse(text).map_err(syntax)?;
        let mut lines = BTreeMap::new();
        collect_table(spanned.get_ref(), "", &LineStarts::of(text), &mut lines);
        Ok(Document {
            root: toml::Value::Table(table),
            lines,
        })
    }

    /// The line of `path`, or of the nearest part of the document that holds it.
    pub fn line(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(line) = self.lines.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

/// `path.key`, or `key` at the root.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_string()
    } else {
        format!("{path}.{key}")
    }
}

fn syntax_mistake(error: &toml::de::Error, text: &str, file: &Path) -> Mistake {
    let starts = LineStarts::of(text);
    let place = error.span().map(|span| starts.place(text, span.start));
    let message = match place {
        Some((_, column)) => format!(
            "not valid TOML at column {column}: {}",
            error.message().replace('\n', ", ")
        ),
        None => format!("not valid TOML: {}", error.message().replace('\n', ", ")),
    };
    Finding::new(
        "",
        message,
        "mend the syntax first; the keys are checked after that",
    )
    .at(file, place.map(|(line, _)| line))
}

fn collect_table(
    table: &DeTable<'_>,
    path: &str,
    starts: &LineStarts,
    lines: &mut BTreeMap<String, usize>,
) {
    for (key, value) in table {
        let path = join(path, key.get_ref());
        lines.insert(path.clone(), starts.line(key.span().start));
        collect_value(value, &path, starts, lines);
    }
}

fn collect_value(
    value: &Spanned<DeValue<'_>>,
    path: &str,
    starts: &LineStarts,
    lines: &mut BTreeMap<String, usize>,
) {
    match value.get_ref() {
        DeValue::Table(table) => collect_table(table, path, starts, lines),
        DeValue::Array(array) => {
            for (n, item) in array.iter().enumerate() {
                let path = format!("{path}[{n}]");
                lines.insert(path.clone(), starts.line(item.span().start));
                collect_value(item, &path, starts, lines);
            }
        }
        _ => {}
    }
}

/// Byte offsets at which lines begin.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(text: &str) -> Self {
        let ends = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        LineStarts(std::iter::once(0).chain(ends).collect())
    }

    /// Line of a byte offset, from 1.
    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }

    /// Line and column (in characters) of a byte offset, from 1.
    fn place(&self, text: &str, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.0[line - 1];
        let column = text
            .get(start..offset)
            .map_or(1, |before| before.chars().count() + 1);
        (line, column)
    }
}
