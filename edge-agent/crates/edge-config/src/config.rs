//! The typed configuration: immutable, checked, with secrets resolved. Knows no file format.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use hall_core::config::EngineConfig;
use hall_core::geometry::Point;
use hall_core::ids::{CameraId, QueueId, WindowId};
use hall_core::order::Role;

use crate::imported::ImportedCalendar;
use crate::mistake::Mistake;
use crate::rating::RatingSource;
use crate::secret::Secret;
use crate::sensor::{GatewaySource, SensorSource};
use crate::sensor_broker::SensorBroker;
use crate::ticket::TicketSource;

/// Everything the agent needs to run one box. Made by [`crate::load`] only, so that whatever holds one holds a checked one.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The `hall.toml` it was loaded from.
    pub path: PathBuf,
    /// The hall.
    pub hall: HallInfo,
    /// Id of this box within the hall.
    pub box_id: String,
    /// Local time's fixed offset from UTC in seconds (the same as `hall.utc_offset_s`).
    pub utc_offset_s: i32,
    /// Cameras in display order.
    pub cameras: Vec<CameraConfig>,
    /// Windows in display order: what is shown of them. What is judged is in `engine`.
    pub windows: Vec<WindowInfo>,
    /// Queues in display order: what is shown of them.
    pub queues: Vec<QueueInfo>,
    /// Sensors with how to hear them.
    pub sensors: Vec<SensorSource>,
    /// Modbus gateways, also those that no sensor is behind yet.
    pub gateways: Vec<GatewaySource>,
    /// Ticket machines.
    pub tickets: Vec<TicketSource>,
    /// Evaluation terminals.
    pub ratings: Vec<RatingSource>,
    /// Broker on which the sensors speak; present whenever a sensor needs it.
    pub sensor_broker: Option<SensorBroker>,
    /// Home Assistant; `None` when nothing is ever published for it.
    pub home_assistant: Option<HomeAssistantConfig>,
    /// Person detector.
    pub detector: DetectorConfig,
    /// Connection to the centre; `None` when absent or switched off.
    pub uplink: Option<UplinkConfig>,
    /// Local page.
    pub web: WebConfig,
    /// Event store.
    pub storage: StorageConfig,
    /// When the box's clock is believed.
    pub clock_trust: ClockTrust,
    /// What the engine judges by.
    pub engine: EngineConfig,
    /// Revision of the rule profile (the same as `engine.rules.revision`).
    pub rules_revision: u32,
    /// Calendars that were commanded, by year; none before [`Config::with_imported`].
    pub calendars: BTreeMap<i32, ImportedCalendar>,
    /// SHA-256 (hex) of the bytes of `hall.toml` followed by those of its calendars in order, as loaded.
    pub files_sha256: String,
    /// SHA-256 (hex) of what the box goes by: `files_sha256`, or with commanded calendars that and their dates.
    pub sha256: String,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Mistake>,
}

/// When the box's clock is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockTrust {
    /// When it shows a time that can be.
    Rtc,
    /// When a time daemon keeps it, and for as long after as it cannot be a minute off.
    Ntp,
}

/// A name in both languages of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// The hall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HallInfo {
    /// Id, for example `511921-001`.
    pub id: String,
    /// Name.
    pub name: Name,
    /// Division codes (GB/T 2260) from province down: 1 to 3, each beginning with the one before.
    pub area: Vec<String>,
    /// Local time's fixed offset from UTC in seconds (Asia/Shanghai: 28 800).
    pub utc_offset_s: i32,
}

/// Where a camera's pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraSource {
    /// A network camera.
    Rtsp {
        /// `rtsp://` or `rtsps://` address without credentials.
        url: String,
        /// User.
        user: Option<String>,
        /// Password.
        password: Option<Secret>,
    },
    /// A video file.
    File {
        /// Absolute, or relative to the working directory when `hall.toml` was named so.
        path: PathBuf,
        /// What happens at its end.
        repeat: Repeat,
    },
    /// A USB camera.
    Device {
        /// Device node, for example `/dev/video0`.
        path: PathBuf,
    },
}

/// What happens at the end of a video file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It plays once.
    Once,
    /// It starts again.
    Loop,
}

impl CameraSource {
    /// The source as logs, pages and errors may show it: no password, user kept.
    #[must_use]
    pub fn masked(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for CameraSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CameraSource::Rtsp {
                url,
                user,
                password,
            } => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("rtsp", url));
                write!(f, "{scheme}://")?;
                if let Some(user) = user {
                    f.write_str(user)?;
                }
                if password.is_some() {
                    f.write_str(":***")?;
                }
                if user.is_some() || password.is_some() {
                    f.write_str("@")?;
                }
                f.write_str(rest)
            }
            CameraSource::File { path, .. } | CameraSource::Device { path } => {
                write!(f, "{}", path.display())
            }
        }
    }
}

/// Video codec of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// As the camera announces.
    Auto,
    /// H.264.
    H264,
    /// H.265.
    H265,
}

/// Which pictures are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decode {
    /// All.
    AllFrames,
    /// Key frames only.
    KeyFrames,
}

/// One camera.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraConfig {
    /// Id.
    pub id: CameraId,
    /// Name.
    pub name: Name,
    /// Where its pictures come from.
    pub source: CameraSource,
    /// Codec.
    pub codec: Codec,
    /// Pictures analysed per second.
    pub analysis_fps: f32,
    /// Larger pictures are reduced to this width.
    pub max_width_px: u32,
    /// Which pictures are decoded.
    pub decode: Decode,
    /// GB/T 28181 channel id.
    pub gb_channel_id: Option<String>,
    /// Simple polygons, normalised, blacked out before analysis and display.
    pub privacy_masks: Vec<Vec<Point>>,
}

