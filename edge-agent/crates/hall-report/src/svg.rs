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
