//! The month's report: as a file, and as tables to show.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hall_metrics::Month;
use hall_report::{Format, Lang};
use hall_wire::day::parse_month;
use serde::Deserialize;
use utoipa::IntoParams;

use super::day::refused;
use crate::web::dto::{ErrorDto, ReportTablesDto};
use crate::web::error::ApiError;
use crate::web::etag;
use crate::web::figure_source::FigureError;
use crate::web::state::AppState;

/// Says how many days the report had to go without.
const LEFT_OUT: HeaderName = HeaderName::from_static("x-days-left-out");

/// Which report, in which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct ReportQuery {
    /// Month, `2026-09`.
    month: String,
    /// `json` (default), `csv`, `xlsx` or `html`.
    format: Option<String>,
    /// `zh` (default) or `en`: language of csv, xlsx and html; json has both.
    lang: Option<String>,
}

/// Which tables.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct TablesQuery {
    /// Month, `2026-09`.
    month: String,
    /// `zh` (default) or `en`.
    lang: Option<String>,
}

fn month(text: &str) -> Result<Month, ApiError> {
    parse_month(text).ok_or_else(|| {
        ApiError::bad_request(format!(
            "month: '{text}' is no month; write it like 2026-09."
        ))
    })
}

fn lang(text: Option<&str>) -> Result<Lang, ApiError> {
    let name = text.unwrap_or("zh");
    Lang::parse(name).ok_or_else(|| ApiError::bad_request("lang must be zh or en."))
}

/// Validator of what is made of a month, or the answer for a client that holds it.
async fn validator(
    state: &AppState,
    headers: &HeaderMap,
    asked: (&str, Month, &str, bool),
) -> Result<Result<String, Response>, ApiError> {
    let (what, month, text, in_chinese) = asked;
    let mark = state
        .with_figures(move |inputs| inputs.figures.month_mark(month))
        .await?
        .map_err(|error| refused(text, error.into()))?;
    let config = state.inputs().hall.borrow().versions.config_sha256.clone();
    let etag = etag::of((what, text, in_chinese, mark, config));
    let held = etag::is_held(headers, &etag);
    Ok(if held {
        Err(etag::not_modified(&etag))
    } else {
        Ok(etag)
    })
}

/// The month's report as `edge-agent report` writes it (docs/metrics.md): the same figures, the same texts.
#[utoipa::path(
    get,
    path = "/api/report",
    tag = "figures",
    params(ReportQuery, ("If-None-Match" = Option<String>, Header, description = "`ETag` of the answer held")),
    responses(
        (status = 200, description = "The report; `x-days-left-out` says how many days cannot be read", content(
            (serde_json::Value = "application/json"),
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "text/html"),
        )),
        (status = 304, description = "unchanged"),
        (status = 400, body = ErrorDto),
        (status = 404, description = "`figures_none`", body = ErrorDto),
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto), (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto), (status = 503, body = ErrorDto),
    )
)]
pub(in crate::web) async fn report(
    State(state): State<AppState>,
    query: Result<Query<ReportQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let (month, lang) = (month(&query.month)?, lang(query.lang.as_deref())?);
    let format = query.format.as_deref().unwrap_or("json");
    let format = Format::parse(format)
        .ok_or_else(|| ApiError::bad_request("format must be json, csv, xlsx or html."))?;
    let asked = (format.name(), month, query.month.as_str(), lang == Lang::Zh);
    let etag = match validator(&state, &headers, asked).await? {
        Ok(etag) => etag,
        Err(unchanged) => return Ok(unchanged),
    };
    let made = state
        .with_figures(move |inputs| inputs.figures.report(month, format, lang))
        .await?
        .map_err(|error| refused(&query.month, error))?;
    let mut response = (etag::headers(&etag), made.body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.media_type()),
    );
    headers.insert(LEFT_OUT, HeaderValue::from(made.left_out));
    // A file to keep: the page shows JSON and tables itself, and its policy lets nothing else be shown from here.
    let name = format!(
        "attachment; filename=\"report-{}.{}\"",
        query.month,
        format.name()
    );
    if let Ok(name) = HeaderValue::from_str(&name)
        && format != Format::Json
    {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// The tables of the month's report in words, in the order in which it is printed.
#[utoipa::path(
    get,
    path = "/api/report/tables",
    tag = "figures",
    params(TablesQuery, ("If-None-Match" = Option<String>, Header, description = "`ETag` of the answer held")),
    responses(
        (status = 200, body = ReportTablesDto),
        (status = 304, description = "unchanged"),
        (status = 400, body = ErrorDto),
        (status = 404, description = "`figures_none`", body = ErrorDto),
        (status = 401, description = "`signed_out`, `set_up_first`: where accounts are on", body = ErrorDto), (status = 403, description = "`password_due`, `role`: where accounts are on", body = ErrorDto), (status = 503, body = ErrorDto),
    )
)]
pub(in crate::web) async fn tables(
    State(state): State<AppState>,
    query: Result<Query<TablesQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let (month, lang) = (month(&query.month)?, lang(query.lang.as_deref())?);
    let asked = ("tables", month, query.month.as_str(), lang == Lang::Zh);
    let etag = match validator(&state, &headers, asked).await? {
        Ok(etag) => etag,
        Err(unchanged) => return Ok(unchanged),
    };
    let made = state
        .with_figures(move |inputs| inputs.figures.tables(month, lang))
        .await?
        .map_err(|error: FigureError| refused(&query.month, error))?;
    let body = ReportTablesDto {
        v: 1,
        month: query.month,
        lang: match lang {
            Lang::Zh => "zh".into(),
            Lang::En => "en".into(),
        },
        left_out: made.left_out,
        tables: made.body.into_iter().map(Into::into).collect(),
    };
    Ok((etag::headers(&etag), Json(body)).into_response())
}
