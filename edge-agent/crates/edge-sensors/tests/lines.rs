//! Modbus units and radars behind their real lines: a Modbus server of another library on TCP and on a pseudo-terminal, and a
//! pseudo-terminal that plays radar bytes with noise, cuts and garbage.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use edge_sensors::SensorInput;
use edge_sensors::modbus::{ModbusGateway, ModbusInput, ModbusLine, ModbusPoller};
use edge_sensors::mqtt::{LinkStatus, Now};
use edge_sensors::radar::{Radar, RadarKind, RadarReader};
use edge_sensors::serial::{LineParity, SerialLine};
use hall_core::HallTime;
use hall_core::observe::SourceId;
use rmodbus::server::ModbusFrame;
use rmodbus::server::context::ModbusContext;
use rmodbus::server::storage::ModbusStorageSmall;
use rmodbus::{ModbusFrameBuf, ModbusProto};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

mod pty;

type Storage = Arc<Mutex<ModbusStorageSmall>>;

fn clock() -> Now {
    let start = Instant::now();
    Arc::new(move || {
        let ms = start.elapsed().as_millis() as i64;
        (HallTime(ms), 1_789_956_000_000 + ms)
    })
}

fn answer(unit: u8, request: &[u8], proto: ModbusProto, storage: &Storage) -> Option<Vec<u8>> {
    let mut buffer: ModbusFrameBuf = [0; 256];
    buffer[..request.len()].copy_from_slice(request);
    let mut response = Vec::new();
    let mut frame = ModbusFrame::new(unit, &buffer, proto, &mut response);
    frame.parse().ok()?;
    if frame.processing_required {
        frame.process_read(&*storage.lock().unwrap()).ok()?;
    }
    if !frame.response_required {
        return None;
    }
    frame.finalize_response().ok()?;
    Some(response)
}

/// What the adapter told, newest reading per sensor and every up and down.
#[derive(Default)]
struct Told {
    values: BTreeMap<String, bool>,
    health: Vec<(String, bool)>,
}

struct Listening {
    told: Told,
    inputs: mpsc::Receiver<SensorInput>,
    cancel: CancellationToken,
}

impl Listening {
    async fn until(&mut self, what: &str, fits: impl Fn(&Told) -> bool) {
        while !fits(&self.told) {
            let input = tokio::time::timeout(Duration::from_secs(20), self.inputs.recv())
                .await
                .unwrap_or_else(|_| {
                    panic!(
                        "never: {what}; {:?} {:?}",
                        self.told.values, self.told.health
                    )
                })
                .unwrap();
            match input {
                SensorInput::Reading(reading) => {
                    self.told
                        .values
                        .insert(reading.sensor.to_string(), reading.value);
                }
                SensorInput::Ticket(ticket) => panic!("{ticket:?}"),
                SensorInput::Health(health) => {
                    let name = match health.source {
                        SourceId::Sensor(id) => id.to_string(),
                        SourceId::Gateway(id) => id.to_string(),
                        other => panic!("{other:?}"),
                    };
                    self.told.health.push((name, health.down.is_some()));
                }
            }
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

fn poll(line: ModbusLine, inputs: Vec<ModbusInput>) -> Listening {
    let (out, inputs_rx) = mpsc::channel(64);
    let cancel = CancellationToken::new();
    let gateway = ModbusGateway {
        id: "modbus-1".into(),
        line,
        poll: Duration::from_millis(20),
        debounce: Duration::from_millis(60),
        inputs,
    };
    let (status, _) = watch::channel(LinkStatus::default());
    tokio::spawn(ModbusPoller::new(gateway, clock(), out, status).run(cancel.clone()));
    Listening {
        told: Told::default(),
        inputs: inputs_rx,
        cancel,
    }
}

fn input(sensor: &str, unit: u8, input: u16, invert: bool) -> ModbusInput {
    ModbusInput {
        sensor: sensor.into(),
        unit,
        input,
        invert,
    }
}

fn serve_tcp(storage: &Storage, unit: u8) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let alive = Arc::new(AtomicBool::new(true));
    let (storage, lives) = (storage.clone(), alive.clone());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut buffer = [0; 256];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                if !lives.load(Ordering::SeqCst) {
                    break;
                }
                if let Some(response) =
                    answer(unit, &buffer[..count], ModbusProto::TcpUdp, &storage)
                {
                    stream.write_all(&response).unwrap();
                }
            }
        }
    });
    (port, alive)
}

