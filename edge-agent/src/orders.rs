//! The way of an order from whoever gives it (page, centre) to the hall task and back: it is answered once what it changed is
//! durable. Knows no HTTP, no MQTT and no rule.

use hall_core::order::{Answer, Order};
use tokio::sync::{mpsc, oneshot};

/// Orders on their way to the hall. Full: the next one is refused as busy; people give a few a day.
const ORDERS_CAPACITY: usize = 64;

/// An order, and where its answer goes.
#[derive(Debug)]
pub struct OrderRequest {
    /// The order.
    pub order: Order,
    /// Dropped without an answer when nobody can say any more whether the order is kept.
    pub reply: oneshot::Sender<Answer>,
}

/// Why an order has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It was not taken.
    #[error("too many orders wait to be carried out; nothing was done, give it again later")]
    Busy,
    /// It was taken, and nobody knows what became of it.
    #[error(
        "the box cannot say whether the order is kept; give it again with the same transaction"
    )]
    Unknown,
}

/// Where orders are given.
#[derive(Debug, Clone)]
pub struct OrderDesk {
    orders: mpsc::Sender<OrderRequest>,
}

impl OrderDesk {
    /// A desk and what the hall takes its orders from.
    #[must_use]
    pub fn open() -> (Self, mpsc::Receiver<OrderRequest>) {
        let (orders, requests) = mpsc::channel(ORDERS_CAPACITY);
        (OrderDesk { orders }, requests)
    }

    /// Gives an order and waits until it is answered. While the log cannot be written that may be long: the caller limits its
    /// own patience, and giving the same transaction again does no harm.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn give(&self, order: Order) -> Result<Answer, OrderError> {
        let (reply, answer) = oneshot::channel();
        let request = OrderRequest { order, reply };
        self.orders.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => OrderError::Busy,
            mpsc::error::TrySendError::Closed(_) => OrderError::Unknown,
        })?;
        answer.await.map_err(|_| OrderError::Unknown)
    }
}
