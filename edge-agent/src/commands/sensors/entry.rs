//! A `[[sensors]]` entry for a place where a signal was heard, and the entry that is there already.

use std::collections::BTreeSet;

use edge_config::{Config, SensorAdapter, SensorSource, TopicSource};
use edge_sensors::find::Place;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

/// Bits per second of radars as delivered: the default of `baud`.
const RADAR_BAUD: u32 = 256_000;
/// What is taken of a window's id for a sensor's, so that it does not get too long.
const ID_CHARS: usize = 48;

/// A sensor as it is written into hall.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its id.
    pub id: String,
    /// Window.
    pub window: String,
    /// `kind` in hall.toml.
    pub kind: &'static str,
    /// Where it is heard.
    pub place: Place,
    /// Off is on.
    pub invert: bool,
    /// Words for on and off, where they are not the usual ones.
    pub words: Option<(String, String)>,
}

impl Entry {
    /// The entry as a table.
    pub fn table(&self) -> Table {
        let mut table = Table::new();
        let mut put = |key: &str, text: &str| table[key] = value(text);
        put("id", &self.id);
        put("window", &self.window);
        put("kind", self.kind);
        put("type", self.place.family());
        match &self.place {
            Place::Zigbee2Mqtt { topic, property } => {
                put("topic", topic);
                let usual = matches!(property.as_str(), "presence" | "occupancy");
                if !usual || matches!(self.kind, "pause" | "lamp") {
                    put("property", property);
                }
            }
            Place::EspHome { topic } => put("topic", topic),
            Place::Tasmota {
                name: topic,
                property,
            }
            | Place::Onvif { topic, property } => {
                put("topic", topic);
                put("property", property);
            }
            Place::Json { topic, pointer } => {
                put("topic", topic);
                if let Some(pointer) = pointer {
                    put("pointer", pointer);
                }
            }
            Place::Modbus {
                gateway,
                unit,
                input,
            } => {
                put("gateway", gateway);
                table["unit"] = value(i64::from(*unit));
                table["input"] = value(i64::from(*input));
            }
            Place::Radar { device, baud, .. } => {
                put("device", device);
                if *baud != RADAR_BAUD {
                    table["baud"] = value(i64::from(*baud));
                }
            }
            // Bound already: a device that sends by HTTP has its entry before it can.
            Place::Http { .. } => {}
        }
        if self.invert {
            table["invert"] = value(true);
        }
        if let Some((on, off)) = &self.words {
            table["on"] = value(Array::from_iter([on]));
            table["off"] = value(Array::from_iter([off]));
        }
        table
    }

    /// The entry as text to paste into hall.toml.
    pub fn text(&self) -> String {
        let mut document = DocumentMut::new();
        let mut list = ArrayOfTables::new();
        list.push(self.table());
        document["sensors"] = Item::ArrayOfTables(list);
        document.to_string()
    }
}

/// The sensor that is bound to a place, if one is.
pub(super) fn bound<'c>(config: &'c Config, place: &Place) -> Option<&'c SensorSource> {
    let usual = |own: &Option<String>, property: &str, usual: &[&str]| match own {
        Some(own) => own == property,
        None => usual.contains(&property),
    };
    config
        .sensors
        .iter()
        .find(|sensor| match (&sensor.adapter, place) {
            (SensorAdapter::Topic(source), place) => match (source, place) {
                (
                    TopicSource::Zigbee2Mqtt {
                        topic,
                        property: own,
                    },
                    Place::Zigbee2Mqtt {
                        topic: at,
                        property,
                    },
                ) => topic == at && usual(own, property, &["presence", "occupancy"]),
                (TopicSource::EspHome { topic }, Place::EspHome { topic: at }) => topic == at,
                (
                    TopicSource::Tasmota { name, property },
                    Place::Tasmota {
                        name: at,
                        property: heard,
                    },
                ) => {
                    // With %prefix% the name stands between other levels.
                    let name = name.replace("%prefix%/", "").replace("/%prefix%", "");
                    (name == *at || name.trim_end_matches('/') == at)
                        && property.eq_ignore_ascii_case(heard)
                }
                (
                    TopicSource::Json { topic, pointer, .. },
                    Place::Json {
                        topic: at,
                        pointer: heard,
                    },
                ) => topic == at && pointer == heard,
                (
                    TopicSource::Onvif {
                        topic,
                        property: own,
                    },
                    Place::Onvif {
                        topic: at,
                        property,
                    },
                ) => {
                    topic == at
                        && usual(
                            own,
                            property,
                            &["IsInside", "LogicalState", "State", "IsMotion", "Count"],
                        )
                }
                // One that is read as another form is bound all the same.
                (
                    TopicSource::Json { topic, .. },
                    Place::Zigbee2Mqtt { topic: at, .. } | Place::EspHome { topic: at },
                ) => topic == at,
                _ => false,
            },
            (
                SensorAdapter::Modbus { unit, input },
                Place::Modbus {
                    gateway,
                    unit: at,
                    input: heard,
                },
            ) => {
                (unit, input) == (at, heard)
                    && sensor.gateways.iter().any(|id| id.as_str() == gateway)
            }
            (
                SensorAdapter::Ld2410 { line, .. } | SensorAdapter::Ld2450 { line, .. },
                Place::Radar { device, .. },
            ) => {
                let real = |path: &str| std::fs::canonicalize(path).ok();
                line.device == *device
                    || real(&line.device).is_some_and(|a| Some(a) == real(device))
            }
            (SensorAdapter::Http { .. }, Place::Http { sensor: id }) => sensor.id.as_str() == id,
            _ => false,
        })
}

/// An id that no sensor has: window and kind, with a number where that is taken.
pub(super) fn fresh_id(
    config: &Config,
    taken: &BTreeSet<String>,
    window: &str,
    kind: &str,
) -> String {
    let window: String = window.chars().take(ID_CHARS).collect();
    let is_free =
        |id: &String| !taken.contains(id) && config.sensors.iter().all(|s| s.id.as_str() != id);
    let numbered = (2..).map(|n| format!("{window}-{kind}-{n}"));
    std::iter::once(format!("{window}-{kind}"))
        .chain(numbered)
        .find(is_free)
        .unwrap_or_default()
}

/// The window whose id stands in the place's name, else the first.
pub(super) fn likely_window(config: &Config, place: &Place) -> Option<String> {
    let name = place.to_string().to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let named = |id: &&str| words.contains(&id.to_lowercase().as_str());
    let mut windows = config.windows.iter().map(|window| window.id.as_str());
    let first = windows.clone().next();
    windows.find(named).or(first).map(Into::into)
}

/// What a sensor at this place most likely says.
pub(super) fn likely_kind(place: &Place) -> &'static str {
    match place {
        Place::Modbus { .. } | Place::Tasmota { .. } => "seat",
        _ => "presence",
    }
}
