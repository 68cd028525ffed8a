//! Reads a scenario's file, and says the line and the key of what is wrong.

use std::fmt;

use clinical::alert::RuleName;
use clinical::programmes::{self, Programme};
use clinical::{Kind, Span, Timestamp, rules};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::{
    Change, During, ExpectedAlert, Measurable, Measure, Person, Quantity, Scenario, Silence,
    WrongClock,
};

/// What is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// The key, or the table's head, that stands there.
    pub key: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}: {}", self.line, self.key, self.what)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    fn at(text: &str, at: usize, what: String) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count();
        let written = text.lines().nth(line).unwrap_or_default();
        let key = written.split('=').next().unwrap_or_default().trim();
        Self { line: line + 1, key: key.to_owned(), what }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    days: u16,
    patient: Person,
    #[serde(default)]
    change: Vec<ChangeTable>,
    #[serde(default)]
    measure: Vec<MeasureTable>,
    #[serde(default)]
    silence: Vec<SilenceTable>,
    #[serde(default)]
    clock: Vec<ClockTable>,
    #[serde(default)]
    alert: Vec<ExpectedAlert>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeTable {
    quantity: Quantity,
    by: f64,
    day: Spanned<u16>,
    #[serde(deserialize_with = "time_of_day")]
    at: Span,
    #[serde(deserialize_with = "span")]
    lasts: Span,
    #[serde(default, deserialize_with = "span")]
    rise: Span,
    #[serde(default, deserialize_with = "span")]
    fall: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureTable {
    kind: Measurable,
    day: Spanned<u16>,
    #[serde(deserialize_with = "time_of_day")]
    at: Span,
    times: u16,
    #[serde(deserialize_with = "span")]
    every: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SilenceTable {
    #[serde(default)]
    kinds: Vec<Kind>,
    day: Spanned<u16>,
    #[serde(deserialize_with = "time_of_day")]
    at: Span,
    #[serde(deserialize_with = "span")]
    lasts: Span,
    #[serde(default)]
    sent_later: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockTable {
    kind: Kind,
    #[serde(deserialize_with = "instant")]
    shows: Timestamp,
    day: Spanned<u16>,
    #[serde(deserialize_with = "time_of_day")]
    at: Span,
    #[serde(deserialize_with = "span")]
    lasts: Span,
}

pub(super) fn parse(name: &'static str, text: &str) -> Result<Scenario, Fault> {
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Fault::at(text, at, error.message().to_owned())
    })?;
    let reader = Reader { text, days: file.days };
    let changes = file.change.into_iter().map(|one| {
        let during = reader.during(&one.day, one.at, one.lasts)?;
        let ChangeTable { quantity, by, rise, fall, .. } = one;
        Ok(Change { quantity, by, during, rise, fall })
    });
    let measures = file.measure.into_iter().map(|one| {
        let first = reader.begin(&one.day, one.at)?;
        Ok(Measure { what: one.kind, first, times: one.times, every: one.every })
    });
    let silences = file.silence.into_iter().map(|one| {
        let during = reader.during(&one.day, one.at, one.lasts)?;
        Ok(Silence { kinds: one.kinds, during, sent_later: one.sent_later })
    });
    let clocks = file.clock.into_iter().map(|one| {
        let during = reader.during(&one.day, one.at, one.lasts)?;
        Ok(WrongClock { kind: one.kind, shows: one.shows, during })
    });
    Ok(Scenario {
        name,
        about: file.about,
        days: file.days.into(),
        patient: file.patient,
        changes: changes.collect::<Result<_, Fault>>()?,
        measures: measures.collect::<Result<_, Fault>>()?,
        silences: silences.collect::<Result<_, Fault>>()?,
        clocks: clocks.collect::<Result<_, Fault>>()?,
        alerts: file.alert,
    })
}

struct Reader<'t> {
    text: &'t str,
    days: u16,
}

impl Reader<'_> {
    fn begin(&self, day: &Spanned<u16>, at: Span) -> Result<Span, Fault> {
        if *day.get_ref() >= self.days {
            let what = format!("the scenario has days 0 to {}", self.days.saturating_sub(1));
            return Err(Fault::at(self.text, day.span().start, what));
        }
        Ok(Span::from_days(i64::from(*day.get_ref())) + at)
    }

    fn during(&self, day: &Spanned<u16>, at: Span, lasts: Span) -> Result<During, Fault> {
        let from = self.begin(day, at)?;
        let until = from + lasts;
        if until > Span::from_days(self.days.into()) {
            let what = format!("it lasts longer than the scenario's {} days", self.days);
            return Err(Fault::at(self.text, day.span().start, what));
        }
        Ok(During { from, until })
    }
}

/// `02:30`, Japan's time.
fn time_of_day<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
    let text = String::deserialize(from)?;
    let parsed = || {
        let (hours, minutes) = text.split_once(':')?;
        let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
        let is_time = hours < 24 && minutes < 60 && text.len() == 5;
        is_time.then(|| Span::from_minutes(i64::from(hours) * 60 + i64::from(minutes)))
    };
    parsed().ok_or_else(|| D::Error::custom(format!("write a time as 02:30, not {text}")))
}

/// `90 minutes`, `36 hours`, `5 days`.
fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
    let text = String::deserialize(from)?;
    let parsed = || {
        let (number, unit) = text.split_once(' ')?;
        let number = i64::from(number.parse::<u16>().ok()?);
        match unit {
            "minute" | "minutes" => Some(Span::from_minutes(number)),
            "hour" | "hours" => Some(Span::from_hours(number)),
            "day" | "days" => Some(Span::from_days(number)),
            _ => None,
        }
    };
    parsed().ok_or_else(|| {
        D::Error::custom(format!("write a span as 90 minutes, 36 hours or 5 days, not {text}"))
    })
}

/// `2020-01-01T00:00:00+09:00`.
fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(from)?;
    let instant: jiff::Timestamp = text.parse().map_err(|_| {
        D::Error::custom(format!("write a time as 2020-01-01T00:00:00+09:00, not {text}"))
    })?;
    Ok(Timestamp::from_millis(instant.as_millisecond()))
}

pub(super) fn programme<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<&'static Programme>, D::Error> {
    let name = String::deserialize(from)?;
    let found = programmes::find(&name);
    let unknown = || D::Error::custom(format!("no programme is named {name}"));
    found.map(Some).ok_or_else(unknown)
}

pub(super) fn rule<'de, D: Deserializer<'de>>(from: D) -> Result<RuleName, D::Error> {
    let name = String::deserialize(from)?;
    rules::name(&name).ok_or_else(|| D::Error::custom(format!("no rule is named {name}")))
}
