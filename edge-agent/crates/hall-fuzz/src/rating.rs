//! Words of evaluation terminals: JSON and lines of text. The first byte chooses which.

use std::sync::LazyLock;

use edge_sensors::rating::{LineSplitter, RatingReader};
use hall_core::rating::RatingOption;
use regex::Regex;

use crate::fixture::{table, tables, text};

/// A longer line is none.
const LINE_MAX_BYTES: usize = 256;

static READER: LazyLock<RatingReader> = LazyLock::new(|| RatingReader {
    window: None,
    window_key: "win".into(),
    rating_key: "score".into(),
    words: vec![
        ("1".into(), RatingOption::VerySatisfied),
        ("6".into(), RatingOption::Other),
    ],
    windows: vec![("03".into(), "W3".into())],
});
static PATTERN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?<window>\d+)[,:](?<rating>\S+)$").unwrap());

pub(crate) fn ratings(bytes: &[u8]) {
    let Some((choice, payload)) = bytes.split_first() else {
        return;
    };
    if choice & 1 == 0 {
        for (window, _) in READER.json(payload).into_iter().flatten() {
            assert_eq!(window.as_str(), "W3");
        }
        return;
    }
    let lines = LineSplitter::default().push(payload);
    for line in &lines {
        assert!((1..=LINE_MAX_BYTES).contains(&line.len()));
        assert!(!line.contains(&b'\r') && !line.contains(&b'\n'));
        if let Ok((window, _)) = READER.line(&PATTERN, line) {
            assert_eq!(window.as_str(), "W3");
        }
    }
    let mut splitter = LineSplitter::default();
    let cut: Vec<_> = payload
        .chunks(3)
        .flat_map(|chunk| splitter.push(chunk))
        .collect();
    assert_eq!(cut, lines, "however it is cut");
    // Whatever came before, a line after a line end is found.
    splitter.push(b"\n");
    assert_eq!(splitter.push(b"03,1\r\n"), [b"03,1"]);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for terminal in tables(&table("ratings.toml"), "terminal") {
        for says in tables(&terminal, "says") {
            if let Some(json) = text(&says, "json") {
                seeds.push([&[0], json.as_bytes()].concat());
            }
            if let Some(line) = text(&says, "line") {
                seeds.push([&[1], line.as_bytes()].concat());
                seeds.push([&[1], &encoding_rs::GBK.encode(line).0[..]].concat());
            }
        }
    }
    seeds
}
