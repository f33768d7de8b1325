//! The outbox against a model: whatever is acknowledged, dropped, reconnected or crashed, the receiver ends up with
//! every number, in order at first sight, and the cursor never claims more than what arrived.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeSet;

use edge_uplink::Mode;
use edge_uplink::outbox::{Outbox, Take};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Action {
    Store(u8),
    StoreGap(u8),
    Unreadable,
    Send(u8),
    /// The receiver has the n-th packet under way and its acknowledgement comes.
    Ack(u8),
    /// The receiver has it, the acknowledgement is lost with the connection.
    ArriveUnacked(u8),
    Drop,
    Reconnect {
        resend: u8,
    },
    Crash,
    TrimAcked,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => (1..9u8).prop_map(Action::Store),
        1 => (1..5u8).prop_map(Action::StoreGap),
        1 => Just(Action::Unreadable),
        6 => (1..12u8).prop_map(Action::Send),
        8 => any::<u8>().prop_map(Action::Ack),
        2 => any::<u8>().prop_map(Action::ArriveUnacked),
        1 => Just(Action::Drop),
        3 => (0..5u8).prop_map(|resend| Action::Reconnect { resend }),
        1 => Just(Action::Crash),
        1 => Just(Action::TrimAcked),
    ]
}

/// Store, wire and receiver.
struct World {
    outbox: Outbox,
    window: usize,
    /// Readable lines: from..=to.
    log: Vec<(u64, u64)>,
    last: u64,
    saved: u64,
    wire: Vec<(u64, u64)>,
    got: BTreeSet<u64>,
    connected: bool,
    sent_on_connection: Vec<(u64, u64)>,
}

impl World {
    fn new(window: usize) -> World {
        World {
            outbox: Outbox::new(0, window),
            window,
            log: Vec::new(),
            last: 0,
            saved: 0,
            wire: Vec::new(),
            got: BTreeSet::new(),
            connected: false,
            sent_on_connection: Vec::new(),
        }
    }

    fn store(&mut self, span: u64, readable: bool) {
        let from = self.last + 1;
        self.last += span;
        if readable {
            self.log.push((from, self.last));
        }
        self.outbox.stored(self.last);
    }

    fn send(&mut self) {
        let Some(next) = self.outbox.next() else {
            return;
        };
        let Some((from, to)) = self.log.iter().copied().find(|(_, to)| *to >= next) else {
            return;
        };
        let put = |w: &mut World, from, to| {
            w.wire.push((from, to));
            w.sent_on_connection.push((from, to));
        };
        match self.outbox.take(from, to) {
            Take::Send => put(self, from, to),
            Take::Skip => panic!("a line at or after next() is never skipped"),
            Take::Hole { from, to } => {
                assert!(from > self.outbox.acked());
                assert_eq!(self.outbox.take(from, to), Take::Send);
                put(self, from, to);
            }
        }
    }

    fn drop_connection(&mut self) {
        self.wire.clear();
        self.outbox.disconnected();
        self.connected = false;
    }

    fn step(&mut self, action: &Action) {
        match action {
            Action::Store(n) => (0..*n).for_each(|_| self.store(1, true)),
            Action::StoreGap(n) => self.store(u64::from(*n), true),
            Action::Unreadable => self.store(1, false),
            Action::Send(n) => (0..*n).for_each(|_| self.send()),
            Action::Ack(n) if !self.wire.is_empty() => {
                let (from, to) = self.wire.remove(usize::from(*n) % self.wire.len());
                self.got.extend(from..=to);
                if let Some(cursor) = self.outbox.ack(to) {
                    assert!(cursor > self.saved);
                    self.saved = cursor;
                }
            }
            Action::ArriveUnacked(n) if !self.wire.is_empty() => {
                let (from, to) = self.wire[usize::from(*n) % self.wire.len()];
                self.got.extend(from..=to);
            }
            Action::Ack(_) | Action::ArriveUnacked(_) => {}
            Action::Drop => self.drop_connection(),
            Action::Reconnect { resend } => {
                self.drop_connection();
                self.outbox.connected(
                    self.last,
                    (self.outbox.acked() + 1).saturating_sub(u64::from(*resend)),
                );
                self.connected = true;
                self.sent_on_connection.clear();
            }
            Action::Crash => {
                self.drop_connection();
                self.outbox = Outbox::new(self.saved, self.window);
                self.outbox.stored(self.last);
            }
            Action::TrimAcked => self.log.retain(|(_, to)| *to > self.saved),
        }
        self.check();
    }

    fn check(&self) {
        assert!(
            (1..=self.outbox.acked()).all(|seq| self.got.contains(&seq)),
            "the cursor claims what never arrived"
        );
        assert_eq!(self.outbox.acked(), self.saved);
        assert!(self.outbox.in_flight() <= self.window);
        assert_eq!(self.connected, self.outbox.mode() != Mode::Offline);
        let order = &self.sent_on_connection;
        assert!(
            order.windows(2).all(|w| w[0].1 < w[1].0),
            "in order, once per connection: {order:?}"
        );
        if let Mode::CatchUp { upto } = self.outbox.mode() {
            assert!(upto <= self.last);
        }
    }

    /// A quiet network in the end.
    fn finish(&mut self) {
        // A hole at the very end is only seen when a line follows it.
        self.step(&Action::Store(1));
        self.step(&Action::Reconnect { resend: 0 });
        for _ in 0..10_000 {
            self.send();
            self.step(&Action::Ack(0));
            if self.outbox.backlog() == 0 {
                assert_eq!(self.outbox.mode(), Mode::Live);
                assert_eq!(self.outbox.acked(), self.last);
                assert!((1..=self.last).all(|seq| self.got.contains(&seq)));
                return;
            }
        }
        panic!("never done: {:?}", self.outbox);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_the_cursor_never_lies(window in 1..20usize, actions in prop::collection::vec(action(), 0..120)) {
        let mut world = World::new(window);
        for action in &actions {
            world.step(action);
        }
        world.finish();
    }
}

#[test]
fn out_of_order_acknowledgements_move_the_cursor_along_the_prefix() {
    let mut outbox = Outbox::new(10, 8);
    outbox.stored(13);
    assert_eq!((outbox.next(), outbox.mode()), (None, Mode::Offline));
    outbox.connected(13, 11);
    assert_eq!(outbox.mode(), Mode::CatchUp { upto: 13 });
    for seq in 11..=13 {
        assert_eq!(
            (outbox.next(), outbox.take(seq, seq)),
            (Some(seq), Take::Send)
        );
    }
    assert_eq!(outbox.ack(13), None);
    assert_eq!(outbox.ack(12), None);
    assert_eq!(outbox.ack(99), None);
    assert_eq!(outbox.ack(11), Some(13));
    assert_eq!((outbox.mode(), outbox.backlog()), (Mode::Live, 0));
    assert!(outbox.is_backlog(13) && !outbox.is_backlog(14));
}
