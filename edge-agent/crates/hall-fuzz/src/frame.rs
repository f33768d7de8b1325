//! Frames of radars on serial lines.

use edge_sensors::ld2410::{Ld2410Decoder, Report, Target};
use edge_sensors::ld2450::{Ld2450Decoder, Place};

use crate::fixture::{bytes_of, table, tables, text};

/// The longest frame of an LD2410 or LD2412: that many bytes may be held back until it is clear that they are none.
const LD2410_LONGEST: usize = 74;
const LD2450_FRAME: usize = 30;

pub(crate) fn ld2410(bytes: &[u8]) {
    let still = bytes_of("F4F3F2F1 0D00 02AA 02 5100 00 0000 3B 0000 5500 F8F7F6F5");
    let (mut decoder, mut reports) = (Ld2410Decoder::default(), Vec::new());
    decoder.push(bytes, &mut reports);
    assert!(decoder.held_bytes() < LD2410_LONGEST);
    // A frame is 21 bytes at least.
    assert!(reports.len() <= bytes.len() / 21);
    for report in &reports {
        assert_eq!(
            report.present_within(u16::MAX),
            report.target != Target::None
        );
    }
    let gone = decoder.skipped_bytes;
    assert!(gone <= bytes.len() as u64);

    // Whatever came before, whole frames that follow are found: at once when nothing is held back, else before the next longest frame is over.
    let before = reports.len();
    for _ in 0..=LD2410_LONGEST / still.len() {
        decoder.push(&still, &mut reports);
    }
    let last = Report {
        target: Target::Still,
        moving_cm: 81,
        still_cm: 0,
    };
    assert!(reports.len() > before);
    assert_eq!(reports.last(), Some(&last));
}

pub(crate) fn ld2450(bytes: &[u8]) {
    let one = bytes_of("AAFF0300 0E03B18610004001 0000000000000000 0000000000000000 55CC");
    let (mut decoder, mut frames) = (Ld2450Decoder::default(), Vec::new());
    decoder.push(bytes, &mut frames);
    assert!(decoder.held_bytes() < LD2450_FRAME);
    assert!(frames.len() <= bytes.len() / LD2450_FRAME);
    let whole = frames.len() * LD2450_FRAME + decoder.held_bytes();
    assert_eq!(
        decoder.skipped_bytes as usize + whole,
        bytes.len(),
        "every byte is somewhere"
    );
    for place in frames.iter().flatten() {
        let furthest = 0x7FFF;
        assert!(place.x_mm.abs() <= furthest && place.y_mm.abs() <= furthest);
    }

    let before = frames.len();
    for _ in 0..3 {
        decoder.push(&one, &mut frames);
    }
    let place = Place {
        x_mm: -782,
        y_mm: 1713,
        speed_cm_per_s: -16,
    };
    assert!(frames.len() > before);
    assert_eq!(frames.last(), Some(&vec![place]));
}

/// Each frame, all of them in a row, and one cut in two.
pub(crate) fn seeds(name: &str) -> Vec<Vec<u8>> {
    let frames = tables(&table(name), "frame");
    let mut seeds: Vec<Vec<u8>> = (frames.iter())
        .filter_map(|frame| text(frame, "hex").map(bytes_of))
        .collect();
    seeds.push(seeds.concat());
    let cut: Vec<Vec<u8>> = seeds
        .iter()
        .map(|frame| frame[..frame.len() / 2].to_vec())
        .collect();
    seeds.push(cut.concat());
    seeds
}
