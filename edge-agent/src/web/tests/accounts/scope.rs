//! What an account sees of the hall, on request and live.

use super::*;

#[tokio::test]
async fn an_account_sees_its_windows_and_nothing_else_of_the_hall() {
    let hall = Hall::start().await;
    let chief = hall.sign_in("chief_representative").await;
    let ids = |value: &Value, list: &str, key: &str| -> Vec<String> {
        let items = value[list].as_array().unwrap();
        items
            .iter()
            .map(|i| i[key].as_str().unwrap().to_owned())
            .collect()
    };
    let get = async |who: &Browser, path: &str| hall.ask_as(who, "GET", path, &Value::Null).await;
    let info = get(&chief, "/api/hall").await.json();
    assert_eq!(
        ids(&info, "windows", "id"),
        ["W3", "W4"],
        "W4 by its department"
    );
    assert_eq!(ids(&info, "queues", "id"), [""; 0]);
    assert_eq!(ids(&info, "sensors", "id"), ["W3-seat"]);
    assert_eq!(
        ids(&info, "cameras", "id"),
        [""; 0],
        "others are on its pictures"
    );
    assert_eq!(
        ids(&info, "zones", "id"),
        ["W3.staff", "W3.away", "W3.counter"]
    );
    let snapshot = get(&chief, "/api/snapshot").await.json();
    assert_eq!(ids(&snapshot, "windows", "window"), ["W3", "W4"]);
    assert_eq!(ids(&snapshot, "cameras", "camera"), [""; 0]);
    let history = get(&chief, "/api/history").await.json();
    assert_eq!(ids(&history, "windows", "window"), ["W3", "W4"]);
    let events = get(&chief, "/api/events").await.json();
    assert_eq!(ids(&events, "events", "subject"), ["W4", "W3"]);
    assert_eq!(events["open_events"], 2);
    for (n, status) in [(1, 200), (2, 404), (3, 200)] {
        let path = format!("/api/events/{}", event_id(n));
        assert_eq!(get(&chief, &path).await.status, status, "{n}");
    }
    let patrol = hall.sign_in("patrol").await;
    let events = get(&patrol, "/api/events").await.json();
    assert_eq!(
        (ids(&events, "events", "subject"), &events["open_events"]),
        (vec![], &json!(0))
    );
    let manager = hall.sign_in("hall_manager").await;
    let events = get(&manager, "/api/events").await.json();
    assert_eq!(ids(&events, "events", "subject"), ["W4", "W2", "W3"]);

    let headers = [("cookie", chief.cookie.as_str())];
    let mut live = Live::open(hall.served.addr, "/api/live?after=0", &headers).await;
    let mut seen = BTreeMap::new();
    while seen.len() < 3 {
        let message = live.next().await.unwrap();
        match message.name.as_str() {
            "event" => seen.insert(message.data["subject"].to_string(), message.id),
            _ => seen.insert(
                message.name.clone(),
                Some(ids(&message.data, "windows", "window").concat()),
            ),
        };
    }
    assert_eq!(
        seen.into_values().flatten().collect::<Vec<_>>(),
        ["1", "3", "W3W4"],
        "events of W3 and W4, and a snapshot of both"
    );
    hall.served.stop().await;
}

#[tokio::test]
async fn a_live_stream_ends_with_the_session() {
    let hall = Hall::start().await;
    let manager = hall.sign_in("hall_manager").await;
    let headers = [("cookie", manager.cookie.as_str())];
    let mut live = Live::open(hall.served.addr, "/api/live", &headers).await;
    live.next_named("snapshot").await;
    hall.desk.log_out_everywhere("hall_manager");
    hall.served.append(record(4, 4, 1, "W3", false));
    assert!(live.next().await.is_none());
    hall.served.stop().await;
}

#[tokio::test]
async fn health_says_the_verdict_to_everybody_and_the_rest_to_who_may_see_it() {
    let hall = Hall::start().await;
    let bearer = format!("Bearer {MONITOR}");
    for (headers, full) in [
        (vec![], false),
        (
            vec![("authorization", "Bearer something-else-entirely")],
            false,
        ),
        (vec![("authorization", bearer.as_str())], true),
    ] {
        let health = hall.ask("GET", "/health", &headers, &Value::Null).await;
        let body = health.json();
        assert_eq!(
            (health.status, body["overall"].as_str()),
            (200, Some("degraded"))
        );
        assert_eq!(body.get("components").is_some(), full);
        assert_eq!(body.as_object().unwrap().len() > 2, full, "{body}");
        let metrics = hall.ask("GET", "/metrics", &headers, &Value::Null).await;
        assert_eq!(metrics.status, if full { 200 } else { 401 });
        let hall_info = hall.ask("GET", "/api/hall", &headers, &Value::Null).await;
        assert_eq!(
            hall_info.status,
            if full { 403 } else { 401 },
            "the token opens nothing else"
        );
    }
    hall.served.stop().await;
}
