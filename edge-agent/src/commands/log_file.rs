//! `export` and `verify`: event log, access log and evidence as files that others can check.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::Context;
use edge_uplink::store::EventStore;
use edge_uplink::verify::{self, VerifyError};
use edge_uplink::verify_pack::{is_pack, verify_pack};
use hall_wire::seal::sha256_hex;

use super::{Exit, complain, load_config};
use crate::cli::{ExportArgs, VerifyArgs};
use crate::store_port;

/// The first line of an evidence pack is shorter.
const FIRST_LINE_MAX: usize = 64 * 1024;

/// Writes stored events as JSON lines, exactly as sealed.
///
/// # Errors
/// When the store is in use by a running agent or cannot be read, or the output not written.
pub fn export(args: &ExportArgs) -> anyhow::Result<Exit> {
    let config = match load_config(&args.config.config) {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let store = store_port::open_for_reading(&config)?;
    let to_seq = store.last_seq();
    let mut out: Box<dyn Write> = match &args.output {
        Some(path) => Box::new(BufWriter::new(
            File::create(path).with_context(|| format!("cannot write {}", path.display()))?,
        )),
        None => Box::new(BufWriter::new(std::io::stdout().lock())),
    };
    let done = edge_uplink::export::export(&store, args.from_seq, to_seq, &mut out)?;
    out.flush()?;
    complain(&format!(
        "{} records and {} gaps exported, seq {} to {}; head of the chain {}",
        done.records,
        done.gaps,
        done.first_seq,
        done.last_seq,
        store.stats().last_hash,
    ));
    Ok(Exit::Ok)
}

/// Verifies the hash chain of an export of the event log or the access log, or an evidence pack.
///
/// # Errors
/// When the file cannot be read.
pub fn verify(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let input: Box<dyn Read> = if args.file.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(
            File::open(&args.file)
                .with_context(|| format!("cannot read {}", args.file.display()))?,
        )
    };
    let mut input = BufReader::with_capacity(FIRST_LINE_MAX, input);
    let first = input.fill_buf()?;
    if is_pack(
        first
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default(),
    ) {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        return evidence(&args.file, &bytes);
    }
    let verified = match verify::verify(input) {
        Ok(verified) => verified,
        Err(VerifyError::Broken(broken)) => {
            complain(&format!("{}: {broken}", args.file.display()));
            return Ok(Exit::Failed);
        }
        Err(other) => return Err(other.into()),
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "ok: {} records, seq {} to {}, head {}{}",
        verified.records,
        verified.first_seq,
        verified.last_seq,
        verified.last_hash,
        if verified.from_genesis {
            ""
        } else {
            " (the beginning of the chain is not part of this file)"
        },
    )?;
    for gap in &verified.gaps {
        writeln!(out, "gap: seq {} to {}: {:?}", gap.from, gap.to, gap.reason)?;
    }
    Ok(Exit::Ok)
}

/// Verifies an evidence pack.
fn evidence(file: &Path, bytes: &[u8]) -> anyhow::Result<Exit> {
    match verify_pack(bytes) {
        Ok(pack) => {
            let (first, last) = pack.seqs;
            writeln!(
                std::io::stdout().lock(),
                "ok: evidence of event {}: {} revisions (seq {first} to {last}), {} observations, judged by {}, sha256 {}",
                pack.event,
                pack.revisions,
                pack.trace,
                pack.rule,
                sha256_hex(bytes),
            )?;
            Ok(Exit::Ok)
        }
        Err(broken) => {
            complain(&format!("{}: {broken}", file.display()));
            Ok(Exit::Failed)
        }
    }
}
