//! MQTT 3.1.1 by rumqttc. Decides nothing.

use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, Incoming, LastWill,
    MqttOptions, Outgoing, QoS, StateError, SubscribeFilter, SubscribeReasonCode, Transport,
};
use tokio::sync::mpsc;

use super::reasons::{BAD_LOGIN, connection};
use super::{Batch, CONNECT_TIMEOUT_S, Dial, Limits, Message, REQUESTS_MAX, Told, WINDOW, Will};

pub(super) fn begin(
    dial: &Dial<'_>,
    transport: Transport,
    will: Option<&Will<'_>>,
) -> (AsyncClient, EventLoop) {
    let packet_max_bytes = dial.packet_max_bytes as usize;
    let mut options = MqttOptions::new(dial.client_id, dial.host, dial.port);
    options
        .set_transport(transport)
        .set_keep_alive(Duration::from_secs(u64::from(dial.keep_alive_s)))
        .set_clean_session(true)
        .set_max_packet_size(packet_max_bytes, packet_max_bytes)
        .set_inflight(WINDOW);
    if let Some(will) = will {
        options.set_last_will(LastWill::new(
            will.topic,
            will.payload,
            QoS::AtLeastOnce,
            true,
        ));
    }
    if let Some(user) = dial.user {
        options.set_credentials(user, dial.password.unwrap_or_default());
    }
    let (client, mut event_loop) = AsyncClient::new(options, REQUESTS_MAX);
    event_loop.network_options.set_tcp_nodelay(true);
    event_loop
        .network_options
        .set_connection_timeout(CONNECT_TIMEOUT_S);
    (client, event_loop)
}

pub(super) fn publish(client: &AsyncClient, message: Message) -> bool {
    client
        .try_publish(
            message.topic,
            QoS::AtLeastOnce,
            message.retain,
            message.payload,
        )
        .is_ok()
}

pub(super) fn subscribe(client: &AsyncClient, filters: &[String]) -> bool {
    let filters = filters
        .iter()
        .map(|filter| SubscribeFilter::new(filter.clone(), QoS::AtLeastOnce));
    client.try_subscribe_many(filters).is_ok()
}

/// Passes on what the event loop says, to its end.
pub(super) async fn poll(mut event_loop: EventLoop, told: mpsc::Sender<Batch>) {
    let mut batch = Batch::new();
    loop {
        match event_loop.poll().await {
            Ok(event) => {
                batch.extend(understood(event).map(Ok));
                // What one read brought is there already.
                let more = event_loop.state.events.drain(..);
                batch.extend(more.filter_map(understood).map(Ok));
            }
            Err(error) => batch.push(Err(words(&error))),
        }
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
        Event::Incoming(Incoming::ConnAck(ack)) if ack.code == ConnectReturnCode::Success => {
            Told::Accepted(Limits::default())
        }
        Event::Outgoing(Outgoing::Publish(id)) => Told::Sent(id),
        Event::Outgoing(Outgoing::Disconnect) => Told::Goodbye,
        Event::Incoming(Incoming::PubAck(ack)) => Told::Acked {
            id: ack.pkid,
            heard: true,
        },
        Event::Incoming(Incoming::Publish(publish)) => Told::Message {
            topic: publish.topic,
            payload: publish.payload.into(),
            retained: publish.retain,
        },
        Event::Incoming(Incoming::SubAck(ack)) => {
            let refused = |code: &SubscribeReasonCode| {
                matches!(code, SubscribeReasonCode::Failure)
                    .then(|| "refused; the broker's access list must allow it".to_owned())
            };
            Told::Subscribed(ack.return_codes.iter().map(refused).collect())
        }
        _ => return None,
    })
}

fn words(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(code) => match code {
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
                format!("the broker refused the connection: {BAD_LOGIN}")
            }
            ConnectReturnCode::BadClientId => {
                "the broker refused the connection: the client id is not valid there; check uplink.client_id".into()
            }
            ConnectReturnCode::ServiceUnavailable => {
                "the broker refused the connection: it is not available at present".into()
            }
            other => format!(
                "the broker refused the connection ({other:?}): it may not speak MQTT 3.1.1; check uplink.mqtt_version"
            ),
        },
        ConnectionError::MqttState(StateError::AwaitPingResp) => "no answer to a ping: the line or the broker is gone".into(),
        ConnectionError::Tls(error) => connection(&format!("TLS: {error}")),
        other => connection(&other.to_string()),
    }
}
