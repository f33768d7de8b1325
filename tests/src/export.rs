//! A box's event log as its own commands write and check it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::agent;
use crate::hall::Hall;

/// Exported events of a hall whose agent has ended.
#[derive(Debug, Clone)]
pub struct Export {
    /// File they were written to.
    pub file: PathBuf,
    /// Records by sequence number.
    pub records: BTreeMap<u64, Value>,
}

impl Export {
    /// `edge-agent export`, then `edge-agent verify` on the result.
    ///
    /// # Errors
    /// When a command fails (the chain is broken, for example) or a sequence number comes twice.
    pub fn verified(hall: &Hall) -> Result<Export> {
        let file = hall.folder().join("export.jsonl");
        let config = hall.write()?;
        let (config, name) = (config.display().to_string(), file.display().to_string());
        expect_ok(
            "export",
            &agent::run(&["export", "--config", &config, "--output", &name])?,
        )?;
        expect_ok("verify", &agent::run(&["verify", &name])?)?;
        let mut records = BTreeMap::new();
        for line in std::fs::read_to_string(&file)?.lines() {
            let record: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
            let seq = record["seq"]
                .as_u64()
                .with_context(|| format!("a record without seq: {line}"))?;
            if records.insert(seq, record).is_some() {
                bail!("seq {seq} was exported twice");
            }
        }
        Ok(Export { file, records })
    }

    /// First and last sequence number when all between them are there.
    ///
    /// # Errors
    /// Names the missing ones.
    pub fn span(&self) -> Result<(u64, u64)> {
        let (Some((&first, _)), Some((&last, _))) = (
            self.records.first_key_value(),
            self.records.last_key_value(),
        ) else {
            bail!("no event was exported");
        };
        let missing: Vec<_> = (first..=last)
            .filter(|seq| !self.records.contains_key(seq))
            .collect();
        if !missing.is_empty() {
            bail!("the log has gaps: {missing:?}");
        }
        Ok((first, last))
    }
}

fn expect_ok(what: &str, output: &std::process::Output) -> Result<()> {
    if !output.status.success() {
        bail!(
            "edge-agent {what}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
