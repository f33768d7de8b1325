//! `hall.toml` as written: serde structs whose doc comments become the descriptions of the JSON Schema. Knows no rules.
//! No `Debug` here: a raw value may hold what somebody wrongly wrote into a URL.

mod camera;
mod duty;
mod home_assistant;
mod post;
mod rating;
mod rules;
mod sensor;
mod ticket;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use camera::{RawCamera, RawCodec};
pub(crate) use duty::{RawCalendar, RawCover, RawDuty, RawWeek};
pub(crate) use home_assistant::RawHomeAssistant;
pub(crate) use post::{RawEvaluationPoint, RawQueue, RawWindow, RawWindowZone, RawZoneKind};
pub(crate) use rating::{RawRatingAdapter, RawRatings};
pub(crate) use rules::RawRules;
pub(crate) use sensor::{
    RawGateway, RawLogin, RawParity, RawSensor, RawSensorAdapter, RawSensorBroker, RawSensorKind,
};
pub(crate) use ticket::{RawNamedWindow, RawTicketAdapter, RawTicketNames, RawTickets};

/// One hall as seen by one edge box. Relative paths are relative to the folder of this file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConfig {
    /// The hall.
    pub hall: RawHall,
    /// This edge box (边缘盒子).
    #[serde(rename = "box")]
    pub edge_box: RawBox,
    /// Cameras, in display order.
    #[serde(default)]
    pub cameras: Vec<RawCamera>,
    /// Service windows (窗口), in display order.
    #[serde(default)]
    pub windows: Vec<RawWindow>,
    /// Queues (排队), in display order.
    #[serde(default)]
    pub queues: Vec<RawQueue>,
    /// Sensors at windows.
    #[serde(default)]
    pub sensors: Vec<RawSensor>,
    /// Modbus gateways and lines behind which sensors are.
    #[serde(default)]
    pub gateways: Vec<RawGateway>,
    /// Ticket machines (叫号机).
    #[serde(default)]
    pub tickets: Vec<RawTickets>,
    /// Evaluation terminals (评价器).
    #[serde(default)]
    pub ratings: Vec<RawRatings>,
    /// MQTT broker on which the sensors speak.
    pub sensor_broker: Option<RawSensorBroker>,
    /// Home Assistant in the hall. Left out: nothing is published for it.
    pub home_assistant: Option<RawHomeAssistant>,
    /// When windows should be open (排班), in local time. Outside these times nothing is judged.
    pub duty: RawDuty,
    /// Rule profile: thresholds of the judgement.
    #[serde(default)]
    pub rules: RawRules,
    /// Person detector.
    #[serde(default)]
    pub detector: RawDetector,
    /// Connection to the central supervision. Left out: the box works alone.
    pub uplink: Option<RawUplink>,
    /// Local page.
    #[serde(default)]
    pub web: RawWeb,
    /// Event store on the box's disk.
    #[serde(default)]
    pub storage: RawStorage,
}

/// A name in both languages of the page.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawName {
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
}

/// The hall.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHall {
    /// Stable id of the hall in all interfaces, for example "511921-001". Several boxes of one hall share it.
    pub id: String,
    /// Name of the hall, { zh = "...", en = "..." }.
    pub name: RawName,
    /// Division codes (GB/T 2260) from province down, for example ["51", "5119", "511921"]. They begin every MQTT topic.
    pub area: Vec<String>,
    /// Local time's offset from UTC, for example "+08:00". Fixed: no daylight saving.
    #[serde(default = "default_utc_offset")]
    pub utc_offset: String,
}

fn default_utc_offset() -> String {
    "+08:00".into()
}

/// This edge box.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBox {
    /// Id of this box, unique within the hall, for example "b1".
    pub id: String,
    /// When the box's clock is believed; without, nobody is judged. "rtc": when it shows 2026 or later, for boxes with a battery clock
    /// and halls without a time server. "ntp": when a time daemon keeps it (the kernel says so), and for about a day and a half after.
    #[serde(default)]
    pub clock_trust: RawClockTrust,
}

