//! Bytes of a serial line in, lines of text out: a line ends with CR, LF or both. Knows no rating.

/// A longer line is noise or a terminal with another baud rate.
const MAX_LINE_BYTES: usize = 256;

/// Finds lines in a byte stream. Memory is bounded by the longest line.
#[derive(Debug, Default)]
pub struct LineSplitter {
    line: Vec<u8>,
    /// The line is too long and left out up to its end.
    skipping: bool,
}

impl LineSplitter {
    /// Takes what was read and gives the lines it completes, without their ends; empty ones are none.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for byte in bytes {
            if matches!(byte, b'\r' | b'\n') {
                let line = std::mem::take(&mut self.line);
                if !std::mem::take(&mut self.skipping) && !line.trim_ascii().is_empty() {
                    lines.push(line);
                }
            } else if self.line.len() >= MAX_LINE_BYTES {
                self.skipping = true;
            } else {
                self.line.push(*byte);
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_however_they_are_cut_and_noise_is_left_out() {
        let noise = [0x80; 4 * MAX_LINE_BYTES];
        let stream = [&b"03,1\r\n\r\n"[..], &noise, b"\n03,6\r", b"03,"].concat();
        for size in [1, 2, 7, 4096] {
            let mut splitter = LineSplitter::default();
            let lines: Vec<_> = stream.chunks(size).flat_map(|c| splitter.push(c)).collect();
            assert_eq!(lines, [b"03,1".to_vec(), b"03,6".to_vec()], "{size}");
        }
    }
}
