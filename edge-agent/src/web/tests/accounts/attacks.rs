//! What another site, a guesser or somebody with odd bytes gets.

use super::*;

#[tokio::test]
async fn a_session_that_was_planted_is_worth_nothing_and_its_cookie_is_out_of_reach() {
    let hall = Hall::start().await;
    // A token nobody gave.
    let planted = format!("edge-session={}", "a".repeat(64));
    let login = json!({"name": "hall_manager", "password": OWN});
    let answer = hall
        .ask(
            "POST",
            "/api/login",
            &[("cookie", planted.as_str())],
            &login,
        )
        .await;
    let set = answer.header("set-cookie").unwrap().to_owned();
    assert!(
        !set.contains("aaaa"),
        "a token of its own, not the one that came: {set}"
    );
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(attribute), "{set}");
    }
    let cookie = [("cookie", planted.as_str())];
    assert_eq!(
        hall.ask("GET", "/api/hall", &cookie, &Value::Null)
            .await
            .status,
        401
    );
    // A token that somebody got by signing in, planted on another: it ends when the other signs in.
    let attacker = hall.sign_in("patrol").await;
    let cookie = [("cookie", attacker.cookie.as_str())];
    let victim = browser(&hall.ask("POST", "/api/login", &cookie, &login).await);
    assert_ne!(victim.cookie, attacker.cookie);
    assert_eq!(
        hall.ask("GET", "/api/hall", &cookie, &Value::Null)
            .await
            .status,
        401
    );
    assert_eq!(
        hall.ask_as(&victim, "GET", "/api/hall", &Value::Null)
            .await
            .status,
        200
    );
    hall.served.stop().await;
}

#[tokio::test]
async fn a_change_from_another_site_is_refused_whatever_cookie_comes_with_it() {
    let hall = Hall::start().await;
    let manager = hall.sign_in("hall_manager").await;
    let body = json!({"name": "spy", "role": "patrol"});
    let own_origin = "http://localhost";
    for (headers, refused) in [
        (vec![], "csrf"),
        (vec![("x-csrf-token", "0")], "csrf"),
        (
            vec![
                ("x-csrf-token", manager.csrf.as_str()),
                ("origin", "https://evil.example"),
            ],
            "origin_refused",
        ),
        (
            vec![("x-csrf-token", manager.csrf.as_str()), ("origin", "null")],
            "origin_refused",
        ),
        (
            vec![
                ("x-csrf-token", manager.csrf.as_str()),
                ("origin", "https://localhost"),
            ],
            "origin_refused",
        ),
        (
            vec![
                ("x-csrf-token", manager.csrf.as_str()),
                ("sec-fetch-site", "cross-site"),
            ],
            "origin_refused",
        ),
    ] {
        let mut sent = vec![("cookie", manager.cookie.as_str())];
        sent.extend(&headers);
        let answer = hall.ask("POST", "/api/accounts", &sent, &body).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (403, refused),
            "{headers:?}"
        );
    }
    // A form of another site could post this type without asking.
    let sent = [
        ("cookie", manager.cookie.as_str()),
        ("x-csrf-token", manager.csrf.as_str()),
        ("content-type", "text/plain"),
    ];
    assert_eq!(
        hall.ask("POST", "/api/accounts", &sent, &body).await.status,
        415
    );
    let login = json!({"name": "hall_manager", "password": OWN});
    let foreign = [("origin", "https://evil.example")];
    assert_eq!(
        hall.ask("POST", "/api/login", &foreign, &login)
            .await
            .status,
        403,
        "login too"
    );
    assert_eq!(hall.desk.accounts().len(), ROLES.len(), "nothing was made");
    let sent = [
        ("cookie", manager.cookie.as_str()),
        ("x-csrf-token", manager.csrf.as_str()),
        ("origin", own_origin),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(
        hall.ask("POST", "/api/accounts", &sent, &body).await.status,
        200
    );
    hall.served.stop().await;
}

#[tokio::test]
async fn a_thousand_wrong_passwords_are_refused_in_clear_words_and_written_down_in_a_few_lines() {
    let hall = Hall::start().await;
    let mut statuses = BTreeMap::new();
    for n in 0..1000 {
        let login = json!({"name": "hall_manager", "password": format!("wrong {n}")});
        let answer = hall.ask("POST", "/api/login", &[], &login).await;
        *statuses.entry((answer.status, code(&answer))).or_insert(0) += 1;
    }
    let wanted = [
        ((401, "login_refused".to_owned()), 4),
        ((429, "locked".to_owned()), 996),
    ];
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), wanted);
    let right = json!({"name": "hall_manager", "password": OWN});
    let answer = hall.ask("POST", "/api/login", &[], &right).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("60"))
    );
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .contains("another 60 s")
    );
    let mut lines = Vec::new();
    hall.served.audit.export(&mut lines).unwrap();
    assert_eq!(
        String::from_utf8(lines).unwrap().lines().count(),
        5,
        "four failures and the lock"
    );
    hall.served.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_too_slow_or_no_json_costs_nothing() {
    let hall = Hall::start().await;
    let large = json!({"name": "a".repeat(20_000), "password": "x"});
    let answer = hall.ask("POST", "/api/login", &[], &large).await;
    assert_eq!((answer.status, code(&answer).as_str()), (413, "too_large"));
    for (body, says) in [
        (json!(null), "expected struct"),
        (json!({"name": "x"}), "missing field"),
        (json!({"name": "x", "password": 7}), "expected a string"),
        (
            json!({"name": "x", "password": "y", "admin": true}),
            "unknown field",
        ),
    ] {
        let answer = hall.ask("POST", "/api/login", &[], &body).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (422, "not_understood"),
            "{body}"
        );
        assert!(
            answer.json()["message"].as_str().unwrap().contains(says),
            "{answer:?}"
        );
    }
    // Announced and never sent.
    let headers = [
        ("host", "localhost"),
        ("content-type", "application/json"),
        ("content-length", "50"),
    ];
    let answer = send(hall.served.addr, "POST", "/api/login", &headers, b"{").await;
    assert_eq!((answer.status, code(&answer).as_str()), (408, "too_slow"));
    hall.served.stop().await;
}

#[tokio::test]
async fn headers_and_paths_of_an_attacker_stay_text() {
    let hall = Hall::start().await;
    let auditor = hall.sign_in("auditor").await;
    // A name with a line break comes back in no header and as one line of the log.
    let login =
        json!({"name": "x\r\nset-cookie: edge-session=evil\r\n{\"seq\":1", "password": "wrong"});
    let answer = hall.ask("POST", "/api/login", &[], &login).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("set-cookie").is_none(), "{}", answer.head);
    let log = hall
        .ask_as(&auditor, "GET", "/api/audit?limit=1", &Value::Null)
        .await
        .json();
    assert_eq!(
        log["entries"][0]["who"],
        "xset-cookie: edge-session=evil{\"seq\":1"
    );
    for path in [
        "/../../etc/passwd",
        "/assets/../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
        "/api/../accounts/accounts.json",
        "/api/events/..%2F..%2Faccounts",
        "/api/cameras/..%2f..%2fetc/frame.jpg",
        "/api/accounts/..%2f..%2fetc",
        "/api/evidence/%ff%fe",
        "/api/evidence/..%2f..%2fetc%2fpasswd",
    ] {
        let answer = hall.ask("GET", path, &[], &Value::Null).await;
        assert!(
            matches!(answer.status, 401 | 404 | 405),
            "{path}: {}",
            answer.status
        );
        assert!(
            !String::from_utf8_lossy(&answer.body).contains("root:"),
            "{path}"
        );
    }
    hall.served.stop().await;
}
