//! Prints what two sets of rules raised, side by side. Compares nothing itself.

use std::io::{self, Write};

use hall_replay::{Comparison, Seen};
use serde::Serialize;

use crate::cli::ShadowFormat;

/// One line of JSON.
#[derive(Serialize)]
#[serde(tag = "kind")]
enum Line<'a> {
    #[serde(rename = "shadow_summary")]
    Summary {
        v: u32,
        rules: Side<'a>,
        shadow: Side<'a>,
    },
    #[serde(rename = "shadow_count")]
    Count {
        v: u32,
        #[serde(flatten)]
        count: &'a hall_replay::Count,
    },
    #[serde(rename = "shadow_difference")]
    Difference {
        v: u32,
        #[serde(flatten)]
        difference: &'a hall_replay::Difference,
    },
}

#[derive(Serialize)]
struct Side<'a> {
    name: &'a str,
    events: u32,
}

/// Prints the comparison.
///
/// # Errors
/// When it cannot be written.
pub fn print(found: &Comparison, format: ShadowFormat, out: &mut impl Write) -> io::Result<()> {
    match format {
        ShadowFormat::Json => json(found, out),
        ShadowFormat::Table => table(found, out),
    }
}

fn json(found: &Comparison, out: &mut impl Write) -> io::Result<()> {
    let side = |name, events| Side { name, events };
    let summary = Line::Summary {
        v: 1,
        rules: side(&found.names.0, found.events.0),
        shadow: side(&found.names.1, found.events.1),
    };
    let counts = found.counts.iter().map(|count| Line::Count { v: 1, count });
    let differences = found
        .differences
        .iter()
        .map(|difference| Line::Difference { v: 1, difference });
    for line in std::iter::once(summary).chain(counts).chain(differences) {
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    Ok(())
}

fn table(found: &Comparison, out: &mut impl Write) -> io::Result<()> {
    let (own, shadow) = (&found.names.0, &found.names.1);
    writeln!(
        out,
        "{shadow}: {} events instead of {} by {own}",
        found.events.1, found.events.0
    )?;
    if !found.counts.is_empty() {
        writeln!(
            out,
            "\n{:<24} {:<8} {:<16} {own:>10} {shadow:>10}",
            "code", "level", "subject"
        )?;
    }
    for c in &found.counts {
        let mark = if c.rules == c.shadow { "" } else { "  *" };
        writeln!(
            out,
            "{:<24} {:<8} {:<16} {:>10} {:>10}{mark}",
            c.code, c.level, c.subject, c.rules, c.shadow
        )?;
    }
    if !found.differences.is_empty() {
        writeln!(out, "\ndifferences (onset, end, level, length)")?;
    }
    for d in &found.differences {
        writeln!(out, "{} {}", d.code, d.subject)?;
        writeln!(out, "  {own:<10} {}", said(d.rules.as_ref()))?;
        writeln!(out, "  {shadow:<10} {}", said(d.shadow.as_ref()))?;
    }
    Ok(())
}

/// `2026-09-21 10:00:00 to 10:07:20, notice, 440 s`.
fn said(seen: Option<&Seen>) -> String {
    let Some(seen) = seen else {
        return "not raised".into();
    };
    let clock = |text: &str| text.get(11..19).unwrap_or(text).to_owned();
    let onset = seen
        .onset
        .get(..19)
        .unwrap_or(&seen.onset)
        .replace('T', " ");
    match &seen.end {
        Some(end) => format!(
            "{onset} to {}, {}, {:.0} s",
            clock(end),
            seen.level,
            seen.duration_s
        ),
        None => format!("{onset}, {}, still open", seen.level),
    }
}
