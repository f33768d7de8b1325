//! Answers of Modbus units. The first byte chooses the line, the second how many inputs are asked.

use std::cell::RefCell;

use edge_sensors::modbus_request::Request;
use tokio::io::AsyncWriteExt;
use tokio::runtime::{Builder, Runtime};
use tokio_modbus::client::{Context, rtu, tcp};
use tokio_modbus::slave::Slave;

use crate::fixture::{bytes_of, table, tables, text};

/// Most inputs one request may ask for.
const INPUTS_MAX: u16 = 2_000;

pub(crate) fn reply(bytes: &[u8]) {
    thread_local! {
        static RUNTIME: RefCell<Runtime> = RefCell::new(Builder::new_current_thread().enable_time().build().unwrap());
    }
    let [line, count, answer @ ..] = bytes else {
        return;
    };
    let count = u16::from(*count) * 8 % INPUTS_MAX + 1;
    RUNTIME.with_borrow(|runtime| {
        runtime.block_on(async {
            let (near, mut far) = tokio::io::duplex(answer.len() + 64);
            far.write_all(answer).await.unwrap();
            // The far end has said what it says: a client that waits for more sees the end, not silence.
            far.shutdown().await.unwrap();
            let mut context: Context = match line & 1 {
                0 => rtu::attach_slave(near, Slave(11)),
                _ => tcp::attach_slave(near, Slave(255)),
            };
            let request = Request {
                unit: 11,
                first: 0,
                count,
            };
            if let Ok(bits) = request.read(&mut context).await {
                assert_eq!(
                    bits.len(),
                    usize::from(count),
                    "a bit for every input asked"
                );
            }
        });
    });
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let exchanges = tables(&table("modbus.toml"), "exchange");
    let seed = |exchange: &toml::Table| {
        let line = u8::from(text(exchange, "line") == Some("tcp"));
        [&[line, 1], &bytes_of(text(exchange, "reply").unwrap())[..]].concat()
    };
    let mut seeds: Vec<Vec<u8>> = exchanges.iter().map(seed).collect();
    // Exceptions: illegal data address.
    seeds.push([&[0, 1][..], &bytes_of("0B 82 02 72 F3")].concat());
    seeds.push([&[1, 1][..], &bytes_of("00 00 00 00 00 03 FF 82 02")].concat());
    seeds
}
