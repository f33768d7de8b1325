//! The requests and answers of `tests/fixtures/modbus.toml`, byte for byte, over a pseudo-terminal and over TCP: what the box asks is what
//! the documents show, and what it tells is what their answers mean.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use edge_sensors::SensorInput;
use edge_sensors::modbus::{ModbusGateway, ModbusInput, ModbusLine, ModbusPoller};
use edge_sensors::mqtt::{LinkStatus, Now};
use edge_sensors::serial::{LineParity, SerialLine};
use hall_core::HallTime;
use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

mod pty;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchanges {
    exchange: Vec<Exchange>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Exchange {
    device: String,
    source: String,
    line: String,
    unit: u8,
    request: String,
    reply: String,
    tell: BTreeMap<String, bool>,
}

fn bytes_of(hex: &str) -> Vec<u8> {
    hex.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

/// Plays the far end: every request must be the documented one, but for the transaction number that TCP counts on.
fn play(exchange: &Exchange, mut reader: impl Read, mut writer: impl Write) -> Result<(), String> {
    let (mut wanted, mut reply) = (bytes_of(&exchange.request), bytes_of(&exchange.reply));
    let mut request = vec![0; wanted.len()];
    while reader.read_exact(&mut request).is_ok() {
        if exchange.line == "tcp" {
            wanted[..2].copy_from_slice(&request[..2]);
            reply[..2].copy_from_slice(&request[..2]);
        }
        if request != wanted {
            return Err(format!(
                "{}: {request:02X?}, not {wanted:02X?}",
                exchange.device
            ));
        }
        if writer.write_all(&reply).is_err() {
            break;
        }
    }
    Ok(())
}

async fn hold(exchange: Exchange) {
    assert!(!exchange.source.is_empty());
    let playing;
    let line = if exchange.line == "tcp" {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let exchange = exchange.clone();
        playing = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            play(&exchange, stream.try_clone().unwrap(), stream)
        });
        let host = "127.0.0.1".into();
        ModbusLine::Tcp { host, port }
    } else {
        let (far, path) = pty::open();
        let exchange = exchange.clone();
        playing = thread::spawn(move || play(&exchange, far.try_clone().unwrap(), far));
        let (baud, parity) = (9_600, LineParity::None);
        ModbusLine::Serial(SerialLine { path, baud, parity })
    };
    // The whole range of the request, so that it is the documented one; only some of it is told of in the fixture.
    let request = bytes_of(&exchange.request);
    let count = request[if exchange.line == "tcp" { 11 } else { 5 }];
    let input = |input: u16| ModbusInput {
        sensor: input.to_string().as_str().into(),
        unit: exchange.unit,
        input,
        invert: false,
    };
    let gateway = ModbusGateway {
        id: "modbus-1".into(),
        line,
        poll: Duration::from_millis(10),
        debounce: Duration::ZERO,
        inputs: (0..u16::from(count)).map(input).collect(),
    };
    let start = Instant::now();
    let now: Now = Arc::new(move || {
        let ms = start.elapsed().as_millis() as i64;
        (HallTime(ms), ms)
    });
    let (out, mut inputs) = mpsc::channel(64);
    let cancel = CancellationToken::new();
    let (status, _) = watch::channel(LinkStatus::default());
    let poller = tokio::spawn(ModbusPoller::new(gateway, now, out, status).run(cancel.clone()));
    let mut told = BTreeMap::new();
    while told.len() < usize::from(count) {
        let input = tokio::time::timeout(Duration::from_secs(30), inputs.recv()).await;
        let input = input.unwrap_or_else(|_| panic!("{}: only {told:?}", exchange.device));
        if let Some(SensorInput::Reading(reading)) = input {
            told.insert(reading.sensor.to_string(), reading.value);
        }
    }
    for (input, expected) in &exchange.tell {
        assert_eq!(
            told.get(input),
            Some(expected),
            "{}: input {input}",
            exchange.device
        );
    }
    cancel.cancel();
    poller.await.unwrap();
    assert_eq!(playing.join().unwrap(), Ok(()));
}

#[tokio::test]
async fn requests_and_answers_are_those_of_the_documents() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/modbus.toml");
    let Exchanges { exchange } = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for exchange in exchange {
        hold(exchange).await;
    }
}
