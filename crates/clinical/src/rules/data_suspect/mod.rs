//! `data.suspect`: what comes cannot be judged as it should be. The findings name the reasons:
//!
//! - `clock_not_set`: a device's clock shows its factory date, or another month or year from day to day, so
//!   nobody knows when it measured. Among such values the severe ones are a *review*, never a page: they may be a month old. It ends when the
//!   device measures with its clock set, or 30 days after it was last sent.
//! - `update_time_ahead`: a sender's clock is ahead. It ends with the source's next version that is not,
//!   or 7 days after the last that was.
//! - `update_time_behind`: a sender's clock is behind, so that its corrections are older than what they
//!   correct. It ends with the source's next version that corrects anything, or 7 days after the last that
//!   was too old.
//! - `memory_full`: there are more readings or devices than are remembered, and the oldest have made
//!   room. It ends when all of the window is judged again, which is up to 41 days later, and no sooner
//!   than a day after the last that others made room for.
//! - `same_minute`: a severe reading was replaced by another of the same whole minute and device, by the
//!   device itself or by hand within two minutes: a device without seconds has probably measured twice. Or
//!   it was replaced by another of the same factory date: a clock that stands still gives all measurements
//!   one id. It is a *review*, and ends with a later correction of the reading by hand or as entered in
//!   error, of a factory date with a version that says the same values, or after 7 days.
//! - `observed_long_ago`: a severe value was registered now, with a date of long ago. It is a *review*, an
//!   hour after its receipt, and ends when a history comes or the device is seen to be set after that, or after
//!   14 days.
//! - `overtaken`: a severe value with seconds was replaced by another that no person has written, and no alert
//!   had reported it; or it came behind that one. It is a *review*, and ends as `same_minute` does.
//! - `sensor_at_low_end`, `sensor_at_high_end`: a sensor shows the end of what it can say for hours
//!   ([`sensor_end`]). It ends with a value that is not there, or a day after the sensor's last one.
//! - `unit_suspected`: a value is plausible in another unit alone ([`units`]). It ends with the device's
//!   next value that is plausible as it is, or 7 days after the last that is not.
//!
//! The last three are of the current readings, and so are the same in whatever order these came. They are
//! beside what other rules say of the values, which are judged as they were sent, and never instead of it.
//!
//! An alert whose severe values turn out to be entered in error is retracted; one whose reasons have
//! gone is resolved.

#[cfg(test)]
mod far_behind_tests;
mod limits;
#[cfg(test)]
mod long_ago_tests;
#[cfg(test)]
mod long_ago_versions_tests;
#[cfg(test)]
mod overtaken_tests;
mod replaced;
#[cfg(test)]
mod reported_tests;
mod sensor_end;
#[cfg(test)]
mod sensor_end_tests;
#[cfg(test)]
mod severe_tests;
#[cfg(test)]
mod still_clock_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unit_tests;
mod units;
mod wording;

use crate::alert::{Alert, Severity, Stage, Text, Values};
use crate::episode::{Episode, EvidenceReading};
use crate::fixed::Fixed;
use crate::glucose::GLUCOSE;
use crate::kinds::Kind;
use crate::measured::Side;
use crate::parameter::Parameter;
use crate::plan::Plan;
use crate::reading::ReadingId;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Change, Context, Rule, parameters, values};
use crate::rules;
use crate::sample::Sample;
use crate::source::SourceDigest;
use crate::suspicions::{Replaced, SAME_MINUTE_FOR, Suspicions, UnknownTime};
use crate::time::{Span, Timestamp};

use limits::{HIGH_END, LOW_END};
use units::WEIGHT;

