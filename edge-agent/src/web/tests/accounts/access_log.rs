//! What is written down.

use super::*;

#[tokio::test]
async fn pictures_sign_ins_and_changes_are_in_the_access_log_with_who_why_and_from_where() {
    let hall = Hall::start().await;
    let manager = hall.sign_in("hall_manager").await;
    for _ in 0..3 {
        let path = "/api/cameras/cam1/frame.jpg?why=window%203%20is%20dark";
        let picture = hall.ask_as(&manager, "GET", path, &Value::Null).await;
        assert_eq!(picture.status, 200);
    }
    let body = json!({"name": "clerk", "role": "chief_representative", "departments": ["税务局"]});
    let made = hall.ask_as(&manager, "POST", "/api/accounts", &body).await;
    assert_eq!(made.status, 200);
    let body = json!({"disabled": true, "why": "has left"});
    hall.ask_as(&manager, "PATCH", "/api/accounts/clerk", &body)
        .await;
    hall.ask_as(&manager, "POST", "/api/logout", &Value::Null)
        .await;
    let refused = hall
        .ask_as(&manager, "GET", "/api/audit", &Value::Null)
        .await;
    assert_eq!(refused.status, 401, "signed out");

    let auditor = hall.sign_in("auditor").await;
    let log = hall
        .ask_as(&auditor, "GET", "/api/audit", &Value::Null)
        .await
        .json();
    check("audit.json", &log);
    let lines: Vec<String> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|e| {
            let text = |key: &str| e[key].as_str().unwrap().to_owned();
            assert_eq!(
                (text("from"), text("at")),
                ("127.0.0.1".into(), "2026-09-21T10:07:20.000+08:00".into())
            );
            format!(
                "{} {} {} {}",
                text("who"),
                text("deed"),
                text("object"),
                text("why")
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "hall_manager log_in  ",
            "hall_manager picture camera:cam1 window 3 is dark",
            "hall_manager account_made account:clerk chief_representative; 税务局",
            "hall_manager account_changed account:clerk chief_representative; 税务局; disabled; has left",
            "hall_manager log_out  ",
            "auditor log_in  ",
        ]
    );
    let file = hall
        .ask_as(&auditor, "GET", "/api/audit.jsonl", &Value::Null)
        .await;
    let verified = edge_uplink::verify::verify(&file.body[..]).unwrap();
    assert_eq!((verified.records, verified.from_genesis), (7, true));
    // The manager sees of it what concerns evidence, and nothing else.
    let manager = hall.sign_in("hall_manager").await;
    let log = hall
        .ask_as(&manager, "GET", "/api/audit", &Value::Null)
        .await;
    assert_eq!(
        (log.status, log.json()["entries"].as_array().unwrap().len()),
        (200, 0)
    );
    let log = hall
        .ask_as(&manager, "GET", "/api/audit?deed=picture", &Value::Null)
        .await;
    assert_eq!(log.status, 403);
    let log = hall
        .ask_as(&auditor, "GET", "/api/audit?deed=rob", &Value::Null)
        .await;
    assert_eq!(log.status, 400);
    hall.served.stop().await;
}
