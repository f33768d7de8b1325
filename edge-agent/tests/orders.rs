//! The way of an order through hall task, store and back: what is answered is durable, through a killed process and a log that cannot
//! be written, and the hash chain holds over every decision.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use edge_agent::clock::Clock;
use edge_agent::figures::FiguresPort;
use edge_agent::hall::{HallPorts, HallTask, HallView};
use edge_agent::orders::{OrderDesk, OrderError};
use edge_agent::store_port;
use edge_config::Config;
use edge_uplink::StoreWriter;
use edge_uplink::clock::{WallFn, WallTime};
use edge_uplink::export::export;
use edge_uplink::store::{EventStore, SledStore, StoreConfig};
use edge_uplink::verify::{VerifyError, verify};
use hall_core::engine::Engine;
use hall_core::event::{EndReason, Event, EventCode, EventId, Level, Phase, Review, Subject};
use hall_core::order::{
    Actor, Answer, CaseAction, CaseReason, Directive, EventRef, Order, Refusal, Role,
};
use hall_core::track::TrackerConfig;
use hall_core::{HallTime, WallClock};
use hall_wire::event::{ClockQuality, EventRecord, RecordContext, SealedRecord, event_id_text};
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

const CHILD_DIR: &str = "EDGE_AGENT_TEST_ORDERS_DIR";
/// 2026-09-21T10:00:00+08:00.
const TEN: i64 = 1_789_956_000_000;

fn wall() -> WallFn {
    Arc::new(|| WallTime {
        unix_ms: TEN,
        utc_offset_s: 28_800,
    })
}

fn open(dir: &Path) -> Arc<dyn EventStore> {
    let config = StoreConfig {
        reserve_bytes: 1 << 20,
        ..StoreConfig::new(dir, wall())
    };
    Arc::new(SledStore::open(config).unwrap().store)
}

fn config() -> Arc<Config> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hall-config/demo/hall.toml");
    Arc::new(edge_config::load(&path).unwrap())
}

/// A closed, suspected absence of 700 s at W1, the `n`th of them.
fn absence(n: u128) -> EventRecord {
    let stamp = |ms: i64| WallClock::unix(28_800).stamp(HallTime(TEN + n as i64 * 3_600_000 + ms));
    let id = EventId((TEN as u128) << 80 | n);
    let event = Event {
        id,
        rev: 1,
        code: EventCode::Unstaffed,
        subject: Subject::Window("W1".into()),
        level: Level::Warn,
        phase: Phase::Cleared,
        onset: stamp(0),
        raised: stamp(300_000),
        updated: stamp(760_000),
        end: Some(stamp(700_000)),
        end_reason: Some(EndReason::Returned),
        duration_ms: 700_000,
        absent_ms: 700_000,
        unobserved_ms: 0,
        brief_returns: 0,
        customers_max: 0,
        peak: None,
        evidence_sources: vec!["video:cam1".into()],
        confidence: 1.0,
        rule: "P0@1".into(),
        tags: Vec::new(),
        related: Vec::new(),
        review: Review::Suspected,
        revision: None,
        mitigated_at: None,
        wait_est_ms: None,
    };
    let context = RecordContext {
        hall: "511921-001".into(),
        box_id: "b1".into(),
        config_sha256: String::new(),
        model_sha256: String::new(),
        clock: ClockQuality {
            synced: true,
            offset_ms: 0,
        },
        audit_head: None,
    };
    EventRecord::new(&event, &context)
}

fn id(n: u128) -> EventId {
    EventId((TEN as u128) << 80 | n)
}

fn order(tx: &str, role: Role, n: u128, action: CaseAction) -> Order {
    let windows = match role {
        Role::ChiefRepresentative => vec!["W1".into()],
        _ => Vec::new(),
    };
    Order {
        tx: tx.into(),
        at: HallTime(i64::MAX / 4),
        by: Actor {
            id: "account-1".into(),
            role,
            windows,
        },
        what: Directive::Case {
            event: EventRef::Id(id(n)),
            action,
            reason: CaseReason::Verified,
        },
    }
}

/// Hall task and store writer as the box runs them, without cameras.
struct Running {
    desk: OrderDesk,
    cancel: CancellationToken,
    hall: tokio::task::JoinHandle<anyhow::Result<()>>,
    writer: std::thread::JoinHandle<()>,
}