/// What is shown of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowInfo {
    /// Id.
    pub id: WindowId,
    /// Name.
    pub name: Name,
    /// Department.
    pub department: Option<Name>,
}

/// What is shown of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueInfo {
    /// Id.
    pub id: QueueId,
    /// Name.
    pub name: Name,
}

/// How a broker is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// `mqtt://`: clear text.
    Tcp,
    /// `mqtts://`: TLS.
    Tls,
}

/// An MQTT broker and how to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// Clear text or TLS.
    pub transport: Transport,
    /// Host name or address, without brackets.
    pub host: String,
    /// Port; 1883 or 8883 unless named.
    pub port: u16,
    /// User.
    pub user: Option<String>,
    /// Password.
    pub password: Option<Secret>,
}

impl fmt::Display for Broker {
    /// The broker as logs may show it: no credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.transport {
            Transport::Tcp => "mqtt",
            Transport::Tls => "mqtts",
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

/// Where inference runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionProvider {
    /// The processor.
    Cpu,
    /// An NVIDIA GPU.
    Cuda,
    /// An Intel processor, GPU or NPU through OpenVINO.
    OpenVino,
    /// The processor through XNNPACK (ARM).
    Xnnpack,
}

impl ExecutionProvider {
    /// The short name, as in `hall.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ExecutionProvider::Cpu => "cpu",
            ExecutionProvider::Cuda => "cuda",
            ExecutionProvider::OpenVino => "openvino",
            ExecutionProvider::Xnnpack => "xnnpack",
        }
    }
}

/// Person detector.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorConfig {
    /// Model manifest; `models/models.toml` under the working directory unless named.
    pub manifest: PathBuf,
    /// Model in the manifest; `None`: the manifest's default.
    pub model: Option<String>,
    /// Threads per inference.
    pub threads: u32,
    /// Where inference runs.
    pub execution_provider: ExecutionProvider,
    /// ONNX Runtime library; `None`: the agent searches.
    pub runtime_library: Option<PathBuf>,
    /// Score below which detections are dropped; `None`: the manifest's.
    pub score_threshold: Option<f32>,
}

/// Connection to the centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UplinkConfig {
    /// Broker.
    pub broker: Broker,
    /// Version of MQTT.
    pub mqtt_version: MqttVersion,
    /// MQTT client id, stable.
    pub client_id: String,
    /// PEM file of trusted authorities; `None`: the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM files of the client's certificate and its key; `None`: it has none.
    pub client_cert: Option<ClientCert>,
    /// Whose word counts an event as arrived.
    pub ack: AckBy,
    /// Begin of every topic, for example `hall/v1`.
    pub prefix: String,
    /// Backlog events per second; 0: no limit.
    pub backlog_rate_per_s: u32,
    /// MQTT keep-alive in seconds.
    pub keep_alive_s: u32,
    /// Unchanged states are repeated after this many seconds.
    pub state_interval_s: u32,
    /// Keys whose commands are obeyed.
    pub signers: Vec<SignerConfig>,
}

/// Home Assistant in the hall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeAssistantConfig {
    /// The broker it listens to.
    pub broker: Broker,
    /// Its discovery prefix.
    pub discovery_prefix: String,
    /// False: what was published is taken back.
    pub enabled: bool,
}

/// Version of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MqttVersion {
    /// 3.1.1.
    V3,
    /// 5.
    V5,
}

/// Whose word counts an event as arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckBy {
    /// The broker's.
    Broker,
    /// The centre's own, on the topic `ack`.
    Centre,
}

/// What the box proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCert {
    /// PEM file of the certificate.
    pub cert_file: PathBuf,
    /// PEM file of its key.
    pub key_file: PathBuf,
}

/// A key of the centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerConfig {
    /// Key id.
    pub id: String,
    /// Ed25519 public key.
    pub public_key: [u8; 32],
    /// Roles it may act in.
    pub roles: Vec<Role>,
    /// Division codes from province down whose halls it commands; empty: any.
    pub area: Vec<String>,
}

/// Local page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where devices may send with their tokens besides.
    pub push_listen: Option<SocketAddr>,
    /// The page asks who is there. Always on the network.
    pub accounts: bool,
    /// Certificate of the page; `None`: plain HTTP, on loopback only.
    pub certificate: Option<WebCertificate>,
    /// Where others reach the page.
    pub public_url: Option<PublicUrl>,
    /// Token for `/health` and `/metrics`.
    pub monitor_token: Option<Secret>,
}

/// Where the page's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebCertificate {
    /// The box makes it.
    Own,
    /// These PEM files.
    Given {
        /// Certificates, the page's own first.
        cert_file: PathBuf,
        /// Its key.
        key_file: PathBuf,
    },
}

/// An `https://` address without path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Without a closing slash, for example `https://10.0.0.5:8443`.
    pub url: String,
    /// Its host name or address, without brackets.
    pub host: String,
}

/// Event store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageConfig {
    /// Folder of the store.
    pub dir: PathBuf,
    /// Events are kept this many days.
    pub retention_days: u32,
    /// Disk the store may take at most.
    pub max_bytes: u64,
    /// Disk held back for the last writes.
    pub reserve_bytes: u64,
    /// Observations are kept this many days; 0: not at all.
    pub observations_days: u32,
    /// Disk the observations may take at most.
    pub observations_bytes: u64,
}

impl StorageConfig {
    /// Folder of the box's own sensor broker: its files, its passwords, what it keeps.
    #[must_use]
    pub fn sensor_broker_dir(&self) -> PathBuf {
        self.dir.join("sensor-broker")
    }

    /// Folder of the observations.
    #[must_use]
    pub fn observations_dir(&self) -> PathBuf {
        self.dir.join("observations")
    }
}
