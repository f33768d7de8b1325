//! Claim: with the documented configuration and access list a box speaks for itself alone, a county reads and commands its own halls
//! and no other's, a city reads its counties, and what is denied is not delivered, retained or not.

use std::collections::BTreeSet;
use std::time::Duration;

use edge_tests::agent::{self, Agent};
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::judge::Judge;
use edge_tests::listener::{Listener, publish};
use edge_tests::site::Site;
use edge_tests::toggler::Toggler;
use edge_tests::wait;

const OURS: &str = "51/5119/511921/511921-001/b1";
const OTHERS: &str = "51/5119/511922/511922-001/b1";
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn every_user_hears_and_says_what_the_access_list_allows_and_nothing_else() {
    let site = Site::new(&[OURS, OTHERS]).unwrap();
    let ca = site.ca_file();
    let broker = site.broker(None).unwrap();
    let listen = |user: &str| Listener::start(&broker, &ca, user, "hall/v1/#").unwrap();
    let say = |user: &str, topic: &str, payload: &str| {
        publish(&broker, &ca, user, topic, payload).unwrap();
    };
    let (ours, others) = (format!("hall/v1/{OURS}"), format!("hall/v1/{OTHERS}"));
    // Everybody asks for everything.
    let users = [
        "county-511921",
        "county-511922",
        "city-5119",
        "province-51",
        OTHERS,
        "watch",
    ];
    let listeners = users.map(|user| (user, listen(user)));
    let listener = |user| &listeners.iter().find(|(u, _)| *u == user).unwrap().1;
    let heard = |user| listener(user).heard();
    let hears = |user, ending: &str| {
        wait::until_true(&format!("{user} to hear {ending}"), PATIENCE, || {
            heard(user).iter().any(|(topic, _)| topic.ends_with(ending))
        })
    };

    // A real box with nothing but the documented rights gets on: states, records, commands and answers.
    let sensors = Broker::start(Memory::None).unwrap();
    let mut hall = Hall::of_sensors(4).unwrap();
    hall.set("sensor_broker", "url", sensors.url());
    hall.stand_at(OURS, &site, &broker).unwrap();
    hall.signer(
        "county",
        &edge_tests::centre::Centre::new("county", 7, "/x", 1)
            .unwrap()
            .public_key(),
        &["province"],
    );
    let judge = Judge::at_site(&site, &broker, "city-5119", "hall/v1/51/5119/#").unwrap();
    let listening = judge.listen(&broker).unwrap();
    let people = Toggler::start(sensors.port(), 4).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    for leaf in ["/b1/status", "/b1/meta", "/state/window/W1", "/b1/event"] {
        hears("county-511921", leaf).unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    }
    // Who may not command is not heard by the box; who may is, and the box answers (that this is no command).
    say("county-511922", &format!("{ours}/cmd/from-511922"), "{}");
    say(OTHERS, &format!("{ours}/cmd/from-a-box"), "{}");
    say("city-5119", &format!("{ours}/cmd/from-the-city"), "{}");
    say("county-511921", &format!("{ours}/cmd/config.get"), "{}");
    hears("county-511921", "/reply/unreadable").unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));

    // A box that speaks for another, or in the centre's place, is not heard.
    for topic in [
        "status",
        "event",
        "state/window/W9",
        "reply/t-1",
        "cmd/config.get",
        "ack",
    ] {
        say(OTHERS, &format!("{ours}/{topic}"), "from another box");
    }
    say(
        OTHERS,
        &format!("{others}/cmd/config.get"),
        "from another box",
    );
    say(
        OTHERS,
        "hall/v1/51/5119/511922/511922-002/b1/status",
        "from another box",
    );
    // Its own topics are its own.
    say(OTHERS, &format!("{others}/status"), "its own");
    for user in ["county-511922", "city-5119", "province-51"] {
        hears(user, "511922-001/b1/status").unwrap();
    }
    say(
        "county-511922",
        &format!("{others}/cmd/config.get"),
        "for it",
    );
    hears(OTHERS, "/cmd/config.get").unwrap();
    drop(people);
    assert!(agent.stop().unwrap().0.success());
    hears("city-5119", "511921-001/b1/status").unwrap();

    // Retained states are kept from those who come late and may not read them, too.
    let late = listen("county-511922");
    let late_city = listen("city-5119");
    wait::until_true("the city's late listener", PATIENCE, || {
        late_city.heard().len() > 4
    })
    .unwrap();
    wait::until_true("the county's late listener", PATIENCE, || {
        say(OTHERS, &format!("{others}/event"), "a marker");
        !late.heard().is_empty()
    })
    .unwrap();
    let begins = |heard: Vec<(String, String)>, prefix: &str| {
        let foreign: BTreeSet<_> = heard
            .into_iter()
            .filter(|(t, _)| !t.starts_with(prefix))
            .collect();
        assert_eq!(foreign, BTreeSet::new(), "beside {prefix}");
    };
    begins(late.heard(), "hall/v1/51/5119/511922/");
    begins(heard("county-511921"), "hall/v1/51/5119/511921/");
    begins(heard("county-511922"), "hall/v1/51/5119/511922/");
    begins(heard("city-5119"), "hall/v1/51/5119/");
    begins(heard(OTHERS), &format!("{others}/cmd/"));
    begins(heard("watch"), "nothing of halls");
    for (user, listener) in &listeners {
        for (topic, payload) in listener.heard() {
            assert_ne!(payload, "from another box", "{user} heard {topic}");
            assert!(!topic.contains("/cmd/from-"), "{user} heard {topic}");
        }
    }

    // And nobody without a name, or with another's.
    for arguments in [
        vec![],
        vec!["--user", "county-511921"],
        vec!["--user", "nobody"],
    ] {
        let ca = ca.display().to_string();
        let url = format!("mqtts://127.0.0.1:{}", broker.port());
        let common = [
            "central",
            "--broker",
            &url,
            "--ca-file",
            &ca,
            "--for",
            "2s",
            "--json",
        ];
        let environment = [("EDGE_BROKER_PASSWORD".to_owned(), "wrong".to_owned())];
        let done = agent::run_with(&[&common[..], &arguments].concat(), &environment).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(report["messages"], 0, "{arguments:?}: {report}");
        let log = String::from_utf8_lossy(&done.stderr).to_lowercase();
        assert!(log.contains("no connection"), "{log}");
    }
    let _ = listening.end().unwrap();
    let verdict = judge.hear(None).unwrap();
    assert_eq!(verdict.json["missing"], 0, "{}", verdict.json);
    assert!(verdict.count("records").unwrap() > 0);
}
