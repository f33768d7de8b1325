//! A centre that commands: signs with a key of its own and sends.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{Ed25519KeyPair, KeyPair};
use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};

/// A key and the box it commands.
pub struct Centre {
    key: Ed25519KeyPair,
    id: String,
    /// CloudEvents source of the box, `/51/5100/510000/510000-002/b1`.
    source: String,
    port: u16,
}

impl Centre {
    /// A centre with the key `id`, made from `seed`, at the broker on `port`.
    ///
    /// # Errors
    /// None that is known: every seed is a key.
    pub fn new(id: &str, seed: u8, source: &str, port: u16) -> Result<Centre> {
        let key = Ed25519KeyPair::from_seed_unchecked(&[seed; 32])
            .ok()
            .context("a seed of 32 bytes is a key")?;
        Ok(Centre {
            key,
            id: id.into(),
            source: source.into(),
            port,
        })
    }

    /// The public key as `hall.toml` wants it.
    #[must_use]
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.key.public_key())
    }

    /// Signs the fields of a command, good for a minute from now, and waits until the broker has it.
    ///
    /// # Errors
    /// When there is no broker.
    pub fn command(&self, verb: &str, tx: &str, by: &Value, fields: Value) -> Result<()> {
        let now = Timestamp::now();
        let mut body = json!({
            "v": 1, "tx": tx, "verb": verb, "to": self.source, "by": by,
            "at": now.to_string(), "expires": (now + SignedDuration::from_secs(60)).to_string(),
        });
        if let (Some(body), Value::Object(fields)) = (body.as_object_mut(), fields) {
            body.extend(fields);
        }
        let header = json!({"alg": "EdDSA", "kid": self.id}).to_string();
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(body.to_string())
        );
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()));
        self.send(verb, &json!({"jws": format!("{signed}.{signature}")}))
    }

    fn send(&self, verb: &str, payload: &Value) -> Result<()> {
        let name = format!("centre-{}-{}", self.id, std::process::id());
        // Capacity 2: one publish and the farewell.
        let (client, mut connection) =
            Client::new(MqttOptions::new(name, "127.0.0.1", self.port), 2);
        let topic = format!("hall/v1{}/cmd/{verb}", self.source);
        client.publish(topic, QoS::AtLeastOnce, false, payload.to_string())?;
        while let Ok(event) = connection.recv_timeout(Duration::from_secs(10)) {
            if let Event::Incoming(Packet::PubAck(_)) = event? {
                return Ok(());
            }
        }
        bail!("the broker did not take the command within 10 s")
    }
}
