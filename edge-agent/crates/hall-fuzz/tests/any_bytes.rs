//! Every parser holds its claims for its seeds, for what once broke it, and for some seconds of mutated bytes, the same in every run.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use hall_fuzz::{PARSERS, Parser};

/// Mutations of each parser; a slow machine may stop after [`ENOUGH`].
const MUTATIONS: usize = 20_000;
const ENOUGH: Duration = Duration::from_secs(3);
/// Words and numbers that parsers look out for.
const TOKENS: [&[u8]; 20] = [
    b"null",
    b"true",
    b"-9223372036854775808",
    b"18446744073709551615",
    b"1e400",
    b"\"\"",
    b"{}",
    b"[[[[[[[[",
    b"\\u0000",
    b"\xFF\xFE",
    b"\xF4\xF3\xF2\xF1",
    b"\xAA\xFF\x03\x00",
    b"9999-12-31T23:59:59Z",
    b"-009999-01-01T00:00:00+24:00",
    b"\r\n",
    b",",
    b"\xEF\xBB\xBF",
    b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
    b"%2F",
    b"/",
];

/// xorshift64*: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n.max(1)
    }

    fn mutated(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(16)).min(bytes.len());
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let token = TOKENS[self.below(TOKENS.len())];
                    bytes.splice(at..end, token.iter().copied());
                }
                4 => {
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
                5 => bytes.truncate(at),
                _ => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[from..]);
                }
            }
        }
        bytes
    }
}

fn hold(parser: &Parser, bytes: &[u8], what: &str) {
    if catch_unwind(AssertUnwindSafe(|| (parser.hold)(bytes))).is_err() {
        panic!(
            "{} does not hold for {what}: {}",
            parser.name,
            bytes.escape_ascii()
        );
    }
}

fn hold_all(parser: &Parser) {
    let seeds = (parser.seeds)();
    assert!(
        seeds.len() >= 3,
        "{} has something to begin with",
        parser.name
    );
    for seed in &seeds {
        hold(parser, seed, "a seed");
    }
    let broke = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/broke")
        .join(parser.name);
    for entry in fs::read_dir(broke).into_iter().flatten() {
        let path = entry.unwrap().path();
        hold(
            parser,
            &fs::read(&path).unwrap(),
            &path.display().to_string(),
        );
    }
    let (mut dice, began) = (Dice(0x9E37_79B9_7F4A_7C15), Instant::now());
    for n in 0..MUTATIONS {
        hold(parser, &dice.mutated(&seeds), "a mutation");
        if n % 100 == 0 && began.elapsed() > ENOUGH {
            break;
        }
    }
}

macro_rules! parsers {
    ($($name:ident),+) => {
        $(#[test]
        fn $name() {
            let parser = PARSERS.iter().find(|parser| parser.name == stringify!($name));
            hold_all(parser.unwrap());
        })+

        #[test]
        fn every_parser_is_held() {
            let names = [$(stringify!($name)),+];
            assert_eq!(PARSERS.map(|parser| parser.name), names);
        }
    };
}

parsers!(
    zigbee2mqtt,
    esphome,
    tasmota,
    onvif,
    mqtt_json,
    http_push,
    ld2410,
    ld2450,
    modbus_reply,
    tickets,
    ratings,
    command,
    central,
    observation,
    archive,
    export,
    hall_toml
);
