//! What persons and the centre tell the engine: leave, and decisions on events. Every order says who gives it and why;
//! accounts and signatures are checked before it gets here, roles and states by the engine.

use crate::config::Leave;
use crate::event::{EventCode, EventId, Subject};
use crate::ids::{LeaveId, WindowId};
use crate::time::HallTime;

/// What somebody may do, by their office and never by their name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 省监察.
    Province,
    /// 市/县监察.
    Supervisor,
    /// 派驻监察机构.
    ResidentSupervisor,
    /// 大厅负责人.
    HallManager,
    /// 窗口首席代表, 被监察部门: the subject of its windows' events.
    ChiefRepresentative,
    /// 安装员.
    Installer,
    /// 巡查/运维.
    Patrol,
    /// 审计员.
    Auditor,
}

/// Who gives an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Account or office, for example `manager-1`; stored with the revision.
    pub id: String,
    /// In which role.
    pub role: Role,
    /// Windows the role is limited to; empty: the whole hall.
    pub windows: Vec<WindowId>,
}

/// Why a decision was made: a category, never free text about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseReason {
    /// Seen or checked by a person.
    Verified,
    /// 系统误报.
    SystemError,
    /// 公务外出.
    OfficialDuty,
    /// 设备故障.
    DeviceFault,
    /// 排班未更新.
    RosterNotUpdated,
    /// Approved leave.
    Leave,
    /// Declared pause.
    Pause,
    /// The sensor was wrong.
    SensorWrong,
    /// The picture was wrong.
    VideoWrong,
    /// 其他.
    Other,
}

/// A step in the life of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseAction {
    /// 确认: a person or a second source confirms.
    Confirm,
    /// 误报.
    FalseAlarm,
    /// 免责.
    Excuse,
    /// 反馈(情况说明).
    Feedback,
    /// 销号.
    Close,
    /// 申诉.
    Appeal,
    /// 维持.
    Uphold,
    /// 降级.
    Downgrade,
    /// 撤销.
    Revoke,
    /// Decides a disagreement of sources: with [`CaseReason::SensorWrong`] or [`CaseReason::VideoWrong`].
    Resolve,
}

/// Which event is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventRef {
    /// This one.
    Id(EventId),
    /// The newest of this code about this subject; for files written by hand, where ids are not known beforehand.
    Newest {
        /// What.
        code: EventCode,
        /// About what.
        subject: Subject,
        /// Only if it began then, in Unix milliseconds.
        onset_unix_ms: Option<i64>,
    },
}

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Directive {
    /// Approved leave, also afterwards.
    GrantLeave(Leave),
    /// 销假: the leave ends (or never was).
    CancelLeave(LeaveId),
    /// A step in the life of an event's case.
    Case {
        /// The event.
        event: EventRef,
        /// The step.
        action: CaseAction,
        /// Why.
        reason: CaseReason,
    },
}

/// One order. The same `tx` given twice is answered as the first time and done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Transaction id, for idempotence.
    pub tx: String,
    /// When it was given.
    pub at: HallTime,
    /// By whom.
    pub by: Actor,
    /// What.
    pub what: Directive,
}

/// Why an order was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The engine knows no such event, window or leave.
    Unknown,
    /// The role may not do that.
    Role,
    /// Outside the windows the role is limited to.
    Scope,
    /// The subject of an event may not decide on it.
    OwnCase,
    /// Not possible in the case's present state.
    State,
    /// The order contradicts itself, for example leave that ends before it begins.
    Invalid,
}

/// The answer to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The order's transaction.
    pub tx: String,
    /// Events that got a revision by it; or why nothing was done.
    pub result: Result<Vec<EventId>, Refusal>,
}
