//! Roll-ups on their way to the centre: offered by whoever keeps the figures, a few at a time, reported back when the broker has them. What
//! is not reported is offered again, also after a restart; so nothing is stored here. Knows no figure and no connection.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// Roll-ups offered at once. Figures are worked out when they are offered, so few are kept.
pub const OFFER_MAX: usize = 32;
/// Roll-ups sent again after a connection broke, at most: about as many as can have arrived within the time looked back.
const RESEND_MAX: usize = 200;
/// Reports on their way. Full: the roll-up is offered again and, on the next connection, sent again under the same id.
const DELIVERED_CAPACITY: usize = 2 * OFFER_MAX;

/// One revision of one roll-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingRollup {
    /// Last level of the topic: `15min`, `hour`, `day` or `month`.
    pub period: &'static str,
    /// Its id; with `rev` the de-duplication key.
    pub id: String,
    /// Revision.
    pub rev: u32,
    /// Payloads, in order.
    pub parts: Vec<String>,
}

/// What is offered now.
pub type Offer = Arc<Vec<Arc<OutgoingRollup>>>;

/// The uplink's end.
#[derive(Debug, Clone)]
pub struct Rollups {
    offer: watch::Receiver<Offer>,
    delivered: mpsc::Sender<Delivered>,
}

/// The end of whoever keeps the figures.
#[derive(Debug)]
pub struct RollupPort {
    /// What is to be sent, oldest first, at most [`OFFER_MAX`].
    pub offer: watch::Sender<Offer>,
    /// What the broker has.
    pub delivered: mpsc::Receiver<Delivered>,
}

/// The broker has this revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Id of the roll-up.
    pub id: String,
    /// Revision.
    pub rev: u32,
}

/// Both ends.
#[must_use]
pub fn channel() -> (RollupPort, Rollups) {
    let (offer, offered) = watch::channel(Offer::default());
    let (delivered, reports) = mpsc::channel(DELIVERED_CAPACITY);
    let port = RollupPort {
        offer,
        delivered: reports,
    };
    let rollups = Rollups {
        offer: offered,
        delivered,
    };
    (port, rollups)
}

/// What is sent on the present connection.
#[derive(Debug, Default)]
pub(crate) struct RollupQueue {
    source: Option<Rollups>,
    /// Under way on this connection by number: the roll-up and how many of its parts have no acknowledgement yet.
    open: BTreeMap<u64, (Arc<OutgoingRollup>, usize)>,
    /// Parts to send: number of the roll-up, part.
    waiting: VecDeque<(u64, usize)>,
    /// Taken on this connection and still offered.
    taken: BTreeSet<(String, u32)>,
    numbers: u64,
    /// What arrived last, and when: sent again when the connection breaks soon after.
    recent: VecDeque<(Arc<OutgoingRollup>, Instant)>,
}

impl RollupQueue {
    /// A queue of what is offered; `None`: of nothing.
    pub(crate) fn new(source: Option<Rollups>) -> Self {
        RollupQueue {
            source,
            ..RollupQueue::default()
        }
    }

    /// A connection is up: everything offered is sent, and what had arrived just before the last one broke.
    pub(crate) fn connected(&mut self) {
        self.open.clear();
        self.waiting.clear();
        self.taken.clear();
        for (rollup, _) in std::mem::take(&mut self.recent) {
            self.take(rollup);
        }
        self.refill();
    }

    /// A connection broke: what arrived longer ago than `within` is safe.
    pub(crate) fn broke(&mut self, within: Duration) {
        self.recent.retain(|(_, at)| at.elapsed() < within);
    }

    /// Waits until something else is offered; for ever where nothing ever is.
    pub(crate) async fn offered(&mut self) {
        if let Some(source) = &mut self.source
            && source.offer.changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }

    /// Takes over what is offered and not taken yet.
    pub(crate) fn refill(&mut self) {
        let Some(source) = &mut self.source else {
            return;
        };
        let offer = source.offer.borrow_and_update().clone();
        let key = |rollup: &OutgoingRollup| (rollup.id.clone(), rollup.rev);
        let offered: BTreeSet<(String, u32)> = offer.iter().map(|rollup| key(rollup)).collect();
        self.taken.retain(|taken| offered.contains(taken));
        for rollup in offer.iter() {
            let under_way = |(open, _): &(Arc<OutgoingRollup>, usize)| key(open) == key(rollup);
            if !self.taken.contains(&key(rollup)) && !self.open.values().any(under_way) {
                self.take(rollup.clone());
            }
        }
    }

    fn take(&mut self, rollup: Arc<OutgoingRollup>) {
        self.numbers += 1;
        self.taken.insert((rollup.id.clone(), rollup.rev));
        let parts = rollup.parts.len();
        self.waiting
            .extend((0..parts).map(|part| (self.numbers, part)));
        self.open.insert(self.numbers, (rollup, parts));
    }

    /// The next part to send: number of its roll-up, period, payload.
    pub(crate) fn next(&self) -> Option<(u64, &'static str, &str)> {
        let (number, part) = self.waiting.front()?;
        let (rollup, _) = self.open.get(number)?;
        Some((*number, rollup.period, rollup.parts.get(*part)?))
    }

    /// The one that [`next`](Self::next) gave is on its way.
    pub(crate) fn sent(&mut self) {
        self.waiting.pop_front();
    }

