//! Cameras as written in `hall.toml`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RawName;

/// One camera. Exactly one of `url`, `file` and `device` names its source.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCamera {
    /// Stable id of the camera, for example "cam1".
    pub id: String,
    /// Name of the camera, { zh = "...", en = "..." }, by the pattern hall-window-purpose.
    pub name: RawName,
    /// RTSP address without user and password: "rtsp://192.168.1.64:554/Streaming/Channels/102". Prefer the sub-stream.
    pub url: Option<String>,
    /// User to log in to the camera with.
    pub user: Option<String>,
    /// File whose first line is the camera's password.
    pub password_file: Option<String>,
    /// Environment variable that holds the camera's password.
    pub password_env: Option<String>,
    /// Video file to play instead of a camera.
    pub file: Option<String>,
    /// Play `file` again from the start when it ends.
    #[serde(default, rename = "loop")]
    pub repeat: bool,
    /// USB camera, for example "/dev/video0".
    pub device: Option<String>,
    /// Video codec. Name it only for a camera that announces it wrongly.
    #[serde(default)]
    pub codec: RawCodec,
    /// Pictures analysed per second. 1 to 2 are enough for absence, 5 for queues.
    #[serde(default = "default_analysis_fps")]
    #[schemars(range(min = 0.2, max = 30.0))]
    pub analysis_fps: f64,
    /// Width in pixels to which larger pictures are reduced before analysis.
    #[serde(default = "default_max_width_px")]
    #[schemars(range(min = 160, max = 3840))]
    pub max_width_px: u32,
    /// Decode key frames only: least CPU, one picture per key-frame interval.
    #[serde(default)]
    pub key_frames_only: bool,
    /// 20-digit GB/T 28181 channel id, so that the centre can relate this camera to the video platform.
    pub gb_channel_id: Option<String>,
    /// Parts of the picture blacked out before anything else sees it (屏蔽区).
    #[serde(default)]
    pub privacy_masks: Vec<RawPrivacyMask>,
}

fn default_analysis_fps() -> f64 {
    5.0
}

fn default_max_width_px() -> u32 {
    1280
}

/// Video codec of a camera.
#[derive(Deserialize, Serialize, JsonSchema, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawCodec {
    /// As the camera announces.
    #[default]
    Auto,
    /// H.264.
    H264,
    /// H.265.
    H265,
}

/// A part of a camera's picture that is blacked out.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPrivacyMask {
    /// Points [x, y] in order, 0 to 1 from the top left corner of the picture.
    pub polygon: Vec<[f64; 2]>,
}
