//! One binary for all parsers, since linking one for each would take longer than the fuzzing: `HALL_PARSER` names the one to fuzz.
#![no_main]

use std::sync::LazyLock;

use hall_fuzz::{PARSERS, Parser};

static PARSER: LazyLock<Parser> = LazyLock::new(|| {
    let name = std::env::var("HALL_PARSER").unwrap_or_default();
    let names = PARSERS.map(|parser| parser.name).join(", ");
    let parser = PARSERS.into_iter().find(|parser| parser.name == name);
    parser.unwrap_or_else(|| panic!("HALL_PARSER is '{name}', none of {names}"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (PARSER.hold)(bytes));
