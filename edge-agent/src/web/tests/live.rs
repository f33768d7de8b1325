//! The live stream: order, resumption, pacing, limits, and its end.

use std::time::{Duration, Instant};

use super::client::{Live, get};
use super::fixture::{SOON, Served, hall_snapshot, quick, record};
use crate::web::limits::Limits;

#[tokio::test]
async fn a_new_stream_begins_with_the_hall_and_then_only_new_events() {
    let served = Served::within(quick(), vec![record(1, 1, 1, "W1", false)], "127.0.0.1:0").await;
    let mut live = Live::open(served.addr, "/api/live", &[]).await;
    let first = live.next().await.unwrap();
    assert_eq!(
        (first.name.as_str(), first.id.as_deref()),
        ("snapshot", None)
    );
    assert_eq!(first.data["windows"][1]["state"], "unstaffed");
    served.append(record(2, 2, 1, "W2", false));
    let event = live.next_named("event").await;
    assert_eq!(
        (event.id.as_deref(), event.data["seq"].as_u64()),
        (Some("2"), Some(2))
    );
    served.stop().await;
}

#[tokio::test]
async fn a_stream_resumes_after_the_last_event_id_and_misses_nothing() {
    let records: Vec<_> = (1..=300)
        .map(|seq| record(seq, u128::from(seq), 1, "W1", false))
        .collect();
    let served = Served::within(quick(), records, "127.0.0.1:0").await;
    for (path, headers, first) in [
        ("/api/live", vec![("last-event-id", "7")], 8),
        ("/api/live?after=100", vec![("last-event-id", "250")], 251),
        ("/api/live?after=0", vec![], 1),
        ("/api/live?after=299", vec![], 300),
    ] {
        let mut live = Live::open(served.addr, path, &headers).await;
        for seq in first..=300 {
            assert_eq!(live.next_named("event").await.data["seq"], seq, "{path}");
        }
    }
    served.stop().await;
}

#[tokio::test]
async fn numbers_the_store_no_longer_holds_are_passed_over() {
    let served = Served::within(quick(), vec![record(50, 1, 1, "W1", false)], "127.0.0.1:0").await;
    // The newest record is of another kind or was trimmed: nothing to read up to 60.
    served.last_seq.send_replace(60);
    let mut live = Live::open(served.addr, "/api/live?after=3", &[]).await;
    assert_eq!(live.next_named("event").await.data["seq"], 50);
    served.append(record(61, 2, 1, "W1", false));
    assert_eq!(live.next_named("event").await.data["seq"], 61);
    assert_eq!(get(served.addr, "/api/events").await.json()["last_seq"], 61);
    served.stop().await;
}

#[tokio::test]
async fn an_id_from_before_the_store_began_anew_is_answered_with_a_reset() {
    let served = Served::within(quick(), vec![record(1, 1, 1, "W1", false)], "127.0.0.1:0").await;
    let mut live = Live::open(served.addr, "/api/live", &[("last-event-id", "48213")]).await;
    assert_eq!(live.next_named("reset").await.data["last_seq"], 1);
    served.append(record(2, 2, 1, "W1", false));
    assert_eq!(live.next_named("event").await.data["seq"], 2);
    served.stop().await;
}

#[tokio::test]
async fn many_changes_make_few_snapshots_and_the_last_one_is_the_newest() {
    let limits = Limits {
        snapshot_gap: Duration::from_millis(200),
        ..quick()
    };
    let served = Served::within(limits, Vec::new(), "127.0.0.1:0").await;
    let mut live = Live::open(served.addr, "/api/live", &[]).await;
    let began = Instant::now();
    let mut received = 0;
    for customers in 1..=50 {
        let mut snapshot = hall_snapshot();
        snapshot.windows[0].customers = customers;
        served.snapshot.send_replace(snapshot.into());
        tokio::task::yield_now().await;
    }
    loop {
        let message = live.next_named("snapshot").await;
        received += 1;
        if message.data["windows"][0]["customers"] == 50 {
            break;
        }
    }
    let most = began.elapsed().as_millis() / 200 + 2;
    assert!(
        received <= most,
        "{received} snapshots in {:?}",
        began.elapsed()
    );
    served.stop().await;
}

