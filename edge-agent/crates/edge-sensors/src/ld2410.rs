//! Frames of Hi-Link LD2410 and LD2412 radars on a serial line (UART 256000 8N1, LD2412 115200): finds frames in a stream with noise,
//! cuts and garbage, and says whether somebody is there. There is no checksum, so header, length, inner marks and footer must all fit
//! (Hi-Link "LD2410 serial communication protocol", V1.02; the LD2412 differs in its lengths). Pure: bytes in, reports out.

const HEADER: [u8; 4] = [0xF4, 0xF3, 0xF2, 0xF1];
const FOOTER: [u8; 4] = [0xF8, 0xF7, 0xF6, 0xF5];
/// Type byte of a report of basic data, and of engineering data, which begins with the same basic data.
const BASIC: u8 = 0x02;
const ENGINEERING: u8 = 0x01;
/// Marks around the data of a report.
const DATA_HEAD: u8 = 0xAA;
const DATA_TAIL: [u8; 2] = [0x55, 0x00];
/// Basic data of the LD2410: type, head, state, moving target's distance and energy, still target's, detection distance, tail and check.
const BASIC_LEN: usize = 13;
/// The LD2412 has no detection distance.
const BASIC_LEN_LD2412: usize = 11;
/// The longest report in use is an engineering report: 35 bytes, on the LD2412 with its 14 gates 42 to 45; more is no frame.
const LONGEST: usize = 64;

/// What the radar sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Nobody.
    None,
    /// Somebody who moves.
    Moving,
    /// Somebody who keeps still.
    Still,
    /// Both.
    MovingAndStill,
}

/// One report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The target state; energies are ignored, since they are not zero without a target.
    pub target: Target,
    /// Distance of the moving target in centimetres.
    pub moving_cm: u16,
    /// Distance of the still target in centimetres.
    pub still_cm: u16,
}

impl Report {
    /// Somebody is there, no farther than `max_cm`.
    #[must_use]
    pub fn present_within(&self, max_cm: u16) -> bool {
        let (moving, still) = match self.target {
            Target::None => (false, false),
            Target::Moving => (true, false),
            Target::Still => (false, true),
            Target::MovingAndStill => (true, true),
        };
        // Without a limit the state alone decides: a radar may see somebody whose distance it does not know yet.
        max_cm == u16::MAX && (moving || still)
            || moving && self.moving_cm <= max_cm
            || still && self.still_cm <= max_cm
    }
}

/// Finds reports in a byte stream. Memory is bounded by the longest frame.
#[derive(Debug, Clone, Default)]
pub struct Ld2410Decoder {
    buffer: Vec<u8>,
    /// Bytes thrown away because no frame fitted them.
    pub skipped_bytes: u64,
}

impl Ld2410Decoder {
    /// Takes what was read and gives the reports it completes, in order.
    pub fn push(&mut self, bytes: &[u8], reports: &mut Vec<Report>) {
        for byte in bytes {
            self.buffer.push(*byte);
            self.scan(reports);
        }
    }

    /// Bytes kept back until it is clear whether they are a frame.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.buffer.len()
    }

    fn scan(&mut self, reports: &mut Vec<Report>) {
        while !self.buffer.is_empty() {
            let Some(length) = data_length(&self.buffer) else {
                self.skip();
                continue;
            };
            let whole = HEADER.len() + 2 + length + FOOTER.len();
            if self.buffer.len() < whole {
                return;
            }
            match report(&self.buffer[6..6 + length], &self.buffer[6 + length..whole]) {
                Some(report) => {
                    reports.push(report);
                    // What was held back behind a cut frame may hold more than one whole frame.
                    self.buffer.drain(..whole);
                }
                None => self.skip(),
            }
        }
    }

    /// Drops bytes up to the next place where a frame may begin; a cut frame may be followed by a whole one.
    fn skip(&mut self) {
        let next = self.buffer[1..].iter().position(|b| *b == HEADER[0]);
        let drop = next.map_or(self.buffer.len(), |at| at + 1);
        self.buffer.drain(..drop);
        self.skipped_bytes += drop as u64;
    }
}

/// Length of the data of a frame that begins like this, the longest until its length has come; `None`: no frame begins like this.
/// Looks at all there is, so that garbage that begins like a frame holds a whole one back as little as possible.
fn data_length(start: &[u8]) -> Option<usize> {
    let fits = |at: usize, wanted: &[u8]| start.get(at).is_none_or(|byte| wanted.contains(byte));
    let head = start.len().min(HEADER.len());
    if start[..head] != HEADER[..head] || !fits(6, &[BASIC, ENGINEERING]) || !fits(7, &[DATA_HEAD])
    {
        return None;
    }
    let (Some(low), Some(high)) = (start.get(4), start.get(5)) else {
        return Some(LONGEST);
    };
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    let lengths = match start.get(6) {
        Some(&BASIC) => [BASIC_LEN_LD2412, BASIC_LEN].contains(&length),
        Some(_) => (BASIC_LEN + 1..=LONGEST).contains(&length),
        None => (BASIC_LEN_LD2412..=LONGEST).contains(&length),
    };
    lengths.then_some(length)
}

