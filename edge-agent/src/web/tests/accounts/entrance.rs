//! The first account, and first passwords.

use super::*;

#[tokio::test]
async fn a_first_password_opens_nothing_but_the_way_to_an_own_one() {
    let hall = Hall::start().await;
    let manager = hall.sign_in("hall_manager").await;
    let body = json!({"name": "night", "role": "patrol"});
    let made = hall
        .ask_as(&manager, "POST", "/api/accounts", &body)
        .await
        .json();
    let first = made["first_password"].as_str().unwrap();
    assert_eq!(
        made["account"]["password_due"],
        "2026-09-28T10:07:20.000+08:00"
    );
    let mut form = made.clone();
    form["first_password"] = "7QKM-2XPA-9F3T-HW4C".into();
    check("account_changed.json", &form);
    let listed = hall
        .ask_as(&manager, "GET", "/api/accounts", &Value::Null)
        .await;
    check("accounts.json", &listed.json());
    let mut session = hall
        .ask_as(&manager, "GET", "/api/session", &Value::Null)
        .await
        .json();
    session["csrf"] = "8c".repeat(32).into();
    check("session.json", &session);
    let login = json!({"name": "night", "password": first});
    let answer = hall.ask("POST", "/api/login", &[], &login).await;
    assert_eq!(
        (
            answer.status,
            &answer.json()["mode"],
            &answer.json()["rights"]
        ),
        (200, &json!("password_due"), &json!([]))
    );
    let night = browser(&answer);
    let refused = hall.ask_as(&night, "GET", "/api/hall", &Value::Null).await;
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (403, "password_due")
    );
    let body = json!({"old": first, "new": OWN});
    let changed = hall.ask_as(&night, "POST", "/api/password", &body).await;
    assert_eq!(
        (changed.status, &changed.json()["mode"]),
        (200, &json!("signed_in"))
    );
    let now = browser(&changed);
    assert_eq!(
        hall.ask_as(&now, "GET", "/api/hall", &Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(
        hall.ask_as(&night, "GET", "/api/hall", &Value::Null)
            .await
            .status,
        401
    );
    let out = hall
        .ask_as(&now, "POST", "/api/logout/everywhere", &Value::Null)
        .await;
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(
        hall.ask_as(&now, "GET", "/api/hall", &Value::Null)
            .await
            .status,
        401
    );
    hall.served.stop().await;
}

#[tokio::test]
async fn a_box_without_account_answers_nothing_but_its_set_up() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Arc::new(AccountDesk::open(dir.path()).unwrap());
    let (code_on_console, _) = desk.setup_code().unwrap().unwrap();
    let access = Access::Accounts(Arc::clone(&desk));
    let served = Served::with(quick(), Vec::new(), "127.0.0.1:0", |inputs| {
        crate::web::WebInputs { access, ..inputs }
    })
    .await;
    let hall = Hall {
        served,
        desk,
        given: Arc::default(),
        _dir: dir,
    };
    let session = hall
        .ask("GET", "/api/session", &[], &Value::Null)
        .await
        .json();
    assert_eq!(
        (&session["mode"], &session["rights"]),
        (&json!("set_up_first"), &json!([]))
    );
    let refused = hall.ask("GET", "/api/snapshot", &[], &Value::Null).await;
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (401, "set_up_first")
    );
    assert_eq!(
        hall.ask("GET", "/health", &[], &Value::Null).await.status,
        200
    );
    let mut body =
        json!({"code": "wrong", "name": "manager", "role": "hall_manager", "password": OWN});
    let refused = hall.ask("POST", "/api/setup", &[], &body).await;
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (401, "code_refused")
    );
    body["code"] = code_on_console.into();
    let done = hall.ask("POST", "/api/setup", &[], &body).await;
    assert_eq!(
        (done.status, &done.json()["account"]["role"]),
        (200, &json!("hall_manager"))
    );
    assert!(
        hall.desk
            .signed(browser(&done).cookie.split('=').nth(1).unwrap(), moment())
            .is_some()
    );
    let again = hall.ask("POST", "/api/setup", &[], &body).await;
    assert_eq!((again.status, code(&again).as_str()), (401, "code_refused"));
    hall.served.stop().await;
}
