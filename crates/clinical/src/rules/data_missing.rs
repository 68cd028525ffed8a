//! `data.missing.*`: readings that the care plan expects every day do not come.
//!
//! A *gap* is a run of local days without a current reading of the kind, from the plan's first day
//! or from the day after one with a reading. It becomes an episode when the plan's number of days
//! and six hours of grace have passed without a reading, and it ends with the next reading. Days are
//! those of the plan's time zone, 23 or 25 hours long where the clocks are moved. Everything is
//! counted in observation time: readings that come late and fill the gap take the alert back.

use jiff::civil::Date;

use crate::alert::{Alert, Rule, Severity, Stage, Status, Text};
use crate::episode::{Assessment, Episode};
use crate::measurement::Kind;
use crate::schedule::{Expected, Schedule};
use crate::time::{Span, Timestamp};

/// The episodes of a kind that a patient with such a grace is expected to send. `first_at` gives the observation time of the first
/// current reading at or after a time, as far back as `horizon`; `open_since` is when the gap of the
/// alert began that [`carried`] or still is open.
pub fn assess(
    (schedule, expected, grace): (&Schedule, &Expected, Span),
    first_at: impl Fn(Timestamp) -> Option<Timestamp>,
    open_since: Option<Timestamp>,
    horizon: Timestamp,
    now: Timestamp,
) -> Assessment {
    let mut found = Assessment::default();
    let mut first_day = begin(schedule, open_since, horizon);
    loop {
        let began = schedule.begin_of(first_day, 0);
        let due = schedule.begin_of(first_day, expected.missing_after_days()) + grace;
        let review_at = schedule.begin_of(first_day, expected.review_after_days()) + grace;
        let next = first_at(began);
        match next {
            Some(reading) if reading < due => first_day = day_after(schedule.day_of(reading)),
            _ if now < due => {
                found.look_again_at(due);
                return found;
            }
            Some(reading) => {
                let mut episode = episode(expected.kind(), began, reading >= review_at);
                episode.ended = Some(reading);
                found.episodes.push(episode);
                first_day = day_after(schedule.day_of(reading));
            }
            None => {
                found.episodes.push(episode(expected.kind(), began, now >= review_at));
                if now < review_at {
                    found.look_again_at(review_at);
                }
                return found;
            }
        }
    }
}

/// The first day that may be one without a reading. Days before the horizon cannot be told apart:
/// there the gap of an open alert goes on, if there is one.
fn begin(schedule: &Schedule, open_since: Option<Timestamp>, horizon: Timestamp) -> Date {
    let seen_from = first_whole_day(schedule, horizon);
    if schedule.start() >= seen_from {
        return schedule.start();
    }
    let open_since = open_since.filter(|since| *since < schedule.begin_of(seen_from, 0));
    let begin = open_since.map_or(seen_from, |since| schedule.day_of(since));
    begin.max(schedule.start())
}

/// The alert whose gap goes on across the beginning of the window: a gap of which the days before it
/// are known from the alert alone.
pub fn carried<'a>(
    schedule: &Schedule,
    mut alerts: impl Iterator<Item = &'a Alert>,
    horizon: Timestamp,
) -> Option<&'a Alert> {
    let seen_from = schedule.begin_of(first_whole_day(schedule, horizon), 0);
    alerts.find(|alert| {
        alert.status == Status::Resolved
            && alert.first_observed_at < seen_from
            && alert.last_observed_at >= seen_from
    })
}

/// The first day that is in the window from its beginning.
fn first_whole_day(schedule: &Schedule, horizon: Timestamp) -> Date {
    let day = schedule.day_of(horizon);
    if schedule.begin_of(day, 0) >= horizon { day } else { day_after(day) }
}

fn episode(kind: Kind, began: Timestamp, is_long: bool) -> Episode {
    let severity = if is_long { Severity::Review } else { Severity::Technical };
    Episode::without_readings(Rule::DataMissing(kind), Stage::Missing, severity, began)
}

fn day_after(day: Date) -> Date {
    day.tomorrow().unwrap_or(Date::MAX)
}

/// Whether a new reading, newer than all others of its kind, leaves every episode as it is: none is
/// open, and it comes before the gap since the last one would count.
pub fn changes_nothing(observed: Timestamp, is_open: bool, due: Option<Timestamp>) -> bool {
    !is_open && due.is_some_and(|due| observed < due)
}

/// What it is measured against, in days (UCUM).
pub fn threshold(expected: &Expected) -> String {
    format!("{} d", expected.missing_after_days())
}

/// What is said to the physician.
pub fn text(schedule: &Schedule, kind: Kind, began: Timestamp) -> Text {
    let day = schedule.day_of(began);
    let (ja, en) = name(kind);
    Text {
        ja: format!(
            "{ja}の測定値が{}年{}月{}日から届いていません。機器と通信、ご様子を確認してください。",
            day.year(),
            day.month(),
            day.day()
        ),
        en: format!(
            "No {en} reading since {day}. Check device and connection, and how the patient is."
        ),
    }
}

fn name(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::WeighingScale => ("体重", "weight"),
        Kind::BloodPressure => ("家庭血圧", "home blood pressure"),
        Kind::Activity => ("活動量", "activity"),
        Kind::Hba1c => ("HbA1c", "HbA1c"),
        Kind::BloodPressureCheckup => ("健診血圧", "check-up blood pressure"),
        Kind::BloodGlucose => ("血糖", "glucose"),
        Kind::BodyTemperature => ("体温", "temperature"),
        Kind::OxygenSaturation => ("酸素飽和度", "oxygen saturation"),
    }
}
