//! Small bar charts as inline SVG. Every bar has its value in words beside it, so that nothing is told by length or colour alone.

use std::fmt::Write;

use crate::html::escape;

/// One bar: label, value from 0 to the greatest, and the value in words.
pub(crate) struct Bar {
    pub label: String,
    pub value: f64,
    pub shown: String,
}

/// Upright bars side by side, for hours of the day.
pub(crate) fn columns(title: &str, bars: &[Bar]) -> String {
    let top = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let width = 28 * bars.len().max(1);
    let mut svg = format!(
        r#"<svg role="img" viewBox="0 0 {width} 120" width="{width}" height="120"><title>{}</title>"#,
        escape(title)
    );
    for (n, bar) in bars.iter().enumerate() {
        let height = if top > 0.0 {
            bar.value / top * 80.0
        } else {
            0.0
        };
        let (x, y) = (n * 28, 100.0 - height);
        let _ = write!(
            svg,
            r#"<rect x="{}" y="{y:.1}" width="20" height="{height:.1}"/><text x="{}" y="{:.1}">{}</text><text x="{}" y="115">{}</text>"#,
            x + 4,
            x + 14,
            y - 3.0,
            escape(&bar.shown),
            x + 14,
            escape(&bar.label)
        );
    }
    svg + "</svg>"
}

/// Lying bars one under the other, for windows.
pub(crate) fn rows(title: &str, bars: &[Bar]) -> String {
    let height = 18 * bars.len().max(1);
    let mut svg = format!(
        r#"<svg class="rows" role="img" viewBox="0 0 640 {height}" width="640" height="{height}"><title>{}</title>"#,
        escape(title)
    );
    for (n, bar) in bars.iter().enumerate() {
        let (y, length) = (n * 18, bar.value.clamp(0.0, 1.0) * 360.0);
        let _ = write!(
            svg,
            r#"<text x="196" y="{}" class="end">{}</text><rect x="200" y="{}" width="{length:.1}" height="12"/><text x="{:.1}" y="{}" class="start">{}</text>"#,
            y + 12,
            escape(&bar.label),
            y + 2,
            length + 206.0,
            y + 12,
            escape(&bar.shown)
        );
    }
    svg + "</svg>"
}

/// One field of a heat map: what it says in words, and how much it stands out, 0 to 1; `None`: nothing to say.
pub(crate) type Field = Option<(String, f64)>;

/// A grid of fields with a head for every column and row. The darkest field still lets its words be read.
pub(crate) fn heat(title: &str, columns: &[String], rows: &[(String, Vec<Field>)]) -> String {
    const DARKEST: f64 = 0.55;
    const LEFT: usize = 44;
    const WIDE: usize = 40;
    const HIGH: usize = 15;
    let (width, height) = (LEFT + WIDE * columns.len(), HIGH * (rows.len() + 1));
    let mut svg = format!(
        r#"<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}"><title>{}</title>"#,
        escape(title)
    );
    for (n, column) in columns.iter().enumerate() {
        let x = LEFT + n * WIDE + WIDE / 2;
        let _ = write!(svg, r#"<text x="{x}" y="11">{}</text>"#, escape(column));
    }
    for (n, (label, fields)) in rows.iter().enumerate() {
        let y = HIGH * (n + 1);
        let _ = write!(
            svg,
            r#"<text x="{}" y="{}" class="end">{}</text>"#,
            LEFT - 4,
            y + 11,
            escape(label)
        );
        for (m, field) in fields.iter().enumerate() {
            let Some((words, share)) = field else {
                continue;
            };
            let x = LEFT + m * WIDE;
            let _ = write!(
                svg,
                r#"<rect x="{x}" y="{y}" width="{}" height="{}" fill-opacity="{:.2}"/><text x="{}" y="{}">{}</text>"#,
                WIDE - 1,
                HIGH - 1,
                share.clamp(0.0, 1.0) * DARKEST,
                x + WIDE / 2,
                y + 11,
                escape(words)
            );
        }
    }
    svg + "</svg>"
}
