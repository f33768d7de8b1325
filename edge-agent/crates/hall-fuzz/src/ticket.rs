//! Words of ticket machines: JSON and files. The first byte chooses which.

use std::sync::LazyLock;

use edge_sensors::ticket::sheet::read_sheet;
use edge_sensors::ticket::{TicketFields, TicketReader};
use hall_core::HallTime;
use hall_core::observe::TicketState;
use hall_core::time::WallClock;

use crate::fixture::{table, tables, text};

/// 2026-09-21T10:30:00+08:00.
const NOW_MS: i64 = 1_789_957_800_000;

static READERS: LazyLock<[TicketReader; 2]> = LazyLock::new(|| {
    let reader = |fields| TicketReader {
        fields,
        states: vec![
            ("叫号".into(), TicketState::Called),
            ("弃号".into(), TicketState::NoShow),
        ],
        queues: vec![("社保".into(), "SB".into()), ("户籍".into(), "HJ".into())],
        windows: vec![("3".into(), "W3".into())],
        utc_offset_s: 28_800,
    };
    let chinese = TicketFields {
        queue: "业务".into(),
        ticket: "号码".into(),
        window: "窗口".into(),
        state: "状态".into(),
        taken_at: "取号时间".into(),
        called_at: "叫号时间".into(),
        start_at: "开始时间".into(),
        end_at: "结束时间".into(),
        party: "人数".into(),
    };
    [reader(TicketFields::default()), reader(chinese)]
});

pub(crate) fn tickets(bytes: &[u8]) {
    let Some((choice, payload)) = bytes.split_first() else {
        return;
    };
    let reader = &READERS[usize::from(choice >> 1 & 1)];
    let read = if choice & 1 == 0 {
        reader.json(payload, NOW_MS)
    } else {
        read_sheet(reader, payload, NOW_MS).map(|sheet| {
            assert!(sheet.mistakes.len() <= sheet.refused);
            // A row is a byte and its end at least.
            assert!(sheet.read.len() + sheet.refused <= payload.len());
            sheet.read
        })
    };
    for read in read.into_iter().flatten() {
        let ticket = read.word.said(HallTime(NOW_MS), &WallClock::unix(28_800));
        assert!(["SB", "HJ"].contains(&ticket.queue.as_str()));
        assert!(ticket.window.is_none_or(|window| window.as_str() == "W3"));
        assert!((1..=100).contains(&ticket.party) && !ticket.number.is_empty());
        let shown = format!("{read:?}");
        assert!(
            ticket.number.len() < 4 || !shown.contains(&ticket.number),
            "{shown}"
        );
    }
}

/// The fixtures, files in each encoding.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for machine in tables(&table("tickets.toml"), "machine") {
        for says in tables(&machine, "says") {
            if let Some(json) = text(&says, "json") {
                seeds.push([&[0], json.as_bytes()].concat());
                seeds.push([&[2], json.as_bytes()].concat());
            }
            if let Some(csv) = text(&says, "csv") {
                let units = csv.encode_utf16().flat_map(u16::to_le_bytes);
                seeds.push([&[3], csv.as_bytes()].concat());
                seeds.push([&[3], &encoding_rs::GBK.encode(csv).0[..]].concat());
                seeds.push([3, 0xFF, 0xFE].into_iter().chain(units).collect());
            }
        }
    }
    seeds
}
