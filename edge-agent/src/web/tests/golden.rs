//! Every HTTP form against its golden file. `UPDATE_GOLDEN=1 cargo test` writes them anew; the page's types are checked
//! against the same files.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::client::{get, request};
use super::fixture::{Served, event_id, quick, record};
use crate::web::gate::{Need, ROUTES};
use crate::web::openapi;
use crate::web::viewer::Viewer;

fn golden_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/web/golden")
}

pub fn check(name: &str, actual: &Value) {
    let path = golden_folder().join(name);
    let mut text = serde_json::to_string_pretty(actual).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    // Compared as values: the order of keys in a `Value` depends on features other crates switch on.
    assert_eq!(
        Some(actual),
        serde_json::from_str(&golden).ok().as_ref(),
        "{} differs; a change of the interface needs docs/http.md and CHANGELOG too",
        path.display()
    );
}

#[tokio::test]
async fn every_http_form_is_as_published() {
    let records = vec![
        record(1, 1, 1, "W3", false),
        record(2, 1, 2, "W3", true),
        record(3, 2, 1, "W2", false),
        record(5, 2, 2, "W2", false),
    ];
    let served = Served::within(quick(), records, "127.0.0.1:0").await;
    for (path, name) in [
        ("/api/hall", "hall.json"),
        ("/api/snapshot", "snapshot.json"),
        ("/api/events", "events.json"),
        ("/api/cameras/cam1/boxes", "boxes.json"),
        ("/api/cameras/cam2/boxes", "boxes_none.json"),
        ("/health", "health.json"),
    ] {
        let answer = get(served.addr, path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{path}"
        );
        check(name, &answer.json());
    }
    let revisions = get(served.addr, &format!("/api/events/{}", event_id(1))).await;
    check("event_revisions.json", &revisions.json());

    let mut error = get(served.addr, "/api/cameras/none/boxes").await.json();
    assert!(error["request_id"].as_str().is_some_and(|id| id.len() > 8));
    error["request_id"] = "5f3a9c1e-17".into();
    check("error.json", &error);
    served.stop().await;
}

#[tokio::test]
async fn history_is_runs_of_states_and_rows_of_lengths() {
    use crate::web::history::History;
    use crate::web::state::AppState;
    use hall_core::snapshot::WindowState;

    let inputs = super::fixture::inputs(Arc::default());
    let state = AppState::new(
        inputs,
        "127.0.0.1:1".parse().unwrap(),
        quick(),
        tokio_util::sync::CancellationToken::new(),
    );
    let history = History::new(std::time::Duration::from_secs(10));
    let mut snapshot = super::fixture::hall_snapshot();
    for (i, staffed) in [true, true, false, false, true].into_iter().enumerate() {
        snapshot.windows[0].state = if staffed {
            WindowState::Staffed
        } else {
            WindowState::Unstaffed
        };
        snapshot.queues[0].length = if i == 3 { None } else { Some(i as u32 + 4) };
        history.push(super::fixture::before(10_000 * (4 - i as i64)), &snapshot);
    }
    check(
        "history.json",
        &serde_json::to_value(history.view(&state, &snapshot)).unwrap(),
    );
    for _ in 0..300 {
        history.push(super::fixture::NOW, &snapshot);
    }
    let full = history.view(&state, &snapshot);
    assert_eq!(
        (full.samples, full.queues[0].lengths.len()),
        (180, 180),
        "the ring is bounded"
    );
}

#[tokio::test]
async fn openapi_lists_every_route_and_every_schema_it_uses() {
    let described: Value = serde_json::from_str(&openapi::description_pretty()).unwrap();
    check("openapi.json", &described);
    let paths: Vec<_> = described["paths"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let wanted = [
        "/api/accounts",
        "/api/accounts/{name}",
        "/api/audit",
        "/api/audit.jsonl",
        "/api/cameras/{id}/boxes",
        "/api/cameras/{id}/frame.jpg",
        "/api/day",
        "/api/days",
        "/api/events",
        "/api/events/{event_id}",
        "/api/events/{event_id}/case",
        "/api/events/{event_id}/evidence",
        "/api/events/{event_id}/notes",
        "/api/evidence/{token}",
        "/api/hall",
        "/api/history",
        "/api/live",
        "/api/login",
        "/api/logout",
        "/api/logout/everywhere",
        "/api/openapi.json",
        "/api/password",
        "/api/ratings/{id}",
        "/api/report",
        "/api/report/tables",
        "/api/sensors/{id}",
        "/api/session",
        "/api/setup",
        "/api/snapshot",
        "/api/tickets/{id}",
        "/health",
        "/metrics",
    ];
    let mut sorted = paths.clone();
    sorted.sort();
    assert_eq!(sorted, wanted);

    let text = described.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(
            described["components"]["schemas"].get(name).is_some(),
            "{name} is referred to and not described"
        );
    }

    // What is described is what is served: each path answers something else than "there is nothing".
    let served = Served::within(quick(), vec![record(1, 1, 1, "W3", false)], "127.0.0.1:0").await;
    let reads = |need: &Need| match need {
        Need::Public => true,
        Need::Right(right) => Viewer::Local.may(*right),
        _ => false,
    };
    let open = ROUTES
        .iter()
        .filter(|(method, _, need)| method == "GET" && reads(need));
    for (_, path, _) in open.filter(|(_, path, _)| *path != "/api/live") {
        let real = path
            .replace("{id}", "cam1")
            .replace("{event_id}", &event_id(1));
        let real = match real.starts_with("/api/report") {
            true => format!("{real}?month=2026-09"),
            false => real,
        };
        assert_eq!(get(served.addr, &real).await.status, 200, "{real}");
    }
    let document = get(served.addr, "/api/openapi.json").await;
    assert_eq!(document.json(), described);
    assert_eq!(
        request(served.addr, "HEAD", "/api/hall", &[("host", "localhost")])
            .await
            .status,
        200
    );
    served.stop().await;
}
