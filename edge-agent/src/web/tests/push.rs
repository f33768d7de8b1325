//! Devices that send: who is let in, how much, how often, and what they are told.

use super::client::{Answer, send};
use super::fixture::Served;
use super::scripted::TOKEN;

async fn post(served: &Served, path: &str, token: &str, body: &[u8]) -> Answer {
    let (bearer, length) = (format!("Bearer {token}"), body.len().to_string());
    let headers = [
        ("host", "127.0.0.1"),
        ("authorization", bearer.as_str()),
        ("content-length", length.as_str()),
    ];
    send(served.addr, "POST", path, &headers, body).await
}

#[tokio::test]
async fn a_device_is_told_what_was_made_of_its_message_or_what_to_do() {
    let served = Served::start().await;
    let large = vec![b' '; 20 * 1024];
    for (path, token, body, status, code) in [
        ("/api/sensors/W3-seat", TOKEN, &b"on"[..], 200, ""),
        ("/api/sensors/W3-seat", "wrong", b"on", 401, "token_refused"),
        ("/api/sensors/W3-seat", "", b"on", 401, "token_refused"),
        ("/api/sensors/W9-seat", TOKEN, b"on", 404, "not_found"),
        ("/api/sensors/W3-seat", TOKEN, &large, 413, "too_large"),
        ("/api/sensors/W3-seat", TOKEN, b"hm", 422, "not_understood"),
        ("/api/snapshot", TOKEN, b"on", 405, "method_refused"),
    ] {
        let answer = post(&served, path, token, body).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        let json = answer.json();
        assert_eq!(json["code"].as_str().unwrap_or_default(), code, "{path}");
        assert!(!answer.head.contains(TOKEN) && !json.to_string().contains(TOKEN));
        if status == 401 {
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    let answer = post(&served, "/api/sensors/W3-seat", TOKEN, b"0").await;
    let expected = serde_json::json!({"v": 1, "taken": "reading", "value": false});
    assert_eq!(answer.json(), expected);
    served.stop().await;
}

#[tokio::test]
async fn ticket_machines_and_terminals_are_told_how_much_was_taken() {
    let served = Served::start().await;
    let (tickets, ratings) = ("/api/tickets/machine", "/api/ratings/terminals");
    let large = vec![b' '; 257 * 1024];
    let of_tickets = |words: u32, new: u32| {
        let body = serde_json::json!({"v": 1, "taken": "tickets", "words": words, "new": new});
        Some(body)
    };
    let of_ratings =
        |words: u32| Some(serde_json::json!({"v": 1, "taken": "ratings", "words": words}));
    for (path, body, status, expected) in [
        (
            tickets,
            &br#"[{"ticket":"A1"},{"ticket":"A1","state":"done"}]"#[..],
            200,
            of_tickets(2, 2),
        ),
        (
            tickets,
            br#"{"ticket":"A1","state":"done"}"#,
            200,
            of_tickets(1, 0),
        ),
        (tickets, b"[]", 200, of_tickets(0, 0)),
        (tickets, br#"{"ticket":""}"#, 422, None),
        (tickets, &large, 413, None),
        (ratings, br#"{"rating":"slow"}"#, 200, of_ratings(1)),
        (ratings, br#"{"rating":"bad"}"#, 422, None),
        (
            ratings,
            br#"[{"rating":"slow"},{"rating":"slow"}]"#,
            503,
            None,
        ),
        (ratings, br#"{"rating":"other"}"#, 200, of_ratings(1)),
    ] {
        let answer = post(&served, path, TOKEN, body).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        if let Some(expected) = expected {
            assert_eq!(answer.json(), expected);
        }
        if status == 503 {
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        assert_eq!(post(&served, path, "wrong", body).await.status, 401);
    }
    served.stop().await;
}

#[tokio::test]
async fn a_device_that_floods_is_told_to_wait() {
    let served = Served::start().await;
    let mut last = None;
    for _ in 0..100 {
        last = Some(post(&served, "/api/sensors/W3-seat", TOKEN, b"on").await);
        if last.as_ref().is_some_and(|answer| answer.status != 200) {
            break;
        }
    }
    let answer = last.unwrap();
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("1"))
    );
    served.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let served = Served::start().await;
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("host", "127.0.0.1"),
        ("authorization", bearer.as_str()),
        ("content-length", "5"),
    ];
    let answer = send(served.addr, "POST", "/api/sensors/W3-seat", &headers, b"on").await;
    assert_eq!(answer.status, 408);
    served.stop().await;
}

#[tokio::test]
async fn the_devices_address_answers_devices_only() {
    use super::fixture::inputs;
    use std::sync::Arc;
    use tokio_util::sync::CancellationToken;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let cancel = CancellationToken::new();
    let server = crate::web::serve_push(listener, inputs(Arc::default()), cancel.clone());
    let asked = async {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [
            ("host", "127.0.0.1"),
            ("authorization", bearer.as_str()),
            ("content-length", "2"),
        ];
        for (method, path, status) in [
            ("POST", "/api/sensors/W3-seat", 200),
            ("GET", "/api/sensors/W3-seat", 405),
            ("GET", "/api/snapshot", 404),
            ("GET", "/", 404),
        ] {
            let answer = send(addr, method, path, &headers, b"on").await;
            assert_eq!(answer.status, status, "{method} {path}");
        }
        cancel.cancel();
    };
    let (served, ()) = tokio::join!(server, asked);
    served.unwrap();
}
