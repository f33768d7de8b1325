//! State of the box.

use serde::Serialize;
use utoipa::ToSchema;

use crate::web::inputs::{
    CameraHealth, CameraState, ComponentHealth, ComponentState, HealthReport, Overall, UplinkMode,
};

/// Components, cameras, store, uplink and clock. Where accounts are on, whoever may not see the box's state gets the verdict alone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HealthDto {
    /// Format version: 1.
    pub v: u32,
    /// Verdict.
    pub overall: OverallDto,
    /// Components.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Vec<ComponentHealthDto>>,
    /// Cameras.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cameras: Option<Vec<CameraHealthDto>>,
    /// Event store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreHealthDto>,
    /// Uplink to the centre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uplink: Option<UplinkHealthDto>,
    /// Wall clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockHealthDto>,
    /// The page's certificate; absent when it is plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateHealthDto>,
}

impl HealthDto {
    /// Without the state of the box, for whoever may not see it.
    pub fn verdict(self) -> Self {
        HealthDto {
            v: self.v,
            overall: self.overall,
            components: None,
            cameras: None,
            store: None,
            uplink: None,
            clock: None,
            certificate: None,
        }
    }
}

/// The page's certificate.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CertificateHealthDto {
    /// When it ends, RFC 3339. The box renews its own a month before.
    pub ends: String,
    /// Less than 30 days are left.
    pub ends_soon: bool,
    /// SHA-256 of the certificate, hex, to compare with what a browser shows.
    pub sha256: String,
}

/// Overall verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverallDto {
    /// Everything works.
    Ok,
    /// Something is missing, judging goes on for the rest.
    Degraded,
    /// The box does not do its job.
    Critical,
}

/// One component.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ComponentHealthDto {
    /// Name, for example `camera:cam1`.
    pub name: String,
    /// State.
    pub state: ComponentStateDto,
    /// A sentence for the operator; empty when there is nothing to say.
    pub detail: String,
}

/// State of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComponentStateDto {
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

/// One camera in figures.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CameraHealthDto {
    /// Camera id.
    pub camera: String,
    /// Stream state.
    pub state: CameraStateDto,
    /// Pictures per second that arrived lately.
    pub fps: f32,
    /// Age of the newest picture; null before the first.
    pub last_frame_age_ms: Option<u64>,
    /// Pictures analysed since start.
    pub analysed: u64,
    /// Pictures let go unseen since start because the camera was off duty.
    pub off_duty: u64,
    /// Pictures passed over because a newer one was there.
    pub dropped: u64,
    /// Typical analysis time in milliseconds; null before the first.
    pub infer_ms: Option<f32>,
}

/// State of a camera's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CameraStateDto {
    /// Connecting, no picture yet.
    Connecting,
    /// Pictures arrive.
    Up,
    /// No pictures.
    Down,
}

/// Event store in figures.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StoreHealthDto {
    /// Newest durable sequence number.
    pub seq: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Events are held in memory because the disk refuses.
    pub degraded: bool,
    /// Records waiting to become durable.
    pub lag: u64,
}

/// Uplink in figures.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UplinkHealthDto {
    /// Mode.
    pub mode: UplinkModeDto,
    /// Newest sequence number up to which everything has arrived.
    pub acked: u64,
    /// The same by the broker's word; beyond `acked` where the centre acknowledges.
    pub broker_has: u64,
    /// Records not yet acknowledged.
    pub backlog: u64,
    /// Certificates in the configured files, those that expire first in front.
    pub certificates: Vec<UplinkCertificateDto>,
}

/// A certificate of the uplink.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UplinkCertificateDto {
    /// `client` (the box proves itself with it) or `authority` (the broker's must be signed by it).
    pub role: String,
    /// Whose it is.
    pub subject: String,
    /// Valid until, RFC 3339.
    pub not_after: String,
    /// Seconds until then; negative: it has expired.
    pub expires_in_s: i64,
}

/// What the uplink does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UplinkModeDto {
    /// Not configured.
    Disabled,
    /// No broker.
    Offline,
    /// Sending the backlog.
    CatchUp,
    /// Everything sent as it happens.
    Live,
}

/// Wall clock in figures.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClockHealthDto {
    /// The wall clock is believed.
    pub synced: bool,
    /// Wall clock against boot-anchored time, in milliseconds.
    pub offset_ms: i64,
}

impl From<&HealthReport> for HealthDto {
    fn from(report: &HealthReport) -> Self {
        HealthDto {
            v: 1,
            overall: match report.overall {
                Overall::Ok => OverallDto::Ok,
                Overall::Degraded => OverallDto::Degraded,
                Overall::Critical => OverallDto::Critical,
            },
            components: Some(report.components.iter().map(Into::into).collect()),
            cameras: Some(report.cameras.iter().map(Into::into).collect()),
            store: Some(StoreHealthDto {
                seq: report.store.seq,
                bytes: report.store.bytes,
                degraded: report.store.degraded,
                lag: report.store.lag,
            }),
            uplink: Some(UplinkHealthDto {
                mode: match report.uplink.mode {
                    UplinkMode::Disabled => UplinkModeDto::Disabled,
                    UplinkMode::Offline => UplinkModeDto::Offline,
                    UplinkMode::CatchUp => UplinkModeDto::CatchUp,
                    UplinkMode::Live => UplinkModeDto::Live,
                },
                acked: report.uplink.acked,
                broker_has: report.uplink.broker_has,
                backlog: report.uplink.backlog,
                certificates: (report.uplink.certificates.iter())
                    .map(|c| UplinkCertificateDto {
                        role: c.role.into(),
                        subject: c.subject.clone(),
                        not_after: c.not_after.clone(),
                        expires_in_s: c.expires_in_s,
                    })
                    .collect(),
            }),
            clock: Some(ClockHealthDto {
                synced: report.clock.synced,
                offset_ms: report.clock.offset_ms,
            }),
            certificate: None,
        }
    }
}

impl From<&ComponentHealth> for ComponentHealthDto {
    fn from(component: &ComponentHealth) -> Self {
        ComponentHealthDto {
            name: component.name.clone(),
            state: match component.state {
                ComponentState::Starting => ComponentStateDto::Starting,
                ComponentState::Up => ComponentStateDto::Up,
                ComponentState::Degraded => ComponentStateDto::Degraded,
                ComponentState::Restarting => ComponentStateDto::Restarting,
                ComponentState::Down => ComponentStateDto::Down,
            },
            detail: component.detail.clone(),
        }
    }
}

impl From<&CameraHealth> for CameraHealthDto {
    fn from(camera: &CameraHealth) -> Self {
        CameraHealthDto {
            camera: camera.camera.to_string(),
            state: match camera.state {
                CameraState::Connecting => CameraStateDto::Connecting,
                CameraState::Up => CameraStateDto::Up,
                CameraState::Down => CameraStateDto::Down,
            },
            fps: camera.fps,
            last_frame_age_ms: camera.last_frame_age_ms,
            analysed: camera.analysed,
            off_duty: camera.off_duty,
            dropped: camera.dropped,
            infer_ms: camera.infer_ms,
        }
    }
}
