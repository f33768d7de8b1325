//! Where the steps of a replay come from: an observation file, or anything else that has them in order of time.

use std::io::BufRead;

use hall_core::HallTime;
use hall_core::config::{EngineConfig, Rules};
use hall_core::track::TrackerConfig;
use hall_wire::timeline::Timeline;

use crate::error::ReplayError;
use crate::hall::Hall;
use crate::run::Step;

/// One step and when; `line` is where it was told, for errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// When.
    pub at: HallTime,
    /// Line of the file, or number of the record, from 1.
    pub line: u64,
    /// What.
    pub step: Step,
}

/// The steps of an observation file.
#[derive(Debug)]
pub struct FileSteps<R> {
    timeline: Timeline<R>,
    hall: Hall,
    rules: Rules,
}

impl<R: BufRead> FileSteps<R> {
    /// The steps of `input` in front of the hall `cfg`; `tracker` follows what it holds of kind `detections`.
    pub fn new(cfg: &EngineConfig, utc_offset_s: i32, tracker: TrackerConfig, input: R) -> Self {
        FileSteps {
            timeline: Timeline::new(input),
            hall: Hall::new(cfg, tracker, utc_offset_s),
            rules: cfg.rules.clone(),
        }
    }
}

impl<R: BufRead> Iterator for FileSteps<R> {
    type Item = Result<Told, ReplayError>;

    fn next(&mut self) -> Option<Self::Item> {
        let moment = match self.timeline.next()? {
            Ok(moment) => moment,
            Err(error) => return Some(Err(error.into())),
        };
        let (at, line) = (HallTime(moment.at_ms), moment.line);
        let step = self.hall.step(at, line, &moment.observation, &self.rules);
        if let Ok(Step::Rules(rules)) = &step {
            self.rules = (**rules).clone();
        }
        Some(step.map(|step| Told { at, line, step }))
    }
}
