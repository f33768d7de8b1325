//! The outbox against a model: whatever is acknowledged, dropped, reconnected or crashed, the receiver ends up with
//! every number, in order at first sight, and the cursor never claims more than what arrived.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeSet;

use edge_uplink::outbox::{Lane, Outbox, Take};
use edge_uplink::{AckBy, Mode};
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
    /// The broker acknowledges it and dies before the receiver has it. Only the centre's own acknowledgement mends that.
    AckForgotten(u8),
    /// The receiver says how far it has come.
    Watermark,
    /// Somebody says something that cannot be true, or was true once.
    WrongWatermark(u8),
    /// What was not acknowledged for too long goes out again.
    Resend,
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
        2 => any::<u8>().prop_map(Action::AckForgotten),
        3 => Just(Action::Watermark),
        1 => any::<u8>().prop_map(Action::WrongWatermark),
        1 => Just(Action::Resend),
        1 => Just(Action::Drop),
        3 => (0..5u8).prop_map(|resend| Action::Reconnect { resend }),
        1 => Just(Action::Crash),
        1 => Just(Action::TrimAcked),
    ]
}

/// Store, wire and receiver.
struct World {
    outbox: Outbox,
    by: AckBy,
    window: usize,
    /// Readable lines: from..=to.
    log: Vec<(u64, u64)>,
    last: u64,
    saved: u64,
    wire: Vec<(u64, u64)>,
    got: BTreeSet<u64>,
    connected: bool,
    sent_on_connection: Vec<(Lane, u64, u64)>,
}