/// What stands between length and footer of a frame whose beginning fits.
fn report(data: &[u8], footer: &[u8]) -> Option<Report> {
    let tail = data.get(data.len().checked_sub(2)?..)?;
    if footer != FOOTER || tail != DATA_TAIL {
        return None;
    }
    let target = match *data.get(2)? {
        0 => Target::None,
        1 => Target::Moving,
        2 => Target::Still,
        3 => Target::MovingAndStill,
        _ => return None,
    };
    let cm = |at: usize| Some(u16::from_le_bytes([*data.get(at)?, *data.get(at + 1)?]));
    Some(Report {
        target,
        moving_cm: cm(3)?,
        still_cm: cm(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let hex: String = hex.chars().filter(|c| !c.is_whitespace()).collect();
        (0..hex.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap())
            .collect()
    }

    const STILL: &str = "F4F3F2F1 0D00 02AA 02 5100 00 0000 3B 0000 5500 F8F7F6F5";
    const NOBODY: &str = "F4F3F2F1 0D00 02AA 00 0000 00 0000 37 0000 5500 F8F7F6F5";

    fn decode(stream: &[u8]) -> (Vec<Report>, u64) {
        let (mut decoder, mut reports) = (Ld2410Decoder::default(), Vec::new());
        decoder.push(stream, &mut reports);
        (reports, decoder.skipped_bytes)
    }

    #[test]
    fn the_documented_frames_are_read_by_their_state_and_not_by_their_energy() {
        let (reports, skipped) = decode(&[bytes(STILL), bytes(NOBODY)].concat());
        assert_eq!(skipped, 0);
        assert_eq!(
            reports,
            [
                Report {
                    target: Target::Still,
                    moving_cm: 81,
                    still_cm: 0
                },
                Report {
                    target: Target::None,
                    moving_cm: 0,
                    still_cm: 0
                }
            ]
        );
        assert!(reports[0].present_within(u16::MAX) && !reports[1].present_within(u16::MAX));
        let far = Report {
            target: Target::Moving,
            moving_cm: 300,
            still_cm: 40,
        };
        assert!(!far.present_within(299) && far.present_within(300));
    }

    #[test]
    fn an_ld2412_has_no_detection_distance() {
        let (reports, skipped) = decode(&bytes(
            "F4F3F2F1 0B00 02AA 03 4600 34 0000 3C 5500 F8F7F6F5",
        ));
        let both = Report {
            target: Target::MovingAndStill,
            moving_cm: 70,
            still_cm: 0,
        };
        assert_eq!((reports, skipped), (vec![both], 0));
    }

    #[test]
    fn an_engineering_frame_begins_with_the_same_data() {
        let mut data = bytes("01 AA 03 1E00 3C 0000 39 0000 08 08");
        data.extend([0x22; 18]);
        data.extend([0x03, 0x05]);
        data.extend(DATA_TAIL);
        assert_eq!(data.len(), 0x23);
        let frame = [&HEADER[..], &[0x23, 0x00], &data, &FOOTER].concat();
        let (reports, _) = decode(&frame);
        assert_eq!(
            reports,
            [Report {
                target: Target::MovingAndStill,
                moving_cm: 30,
                still_cm: 0
            }]
        );
    }

    #[test]
    fn frames_are_found_again_after_noise_cuts_and_garbage() {
        let (still, nobody) = (bytes(STILL), bytes(NOBODY));
        let noise = [0x00, 0xF4, 0xF4, 0xF3, 0xFF, 0xF2];
        for (stream, expected) in [
            ([&noise[..], &still].concat(), 1),
            ([&still[..9], &nobody].concat(), 1),
            ([&still[..22], &nobody, &still].concat(), 2),
            ([&HEADER[..], &HEADER, &still[4..]].concat(), 1),
            ([&HEADER[..], &[0xFF, 0xFF], &still].concat(), 1),
            ([&HEADER[..], &[LONGEST as u8, 0], &still].concat(), 1),
            ([&still[..6], &[0xAA; 40], &nobody].concat(), 1),
            // A cut engineering frame holds back what follows until its length has come; then all of it counts.
            (
                [&HEADER[..], &[0x23, 0, 1, 0xAA], &still, &nobody].concat(),
                2,
            ),
            (still[1..].to_vec(), 0),
        ] {
            let (reports, _) = decode(&stream);
            assert_eq!(reports.len(), expected, "{stream:02X?}");
        }
    }

    #[test]
    fn a_frame_with_any_one_mark_wrong_is_none_and_bytes_may_come_one_by_one() {
        let good = bytes(STILL);
        for at in [0, 1, 2, 3, 5, 7, 17, 18, 19, 20, 21, 22] {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            assert_eq!(decode(&bad).0.len(), 0, "byte {at}");
        }
        let (mut decoder, mut reports) = (Ld2410Decoder::default(), Vec::new());
        for byte in good.iter().chain(&good) {
            decoder.push(&[*byte], &mut reports);
        }
        assert_eq!(reports.len(), 2);
    }
}
