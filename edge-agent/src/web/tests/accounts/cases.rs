//! Steps in cases, acknowledgements and notes.

use super::*;

#[tokio::test]
async fn a_step_in_a_case_is_an_order_in_the_name_of_the_account_and_its_words_stay_here() {
    let hall = Hall::start().await;
    let chief = hall.sign_in("chief_representative").await;
    let path = format!("/api/events/{}/case", event_id(1));
    let body = json!({"tx": "a1", "action": "feedback", "reason": "official_duty", "note": " at the bank "});
    for _ in 0..2 {
        let done = hall.ask_as(&chief, "POST", &path, &body).await;
        assert_eq!(
            (done.status, done.json()),
            (200, json!({"v": 1, "tx": "a1", "events": [event_id(1)]}))
        );
    }
    let given = hall.given.lock().unwrap().clone();
    let by = Actor {
        id: "chief_representative".into(),
        role: Role::ChiefRepresentative,
        windows: vec!["W3".into(), "W4".into()],
    };
    assert_eq!(
        (&given[0].by, given[0].tx.as_str()),
        (&by, "web:chief_representative:a1")
    );
    let notes = format!("/api/events/{}/notes", event_id(1));
    let seen = json!({"tx": "a2", "acknowledge": true});
    hall.ask_as(&chief, "POST", &notes, &seen).await;
    let supervisor = hall.sign_in("supervisor").await;
    let refused = hall.ask_as(&supervisor, "POST", &notes, &seen).await;
    assert_eq!((refused.status, code(&refused).as_str()), (403, "role"));
    let written = hall
        .ask_as(
            &supervisor,
            "POST",
            &notes,
            &json!({"tx": "a3", "text": "called"}),
        )
        .await;
    check("notes.json", &written.json());
    let told: Vec<String> = written.json()["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| {
            let text = |key: &str| n[key].as_str().unwrap();
            format!("{} {} {}", text("by"), text("kind"), text("text"))
        })
        .collect();
    assert_eq!(
        told,
        [
            "chief_representative case_step feedback: official_duty: at the bank",
            "chief_representative acknowledge ",
            "supervisor note called",
        ],
        "each transaction once"
    );

    for (event, body, status, says) in [
        (
            1,
            json!({"tx": "b1", "action": "close", "reason": "other"}),
            409,
            "case_state",
        ),
        (
            1,
            json!({"tx": "b2", "action": "confirm", "reason": "other"}),
            403,
            "own_case",
        ),
        (
            1,
            json!({"tx": "b3", "action": "hang", "reason": "other"}),
            422,
            "not_understood",
        ),
        (
            1,
            json!({"tx": "b4", "action": "close", "reason": "mood"}),
            422,
            "not_understood",
        ),
        (
            1,
            json!({"tx": "", "action": "close", "reason": "other"}),
            422,
            "not_understood",
        ),
        (
            1,
            json!({"tx": "x y", "action": "close", "reason": "other"}),
            422,
            "not_understood",
        ),
        (
            2,
            json!({"tx": "b5", "action": "feedback", "reason": "other"}),
            404,
            "event_unknown",
        ),
        (
            9,
            json!({"tx": "b6", "action": "feedback", "reason": "other"}),
            404,
            "event_unknown",
        ),
    ] {
        let path = format!("/api/events/{}/case", event_id(event));
        let answer = hall.ask_as(&chief, "POST", &path, &body).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (status, says),
            "{body}"
        );
    }
    let odd = hall
        .ask_as(&chief, "POST", "/api/events/no-ulid/case", &body)
        .await;
    assert_eq!(odd.status, 404);
    hall.served.stop().await;
}