/// When the box's clock is believed.
#[derive(Deserialize, JsonSchema, Serialize, Default, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawClockTrust {
    #[default]
    Rtc,
    Ntp,
}

/// Person detector.
#[derive(Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawDetector {
    /// Model manifest; left out: models/models.toml under the working directory.
    pub manifest: Option<String>,
    /// Name of the model in the manifest; left out: the manifest's default.
    pub model: Option<String>,
    /// Threads per inference.
    #[schemars(range(min = 1, max = 64))]
    pub threads: u32,
    /// Where inference runs.
    pub execution_provider: RawExecutionProvider,
    /// ONNX Runtime library; left out: searched where `edge-agent doctor` says.
    pub runtime_library: Option<String>,
    /// Detections below this score are dropped; left out: the manifest's value for the model.
    #[schemars(range(min = 0.01, max = 0.99))]
    pub score_threshold: Option<f64>,
}

impl Default for RawDetector {
    fn default() -> Self {
        RawDetector {
            manifest: None,
            model: None,
            threads: 1,
            execution_provider: RawExecutionProvider::Cpu,
            runtime_library: None,
            score_threshold: None,
        }
    }
}

/// Where inference runs.
#[derive(Deserialize, JsonSchema, Serialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawExecutionProvider {
    /// The processor.
    Cpu,
    /// An NVIDIA GPU.
    Cuda,
    /// An Intel processor, GPU or NPU through OpenVINO.
    Openvino,
    /// The processor through XNNPACK (ARM).
    Xnnpack,
}

/// Connection to the central supervision.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawUplink {
    /// Off: events stay in the store until it is on again.
    #[serde(default = "default_enabled")]
    pub enabled: bool,
    /// Address without user and password: "mqtts://broker.example.gov.cn:8883", or mqtt:// on a loopback or private link.
    pub url: String,
    /// Version of MQTT: "3.1.1", which every broker speaks, or "5", in which the broker says why it refuses something.
    #[serde(default)]
    pub mqtt_version: RawMqttVersion,
    /// MQTT client id; left out: hall id and box id. Must not change while the broker keeps a session.
    pub client_id: Option<String>,
    /// User to log in with.
    pub user: Option<String>,
    /// File whose first line is the password.
    pub password_file: Option<String>,
    /// Environment variable that holds the password.
    pub password_env: Option<String>,
    /// Certificates (PEM) of the authority that signed the broker's; left out: those of the system. Only with mqtts://.
    pub ca_file: Option<String>,
    /// Certificate (PEM) that the box proves itself with, where the broker wants one. Read again for every connection.
    pub cert_file: Option<String>,
    /// Key (PEM, without passphrase) of cert_file.
    pub key_file: Option<String>,
    /// Whose word counts an event as arrived: "broker" (its acknowledgement) or "centre" (its own on the ack topic, which it must publish).
    #[serde(default)]
    pub ack: RawAck,
    /// Begin of every topic.
    #[serde(default = "default_prefix")]
    pub prefix: String,
    /// Events per second sent from the backlog after an outage; 0: as fast as the broker takes them.
    #[serde(default = "default_backlog_rate")]
    #[schemars(range(min = 0, max = 10_000))]
    pub backlog_rate_per_s: u32,
    /// MQTT keep-alive. The broker reports the box offline after one and a half of it.
    #[serde(default = "default_keep_alive_s")]
    #[schemars(range(min = 5, max = 3600))]
    pub keep_alive_s: u32,
    /// Unchanged states are repeated after this long.
    #[serde(default = "default_state_interval_s")]
    #[schemars(range(min = 1, max = 3600))]
    pub state_interval_s: u32,
    /// Keys of the centre whose commands are obeyed. None: the box takes no commands.
    #[serde(default)]
    pub signers: Vec<RawSigner>,
}

/// Version of MQTT.
#[derive(Deserialize, Serialize, JsonSchema, Clone, Copy, Default)]
pub(crate) enum RawMqttVersion {
    /// 3.1.1.
    #[default]
    #[serde(rename = "3.1.1")]
    V3,
    /// 5.
    #[serde(rename = "5")]
    V5,
}

