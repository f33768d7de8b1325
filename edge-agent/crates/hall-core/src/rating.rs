//! The six options of an evaluation terminal (评价器), as they are, and what each stands for. Ratings judge nothing: no rule sees one.

/// One option, as pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RatingOption {
    /// 非常满意.
    VerySatisfied,
    /// 基本满意.
    Satisfied,
    /// 服务态度不好.
    Attitude,
    /// 办理时间太长.
    Slow,
    /// 业务不熟.
    Unskilled,
    /// 其他.
    Other,
}

/// What an option says of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Polarity {
    /// Satisfied.
    Positive,
    /// A complaint.
    Negative,
    /// Neither: 其他 is never turned into a complaint.
    Neutral,
}

impl RatingOption {
    /// All six, in the terminal's order.
    pub const ALL: [RatingOption; 6] = [
        RatingOption::VerySatisfied,
        RatingOption::Satisfied,
        RatingOption::Attitude,
        RatingOption::Slow,
        RatingOption::Unskilled,
        RatingOption::Other,
    ];

    /// What it says of the service (domain §2.3).
    #[must_use]
    pub fn polarity(self) -> Polarity {
        match self {
            RatingOption::VerySatisfied | RatingOption::Satisfied => Polarity::Positive,
            RatingOption::Attitude | RatingOption::Slow | RatingOption::Unskilled => {
                Polarity::Negative
            }
            RatingOption::Other => Polarity::Neutral,
        }
    }

    /// Stars of 好差评: 5 and 3 for the two satisfied options. The complaints name a reason and no number of stars.
    #[must_use]
    pub fn stars(self) -> Option<u8> {
        match self {
            RatingOption::VerySatisfied => Some(5),
            RatingOption::Satisfied => Some(3),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_options_complain_and_other_is_never_one_of_them() {
        let negative: Vec<_> = (RatingOption::ALL.into_iter())
            .filter(|option| option.polarity() == Polarity::Negative)
            .collect();
        use RatingOption::{Attitude, Other, Satisfied, Slow, Unskilled, VerySatisfied};
        assert_eq!(negative, [Attitude, Slow, Unskilled]);
        assert_eq!(Other.polarity(), Polarity::Neutral);
        assert_eq!(
            (VerySatisfied.stars(), Satisfied.stars()),
            (Some(5), Some(3))
        );
        assert!(negative.iter().all(|option| option.stars().is_none()));
    }
}
