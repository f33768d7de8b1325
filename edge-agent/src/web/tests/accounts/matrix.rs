//! Every role at every route, and every route in the table.

use super::*;

/// A real path and a body that changes nothing for a route: what comes back for whoever gets in is one of these statuses.
fn attempt(method: &str, path: &str) -> (String, Value, &'static [u16]) {
    let real = path
        .replace("{event_id}", &event_id(1))
        .replace("{token}", "once")
        .replace("{name}", "nobody-of-that-name")
        .replace("/cameras/{id}", "/cameras/cam1")
        .replace("{id}", "W3-seat")
        .replace("/api/report", "/api/report?month=2026-09")
        .replace("?month=2026-09/tables", "/tables?month=2026-09");
    let body = match path {
        "/api/login" => json!({"name": "nobody", "password": "wrong"}),
        "/api/setup" => {
            json!({"code": "0", "name": "nobody", "role": "hall_manager", "password": OWN})
        }
        "/api/password" => json!({"old": OWN, "new": "short"}),
        "/api/accounts" => json!({"name": "X", "role": "patrol"}),
        "/api/accounts/{name}" => json!({"disabled": false}),
        "/api/events/{event_id}/case" => {
            json!({"tx": "t", "action": "feedback", "reason": "other"})
        }
        "/api/events/{event_id}/evidence" => json!({"why": "a complaint"}),
        "/api/events/{event_id}/notes" => json!({"tx": "t", "text": "seen"}),
        _ => Value::Null,
    };
    let answers: &[u16] = match (method, path) {
        (_, "/api/login" | "/api/setup") => &[401, 429],
        (_, "/api/password") | ("POST", "/api/accounts") => &[422],
        (_, "/api/accounts/{name}") => &[404],
        (_, "/api/sensors/{id}" | "/api/tickets/{id}" | "/api/ratings/{id}") => &[401, 404],
        _ => &[200],
    };
    (real, body, answers)
}

#[tokio::test]
async fn every_route_lets_in_exactly_who_may_in_every_role() {
    let hall = Hall::start().await;
    let mut cells = 0;
    for role in ROLES.iter().map(|role| Some(*role)).chain([None]) {
        for (method, path, need) in ROUTES {
            let (real, body, inside) = attempt(method.as_str(), path);
            let inside: &[u16] = match (role, *path) {
                // What the role sees of it is tested with scopes.
                (Some(Role::Patrol), path) if path.starts_with("/api/events/{event_id}") => &[404],
                _ => inside,
            };
            let headers;
            let mut sent: Vec<(&str, &str)> = Vec::new();
            if let Some(role) = role {
                headers = hall.sign_in(role_name(role)).await;
                sent = vec![("cookie", &headers.cookie), ("x-csrf-token", &headers.csrf)];
            }
            let lets_in = match (need, role) {
                (Need::Public | Need::Device | Need::Link, _) => true,
                (Need::SignedIn, role) => role.is_some(),
                (Need::Right(right), role) => role.is_some_and(|role| may(role, *right)),
            };
            let cell = format!("{role:?} {method} {real}");
            if *path == "/api/live" {
                let status = live_status(&hall, &real, &sent).await;
                assert_eq!(status == 200, lets_in, "{cell}: {status}");
            } else {
                let answer = hall.ask(method.as_str(), &real, &sent, &body).await;
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                if lets_in {
                    assert!(
                        inside.contains(&answer.status),
                        "{cell}: {} {text}",
                        answer.status
                    );
                } else {
                    let refused = match role {
                        None => (401, "signed_out"),
                        Some(_) => (403, "role"),
                    };
                    assert_eq!(
                        (answer.status, code(&answer).as_str()),
                        refused,
                        "{cell}: {text}"
                    );
                }
            }
            cells += 1;
        }
    }
    assert_eq!(cells, (ROLES.len() + 1) * ROUTES.len());
    hall.served.stop().await;
}

async fn live_status(hall: &Hall, path: &str, headers: &[(&str, &str)]) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(hall.served.addr)
        .await
        .unwrap();
    let mut text = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n");
    headers
        .iter()
        .for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
    stream
        .write_all(format!("{text}\r\n").as_bytes())
        .await
        .unwrap();
    let mut head = [0; 12];
    tokio::time::timeout(SOON, stream.read_exact(&mut head))
        .await
        .unwrap()
        .unwrap();
    std::str::from_utf8(&head[9..]).unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_route_of_the_description_stands_in_the_table_and_none_else() {
    let described: Value =
        serde_json::from_str(&crate::web::openapi::description_pretty()).unwrap();
    let mut described: Vec<(String, String)> = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods
                .map(|m| (m.to_uppercase(), path.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    let mut table: Vec<(String, String)> = ROUTES
        .iter()
        .map(|(method, path, _)| (method.to_string(), (*path).to_owned()))
        .collect();
    described.sort();
    table.sort();
    assert_eq!(described, table);
    let mut once = table.clone();
    once.dedup();
    assert_eq!(once, table, "each once");
}

#[tokio::test]
async fn without_accounts_everybody_on_loopback_reads_and_nobody_decides() {
    let served = Served::start().await;
    let hall = Hall {
        served,
        desk: Arc::new(AccountDesk::open(tempfile::tempdir().unwrap().path()).unwrap()),
        given: Arc::default(),
        _dir: tempfile::tempdir().unwrap(),
    };
    let session = hall
        .ask("GET", "/api/session", &[], &Value::Null)
        .await
        .json();
    assert_eq!(session["mode"], "open");
    assert_eq!(
        session["rights"],
        json!(["names", "board", "events", "figures", "pictures", "health"])
    );
    for (method, path, need) in ROUTES.iter().filter(|(_, path, _)| *path != "/api/live") {
        let (real, body, inside) = attempt(method.as_str(), path);
        let answer = hall.ask(method.as_str(), &real, &[], &body).await;
        let open = match need {
            Need::Right(right) => [
                Right::Names,
                Right::Board,
                Right::Events,
                Right::Figures,
                Right::Pictures,
                Right::Health,
            ]
            .contains(right),
            Need::Device | Need::Link => true,
            Need::SignedIn => false,
            Need::Public => method == "GET",
        };
        if !open {
            assert_eq!(
                (answer.status, code(&answer).as_str()),
                (403, "accounts_off"),
                "{real}"
            );
        } else if *path == "/api/events/{event_id}" {
            assert_eq!(answer.status, 404, "there is none");
        } else {
            assert!(inside.contains(&answer.status), "{real}: {}", answer.status);
        }
    }
    let mut lines = Vec::new();
    hall.served.audit.export(&mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert!(
        lines.contains("\"who\":\"\"") && lines.contains("\"deed\":\"picture\""),
        "{lines}"
    );
    hall.served.stop().await;
}
