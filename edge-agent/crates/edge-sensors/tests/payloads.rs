//! Every payload under `tests/fixtures`, as real devices send them, means what is written beside it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use edge_sensors::esphome::EspHomeSensor;
use edge_sensors::json::JsonSensor;
use edge_sensors::ld2410::{Ld2410Decoder, Report, Target};
use edge_sensors::ld2450::{Ld2450Decoder, Place};
use edge_sensors::mqtt::Now;
use edge_sensors::onvif::OnvifSensor;
use edge_sensors::rating::{LineSplitter, RatingReader};
use edge_sensors::tasmota::TasmotaSensor;
use edge_sensors::ticket::sheet::read_sheet;
use edge_sensors::ticket::{TicketFields, TicketReader};
use edge_sensors::{LinkStatus, Meaning, PushSensor, TopicAdapter, Zigbee2MqttSensor};
use hall_core::HallTime;
use hall_core::observe::{Quality, Ticket, TicketState};
use hall_core::rating::RatingOption;
use hall_core::time::WallClock;
use hall_wire::name::parse_ticket_state;
use hall_wire::time::parse_rfc3339;
use regex::Regex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

/// 2026-09-21T10:30:00+08:00.
const NOW_MS: i64 = 1_789_957_800_000;

fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let hex: String = hex.split_whitespace().collect();
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    device: String,
    source: String,
    #[serde(default)]
    topic: String,
    property: Option<String>,
    pointer: Option<String>,
    time_pointer: Option<String>,
    #[serde(default)]
    on: Vec<String>,
    #[serde(default)]
    off: Vec<String>,
    availability_topic: Option<String>,
    #[serde(default)]
    invert: bool,
    says: Vec<Says>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    topic: Option<String>,
    payload: Option<String>,
    hex: Option<String>,
    #[serde(default)]
    retained: bool,
    expect: String,
    measured: Option<String>,
    measured_unix_ms: Option<i64>,
}

impl Says {
    fn bytes(&self) -> Vec<u8> {
        match (&self.payload, &self.hex) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(hex)) => bytes_of(hex),
            _ => panic!("a payload or hex, expecting {}", self.expect),
        }
    }

    fn measured_unix_ms(&self) -> Option<i64> {
        let written = self
            .measured
            .as_deref()
            .map(|text| parse_rfc3339(text).unwrap().0);
        written.or(self.measured_unix_ms)
    }
}

/// A meaning in the words of the fixtures.
fn words<E: Debug>(meaning: &Result<Option<Meaning>, E>) -> (String, Option<i64>) {
    let word = match meaning {
        Err(_) => "refused",
        Ok(None) => "other",
        Ok(Some(Meaning::Nothing)) => "nothing",
        Ok(Some(Meaning::Online)) => "online",
        Ok(Some(Meaning::Offline)) => "offline",
        Ok(Some(Meaning::Bridge(true))) => "bridge online",
        Ok(Some(Meaning::Bridge(false))) => "bridge offline",
        Ok(Some(Meaning::Reading {
            value,
            quality,
            measured_unix_ms,
        })) => {
            let value = if *value { "on" } else { "off" };
            let word = match quality {
                Quality::Good => value.to_owned(),
                Quality::Stale => format!("{value} stale"),
                Quality::Suspect => format!("{value} suspect"),
                Quality::Fault => format!("{value} fault"),
            };
            return (word, *measured_unix_ms);
        }
    };
    (word.to_owned(), None)
}

fn hold(file: &str, sensor: impl Fn(&Case) -> Box<dyn TopicAdapter>) {
    let Cases { case } = fixture(file);
    assert!(!case.is_empty());
    for case in &case {
        assert!(
            !case.source.is_empty(),
            "{file}: {} comes from somewhere",
            case.device
        );
        let sensor = sensor(case);
        for says in &case.says {
            let topic = says.topic.as_ref().unwrap_or(&case.topic);
            let meaning = sensor.interpret(topic, &says.bytes(), says.retained);
            assert_eq!(
                words(&meaning),
                (says.expect.clone(), says.measured_unix_ms()),
                "{file}: {}: {topic} {:?}: {meaning:?}",
                case.device,
                says.payload
            );
            let concerns = sensor.topics().contains(topic);
            assert_eq!(concerns, says.expect != "other", "subscribed: {topic}");
        }
    }
}

#[test]
fn zigbee2mqtt_payloads_mean_what_they_say() {
    hold("zigbee2mqtt.toml", |case| {
        Box::new(Zigbee2MqttSensor {
            id: "s".into(),
            topic: case.topic.clone(),
            property: case.property.clone(),
            invert: case.invert,
        })
    });
}

#[test]
fn esphome_payloads_mean_what_they_say() {
    hold("esphome.toml", |case| {
        Box::new(EspHomeSensor {
            id: "s".into(),
            topic: case.topic.clone(),
            invert: case.invert,
        })
    });
}

#[test]
fn tasmota_payloads_mean_what_they_say_and_their_time_is_never_used() {
    hold("tasmota.toml", |case| {
        Box::new(TasmotaSensor {
            id: "s".into(),
            name: case.topic.clone(),
            property: case.property.clone().unwrap(),
            invert: case.invert,
        })
    });
}

