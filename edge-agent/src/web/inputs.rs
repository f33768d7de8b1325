//! What the page is fed with: the ports of the web server, and the plain data they carry. The composition root fills them;
//! nothing here knows where the data comes from.

use std::sync::Arc;

use edge_accounts::{AccountDesk, AuditLog, Audited, Moment};
use edge_sensors::{PushRefusal, Pushed};
use hall_core::config::{EngineConfig, Rules, SensorKind, Zone};
use hall_core::detection::Detection;
use hall_core::event::EventId;
use hall_core::ids::{CameraId, QueueId, SensorId, WindowId};
use hall_core::snapshot::HallSnapshot;
use hall_core::time::{HallTime, WallClock};
use hall_wire::event::SealedRecord;
use tokio::sync::watch;

use super::figure_source::FigureSource;
use crate::certificate::CertificateInUse;
use crate::evidence::EvidenceError;
use crate::orders::OrderDesk;

/// Everything the server needs. All `watch` channels hold the latest value only; a slow page misses versions, never blocks.
#[derive(Clone)]
pub struct WebInputs {
    /// Names, zones and rules; a new value after a reload makes open pages fetch it again. Its sender may be dropped where
    /// nothing is ever reloaded.
    pub hall: watch::Receiver<Arc<HallInfo>>,
    /// The engine's present view. Renewed every few seconds also when nothing changes: a page takes one older than 6 s for a
    /// sign that judging has stopped, and says so.
    pub snapshot: watch::Receiver<Arc<HallSnapshot>>,
    /// How hall time maps to the wall now.
    pub clock: Arc<dyn Fn() -> WallClock + Send + Sync>,
    /// Hall time now.
    pub now: Arc<dyn Fn() -> HallTime + Send + Sync>,
    /// The stored events.
    pub events: Arc<dyn EventSource>,
    /// Sequence number of the newest durable record; 0 while there is none.
    pub last_seq: watch::Receiver<u64>,
    /// The kept figures.
    pub figures: Arc<dyn FigureSource>,
    /// Pictures and detections.
    pub frames: Arc<dyn FrameSource>,
    /// State of the box.
    pub health: watch::Receiver<Arc<HealthReport>>,
    /// Prometheus text, made on demand.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Where devices send to.
    pub push: Arc<dyn PushSink>,
    /// Who may come in.
    pub access: Access,
    /// The access log.
    pub audit: Arc<AuditLog>,
    /// Evidence of events as files.
    pub evidence: Arc<dyn EvidenceSource>,
    /// Where steps in cases are given as orders.
    pub orders: OrderDesk,
    /// The page's certificate; `None`: plain HTTP.
    pub certificate: Option<CertificateInUse>,
    /// Whoever sends it as a bearer token reads health and figures.
    pub monitor_token: Option<Arc<str>>,
    /// Host names besides IP addresses under which the page may be asked for when it is not bound to loopback, for example
    /// `edge.hall.lan`. Guards against DNS rebinding. Ignored on loopback, where only loopback names work.
    pub allowed_hosts: Vec<String>,
}

/// Who may come in.
#[derive(Clone)]
pub enum Access {
    /// Everybody who reaches the address, which is loopback, reads.
    Open,
    /// Whoever signs in, as far as the role goes.
    Accounts(Arc<AccountDesk>),
}

/// Evidence of events as files. Calls block on the disk; what they give out is in the access log first.
pub trait EvidenceSource: Send + Sync + 'static {
    /// The pack of an event, for whoever `audited` names.
    ///
    /// # Errors
    /// When there is no such event, or it cannot be read or written down.
    fn take(&self, id: EventId, audited: &Audited, now: Moment) -> Result<Vec<u8>, EvidenceError>;

    /// The pack behind a one-time link with its event; `None` when there is none (any more).
    ///
    /// # Errors
    /// When it cannot be read or written down.
    fn fetch(
        &self,
        token: &str,
        from: &str,
        now: Moment,
    ) -> Result<Option<(String, Vec<u8>)>, EvidenceError>;
}

/// A source could not answer. The text is logged, never sent to the client; no secrets in it.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {reason}")]
pub struct SourceError {
    /// What was asked, for example `read events after 17`.
    pub what: String,
    /// Why it failed.
    pub reason: String,
}

/// Some records and how far was looked.
#[derive(Debug, Clone, Default)]
pub struct EventBatch {
    /// Event records in rising `seq`.
    pub records: Vec<SealedRecord>,
    /// Highest sequence number examined, records of other kinds and gaps included; the next read starts after it. Equal to
    /// the `after` asked for only when there is nothing newer.
    pub upto: u64,
}

