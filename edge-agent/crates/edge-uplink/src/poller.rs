//! Polls the event loop of one connection, and puts its answers into words. Decides nothing.

use rumqttc::{ConnectReturnCode, ConnectionError, Event, EventLoop, Incoming};
use tokio::sync::mpsc;

/// What the event loop says.
pub(crate) type Polled = Result<Event, ConnectionError>;

/// Passes on what the event loop says, to its end.
pub(crate) async fn poll(mut event_loop: EventLoop, events: mpsc::Sender<Polled>) {
    loop {
        let event = event_loop.poll().await;
        let ended = event.is_err();
        if events.send(event).await.is_err() || ended {
            return;
        }
    }
}

/// Waits for the broker's word on the connection; the reason when it is not a yes.
pub(crate) async fn accepted(events: &mut mpsc::Receiver<Polled>) -> Option<String> {
    loop {
        match events.recv().await {
            Some(Ok(Event::Incoming(Incoming::ConnAck(ack))))
                if ack.code == ConnectReturnCode::Success =>
            {
                return None;
            }
            Some(Ok(Event::Incoming(Incoming::ConnAck(ack)))) => {
                return Some(format!("the broker refused: {:?}", ack.code));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Some(words(&error)),
            None => return Some("the connection ended before it began".into()),
        }
    }
}

pub(crate) fn words(error: &ConnectionError) -> String {
    match error {
        ConnectionError::ConnectionRefused(code) => {
            format!(
                "the broker refused the connection ({code:?}): check uplink.user, its password and uplink.client_id"
            )
        }
        other => other.to_string(),
    }
}
