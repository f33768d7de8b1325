//! The month's report as tables in words, for whoever shows it.

use hall_report::Table;
use serde::Serialize;
use utoipa::ToSchema;

/// The tables of a month's report in one language.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportTablesDto {
    /// Format version: 1.
    pub v: u32,
    /// `2026-09`.
    pub month: String,
    /// `zh` or `en`.
    pub lang: String,
    /// Days the report goes without because their figures cannot be read.
    pub left_out: usize,
    /// Tables in the order of the printed report.
    pub tables: Vec<ReportTableDto>,
}

/// One table.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportTableDto {
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

impl From<Table> for ReportTableDto {
    fn from(table: Table) -> Self {
        ReportTableDto {
            title: table.title,
            note: table.note,
            columns: table.columns,
            numbers: table.numbers,
            rows: table.rows,
        }
    }
}
