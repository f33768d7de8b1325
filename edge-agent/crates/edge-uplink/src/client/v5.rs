//! MQTT 5 by rumqttc: the same, and what only 5 can say. Decides nothing.

use std::time::Duration;

use rumqttc::Outgoing;
use rumqttc::Transport;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnectProperties, Filter, LastWill, PubAck, PubAckReason, Publish, PublishProperties,
    SubscribeReasonCode,
};
use rumqttc::v5::{
    AsyncClient, ConnectionError, Event, EventLoop, Incoming, MqttOptions, StateError,
};
use tokio::sync::mpsc;

use super::reasons::{self, connection};
use super::{Batch, CONNECT_TIMEOUT_S, Dial, Limits, Message, REQUESTS_MAX, Told, WINDOW, Will};

pub(super) fn begin(
    dial: &Dial<'_>,
    transport: Transport,
    will: Option<&Will<'_>>,
) -> (AsyncClient, EventLoop) {
    let mut properties = ConnectProperties::new();
    // The session ends with the connection: what is under way is in the log, and a command that was missed is given again.
    properties.session_expiry_interval = Some(0);
    properties.max_packet_size = Some(dial.packet_max_bytes);
    let mut options = MqttOptions::new(dial.client_id, dial.host, dial.port);
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(CONNECT_TIMEOUT_S);
    options
        .set_transport(transport)
        .set_network_options(network)
        .set_connection_timeout(CONNECT_TIMEOUT_S)
        .set_keep_alive(Duration::from_secs(u64::from(dial.keep_alive_s)))
        .set_clean_start(true)
        .set_connect_properties(properties)
        .set_outgoing_inflight_upper_limit(WINDOW);
    if let Some(will) = will {
        // No delay: the centre is promised the will within one and a half keep-alives.
        options.set_last_will(LastWill::new(
            will.topic,
            will.payload,
            QoS::AtLeastOnce,
            true,
            None,
        ));
    }
    if let Some(user) = dial.user {
        options.set_credentials(user, dial.password.unwrap_or_default());
    }
    AsyncClient::new(options, REQUESTS_MAX)
}

pub(super) fn publish(client: &AsyncClient, message: Message) -> bool {
    let properties = PublishProperties {
        // UTF-8 text, which a broker may check.
        payload_format_indicator: (!message.payload.is_empty()).then_some(1),
        message_expiry_interval: message.expires_after_s,
        user_properties: message.properties,
        content_type: message.content_type.map(Into::into),
        ..PublishProperties::default()
    };
    client
        .try_publish_with_properties(
            message.topic,
            QoS::AtLeastOnce,
            message.retain,
            message.payload,
            properties,
        )
        .is_ok()
}

pub(super) fn subscribe(client: &AsyncClient, filters: &[String]) -> bool {
    let filters = filters
        .iter()
        .map(|filter| Filter::new(filter.clone(), QoS::AtLeastOnce));
    client.try_subscribe_many(filters).is_ok()
}

/// Passes on what the event loop says, to its end.
pub(super) async fn poll(mut event_loop: EventLoop, told: mpsc::Sender<Batch>) {
    let mut batch = Batch::new();
    let mut accepted = false;
    loop {
        match event_loop.poll().await {
            Ok(event) => {
                batch.extend(understood(event).map(Ok));
                // What one read brought is there already.
                let more = event_loop.state.events.drain(..);
                batch.extend(more.filter_map(understood).map(Ok));
            }
            Err(error) if accepted => batch.push(Err(words(&error))),
            Err(error) => batch.push(Err(words_before_accepted(&error))),
        }
        accepted = true;
        let ended = matches!(batch.last(), Some(Err(_)));
        if super::is_worth_a_wake(&batch) && told.send(std::mem::take(&mut batch)).await.is_err()
            || ended
        {
            return;
        }
    }
}