#[tokio::test]
async fn modbus_tcp_inputs_reach_their_windows_and_a_lost_gateway_is_one_loss() {
    let storage: Storage = Arc::default();
    storage.lock().unwrap().set_discrete(0, true).unwrap();
    let (port, alive) = serve_tcp(&storage, 1);
    let line = ModbusLine::Tcp {
        host: "127.0.0.1".into(),
        port,
    };
    let inputs = vec![
        input("W3-seat", 1, 0, false),
        input("W4-seat", 1, 2, false),
        input("W3-pause", 1, 9, true),
    ];
    let mut heard = poll(line, inputs);
    let values = |told: &Told, expected: [bool; 3]| {
        let got = ["W3-seat", "W4-seat", "W3-pause"].map(|s| told.values.get(s).copied());
        got == expected.map(Some)
    };
    heard
        .until("first values", |t| values(t, [true, false, true]))
        .await;
    storage.lock().unwrap().set_discrete(2, true).unwrap();
    storage.lock().unwrap().set_discrete(9, true).unwrap();
    heard
        .until("changed values", |t| values(t, [true, true, false]))
        .await;
    assert_eq!(heard.told.health, []);

    alive.store(false, Ordering::SeqCst);
    let gateway = |down: bool| ("modbus-1".to_owned(), down);
    heard
        .until("the gateway is lost", |t| t.health == [gateway(true)])
        .await;
    alive.store(true, Ordering::SeqCst);
    heard
        .until("it is back", |t| {
            t.health == [gateway(true), gateway(false)]
        })
        .await;
}

#[tokio::test]
async fn a_unit_that_is_silent_beside_an_answering_one_takes_only_its_own_sensors_down() {
    let storage: Storage = Arc::default();
    let (far, near) = pty::open();
    let (mut reader, mut writer) = (far.try_clone().unwrap(), far);
    let (served, mute) = (storage.clone(), Arc::new(AtomicBool::new(false)));
    let muted = mute.clone();
    thread::spawn(move || {
        let mut buffer = [0; 256];
        let mut request = Vec::new();
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            request.extend_from_slice(&buffer[..count]);
            // A read request of 8 bytes is all a client here sends.
            while request.len() >= 8 {
                let frame: Vec<u8> = request.drain(..8).collect();
                if frame[0] == 12 && muted.load(Ordering::SeqCst) {
                    continue;
                }
                if let Some(response) = answer(frame[0], &frame, ModbusProto::Rtu, &served)
                    && writer.write_all(&response).is_err()
                {
                    return;
                }
            }
        }
    });
    let line = ModbusLine::Serial(SerialLine {
        path: near,
        baud: 9_600,
        parity: LineParity::None,
    });
    let inputs = vec![
        input("W1-seat", 11, 0, false),
        input("W2-seat", 12, 0, true),
    ];
    let mut heard = poll(line, inputs);
    heard
        .until("both units", |t| {
            t.values.get("W1-seat") == Some(&false) && t.values.get("W2-seat") == Some(&true)
        })
        .await;
    mute.store(true, Ordering::SeqCst);
    let unit = |down: bool| ("W2-seat".to_owned(), down);
    heard
        .until("unit 12 is down", |t| t.health == [unit(true)])
        .await;
    storage.lock().unwrap().set_discrete(0, true).unwrap();
    heard
        .until("unit 11 goes on", |t| {
            t.values.get("W1-seat") == Some(&true)
        })
        .await;
    mute.store(false, Ordering::SeqCst);
    heard
        .until("unit 12 is back", |t| {
            t.health == [unit(true), unit(false)] && t.values.get("W2-seat") == Some(&false)
        })
        .await;
}

