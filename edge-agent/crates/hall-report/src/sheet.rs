//! Tables without a form: what CSV, spreadsheet and page have in common.

use crate::words::Lang;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// A text; may hold names from the configuration.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number with two decimals; `None`: nothing to say.
    Number(Option<f64>),
    /// A share from 0 to 1, shown as per cent.
    Share(Option<f64>),
    /// A difference of two shares, shown as percentage points.
    Change(Option<f64>),
    /// A length of time in seconds.
    Seconds(Option<f64>),
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    pub fn ms(ms: i64) -> Self {
        Cell::Seconds(Some(ms as f64 / 1000.0))
    }

    /// No number.
    pub fn is_text(&self) -> bool {
        matches!(self, Cell::Text(_))
    }

    /// For people.
    pub fn show(&self, lang: Lang) -> String {
        let none = || lang.of("无数据", "n/a").to_owned();
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Count(n) => n.to_string(),
            Cell::Number(value) => value.map_or_else(none, |v| format!("{v:.2}")),
            Cell::Share(value) => value.map_or_else(none, |v| format!("{:.2} %", v * 100.0)),
            Cell::Change(value) => value.map_or_else(none, |v| format!("{:+.2}", v * 100.0)),
            Cell::Seconds(value) => value.map_or_else(none, |s| duration(lang, s)),
        }
    }
}

/// `7 分 20 秒`, `7 min 20 s` (domain §6).
fn duration(lang: Lang, seconds: f64) -> String {
    let s = seconds.round() as i64;
    let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
    match (lang, h, m) {
        (Lang::Zh, 0, 0) => format!("{s} 秒"),
        (Lang::Zh, 0, _) => format!("{m} 分 {s} 秒"),
        (Lang::Zh, ..) => format!("{h} 小时 {m} 分"),
        (Lang::En, 0, 0) => format!("{s} s"),
        (Lang::En, 0, _) => format!("{m} min {s} s"),
        (Lang::En, ..) => format!("{h} h {m} min"),
    }
}

/// One table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    /// Title, at most 31 characters: it also names a sheet.
    pub title: &'static str,
    /// What to know when reading it.
    pub note: Option<&'static str>,
    /// Heads of the columns.
    pub columns: Vec<&'static str>,
    /// Rows as wide as `columns`.
    pub rows: Vec<Vec<Cell>>,
}
