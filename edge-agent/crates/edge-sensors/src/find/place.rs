//! Where a signal is heard: all that a `[[sensors]]` entry has to say to hear it again. Knows no file format.

use std::fmt;

/// A place where something says on and off.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A key of a Zigbee2MQTT device.
    Zigbee2Mqtt {
        /// The device's topic.
        topic: String,
        /// Key of the payload.
        property: String,
    },
    /// A binary sensor of an ESPHome node.
    EspHome {
        /// State topic.
        topic: String,
    },
    /// A switch or relay of a Tasmota device.
    Tasmota {
        /// Topic name of the device.
        name: String,
        /// Key that holds the state; a dot leads into an object.
        property: String,
    },
    /// A state as text or JSON.
    Json {
        /// Topic.
        topic: String,
        /// JSON pointer to the state; `None`: the payload is the state.
        pointer: Option<String>,
    },
    /// A data item of an ONVIF event.
    Onvif {
        /// Whole topic.
        topic: String,
        /// Data item.
        property: String,
    },
    /// A discrete input behind a gateway.
    Modbus {
        /// The gateway's id.
        gateway: String,
        /// Unit address.
        unit: u8,
        /// Discrete input, from 0.
        input: u16,
    },
    /// A radar on a serial line.
    Radar {
        /// Device.
        device: String,
        /// Which radar.
        family: RadarFamily,
        /// Bits per second.
        baud: u32,
    },
    /// A sensor that sends by HTTP, already configured.
    Http {
        /// Its id.
        sensor: String,
    },
}

/// Which radar talks on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RadarFamily {
    /// LD2410 or LD2412.
    Ld2410,
    /// LD2450.
    Ld2450,
}

impl Place {
    /// Its family, as `type` of a sensor names it.
    #[must_use]
    pub fn family(&self) -> &'static str {
        match self {
            Place::Zigbee2Mqtt { .. } => "zigbee2mqtt",
            Place::EspHome { .. } => "esphome",
            Place::Tasmota { .. } => "tasmota",
            Place::Json { .. } => "mqtt",
            Place::Onvif { .. } => "onvif",
            Place::Modbus { .. } => "modbus",
            Place::Radar {
                family: RadarFamily::Ld2410,
                ..
            } => "ld2410",
            Place::Radar {
                family: RadarFamily::Ld2450,
                ..
            } => "ld2450",
            Place::Http { .. } => "http",
        }
    }

    /// What it hangs on: signals of one source change together. The topic, the device's name, the unit or the line.
    #[must_use]
    pub fn source(&self) -> String {
        match self {
            Place::Zigbee2Mqtt { topic, .. }
            | Place::Json { topic, .. }
            | Place::Onvif { topic, .. } => topic.clone(),
            // One node has several entities that see the same person.
            Place::EspHome { topic } => topic
                .split_once("/binary_sensor/")
                .map_or(topic.as_str(), |(node, _)| node)
                .to_owned(),
            Place::Tasmota { name, .. } => name.clone(),
            // Each input is a contact of its own.
            Place::Modbus {
                gateway,
                unit,
                input,
            } => format!("{gateway} unit {unit} input {input}"),
            Place::Radar { device, .. } => device.clone(),
            Place::Http { sensor } => format!("POST /api/sensors/{sensor}"),
        }
    }

    /// How much it looks like the one signal to use of its source; more is better.
    #[must_use]
    pub fn fitness(&self) -> u8 {
        let of = |name: &str, best: &[&str]| {
            let at = best.iter().position(|b| b.eq_ignore_ascii_case(name));
            at.map_or(1, |at| 10 - at.min(8) as u8)
        };
        match self {
            Place::Zigbee2Mqtt { property, .. } => of(
                property,
                &["presence", "occupancy", "contact", "state", "vibration"],
            ),
            Place::EspHome { topic } => {
                let name = topic.rsplit('/').nth(1).unwrap_or_default();
                of(
                    name,
                    &[
                        "has_target",
                        "out_pin_presence_status",
                        "presence",
                        "occupancy",
                        "has_still_target",
                        "has_moving_target",
                    ],
                )
            }
            Place::Tasmota { property, .. } => of(
                property,
                &[
                    "Switch1", "Switch2", "Switch3", "Switch4", "POWER", "POWER1",
                ],
            ),
            Place::Json { pointer, .. } => {
                let last = pointer
                    .as_deref()
                    .and_then(|p| p.rsplit('/').next())
                    .unwrap_or("presence");
                of(
                    last,
                    &["presence", "occupied", "occupancy", "state", "value"],
                )
            }
            Place::Onvif { property, .. } => of(
                property,
                &["IsInside", "LogicalState", "State", "IsMotion", "Count"],
            ),
            Place::Modbus { .. } | Place::Radar { .. } | Place::Http { .. } => 10,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Zigbee2Mqtt { topic, property }
            | Place::Onvif { topic, property }
            | Place::Tasmota {
                name: topic,
                property,
            } => write!(f, "{topic} {property}"),
            Place::EspHome { topic }
            | Place::Json {
                topic,
                pointer: None,
            } => f.write_str(topic),
            Place::Json {
                topic,
                pointer: Some(pointer),
            } => write!(f, "{topic} {pointer}"),
            Place::Modbus { .. } | Place::Radar { .. } | Place::Http { .. } => {
                f.write_str(&self.source())
            }
        }
    }
}
