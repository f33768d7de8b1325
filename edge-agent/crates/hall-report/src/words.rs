//! Languages, names and the words of the report. Wording follows the glossary: *suspected*, posts and never persons.

use std::collections::BTreeMap;

use hall_core::event::{EventCode, Review};

/// Language of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The word in this language.
    #[must_use]
    pub fn of(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    /// The language of `zh` or `en`; `None`: not known.
    #[must_use]
    pub fn parse(name: &str) -> Option<Lang> {
        match name {
            "zh" => Some(Lang::Zh),
            "en" => Some(Lang::En),
            _ => None,
        }
    }
}

/// A name in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Name {
    /// In a language.
    #[must_use]
    pub fn of(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// Names of what the report speaks of, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// The hall.
    pub hall: Name,
    /// Windows.
    pub windows: BTreeMap<String, Name>,
    /// Queues.
    pub queues: BTreeMap<String, Name>,
    /// Departments, by the name the figures use.
    pub departments: BTreeMap<String, Name>,
}

impl Names {
    /// The name of an id in one of the lists, the id itself where it has none.
    pub(crate) fn look_up(list: &BTreeMap<String, Name>, id: &str, lang: Lang) -> String {
        list.get(id)
            .map_or_else(|| id.to_owned(), |name| name.of(lang).to_owned())
    }
}

/// What an event code is called.
pub(crate) fn code(lang: Lang, code: EventCode) -> &'static str {
    let (zh, en) = match code {
        EventCode::Unstaffed => ("窗口空岗", "Window unstaffed"),
        EventCode::LateOpen => ("未按时开窗", "Late opening"),
        EventCode::QueueLong => ("排队超限", "Queue over limit"),
        EventCode::HallUnstaffed => ("大厅无人在岗", "Hall unstaffed"),
        EventCode::CustomerUnattended => ("窗口无人接待", "Customer unattended"),
        EventCode::PauseOverrun => ("暂停超时", "Pause over limit"),
        EventCode::PauseQuota => ("暂停次数超限", "Too many pauses"),
        EventCode::LongWait => ("等候过长", "Long wait"),
        EventCode::NoNewWindow => ("未及时增开窗口", "No window opened in time"),
        EventCode::CameraOffline => ("摄像机离线", "Camera offline"),
        EventCode::CameraDark => ("摄像机过暗", "Camera dark"),
        EventCode::CameraBlocked => ("摄像机遮挡", "Camera blocked"),
        EventCode::CameraBlurry => ("摄像机模糊", "Camera blurry"),
        EventCode::CameraFrozen => ("摄像机冻结", "Camera frozen"),
        EventCode::CameraMoved => ("摄像机移位", "Camera moved"),
        EventCode::SensorFault => ("传感器失效", "Sensor fault"),
        EventCode::SensorConflict => ("数据冲突", "Sources disagree"),
        EventCode::GatewayOffline => ("网关离线", "Gateway offline"),
        EventCode::StaticPresenceSuspect => ("疑似静物", "Static object suspected"),
        EventCode::SourceMismatch => ("来源不一致", "Sources count differently"),
        EventCode::TimeUnsynced => ("时钟未校准", "Clock not synchronised"),
        EventCode::ClockStep => ("时钟跳变", "Clock stepped"),
        EventCode::StorageLow => ("存储不足", "Storage low"),
        EventCode::PowerRestored => ("断电恢复", "Power restored"),
        EventCode::ConfigChanged => ("配置变更", "Configuration changed"),
        EventCode::ModelChanged => ("模型变更", "Model changed"),
        EventCode::CalendarMissing => ("缺少下一年度日历", "Next year's calendar missing"),
    };
    lang.of(zh, en)
}

/// What a state of a case is called.
pub(crate) fn review(lang: Lang, review: Review) -> &'static str {
    let (zh, en) = match review {
        Review::Suspected => ("疑似", "suspected"),
        Review::Confirmed => ("已确认", "confirmed"),
        Review::FalseAlarm => ("误报", "false alarm"),
        Review::Excused => ("免责(已备案)", "excused (on record)"),
        Review::Feedback => ("反馈", "feedback"),
        Review::Closed => ("销号", "closed"),
        Review::Appealed => ("申诉", "appealed"),
        Review::Upheld => ("维持", "upheld"),
        Review::Downgraded => ("降级", "downgraded"),
        Review::Revoked => ("撤销", "revoked"),
    };
    lang.of(zh, en)
}
