//! Local days, months and the periods figures are rolled up over. Local instants are milliseconds of the local calendar since
//! 1970-01-01T00:00 local, as in `hall_core::duty`.

use hall_core::config::Date;
use hall_core::duty::date_at;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;
/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60_000;

/// The local hour of the day, 0–23.
#[must_use]
pub fn hour_of(local_ms: i64) -> u8 {
    local_ms.div_euclid(HOUR_MS).rem_euclid(24) as u8
}

/// A local calendar day: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDay(pub i64);

impl LocalDay {
    /// The day a local instant lies in.
    #[must_use]
    pub fn of(local_ms: i64) -> Self {
        LocalDay(local_ms.div_euclid(DAY_MS))
    }

    /// The day of a date (Howard Hinnant, `days_from_civil`, <https://howardhinnant.github.io/date_algorithms.html>).
    #[must_use]
    pub fn of_date(date: Date) -> Self {
        let (month, day) = (i64::from(date.month), i64::from(date.day));
        let year = i64::from(date.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let yoe = year.rem_euclid(400);
        let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        LocalDay(era * 146_097 + doe - 719_468)
    }

    /// Local midnight at which it begins.
    #[must_use]
    pub fn from_ms(self) -> i64 {
        self.0 * DAY_MS
    }

    /// Its date.
    #[must_use]
    pub fn date(self) -> Date {
        date_at(self.from_ms())
    }

    /// The month it lies in.
    #[must_use]
    pub fn month(self) -> Month {
        let date = self.date();
        Month {
            year: date.year,
            month: date.month,
        }
    }
}

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Year.
    pub year: i32,
    /// 1–12.
    pub month: u8,
}

impl Month {
    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> LocalDay {
        LocalDay::of_date(Date {
            year: self.year,
            month: self.month,
            day: 1,
        })
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Month {
        if self.month == 12 {
            Month {
                year: self.year + 1,
                month: 1,
            }
        } else {
            Month {
                month: self.month + 1,
                ..self
            }
        }
    }

    /// The month before (环比).
    #[must_use]
    pub fn previous(self) -> Month {
        if self.month == 1 {
            Month {
                year: self.year - 1,
                month: 12,
            }
        } else {
            Month {
                month: self.month - 1,
                ..self
            }
        }
    }

    /// The same month of the year before (同比).
    #[must_use]
    pub fn year_before(self) -> Month {
        Month {
            year: self.year - 1,
            ..self
        }
    }

    /// The month as a period.
    #[must_use]
    pub fn period(self) -> Period {
        Period {
            kind: PeriodKind::Month,
            from_ms: self.first_day().from_ms(),
            to_ms: self.next().first_day().from_ms(),
        }
    }
}

/// How long a roll-up's period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodKind {
    /// One minute.
    Minute,
    /// 15 minutes.
    Quarter,
    /// One hour.
    Hour,
    /// One local day.
    Day,
    /// One calendar month.
    Month,
}

/// One period, cut at local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// How long.
    pub kind: PeriodKind,
    /// Start, local milliseconds, inclusive.
    pub from_ms: i64,
    /// End, local milliseconds, exclusive.
    pub to_ms: i64,
}

impl Period {
    /// The period of a kind that a local instant lies in.
    #[must_use]
    pub fn containing(kind: PeriodKind, local_ms: i64) -> Self {
        let length = match kind {
            PeriodKind::Minute => MINUTE_MS,
            PeriodKind::Quarter => 15 * MINUTE_MS,
            PeriodKind::Hour => HOUR_MS,
            PeriodKind::Day => DAY_MS,
            PeriodKind::Month => return LocalDay::of(local_ms).month().period(),
        };
        let from_ms = local_ms.div_euclid(length) * length;
        Period {
            kind,
            from_ms,
            to_ms: from_ms + length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree_over_four_centuries() {
        for day in (-150_000..150_000).step_by(37) {
            assert_eq!(LocalDay::of_date(LocalDay(day).date()), LocalDay(day));
        }
    }

    #[test]
    fn months_have_their_length_and_their_neighbours() {
        for (year, month, days) in [(2026, 2, 28), (2028, 2, 29), (2026, 9, 30), (2026, 12, 31)] {
            let month = Month { year, month };
            let period = month.period();
            assert_eq!((period.to_ms - period.from_ms) / DAY_MS, days, "{month:?}");
            assert_eq!(month.next().previous(), month);
            assert_eq!(
                Period::containing(PeriodKind::Month, period.to_ms - 1),
                period
            );
        }
    }
}
