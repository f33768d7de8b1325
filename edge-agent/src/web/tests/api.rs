//! Lists, filters, pictures, health: what each route answers, also when it must refuse.

use hall_core::ids::CameraId;

use super::client::{Answer, get, request};
use super::fixture::{Served, event_id, quick, record};
use super::scripted::JPEG;
use crate::web::inputs::{CameraInfo, Names, Overall};

/// Five events; 2 and 4 closed; event 1 got its second revision last.
fn five() -> Vec<hall_wire::event::SealedRecord> {
    vec![
        record(1, 1, 1, "W1", false),
        record(2, 2, 1, "W2", false),
        record(4, 2, 2, "W2", true),
        record(5, 3, 1, "W3", false),
        record(6, 4, 1, "W1", false),
        record(8, 4, 2, "W1", true),
        record(9, 5, 1, "W5", false),
        record(10, 1, 2, "W1", false),
    ]
}

fn seqs(answer: &Answer) -> Vec<u64> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["seq"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn event_lists_show_the_newest_revision_of_each_event_that_fits() {
    let served = Served::within(quick(), five(), "127.0.0.1:0").await;
    for (query, expected) in [
        ("", vec![10, 9, 8, 5, 4]),
        ("?open=true", vec![10, 9, 5]),
        ("?open=false", vec![8, 4]),
        ("?subject=W1", vec![10, 8]),
        ("?code=unstaffed,late_open&limit=2", vec![10, 9]),
        ("?code=queue_long", vec![]),
        // Event n began n seconds after 10:00:00.
        ("?from=2026-09-21T10:00:03%2B08:00", vec![9, 8, 5]),
        (
            "?from=2026-09-21T02:00:03Z&to=2026-09-21T02:00:05Z",
            vec![8, 5],
        ),
        ("?to=2026-09-21T10:00:02.001%2B08:00", vec![10, 4]),
        ("?before_seq=8", vec![5, 4]),
        ("?before_seq=0", vec![]),
    ] {
        assert_eq!(
            seqs(&get(served.addr, &format!("/api/events{query}")).await),
            expected,
            "{query}"
        );
    }
    served.stop().await;
}

#[tokio::test]
async fn pages_of_a_list_add_up_to_the_whole_without_repeats() {
    let served = Served::within(quick(), five(), "127.0.0.1:0").await;
    let (mut all, mut path) = (Vec::new(), "/api/events?limit=2".to_owned());
    loop {
        let page = get(served.addr, &path).await;
        all.extend(seqs(&page));
        let Some(next) = page.json()["next_before_seq"].as_u64() else {
            break;
        };
        path = format!("/api/events?limit=2&before_seq={next}");
    }
    assert_eq!(all, [10, 9, 8, 5, 4]);
    served.stop().await;
}

#[tokio::test]
async fn one_event_has_all_its_revisions_oldest_first() {
    let served = Served::within(quick(), five(), "127.0.0.1:0").await;
    let answer = get(served.addr, &format!("/api/events/{}", event_id(1)))
        .await
        .json();
    let revs: Vec<_> = answer["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (&r["rev"], &r["seq"]))
        .collect();
    assert_eq!(
        format!("{revs:?}"),
        "[(Number(1), Number(1)), (Number(2), Number(10))]"
    );
    let unknown = get(served.addr, "/api/events/01AAAAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!(
        (unknown.status, unknown.json()["code"].as_str()),
        (404, Some("event_unknown"))
    );
    served.stop().await;
}

#[tokio::test]
async fn a_list_never_lacks_a_record_that_is_already_durable() {
    let served = Served::start().await;
    for seq in 1..=40 {
        served.append(record(seq, u128::from(seq), 1, "W1", false));
        assert_eq!(seqs(&get(served.addr, "/api/events?limit=1").await), [seq]);
    }
    served.stop().await;
}

#[tokio::test]
async fn an_unreadable_store_is_said_without_its_details() {
    let served = Served::start().await;
    served
        .events
        .broken
        .store(true, std::sync::atomic::Ordering::SeqCst);
    served.append(record(1, 1, 1, "W1", false));
    let answer = get(served.addr, "/api/events").await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (503, Some("events_loading"))
    );
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    assert_eq!(
        get(served.addr, "/api/snapshot").await.status,
        200,
        "the hall is shown all the same"
    );
    served.stop().await;
}

#[tokio::test]
async fn a_store_that_started_over_is_listed_anew() {
    let served = Served::within(quick(), five(), "127.0.0.1:0").await;
    assert_eq!(seqs(&get(served.addr, "/api/events").await).len(), 5);
    *served.events.records.lock().unwrap() = vec![record(1, 77, 1, "W4", false)];
    served.last_seq.send_replace(1);
    let deadline = tokio::time::Instant::now() + super::fixture::SOON;
    loop {
        let listed = get(served.addr, "/api/events").await;
        if listed.status == 200 && seqs(&listed) == [1] {
            assert_eq!(listed.json()["events"][0]["event_id"], event_id(77));
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "still {listed:?}");
    }
    served.stop().await;
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_with_a_reason() {
    let served = Served::start().await;
    for (path, status, code, says) in [
        (
            "/api/events?limit=0",
            400,
            "bad_request",
            "limit must be 1 to 200",
        ),
        (
            "/api/events?limit=201",
            400,
            "bad_request",
            "limit must be 1 to 200",
        ),
        (
            "/api/events?from=yesterday",
            400,
            "bad_request",
            "not an RFC 3339 time",
        ),
        (
            "/api/events?cod=unstaffed",
            400,
            "bad_request",
            "unknown field",
        ),
        (
            "/api/cameras/cam1/frame.jpg?max_width=63",
            400,
            "bad_request",
            "max_width must be 64 to 1920",
        ),
        (
            "/api/cameras/cam9/frame.jpg",
            404,
            "camera_unknown",
            "no camera with that id",
        ),
        (
            "/api/cameras/cam2/frame.jpg",
            503,
            "frame_unavailable",
            "not delivered a picture yet",
        ),
        ("/api/live?after=x", 400, "bad_request", "after"),
        ("/api/nothing", 404, "not_found", "nothing under this path"),
        (
            "/../Cargo.toml",
            404,
            "not_found",
            "nothing under this path",
        ),
    ] {
        let answer = get(served.addr, path).await;
        let body = answer.json();
        assert_eq!(
            (answer.status, body["code"].as_str()),
            (status, Some(code)),
            "{path}"
        );
        assert!(
            body["message"].as_str().unwrap().contains(says),
            "{path}: {body}"
        );
        assert_eq!(
            body["request_id"].as_str(),
            answer.header("x-request-id"),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = request(
            served.addr,
            method,
            "/api/hall",
            &[("host", "localhost"), ("content-length", "0")],
        )
        .await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (405, Some("method_refused")),
            "{method}"
        );
        assert!(
            answer.header("allow").is_some_and(|a| a.contains("GET")),
            "{answer:?}"
        );
    }
    served.stop().await;
}

#[tokio::test]
async fn a_picture_is_passed_on_uncached_with_its_age() {
    let served = Served::start().await;
    let answer = get(served.addr, "/api/cameras/cam1/frame.jpg?max_width=640").await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, JPEG));
    assert_eq!(answer.header("content-type"), Some("image/jpeg"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-frame-age-ms"), Some("120"));
    served.stop().await;
}

#[tokio::test]
async fn a_failing_encoder_is_logged_and_not_shown() {
    let served = Served::start().await;
    let answer = get(served.addr, "/api/cameras/cam3/frame.jpg").await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (500, Some("internal"))
    );
    assert!(!String::from_utf8_lossy(&answer.body).contains("encoder"));
    served.stop().await;
}

#[tokio::test]
async fn health_fails_only_when_the_box_does_not_do_its_job() {
    let served = Served::start().await;
    for (overall, status, word) in [
        (Overall::Ok, 200, "ok"),
        (Overall::Degraded, 200, "degraded"),
        (Overall::Critical, 503, "critical"),
    ] {
        let mut report = super::fixture::health_report();
        report.overall = overall;
        served.health.send_replace(report.into());
        let answer = get(served.addr, "/health").await;
        assert_eq!(
            (answer.status, answer.json()["overall"].as_str()),
            (status, Some(word))
        );
    }
    served.stop().await;
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let served = Served::start().await;
    let answer = get(served.addr, "/metrics").await;
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    assert!(
        String::from_utf8(answer.body)
            .unwrap()
            .contains("edge_up 1")
    );
    served.stop().await;
}

#[tokio::test]
async fn a_reload_is_seen_by_the_next_request() {
    let served = Served::start().await;
    assert_eq!(
        get(served.addr, "/api/cameras/cam9/boxes").await.status,
        404
    );
    let mut hall = super::fixture::hall_info();
    hall.cameras.push(CameraInfo {
        id: CameraId::from("cam9"),
        name: Names {
            zh: "新".into(),
            en: "New".into(),
        },
    });
    served.hall.send_replace(hall.into());
    assert_eq!(
        get(served.addr, "/api/cameras/cam9/boxes").await.status,
        200
    );
    served.stop().await;
}
