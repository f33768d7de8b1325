//! The roll-ups on their way to the centre: which are offered to the uplink now, and which the broker has. What is offered is on disk with its
//! revision before; so a revision never stands for two contents, whatever is killed when.

use std::sync::Arc;

use edge_uplink::rollups::{Delivered, OFFER_MAX, OutgoingRollup, RollupPort};
use hall_metrics::calendar::LocalDay;
use hall_metrics::{Layout, Period, Rollup};
use hall_wire::rollup::{RollupRecord, period_name};

use super::ledger::Ledger;

/// A roll-up that is offered, and the period it is of.
pub type Offered = (Period, Arc<OutgoingRollup>);

/// What is offered to the uplink.
#[derive(Debug)]
pub struct Outgoing {
    port: RollupPort,
    offered: Vec<Offered>,
}

impl Outgoing {
    /// Nothing is offered yet.
    #[must_use]
    pub fn new(port: RollupPort) -> Self {
        Outgoing {
            port,
            offered: Vec::new(),
        }
    }

    /// What is offered and not delivered.
    #[must_use]
    pub fn offered(&self) -> &[Offered] {
        &self.offered
    }

    /// Offers these.
    pub fn offer(&mut self, offered: Vec<Offered>) {
        if offered != self.offered {
            let rollups = offered.iter().map(|(_, rollup)| rollup.clone()).collect();
            self.port.offer.send_replace(Arc::new(rollups));
            self.offered = offered;
        }
    }

    /// The period of a report, when it is about something offered.
    pub fn settle(&mut self, report: &Delivered) -> Option<Period> {
        let about = |(_, offered): &Offered| offered.id == report.id && offered.rev == report.rev;
        let found = self.offered.iter().position(about)?;
        Some(self.offered.remove(found).0)
    }
}

/// The uplink's next report; waits for ever where no uplink is.
pub async fn report(outgoing: &mut Option<Outgoing>) -> Delivered {
    if let Some(outgoing) = outgoing
        && let Some(report) = outgoing.port.delivered.recv().await
    {
        return report;
    }
    std::future::pending().await
}

impl Ledger {
    /// What to offer now: the first roll-ups that the centre does not have; of those in `before` the payloads are taken over.
    #[must_use]
    pub fn outgoing(&self, before: &[Offered]) -> Vec<Offered> {
        let Some(book) = &self.book else {
            return Vec::new();
        };
        let known = |period: Period, rev: u32| {
            let same = before
                .iter()
                .find(|(p, rollup)| *p == period && rollup.rev == rev);
            same.map(|(_, rollup)| rollup.clone())
        };
        (book.undelivered().into_iter())
            .filter(|(period, _)| !self.unsaved.contains(&LocalDay::of(period.from_ms)))
            .filter_map(|(period, rev)| {
                let rollup = match known(period, rev) {
                    Some(rollup) => rollup,
                    None => Arc::new(payloads(&book.as_published(period)?, book.layout())?),
                };
                Some((period, rollup))
            })
            .take(OFFER_MAX)
            .collect()
    }

    /// The centre has this revision.
    pub fn delivered(&mut self, period: Period, rev: u32) {
        if let Some(book) = &mut self.book {
            book.delivered(period, rev);
        }
    }
}

fn payloads(rollup: &Rollup, layout: &Layout) -> Option<OutgoingRollup> {
    let parts = RollupRecord::parts(rollup, layout);
    let id = parts.first()?.id.clone();
    let parts = parts.iter().map(|part| serde_json::to_string(part).ok());
    Some(OutgoingRollup {
        period: period_name(rollup.period.kind),
        id,
        rev: rollup.rev,
        parts: parts.collect::<Option<_>>()?,
    })
}
