//! What must be seen, and where: the form of that part of a case.

use std::collections::BTreeMap;

use clinical::Kind;
use serde::Deserialize;
use serde_json::Value;

use crate::case::{Case, PHYSICIAN};

/// What must be seen of a patient. What is not said is not looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Whose, where the case has several patients.
    pub patient: Option<String>,
    /// Who looks.
    #[serde(default = "physician")]
    pub by: String,
    /// The current readings, all and in order, the oldest first.
    pub readings: Option<Vec<SeenReading>>,
    /// What came in lately with a date of long ago, all of it.
    pub backdated: Option<Vec<SeenReading>>,
    /// The newest reading of each kind in the list of patients, all of them.
    pub latest: Option<Vec<SeenReading>>,
    /// The alerts that there are and ever were, all of them; those that are open are in the list of
    /// patients and in the list of alerts too.
    pub alerts: Option<Vec<SeenAlert>>,
    /// The time zone in which the patient's times are shown.
    pub time_zone: Option<String>,
    /// What the accepted records became, in the order of the partition: outcomes that are stored.
    pub outcomes: Option<Vec<String>>,
    /// Why records of Kafka were rejected, in the order of the partition.
    pub rejected: Option<Vec<String>>,
}

fn physician() -> String {
    PHYSICIAN.to_owned()
}

/// A current reading as the API says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenReading {
    /// Its kind.
    pub kind: String,
    /// Its values, all of them.
    pub values: BTreeMap<String, Value>,
    /// Its marks, all of them: members of the answer that are there and not false.
    #[serde(default)]
    pub marks: Vec<String>,
    /// What the version was when it arrived.
    pub outcome: Option<String>,
}

/// The marks that a reading may have, by their names in the API.
pub const MARKS: [&str; 4] = ["copy_of", "time_unknown", "observed_long_ago", "observed_ahead"];

/// An alert as the API says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenAlert {
    /// The rule.
    pub rule: String,
    /// How soon somebody should look.
    pub severity: Option<String>,
    /// Whether it asks for attention.
    #[serde(default = "open")]
    pub status: String,
    /// How far the rule has come.
    pub stage: Option<String>,
    /// Whether it rests on what came late.
    pub late: Option<bool>,
    /// Findings that it has, by their names.
    #[serde(default)]
    pub findings: Vec<String>,
    /// Every transition that was ever reported of it.
    pub transitions: Option<Vec<String>>,
    /// The readings that it rests on, all and in order, with the marks that evidence has.
    pub evidence: Option<Vec<SeenReading>>,
    /// Words that its English text holds.
    #[serde(default)]
    pub says: String,
    /// Words that its Japanese text holds.
    #[serde(default)]
    pub says_ja: String,
}

fn open() -> String {
    "open".to_owned()
}

/// What a service must have counted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Which service.
    pub service: Counting,
    /// The series: name and labels as the page `/metrics` writes them.
    pub series: String,
    /// What the case adds to it, at least.
    pub adds: f64,
}

/// A service that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the services' names")]
pub enum Counting {
    Gateway,
    Processor,
    Writer,
    Dashboard,
}

impl Seen {
    pub(crate) fn check(&self, case: &Case) -> Result<(), String> {
        case.patient(self.patient.as_deref())?;
        let evidence = self.alerts.iter().flatten().flat_map(|alert| &alert.evidence);
        let lists = [&self.readings, &self.backdated, &self.latest];
        let shown = lists.into_iter().flatten().chain(evidence).flatten();
        shown.into_iter().try_for_each(SeenReading::check)?;
        let says_nothing = lists.into_iter().all(Option::is_none)
            && self.alerts.is_none()
            && self.time_zone.is_none()
            && self.outcomes.is_none()
            && self.rejected.is_none();
        if says_nothing { Err("nothing is looked at".to_owned()) } else { Ok(()) }
    }
}

impl SeenReading {
    fn check(&self) -> Result<(), String> {
        let kind = Kind::parse(&self.kind).ok_or_else(|| format!("no kind is {:?}", self.kind))?;
        let has = |name: &str| {
            let names = [name, name.trim_end_matches("_sent")];
            kind.fields().iter().any(|field| names.contains(&field.name))
        };
        if let Some(name) = self.values.keys().find(|name| !has(name)) {
            return Err(format!("{kind} has no field {name}"));
        }
        match self.marks.iter().find(|mark| !MARKS.contains(&mark.as_str())) {
            Some(mark) => Err(format!("{mark} is no mark: there are {}", MARKS.join(", "))),
            None => Ok(()),
        }
    }
}
