//! `detect`: people in pictures, folders and clips, as JSON lines.

use std::io::{BufWriter, IsTerminal};

use edge_vision::offline::{self, OfflineOptions, Progress};
use edge_vision::{DetectorOptions, Manifest, ModelSpec};

use super::{Exit, complain};
use crate::cli::DetectArgs;

/// On a terminal, progress is told every so many pictures.
const PROGRESS_EVERY: u64 = 100;

/// Prints one JSON line per picture; pictures that cannot be read are named on standard error.
///
/// # Errors
/// When the model or the runtime cannot be used, or standard output not written.
pub fn detect(args: &DetectArgs) -> anyhow::Result<Exit> {
    // A file needs no manifest; when there is one, what it knows of the file counts.
    let manifest = if args.model.is_none() || args.manifest.exists() {
        Some(Manifest::read(&args.manifest)?)
    } else {
        None
    };
    let model = match (&args.model, &manifest) {
        (Some(what), manifest) => ModelSpec::resolve(what, manifest.as_ref())?,
        (None, Some(manifest)) => manifest.default_model()?.clone(),
        (None, None) => anyhow::bail!("name a model with --model or a manifest with --manifest"),
    };
    let options = OfflineOptions {
        model,
        detector: DetectorOptions {
            intra_threads: args.threads.get(),
            score_threshold: args.threshold,
            ..DetectorOptions::default()
        },
        paths: args.paths.clone(),
        every: args.every,
    };
    let talkative = std::io::stderr().is_terminal();
    let mut pictures = 0;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let report = offline::run(&options, &mut out, |progress| match progress {
        Progress::Unreadable(error) => complain(&error.to_string()),
        Progress::Picture { label, .. } => {
            pictures += 1;
            if talkative && pictures % PROGRESS_EVERY == 0 {
                complain(&format!("{pictures} pictures, now {label}"));
            }
        }
    })?;
    complain(&format!(
        "{} pictures, {} detections, {} unreadable",
        report.pictures, report.detections, report.unreadable
    ));
    Ok(if report.unreadable == 0 {
        Exit::Ok
    } else {
        Exit::Failed
    })
}