impl Running {
    fn start(store: &Arc<dyn EventStore>) -> Running {
        let (config, clock) = (
            config(),
            Arc::new(Clock::start(28_800, edge_config::ClockTrust::Rtc)),
        );
        let resume = store_port::past(&**store, TEN).unwrap();
        let (desk, orders) = OrderDesk::open();
        let (store_tx, store_rx) = mpsc::channel(256);
        let view = HallView {
            snapshot: Arc::new(
                Engine::new(config.engine.clone(), clock.wall(), clock.now()).snapshot(),
            ),
            summary: None,
        };
        let ports = HallPorts {
            config: watch::channel(config.clone()).1,
            facts: mpsc::channel(1).1,
            archive: None,
            figures: FiguresPort::open().0,
            detections: mpsc::channel(1).1,
            sensors: mpsc::channel(1).1,
            cameras: mpsc::channel(1).1,
            orders,
            store: store_tx,
            view: watch::Sender::new(view),
            heartbeat: watch::Sender::new(clock.now()),
            attention: watch::Sender::new(edge_vision::attention::Attention::none()),
        };
        let writer = StoreWriter::new(store.clone(), store_rx, watch::Sender::new(0));
        let writer = std::thread::spawn(move || writer.run().unwrap());
        let task = HallTask {
            clock,
            model_sha256: String::new(),
            tracker: TrackerConfig::default(),
            audit: None,
            resume,
        };
        let cancel = CancellationToken::new();
        let hall = tokio::spawn(task.run(Arc::new(Mutex::new(ports)), cancel.clone()));
        Running {
            desk,
            cancel,
            hall,
            writer,
        }
    }

    async fn stop(self) {
        self.cancel.cancel();
        self.hall.await.unwrap().unwrap();
        drop(self.desk);
        self.writer.join().unwrap();
    }
}

fn history(store: &dyn EventStore, n: u128) -> Vec<SealedRecord> {
    let text = event_id_text(id(n));
    let lines = store.read(1, usize::MAX).unwrap();
    lines
        .iter()
        .filter_map(|line| line.record())
        .filter(|sealed| sealed.record.event_id == text)
        .collect()
}

fn exported(store: &dyn EventStore) -> Vec<u8> {
    let mut out = Vec::new();
    export(store, 1, u64::MAX, &mut out).unwrap();
    out
}

/// Not a test by itself: the process that is killed. Has events confirmed until it dies and prints every order that was answered.
#[test]
fn child_that_takes_orders_until_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = open(Path::new(&dir));
        let first = u128::from(store.last_seq()) * 1_000;
        let records: Vec<_> = (first..first + 500).map(absence).collect();
        store.append(&records).unwrap();
        let running = Running::start(&store);
        for n in (first..first + 500).step_by(5) {
            let give = |n: u128| {
                let order = order(&format!("tx-{n}"), Role::Supervisor, n, CaseAction::Confirm);
                let desk = running.desk.clone();
                tokio::spawn(async move { (n, desk.give(order).await) })
            };
            let together: Vec<_> = (n..n + 5).map(give).collect();
            for answer in together {
                let (n, answer) = answer.await.unwrap();
                assert_eq!(answer.unwrap().result, Ok(vec![id(n)]));
                let mut out = std::io::stdout().lock();
                writeln!(out, "answered {n}").unwrap();
                out.flush().unwrap();
            }
        }
        running.stop().await;
    });
}

#[test]
fn no_answered_order_is_lost_when_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let mut total = 0;
    for round in 0..8_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "child_that_takes_orders_until_killed",
                "--exact",
                "--nocapture",
            ])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("answered ")?.1.parse::<u128>().ok());
        let mut answered: Vec<u128> = lines.by_ref().take(3 + round as usize * 4).collect();
        assert!(!answered.is_empty(), "the child answers");
        // Somewhere between an order and its answer, at another place in every round.
        std::thread::sleep(Duration::from_millis(7 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        answered.extend(lines);

        let store = open(dir.path());
        for &n in &answered {
            let revisions = history(&*store, n);
            let last = &revisions.last().unwrap().record;
            assert_eq!((revisions.len(), last.rev), (2, 2), "{n} in round {round}");
            assert_eq!(
                (last.review.as_str(), last.phase.as_str()),
                ("confirmed", "revised")
            );
            assert_eq!(last.revision.as_ref().unwrap().tx, format!("tx-{n}"));
        }
        verify(&exported(&*store)[..]).unwrap();
        // The sender that never heard gives it again: answered as before, and nothing is done twice.
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let running = Running::start(&store);
            let n = *answered.last().unwrap();
            let tx = format!("tx-{n}");
            let again = order(&tx, Role::Supervisor, n, CaseAction::Confirm);
            let answer = running.desk.give(again).await.unwrap();
            assert_eq!(answer.result, Ok(vec![id(n)]));
            running.stop().await;
            assert_eq!(history(&*store, n).len(), 2);
        });
        store.close().unwrap();
        total += answered.len();
    }
    println!("8 kills, {total} answered orders");
}

