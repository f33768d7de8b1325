//! Evaluation terminals.

use hall_core::ids::WindowId;
use hall_core::rating::RatingOption;

use crate::rating::{RatingAdapter, RatingSource};
use crate::raw::{RawConfig, RawRatingAdapter, RawRatings};
use crate::sensor::{Parity, SerialSource};

use crate::validate::sensor::{concrete, required};
use crate::validate::ticket::{once, windows};
use crate::validate::{Check, gateway, secret};

/// Bits per second of most terminals.
const BAUD: u32 = 9_600;

/// Evaluation terminals with how to hear them.
pub(super) fn ratings(raw: &RawConfig, check: &mut Check<'_>) -> Vec<RatingSource> {
    check.ids("ratings", raw.ratings.iter().map(|r| r.id.as_str()));
    let mut sources = Vec::with_capacity(raw.ratings.len());
    for (n, terminal) in raw.ratings.iter().enumerate() {
        let path = format!("ratings[{n}]");
        keys(&path, terminal, check);
        if let Some(window) = &terminal.window {
            let known = raw.windows.iter().map(|window| window.id.as_str());
            check.reference(&format!("{path}.window"), window, "windows", known);
        }
        let words = words(&path, terminal, check);
        let windows = windows(&path, &terminal.windows, raw, check);
        let Some(adapter) = adapter(&path, terminal, check) else {
            continue;
        };
        let key = |name: Option<&String>, default: &str| name.cloned().unwrap_or(default.into());
        let names = terminal.names.as_ref();
        sources.push(RatingSource {
            id: terminal.id.clone(),
            adapter,
            window: terminal.window.as_deref().map(WindowId::from),
            window_key: key(names.and_then(|n| n.window.as_ref()), "window"),
            rating_key: key(names.and_then(|n| n.rating.as_ref()), "rating"),
            words,
            windows,
        });
    }
    sources
}

fn keys(path: &str, terminal: &RawRatings, check: &mut Check<'_>) {
    use RawRatingAdapter::{Http, Mqtt, Serial};
    for (key, there, owner, name) in [
        ("token_file", terminal.token_file.is_some(), Http, "http"),
        ("token_env", terminal.token_env.is_some(), Http, "http"),
        ("topic", terminal.topic.is_some(), Mqtt, "mqtt"),
        ("device", terminal.device.is_some(), Serial, "serial"),
        ("baud", terminal.baud.is_some(), Serial, "serial"),
        ("pattern", terminal.pattern.is_some(), Serial, "serial"),
    ] {
        if there && terminal.adapter != owner {
            check.mistake(
                format!("{path}.{key}"),
                format!("{key} belongs to type {name}"),
                "take it out, or correct the type",
            );
        }
    }
}

fn adapter(path: &str, terminal: &RawRatings, check: &mut Check<'_>) -> Option<RatingAdapter> {
    match terminal.adapter {
        RawRatingAdapter::Http => secret::token(
            path,
            terminal.token_file.as_deref(),
            terminal.token_env.as_deref(),
            check,
        )
        .map(|token| RatingAdapter::Http { token }),
        RawRatingAdapter::Mqtt => {
            let hint = "the topic on which the terminals publish ratings";
            let topic = required(path, "topic", &terminal.topic, hint, check)?;
            concrete(&format!("{path}.topic"), &topic, hint, check);
            Some(RatingAdapter::Mqtt { topic })
        }
        RawRatingAdapter::Serial => {
            let hint = "for example \"/dev/serial/by-id/...\"";
            let device = required(path, "device", &terminal.device, hint, check)?;
            gateway::device(&format!("{path}.device"), &device, check);
            let hint = "for example '^(?<window>\\d+),(?<rating>\\d)$'";
            let pattern = required(path, "pattern", &terminal.pattern, hint, check)?;
            let at = format!("{path}.pattern");
            match regex::Regex::new(&pattern) {
                Err(error) => {
                    // The last line of the library's message says what is wrong, the others draw it.
                    let text = error.to_string();
                    let reason = text.lines().last().unwrap_or_default().trim().to_owned();
                    check.mistake(at, format!("not a regular expression: {reason}"), hint);
                }
                Ok(pattern) => {
                    let group = |name: &str| pattern.capture_names().flatten().any(|n| n == name);
                    if !group("rating") || (terminal.window.is_none() && !group("window")) {
                        check.mistake(
                            at,
                            "a group is missing: rating, and window unless the terminal has one",
                            hint,
                        );
                    }
                }
            }
            Some(RatingAdapter::Serial {
                line: SerialSource {
                    device,
                    baud: terminal.baud.unwrap_or(BAUD),
                    parity: Parity::None,
                },
                pattern,
            })
        }
    }
}

fn words(path: &str, terminal: &RawRatings, check: &mut Check<'_>) -> Vec<(String, RatingOption)> {
    let Some(raw) = &terminal.words else {
        return Vec::new();
    };
    let mut words = Vec::new();
    for (list, option) in [
        (&raw.very_satisfied, RatingOption::VerySatisfied),
        (&raw.satisfied, RatingOption::Satisfied),
        (&raw.attitude, RatingOption::Attitude),
        (&raw.slow, RatingOption::Slow),
        (&raw.unskilled, RatingOption::Unskilled),
        (&raw.other, RatingOption::Other),
    ] {
        for word in list {
            once(&format!("{path}.words"), &mut words, word, option, check);
        }
    }
    words
}
