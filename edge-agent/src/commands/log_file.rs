//! `export` and `verify`: the event log as a file that others can check.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};

use anyhow::Context;
use edge_uplink::store::EventStore;
use edge_uplink::verify::{self, VerifyError};

use super::{Exit, complain, load_config};
use crate::cli::{ExportArgs, VerifyArgs};
use crate::store_port;

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

/// Verifies the hash chain of an export.
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
    let verified = match verify::verify(BufReader::new(input)) {
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
