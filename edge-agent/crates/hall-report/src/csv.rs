//! The report as CSV (RFC 4180): one table after the other, each with its title, heads and rows, an empty line between.

use crate::sheet::{Cell, Section};
use crate::words::Lang;

/// UTF-8 with a byte order mark, CRLF at the end of lines.
pub(crate) fn write(sections: &[Section], lang: Lang) -> Vec<u8> {
    let mut out = String::from("\u{feff}");
    for (n, section) in sections.iter().enumerate() {
        if n > 0 {
            out.push_str("\r\n");
        }
        line(&mut out, [section.title.to_owned()]);
        line(&mut out, section.columns.iter().map(|c| (*c).to_owned()));
        for row in &section.rows {
            line(&mut out, row.iter().map(|cell| field(cell, lang)));
        }
    }
    out.into_bytes()
}

fn line(out: &mut String, fields: impl IntoIterator<Item = String>) {
    for (n, field) in fields.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        if field.contains(['"', ',', '\r', '\n']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&field);
        }
    }
    out.push_str("\r\n");
}

/// Numbers as numbers, durations as `h:mm:ss`. A text that a spreadsheet program would take for a formula is shown as text.
fn field(cell: &Cell, lang: Lang) -> String {
    match cell {
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Cell::Share(Some(value)) => format!("{:.2}%", value * 100.0),
        Cell::Seconds(Some(seconds)) => {
            let s = seconds.round() as i64;
            format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
        }
        _ => cell.show(lang),
    }
}
