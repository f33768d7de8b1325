//! Cameras: exactly one source each, credentials beside the address, masks.

use std::path::Path;

use hall_core::ids::CameraId;

use crate::address;
use crate::config::{CameraConfig, CameraSource, Codec, Decode, Repeat};
use crate::mistake::{quote, show};
use crate::raw::{RawCamera, RawCodec, RawConfig};
use crate::validate::secret::Login;
use crate::validate::{Check, polygon};

/// All cameras.
pub(super) fn cameras(raw: &RawConfig, check: &mut Check<'_>) -> Vec<CameraConfig> {
    check.ids(
        "cameras",
        raw.cameras.iter().map(|camera| camera.id.as_str()),
    );
    raw.cameras
        .iter()
        .enumerate()
        .map(|(n, camera)| one(&format!("cameras[{n}]"), camera, check))
        .collect()
}

fn one(path: &str, raw: &RawCamera, check: &mut Check<'_>) -> CameraConfig {
    let name = check.name(&format!("{path}.name"), &raw.name);
    let source = source(path, raw, check);
    if let Some(id) = &raw.gb_channel_id
        && (id.len() != 20 || !id.bytes().all(|byte| byte.is_ascii_digit()))
    {
        check.mistake(
            format!("{path}.gb_channel_id"),
            format!("{} is not a channel id", quote(id)),
            "GB/T 28181 channel ids have 20 digits",
        );
    }
    let privacy_masks = raw
        .privacy_masks
        .iter()
        .enumerate()
        .map(|(n, mask)| {
            polygon::polygon(
                &format!("{path}.privacy_masks[{n}].polygon"),
                &mask.polygon,
                check,
            )
        })
        .collect();
    CameraConfig {
        id: CameraId::from(raw.id.as_str()),
        name,
        source,
        codec: match raw.codec {
            RawCodec::Auto => Codec::Auto,
            RawCodec::H264 => Codec::H264,
            RawCodec::H265 => Codec::H265,
        },
        analysis_fps: raw.analysis_fps as f32,
        max_width_px: raw.max_width_px,
        decode: if raw.key_frames_only {
            Decode::KeyFrames
        } else {
            Decode::AllFrames
        },
        gb_channel_id: raw.gb_channel_id.clone(),
        privacy_masks,
    }
}

fn source(path: &str, raw: &RawCamera, check: &mut Check<'_>) -> CameraSource {
    let named: Vec<&str> = [
        ("url", &raw.url),
        ("file", &raw.file),
        ("device", &raw.device),
    ]
    .iter()
    .filter(|(_, value)| value.is_some())
    .map(|(key, _)| *key)
    .collect();
    if named.is_empty() {
        check.mistake(
            path,
            "the camera has no source",
            "name one of url, file and device",
        );
    } else if named.len() > 1 {
        check.mistake(
            path,
            format!("the camera has more than one source: {}", named.join(", ")),
            "keep one of url, file and device",
        );
    }
    if raw.url.is_none() {
        for (key, value) in [
            ("user", &raw.user),
            ("password_file", &raw.password_file),
            ("password_env", &raw.password_env),
        ] {
            if value.is_some() {
                check.mistake(
                    format!("{path}.{key}"),
                    "only a network camera logs in",
                    "take it out, or name the camera's url",
                );
            }
        }
    }
    if raw.repeat && raw.file.is_none() {
        check.mistake(
            format!("{path}.loop"),
            "only a file can loop",
            "take it out",
        );
    }
    if let Some(url) = &raw.url {
        return rtsp(path, url, raw, check);
    }
    if let Some(file) = &raw.file {
        let resolved = check.resolve(file);
        if !resolved.is_file() {
            check.mistake(
                format!("{path}.file"),
                format!("there is no file {}", show(&resolved)),
                "paths are relative to the folder of this file",
            );
        }
        return CameraSource::File {
            path: resolved,
            repeat: if raw.repeat {
                Repeat::Loop
            } else {
                Repeat::Once
            },
        };
    }
    let device = raw.device.as_deref().unwrap_or("");
    if raw.device.is_some() && !Path::new(device).is_absolute() {
        check.mistake(
            format!("{path}.device"),
            format!("{} is not a device path", quote(device)),
            "write it in full, for example \"/dev/video0\"",
        );
    }
    CameraSource::Device {
        path: device.into(),
    }
}

fn rtsp(path: &str, url: &str, raw: &RawCamera, check: &mut Check<'_>) -> CameraSource {
    if let Err((message, hint)) = address::parse(url, &["rtsp", "rtsps"]) {
        check.mistake(format!("{path}.url"), message, hint);
    }
    let login = Login {
        user: raw.user.as_deref(),
        password_file: raw.password_file.as_deref(),
        password_env: raw.password_env.as_deref(),
    };
    let password = login.password(path, check);
    if login.user.is_some_and(|user| user.contains('/')) {
        // Addresses are shown with the user in them, masked.
        check.mistake(
            format!("{path}.user"),
            "the user name holds a /",
            "write the user name alone",
        );
    }
    CameraSource::Rtsp {
        url: url.to_string(),
        user: raw.user.clone(),
        password,
    }
}