/// Scenario 59, and 60 on the line of a decision.
#[test]
fn a_granted_appeal_revokes_and_history_and_chain_hold() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append(&[absence(1), absence(2)]).unwrap();
    let before = exported(&*store);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let running = Running::start(&store);
        let give = async |tx: &str, role, action| {
            let answer = running.desk.give(order(tx, role, 1, action)).await.unwrap();
            let Answer { tx: told, result } = answer;
            assert_eq!(told, tx);
            result.map(|events| events.len())
        };
        use Role::{ChiefRepresentative, Supervisor};
        assert_eq!(give("a", Supervisor, CaseAction::Confirm).await, Ok(1));
        assert_eq!(
            give("b", ChiefRepresentative, CaseAction::Revoke).await,
            Err(Refusal::OwnCase)
        );
        assert_eq!(
            give("c", ChiefRepresentative, CaseAction::Appeal).await,
            Ok(1)
        );
        assert_eq!(give("d", Role::Province, CaseAction::Revoke).await, Ok(1));
        assert_eq!(give("d", Role::Province, CaseAction::Revoke).await, Ok(1));
        running.stop().await;
    });
    let revisions = history(&*store, 1);
    let reviews: Vec<_> = revisions.iter().map(|r| r.record.review.as_str()).collect();
    assert_eq!(reviews, ["suspected", "confirmed", "appealed", "revoked"]);
    let after = exported(&*store);
    assert_eq!(
        after[..before.len()],
        before,
        "what was recorded stays as it was"
    );
    assert_eq!(verify(&after[..]).unwrap().records, 5);
    // One byte of the revoking decision, any byte.
    let line_from = after.len()
        - 1
        - after[..after.len() - 1]
            .iter()
            .rev()
            .position(|b| *b == b'\n')
            .unwrap();
    for at in line_from..after.len() - 1 {
        let mut tampered = after.clone();
        tampered[at] ^= 1;
        match verify(&tampered[..]) {
            Err(VerifyError::Broken(broken)) => assert_eq!(broken.seq, Some(5), "byte {at}"),
            other => panic!("byte {at}: {other:?}"),
        }
    }
}

#[test]
fn an_order_to_a_hall_that_is_gone_has_no_answer() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (desk, orders) = OrderDesk::open();
        let confirm = || order("a", Role::Supervisor, 1, CaseAction::Confirm);
        let waiting: Vec<_> = (0..64)
            .map(|_| {
                let (desk, order) = (desk.clone(), confirm());
                tokio::spawn(async move { desk.give(order).await })
            })
            .collect();
        // Every task has its turn in between.
        for _ in 0..2 * waiting.len() {
            tokio::task::yield_now().await;
        }
        assert_eq!(desk.give(confirm()).await, Err(OrderError::Busy));
        drop(orders);
        for answer in waiting {
            assert_eq!(answer.await.unwrap(), Err(OrderError::Unknown));
        }
        assert_eq!(desk.give(confirm()).await, Err(OrderError::Unknown));
    });
}

/// How long the box takes to know its events again, printed.
#[test]
fn the_book_of_two_months_is_read_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let count = if std::env::var_os("EDGE_AGENT_TEST_FULL_BOOK").is_some() {
        20_000
    } else {
        500
    };
    for from in (0..count).step_by(500) {
        let records: Vec<_> = (from..from + 500).map(absence).collect();
        store.append(&records).unwrap();
        let confirmed = records.into_iter().map(|record| EventRecord {
            rev: 2,
            review: "confirmed".into(),
            ..record
        });
        store.append(&confirmed.collect::<Vec<_>>()).unwrap();
    }
    let began = std::time::Instant::now();
    let past = store_port::past(&*store, TEN).unwrap();
    println!("{} events read in {:?}", past.events.len(), began.elapsed());
    assert_eq!(past.events.len() as u128, count);
    assert!(past.events.iter().all(|event| event.rev == 2));
}