const CLOCK_NOT_SET: &str = "clock_not_set";
const UPDATE_TIME_AHEAD: &str = "update_time_ahead";
const UPDATE_TIME_BEHIND: &str = "update_time_behind";
const MEMORY_FULL: &str = "memory_full";
/// Their numbers are how many of the alert's evidence, the last ones, were handed over as of long ago, were
/// replaced, or were overtaken, in this order.
const OBSERVED_LONG_AGO: &str = "observed_long_ago";
const SAME_MINUTE: &str = "same_minute";
const OVERTAKEN: &str = "overtaken";
/// Their numbers are how many of the alert's evidence, the first ones, are the first values of such
/// sensors: those at the low end before those at the high end.
const SENSOR_AT_LOW_END: &str = "sensor_at_low_end";
const SENSOR_AT_HIGH_END: &str = "sensor_at_high_end";
/// Its number is how many of the alert's evidence, behind those of sensors, show a wrong unit.
const UNIT_SUSPECTED: &str = "unit_suspected";
/// What the first of these would be if the units were confused, in the field's unit.
const IN_OTHER_UNIT: &str = "in_other_unit";

/// Of so many severe values of each reason an alert tells, those that are reported last.
const MOST_EVIDENCE: usize = 3;

/// The rule.
#[derive(Debug)]
struct DataSuspect;

/// The rules of this folder.
pub(super) fn rules() -> impl Iterator<Item = &'static dyn Rule> {
    std::iter::once(&DataSuspect as &dyn Rule)
}

impl Rule for DataSuspect {
    fn name(&self) -> &str {
        "data.suspect"
    }

    /// Of those that one device says at its end, or in two units. Of what is suspected of receipts it needs
    /// none: that costs a reading nothing that says nothing of it.
    fn kinds(&self) -> &[Kind] {
        &[GLUCOSE, WEIGHT]
    }

    /// A sensor is compared with itself, and of what came over two ways either shows the unit.
    fn reads_copies(&self) -> bool {
        true
    }

    fn parameters(&self) -> &'static [Parameter] {
        const { &[LOW_END, HIGH_END] }
    }

    fn fixed(&self) -> &'static [&'static [Fixed]] {
        &[limits::FIXED, crate::suspicions::FIXED]
    }

    fn reads_suspicions(&self) -> bool {
        true
    }

    fn assess(&self, context: &Context<'_>) -> Assessment {
        if let Some(waiting) = Assessment::waiting(context) {
            return waiting;
        }
        let open = context.open();
        let mut found = Assessment {
            covered: open.iter().map(|alert| alert.id).collect(),
            ..Assessment::default()
        };
        let mut reasons =
            context.suspicions().map(|of| Reasons::of(of, context)).unwrap_or_default();
        reasons.add_replaced(context.suspicions(), context);
        reasons.add_readings(context);
        reasons.ends.iter().for_each(|end| found.assess_again_at(*end));
        let Some(began) = reasons.began else {
            found.episodes.extend(open.and_then(|alert| ended(alert, context)));
            return found;
        };
        let began = open.map_or(began, |alert| alert.first_observed_at);
        let severity =
            if reasons.severe.is_empty() { Severity::Technical } else { Severity::Review };
        found.episodes.push(Episode {
            continues: open.map(|alert| alert.id),
            established: reasons.readings.into_iter().chain(reasons.severe).collect(),
            is_of_unknown_time: true,
            findings: reasons.names,
            parameters: reasons.parameters,
            ..Episode::without_readings(Stage::Unconfirmed, severity, began)
        });
        found
    }

    fn is_unaffected(&self, change: &Change, context: &Context<'_>) -> bool {
        if let Some(until) = context.rest_until {
            return context.due == Some(until);
        }
        // Most values are far from all of this, and no alert tells of any.
        (change.kind != GLUCOSE || sensor_end::is_unaffected(change, context))
            && units::is_unaffected(change)
            && !context.open().is_some_and(reports_readings)
    }

    /// What a sensor has said for hours may come with what it said after that. It is not known here of which
    /// kind a sample is: a weight that looks like such a value waits for a minute as well.
    fn waits_for_the_rest(&self, sample: Sample, _: Span) -> bool {
        sensor_end::end_of(sample).is_some()
    }

    fn wording_version(&self) -> i32 {
        3
    }

    fn words(&self, alert: &Alert) -> Text {
        wording::words(alert)
    }
}

