//! Totals of the evaluation terminals, as in roll-ups. There is no form of a single rating.

use hall_core::rating::{Polarity, RatingOption};
use hall_metrics::rating::RatingTotals;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::Count;

/// How often each option was pressed, as pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RatingsRecord {
    /// 非常满意, 5 stars.
    #[schemars(with = "Count")]
    pub very_satisfied: u32,
    /// 基本满意, 3 stars.
    #[schemars(with = "Count")]
    pub satisfied: u32,
    /// 服务态度不好.
    #[schemars(with = "Count")]
    pub attitude: u32,
    /// 办理时间太长.
    #[schemars(with = "Count")]
    pub slow: u32,
    /// 业务不熟.
    #[schemars(with = "Count")]
    pub unskilled: u32,
    /// 其他: neither satisfied nor a complaint.
    #[schemars(with = "Count")]
    pub other: u32,
    /// `very_satisfied` + `satisfied`.
    #[schemars(with = "Count")]
    pub positive: u32,
    /// `attitude` + `slow` + `unskilled`.
    #[schemars(with = "Count")]
    pub negative: u32,
}

impl RatingsRecord {
    /// `None` when nothing was pressed.
    #[must_use]
    pub fn new(totals: &RatingTotals) -> Option<Self> {
        (totals.all() > 0).then(|| RatingsRecord {
            very_satisfied: totals.of(RatingOption::VerySatisfied),
            satisfied: totals.of(RatingOption::Satisfied),
            attitude: totals.of(RatingOption::Attitude),
            slow: totals.of(RatingOption::Slow),
            unskilled: totals.of(RatingOption::Unskilled),
            other: totals.of(RatingOption::Other),
            positive: totals.with(Polarity::Positive),
            negative: totals.with(Polarity::Negative),
        })
    }
}
