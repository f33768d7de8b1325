//! The built page, embedded in the binary. Knows only files.

use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::error::ApiError;
use super::etag;

/// `web-ui/dist`; empty when the page was not built, so that building and testing the agent needs no Node.
#[derive(RustEmbed)]
#[folder = "../web-ui/dist"]
#[allow_missing = true]
struct Page;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>edge-agent</title>\
<h1>页面未构建 / The page is not built in</h1>\
<p>在 web-ui/ 中运行 <code>npm ci &amp;&amp; npm run build</code>，然后重新构建 edge-agent。接口 <a href=\"/api/openapi.json\">/api</a> 可用。</p>\
<p>Run <code>npm ci &amp;&amp; npm run build</code> in web-ui/, then build edge-agent again. The <a href=\"/api/openapi.json\">API</a> works.</p></html>";

/// Whether this binary holds the page; releases must.
#[must_use]
pub fn page_is_built_in() -> bool {
    Page::get("index.html").is_some()
}

/// Fallback handler: a file of the page, or 404.
pub(super) async fn file(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let packed = takes_gzip(&headers).then(|| Page::get(&format!("{path}.gz")));
    if let Some(file) = packed.flatten() {
        let mut response = found(path, &file, &headers);
        let coding = HeaderValue::from_static("gzip");
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, coding);
        return response;
    }
    match Page::get(path) {
        Some(file) => found(path, &file, &headers),
        None if path == "index.html" => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            NOT_BUILT,
        )
            .into_response(),
        None => {
            ApiError::not_found("not_found", "There is nothing under this path.").into_response()
        }
    }
}

/// The client says that it unpacks gzip.
fn takes_gzip(request: &HeaderMap) -> bool {
    (request.get_all(header::ACCEPT_ENCODING).iter())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            name.trim() == "gzip" && weight.trim() != "q=0"
        })
}

fn found(path: &str, file: &EmbeddedFile, request: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    // Vite puts a content hash into every name under assets/.
    let caching = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = if etag::is_held(request, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (
            [(header::CONTENT_TYPE, content_type(path))],
            file.data.clone(),
        )
            .into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ext)| ext) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
