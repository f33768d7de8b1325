//! Events: what the engine found, as revisions of a record. The sequence number, hashes and software versions are added
//! where the record is stored.

use crate::ids::{CameraId, GatewayId, GroupId, QueueId, SensorId, WindowId};
use crate::order::{CaseAction, CaseReason, Role};
use crate::time::Stamp;

/// Identifies an event over all its revisions: 48 bits Unix milliseconds of the onset, then 80 bits of a hash of hall, box,
/// code and subject, so that the same onset judged again (replay, restart) is the same event. Shown as a ULID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u128);

/// What kind of thing happened. The codes are stable names in every interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventCode {
    /// 窗口空岗: scheduled and nobody there.
    Unstaffed,
    /// 未按时开窗: nobody there from the start of duty.
    LateOpen,
    /// 排队超限: queue at or over the limit.
    QueueLong,
    /// 摄像机离线.
    CameraOffline,
    /// 过暗.
    CameraDark,
    /// 遮挡.
    CameraBlocked,
    /// 模糊.
    CameraBlurry,
    /// 冻结.
    CameraFrozen,
    /// 移位.
    CameraMoved,
    /// 传感器失效.
    SensorFault,
    /// 数据冲突: sensor and video disagree.
    SensorConflict,
    /// 大厅无人在岗: no scheduled window is staffed.
    HallUnstaffed,
    /// 窗口无人接待: a customer waits at an unstaffed window.
    CustomerUnattended,
    /// 暂停超时.
    PauseOverrun,
    /// 暂停次数超限.
    PauseQuota,
    /// 等候过长.
    LongWait,
    /// 未及时增开窗口.
    NoNewWindow,
    /// 疑似静物.
    StaticPresenceSuspect,
    /// 来源不一致: tickets and video count differently.
    SourceMismatch,
    /// 网关离线.
    GatewayOffline,
    /// 时钟未校准.
    TimeUnsynced,
    /// 时钟跳变.
    ClockStep,
    /// 存储不足.
    StorageLow,
    /// 断电恢复.
    PowerRestored,
    /// 配置变更.
    ConfigChanged,
    /// 模型变更.
    ModelChanged,
    /// 缺少下一年度日历.
    CalendarMissing,
}

/// What an event is about: a post or a device, never a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A window.
    Window(WindowId),
    /// A queue.
    Queue(QueueId),
    /// A camera.
    Camera(CameraId),
    /// A sensor.
    Sensor(SensorId),
    /// Windows that cover for each other.
    Group(GroupId),
    /// A gateway of sensors.
    Gateway(GatewayId),
    /// The hall as a whole.
    Hall,
    /// The box itself.
    Device,
}

/// Severity. Blue, yellow and red cards are decisions of people, never of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For information.
    Info,
    /// A device does not work.
    Fault,
    /// 提示.
    Notice,
    /// 预警.
    Warn,
    /// 告警.
    Severe,
}

impl Level {
    /// One step more severe; the top stays the top, and levels without steps stay what they are.
    #[must_use]
    pub fn step_up(self) -> Self {
        match self {
            Level::Notice => Level::Warn,
            Level::Warn | Level::Severe => Level::Severe,
            Level::Info | Level::Fault => self,
        }
    }
}

/// What this revision does to the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// First publication.
    Raised,
    /// Level or facts changed.
    Updated,
    /// Closed.
    Cleared,
    /// A person's decision, or facts entered later, changed what is recorded.
    Revised,
}

/// Where an event's case stands. The box only suspects; everything else is a decision of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Review {
    /// 疑似.
    #[default]
    Suspected,
    /// 确认.
    Confirmed,
    /// 误报.
    FalseAlarm,
    /// 免责.
    Excused,
    /// 反馈.
    Feedback,
    /// 销号.
    Closed,
    /// 申诉.
    Appealed,
    /// 维持.
    Upheld,
    /// 降级.
    Downgraded,
    /// 撤销.
    Revoked,
}

