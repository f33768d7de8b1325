//! Day files of the archive of observations (docs/archive.md). Even first byte: the file as it is, mostly damage; odd: the rest of the bytes as
//! the records of a block that is whole, since a checksum keeps random bytes out.

use hall_archive::{Read, Reader};

/// Records put together by hand, as docs/archive.md tells; files keep their form, so these stay readable.
const SEEDS: [&[u8]; 3] = [
    // Camera 0 shows zone 0 with one person and zone 1 with two that are followed, then falls silent.
    &[
        0, 20, 1, 0, 0, 2, 2, 0, 2, 0, 0, 1, 3, 2, 7, 8, 0, 2, 20, 0, 4, 0,
    ],
    // Sensor 0 on, stale; the clock; a gap.
    &[0, 20, 3, 2, 0, 2, 3, 5, 2, 100, 128, 225, 3, 1, 9, 2, 3],
    // A camera goes down; the disk is nearly full.
    &[0, 20, 4, 2, 0, 4, b'c', b'a', b'm', b'1', 2, 1, 8, 2, 0, 1],
];
const HEAD: &[u8] = br#"{"v":1,"at_ms":0,"offset_ms":0,"utc_offset_s":28800,"synced":true,"continued":false,"rule":"P0@1","config_sha256":"","cameras":[{"id":"cam1","zones":[["W3.staff",false],["Q1",true]]}],"sensors":["W3-seat"],"checkpoint":null}"#;
/// A day of one camera's pictures once a second, which a few bytes may stand for, and what else a record can be.
const TOLD_MAX: usize = 4 * 86_400;

fn block(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u32).to_le_bytes();
    let sum = crc32fast::hash(bytes).to_le_bytes();
    [&[kind], &length[..], &sum[..], bytes].concat()
}

fn file(records: &[u8]) -> Vec<u8> {
    [&b"hallobs1"[..], &block(b'H', HEAD), &block(b'R', records)].concat()
}

pub(crate) fn archive(bytes: &[u8]) {
    let Some((choice, content)) = bytes.split_first() else {
        return;
    };
    let day = match choice & 3 {
        1 => file(content),
        3 => [
            &b"hallobs1"[..],
            &block(b'H', content),
            &block(b'R', SEEDS[0]),
        ]
        .concat(),
        _ => content.to_vec(),
    };
    let mut reader = Reader::of_day(day);
    let (mut told, mut at) = (0, None);
    for read in &mut reader {
        match read.unwrap() {
            Read::Begin(_) => at = None,
            Read::Told(when, _) => {
                assert!(at.is_none_or(|before| before <= when), "in order of time");
                at = Some(when);
                told += 1;
            }
        }
    }
    assert!(
        told <= TOLD_MAX + content.len(),
        "{told} inputs of {} bytes",
        content.len()
    );
    // What it says of itself can be asked.
    let _ = (reader.lost(), reader.reached());
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    for records in SEEDS {
        let told = Reader::of_day(file(records)).count();
        assert!(told > 2, "{records:?} means something");
    }
    let mut seeds: Vec<Vec<u8>> = SEEDS
        .iter()
        .map(|records| [&[1], *records].concat())
        .collect();
    seeds.extend(
        SEEDS
            .iter()
            .map(|records| [&[0], &file(records)[..]].concat()),
    );
    seeds.push([&[3], HEAD].concat());
    seeds
}
