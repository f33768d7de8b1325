//! Pictures and detections of one camera.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use edge_accounts::Deed;
use hall_core::ids::CameraId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::web::dto::{BoxesDto, ErrorDto};
use crate::web::error::ApiError;
use crate::web::path_id::PathId;
use crate::web::state::AppState;
use crate::web::viewer::{Origin, Viewer};

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
    /// Why somebody looks, for the access log.
    #[param(max_length = 500)]
    why: Option<String>,
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
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto),
        (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto),
        (status = 404, description = "`camera_unknown`: also when it shows windows that are not the account's", body = ErrorDto),
        (status = 503, description = "`frame_unavailable` before the first picture, `off_duty` outside duty, `busy`, `log_unavailable`: a picture that cannot be written down is not shown", body = ErrorDto),
    )
)]
pub(in crate::web) async fn frame(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
    PathId(id): PathId,
    query: Result<Query<FrameQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let camera = known(&state, &viewer, &id)?;
    let width = query.max_width.unwrap_or(DEFAULT_WIDTH_PX);
    if !(MIN_WIDTH_PX..=MAX_WIDTH_PX).contains(&width) {
        return Err(ApiError::bad_request(format!(
            "max_width must be {MIN_WIDTH_PX} to {MAX_WIDTH_PX}."
        )));
    }
    let why = query.why.unwrap_or_default();
    let audited = viewer.audited(&origin, Deed::Picture, format!("camera:{id}"), &why);
    let (frame, off_duty) = state
        .with_frames(move |inputs| {
            let frame = inputs.frames.jpeg(&camera, width);
            // What is not shown was not looked at; what is shown is in the log first.
            if let Ok(Some(_)) = frame {
                let kept = inputs.audit.view(&audited, origin.now);
                kept.map_err(|error| ApiError::log_unavailable(error.to_string()))?;
            }
            Ok::<_, ApiError>((frame, inputs.frames.off_duty(&camera)))
        })
        .await??;
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
    responses(
        (status = 200, body = BoxesDto),
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto),
        (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto),
        (status = 404, description = "`camera_unknown`", body = ErrorDto),
        (status = 503, body = ErrorDto),
    )
)]
pub(in crate::web) async fn boxes(
    State(state): State<AppState>,
    Extension(viewer): Extension<Viewer>,
    Extension(origin): Extension<Origin>,
    PathId(id): PathId,
) -> Result<Json<BoxesDto>, ApiError> {
    let camera = known(&state, &viewer, &id)?;
    let audited = viewer.audited(&origin, Deed::Detections, format!("camera:{id}"), "");
    let found = state
        .with_frames(move |inputs| {
            let kept = inputs.audit.view(&audited, origin.now);
            kept.map_err(|error| ApiError::log_unavailable(error.to_string()))?;
            Ok::<_, ApiError>(inputs.frames.boxes(&camera))
        })
        .await??;
    Ok(Json(BoxesDto::new(id, found.as_ref(), &state)))
}

fn known(state: &AppState, viewer: &Viewer, id: &str) -> Result<CameraId, ApiError> {
    let hall = state.inputs().hall.borrow().clone();
    let camera = hall
        .cameras
        .iter()
        .find(|c| c.id.as_str() == id && viewer.sees_camera(&hall, &c.id));
    camera.map(|c| c.id.clone()).ok_or_else(|| {
        ApiError::not_found("camera_unknown", "This box has no camera with that id.")
    })
}
