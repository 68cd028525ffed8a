//! Which readings a care plan expects, and the local days by which they are counted.

use jiff::civil::Date;
use xxhash_rust::xxh3::xxh3_64;

use crate::kinds::{Kind, Label};
use crate::local_time::LocalTime;
use crate::parameter::Parameter;
use crate::patient::PatientId;
use crate::time::Span;

/// Days in a row without a reading that make a kind missing.
pub const MISSING_AFTER_DAYS: Parameter = Parameter {
    name: "missing_after_days",
    former_names: &[],
    label: Label { ja: "欠測とする日数", en: "missing after days without a reading" },
    unit: "d",
    default: 3.0,
    low: 1.0,
    high: 30.0,
    decimals: 0,
    source: "HRS/EHRA/APHRS/LAHRS 2023, for implanted devices: gaps of up to three days are frequent in remote monitoring",
};

/// Such days in a row that make it a matter for review: always more than make it missing.
pub const REVIEW_AFTER_DAYS: Parameter = Parameter {
    name: "review_after_days",
    former_names: &[],
    label: Label { ja: "要確認とする日数", en: "for review after such days" },
    unit: "d",
    default: 14.0,
    low: 2.0,
    high: 90.0,
    decimals: 0,
    source: "HRS/EHRA/APHRS/LAHRS 2023, for implanted devices (recalled)",
};

/// How often on a day a kind is expected; for people.
pub const TIMES_A_DAY: Parameter = Parameter {
    name: "times_a_day",
    former_names: &[],
    label: Label { ja: "1日の回数", en: "times a day" },
    unit: "",
    default: 1.0,
    low: 1.0,
    high: 24.0,
    decimals: 0,
    source: "ours: no rule counts them",
};

/// The numbers of a kind that is expected, by the names that care plans give them. The default of each is what a
/// plan means that does not say it, and what pages propose.
pub const NUMBERS: [&Parameter; 3] = [&MISSING_AFTER_DAYS, &REVIEW_AFTER_DAYS, &TIMES_A_DAY];

/// Readings of a day may arrive until so long after its end before the day counts as one without.
/// Ours: phones hand over at night, and nobody acts on missing data before the morning.
pub(crate) const GRACE: Span = Span::from_hours(6);

/// The grace of a patient: six hours and a part of the seventh that is the patient's own, so that
/// the mornings of a million patients do not all begin in the same second.
pub fn grace(patient: &PatientId) -> Span {
    GRACE + Span::from_seconds((xxh3_64(patient.as_str().as_bytes()) % 3600) as i64)
}

/// A schedule that nobody can keep.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidSchedule {
    /// The time zone is not in the tz database.
    #[error("the schedule's time_zone is not a name of the tz database, such as Asia/Tokyo")]
    UnknownZone,
    /// The first day is none that a reading could be observed on.
    #[error("the schedule's start must be a day from 2000 to 2099")]
    StartOutOfRange,
    /// No kind of readings has this name.
    #[error("no kind of readings is named {0}")]
    UnknownKind(String),
    /// A number is out of range.
    #[error("{name} must be between {low} and {high}")]
    OutOfRange {
        /// The number's name.
        name: &'static str,
        /// Smallest number allowed.
        low: i32,
        /// Greatest number allowed.
        high: i32,
    },
    /// A day of the week is none, or is named twice.
    #[error("days must be numbers from 1 (Monday) to 7 (Sunday), each at most once")]
    NoWeekdays,
    /// A kind is in the schedule twice.
    #[error("{0} is expected twice")]
    ExpectedTwice(Kind),
}

/// What a care plan expects, from which day on, in the patient's time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    zone: LocalTime,
    start: Date,
    expected: Vec<Expected>,
}

/// Days of the week: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day.
    pub const ALL: Self = Self(0b0111_1111);

    /// Days by their numbers, 1 (Monday) to 7 (Sunday); every day where none is named.
    ///
    /// # Errors
    /// When a number is no day's, or is there twice.
    pub fn of(numbers: &[i32]) -> Result<Self, InvalidSchedule> {
        let mut days = 0;
        for number in numbers {
            let day = match number {
                1..=7 => 1 << (number - 1),
                _ => return Err(InvalidSchedule::NoWeekdays),
            };
            if days & day != 0 {
                return Err(InvalidSchedule::NoWeekdays);
            }
            days |= day;
        }
        Ok(if days == 0 { Self::ALL } else { Self(days) })
    }

    /// Whether a local day is one of them.
    pub fn contains(self, day: Date) -> bool {
        self.0 & (1 << day.weekday().to_monday_zero_offset()) != 0
    }
}

