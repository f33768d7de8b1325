//! Renders the month's report: as JSON, CSV, spreadsheet, and a page to print, in Chinese and English. Works no figure out: what is not
//! in [`hall_metrics::MonthReport`] is not in the report.
#![forbid(unsafe_code)]

mod csv;
mod html;
mod record;
mod sections;
mod sheet;
mod svg;
mod words;
mod xlsx;

use hall_metrics::MonthReport;

pub use record::MonthReportRecord;
pub use words::{Lang, Name, Names};

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON object, v1.
    Json,
    /// Comma separated values (RFC 4180) with a byte order mark, so that spreadsheet programs show Chinese.
    Csv,
    /// Office Open XML workbook.
    Xlsx,
    /// A page of its own, ready to print on A4.
    Html,
}

impl Format {
    /// The stable name: also the file name's extension.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Html => "html",
        }
    }

    /// The format of a stable name; `None`: not known.
    #[must_use]
    pub fn parse(name: &str) -> Option<Format> {
        [Format::Json, Format::Csv, Format::Xlsx, Format::Html]
            .into_iter()
            .find(|format| format.name() == name)
    }

    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Html => "text/html; charset=utf-8",
        }
    }
}

/// One table of the report as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Title.
    pub title: String,
    /// What to know when reading it.
    pub note: Option<String>,
    /// Heads of the columns.
    pub columns: Vec<String>,
    /// Columns that hold numbers.
    pub numbers: Vec<bool>,
    /// Rows as wide as `columns`.
    pub rows: Vec<Vec<String>>,
}

/// The report's tables in their order, in words and figures of a language: what [`Format::Html`] prints, for whoever lays it out.
#[must_use]
pub fn tables(report: &MonthReport, names: &Names, lang: Lang) -> Vec<Table> {
    let table = |section: sheet::Section| Table {
        title: section.title.into(),
        note: section.note.map(Into::into),
        numbers: (0..section.columns.len())
            .map(|n| (section.rows.iter()).any(|row| row.get(n).is_some_and(|c| !c.is_text())))
            .collect(),
        columns: section.columns.iter().map(|c| (*c).to_owned()).collect(),
        rows: (section.rows.iter())
            .map(|row| row.iter().map(|cell| cell.show(lang)).collect())
            .collect(),
    };
    let sections = sections::sections(report, names, lang);
    sections.into_iter().map(table).collect()
}

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The workbook was refused.
    #[error("the spreadsheet cannot be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The JSON was refused.
    #[error("the JSON cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// The report in a format and language; JSON has no language.
///
/// # Errors
/// When the form cannot hold it.
pub fn render(
    report: &MonthReport,
    names: &Names,
    lang: Lang,
    format: Format,
) -> Result<Vec<u8>, RenderError> {
    match format {
        Format::Json => {
            let mut text = serde_json::to_vec_pretty(&MonthReportRecord::new(report, names))?;
            text.push(b'\n');
            Ok(text)
        }
        Format::Csv => Ok(csv::write(
            &sections::spreadsheet(report, names, lang),
            lang,
        )),
        Format::Xlsx => xlsx::write(report, &sections::spreadsheet(report, names, lang), lang),
        Format::Html => Ok(html::write(report, names, lang).into_bytes()),
    }
}