/// Whether an alert tells of what the current readings say.
fn reports_readings(alert: &Alert) -> bool {
    let names = [SENSOR_AT_LOW_END, SENSOR_AT_HIGH_END, UNIT_SUSPECTED];
    names.into_iter().any(|name| alert.finding(name).is_some())
}

/// An open alert whose reasons have gone; none where they were taken back.
fn ended(alert: &Alert, context: &Context<'_>) -> Option<Episode> {
    let is_taken_back =
        |cause: &ReadingId| alert.evidence.iter().any(|evidence| evidence.reading == *cause);
    if context.cause.is_some_and(is_taken_back) {
        return None;
    }
    let began = alert.first_observed_at;
    Some(Episode {
        continues: Some(alert.id),
        established: alert.evidence.iter().map(EvidenceReading::from).collect(),
        is_of_unknown_time: true,
        findings: alert.findings.clone(),
        parameters: alert.parameters.clone(),
        ended: Some(context.now),
        ..Episode::without_readings(Stage::Unconfirmed, alert.severity, began)
    })
}

/// What is suspected now.
#[derive(Debug, Default)]
struct Reasons {
    /// Since when the first of them is.
    began: Option<Timestamp>,
    /// When each lapses.
    ends: Vec<Timestamp>,
    names: Values,
    /// The values of sensors at their ends, and those of another unit.
    readings: Vec<EvidenceReading>,
    /// The severe values of unknown time, and those that were replaced or overtaken.
    severe: Vec<EvidenceReading>,
    /// What was judged against.
    parameters: Values,
}

impl Reasons {
    fn of(suspicions: &Suspicions, context: &Context<'_>) -> Self {
        let mut reasons = Self::default();
        for (name, is_by_date) in [(CLOCK_NOT_SET, false), (OBSERVED_LONG_AGO, true)] {
            let reported = suspicions.of_unknown_time(context.now);
            // Of a date alone the limits of the patient's own plan say which are reported.
            let is_reported = |one: &&UnknownTime| {
                one.is_by_date() == is_by_date
                    && (!is_by_date || rules::is_severe(one.kind, one.reading.sample, context.plan))
            };
            let reported = reported.filter(is_reported);
            let readings = reported.clone().map(|one| (one.kind, one.reading, one.reported_from));
            let severe = severe(readings, context.plan);
            // Each may be a severe one, so that each end may change what is said.
            let since = reported.clone().map(|one| one.received).min();
            let next = reported.map(UnknownTime::until).min();
            let (Some(since), Some(next)) = (since, next) else { continue };
            reasons.add(name, (since, next));
            if is_by_date {
                reasons.names.extend(values([(name, severe.len() as f64)]));
            }
            reasons.severe.extend(severe);
        }
        reasons.ends.extend(suspicions.reported_next(context.now));
        if let Some(since_until) = suspicions.update_time_ahead(context.now) {
            reasons.add(UPDATE_TIME_AHEAD, since_until);
        }
        if let Some(since_until) = suspicions.update_time_behind(context.now) {
            reasons.add(UPDATE_TIME_BEHIND, since_until);
        }
        if let Some(since_until) = suspicions.memory_full(context.now) {
            reasons.add(MEMORY_FULL, since_until);
        }
        reasons
    }

    /// Adds what was replaced or overtaken, as far as that can be known here, and of what lies before that what
    /// the open alert tells.
    fn add_replaced(&mut self, suspicions: Option<&Suspicions>, context: &Context<'_>) {
        for (name, is_overtaken) in [(SAME_MINUTE, false), (OVERTAKEN, true)] {
            let replaced = suspicions.into_iter().flat_map(|of| of.replaced(context.now));
            let replaced = replaced.filter(|one| {
                one.is_overtaken() == is_overtaken
                    && replaced::is_known_here(one, context)
                    && rules::is_severe(one.kind, one.reading.sample, context.plan)
                    && !replaced::is_reported_elsewhere(one, context)
            });
            let known: Vec<&Replaced> = replaced.collect();
            let open = context.open();
            let not_known = open.map(|alert| replaced::not_known_here(alert, name, context));
            let not_known = not_known.unwrap_or_default();
            let since = known.iter().map(|one| one.received);
            let Some(first) = since.chain(not_known.iter().map(|one| one.since)).min() else {
                continue;
            };
            let reported = replaced::reported_last(&known, &not_known, open, name);
            self.add(name, (first, first + SAME_MINUTE_FOR));
            self.names.extend(values([(name, reported.len() as f64)]));
            self.severe.extend(reported);
        }
    }

