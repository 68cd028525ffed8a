//! `mimamori rules preview`: which alerts the readings of patients would have raised under a rule set.
//!
//! An operator sees no patient: this says how many alerts of which rule there would have been, now and
//! under the file, and of fewer than five patients no number. Whose readings were judged is recorded
//! before anything is said. `--list` prints every alert of the file, `--list=readings` every reading beyond
//! one of its limits: for data sets with labels, whose people nobody knows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clinical::alert::Severity;
use clinical::limit::Side;
use clinical::local_time::ConsortiumTimes;
use clinical::plan::Plan;
use clinical::preview::{self, FlaggedReading, PreviewedAlert, ReceivedReading};
use clinical::reliability::{ProductDigest, Trust, TrustedProducts};
use clinical::trial::FEWEST;
use clinical::{PatientId, Span, Timestamp, rules};
use dashboard::clock::now;
use schemas::registry::{Consortium, DeviceModel};
use schemas::topics::Topic;
use schemas::{CarePlan, Codec};
use stream::follow::Start;

use super::known::Known;
use crate::entries::{decoded, each};
use crate::followers;
use crate::operator::{OperatorArgs, record_access};
use crate::source::{Source, StoreSource};

/// Arguments of `mimamori rules preview`.
#[derive(Debug, clap::Args)]
pub struct PreviewArgs {
    #[command(flatten)]
    from: StoreSource,
    #[command(flatten)]
    by: OperatorArgs,
    /// A rule set, in TOML
    file: PathBuf,
    /// The patients in whose care team this practitioner is, or whose consortium's fallback team while
    /// they have none of their own
    #[arg(long, value_name = "PRACTITIONER", conflicts_with = "patients")]
    team: Option<String>,
    /// The patients of a file, one consortium_id/person_id a line
    #[arg(long, value_name = "FILE")]
    patients: Option<PathBuf>,
    /// How many days
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// Until when (2026-11-22T07:31:00+09:00); now where it is not given
    #[arg(long, value_name = "TIME")]
    until: Option<jiff::Timestamp>,
    /// Takes every reading as received when it was observed: for a history that was imported
    #[arg(long)]
    in_time: bool,
    /// Prints every alert under the file, or every reading with a value beyond a limit of it, a JSON object
    /// a line; only for data sets with labels, not for patients
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "alerts"
    )]
    list: Option<Listed>,
}

/// What is printed one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Listed {
    /// Patient, rule, when it was raised, most urgent, and its first and last observation
    Alerts,
    /// Patient, rule, when it was observed, its day where the patient lives, field, value, the limit and its
    /// side, and when the alert was raised to which it belongs, if there is one: each value by itself,
    /// confirmed or not; rules of days and weeks have no such limit
    Readings,
}

/// Alerts, and how many patients have one.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Tally {
    alerts: usize,
    patients: usize,
}

impl Tally {
    /// The alerts of one more patient.
    fn add(&mut self, alerts: usize) {
        self.alerts += alerts;
        self.patients += usize::from(alerts > 0);
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.patients {
            1..FEWEST => write!(f, "< {FEWEST}"),
            _ => write!(f, "{}", self.alerts),
        }
    }
}

/// How many alerts there would have been of a rule, and how many of them urgent at some time.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    all: Tally,
    urgent: Tally,
}

/// By rule, now and under the file.
type Counts = BTreeMap<&'static str, [Count; 2]>;

