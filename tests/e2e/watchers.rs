//! Many browsers at one box: what looking on costs, and that judging does not feel it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use edge_tests::agent::Agent;
use edge_tests::broker::{Broker, Memory};
use edge_tests::cpu_time;
use edge_tests::hall::Hall;
use edge_tests::http::Http;
use edge_tests::wait;

const BROWSERS: usize = 50;
const WINDOWS: usize = 40;
const MEASURED: Duration = Duration::from_secs(15);

/// What all browsers have seen.
#[derive(Default)]
struct Seen {
    over: AtomicBool,
    snapshots: AtomicUsize,
    /// Greatest age of a judgement when it was sent, in milliseconds.
    oldest_ms: AtomicI64,
}

/// As the page does: the live stream, health every 5 s, history every 20 s.
fn browse(http: &Http, seen: &Seen) {
    thread::scope(|scope| {
        scope.spawn(|| {
            http.listen("/api/live", None, |message| {
                if message.name == "snapshot" {
                    let snapshot: serde_json::Value = serde_json::from_str(&message.data).unwrap();
                    let age_ms = snapshot["age_ms"].as_i64().unwrap();
                    seen.snapshots.fetch_add(1, Ordering::Relaxed);
                    seen.oldest_ms.fetch_max(age_ms, Ordering::Relaxed);
                }
                seen.over.load(Ordering::Relaxed)
            })
            .unwrap();
        });
        let began = Instant::now();
        let mut asked = 0;
        while !seen.over.load(Ordering::Relaxed) {
            if began.elapsed() >= asked * Duration::from_secs(5) {
                assert!(http.get("/health").is_ok());
                if asked % 4 == 0 {
                    assert_eq!(http.get("/api/history").unwrap().status, 200);
                }
                asked += 1;
            }
            thread::park_timeout(Duration::from_millis(200));
        }
    });
}

/// Share of one core that a process uses over some time.
fn share_of_a_core(pid: u32, over: Duration) -> f64 {
    let (began, before) = (Instant::now(), cpu_time::of(pid).unwrap());
    thread::park_timeout(over);
    while began.elapsed() < over {
        thread::park_timeout(Duration::from_millis(50));
    }
    let used = cpu_time::of(pid).unwrap() - before;
    used.as_secs_f64() / began.elapsed().as_secs_f64()
}

#[test]
fn fifty_watching_browsers_cost_less_than_a_tenth_of_a_core_and_judging_keeps_its_pace() {
    let broker = Broker::start(Memory::None).unwrap();
    let mut hall = Hall::of_sensors(WINDOWS).unwrap();
    hall.broker(&broker.url());
    let mut agent = Agent::start(&hall).unwrap();
    let alone = share_of_a_core(agent.pid(), MEASURED);

    let seen = Arc::new(Seen::default());
    let browsers: Vec<_> = (0..BROWSERS)
        .map(|_| {
            let (http, seen) = (agent.http().clone(), Arc::clone(&seen));
            thread::spawn(move || browse(&http, &seen))
        })
        .collect();
    wait::until_true("all browsers to watch", Duration::from_secs(20), || {
        seen.snapshots.load(Ordering::Relaxed) >= 2 * BROWSERS
    })
    .unwrap();
    seen.oldest_ms.store(0, Ordering::Relaxed);
    let before = seen.snapshots.load(Ordering::Relaxed);
    let watched = share_of_a_core(agent.pid(), MEASURED);
    let sent = seen.snapshots.load(Ordering::Relaxed) - before;
    let oldest_ms = seen.oldest_ms.load(Ordering::Relaxed);
    seen.over.store(true, Ordering::Relaxed);
    for browser in browsers {
        browser.join().unwrap();
    }

    let cost = watched - alone;
    println!(
        "{BROWSERS} browsers at a hall of {WINDOWS} windows: {:.1} % of a core ({:.1} % watched, {:.1} % alone), {sent} snapshots, none older than {oldest_ms} ms",
        cost * 100.0,
        watched * 100.0,
        alone * 100.0
    );
    assert!(sent >= BROWSERS * 10, "every browser is served: {sent}");
    assert!(cost < 0.1, "{:.1} % of a core", cost * 100.0);
    // The page calls a judgement stopped when it is older than 6 s; half of that leaves room for a busy machine.
    assert!(
        oldest_ms < 6_000,
        "judging waits for watchers: {oldest_ms} ms"
    );
    assert!(agent.stop().unwrap().0.success());
}
