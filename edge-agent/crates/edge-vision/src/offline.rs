//! Detections in files instead of cameras: pictures, folders, clips in; one JSON line per picture out. Knows no hall.

use std::io::Write;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::clip::{CLIP_ENDINGS, Clip};
use crate::detector::{Detector, DetectorOptions};
use crate::error::VisionError;
use crate::manifest::ModelSpec;
use crate::picture::Picture;
use crate::still::{self, STILL_ENDINGS};

/// What to look at, and with which model.
#[derive(Debug, Clone)]
pub struct OfflineOptions {
    /// The model.
    pub model: ModelSpec,
    /// The session; its `score_threshold` is the threshold of the output.
    pub detector: DetectorOptions,
    /// Pictures, clips and folders of both.
    pub paths: Vec<PathBuf>,
    /// Of a clip, every how many frames one is looked at.
    pub every: NonZeroU32,
}

/// How far the work has come.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A picture was looked at.
    Picture {
        /// File name, with `#` and the frame's number for a clip.
        label: &'a str,
        /// People found.
        found: usize,
    },
    /// A file could not be read; the others go on.
    Unreadable(&'a VisionError),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OfflineReport {
    /// Pictures looked at.
    pub pictures: u64,
    /// People found in them.
    pub detections: u64,
    /// Files that could not be read: the exit code tells of them.
    pub unreadable: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    image: &'a str,
    width: u32,
    height: u32,
    detections: Vec<LineDetection>,
}

#[derive(Serialize)]
struct LineDetection {
    #[serde(rename = "box")]
    corners: [f64; 4],
    score: f64,
}

/// Looks at every picture and writes its line, in pixels of the original picture.
///
/// # Errors
/// When the model cannot be loaded, a detection fails or the output cannot be written; files that cannot be read are
/// reported through `progress` and counted.
pub fn run(
    options: &OfflineOptions,
    out: &mut impl Write,
    mut progress: impl FnMut(Progress<'_>),
) -> Result<OfflineReport, VisionError> {
    let mut detector = Detector::load(&options.model, &options.detector)?;
    let mut report = OfflineReport::default();
    for item in pictures(&options.paths, options.every) {
        let (label, picture) = match item {
            Ok(item) => item,
            Err(error) => {
                report.unreadable += 1;
                progress(Progress::Unreadable(&error));
                continue;
            }
        };
        let found = detector.detect(&picture)?;
        let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
        let rounded = |v: f64, unit: f64| (v * unit).round() / unit;
        let detections: Vec<LineDetection> = found
            .iter()
            .map(|d| {
                let b = d.bbox;
                let corners = [(b.x1, width), (b.y1, height), (b.x2, width), (b.y2, height)];
                LineDetection {
                    corners: corners.map(|(share, side)| rounded(f64::from(share) * side, 100.0)),
                    score: rounded(f64::from(d.score), 10_000.0),
                }
            })
            .collect();
        report.pictures += 1;
        report.detections += detections.len() as u64;
        progress(Progress::Picture {
            label: &label,
            found: detections.len(),
        });
        let line = Line {
            image: &label,
            width: picture.width(),
            height: picture.height(),
            detections,
        };
        serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(report)
}

/// All pictures of `paths`: stills as they are, of clips every `every`-th frame with its number in the label, of folders
/// what they and their sub-folders hold, by name. What a file is decides its contents.
pub fn pictures(
    paths: &[PathBuf],
    every: NonZeroU32,
) -> impl Iterator<Item = Result<(String, Picture), VisionError>> {
    let files: Vec<Result<PathBuf, VisionError>> = paths.iter().flat_map(|p| expand(p)).collect();
    files
        .into_iter()
        .flat_map(move |file| -> Box<dyn Iterator<Item = _>> {
            match file {
                Err(error) => Box::new(std::iter::once(Err(error))),
                Ok(file) => of_file(file, every),
            }
        })
}

fn of_file(
    file: PathBuf,
    every: NonZeroU32,
) -> Box<dyn Iterator<Item = Result<(String, Picture), VisionError>>> {
    let label = file.display().to_string();
    if is_still(&file) {
        return Box::new(std::iter::once(
            still::read(&file).map(|picture| (label, picture)),
        ));
    }
    match Clip::open(&file) {
        Err(error) => Box::new(std::iter::once(Err(error))),
        Ok(clip) => Box::new(
            clip.enumerate()
                .filter(move |(number, frame)| number % every.get() as usize == 0 || frame.is_err())
                .map(move |(number, frame)| {
                    frame.map(|picture| (format!("{label}#{number:06}"), picture))
                }),
        ),
    }
}

fn is_still(file: &Path) -> bool {
    let mut start = [0_u8; 8];
    let read = std::fs::File::open(file).and_then(|mut f| std::io::Read::read(&mut f, &mut start));
    match read {
        Ok(length) => {
            let start = &start[..length];
            [&b"\xff\xd8\xff"[..], b"\x89PNG", b"BM"]
                .iter()
                .any(|magic| start.starts_with(magic))
        }
        // Let the still reader say why.
        Err(_) => true,
    }
}

fn ends_with(file: &Path, endings: &[&str]) -> bool {
    file.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| endings.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

fn expand(path: &Path) -> Vec<Result<PathBuf, VisionError>> {
    if !path.is_dir() {
        return vec![Ok(path.to_path_buf())];
    }
    let wrong = |e: std::io::Error| VisionError::Picture {
        what: path.display().to_string(),
        reason: e.to_string(),
    };
    let entries: Result<Vec<PathBuf>, _> =
        std::fs::read_dir(path).and_then(|dir| dir.map(|entry| entry.map(|e| e.path())).collect());
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return vec![Err(wrong(error))],
    };
    entries.sort();
    let known = |p: &Path| ends_with(p, &STILL_ENDINGS) || ends_with(p, &CLIP_ENDINGS);
    let files: Vec<_> = entries
        .into_iter()
        .filter(|p| p.is_dir() || known(p))
        .flat_map(|p| expand(&p))
        .collect();
    if files.is_empty() {
        return vec![Err(VisionError::Picture {
            what: path.display().to_string(),
            reason: format!(
                "the folder holds no pictures ({}) or clips",
                STILL_ENDINGS.join(", ")
            ),
        })];
    }
    files
}