/// Blocks the thread.
pub(super) fn run(args: &PreviewArgs) -> anyhow::Result<()> {
    let proposed = Arc::new(super::read(&args.file)?);
    let codec = args.from.source.codec()?;
    let known = Known::read(&args.from.source, &codec)?;
    let patients = match (&args.team, &args.patients) {
        (Some(practitioner), _) => of_practitioner(&args.from.source, &codec, practitioner)?,
        (None, Some(file)) => of_file(file)?,
        (None, None) => bail!("give --team PRACTITIONER or --patients FILE"),
    };
    if let Err(few) = enough(&patients) {
        let what = format!("refused: {few}");
        record(args, &patients, (&what, false))?;
        return Err(few);
    }
    let plans = plans(&args.from.source, &codec)?;
    let trusted = Arc::new(trusted(&args.from.source, &codec)?);
    let consortia = consortia(&args.from.source, &codec)?;
    let now = now();
    let to = args.until.map_or(now, |time| Timestamp::from_millis(time.as_millisecond()));
    let from = to - Span::from_days(args.days.into());
    let what = match args.list {
        None => "how many alerts there would have been",
        Some(Listed::Alerts) => "every alert there would have been",
        Some(Listed::Readings) => "every reading beyond a limit",
    };
    let what = format!("{what} by the rule set {}", proposed.name());
    record(args, &patients, (&what, true))?;
    let store = args.from.store("rules_preview")?;
    let in_force = known.sets.in_force(now).cloned();
    let name = in_force.as_ref().map_or(rules::RULE_SET, |set| set.name()).to_owned();
    let mut counts = Counts::new();
    let runtime = tokio::runtime::Handle::current();
    for patient in &patients {
        let readings = runtime.block_on(store.received_readings(patient, (from, to)));
        let readings = as_received(readings.context("the readings cannot be read")?, args.in_time);
        let plan = plans.get(patient.as_str()).cloned().unwrap_or_default();
        let plan = plan.with_consortium_time(consortia.of(patient.consortium()).clone());
        let under = |set| plan.clone().under(set).trusting(trusted.clone());
        let plans = [in_force.clone(), Some(proposed.clone())].map(under);
        let both = plans
            .each_ref()
            .map(|plan| preview::alerts(patient, readings.clone(), plan, (from, to)));
        let [_, plan] = plans;
        match args.list {
            None => {}
            Some(Listed::Alerts) => both[1].iter().for_each(|alert| println!("{}", line(alert))),
            Some(Listed::Readings) => preview::flagged(&readings, &plan, (from, to), &both[1])
                .iter()
                .for_each(|one| println!("{}", line_of_reading(patient, one, &plan))),
        }
        count(&mut counts, &both);
    }
    eprintln!(
        "{} patients, {from} to {to}: alerts by {name} -> by {}",
        patients.len(),
        proposed.name()
    );
    for line in said(&counts) {
        eprintln!("{line}");
    }
    Ok(())
}

fn record(
    args: &PreviewArgs,
    patients: &BTreeSet<PatientId>,
    (what, allowed): (&str, bool),
) -> anyhow::Result<()> {
    let whose = patients.iter().map(PatientId::as_str);
    let how = ("preview_rule_set", allowed);
    record_access(&args.from.source, &args.by.operator, how, what, whose)
}

fn enough(patients: &BTreeSet<PatientId>) -> anyhow::Result<()> {
    if patients.len() < FEWEST {
        bail!("name five patients or more: of fewer, each count tells something of one");
    }
    Ok(())
}

fn as_received(mut readings: Vec<ReceivedReading>, in_time: bool) -> Vec<ReceivedReading> {
    if in_time {
        for one in &mut readings {
            one.received = one.reading.observation_time;
        }
    }
    readings
}

/// Counts a patient's alerts.
fn count(counts: &mut Counts, both: &[Vec<PreviewedAlert>; 2]) {
    for (which, alerts) in both.iter().enumerate() {
        let of_patient =
            alerts.iter().map(|PreviewedAlert { alert, highest }| (alert.rule.as_str(), *highest));
        count_of(counts, which, of_patient);
    }
}

fn count_of(
    counts: &mut Counts,
    which: usize,
    alerts: impl Iterator<Item = (&'static str, Severity)>,
) {
    let mut by_rule: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for (rule, highest) in alerts {
        let (all, urgent) = by_rule.entry(rule).or_default();
        *all += 1;
        *urgent += usize::from(highest == Severity::Urgent);
    }
    for (rule, (all, urgent)) in by_rule {
        let count = &mut counts.entry(rule).or_default()[which];
        count.all.add(all);
        count.urgent.add(urgent);
    }
}

fn said(counts: &Counts) -> Vec<String> {
    let line = |(rule, [now, then]): (&&str, &[Count; 2])| {
        format!(
            "{rule}: {} -> {}, of them urgent {} -> {}",
            now.all, then.all, now.urgent, then.urgent
        )
    };
    if counts.is_empty() { vec!["no alert".to_owned()] } else { counts.iter().map(line).collect() }
}

fn line(previewed: &PreviewedAlert) -> String {
    let PreviewedAlert { alert, highest } = previewed;
    serde_json::json!({
        "patient": alert.patient.as_str(),
        "rule": alert.rule.as_str(),
        "raised_at": alert.raised_at.to_string(),
        "highest": highest.as_str(),
        "status": alert.status.as_str(),
        "first_observed_at": alert.first_observed_at.to_string(),
        "last_observed_at": alert.last_observed_at.to_string(),
    })
    .to_string()
}

fn line_of_reading(patient: &PatientId, flagged: &FlaggedReading, plan: &Plan) -> String {
    let FlaggedReading { reading, rule, limit, value, alert_raised_at } = flagged;
    let side = match limit.side {
        Side::AtOrAbove => "at_or_above",
        Side::Above => "above",
        Side::Below => "below",
        Side::AtOrBelow => "at_or_below",
    };
    serde_json::json!({
        "patient": patient.as_str(),
        "rule": rule,
        "observed_at": reading.observation_time.to_string(),
        "day": plan.local_time().day_of(reading.observation_time).to_string(),
        "kind": reading.kind.as_str(),
        "field": limit.field_name(),
        "value": value,
        "side": side,
        "limit": limit.value,
        "alert_raised_at": alert_raised_at.map(|at| at.to_string()),
    })
    .to_string()
}

fn of_file(path: &Path) -> anyhow::Result<BTreeSet<PatientId>> {
    let text = super::text_of(path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            let place = || format!("{}, line {}", path.display(), index + 1);
            PatientId::parse(line.trim()).with_context(place)
        })
        .collect()
}