/// Whose word counts an event as arrived.
#[derive(Deserialize, Serialize, JsonSchema, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawAck {
    /// The broker's.
    #[default]
    Broker,
    /// The centre's.
    Centre,
}

/// A key that may command this box.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSigner {
    /// Key id, the kid of the signed command, for example "county-511921-2026".
    pub id: String,
    /// Ed25519 public key: the 32 bytes in base64.
    pub public_key: String,
    /// Roles it may act in.
    pub roles: Vec<RawRole>,
    /// Division codes from province down, for example ["51", "5119"]: commands are obeyed only in halls of that area. Left out: in every
    /// hall that lists the key.
    #[serde(default)]
    pub area: Vec<String>,
}

/// What somebody may do, by their office.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawRole {
    /// 省监察.
    Province,
    /// 市/县监察.
    Supervisor,
    /// 派驻监察机构.
    ResidentSupervisor,
    /// 大厅负责人.
    HallManager,
    /// 窗口首席代表.
    ChiefRepresentative,
    /// 巡查/运维.
    Patrol,
}

fn default_enabled() -> bool {
    true
}

fn default_prefix() -> String {
    "hall/v1".into()
}

fn default_backlog_rate() -> u32 {
    50
}

fn default_keep_alive_s() -> u32 {
    30
}

fn default_state_interval_s() -> u32 {
    60
}

/// Local page.
#[derive(Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawWeb {
    /// Address and port of the page. On loopback plain HTTP unless cert_file is given; on the network always TLS, and accounts.
    /// Port 0 takes a free one.
    pub listen: String,
    /// Another address and port, on which devices of the hall send with their tokens and nothing else is answered, for example
    /// "10.0.0.5:8081". Left out: only programs on the box itself can send, through listen.
    pub push_listen: Option<String>,
    /// Whether the page asks who is there; what each role may is in accounts.md. Default: on the network true, and nothing else is
    /// possible there; on loopback false: whoever has a shell on the box reads.
    pub accounts: Option<bool>,
    /// Certificates of the page (PEM, the page's own first); left out: the box makes one and renews it. Read again when it changes.
    pub cert_file: Option<String>,
    /// Key of cert_file (PEM).
    pub key_file: Option<String>,
    /// Address under which others reach the page, for example "https://10.0.0.5:8443": it is in the box's own certificate, and links
    /// to evidence begin with it. Left out: no links are given.
    pub public_url: Option<String>,
    /// File whose first line is a token, at least 16 characters: who sends it as "Authorization: Bearer ..." reads /health and /metrics
    /// without an account.
    pub monitor_token_file: Option<String>,
}

impl Default for RawWeb {
    fn default() -> Self {
        RawWeb {
            listen: "127.0.0.1:8080".into(),
            push_listen: None,
            accounts: None,
            cert_file: None,
            key_file: None,
            public_url: None,
            monitor_token_file: None,
        }
    }
}

/// Event store on the box's disk.
#[derive(Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawStorage {
    /// Folder of the store.
    pub dir: String,
    /// Events are kept this long, 24 months by default. Events not yet sent are never dropped for age.
    #[schemars(range(min = 1, max = 3650))]
    pub retention_days: u32,
    /// Disk the store may take at most.
    #[schemars(range(min = 16, max = 1_048_576))]
    pub max_mib: u32,
    /// Disk held back for the store's last writes when the disk is full.
    #[schemars(range(min = 0, max = 65_536))]
    pub reserve_mib: u32,
    /// Observations (counts and readings, never pictures) are kept this many days for replays with other rules; 0: not at all.
    #[schemars(range(min = 0, max = 366))]
    pub observations_days: u32,
    /// Disk the observations may take at most, besides max_mib. A hall of 40 windows takes about 1 MiB a day, with restless cameras 10.
    #[schemars(range(min = 1, max = 65_536))]
    pub observations_mib: u32,
}

impl Default for RawStorage {
    fn default() -> Self {
        RawStorage {
            dir: "/var/lib/edge-agent/store".into(),
            retention_days: 730,
            max_mib: 2048,
            reserve_mib: 64,
            observations_days: 14,
            observations_mib: 512,
        }
    }
}
