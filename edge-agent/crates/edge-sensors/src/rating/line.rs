//! An evaluation terminal on a serial line: one line of text per rating, read by a pattern, since vendors publish no protocol.

use std::sync::Arc;
use std::time::Duration;

use hall_core::backoff::Backoff;
use regex::Regex;
use tokio::io::AsyncReadExt;

use super::desk::RatingDesk;
use super::splitter::LineSplitter;
use crate::serial::SerialLine;

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(15);

/// One line with terminals on it.
pub struct RatingLine {
    /// Where ratings go.
    pub desk: Arc<RatingDesk>,
    /// The line.
    pub line: SerialLine,
    /// With the groups `rating` and, unless the terminal has a window, `window`.
    pub pattern: Regex,
}

impl RatingLine {
    /// Reads for ever; opens the line again when it is gone. A silent line is no fault: nobody may have pressed anything.
    pub async fn run(&self) {
        let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
        loop {
            let mut opened = false;
            let trouble = self.listen(&mut opened).await;
            if opened {
                backoff.reset();
            }
            let pause = backoff.next(rand::random());
            tracing::warn!(ratings = %self.desk.id(), %trouble, retry_ms = pause.as_millis() as u64, "Evaluation terminals not heard.");
            self.desk.status().send_modify(|s| {
                s.connected = false;
                s.trouble = trouble;
            });
            tokio::time::sleep(pause).await;
        }
    }

    /// Reads until the line is gone; returns why it ended.
    async fn listen(&self, opened: &mut bool) -> String {
        let mut line = match self.line.open() {
            Ok(line) => line,
            Err(trouble) => return trouble,
        };
        *opened = true;
        self.desk.status().send_modify(|s| {
            s.connected = true;
            s.trouble.clear();
        });
        let mut splitter = LineSplitter::default();
        let mut buffer = [0; 256];
        loop {
            let count = match line.read(&mut buffer).await {
                Ok(0) => return "the line was closed".into(),
                Ok(count) => count,
                Err(error) => return format!("cannot read: {error}"),
            };
            for line in splitter.push(&buffer[..count]) {
                if let Err(reason) = self.hear(&line) {
                    self.desk.refuse(&reason);
                    tracing::debug!(ratings = %self.desk.id(), %reason, "Line refused.");
                }
            }
        }
    }

    fn hear(&self, line: &[u8]) -> Result<(), String> {
        self.desk.line(&self.pattern, line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rating::desk::tests::desk;
    use crate::serial::LineParity;
    use hall_core::rating::RatingOption;

    #[test]
    fn a_pattern_finds_window_and_rating_in_utf_8_and_in_gbk() {
        let (desk, mut ratings) = desk(8);
        let line = RatingLine {
            desk,
            line: SerialLine {
                path: "/dev/null".into(),
                baud: 9600,
                parity: LineParity::None,
            },
            pattern: Regex::new(r"^(?<window>\d+)[,:](?<rating>\S+)$").unwrap(),
        };
        let gbk = encoding_rs::GBK.encode("03:办理时间太长").0.into_owned();
        for (bytes, expected) in [
            (&b"03,1"[..], Some(RatingOption::VerySatisfied)),
            (&gbk, Some(RatingOption::Slow)),
            ("03:其他".as_bytes(), Some(RatingOption::Other)),
            (b"hello", None),
            (b"04,1", None),
            (b"03,9", None),
        ] {
            assert_eq!(line.hear(bytes).is_ok(), expected.is_some());
            let got = ratings.try_recv().ok().map(|rating| rating.option);
            assert_eq!(got, expected, "{bytes:?}");
        }
    }
}