/// A Modbus TCP gateway asks its units one after the other and answers for a silent one late, when its own patience is over.
fn serve_late(storage: &Storage, late_unit: u8, late_by: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let storage = storage.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let storage = storage.clone();
            thread::spawn(move || {
                let mut buffer = [0; 256];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    // A request is 12 bytes; the seventh is the unit.
                    for request in buffer[..count].chunks(12) {
                        let unit = request[6];
                        let response = answer(unit, request, ModbusProto::TcpUdp, &storage);
                        let mut back = stream.try_clone().unwrap();
                        let write = move || {
                            // Fails when the box has hung up meanwhile.
                            let _ = back.write_all(&response.unwrap());
                        };
                        if unit == late_unit {
                            thread::spawn(move || {
                                thread::sleep(late_by);
                                write();
                            });
                        } else {
                            write();
                        }
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_late_answer_for_one_unit_does_not_make_the_gateway_of_the_others_seem_lost() {
    let storage: Storage = Arc::default();
    let port = serve_late(&storage, 2, Duration::from_millis(1_300));
    let line = ModbusLine::Tcp {
        host: "127.0.0.1".into(),
        port,
    };
    let inputs = vec![input("W1-seat", 1, 0, false), input("W2-seat", 2, 1, false)];
    let mut heard = poll(line, inputs);
    let late = [("W2-seat".to_owned(), true)];
    heard
        .until("the late unit is down", |t| t.health == late)
        .await;
    // Over several more rounds the other unit goes on, and nothing else is told.
    for on in [true, false, true, false, true] {
        storage.lock().unwrap().set_discrete(0, on).unwrap();
        heard
            .until("the other unit", |t| t.values.get("W1-seat") == Some(&on))
            .await;
        let more = Instant::now();
        heard
            .until("its word again", |_| {
                more.elapsed() > Duration::from_millis(700)
            })
            .await;
        assert_eq!(heard.told.health, late);
    }
}

const STILL: [u8; 23] = [
    0xF4, 0xF3, 0xF2, 0xF1, 0x0D, 0x00, 0x02, 0xAA, 0x02, 0x51, 0x00, 0x00, 0x00, 0x00, 0x3B, 0x00,
    0x00, 0x55, 0x00, 0xF8, 0xF7, 0xF6, 0xF5,
];

fn nobody() -> [u8; 23] {
    let mut frame = STILL;
    (frame[8], frame[9], frame[14]) = (0, 0, 0x37);
    frame
}

#[tokio::test]
async fn a_radar_is_heard_through_noise_and_reported_when_its_line_is_cut() {
    let (mut far, near) = pty::open();
    let radar = Radar {
        sensor: "W3-radar".into(),
        kind: RadarKind::Ld2410 { max_cm: None },
        line: SerialLine {
            path: near,
            baud: 256_000,
            parity: LineParity::None,
        },
        invert: false,
    };
    let (out, inputs) = mpsc::channel(64);
    let cancel = CancellationToken::new();
    let (status, mut link) = watch::channel(LinkStatus::default());
    tokio::spawn(RadarReader::new(radar, clock(), out, status).run(cancel.clone()));
    let mut heard = Listening {
        told: Told::default(),
        inputs,
        cancel,
    };
    let noise = [0x00, 0xF4, 0xF4, 0xF3, 0xFF];
    for (stream, expected) in [
        (STILL.to_vec(), true),
        ([&noise[..], &STILL[..11], &nobody()].concat(), false),
        ([&[0xAA; 70][..], &STILL].concat(), true),
        (nobody().to_vec(), false),
    ] {
        far.write_all(&stream).unwrap();
        heard
            .until("the state of the last whole frame", |t| {
                t.values.get("W3-radar") == Some(&expected)
            })
            .await;
    }
    assert!(link.borrow_and_update().connected);
    drop(far);
    heard
        .until("the cut line", |t| {
            t.health == [("W3-radar".to_owned(), true)]
        })
        .await;
}