    /// Adds what the current readings say.
    fn add_readings(&mut self, context: &Context<'_>) {
        let at_end = sensor_end::all(context);
        for (end, name) in [(Side::Below, SENSOR_AT_LOW_END), (Side::Above, SENSOR_AT_HIGH_END)] {
            let mut evidence = Vec::new();
            for one in at_end.iter().filter(|one| one.end == end) {
                self.add(name, (one.since, one.until));
                evidence.push(EvidenceReading { kind: GLUCOSE, reading: one.first });
            }
            self.add_evidence(name, evidence);
        }
        if !at_end.is_empty() {
            self.parameters = parameters(context.plan, [&LOW_END, &HIGH_END]);
        }
        let units = units::all(context);
        for one in &units {
            self.add(UNIT_SUSPECTED, (one.since(), one.until()));
            let tenths = (one.in_other_unit * 10.0).round() / 10.0;
            self.names.extend(values([(IN_OTHER_UNIT, tenths)]));
        }
        let evidence = units.into_iter().rev().flat_map(|one| one.readings).collect();
        self.add_evidence(UNIT_SUSPECTED, evidence);
    }

    /// The first few of the readings that show a reason, and how many of the evidence they are.
    fn add_evidence(&mut self, name: &'static str, mut evidence: Vec<EvidenceReading>) {
        evidence.truncate(MOST_EVIDENCE);
        // A value of the same reading that another replaced is reported as that.
        let is_reported = |one: &EvidenceReading| {
            let is_of = |reported: &EvidenceReading| {
                reported.kind == one.kind && reported.reading.is_of(&one.reading)
            };
            self.severe.iter().any(is_of)
        };
        evidence.retain(|one| !is_reported(one));
        if self.names.contains_key(name) {
            self.names.extend(values([(name, evidence.len() as f64)]));
        }
        self.readings.extend(evidence);
    }

    fn add(&mut self, name: &'static str, (since, until): (Timestamp, Timestamp)) {
        self.began = Some(self.began.map_or(since, |began| began.min(since)));
        self.ends.push(until);
        self.names.extend(values([(name, 1.0)]));
    }
}

/// A reading of a kind, and since when it is reported.
type Reported = (Kind, CurrentReading, Timestamp);

/// Where a value stands among those that are reported: since when it is, then when it was observed.
type Place = (Timestamp, Timestamp, Kind, SourceDigest);

fn place(EvidenceReading { kind, reading }: EvidenceReading, reported_from: Timestamp) -> Place {
    (reported_from, reading.time, kind, reading.source)
}

/// The severe values that are reported last, in the order of that.
fn severe(readings: impl Iterator<Item = Reported>, plan: &Plan) -> Vec<EvidenceReading> {
    let severe = readings.filter(|(kind, one, _)| rules::is_severe(*kind, one.sample, plan));
    let reported = |(kind, reading, from): Reported| {
        let reading = EvidenceReading { kind, reading };
        (Some(place(reading, from)), reading)
    };
    newest(severe.map(reported).collect())
}

/// Those that are reported last. Of one place the order stays.
fn newest(mut reported: Vec<(Option<Place>, EvidenceReading)>) -> Vec<EvidenceReading> {
    reported.sort_by_key(|(place, _)| *place);
    let newest = reported.split_off(reported.len().saturating_sub(MOST_EVIDENCE));
    newest.into_iter().map(|(_, one)| one).collect()
}
