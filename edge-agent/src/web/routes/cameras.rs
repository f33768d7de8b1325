//! Pictures and detections of one camera.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use hall_core::ids::CameraId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::web::dto::{BoxesDto, ErrorDto};
use crate::web::error::ApiError;
use crate::web::state::AppState;

const DEFAULT_WIDTH_PX: u32 = 960;
const MIN_WIDTH_PX: u32 = 64;
const MAX_WIDTH_PX: u32 = 1920;

/// How large the picture shall be.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct FrameQuery {
    /// Not wider than this, 64–1920 pixels.
    #[param(default = 960, minimum = 64, maximum = 1920)]
    max_width: Option<u32>,
}

/// The newest picture, persons pixelated. `x-frame-age-ms` says how old it is.
#[utoipa::path(
    get,
    path = "/api/cameras/{id}/frame.jpg",
    tag = "cameras",
    params(("id" = String, Path, description = "Camera id"), FrameQuery),
    responses(
        (status = 200, content_type = "image/jpeg", body = Vec<u8>, headers(("x-frame-age-ms" = u64, description = "Age of the picture in milliseconds"))),
        (status = 400, body = ErrorDto),
        (status = 404, description = "`camera_unknown`", body = ErrorDto),
        (status = 503, description = "`frame_unavailable` before the first picture, `off_duty` outside duty, `busy`", body = ErrorDto),
    )
)]
pub(in crate::web) async fn frame(
    State(state): State<AppState>,
    Path(id): Path<String>,
    query: Result<Query<FrameQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let camera = known(&state, &id)?;
    let width = query.max_width.unwrap_or(DEFAULT_WIDTH_PX);
    if !(MIN_WIDTH_PX..=MAX_WIDTH_PX).contains(&width) {
        return Err(ApiError::bad_request(format!(
            "max_width must be {MIN_WIDTH_PX} to {MAX_WIDTH_PX}."
        )));
    }
    let (frame, off_duty) = state
        .with_frames(move |inputs| {
            (
                inputs.frames.jpeg(&camera, width),
                inputs.frames.off_duty(&camera),
            )
        })
        .await?;
    let frame = frame?.ok_or_else(|| {
        if off_duty {
            return ApiError::unavailable(
                "off_duty",
                "Outside duty nobody is looked for, and no picture is shown in which nobody was made unrecognisable.",
            );
        }
        ApiError::unavailable(
            "frame_unavailable",
            "This camera has not delivered a picture yet; its health says why.",
        )
    })?;
    let age_ms = state.now().since_ms(frame.at).max(0);
    Ok((
        [
            (header::CONTENT_TYPE.as_str(), "image/jpeg".to_owned()),
            (header::CACHE_CONTROL.as_str(), "no-store".to_owned()),
            ("x-frame-age-ms", age_ms.to_string()),
        ],
        frame.bytes,
    )
        .into_response())
}

/// What the detector found in the last analysed picture.
#[utoipa::path(
    get,
    path = "/api/cameras/{id}/boxes",
    tag = "cameras",
    params(("id" = String, Path, description = "Camera id")),
    responses((status = 200, body = BoxesDto), (status = 404, description = "`camera_unknown`", body = ErrorDto), (status = 503, body = ErrorDto))
)]
pub(in crate::web) async fn boxes(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<BoxesDto>, ApiError> {
    let camera = known(&state, &id)?;
    let found = state
        .with_frames(move |inputs| inputs.frames.boxes(&camera))
        .await?;
    Ok(Json(BoxesDto::new(id, found.as_ref(), &state)))
}

fn known(state: &AppState, id: &str) -> Result<CameraId, ApiError> {
    let hall = state.inputs().hall.borrow().clone();
    let camera = hall.cameras.iter().find(|c| c.id.as_str() == id);
    camera.map(|c| c.id.clone()).ok_or_else(|| {
        ApiError::not_found("camera_unknown", "This box has no camera with that id.")
    })
}
