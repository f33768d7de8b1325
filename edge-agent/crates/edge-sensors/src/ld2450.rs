//! Frames of the Hi-Link LD2450 radar on a serial line (UART 256000 8N1, 10 frames a second): up to three targets with their place.
//! Finds frames in a stream with noise and cuts (Hi-Link "LD2450 serial communication protocol", V1.03). Pure: bytes in, targets out.

const HEADER: [u8; 4] = [0xAA, 0xFF, 0x03, 0x00];
const FOOTER: [u8; 2] = [0x55, 0xCC];
const FRAME: usize = 30;
const TARGET: usize = 8;

/// One target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// To the right of the radar, in millimetres.
    pub x_mm: i32,
    /// Away from the radar, in millimetres.
    pub y_mm: i32,
    /// Towards the radar, in centimetres per second.
    pub speed_cm_per_s: i32,
}

/// Finds frames in a byte stream. Memory is bounded by one frame.
#[derive(Debug, Clone, Default)]
pub struct Ld2450Decoder {
    buffer: Vec<u8>,
    /// Bytes thrown away because no frame fitted them.
    pub skipped_bytes: u64,
}

impl Ld2450Decoder {
    /// Takes what was read; gives the targets (none to three) of each frame it completes.
    pub fn push(&mut self, bytes: &[u8], frames: &mut Vec<Vec<Place>>) {
        for byte in bytes {
            self.buffer.push(*byte);
            while !self.buffer.is_empty() {
                let head = self.buffer.len().min(HEADER.len());
                let whole = self.buffer.len() == FRAME;
                if self.buffer[..head] != HEADER[..head]
                    || whole && self.buffer[FRAME - 2..] != FOOTER
                {
                    self.skip();
                } else if whole {
                    let targets = self.buffer[4..FRAME - 2].chunks_exact(TARGET);
                    frames.push(targets.filter_map(place).collect());
                    self.buffer.clear();
                } else {
                    break;
                }
            }
        }
    }

    /// Bytes kept back until it is clear whether they are a frame.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.buffer.len()
    }

    fn skip(&mut self) {
        let next = self.buffer[1..].iter().position(|b| *b == HEADER[0]);
        let drop = next.map_or(self.buffer.len(), |at| at + 1);
        self.buffer.drain(..drop);
        self.skipped_bytes += drop as u64;
    }
}

/// A target of all zeros is none. The sign is the top bit, set for positive.
fn place(bytes: &[u8]) -> Option<Place> {
    if bytes.iter().all(|b| *b == 0) {
        return None;
    }
    let signed = |at: usize| {
        let raw = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let size = i32::from(raw & 0x7FFF);
        if raw & 0x8000 == 0 { -size } else { size }
    };
    Some(Place {
        x_mm: signed(0),
        y_mm: signed(2),
        speed_cm_per_s: signed(4),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the manufacturer's protocol document: one target at (-782, 1713) mm, -16 cm/s.
    const ONE: [u8; FRAME] = [
        0xAA, 0xFF, 0x03, 0x00, 0x0E, 0x03, 0xB1, 0x86, 0x10, 0x00, 0x68, 0x01, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x55, 0xCC,
    ];

    fn decode(stream: &[u8]) -> Vec<Vec<Place>> {
        let (mut decoder, mut frames) = (Ld2450Decoder::default(), Vec::new());
        decoder.push(stream, &mut frames);
        frames
    }

    #[test]
    fn the_documented_frame_has_one_target_and_an_empty_one_none() {
        let mut nobody = ONE;
        nobody[4..28].fill(0);
        let frames = decode(&[ONE, nobody].concat());
        let target = Place {
            x_mm: -782,
            y_mm: 1713,
            speed_cm_per_s: -16,
        };
        assert_eq!(frames, [vec![target], Vec::new()]);
    }

    #[test]
    fn frames_are_found_again_after_noise_and_cuts() {
        for (stream, expected) in [
            ([&[0xAA, 0xAA, 0xFF, 0x03, 0x01][..], &ONE].concat(), 1),
            ([&ONE[..17], &ONE].concat(), 1),
            ([&ONE[..29], &[0x00], &ONE].concat(), 1),
            (ONE[1..].to_vec(), 0),
        ] {
            assert_eq!(decode(&stream).len(), expected, "{stream:02X?}");
        }
    }
}
