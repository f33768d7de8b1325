//! What does not change between two configurations.

use hall_core::config::{Rules, SensorKind, Zone, ZoneKind};
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::inputs::{
    CameraInfo, HallInfo, Names, QueueInfo, SensorInfo, Versions, WindowInfo,
};

/// Names, windows, queues, cameras, zones, rules and versions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HallDto {
    /// Format version: 1.
    pub v: u32,
    /// Hall id.
    pub hall: String,
    /// Box id.
    #[serde(rename = "box")]
    pub box_id: String,
    /// The hall's name.
    pub name: NamesDto,
    /// Windows in display order.
    pub windows: Vec<WindowInfoDto>,
    /// Queues in display order.
    pub queues: Vec<QueueInfoDto>,
    /// Cameras in display order.
    pub cameras: Vec<CameraInfoDto>,
    /// Sensors.
    pub sensors: Vec<SensorInfoDto>,
    /// Zones of all cameras.
    pub zones: Vec<ZoneDto>,
    /// Thresholds in force.
    pub rules: RulesDto,
    /// What runs.
    pub versions: VersionsDto,
}

/// A name in both languages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NamesDto {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// One window.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WindowInfoDto {
    /// Id.
    pub id: String,
    /// Name.
    pub name: NamesDto,
    /// Department it belongs to; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<NamesDto>,
}

/// One queue.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QueueInfoDto {
    /// Id.
    pub id: String,
    /// Name.
    pub name: NamesDto,
    /// Windows it feeds; empty: all.
    pub windows: Vec<String>,
    /// People the zone can hold; null: unknown.
    pub capacity: Option<u32>,
}

/// One camera.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CameraInfoDto {
    /// Id.
    pub id: String,
    /// Name.
    pub name: NamesDto,
}

/// One sensor.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SensorInfoDto {
    /// Id.
    pub id: String,
    /// Window it belongs to.
    pub window: String,
    /// What its "on" means.
    pub kind: SensorKindDto,
}

/// What a sensor's "on" means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SensorKindDto {
    /// Somebody is at the post.
    Presence,
    /// Somebody sits on the chair.
    Seat,
    /// Service is declared paused.
    Pause,
}

/// A polygon on one camera's picture.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ZoneDto {
    /// Id.
    pub id: String,
    /// Camera it is drawn on.
    pub camera: String,
    /// Purpose.
    pub kind: ZoneKindDto,
    /// Window or queue it serves.
    pub subject: String,
    /// Corners in shares of the picture (0–1).
    pub polygon: Vec<PointDto>,
}

/// What a zone is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ZoneKindDto {
    /// 工位区.
    Staff,
    /// Where a clerk still counts as on post.
    StaffExtended,
    /// 柜台区, customer side.
    Counter,
    /// 排队区.
    Queue,
}

/// A corner.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct PointDto {
    /// Share of the width.
    pub x: f32,
    /// Share of the height.
    pub y: f32,
}

/// Thresholds in force, in seconds and people.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RulesDto {
    /// Profile and revision as in events, for example `P0@1`.
    pub rule: String,
    /// Unstaffed: level `notice` this long after the onset.
    pub notice_s: f32,
    /// Level `warn`.
    pub warn_s: f32,
    /// Level `severe`.
    pub severe_s: f32,
    /// Presence that ends an episode.
    pub return_hold_s: f32,
    /// Late opening: level `notice` this long after the start of duty.
    pub open_grace_s: f32,
    /// Queue raised at this many people.
    pub queue_raise_count: u32,
    /// Queue cleared at this many.
    pub queue_clear_count: u32,
    /// Sustained this long before it is raised.
    pub queue_duration_s: f32,
    /// Time in the zone before a person counts as queuing.
    pub queue_dwell_s: f32,
    /// Camera silent this long: its windows are unknown.
    pub camera_stale_s: f32,
}

/// What runs on the box.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionsDto {
    /// Version of edge-agent.
    pub agent: String,
    /// SHA-256 of the configuration, hex.
    pub config_sha256: String,
    /// Model name; empty without one.
    pub model: String,
    /// SHA-256 of the model, hex; empty without one.
    pub model_sha256: String,
}

