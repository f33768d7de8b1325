//! TLS to a real mosquitto: whom the box trusts, how it proves itself, and certificates that are renewed or run out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use edge_uplink::store::mem::MemStore;
use edge_uplink::{
    Certificate, CertificateRole, ClientFiles, EventStore, MqttVersion, Tls, certificates,
    transport,
};
use support::broker::{Broker, Memory, until};
use support::certificates::{Authority, VALID, listener};
use support::uplink::{Running, config_in};
use support::{clock, record};

in_both_versions![
    the_configured_authority_is_trusted_and_no_other_and_only_for_its_name,
    a_broker_that_wants_a_client_certificate_gets_it_and_strangers_are_told_why,
    renewed_files_are_taken_without_a_restart,
];

fn mem() -> Arc<dyn EventStore> {
    Arc::new(MemStore::new(clock()))
}

fn start(version: MqttVersion, broker: &Broker, tls: Option<Tls>) -> Running {
    let mut cfg = config_in(version, broker.port);
    cfg.tls = tls;
    Running::start(cfg, mem())
}

/// Waits until the box says why it is not connected.
async fn refused(up: Running, words: &str) {
    let says = || {
        up.status()
            .last_error
            .is_some_and(|error| error.contains(words))
    };
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !says() {
        assert!(
            std::time::Instant::now() < deadline,
            "'{words}' is not in {:?}",
            up.status().last_error
        );
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(!up.status().connected);
    up.stop().await;
}

async fn the_configured_authority_is_trusted_and_no_other_and_only_for_its_name(
    version: MqttVersion,
) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (ours, other) = (Authority::new(dir, "ours"), Authority::new(dir, "other"));
    let server = ours.sign(dir, "server", &["127.0.0.1"], VALID);
    let broker = Broker::start_with(Memory::Forgets, &listener(&server, None));
    refused(
        start(version, &broker, other.trusted(None)),
        "uplink.ca_file",
    )
    .await;
    let up = start(version, &broker, ours.trusted(None));
    up.append(&[record(1, 1)]);
    until("acknowledged over TLS", 20, || up.status().acked == 1).await;
    up.stop().await;

    let elsewhere = ours.sign(dir, "elsewhere", &["broker.example.gov.cn"], VALID);
    let broker = Broker::start_with(Memory::Forgets, &listener(&elsewhere, None));
    refused(
        start(version, &broker, ours.trusted(None)),
        "for another name",
    )
    .await;
}

async fn a_broker_that_wants_a_client_certificate_gets_it_and_strangers_are_told_why(
    version: MqttVersion,
) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (ours, other) = (Authority::new(dir, "ours"), Authority::new(dir, "other"));
    let server = ours.sign(dir, "server", &["127.0.0.1"], VALID);
    let broker = Broker::start_with(Memory::Forgets, &listener(&server, Some(&ours)));
    refused(
        start(version, &broker, ours.trusted(None)),
        "uplink.cert_file",
    )
    .await;
    let stranger = other.sign(dir, "stranger", &[], VALID);
    refused(
        start(version, &broker, ours.trusted(Some(stranger))),
        "does not know the authority",
    )
    .await;
    let client = ours.sign(dir, "511921-001-b1", &[], VALID);
    let up = start(version, &broker, ours.trusted(Some(client)));
    up.append(&[record(1, 1)]);
    until("acknowledged over mutual TLS", 20, || {
        up.status().acked == 1
    })
    .await;
    let told = up.status().certificates;
    assert_eq!(
        told.iter()
            .map(|c| (c.role, c.subject.as_str()))
            .collect::<Vec<_>>(),
        [
            (CertificateRole::Client, "CN=511921-001-b1"),
            (CertificateRole::Authority, "CN=ours"),
        ],
        "the first to expire in front"
    );
    up.stop().await;
}

async fn renewed_files_are_taken_without_a_restart(version: MqttVersion) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ours = Authority::new(dir, "ours");
    let server = ours.sign(dir, "server", &["127.0.0.1"], VALID);
    let broker = Broker::start_with(Memory::Forgets, &listener(&server, Some(&ours)));
    let client = ours.sign(dir, "b1", &[], -10..-1);
    let up = start(version, &broker, ours.trusted(Some(client)));
    until("refused as expired", 20, || {
        up.status()
            .last_error
            .is_some_and(|e| e.contains("has expired"))
    })
    .await;
    let expired = up.status().certificates[0].not_after_unix_s;
    ours.sign(dir, "b1", &[], VALID);
    up.append(&[record(1, 1)]);
    until("acknowledged with the renewed one", 20, || {
        up.status().acked == 1
    })
    .await;
    assert!(up.status().certificates[0].not_after_unix_s > expired + 300 * 86_400);
    up.stop().await;
}

