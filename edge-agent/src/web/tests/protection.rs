//! Headers, host names, caching, and bounds on connections.

use std::time::Duration;

use super::client::{get, request};
use super::fixture::{SOON, Served, quick};
use crate::web::limits::Limits;
use crate::web::page_is_built_in;

#[tokio::test]
async fn on_loopback_only_loopback_names_are_answered() {
    let served = Served::start().await;
    for (host, status) in [
        ("localhost", 200),
        ("LocalHost:8080", 200),
        ("127.0.0.1", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("evil.example", 403),
        ("evil.example:8080", 403),
        ("localhost.evil.example", 403),
        ("192.168.1.5", 403),
        ("edge.hall.lan", 403),
        ("", 403),
    ] {
        for path in ["/api/snapshot", "/health", "/"] {
            let answer = request(served.addr, "GET", path, &[("host", host)]).await;
            if status == 403 {
                assert_eq!(
                    (answer.status, answer.json()["code"].as_str()),
                    (403, Some("host_refused")),
                    "{host} {path}"
                );
            } else {
                assert_ne!(answer.status, 403, "{host} {path}");
            }
        }
    }
    assert_eq!(
        request(served.addr, "GET", "/api/hall", &[]).await.status,
        400,
        "no Host at all"
    );
    served.stop().await;
}

#[tokio::test]
async fn on_the_network_addresses_and_allowed_names_are_answered() {
    // Every loopback interface and nothing outside is reached through the wildcard here; what counts is the bound address.
    let served = Served::within(quick(), Vec::new(), "0.0.0.0:0").await;
    let addr = ([127, 0, 0, 1], served.addr.port()).into();
    for (host, status) in [
        ("192.168.1.5:8080", 200),
        ("[fe80::1]", 200),
        ("edge.hall.lan", 200),
        ("EDGE.hall.lan:80", 200),
        ("evil.example", 403),
        ("10.0.0.1.evil.example", 403),
    ] {
        assert_eq!(
            request(addr, "GET", "/api/hall", &[("host", host)])
                .await
                .status,
            status,
            "{host}"
        );
    }
    served.stop().await;
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let served = Served::start().await;
    for (path, host) in [
        ("/", "localhost"),
        ("/api/hall", "localhost"),
        ("/nothing", "localhost"),
        ("/", "evil.example"),
    ] {
        let answer = request(served.addr, "GET", path, &[("host", host)]).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(
            answer.header("cross-origin-resource-policy"),
            Some("same-origin")
        );
        assert!(answer.header("access-control-allow-origin").is_none());
    }
    served.stop().await;
}

#[tokio::test]
async fn the_page_is_revalidated_and_its_assets_are_kept_for_good() {
    let served = Served::start().await;
    let index = get(served.addr, "/").await;
    if !page_is_built_in() {
        assert_eq!(index.status, 503);
        assert!(
            String::from_utf8(index.body)
                .unwrap()
                .contains("npm run build"),
            "says what to do"
        );
        say_skipped(
            "caching of the page: web-ui/dist is absent; run npm ci && npm run build in web-ui",
        );
        served.stop().await;
        return;
    }
    assert_eq!(
        (index.status, index.header("cache-control")),
        (200, Some("no-cache"))
    );
    assert_eq!(
        index.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let etag = index.header("etag").unwrap().to_owned();
    let again = request(
        served.addr,
        "GET",
        "/",
        &[("host", "localhost"), ("if-none-match", &etag)],
    )
    .await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let html = String::from_utf8(index.body).unwrap();
    assert!(
        !html.contains("<script>") && !html.contains("style="),
        "nothing inline: the policy forbids it"
    );
    let assets: Vec<_> = html
        .split('"')
        .filter(|s| s.starts_with("/assets/"))
        .collect();
    assert!(assets.len() >= 2, "{html}");
    for asset in assets {
        let answer = get(served.addr, asset).await;
        assert_eq!(answer.status, 200, "{asset}");
        assert_eq!(
            answer.header("cache-control"),
            Some("public, max-age=31536000, immutable"),
            "{asset}"
        );
    }
    served.stop().await;
}

#[tokio::test]
async fn idle_connections_do_not_keep_others_out() {
    let limits = Limits {
        max_connections: 2,
        stall: Duration::from_millis(200),
        ..quick()
    };
    let served = Served::within(limits, Vec::new(), "127.0.0.1:0").await;
    let idle = [
        tokio::net::TcpStream::connect(served.addr).await.unwrap(),
        tokio::net::TcpStream::connect(served.addr).await.unwrap(),
    ];
    let answer = tokio::time::timeout(SOON, get(served.addr, "/api/hall"))
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    drop(idle);
    served.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_a_byte_now_and_then_does_not_hold_a_connection() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let limits = Limits {
        stall: Duration::from_millis(300),
        ..quick()
    };
    let served = Served::within(limits, Vec::new(), "127.0.0.1:0").await;
    let (mut read, mut write) = tokio::net::TcpStream::connect(served.addr)
        .await
        .unwrap()
        .into_split();
    let drip = async {
        // Each byte comes well within the stall time; the request as a whole never does.
        loop {
            if write.write_all(b"G").await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    let mut rest = Vec::new();
    tokio::time::timeout(SOON, async {
        tokio::select! {
            _ = read.read_to_end(&mut rest) => {}
            () = drip => {}
        }
    })
    .await
    .expect("the server cuts it");
    served.stop().await;
}

/// Past the test harness, which would swallow what a passing test prints.
fn say_skipped(what: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "\nSKIPPED {what}");
}

#[tokio::test]
async fn the_page_comes_packed_for_those_who_take_it() {
    // A build without the page has nothing to pack.
    if !page_is_built_in() {
        println!(
            "SKIPPED the_page_comes_packed_for_those_who_take_it: web-ui/dist is missing; run make setup-test"
        );
        return;
    }
    let served = Served::start().await;
    let ask = |accepts: &'static str| async move {
        let headers = [("host", "localhost"), ("accept-encoding", accepts)];
        request(served.addr, "GET", "/", &headers).await
    };
    let (plain, packed, refused) = (
        ask("identity").await,
        ask("br, gzip").await,
        ask("gzip;q=0").await,
    );
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("content-type"), plain.header("content-type"));
    assert_eq!(packed.header("vary"), Some("accept-encoding"));
    assert_ne!(packed.header("etag"), plain.header("etag"));
    assert_eq!((packed.body[0], packed.body[1]), (0x1f, 0x8b));
    assert!(packed.body.len() < plain.body.len());
    assert_eq!(refused.body, plain.body);
    served.stop().await;
}
