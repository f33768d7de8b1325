//! Writes the inputs that fuzzing begins with: `seeds DIR` makes `DIR/PARSER/seed-N` for every parser and prints the parsers' names.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

fn main() {
    let corpus = PathBuf::from(std::env::args().nth(1).expect("where to: seeds DIR"));
    for parser in hall_fuzz::PARSERS {
        let folder = corpus.join(parser.name);
        fs::create_dir_all(&folder).unwrap();
        for (n, seed) in (parser.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{n}")), seed).unwrap();
        }
        println!("{}", parser.name);
    }
}
