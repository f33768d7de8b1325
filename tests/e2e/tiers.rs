//! Claim: three tiers of brokers, set up by the documented files, bring every record of a county's box to the province once, and its
//! states, its will and the way back for commands with it; a tier that is cut off or killed loses nothing.

use std::time::Duration;

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::centre::Centre;
use edge_tests::hall::Hall;
use edge_tests::judge::Judge;
use edge_tests::line::{Line, State};
use edge_tests::listener::{Listener, publish};
use edge_tests::site::Site;
use edge_tests::toggler::Toggler;
use edge_tests::wait;
use serde_json::Value;

const PLACE: &str = "51/5119/511921/511921-001/b1";
const PATIENCE: Duration = Duration::from_secs(90);

/// Numbers of the records a listener heard, in order of arrival.
fn numbers(listener: &Listener) -> Vec<u64> {
    let heard = listener.heard();
    let events = heard.iter().filter(|(topic, _)| topic.ends_with("/event"));
    let json = events.map(|(_, payload)| serde_json::from_str::<Value>(payload).unwrap());
    json.map(|e| e["data"]["seq"].as_u64().unwrap()).collect()
}

#[test]
fn a_county_is_heard_in_the_province_whatever_breaks_on_the_way() {
    let site = Site::new(&[PLACE]).unwrap();
    let ca = site.ca_file();
    let mut province = site.broker(None).unwrap();
    let mut city = site
        .broker(Some(("bridge-city.conf", province.port())))
        .unwrap();
    let cable = Line::start(city.port()).unwrap();
    let county = site
        .broker(Some(("bridge-county.conf", cable.port())))
        .unwrap();
    let judge = Judge::at_site(&site, &province, "province-51", "hall/v1/51/#").unwrap();
    let listening = judge.listen(&province).unwrap();
    let listen = || Listener::start(&province, &ca, "province-51", "hall/v1/51/#").unwrap();
    let listener = listen();

    let sensors = Broker::start(Memory::None).unwrap();
    let windows = 4;
    let mut hall = Hall::of_sensors(windows).unwrap();
    hall.set("sensor_broker", "url", sensors.url());
    hall.stand_at(PLACE, &site, &county).unwrap();
    let key = Centre::new("county", 7, "/x", 1).unwrap().public_key();
    hall.signer("county", &key, &["province"]);
    let people = Toggler::start(sensors.port(), windows).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    let reaches = |what: &str, agent: &Agent, city: &Broker, of: u64| {
        wait::until_true(what, PATIENCE, || {
            numbers(&listener).iter().max() >= Some(&of)
        })
        .unwrap_or_else(|e| panic!("{e}\n{}\n{}\n{}", county.log(), city.log(), agent.log()));
    };
    let goes_on = |agent: &Agent| {
        let at = agent.stored().unwrap();
        wait::until_true("more records", PATIENCE, || agent.stored() >= Some(at + 5)).unwrap();
        agent.stored().unwrap()
    };

    let undisturbed = goes_on(&agent);
    reaches("records in the province", &agent, &city, undisturbed);
    let first: Vec<u64> = numbers(&listener);
    assert!(
        first.iter().copied().eq(1..=first.len() as u64),
        "each once, in order: {first:?}"
    );
    // The way down: the county's command reaches the box, and its answer the province.
    publish(
        &county,
        &ca,
        "county-511921",
        &format!("hall/v1/{PLACE}/cmd/config.get"),
        "{}",
    )
    .unwrap();
    let answers = |to: &Listener| {
        to.heard()
            .iter()
            .filter(|(t, _)| t.ends_with("/reply/unreadable"))
            .count()
    };
    wait::until_true("the answer", PATIENCE, || answers(&listener) == 1).unwrap();
    publish(
        &city,
        &ca,
        "county-511921",
        &format!("hall/v1/{PLACE}/cmd/config.get"),
        "{}",
    )
    .unwrap();
    wait::until_true("the answer to a command from above", PATIENCE, || {
        answers(&listener) == 2
    })
    .unwrap();

    // The cable between county and city is cut, and mended.
    cable.set(State::Cut);
    let cut = goes_on(&agent);
    assert!(numbers(&listener).iter().max() < Some(&cut));
    cable.set(State::Open);
    reaches("what waited for the cable", &agent, &city, cut);
    // The city's broker is killed while records flow, and comes back; so is the province's.
    city.kill();
    let killed = goes_on(&agent);
    city.restart().unwrap();
    reaches("what waited for the city", &agent, &city, killed);

    // Who joins late finds the present state, up there as in the county.
    let late = listen();
    for leaf in ["/status", "/meta", "/state/window/W1"] {
        wait::until_true(leaf, PATIENCE, || {
            late.heard().iter().any(|(t, _)| t.ends_with(leaf))
        })
        .unwrap();
    }
    // The box dies: its will is there too.
    let last_status = |of: &Listener| {
        let heard = of.heard();
        let (_, payload) = heard.iter().rev().find(|(t, _)| t.ends_with("/status"))?;
        serde_json::from_str::<Value>(payload).ok()
    };
    assert_eq!(last_status(&late).unwrap()["online"], true);
    agent.kill();
    wait::until_true("the will", PATIENCE, || {
        last_status(&listener).is_some_and(|s| s["reason"] == "connection_lost")
    })
    .unwrap();
    let later = listen();
    wait::until_true("the retained will", PATIENCE, || {
        last_status(&later).is_some_and(|s| s["online"] == false)
    })
    .unwrap();

    let mut agent = Agent::start(&hall).unwrap();
    goes_on(&agent);
    drop(people);
    province.kill();
    wait::until_true("all of it in the county", PATIENCE, || {
        let health = agent.health();
        health["uplink"]["backlog"] == 0 && health["store"]["seq"] == health["uplink"]["acked"]
    })
    .unwrap();
    let last = agent.stored().unwrap();
    province.restart().unwrap();
    wait::until_true("all of it in the province", PATIENCE, || {
        let again = numbers(&listener);
        (1..=last).all(|n| again.contains(&n))
    })
    .unwrap_or_else(|e| panic!("{e}\n{}\n{}", city.log(), province.log()));
    assert!(agent.stop().unwrap().0.success());
    let _ = listening.end().unwrap();
    let verdict = judge.hear(None).unwrap();
    println!(
        "{} records, {} repeated",
        verdict.json["records"], verdict.json["repeats"]
    );
    verdict.assert_clean();
    assert!(verdict.count("records").unwrap() >= last);
}
