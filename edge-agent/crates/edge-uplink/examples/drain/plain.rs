//! The yardstick: rumqttc as its own examples use it, one task publishes and one polls, payloads (in MQTT 5 their properties too) ready
//! in memory.

use bytes::Bytes;
use edge_uplink::MqttVersion;
use rumqttc::v5::mqttbytes::v5::PublishProperties;

use crate::cpu::Meter;
use crate::support::broker::Broker;
use crate::{PATIENCE, Taken};

/// Publishes all with QoS 1, from connecting to the last acknowledgement.
pub async fn publish(
    version: MqttVersion,
    broker: &Broker,
    topic: &str,
    payloads: &[Bytes],
) -> Taken {
    let meter = Meter::start(broker);
    let all = async {
        match version {
            MqttVersion::V3 => v3(broker.port, topic, payloads).await,
            MqttVersion::V5 => v5(broker.port, topic, payloads).await,
        }
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap();
    meter.read()
}

async fn v3(port: u16, topic: &str, payloads: &[Bytes]) {
    use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};
    let mut options = MqttOptions::new("plain", "127.0.0.1", port);
    options.set_max_packet_size(1 << 20, 1 << 20);
    let (client, mut events) = AsyncClient::new(options, 100);
    events.network_options.set_tcp_nodelay(true);
    let count = payloads.len();
    let polling = tokio::spawn(async move {
        let mut acked = 0;
        while acked < count {
            if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await.unwrap() {
                acked += 1;
            }
        }
    });
    for payload in payloads {
        client
            .publish_bytes(topic, QoS::AtLeastOnce, false, payload.clone())
            .await
            .unwrap();
    }
    polling.await.unwrap();
}

async fn v5(port: u16, topic: &str, payloads: &[Bytes]) {
    use rumqttc::v5::mqttbytes::QoS;
    use rumqttc::v5::{AsyncClient, Event, Incoming, MqttOptions};
    let mut options = MqttOptions::new("plain", "127.0.0.1", port);
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    let properties = properties(&payloads[0]);
    let (client, mut events) = AsyncClient::new(options, 100);
    let count = payloads.len();
    let polling = tokio::spawn(async move {
        let mut acked = 0;
        while acked < count {
            if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await.unwrap() {
                acked += 1;
            }
        }
    });
    for payload in payloads {
        client
            .publish_bytes_with_properties(
                topic,
                QoS::AtLeastOnce,
                false,
                payload.clone(),
                properties.clone(),
            )
            .await
            .unwrap();
    }
    polling.await.unwrap();
}

/// The properties that go with a payload; those of any other have the same sizes.
fn properties(payload: &Bytes) -> PublishProperties {
    let event: serde_json::Value = serde_json::from_slice(payload).unwrap();
    let attributes = event.as_object().unwrap().iter();
    PublishProperties {
        payload_format_indicator: Some(1),
        content_type: Some("application/cloudevents+json; charset=utf-8".into()),
        user_properties: attributes
            .filter(|(name, _)| *name != "datacontenttype")
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        ..PublishProperties::default()
    }
}
