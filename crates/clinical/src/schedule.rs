//! Which readings a care plan expects, and the local days by which they are counted.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use xxhash_rust::xxh3::xxh3_64;

use crate::kinds::Kind;
use crate::local_time::LocalTime;
use crate::patient::PatientId;
use crate::time::Span;

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
    /// Readings of a kind, expected daily: missing after 1 to 30 days in a row without one, for
    /// review after more days than that, at most 90.
    ///
    /// # Errors
    /// When a number of days is out of range.
    pub fn new(
        kind: Kind,
        missing_after_days: i32,
        review_after_days: i32,
    ) -> Result<Self, InvalidSchedule> {
        let missing = number("missing_after_days", missing_after_days, 1..=30)?;
        let reviewable = missing_after_days.saturating_add(1)..=90;
        let review = number("review_after_days", review_after_days, reviewable)?;
        Ok(Self {
            kind,
            missing_after_days: missing,
            review_after_days: review,
            times_a_day: 1,
            days: Weekdays::ALL,
        })
    }

    /// The same, so many times on a day: 1 to 24. For people: no day with a reading is one without.
    ///
    /// # Errors
    /// When the number is out of range.
    pub fn times_a_day(self, times: i32) -> Result<Self, InvalidSchedule> {
        Ok(Self { times_a_day: number("times_a_day", times, 1..=24)?, ..self })
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

fn number(
    name: &'static str,
    number: i32,
    range: RangeInclusive<i32>,
) -> Result<u8, InvalidSchedule> {
    let (low, high) = (*range.start(), *range.end());
    let within = u8::try_from(number).ok().filter(|_| range.contains(&number));
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