/// Read side of the event store. Calls may block; they are made off the async threads.
pub trait EventSource: Send + Sync + 'static {
    /// At most `max` event records with `seq > after`, in rising `seq`. Trimmed numbers are passed over.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn read_after(&self, after: u64, max: usize) -> Result<EventBatch, SourceError>;
}

/// One picture as JPEG with every person already made unrecognisable.
#[derive(Debug, Clone)]
pub struct FrameJpeg {
    /// The JPEG file.
    pub bytes: Vec<u8>,
    /// Capture time.
    pub at: HallTime,
}

/// What sends by HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushKind {
    /// A sensor.
    Sensor,
    /// A ticket machine.
    Tickets,
    /// Evaluation terminals.
    Ratings,
}

/// Takes in what devices send. Calls return at once.
pub trait PushSink: Send + Sync + 'static {
    /// Whether the device may send now; asked before its message is read.
    ///
    /// # Errors
    /// When nothing with that id is configured, the token is not its own, or it sends too often.
    fn admit(&self, kind: PushKind, id: &str, token: &str) -> Result<(), PushRefusal>;

    /// Takes an admitted message in.
    ///
    /// # Errors
    /// When it is not understood.
    fn take(&self, kind: PushKind, id: &str, body: &[u8]) -> Result<Pushed, PushRefusal>;
}

/// What the detector found in the last analysed picture of one camera.
#[derive(Debug, Clone)]
pub struct CameraBoxes {
    /// Capture time of that picture.
    pub at: HallTime,
    /// Detections, normalised.
    pub detections: Vec<Detection>,
}

/// Pictures and detections of the cameras. Calls may block for the time of one encode; they are made off the async threads,
/// two at a time.
pub trait FrameSource: Send + Sync + 'static {
    /// The newest picture, not wider than `max_width_px`, persons pixelated; `None` before the first one.
    ///
    /// # Errors
    /// When the picture cannot be converted or encoded.
    fn jpeg(&self, camera: &CameraId, max_width_px: u32) -> Result<Option<FrameJpeg>, SourceError>;

    /// The newest detections; `None` before the first analysed picture.
    fn boxes(&self, camera: &CameraId) -> Option<CameraBoxes>;

    /// Nobody is looked for in the pictures of this camera now, and none is shown.
    fn off_duty(&self, camera: &CameraId) -> bool;
}

/// A name in both languages of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// What does not change between two configurations.
#[derive(Debug, Clone)]
pub struct HallInfo {
    /// Hall id.
    pub hall: String,
    /// Box id.
    pub box_id: String,
    /// The hall's name.
    pub name: Names,
    /// Windows in display order.
    pub windows: Vec<WindowInfo>,
    /// Queues in display order.
    pub queues: Vec<QueueInfo>,
    /// Cameras in display order.
    pub cameras: Vec<CameraInfo>,
    /// Sensors.
    pub sensors: Vec<SensorInfo>,
    /// Zones of all cameras.
    pub zones: Vec<Zone>,
    /// Rule profile in force.
    pub rules: Rules,
    /// What belongs to which window.
    pub engine: Arc<EngineConfig>,
    /// What runs.
    pub versions: Versions,
}

/// One window.
#[derive(Debug, Clone)]
pub struct WindowInfo {
    /// Id.
    pub id: WindowId,
    /// Name, for example 综合窗口 / General services.
    pub name: Names,
    /// Department it belongs to.
    pub department: Option<Names>,
}

/// One queue.
#[derive(Debug, Clone)]
pub struct QueueInfo {
    /// Id.
    pub id: QueueId,
    /// Name.
    pub name: Names,
    /// Windows it feeds; empty: all.
    pub windows: Vec<WindowId>,
    /// People the zone can hold; `None`: unknown.
    pub capacity: Option<u32>,
}

/// One camera. Address and credentials have no place here.
#[derive(Debug, Clone)]
pub struct CameraInfo {
    /// Id.
    pub id: CameraId,
    /// Name.
    pub name: Names,
}

/// One sensor.
#[derive(Debug, Clone)]
pub struct SensorInfo {
    /// Id.
    pub id: SensorId,
    /// Window it belongs to.
    pub window: WindowId,
    /// What its "on" means.
    pub kind: SensorKind,
}

