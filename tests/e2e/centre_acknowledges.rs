//! Claim: over mutual TLS and MQTT 5, a box that waits for the centre's own acknowledgement counts nothing as arrived before, and a
//! certificate that runs out soon is told everywhere an operator looks.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use edge_tests::agent::{self, Agent};
use edge_tests::broker::{Broker, Memory};
use edge_tests::hall::Hall;
use edge_tests::toggler::Toggler;
use edge_tests::wait;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd,
};
use serde_json::Value;

/// An authority `ca.pem`, and for each name `{name}.pem` and `{name}.key`, good for so many days.
fn certificates(dir: &Path, names: &[(&str, u64)]) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let params = |name: &str, days: u64| {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(1970, 1, 1) + (now - Duration::from_secs(86_400));
        params.not_after = date_time_ymd(1970, 1, 1) + (now + Duration::from_secs(days * 86_400));
        params
    };
    let mut authority = params("test authority", 365);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let own = authority.self_signed(&key).unwrap();
    std::fs::write(dir.join("ca.pem"), own.pem()).unwrap();
    let issuer = Issuer::new(authority, key);
    for (name, days) in names {
        let key = KeyPair::generate().unwrap();
        let mut params = params(name, *days);
        params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
        let signed = params.signed_by(&key, &issuer).unwrap();
        std::fs::write(dir.join(format!("{name}.pem")), signed.pem()).unwrap();
        let key_file = dir.join(format!("{name}.key"));
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        std::fs::set_permissions(key_file, PermissionsExt::from_mode(0o600)).unwrap();
    }
}

fn central(broker: &Broker, pki: &Path, state: &Path, lasting: &str) {
    let file = |name: &str| pki.join(name).display().to_string();
    let (state, kept) = (
        state.display().to_string(),
        state.with_extension("jsonl").display().to_string(),
    );
    let done = agent::run(&[
        "central",
        "--broker",
        &broker.url().replace("mqtt://", "mqtts://"),
        "--ca-file",
        &file("ca.pem"),
        "--cert-file",
        &file("centre.pem"),
        "--key-file",
        &file("centre.key"),
        "--state",
        &state,
        "--ndjson",
        &kept,
        "--ack",
        "--json",
        "--for",
        lasting,
    ])
    .unwrap();
    assert_eq!(
        done.status.code(),
        Some(0),
        "{} {}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn a_box_that_waits_for_the_centre_counts_nothing_before_and_tells_when_its_certificate_ends() {
    let dir = tempfile::tempdir().unwrap();
    let (pki, state) = (dir.path(), dir.path().join("state"));
    certificates(pki, &[("server", 365), ("centre", 365), ("b1", 10)]);
    let file = |name: &str| pki.join(name).display().to_string();
    let sensors = Broker::start(Memory::None).unwrap();
    let broker = Broker::start_with(
        Memory::Persistent,
        &format!(
            "certfile {}\nkeyfile {}\ncafile {}\nrequire_certificate true",
            file("server.pem"),
            file("server.key"),
            file("ca.pem")
        ),
    )
    .unwrap();
    let mut hall = Hall::of_sensors(3).unwrap();
    hall.set("sensor_broker", "url", sensors.url());
    let url = broker.url().replace("mqtt://", "mqtts://");
    for (key, to) in [
        ("url", url),
        ("mqtt_version", "5".into()),
        ("ack", "centre".into()),
        ("ca_file", file("ca.pem")),
        ("cert_file", file("b1.pem")),
        ("key_file", file("server.key")),
    ] {
        hall.set("uplink", key, to);
    }
    let check = |hall: &Hall| {
        let config = hall.write().unwrap().display().to_string();
        let done = agent::run(&["check", "--config", &config]).unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        (done.status.code().unwrap(), said)
    };
    let (code, said) = check(&hall);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("it is not the key of the certificate"),
        "{said}"
    );
    hall.set("uplink", "key_file", file("b1.key"));
    let (code, said) = check(&hall);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("CN=b1") && said.contains("expires in"),
        "{said}"
    );

    // Known to the broker, which from now on keeps what comes while the centre is away.
    central(&broker, pki, &state, "2s");
    let _people = Toggler::start(sensors.port(), 3).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    let uplink = |agent: &Agent, key: &str| agent.health()["uplink"][key].as_u64();
    wait::until_true("events at the broker", Duration::from_secs(60), || {
        uplink(&agent, "broker_has") >= Some(5)
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));
    assert_eq!(uplink(&agent, "acked"), Some(0), "nobody has acknowledged");

    central(&broker, pki, &state, "8s");
    wait::until_true("the centre's word", Duration::from_secs(30), || {
        uplink(&agent, "acked") >= Some(5)
    })
    .unwrap_or_else(|e| panic!("{e}\n{}", agent.log()));

    let health = agent.health();
    assert_eq!(health["uplink"]["certificates"][0]["role"], "client");
    let component = health["components"].as_array().unwrap().iter();
    let told = component
        .filter(|c| c["name"] == "certificates" && c["state"] == "degraded")
        .count();
    assert_eq!(told, 1, "{health:#}");
    let metrics = agent.http().get("/metrics").unwrap().text();
    let gauge = "edge_uplink_certificate_expiry_seconds{role=\"client\",subject=\"CN=b1\"}";
    assert!(metrics.contains(gauge), "{metrics}");
    assert!(agent.stop().unwrap().0.success());

    let kept = std::fs::read_to_string(state.with_extension("jsonl")).unwrap();
    let meta = kept
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["topic"].as_str().unwrap().ends_with("/meta"))
        .expect("meta was kept");
    assert!(meta["payload"]["certificate"]["not_after"].is_string());
}
