//! Means of home blood pressure: of an occasion, of a part of a day, of days.
//!
//! The mean of an occasion's readings comes first (JSH 2019: two readings an occasion and their mean; one
//! counts too), then the mean of the occasions of a day's morning or evening, then the mean of the days
//! that have one. So neither who measures five times in a row nor who does so on one day of seven counts
//! more than others.

use crate::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
use crate::local_time::LocalTime;
use crate::remembered::CurrentReading;
use crate::statistics;
use crate::time::{Span, Timestamp};

use hours::{Hours, Part};

pub mod hours;

/// The length of an occasion: readings from its first on. Ours.
pub(crate) const OCCASION: Span = Span::from_minutes(15);

/// A mean pressure, mmHg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pressure {
    pub(crate) systolic: f64,
    pub(crate) diastolic: f64,
}

/// A mean of pressures that is being made.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    systolic: statistics::Mean,
    diastolic: statistics::Mean,
}

impl Mean {
    fn add(&mut self, pressure: Pressure) {
        self.systolic.add(pressure.systolic);
        self.diastolic.add(pressure.diastolic);
    }

    fn mean(&self) -> Option<Pressure> {
        Some(Pressure { systolic: self.systolic.value()?, diastolic: self.diastolic.value()? })
    }
}

/// A part of a day: its occasions.
#[derive(Debug, Clone, Copy, Default)]
struct Occasions {
    /// When the newest began, and its readings.
    newest: Option<(Timestamp, Mean)>,
    /// Those before.
    before: Mean,
}

impl Occasions {
    fn add(&mut self, time: Timestamp, pressure: Pressure) {
        match &mut self.newest {
            Some((began, occasion)) if time - *began <= OCCASION => occasion.add(pressure),
            newest => {
                let over = newest.and_then(|(_, occasion)| occasion.mean());
                over.into_iter().for_each(|over| self.before.add(over));
                let mut occasion = Mean::default();
                occasion.add(pressure);
                *newest = Some((time, occasion));
            }
        }
    }

    fn mean(&self) -> Option<Pressure> {
        let mut all = self.before;
        let newest = self.newest.and_then(|(_, occasion)| occasion.mean());
        newest.into_iter().for_each(|newest| all.add(newest));
        all.mean()
    }
}

/// What was measured on a day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DayOfPressure {
    morning: Occasions,
    evening: Occasions,
}

impl DayOfPressure {
    /// Adds a reading of the day; those of a day come in observation order.
    pub(crate) fn add(&mut self, local: &LocalTime, hours: Hours, reading: &CurrentReading) {
        let value = |field| reading.sample.exact(field);
        let (Some(systolic), Some(diastolic)) = (value(SYSTOLIC), value(DIASTOLIC)) else { return };
        let occasions = match Part::of(local, hours, reading.time) {
            Some(Part::Morning) => &mut self.morning,
            Some(Part::Evening) => &mut self.evening,
            None => return,
        };
        occasions.add(reading.time, Pressure { systolic, diastolic });
    }

    /// The mean of the occasions of a part of the day, if it has any.
    pub(crate) fn mean(&self, part: Part) -> Option<Pressure> {
        match part {
            Part::Morning => self.morning.mean(),
            Part::Evening => self.evening.mean(),
        }
    }
}

impl From<DayOfPressure> for MeansOfDay {
    fn from(day: DayOfPressure) -> Self {
        Self { morning: day.mean(Part::Morning), evening: day.mean(Part::Evening) }
    }
}

/// The means of the occasions of a day's parts, as far as it has any.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MeansOfDay {
    pub(crate) morning: Option<Pressure>,
    pub(crate) evening: Option<Pressure>,
}

impl MeansOfDay {
    pub(crate) const fn of(&self, part: Part) -> Option<Pressure> {
        match part {
            Part::Morning => self.morning,
            Part::Evening => self.evening,
        }
    }
}

/// The mean of some days, to a tenth of a mmHg, as it is shown; and how many days.
pub(crate) fn mean_of(days: impl Iterator<Item = Pressure>) -> Option<(Pressure, u32)> {
    let mut all = Mean::default();
    days.for_each(|day| all.add(day));
    let mean = all.mean()?;
    let rounded = Pressure { systolic: tenths(mean.systolic), diastolic: tenths(mean.diastolic) };
    Some((rounded, all.systolic.count()))
}

/// A number to one decimal: what is judged is what is shown.
pub(crate) fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_time::JAPAN;
    use crate::remembered::Delay;
    use crate::sample::Sample;
    use crate::source::Source;

    /// The day 2026-06-01 in Japan, minutes after its midnight.
    fn day(readings: &[(i64, u16, u16)]) -> DayOfPressure {
        let midnight = JAPAN.begin_of(jiff::civil::date(2026, 6, 1), 0);
        let mut day = DayOfPressure::default();
        for (minutes, systolic, diastolic) in readings {
            let sample = Sample::default().with(SYSTOLIC, (*systolic).into());
            let reading = CurrentReading {
                time: midnight + Span::from_minutes(*minutes),
                source: Source::device("OMRON", "1").unwrap().digest(),
                sample: sample.with(DIASTOLIC, (*diastolic).into()),
                delay: Delay::default(),
            };
            day.add(&JAPAN, Hours::default(), &reading);
        }
        day
    }

    #[test]
    fn an_occasions_readings_are_one_mean_however_many_they_are() {
        // Three readings from 06:00 to 06:15, one at 06:16.
        let day = day(&[(360, 150, 90), (365, 140, 84), (375, 130, 84), (376, 120, 70)]);
        let morning = day.mean(Part::Morning).unwrap();
        assert_eq!((morning.systolic, morning.diastolic), (130.0, 78.0));
        assert_eq!(day.mean(Part::Evening), None);
    }

    #[test]
    fn noon_is_neither_morning_nor_evening_and_the_night_is_evening() {
        let day = day(&[
            (239, 101, 61),
            (240, 102, 62),
            (719, 104, 64),
            (720, 180, 99),
            (1019, 180, 99),
            (1020, 103, 63),
        ]);
        let of = |part| day.mean(part).map(|mean| (mean.systolic, mean.diastolic));
        assert_eq!(of(Part::Morning), Some((103.0, 63.0)));
        assert_eq!(of(Part::Evening), Some((102.0, 62.0)));
    }

    #[test]
    fn days_count_alike() {
        let of = |systolic| Pressure { systolic, diastolic: 80.0 };
        let (mean, days) = mean_of([of(140.0), of(130.0), of(130.0)].into_iter()).unwrap();
        assert_eq!((mean.systolic, days), (133.3, 3));
        assert!(mean_of(std::iter::empty()).is_none());
    }
}