/// Who revised an event, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// What was decided.
    pub action: CaseAction,
    /// Account or office.
    pub by: String,
    /// In which role.
    pub role: Role,
    /// Why.
    pub reason: CaseReason,
    /// When.
    pub at: Stamp,
    /// Entered after the fact.
    pub retroactive: bool,
    /// The order it was made by.
    pub tx: String,
}

/// Why an event closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Somebody returned and stayed.
    Returned,
    /// The duty segment ended.
    ScheduleEnd,
    /// It could no longer be observed.
    Unobservable,
    /// The box had no power (or no process) and found the state changed afterwards.
    PowerLoss,
    /// The queue stayed at or under its clear count.
    Cleared,
    /// The source works again.
    Recovered,
    /// The configuration no longer holds its subject.
    Reconfigured,
    /// The window (a window of the hall, of the group) is staffed.
    Staffed,
    /// The customer left.
    CustomerLeft,
    /// The pause is over.
    PauseEnded,
    /// Another window was opened.
    WindowOpened,
    /// Excused from here on: leave, a pause, cover.
    Excused,
    /// A person decided it.
    Resolved,
    /// It was the matter of an instant.
    Momentary,
}

/// A remark on an event or state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tag {
    /// Absence that lasted to the end of duty (提前关窗).
    EarlyClose,
    /// Count at the zone's capacity: at least this many.
    Saturated,
    /// One step more severe because windows it needs are unstaffed, or because people wait meanwhile.
    WhilePeopleWait,
    /// The sensor goes on and off too often.
    Flapping,
    /// The sensor never goes off.
    StuckOn,
    /// The sensor never goes on.
    StuckOff,
    /// It rests on a person's decision which of two sources was right.
    Reviewed,
    /// Recorded with a clock nobody believed; its times were put right when the clock was.
    Restamped,
}

/// One revision of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Same over all revisions.
    pub id: EventId,
    /// 1 for the first publication, then +1.
    pub rev: u32,
    /// What.
    pub code: EventCode,
    /// About what.
    pub subject: Subject,
    /// Highest level reached.
    pub level: Level,
    /// What this revision does.
    pub phase: Phase,
    /// When it began, back-dated to the first observation of it.
    pub onset: Stamp,
    /// When it was first published.
    pub raised: Stamp,
    /// When this revision was made.
    pub updated: Stamp,
    /// When it ended, back-dated; `None` while open.
    pub end: Option<Stamp>,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
    /// Length so far or in all: from onset to end (or to `updated`), in milliseconds.
    pub duration_ms: i64,
    /// Observed absence, brief returns and unobserved time left out, in milliseconds; 0 where it has no meaning.
    pub absent_ms: i64,
    /// Time inside that nobody observed, in milliseconds.
    pub unobserved_ms: i64,
    /// Returns shorter than the hold.
    pub brief_returns: u32,
    /// Most customers seen at the counter meanwhile.
    pub customers_max: u32,
    /// Queue: most people; otherwise `None`.
    pub peak: Option<u32>,
    /// Which sources said so, for example `video:cam2`, `seat:W3-seat`.
    pub evidence_sources: Vec<String>,
    /// Share of the episode that was really observed, 0–1.
    pub confidence: f32,
    /// Rule profile and revision at the onset, for example `P0@1`.
    pub rule: String,
    /// Remarks.
    pub tags: Vec<Tag>,
    /// Events this one belongs with.
    pub related: Vec<EventId>,
    /// Where its case stands.
    pub review: Review,
    /// By whom and why this revision was made; `None`: by the engine's own judgement.
    pub revision: Option<Revision>,
    /// Queue: when another window was opened for it; otherwise `None`.
    pub mitigated_at: Option<Stamp>,
    /// Long wait: the estimate, in milliseconds; otherwise `None`.
    pub wait_est_ms: Option<i64>,
}