/// A kind of readings, expected every local day or on some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    kind: Kind,
    missing_after_days: u8,
    review_after_days: u8,
    times_a_day: u8,
    days: Weekdays,
}

impl Expected {
    /// Readings of a kind, expected daily: missing after so many days in a row without one
    /// ([`MISSING_AFTER_DAYS`]), for review after more days than that ([`REVIEW_AFTER_DAYS`]).
    ///
    /// # Errors
    /// When a number of days is out of range.
    pub fn new(
        kind: Kind,
        missing_after_days: i32,
        review_after_days: i32,
    ) -> Result<Self, InvalidSchedule> {
        let missing =
            number(&MISSING_AFTER_DAYS, missing_after_days, MISSING_AFTER_DAYS.low as i32)?;
        let more = missing_after_days.saturating_add(1);
        let review = number(&REVIEW_AFTER_DAYS, review_after_days, more)?;
        Ok(Self {
            kind,
            missing_after_days: missing,
            review_after_days: review,
            times_a_day: TIMES_A_DAY.default as u8,
            days: Weekdays::ALL,
        })
    }

    /// The same, so many [times on a day](TIMES_A_DAY). For people: no day with a reading is one without.
    ///
    /// # Errors
    /// When the number is out of range.
    pub fn times_a_day(self, times: i32) -> Result<Self, InvalidSchedule> {
        Ok(Self { times_a_day: number(&TIMES_A_DAY, times, TIMES_A_DAY.low as i32)?, ..self })
    }

    /// The same, on some days of the week only.
    pub fn on(self, days: Weekdays) -> Self {
        Self { days, ..self }
    }

    /// The days of the week on which they are expected.
    pub fn days(&self) -> Weekdays {
        self.days
    }

    /// How often on such a day.
    pub fn times(&self) -> u8 {
        self.times_a_day
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Days in a row on which a reading is expected, without one, that make it missing.
    pub fn missing_after_days(&self) -> u8 {
        self.missing_after_days
    }

    /// Such days in a row that make it a matter for review.
    pub fn review_after_days(&self) -> u8 {
        self.review_after_days
    }
}

fn number(of: &Parameter, number: i32, low: i32) -> Result<u8, InvalidSchedule> {
    let (name, high) = (of.name, of.high as i32);
    let within = u8::try_from(number).ok().filter(|_| (low..=high).contains(&number));
    within.ok_or(InvalidSchedule::OutOfRange { name, low, high })
}

impl Schedule {
    /// What is expected from a local day on, in a zone of the tz database.
    ///
    /// # Errors
    /// When zone or day are not usable, or a kind is expected twice.
    pub fn new(
        time_zone: &str,
        start: Date,
        expected: Vec<Expected>,
    ) -> Result<Self, InvalidSchedule> {
        let zone = LocalTime::of(time_zone).ok_or(InvalidSchedule::UnknownZone)?;
        if !(2000..2100).contains(&start.year()) {
            return Err(InvalidSchedule::StartOutOfRange);
        }
        for (index, one) in expected.iter().enumerate() {
            if expected[..index].iter().any(|other| other.kind == one.kind) {
                return Err(InvalidSchedule::ExpectedTwice(one.kind));
            }
        }
        Ok(Self { zone, start, expected })
    }

    /// The patient's local time.
    pub fn local_time(&self) -> &LocalTime {
        &self.zone
    }

    /// The first local day that counts.
    pub fn start(&self) -> Date {
        self.start
    }

    /// What is expected.
    pub fn expected(&self) -> &[Expected] {
        &self.expected
    }

    /// What is expected of a kind, if it is.
    pub fn of(&self, kind: Kind) -> Option<&Expected> {
        self.expected.iter().find(|expected| expected.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter::is_recalled;

    #[test]
    fn each_number_of_an_expected_kind_has_a_source_and_one_that_was_not_read_again_says_so() {
        let recalled = NUMBERS.map(|number| (number.name, is_recalled(number.source)));
        assert_eq!(
            recalled,
            [("missing_after_days", false), ("review_after_days", true), ("times_a_day", false)]
        );
    }

    #[test]
    fn what_a_plan_means_that_says_no_number_can_be_kept() {
        let [missing, review, times] = NUMBERS.map(|number| number.default as i32);
        let expected = Expected::new(Kind::ALL[0], missing, review).unwrap();
        assert_eq!(expected.times_a_day(times), Ok(expected));
        for number in NUMBERS {
            assert!((number.low..=number.high).contains(&number.default), "{}", number.name);
        }
    }
}