impl From<&HallInfo> for HallDto {
    fn from(info: &HallInfo) -> Self {
        HallDto {
            v: 1,
            hall: info.hall.clone(),
            box_id: info.box_id.clone(),
            name: (&info.name).into(),
            windows: info.windows.iter().map(Into::into).collect(),
            queues: info.queues.iter().map(Into::into).collect(),
            cameras: info.cameras.iter().map(Into::into).collect(),
            sensors: info.sensors.iter().map(Into::into).collect(),
            zones: info.zones.iter().map(Into::into).collect(),
            rules: (&info.rules).into(),
            versions: (&info.versions).into(),
        }
    }
}

impl From<&Names> for NamesDto {
    fn from(names: &Names) -> Self {
        NamesDto {
            zh: names.zh.clone(),
            en: names.en.clone(),
        }
    }
}

impl From<&WindowInfo> for WindowInfoDto {
    fn from(info: &WindowInfo) -> Self {
        WindowInfoDto {
            id: info.id.to_string(),
            name: (&info.name).into(),
            department: info.department.as_ref().map(Into::into),
        }
    }
}

impl From<&QueueInfo> for QueueInfoDto {
    fn from(info: &QueueInfo) -> Self {
        QueueInfoDto {
            id: info.id.to_string(),
            name: (&info.name).into(),
            windows: info.windows.iter().map(ToString::to_string).collect(),
            capacity: info.capacity,
        }
    }
}

impl From<&CameraInfo> for CameraInfoDto {
    fn from(info: &CameraInfo) -> Self {
        CameraInfoDto {
            id: info.id.to_string(),
            name: (&info.name).into(),
        }
    }
}

impl From<&SensorInfo> for SensorInfoDto {
    fn from(info: &SensorInfo) -> Self {
        let kind = match info.kind {
            SensorKind::Presence => SensorKindDto::Presence,
            SensorKind::Seat => SensorKindDto::Seat,
            SensorKind::Pause => SensorKindDto::Pause,
        };
        SensorInfoDto {
            id: info.id.to_string(),
            window: info.window.to_string(),
            kind,
        }
    }
}

impl From<&Zone> for ZoneDto {
    fn from(zone: &Zone) -> Self {
        let (kind, subject) = match &zone.kind {
            ZoneKind::Staff(w) => (ZoneKindDto::Staff, w.to_string()),
            ZoneKind::StaffExtended(w) => (ZoneKindDto::StaffExtended, w.to_string()),
            ZoneKind::Counter(w) => (ZoneKindDto::Counter, w.to_string()),
            ZoneKind::Queue(q) => (ZoneKindDto::Queue, q.to_string()),
        };
        ZoneDto {
            id: zone.id.to_string(),
            camera: zone.camera.to_string(),
            kind,
            subject,
            polygon: zone
                .polygon
                .iter()
                .map(|p| PointDto { x: p.x, y: p.y })
                .collect(),
        }
    }
}

impl From<&Rules> for RulesDto {
    fn from(rules: &Rules) -> Self {
        RulesDto {
            rule: format!("{}@{}", rules.name, rules.revision),
            notice_s: rules.notice_s,
            warn_s: rules.warn_s,
            severe_s: rules.severe_s,
            return_hold_s: rules.return_hold_s,
            open_grace_s: rules.open_grace_s,
            queue_raise_count: rules.queue_raise_count,
            queue_clear_count: rules.queue_clear_count,
            queue_duration_s: rules.queue_duration_s,
            queue_dwell_s: rules.queue_dwell_s,
            camera_stale_s: rules.camera_stale_s,
        }
    }
}

impl From<&Versions> for VersionsDto {
    fn from(versions: &Versions) -> Self {
        VersionsDto {
            agent: versions.agent.clone(),
            config_sha256: versions.config_sha256.clone(),
            model: versions.model.clone(),
            model_sha256: versions.model_sha256.clone(),
        }
    }
}