#[test]
fn onvif_events_mean_what_they_say() {
    hold("onvif.toml", |case| {
        Box::new(OnvifSensor {
            id: "s".into(),
            topic: case.topic.clone(),
            property: case.property.clone(),
            invert: case.invert,
        })
    });
}

fn json(case: &Case) -> JsonSensor {
    JsonSensor {
        id: "s".into(),
        topic: case.topic.clone(),
        pointer: case.pointer.clone(),
        time_pointer: case.time_pointer.clone(),
        on: case.on.clone(),
        off: case.off.clone(),
        availability_topic: case.availability_topic.clone(),
        invert: case.invert,
    }
}

#[test]
fn other_payloads_on_mqtt_mean_what_they_say() {
    hold("mqtt.toml", |case| Box::new(json(case)));
}

#[test]
fn pushed_payloads_mean_what_they_say() {
    let now: Now = Arc::new(|| (HallTime(NOW_MS), NOW_MS));
    let Cases { case } = fixture("http.toml");
    for case in &case {
        let status = watch::Sender::new(LinkStatus::default());
        let sensor = PushSensor::new(
            "0123456789abcdef".into(),
            json(case),
            60,
            now.clone(),
            status,
        );
        for says in &case.says {
            let meaning = sensor.interpret(&says.bytes()).map(Some);
            assert_eq!(
                words(&meaning),
                (says.expect.clone(), says.measured_unix_ms()),
                "{}: {:?}",
                case.device,
                says.payload
            );
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frames<T> {
    frame: Vec<Frame<T>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frame<T> {
    device: String,
    source: String,
    hex: String,
    expect: T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    target: String,
    moving_cm: u16,
    still_cm: u16,
}

#[test]
fn ld2410_frames_tell_what_they_say_one_by_one_and_all_together() {
    let Frames::<Seen> { frame } = fixture("ld2410.toml");
    let (mut stream, mut expected) = (Vec::new(), Vec::new());
    for frame in &frame {
        assert!(!frame.source.is_empty());
        let report = Report {
            target: match frame.expect.target.as_str() {
                "none" => Target::None,
                "moving" => Target::Moving,
                "still" => Target::Still,
                "both" => Target::MovingAndStill,
                other => panic!("{other}"),
            },
            moving_cm: frame.expect.moving_cm,
            still_cm: frame.expect.still_cm,
        };
        let (mut decoder, mut reports) = (Ld2410Decoder::default(), Vec::new());
        decoder.push(&bytes_of(&frame.hex), &mut reports);
        assert_eq!(reports, [report], "{}", frame.device);
        // Noise that begins like a header, between the frames.
        stream.extend([0x00, 0xF4, 0xF3, 0xFF]);
        stream.extend(bytes_of(&frame.hex));
        expected.push(report);
    }
    for size in [1, 7, 4096] {
        let (mut decoder, mut reports) = (Ld2410Decoder::default(), Vec::new());
        for chunk in stream.chunks(size) {
            decoder.push(chunk, &mut reports);
        }
        assert_eq!(reports, expected, "read in chunks of {size}");
    }
}

#[test]
fn ld2450_frames_tell_what_they_say_one_by_one_and_all_together() {
    let Frames::<Vec<[i32; 3]>> { frame } = fixture("ld2450.toml");
    let (mut stream, mut expected) = (Vec::new(), Vec::new());
    for frame in &frame {
        assert!(!frame.source.is_empty() && !frame.device.is_empty());
        let place = |[x_mm, y_mm, speed_cm_per_s]: &[i32; 3]| Place {
            x_mm: *x_mm,
            y_mm: *y_mm,
            speed_cm_per_s: *speed_cm_per_s,
        };
        expected.push(frame.expect.iter().map(place).collect::<Vec<_>>());
        stream.extend([0xAA, 0xFF, 0x03]);
        stream.extend(bytes_of(&frame.hex));
    }
    for size in [1, 7, 4096] {
        let (mut decoder, mut frames) = (Ld2450Decoder::default(), Vec::new());
        for chunk in stream.chunks(size) {
            decoder.push(chunk, &mut frames);
        }
        assert_eq!(frames, expected, "read in chunks of {size}");
    }
}

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    let units = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order);
    match encoding {
        "utf-8" => text.as_bytes().to_vec(),
        "utf-8-mark" => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        "utf-16le" => [0xFF, 0xFE]
            .into_iter()
            .chain(units(u16::to_le_bytes))
            .collect(),
        "utf-16be" => [0xFE, 0xFF]
            .into_iter()
            .chain(units(u16::to_be_bytes))
            .collect(),
        "gbk" => encoding_rs::GBK.encode(text).0.into_owned(),
        other => panic!("{other}"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Machines {
    machine: Vec<Machine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    device: String,
    source: String,
    fields: BTreeMap<String, String>,
    states: BTreeMap<String, String>,
    queues: BTreeMap<String, String>,
    windows: BTreeMap<String, String>,
    says: Vec<Words>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    json: Option<String>,
    csv: Option<String>,
    line: Option<String>,
    #[serde(default = "utf_8")]
    encoding: String,
    expect: Option<Vec<String>>,
    refused: Option<String>,
}

fn utf_8() -> String {
    "utf-8".into()
}

impl Words {
    /// Holds what was read, or why not, to what is written.
    fn hold(&self, device: &str, read: Result<Vec<String>, String>) {
        match (&self.expect, &self.refused, read) {
            (Some(expected), None, Ok(read)) => assert_eq!(&read, expected, "{device}"),
            (None, Some(why), Err(error)) => assert!(error.contains(why), "{device}: {error}"),
            (_, _, read) => panic!("{device}: {:?} {:?}: {read:?}", self.expect, self.refused),
        }
    }
}

fn ticket_words(ticket: &Ticket) -> String {
    let window = ticket
        .window
        .as_ref()
        .map_or("-".into(), ToString::to_string);
    let waited = ticket.called_at.zip(ticket.taken_at);
    let waited = waited.map_or("-".into(), |(c, t)| (c.since_ms(t) / 1000).to_string());
    format!("{} {:?} {window} {waited}", ticket.queue, ticket.state)
}

#[test]
fn ticket_machines_are_understood_in_their_own_words_and_encodings() {
    let Machines { machine } = fixture("tickets.toml");
    for machine in &machine {
        assert!(!machine.source.is_empty());
        let name = |key: &str| machine.fields.get(key).map_or(key.to_owned(), Clone::clone);
        let state = |(word, state): (&String, &String)| -> (String, TicketState) {
            (word.clone(), parse_ticket_state(state).unwrap())
        };
        let reader = TicketReader {
            fields: TicketFields {
                queue: name("queue"),
                ticket: name("ticket"),
                window: name("window"),
                state: name("state"),
                taken_at: name("taken_at"),
                called_at: name("called_at"),
                start_at: name("start_at"),
                end_at: name("end_at"),
                party: name("party"),
            },
            states: machine.states.iter().map(state).collect(),
            queues: (machine.queues.iter())
                .map(|(name, id)| (name.clone(), id.as_str().into()))
                .collect(),
            windows: (machine.windows.iter())
                .map(|(name, id)| (name.clone(), id.as_str().into()))
                .collect(),
            utc_offset_s: 28_800,
        };
        for says in &machine.says {
            let read = match (&says.json, &says.csv) {
                (Some(json), None) => reader.json(json.as_bytes(), NOW_MS),
                (None, Some(csv)) => {
                    let sheet = read_sheet(&reader, &encoded(csv, &says.encoding), NOW_MS);
                    sheet.map(|sheet| {
                        assert_eq!(sheet.refused, 0, "{:?}", sheet.mistakes);
                        sheet.read
                    })
                }
                _ => panic!("json or csv"),
            };
            let wall = WallClock::unix(28_800);
            let words = read.map(|all| {
                let said = all
                    .iter()
                    .map(|read| read.word.said(HallTime(NOW_MS), &wall));
                said.map(|ticket| ticket_words(&ticket)).collect()
            });
            says.hold(&machine.device, words);
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Terminals {
    terminal: Vec<Terminal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Terminal {
    device: String,
    source: String,
    #[serde(default)]
    window_key: String,
    #[serde(default)]
    rating_key: String,
    pattern: Option<String>,
    words: BTreeMap<String, String>,
    windows: BTreeMap<String, String>,
    says: Vec<Words>,
}

#[test]
fn evaluation_terminals_are_understood_as_json_and_by_a_pattern() {
    let Terminals { terminal } = fixture("ratings.toml");
    for terminal in &terminal {
        assert!(!terminal.source.is_empty());
        let usual = RatingReader {
            window: Some("W3".into()),
            window_key: String::new(),
            rating_key: String::new(),
            words: Vec::new(),
            windows: Vec::new(),
        };
        let option = |(word, option): (&String, &String)| -> (String, RatingOption) {
            (word.clone(), usual.rating(None, option).unwrap().1)
        };
        let reader = RatingReader {
            window: None,
            window_key: terminal.window_key.clone(),
            rating_key: terminal.rating_key.clone(),
            words: terminal.words.iter().map(option).collect(),
            windows: (terminal.windows.iter())
                .map(|(name, id)| (name.clone(), id.as_str().into()))
                .collect(),
        };
        let pattern = terminal.pattern.as_deref().map(|p| Regex::new(p).unwrap());
        for says in &terminal.says {
            let read = match (&says.json, &says.line) {
                (Some(json), None) => reader.json(json.as_bytes()),
                (None, Some(line)) => {
                    let lines = LineSplitter::default().push(&encoded(line, &says.encoding));
                    let pattern = pattern.as_ref().unwrap();
                    lines
                        .iter()
                        .map(|line| reader.line(pattern, line))
                        .collect()
                }
                _ => panic!("json or line"),
            };
            let words = read.map(|all| {
                let word = |(window, option)| format!("{window} {option:?}");
                all.into_iter().map(word).collect()
            });
            says.hold(&terminal.device, words);
        }
    }
}