    /// The broker has one part of a roll-up; with the last one it is reported.
    pub(crate) fn arrived(&mut self, number: u64, now: Instant) {
        let Some((_, left)) = self.open.get_mut(&number) else {
            return;
        };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return;
        }
        let Some((rollup, _)) = self.open.remove(&number) else {
            return;
        };
        if let Some(source) = &self.source {
            let report = Delivered {
                id: rollup.id.clone(),
                rev: rollup.rev,
            };
            // Full or gone: offered again, and sent again on the next connection.
            let _ = source.delivered.try_send(report);
        }
        self.recent.push_back((rollup, now));
        if self.recent.len() > RESEND_MAX {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn rollup(id: &str, rev: u32, parts: usize) -> Arc<OutgoingRollup> {
        Arc::new(OutgoingRollup {
            period: "hour",
            id: id.into(),
            rev,
            parts: (1..=parts).map(|n| format!("{id}/{rev}/{n}")).collect(),
        })
    }

    fn drain(queue: &mut RollupQueue) -> Vec<(u64, String)> {
        let mut out = Vec::new();
        while let Some((number, _, payload)) = queue.next() {
            out.push((number, payload.to_owned()));
            queue.sent();
        }
        out
    }

    fn texts(sent: &[(u64, String)]) -> Vec<&str> {
        sent.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_offered_is_sent_once_a_connection_and_reported_with_its_last_part() {
        let (mut port, rollups) = channel();
        let mut queue = RollupQueue::new(Some(rollups));
        let offer = |list: Vec<Arc<OutgoingRollup>>| Arc::new(list);
        port.offer
            .send_replace(offer(vec![rollup("a", 1, 2), rollup("b", 1, 1)]));
        queue.connected();
        let sent = drain(&mut queue);
        assert_eq!(texts(&sent), ["a/1/1", "a/1/2", "b/1/1"]);
        queue.refill();
        assert!(drain(&mut queue).is_empty(), "once a connection");

        queue.arrived(sent[0].0, Instant::now());
        assert!(port.delivered.try_recv().is_err(), "half of it is nothing");
        queue.arrived(sent[1].0, Instant::now());
        let report = port.delivered.try_recv().unwrap();
        assert_eq!((report.id.as_str(), report.rev), ("a", 1));

        // b changed meanwhile, a is delivered.
        port.offer.send_replace(offer(vec![rollup("b", 2, 1)]));
        queue.refill();
        assert_eq!(texts(&drain(&mut queue)), ["b/2/1"]);

        // The connection breaks: a arrived just before and is sent again, b was never acknowledged.
        queue.broke(Duration::from_secs(10));
        queue.connected();
        assert_eq!(texts(&drain(&mut queue)), ["a/1/1", "a/1/2", "b/2/1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_arrived_long_before_a_break_is_not_sent_again() {
        let (port, rollups) = channel();
        let mut queue = RollupQueue::new(Some(rollups));
        port.offer.send_replace(Arc::new(vec![rollup("a", 1, 1)]));
        queue.connected();
        let sent = drain(&mut queue);
        queue.arrived(sent[0].0, Instant::now());
        port.offer.send_replace(Offer::default());
        tokio::time::advance(Duration::from_secs(11)).await;
        queue.broke(Duration::from_secs(10));
        queue.connected();
        assert!(drain(&mut queue).is_empty());
    }

    /// A step of a history.
    #[derive(Debug, Clone)]
    enum Step {
        /// The figures of a period changed.
        Change(usize),
        /// Parts are sent.
        Send(usize),
        /// One of those under way is acknowledged.
        Ack(usize),
        /// The connection breaks and comes back.
        Break,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..4_usize).prop_map(Step::Change),
            (1..4_usize).prop_map(Step::Send),
            any::<usize>().prop_map(Step::Ack),
            Just(Step::Break),
        ]
    }

    proptest! {
        /// Whatever happens in between, the newest revision of everything is reported in the end, and nothing is reported of which a part is
        /// missing.
        #[test]
        fn every_newest_revision_is_reported_once_all_its_parts_are_acknowledged(steps in vec(step(), 0..80)) {
            let (mut port, rollups) = channel();
            let mut queue = RollupQueue::new(Some(rollups));
            let (mut revs, mut delivered) = ([0_u32; 4], [0_u32; 4]);
            let mut under_way: Vec<(u64, String)> = Vec::new();
            let mut acked: BTreeSet<String> = BTreeSet::new();
            queue.connected();
            let finish = [Step::Break, Step::Send(1000)].into_iter();
            let acks = std::iter::repeat_n(Step::Ack(0), 1000);
            for step in steps.into_iter().chain(finish).chain(acks) {
                match step {
                    Step::Change(n) => revs[n] += 1,
                    Step::Send(parts) => for _ in 0..parts {
                        let Some((number, _, payload)) = queue.next() else { break };
                        under_way.push((number, payload.to_owned()));
                        queue.sent();
                    },
                    Step::Ack(n) => if !under_way.is_empty() {
                        let (number, payload) = under_way.remove(n % under_way.len());
                        acked.insert(payload);
                        queue.arrived(number, Instant::now());
                    },
                    Step::Break => {
                        under_way.clear();
                        queue.broke(Duration::from_secs(10));
                        queue.connected();
                    }
                }
                while let Ok(report) = port.delivered.try_recv() {
                    let n: usize = report.id.parse().unwrap();
                    for part in 1..=n + 1 {
                        let part = format!("{n}/{}/{part}", report.rev);
                        prop_assert!(acked.contains(&part), "{part} is missing");
                    }
                    delivered[n] = delivered[n].max(report.rev);
                }
                let waiting = (0..4).filter(|n| delivered[*n] < revs[*n]);
                let offer = waiting.map(|n| rollup(&n.to_string(), revs[n], n + 1));
                port.offer.send_replace(Arc::new(offer.collect()));
                queue.refill();
                if let Step::Ack(_) = step {
                    while let Some((number, _, payload)) = queue.next() {
                        under_way.push((number, payload.to_owned()));
                        queue.sent();
                    }
                }
            }
            prop_assert_eq!(delivered, revs);
        }
    }
}
