//! Hears everything on a broker, beside whoever else listens there.

use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectReturnCode, Event, MqttOptions, Packet, QoS, SubscribeReasonCode,
};
use tokio::sync::mpsc;

use super::Heard;
use crate::mqtt::BrokerAddress;

const RETRY: Duration = Duration::from_secs(2);
/// Zigbee2MQTT's list of devices is some hundred KiB.
const MAX_PACKET_BYTES: usize = 4 << 20;
/// Longer payloads are no sensor's.
const MAX_PAYLOAD_BYTES: usize = 64 << 10;

/// Hears until the receiver is gone. `out` full: the broker waits.
pub async fn hear(address: BrokerAddress, out: mpsc::Sender<Heard>) {
    let about = format!("sensor broker {}:{}", address.host, address.port);
    loop {
        let trouble = connection(&address, &about, &out).await;
        let note = Heard::Note {
            about: about.clone(),
            text: trouble,
        };
        if out.send(note).await.is_err() {
            return;
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// One connection; returns why it ended.
async fn connection(address: &BrokerAddress, about: &str, out: &mpsc::Sender<Heard>) -> String {
    let mut options = MqttOptions::new(&address.client_id, &address.host, address.port);
    options.set_keep_alive(Duration::from_secs(15));
    options.set_max_packet_size(MAX_PACKET_BYTES, MAX_PACKET_BYTES);
    if let Some((user, password)) = &address.login {
        options.set_credentials(user, password);
    }
    // One request: the subscription.
    let (client, mut eventloop) = AsyncClient::new(options, 1);
    loop {
        let heard = match eventloop.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(ack))) if ack.code == ConnectReturnCode::Success => {
                if let Err(e) = client.try_subscribe("#", QoS::AtLeastOnce) {
                    return format!("cannot subscribe: {e}");
                }
                continue;
            }
            Ok(Event::Incoming(Packet::ConnAck(ack))) => {
                return format!("refuses this login: {:?}", ack.code);
            }
            Ok(Event::Incoming(Packet::SubAck(ack))) => {
                let refused = ack.return_codes.contains(&SubscribeReasonCode::Failure);
                let text = if refused {
                    "connected, but this login may not hear all topics"
                } else {
                    "connected"
                };
                Heard::Note {
                    about: about.to_owned(),
                    text: text.to_owned(),
                }
            }
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                let payload = publish
                    .payload
                    .get(..MAX_PAYLOAD_BYTES)
                    .unwrap_or(&publish.payload);
                Heard::Message {
                    topic: publish.topic.clone(),
                    payload: payload.to_vec(),
                    kept: publish.retain,
                }
            }
            Ok(_) => continue,
            Err(e) => return e.to_string(),
        };
        if out.send(heard).await.is_err() {
            return String::new();
        }
    }
}