#[tokio::test]
async fn an_idle_stream_has_a_heartbeat() {
    let limits = Limits {
        heartbeat: Duration::from_millis(50),
        ..quick()
    };
    let served = Served::within(limits, Vec::new(), "127.0.0.1:0").await;
    let mut live = Live::open(served.addr, "/api/live", &[]).await;
    for _ in 0..4 {
        assert_eq!(live.next().await.unwrap().name, "snapshot");
    }
    served.stop().await;
}

#[tokio::test]
async fn a_reload_is_announced() {
    let served = Served::start().await;
    let mut live = Live::open(served.addr, "/api/live", &[]).await;
    live.next_named("snapshot").await;
    served.hall.send_replace(super::fixture::hall_info().into());
    assert_eq!(live.next_named("hall").await.data["v"], 1);
    served.stop().await;
}

#[tokio::test]
async fn a_hall_that_nobody_can_change_any_more_is_still_streamed() {
    let mut served = Served::start().await;
    let (unused, _) = tokio::sync::watch::channel(super::fixture::hall_info().into());
    drop(std::mem::replace(&mut served.hall, unused));
    let mut live = Live::open(served.addr, "/api/live", &[]).await;
    live.next_named("snapshot").await;
    served.append(record(1, 1, 1, "W1", false));
    assert_eq!(live.next_named("event").await.data["seq"], 1);
    served.stop().await;
}

#[tokio::test]
async fn streams_end_at_once_when_the_server_stops() {
    let served = Served::start().await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut live = Live::open(served.addr, "/api/live", &[]).await;
        live.next_named("snapshot").await;
        streams.push(live);
    }
    let began = Instant::now();
    served.stop().await;
    assert!(
        began.elapsed() < Duration::from_millis(900),
        "took {:?}: the cap of 1 s was needed",
        began.elapsed()
    );
    for mut live in streams {
        assert!(live.next().await.is_none());
    }
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_after_the_drain_cap() {
    use tokio::io::AsyncWriteExt;
    let limits = Limits {
        drain_cap: Duration::from_millis(100),
        ..quick()
    };
    let served = Served::within(limits, Vec::new(), "127.0.0.1:0").await;
    let mut half = tokio::net::TcpStream::connect(served.addr).await.unwrap();
    half.write_all(b"GET /api/hall HTTP/1.1\r\nhost: loc")
        .await
        .unwrap();
    assert_eq!(get(served.addr, "/api/hall").await.status, 200);
    served.stop().await;
    assert_closed(half).await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_disconnected() {
    let limits = Limits {
        stall: Duration::from_millis(300),
        heartbeat: Duration::from_millis(50),
        ..quick()
    };
    let records: Vec<_> = (1..=8_000)
        .map(|seq| record(seq, u128::from(seq), 1, "W1", false))
        .collect();
    let served = Served::within(
        Limits {
            max_streams: 1,
            ..limits
        },
        records,
        "127.0.0.1:0",
    )
    .await;
    // Some 10 MB wait for it, more than the socket buffers hold; it reads the header and then nothing.
    let stuck = Live::open(served.addr, "/api/live?after=0", &[]).await;
    let refused = get(served.addr, "/api/live").await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (503, Some("too_many_streams"))
    );
    let deadline = tokio::time::Instant::now() + SOON;
    // Its place becomes free only when the server has given it up.
    while served_stream_refused(&served).await {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the stuck client still holds its place"
        );
    }
    drop(stuck);
    served.stop().await;
}

/// Whether one more live stream is refused; closes it again when it is not.
async fn served_stream_refused(served: &Served) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(served.addr).await.unwrap();
    stream
        .write_all(b"GET /api/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut head = [0; 12];
    tokio::time::timeout(SOON, stream.read_exact(&mut head))
        .await
        .unwrap()
        .unwrap();
    &head == b"HTTP/1.1 503"
}

async fn assert_closed(mut stream: tokio::net::TcpStream) {
    use tokio::io::AsyncReadExt;
    let mut rest = Vec::new();
    let end = tokio::time::timeout(SOON, stream.read_to_end(&mut rest))
        .await
        .expect("the connection ends");
    assert!(
        end.is_err() || rest.is_empty() || rest.starts_with(b"HTTP/1.1 4"),
        "{rest:?}"
    );
}
