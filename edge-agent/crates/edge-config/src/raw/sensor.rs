//! Sensors, the gateways between them and the box, and the sensors' broker, as written in `hall.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

/// One sensor at a window. Which keys it has follows from its type; what each device says and how it fails is in sensors.md.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSensor {
    /// Stable id of the sensor, for example "W3-radar".
    pub id: String,
    /// Id of the window it belongs to.
    pub window: String,
    /// What its "on" means.
    pub kind: RawSensorKind,
    /// How the box hears it.
    #[serde(rename = "type")]
    pub adapter: RawSensorAdapter,
    /// Take "on" for off and off for "on" (normally closed contacts).
    #[serde(default)]
    pub invert: bool,
    /// Silence in seconds after which it is ignored. Default: by type (sensors.md); where the type has none, sensor_stale_s of the
    /// rules. For a sensor that speaks only on change: its longest silence.
    #[schemars(range(min = 1, max = 172_800))]
    pub stale_s: Option<u32>,
    /// Id of the gateway all its messages pass through: when that is gone, one event tells it and no sensor behind it is blamed.
    /// Type modbus: one of gateways, required. Type zigbee2mqtt: a name for its bridge, default the first level of topic. What is on
    /// MQTT also passes through the sensors' broker, "sensor-broker".
    pub gateway: Option<String>,
    /// MQTT topic, for example "zigbee2mqtt/W3-radar"; for tasmota the device's topic name, the middle of "tele/NAME/SENSOR",
    /// or its FullTopic with %prefix%.
    pub topic: Option<String>,
    /// Key of the payload that holds the state. zigbee2mqtt: default presence, else occupancy; "region_1": that region of an FP1.
    /// tasmota: required, "Switch1". onvif: default IsInside, LogicalState, State, IsMotion or Count. A pause switch on zigbee2mqtt needs
    /// it, for example "contact".
    pub property: Option<String>,
    /// Types mqtt, http: JSON pointer (RFC 6901) to the state, for example "/state/occupied"; left out, the payload is the state itself;
    /// http: or an object with "value" and, if the device has a clock, "at".
    pub pointer: Option<String>,
    /// Types mqtt, http: JSON pointer to the time of the measurement (RFC 3339, Unix seconds or milliseconds).
    pub time_pointer: Option<String>,
    /// Types mqtt, http: words that mean on, besides true, on and 1.
    #[serde(default)]
    pub on: Vec<String>,
    /// Types mqtt, http: words that mean off, besides false, off and 0.
    #[serde(default)]
    pub off: Vec<String>,
    /// Type mqtt: topic that says online or offline, if the device has one.
    pub availability_topic: Option<String>,
    /// Type modbus: unit (slave) address.
    #[schemars(range(min = 1, max = 255))]
    pub unit: Option<u8>,
    /// Type modbus: discrete input, from 0.
    pub input: Option<u16>,
    /// Types ld2410, ld2450: serial device, better a name under /dev/serial/by-id, which survives replugging.
    pub device: Option<String>,
    /// Types ld2410, ld2450: bits per second. Default 256000; an LD2412 speaks 115200.
    #[schemars(range(min = 300, max = 4_000_000))]
    pub baud: Option<u32>,
    /// Type ld2410: farthest target that counts, in cm; left out: any.
    #[schemars(range(min = 1, max = 2_000))]
    pub max_cm: Option<u16>,
    /// Type ld2450: [left, near, right, far] bounds in mm from the radar within which a target counts; left out: anywhere.
    pub region_mm: Option<[i32; 4]>,
    /// Type http: file whose first line is the token the device sends as "Authorization: Bearer ...", at least 16 characters.
    pub token_file: Option<String>,
    /// Type http: environment variable that holds the token.
    pub token_env: Option<String>,
}

/// What a sensor says.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawSensorKind {
    /// Somebody is at the post (radar, PIR).
    Presence,
    /// Somebody sits on the chair.
    Seat,
    /// Service is declared paused (暂停服务 switch).
    Pause,
    /// The window's lamp (窗口灯): lit while the window is open, dark while it is paused. With invert: lit while it is paused.
    Lamp,
}

