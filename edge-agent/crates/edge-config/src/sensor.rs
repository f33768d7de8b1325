//! Sensors with how to hear them, and the gateways they are heard through. Knows neither files nor devices.

use hall_core::config::SensorKind;
use hall_core::ids::{GatewayId, SensorId, WindowId};

use crate::secret::Secret;

/// The sensors' broker as a gateway.
pub const SENSOR_BROKER: &str = "sensor-broker";

/// Which state of the contact means "on".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polarity {
    /// On is on.
    Normal,
    /// Off is on.
    Inverted,
}

/// One sensor with how to hear it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorSource {
    /// Id.
    pub id: SensorId,
    /// Window it belongs to.
    pub window: WindowId,
    /// What it says.
    pub kind: SensorKind,
    /// How it is heard.
    pub adapter: SensorAdapter,
    /// Which state means "on".
    pub polarity: Polarity,
    /// Silence limit in seconds, its own or its type's; `None`: the profile's.
    pub stale_s: Option<u32>,
    /// The gateways its messages pass through, nearest first; empty for a sensor on a line of its own.
    pub gateways: Vec<GatewayId>,
}

/// How a sensor is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SensorAdapter {
    /// A topic on the sensor broker.
    Topic(TopicSource),
    /// A discrete input behind a gateway.
    Modbus {
        /// Unit address, 1-255.
        unit: u8,
        /// Discrete input, from 0.
        input: u16,
    },
    /// LD2410 or LD2412 on a serial line.
    Ld2410 {
        /// Its line.
        line: SerialSource,
        /// Farthest target that counts, in centimetres.
        max_cm: Option<u16>,
    },
    /// LD2450 on a serial line.
    Ld2450 {
        /// Its line.
        line: SerialSource,
        /// Left, near, right and far bound in millimetres.
        region_mm: Option<[i32; 4]>,
    },
    /// Sends its state itself, by HTTP.
    Http {
        /// What it proves itself with.
        token: Secret,
        /// JSON pointer to the state; `None`: the payload is the state, or holds it under `value`.
        pointer: Option<String>,
        /// JSON pointer to the time of the measurement.
        time_pointer: Option<String>,
        /// Words that mean on.
        on: Vec<String>,
        /// Words that mean off.
        off: Vec<String>,
    },
}

/// What is heard on the sensor broker. Topics are concrete: no wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicSource {
    /// JSON from Zigbee2MQTT.
    Zigbee2Mqtt {
        /// Topic of the device.
        topic: String,
        /// Key of the payload; `None`: the usual keys of the kind.
        property: Option<String>,
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
        /// Key that holds the state.
        property: String,
    },
    /// A state as text or JSON.
    Json {
        /// Topic.
        topic: String,
        /// JSON pointer to the state; `None`: the payload is the state.
        pointer: Option<String>,
        /// JSON pointer to the time of the measurement.
        time_pointer: Option<String>,
        /// Words that mean on.
        on: Vec<String>,
        /// Words that mean off.
        off: Vec<String>,
        /// Topic with online and offline.
        availability_topic: Option<String>,
    },
    /// An ONVIF event of a camera.
    Onvif {
        /// Whole topic.
        topic: String,
        /// Data item; `None`: the usual ones.
        property: Option<String>,
    },
}

/// A Modbus gateway or line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewaySource {
    /// Id.
    pub id: GatewayId,
    /// How it is reached.
    pub line: GatewayLine,
    /// Milliseconds from one poll to the next.
    pub poll_ms: u32,
    /// Milliseconds for which a changed input must be read.
    pub debounce_ms: u32,
}

/// How a Modbus gateway is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayLine {
    /// Modbus TCP.
    Tcp {
        /// Host name or address, without brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// Modbus RTU.
    Serial(SerialSource),
}

/// A serial line: 8 data bits, 1 stop bit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialSource {
    /// Device.
    pub device: String,
    /// Bits per second.
    pub baud: u32,
    /// Parity bit.
    pub parity: Parity,
}

/// Parity bit of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// None.
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}