/// The patients of a practitioner, as the dashboard shows them.
fn of_practitioner(
    source: &Source,
    codec: &Codec,
    practitioner: &str,
) -> anyhow::Result<BTreeSet<PatientId>> {
    let registry = followers::registry(source, codec)?;
    followers::know_alerts(&registry, source, codec)?;
    if !registry.staff(practitioner).is_some_and(|staff| staff.role.sees_patients()) {
        bail!("no physician {practitioner} is registered, so nobody is followed by them");
    }
    let patients = registry.patients_of(practitioner);
    Ok(patients.iter().filter_map(|patient| PatientId::parse(patient).ok()).collect())
}

/// The care plans that rules can work with.
pub(super) fn plans(source: &Source, codec: &Codec) -> anyhow::Result<HashMap<String, Plan>> {
    let decoder = codec.decoder::<CarePlan>();
    let mut plans = HashMap::new();
    each(source, &source.topics().name(Topic::CarePlans), Start::Beginning, |patient, plan| {
        match decoded(&decoder, plan)?.and_then(|plan| plan.validate().ok()) {
            Some(plan) => plans.insert(patient, plan),
            None => plans.remove(&patient),
        };
        Ok(())
    })?;
    Ok(plans)
}

/// How far products are trusted, as the processor knows it.
fn trusted(source: &Source, codec: &Codec) -> anyhow::Result<TrustedProducts> {
    let decoder = codec.decoder::<DeviceModel>();
    let mut products: HashMap<String, (ProductDigest, Trust)> = HashMap::new();
    each(source, &source.topics().name(Topic::RegistryDevices), Start::Beginning, |key, entry| {
        match decoded(&decoder, entry)?.and_then(|entry| entry.trusted()) {
            Some(product) => products.insert(key, product),
            None => products.remove(&key),
        };
        Ok(())
    })?;
    Ok(products.into_values().collect())
}

/// By which local times consortia live, as the processor knows it.
fn consortia(source: &Source, codec: &Codec) -> anyhow::Result<ConsortiumTimes> {
    let decoder = codec.decoder::<Consortium>();
    let mut times = ConsortiumTimes::default();
    each(
        source,
        &source.topics().name(Topic::RegistryConsortia),
        Start::Beginning,
        |key, entry| {
            times.set(&key, decoded(&decoder, entry)?.and_then(|entry| entry.local_time()));
            Ok(())
        },
    )?;
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_say_how_many_there_are_now_and_would_be() {
        let mut counts = Counts::new();
        for _ in 0..5 {
            count_of(
                &mut counts,
                0,
                [("a", Severity::Review), ("a", Severity::Urgent)].into_iter(),
            );
            count_of(&mut counts, 1, [("a", Severity::Review)].into_iter());
        }
        assert_eq!(said(&counts), ["a: 10 -> 5, of them urgent 5 -> 0"]);
        assert_eq!(said(&Counts::new()), ["no alert"]);
    }

    #[test]
    fn alerts_of_fewer_than_five_patients_are_not_counted_however_many_they_are() {
        let mut counts = Counts::new();
        for patient in 0..5 {
            let highest = if patient == 0 { Severity::Urgent } else { Severity::Review };
            count_of(&mut counts, 1, [("a", highest), ("a", highest)].into_iter());
        }
        for _ in 0..4 {
            count_of(&mut counts, 0, std::iter::repeat_n(("a", Severity::Review), 9));
        }
        assert_eq!(said(&counts), ["a: < 5 -> 10, of them urgent 0 -> < 5"]);
    }

    #[test]
    fn fewer_than_five_patients_are_refused() {
        let of = |people: std::ops::RangeInclusive<u8>| {
            people.map(|person| PatientId::parse(&format!("A/{person}")).unwrap()).collect()
        };
        let refused = enough(&of(1..=4)).unwrap_err().to_string();
        assert!(refused.starts_with("name five patients or more"), "{refused}");
        assert!(enough(&of(1..=5)).is_ok());
    }
}