/// How the box hears a sensor.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawSensorAdapter {
    /// JSON published by Zigbee2MQTT on the sensor broker.
    Zigbee2mqtt,
    /// A binary sensor of an ESPHome node on the sensor broker.
    Esphome,
    /// A switch or relay of a Tasmota device on the sensor broker.
    Tasmota,
    /// Anything else that publishes a state on the sensor broker, as text or JSON.
    Mqtt,
    /// An ONVIF event that a camera publishes on the sensor broker (topic part onvif-ej).
    Onvif,
    /// A discrete input of a Modbus unit behind one of gateways.
    Modbus,
    /// An LD2410 or LD2412 radar on a serial line of its own.
    Ld2410,
    /// An LD2450 radar on a serial line of its own.
    Ld2450,
    /// A device that sends its state itself: POST /api/sensors/ID with a token of its own.
    Http,
}

/// A Modbus gateway or RS-485 line with units whose discrete inputs are sensors.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGateway {
    /// Stable id of the gateway, for example "modbus-1".
    pub id: String,
    /// Modbus TCP: its address, "tcp://10.0.0.30:502".
    pub url: Option<String>,
    /// Modbus RTU: serial device, better a name under /dev/serial/by-id.
    pub device: Option<String>,
    /// Modbus RTU: bits per second.
    #[serde(default = "default_modbus_baud")]
    #[schemars(range(min = 300, max = 4_000_000))]
    pub baud: u32,
    /// Modbus RTU: parity bit.
    #[serde(default)]
    pub parity: RawParity,
    /// Time from one poll to the next in ms.
    #[serde(default = "default_poll_ms")]
    #[schemars(range(min = 50, max = 10_000))]
    pub poll_ms: u32,
    /// A changed input counts once it has been read for so many ms.
    #[serde(default = "default_debounce_ms")]
    #[schemars(range(min = 0, max = 5_000))]
    pub debounce_ms: u32,
}

fn default_modbus_baud() -> u32 {
    9_600
}

fn default_poll_ms() -> u32 {
    250
}

fn default_debounce_ms() -> u32 {
    100
}

/// Parity bit of a serial line.
#[derive(Deserialize, serde::Serialize, JsonSchema, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawParity {
    /// No parity bit.
    #[default]
    None,
    /// Even, the default of the Modbus specification.
    Even,
    /// Odd.
    Odd,
}

/// MQTT broker on which the sensors speak: one that is there (url), or one of the box's own (listen).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSensorBroker {
    /// Broker that is there: its address without user and password, "mqtt://127.0.0.1:1883".
    pub url: Option<String>,
    /// With url: user to log in with.
    pub user: Option<String>,
    /// With url: file whose first line is the password.
    pub password_file: Option<String>,
    /// With url: environment variable that holds the password.
    pub password_env: Option<String>,
    /// In place of url: the box runs a broker of its own on this address and port, for example "10.0.0.5:1883". Nobody gets in but the
    /// logins.
    pub listen: Option<String>,
    /// With listen: devices that may log in.
    #[serde(default)]
    pub logins: Vec<RawLogin>,
}

/// A device that may log in to the box's own broker. It writes and reads its own topics, and nobody else's.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLogin {
    /// User name of the device, for example "w3-radar" or "zigbee2mqtt".
    pub id: String,
    /// Its topics, with wildcards. Left out: "ID/#" (Zigbee2MQTT, ESPHome) and "tele/ID/#", "stat/ID/#", "cmnd/ID/#" (Tasmota).
    #[serde(default)]
    pub topics: Vec<String>,
    /// File whose first line is the password, at least 12 characters. Left out, with password_env: `edge-agent sensors login ID` makes one.
    pub password_file: Option<String>,
    /// Environment variable that holds the password.
    pub password_env: Option<String>,
}