/// What runs on the box.
#[derive(Debug, Clone, Default)]
pub struct Versions {
    /// Version of edge-agent.
    pub agent: String,
    /// SHA-256 of the configuration, hex.
    pub config_sha256: String,
    /// Model name; empty without one.
    pub model: String,
    /// SHA-256 of the model file, hex; empty without one.
    pub model_sha256: String,
}

/// Overall verdict on the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overall {
    /// Everything works.
    Ok,
    /// Something is missing, judging goes on for the rest.
    Degraded,
    /// The box does not do its job.
    Critical,
}

/// State of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComponentState {
    /// Not ready yet.
    Starting,
    /// Works.
    Up,
    /// Works in part.
    Degraded,
    /// Failed, waiting to start again.
    Restarting,
    /// Does not work.
    Down,
}

/// One component of the agent.
#[derive(Debug, Clone)]
pub struct ComponentHealth {
    /// Name, for example `camera:cam1`, `store`, `uplink`.
    pub name: String,
    /// State.
    pub state: ComponentState,
    /// A sentence for the operator; empty when there is nothing to say.
    pub detail: String,
}

/// State of one camera's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraState {
    /// Connecting, no picture yet.
    Connecting,
    /// Pictures arrive.
    Up,
    /// No pictures.
    Down,
}

/// One camera in figures.
#[derive(Debug, Clone)]
pub struct CameraHealth {
    /// Which.
    pub camera: CameraId,
    /// Stream state.
    pub state: CameraState,
    /// Pictures per second that arrived lately.
    pub fps: f32,
    /// Age of the newest picture; `None` before the first.
    pub last_frame_age_ms: Option<u64>,
    /// Pictures analysed since start.
    pub analysed: u64,
    /// Pictures let go unseen since start because the camera was off duty.
    pub off_duty: u64,
    /// Pictures passed over since start because a newer one was there.
    pub dropped: u64,
    /// Typical analysis time; `None` before the first.
    pub infer_ms: Option<f32>,
}

/// The event store in figures.
#[derive(Debug, Clone, Default)]
pub struct StoreHealth {
    /// Newest durable sequence number.
    pub seq: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Events are held in memory because the disk refuses.
    pub degraded: bool,
    /// Records waiting to become durable.
    pub lag: u64,
}

/// What the uplink does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UplinkMode {
    /// Not configured.
    Disabled,
    /// No broker.
    Offline,
    /// Sending the backlog.
    CatchUp,
    /// Everything sent as it happens.
    Live,
}

/// The uplink in figures.
#[derive(Debug, Clone)]
pub struct UplinkHealth {
    /// Mode.
    pub mode: UplinkMode,
    /// Newest sequence number up to which everything has arrived.
    pub acked: u64,
    /// The same by the broker's word; beyond `acked` where the centre acknowledges.
    pub broker_has: u64,
    /// Records not yet acknowledged.
    pub backlog: u64,
    /// Connections after the first.
    pub reconnects: u64,
    /// Payloads left out because of their size.
    pub oversized: u64,
    /// MQTT 5: records that nobody was subscribed to.
    pub unheard: u64,
    /// Certificates in the configured files, those that expire first in front.
    pub certificates: Vec<UplinkCertificate>,
}

impl UplinkHealth {
    /// Nothing is known yet.
    #[must_use]
    pub fn offline() -> Self {
        UplinkHealth {
            mode: UplinkMode::Offline,
            acked: 0,
            broker_has: 0,
            backlog: 0,
            reconnects: 0,
            oversized: 0,
            unheard: 0,
            certificates: Vec::new(),
        }
    }
}

/// A certificate of the uplink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UplinkCertificate {
    /// `client` or `authority`.
    pub role: &'static str,
    /// Whose it is.
    pub subject: String,
    /// Valid until, RFC 3339.
    pub not_after: String,
    /// Seconds until then; negative: it has expired.
    pub expires_in_s: i64,
}

/// The clock in figures.
#[derive(Debug, Clone, Copy)]
pub struct ClockHealth {
    /// The wall clock is believed.
    pub synced: bool,
    /// Wall clock against boot-anchored time, in milliseconds.
    pub offset_ms: i64,
}

/// State of the box, as the health component sees it.
#[derive(Debug, Clone)]
pub struct HealthReport {
    /// Verdict.
    pub overall: Overall,
    /// Components.
    pub components: Vec<ComponentHealth>,
    /// Cameras.
    pub cameras: Vec<CameraHealth>,
    /// Store.
    pub store: StoreHealth,
    /// Uplink.
    pub uplink: UplinkHealth,
    /// Clock.
    pub clock: ClockHealth,
}