impl World {
    fn new(window: usize, by: AckBy) -> World {
        World {
            outbox: Outbox::new(0, window, by),
            by,
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
        let Some((lane, next)) = self.outbox.next() else {
            return;
        };
        let Some((from, to)) = self.log.iter().copied().find(|(_, to)| *to >= next) else {
            return;
        };
        let put = |w: &mut World, from, to| {
            w.wire.push((from, to));
            w.sent_on_connection.push((lane, from, to));
        };
        match self.outbox.take(lane, from, to) {
            Take::Send => put(self, from, to),
            // All of the backlog had arrived and was trimmed; the line is of the other lane.
            Take::Skip => assert!(from > next && self.outbox.next_of(lane).is_none()),
            Take::Hole { from, to } => {
                assert!(from > self.outbox.acked());
                assert_eq!(self.outbox.take(lane, from, to), Take::Send);
                put(self, from, to);
            }
        }
    }

    /// How far the receiver has everything.
    fn has_up_to(&self) -> u64 {
        (1..)
            .take_while(|seq| self.got.contains(seq))
            .last()
            .unwrap_or(0)
    }

    fn resend(&mut self) {
        self.outbox.rewind(self.outbox.acked() + 1);
        self.sent_on_connection.clear();
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
            Action::AckForgotten(n) if !self.wire.is_empty() && self.by == AckBy::Centre => {
                let (_, to) = self.wire.remove(usize::from(*n) % self.wire.len());
                assert_eq!(
                    self.outbox.ack(to),
                    None,
                    "the broker's word is not the centre's"
                );
            }
            Action::Ack(_) | Action::ArriveUnacked(_) | Action::AckForgotten(_) => {}
            Action::Watermark => {
                if let Some(cursor) = self.outbox.watermark(self.has_up_to()) {
                    self.saved = cursor;
                }
            }
            Action::WrongWatermark(n) => {
                let n = u64::from(*n);
                assert_eq!(
                    self.outbox.watermark(self.last + 1 + n),
                    None,
                    "beyond the log"
                );
                let old = self.outbox.acked().saturating_sub(n);
                assert_eq!(self.outbox.watermark(old), None, "never back");
            }
            Action::Resend => self.resend(),
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
                self.outbox = Outbox::new(self.saved, self.window, self.by);
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
        for lane in [Lane::Backlog, Lane::Live] {
            let order: Vec<_> = (self.sent_on_connection.iter())
                .filter(|(of, ..)| *of == lane)
                .collect();
            assert!(
                order.windows(2).all(|w| w[0].2 < w[1].1),
                "in order, once per connection: {order:?}"
            );
        }
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
            if self.by == AckBy::Centre {
                self.step(&Action::Watermark);
            }
            if self.outbox.awaits_centre() {
                self.resend();
            }
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
    fn nothing_is_lost_and_the_cursor_never_lies(
        window in 1..20usize,
        by in prop_oneof![Just(AckBy::Broker), Just(AckBy::Centre)],
        actions in prop::collection::vec(action(), 0..120),
    ) {
        let mut world = World::new(window, by);
        for action in &actions {
            world.step(action);
        }
        world.finish();
    }
}

/// Takes and sends the line of one number.
fn sent(outbox: &mut Outbox, lane: Lane, seq: u64) {
    assert_eq!(outbox.next(), Some((lane, seq)));
    assert_eq!(outbox.take(lane, seq, seq), Take::Send);
}

#[test]
fn out_of_order_acknowledgements_move_the_cursor_along_the_prefix() {
    let mut outbox = Outbox::new(10, 8, AckBy::Broker);
    outbox.stored(13);
    assert_eq!((outbox.next(), outbox.mode()), (None, Mode::Offline));
    outbox.connected(13, 11);
    assert_eq!(outbox.mode(), Mode::CatchUp { upto: 13 });
    for seq in 11..=13 {
        sent(&mut outbox, Lane::Backlog, seq);
    }
    assert_eq!(outbox.ack(13), None);
    assert_eq!(outbox.ack(12), None);
    assert_eq!(outbox.ack(99), None);
    assert_eq!(outbox.ack(11), Some(13));
    assert_eq!((outbox.mode(), outbox.backlog()), (Mode::Live, 0));
}

#[test]
fn what_is_found_now_does_not_wait_for_the_backlog() {
    let mut outbox = Outbox::new(0, 8, AckBy::Broker);
    outbox.stored(100);
    outbox.connected(100, 1);
    sent(&mut outbox, Lane::Backlog, 1);
    outbox.stored(102);
    sent(&mut outbox, Lane::Live, 101);
    sent(&mut outbox, Lane::Live, 102);
    sent(&mut outbox, Lane::Backlog, 2);
    assert_eq!(outbox.ack(101), None, "the cursor waits for the backlog");
    assert_eq!(outbox.ack(102), None);
    assert_eq!(outbox.ack(1), Some(1));
    for seq in 3..=100 {
        outbox.ack(seq - 1);
        sent(&mut outbox, Lane::Backlog, seq);
    }
    assert_eq!(outbox.mode(), Mode::CatchUp { upto: 100 });
    assert_eq!(outbox.ack(100), Some(102));
    assert_eq!(outbox.mode(), Mode::Live);
}

#[test]
fn only_the_centre_moves_the_cursor_where_it_acknowledges() {
    let mut outbox = Outbox::new(5, 8, AckBy::Centre);
    outbox.stored(8);
    outbox.connected(8, 6);
    for seq in 6..=8 {
        sent(&mut outbox, Lane::Backlog, seq);
        assert_eq!(outbox.ack(seq), None);
    }
    assert_eq!((outbox.mode(), outbox.acked()), (Mode::Live, 5));
    assert!(outbox.awaits_centre());
    assert_eq!(outbox.watermark(9), None, "beyond the log");
    assert_eq!(outbox.watermark(7), Some(7));
    assert_eq!(outbox.watermark(6), None, "never back");
    outbox.rewind(8);
    sent(&mut outbox, Lane::Backlog, 8);
    assert_eq!(
        outbox.watermark(8),
        Some(8),
        "the centre may be quicker than the broker"
    );
    assert_eq!((outbox.ack(8), outbox.backlog()), (None, 0));
    // A watermark that comes right after connecting spares what was about to be sent again.
    outbox.stored(12);
    outbox.connected(12, 9);
    assert_eq!(outbox.watermark(11), Some(11));
    sent(&mut outbox, Lane::Backlog, 12);
    let mut of_the_broker = Outbox::new(0, 8, AckBy::Broker);
    of_the_broker.stored(3);
    assert_eq!(of_the_broker.watermark(3), None);
}