fn understood(event: Event) -> Option<Told> {
    Some(match event {
        Event::Incoming(Incoming::ConnAck(ack)) => Told::Accepted(limits(&ack)),
        Event::Outgoing(Outgoing::Publish(id)) => Told::Sent(id),
        Event::Outgoing(Outgoing::Disconnect) => Told::Goodbye,
        Event::Incoming(Incoming::PubAck(ack)) => acked(&ack),
        Event::Incoming(Incoming::Publish(publish)) => message(publish),
        Event::Incoming(Incoming::SubAck(ack)) => {
            let refused = |code: &SubscribeReasonCode| match code {
                SubscribeReasonCode::Success(_) => None,
                other => Some(reasons::sentence(&format!("{other:?}"))),
            };
            Told::Subscribed(ack.return_codes.iter().map(refused).collect())
        }
        _ => return None,
    })
}

/// What the broker says it takes: fewer packets at once than we would, and smaller ones (MQTT 5, 3.2.2.3).
fn limits(ack: &ConnAck) -> Limits {
    let ours = Limits::default();
    let Some(told) = &ack.properties else {
        return ours;
    };
    Limits {
        window: ours.window.min(told.receive_max.unwrap_or(u16::MAX)).max(1),
        packet_max_bytes: ours
            .packet_max_bytes
            .min(told.max_packet_size.unwrap_or(u32::MAX)),
    }
}

fn acked(ack: &PubAck) -> Told {
    match ack.reason {
        PubAckReason::Success => Told::Acked {
            id: ack.pkid,
            heard: true,
        },
        PubAckReason::NoMatchingSubscribers => Told::Acked {
            id: ack.pkid,
            heard: false,
        },
        other => {
            let details = ack
                .properties
                .as_ref()
                .and_then(|p| p.reason_string.as_deref());
            Told::Refused {
                id: ack.pkid,
                why: reasons::with_details(&format!("{other:?}"), details),
            }
        }
    }
}

fn message(publish: Publish) -> Told {
    Told::Message {
        topic: String::from_utf8_lossy(&publish.topic).into_owned(),
        payload: publish.payload.into(),
        retained: publish.retain,
    }
}

/// A broker that does not speak 5 answers in the form of 3.1.1, which is cut short for 5, or hangs up.
fn words_before_accepted(error: &ConnectionError) -> String {
    let (words, plain) = (words(error), error.to_string());
    match error {
        ConnectionError::MqttState(_) | ConnectionError::NotConnAck(_) if words == plain => {
            format!("{words}; the broker may not speak MQTT 5: check uplink.mqtt_version")
        }
        _ => words,
    }
}

fn words(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(code)
        | ConnectionError::MqttState(StateError::ConnFail { reason: code }) => {
            format!(
                "the broker refused the connection: {}",
                reasons::sentence(&format!("{code:?}"))
            )
        }
        ConnectionError::MqttState(StateError::ServerDisconnect {
            reason_code,
            reason_string,
        }) => format!(
            "the broker ended the connection: {}",
            reasons::with_details(&format!("{reason_code:?}"), reason_string.as_deref())
        ),
        ConnectionError::MqttState(StateError::AwaitPingResp) => {
            "no answer to a ping: the line or the broker is gone".into()
        }
        ConnectionError::Tls(error) => connection(&format!("TLS: {error}")),
        other => connection(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumqttc::v5::mqttbytes::v5::{ConnAckProperties, ConnectReturnCode};

    #[test]
    fn the_brokers_limits_are_kept_where_they_are_smaller_than_ours() {
        let told = |receive_max, max_packet_size| {
            limits(&ConnAck {
                session_present: false,
                code: ConnectReturnCode::Success,
                properties: Some(ConnAckProperties {
                    receive_max,
                    max_packet_size,
                    session_expiry_interval: None,
                    max_qos: None,
                    retain_available: None,
                    assigned_client_identifier: None,
                    topic_alias_max: None,
                    reason_string: None,
                    user_properties: Vec::new(),
                    wildcard_subscription_available: None,
                    subscription_identifiers_available: None,
                    shared_subscription_available: None,
                    server_keep_alive: None,
                    response_information: None,
                    server_reference: None,
                    authentication_method: None,
                    authentication_data: None,
                }),
            })
        };
        assert_eq!(told(None, None), Limits::default());
        assert_eq!(told(Some(20), Some(4096)).window, 20);
        assert_eq!(told(Some(20), Some(4096)).packet_max_bytes, 4096);
        assert_eq!(
            told(Some(u16::MAX), Some(u32::MAX)),
            Limits::default(),
            "more than ours changes nothing"
        );
    }
}