#[test]
fn files_that_cannot_be_used_are_told_in_words_that_say_nothing_of_the_key() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ours = Authority::new(dir, "ours");
    let (one, two) = (
        ours.sign(dir, "one", &[], VALID),
        ours.sign(dir, "two", &[], VALID),
    );
    let (text, locked) = (dir.join("text.pem"), dir.join("locked.key"));
    std::fs::write(&text, "not a certificate").unwrap();
    std::fs::write(
        &locked,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .unwrap();
    let with = |cert_file: &Path, key_file: &Path| {
        let client = ClientFiles {
            cert_file: cert_file.into(),
            key_file: key_file.into(),
        };
        let refused = transport(ours.trusted(Some(client)).as_ref());
        refused.err().expect("refused").to_string()
    };
    for (cert, key, words) in [
        (
            &one.cert_file,
            &two.key_file,
            "it is not the key of the certificate in",
        ),
        (&one.key_file, &one.key_file, "a key and no certificate"),
        (&one.cert_file, &one.cert_file, "a certificate and no key"),
        (&text, &one.key_file, "it holds no certificate"),
        (&one.cert_file, &text, "it holds no key"),
        (&one.cert_file, &locked, "passphrase"),
        (&one.cert_file, &dir.join("absent.key"), "No such file"),
        (&dir.join("absent.pem"), &one.key_file, "No such file"),
    ] {
        let told = with(cert, key);
        assert!(told.contains(words), "{told}");
        assert!(told.contains("uplink."), "{told}");
        assert!(!told.contains("BEGIN"), "{told}");
    }
    transport(ours.trusted(Some(one)).as_ref()).unwrap();
}

#[test]
fn keys_are_taken_in_each_of_the_three_forms() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ours = Authority::new(dir, "ours");
    let openssl = |arguments: &str| {
        let done = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(dir)
            .output();
        done.is_ok_and(|output| output.status.success())
    };
    let made = openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.p8")
        && openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.p8")
        && openssl("rsa -in rsa.p8 -traditional -out rsa.old")
        && openssl("ec -in ec.p8 -out ec.old");
    if !made {
        say_skipped("keys_are_taken_in_each_of_the_three_forms: openssl is not installed");
        return;
    }
    for (kind, begins) in [
        ("rsa", "BEGIN RSA PRIVATE KEY"),
        ("ec", "BEGIN EC PRIVATE KEY"),
    ] {
        let (p8, old) = (
            dir.join(format!("{kind}.p8")),
            dir.join(format!("{kind}.old")),
        );
        assert!(std::fs::read_to_string(&old).unwrap().contains(begins));
        let key = rcgen::KeyPair::from_pem(&std::fs::read_to_string(&p8).unwrap()).unwrap();
        let mut files = ours.sign_key(dir, kind, &[], VALID, &key);
        for form in [p8, old] {
            files.key_file = form;
            transport(ours.trusted(Some(files.clone())).as_ref()).unwrap();
        }
    }
}

#[test]
fn the_certificates_of_the_configured_files_are_told_with_their_dates() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ours = Authority::new(dir, "ours");
    let client = ours.sign(dir, "b1", &[], -1..10);
    let tls = ours.trusted(Some(client)).unwrap();
    let told: Vec<Certificate> = certificates(&tls).unwrap();
    let now_ms = (told[0].not_after_unix_s - 10 * 86_400) * 1000;
    assert_eq!(told.len(), 2);
    assert!(
        told[0]
            .trouble(now_ms)
            .unwrap()
            .contains("expires in 10 days")
    );
    assert_eq!(told[1].trouble(now_ms), None);
    assert!(
        told[0]
            .trouble(now_ms + 11 * 86_400_000)
            .unwrap()
            .contains("expired at")
    );
    let system = Tls {
        ca_file: None,
        client: None,
    };
    assert_eq!(certificates(&system).unwrap(), []);
}

/// Past the test harness, which would swallow what a passing test prints.
fn say_skipped(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "\nSKIPPED {what}");
}
