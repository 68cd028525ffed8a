//! `mimamori report devices`: errors of device products against reference values.

use std::collections::HashMap;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use clinical::Kind;
use clinical::reliability::{FEWEST_WEARERS, Trust};
use dashboard::reports::devices::{Measured, ProductReport, References, Report};
use schemas::registry::{DeviceModel, DeviceReliability, MasterLists};
use schemas::topics::Topic;
use stream::browse::read_to_end;
use stream::follow::Start;
use stream::producer::Outgoing;

use super::{ReportArgs, read};
use crate::operator::{by_operator, record_access};
use crate::registry::{outgoing, products_alone};
use crate::source::{Source, StoreSource};

/// Arguments of `mimamori report devices`.
#[derive(Debug, clap::Args)]
pub struct DevicesArgs {
    #[command(flatten)]
    report: ReportArgs,
    /// A table with the columns patient,at,value and commas between the values: at is a day, such as
    /// 2026-11-22, or a time with an offset, and the value is the true one in the unit of the field
    #[arg(long, value_name = "FILE")]
    reference: PathBuf,
    /// The kind of readings that are compared
    #[arg(long)]
    kind: String,
    /// The field of them; by default the kind's first number
    #[arg(long)]
    field: Option<String>,
    /// Writes the errors of registered products, and the trust level they suggest, into registry.devices.
    /// A level that somebody has set stays; recorded in audit.events
    #[arg(long)]
    apply: bool,
}

pub(super) fn run(args: &DevicesArgs) -> anyhow::Result<()> {
    let kind = Kind::parse(&args.kind).ok_or_else(|| {
        let kinds: Vec<&str> = Kind::LISTED.iter().map(|kind| kind.as_str()).collect();
        anyhow!("there is no kind {}; there are {}", args.kind, kinds.join(", "))
    })?;
    let of = Measured::new(kind, args.field.as_deref())
        .ok_or_else(|| anyhow!("{kind} has no number of that name; name a field that is one"))?;
    let references = read(&args.reference, References::parse)?;
    let what = "errors of device products, over five wearers or more";
    let ReportArgs { from: StoreSource { source, .. }, by } = &args.report;
    let patients = references.patients();
    let whose = patients.iter().map(String::as_str);
    record_access(source, &by.operator, ("report_devices", true), what, whose)?;
    let store = args.report.store()?;
    let report = tokio::runtime::Handle::current().block_on(references.report(&store, of))?;
    print!("{}", said(&report, of));
    if args.apply {
        apply(&args.report, &report, of)?;
    }
    Ok(())
}

fn said(report: &Report, of: Measured) -> String {
    let mut out = format!("{} of {}, error against the reference\n", of.field_name(), of.kind);
    for ProductReport { product, reliability, suggested } in &report.products {
        let name = format!("{}|{}", product.manufacturer, product.model_number);
        let (pairs, wearers) = (reliability.pairs, reliability.wearers);
        let _ = writeln!(out, "{name}: {pairs} values of {wearers} wearers");
        let Some(errors) = &reliability.errors else {
            let _ = writeln!(out, "  fewer than {FEWEST_WEARERS} wearers, so no number is given");
            continue;
        };
        let percent = |part: f64| format!("{:+.1} %", part * 100.0);
        let _ = writeln!(
            out,
            "  mean {}, without the sign {:.1} %; quartiles {}, {}, {}",
            percent(errors.mean),
            errors.mean_absolute * 100.0,
            percent(errors.first_quartile),
            percent(errors.median),
            percent(errors.third_quartile),
        );
        let _ = writeln!(
            out,
            "  within 3 % (JIS S 7200:1993 for step counters): {:.0} % of the values; \
             SD between wearers {:.1} %",
            errors.within_band * 100.0,
            errors.between_wearers * 100.0,
        );
        let level = suggested.map_or("none, there are too few values", name_of);
        let _ = writeln!(out, "  suggested trust level: {level}");
    }
    if !report.unmatched.is_empty() {
        let lines: Vec<String> = report.unmatched.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "lines without a reading: {}", lines.join(", "));
    }
    out
}

fn name_of(trust: Trust) -> &'static str {
    match trust {
        Trust::Low => "low",
        Trust::Moderate => "moderate",
        Trust::High => "high",
    }
}

/// Writes the entries of the registered products anew, with their errors, where nobody changes them
/// meanwhile, and that it was done.
fn apply(args: &ReportArgs, report: &Report, of: Measured) -> anyhow::Result<()> {
    let source = &args.from.source;
    // First, so that what is read below is what the entries take the place of.
    let together = products_alone(&source.kafka, &source.topics())?;
    let today = jiff::Zoned::now().date().to_string();
    let (devices, unregistered) = renewed(entries(source)?, report, of, &today)?;
    for key in unregistered {
        println!("{key} is not registered; write its entry first, then --apply again");
    }
    let written = devices.len();
    if written > 0 {
        let (codec, topics) = (source.codec()?, source.topics());
        let keys: Vec<String> = devices.iter().map(key_of).collect();
        let detail = format!("{} of {}: {}", of.field_name(), of.kind, keys.join(", "));
        let entry = by_operator(&args.by.operator, "apply_device_reliability", None, detail);
        let audit = topics.name(Topic::AuditEvents);
        let entry = codec.encoder(&audit)?.encode(&entry)?;
        let records = MasterLists { devices, ..MasterLists::default() }.encode(&codec, &topics)?;
        let mut records = outgoing(&records);
        records.push(Outgoing { topic: &audit, partition: None, key: None, payload: Some(&entry) });
        together.write(&records)?;
    }
    println!("{written} entries written");
    Ok(())
}

fn key_of(entry: &DeviceModel) -> String {
    format!("{}|{}", entry.manufacturer, entry.model_number)
}

/// The entries of registered products with their errors, and the products that are not registered.
fn renewed(
    mut registered: HashMap<String, DeviceModel>,
    report: &Report,
    of: Measured,
    today: &str,
) -> anyhow::Result<(Vec<DeviceModel>, Vec<String>)> {
    let (mut devices, mut unregistered) = (Vec::new(), Vec::new());
    for found in &report.products {
        let Some(reliability) = reliability(found, of, today) else { continue };
        let key = format!("{}|{}", found.product.manufacturer, found.product.model_number);
        match registered.remove(&key) {
            Some(entry) if key_of(&entry) == key => {
                check(&key, &reliability)?;
                devices.push(with(entry, reliability, found.suggested));
            }
            // Written, it would be the entry of another product.
            Some(_) => {
                bail!("the entry {key} names another product; write it anew, then --apply again")
            }
            None => unregistered.push(key),
        }
    }
    Ok((devices, unregistered))
}

/// What the page and rules may rely on: numbers that can be, of people enough.
fn check(key: &str, errors: &DeviceReliability) -> anyhow::Result<()> {
    let DeviceReliability { first_quartile, median, third_quartile, .. } = *errors;
    let numbers = [errors.mean_error, errors.mean_absolute_error, errors.between_wearers];
    let is_good = numbers.iter().all(|number| number.is_finite())
        && errors.mean_absolute_error >= 0.0
        && errors.between_wearers >= 0.0
        && first_quartile <= median
        && median <= third_quartile
        && (0.0..=1.0).contains(&errors.within_band)
        && usize::try_from(errors.wearers).is_ok_and(|wearers| wearers >= FEWEST_WEARERS)
        && errors.pairs >= errors.wearers;
    match is_good {
        true => Ok(()),
        false => {
            bail!("the errors of {key} cannot be: look at its reference values; nothing is written")
        }
    }
}

/// An entry with what was determined now. A trust level that somebody has set stays: a person decides.
fn with(
    entry: DeviceModel,
    reliability: DeviceReliability,
    suggested: Option<Trust>,
) -> DeviceModel {
    DeviceModel { trust: entry.trust.or(suggested), reliability: Some(reliability), ..entry }
}

fn reliability(found: &ProductReport, of: Measured, today: &str) -> Option<DeviceReliability> {
    let errors = found.reliability.errors?;
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    Some(DeviceReliability {
        kind: of.kind.to_string(),
        field: of.field_name().to_owned(),
        determined_on: today.to_owned(),
        pairs: count(found.reliability.pairs),
        wearers: count(found.reliability.wearers),
        mean_error: errors.mean,
        mean_absolute_error: errors.mean_absolute,
        first_quartile: errors.first_quartile,
        median: errors.median,
        third_quartile: errors.third_quartile,
        within_band: errors.within_band,
        between_wearers: errors.between_wearers,
    })
}

/// The registered products by key.
fn entries(source: &Source) -> anyhow::Result<HashMap<String, DeviceModel>> {
    let topic = source.topics().name(Topic::RegistryDevices);
    let decoder = source.codec()?.decoder::<DeviceModel>();
    let mut entries = HashMap::new();
    let mut failed = None;
    read_to_end(&source.kafka, &topic, None, Start::Beginning, |record| {
        let Some(Ok(key)) = record.key.map(String::from_utf8) else {
            return ControlFlow::Continue(());
        };
        match record.payload.map(|bytes| decoder.decode(&bytes)) {
            Some(Ok(entry)) => {
                entries.insert(key, entry);
            }
            Some(Err(error)) => {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            None => {
                entries.remove(&key);
            }
        }
        ControlFlow::Continue(())
    })?;
    match failed {
        // An entry that was not read would be written without what it says.
        Some(error) => Err(error).with_context(|| format!("an entry of {topic} cannot be read")),
        None => Ok(entries),
    }
}

#[cfg(test)]
mod tests {
    use clinical::reliability::{Pair, reliability as of_pairs};
    use dashboard::reports::devices::Product;

    use super::*;

    fn product(model: &str, wearers: u8) -> ProductReport {
        let pairs: Vec<_> = (0..wearers)
            .flat_map(|wearer| {
                [970.0, 990.0, 1010.0, 1050.0].map(|value| Pair {
                    wearer,
                    value,
                    reference: 1000.0,
                })
            })
            .collect();
        let reliability = of_pairs(&pairs);
        let product = Product { manufacturer: "ACME".to_owned(), model_number: model.to_owned() };
        ProductReport { product, suggested: reliability.suggests(), reliability }
    }

    fn steps() -> Measured {
        Measured::new(Kind::Activity, None).unwrap()
    }

    #[test]
    fn a_report_says_the_errors_of_products_with_enough_wearers() {
        let report =
            Report { products: vec![product("W1", 5), product("W2", 4)], unmatched: vec![3, 9] };
        assert_eq!(
            said(&report, steps()),
            "step of activity, error against the reference\n\
             ACME|W1: 20 values of 5 wearers\n  \
             mean +0.5 %, without the sign 2.5 %; quartiles -1.5 %, +0.0 %, +2.0 %\n  \
             within 3 % (JIS S 7200:1993 for step counters): 75 % of the values; SD between wearers 0.0 %\n  \
             suggested trust level: high\n\
             ACME|W2: 16 values of 4 wearers\n  \
             fewer than 5 wearers, so no number is given\n\
             lines without a reading: 3, 9\n"
        );
    }

    fn entry(trust: Option<Trust>) -> DeviceModel {
        DeviceModel {
            manufacturer: "ACME".to_owned(),
            model_number: "W1".to_owned(),
            name: "watch".to_owned(),
            corrects_clock: true,
            conformity: None,
            accuracy: None,
            trust,
            reliability: None,
        }
    }

    #[test]
    fn errors_go_into_the_entries_of_registered_products_with_people_enough() {
        let products = vec![product("W1", 5), product("W2", 4), product("W3", 5)];
        let report = Report { products, unmatched: vec![] };
        let registered = |key: &str| HashMap::from([(key.to_owned(), entry(None))]);
        let (devices, unregistered) =
            renewed(registered("ACME|W1"), &report, steps(), "2026-11-22").unwrap();
        assert_eq!(devices.iter().map(key_of).collect::<Vec<_>>(), ["ACME|W1"]);
        assert_eq!(unregistered, ["ACME|W3"]);
        // An entry under the key of another product would be written where it is not read.
        assert!(renewed(registered("ACME|W3"), &report, steps(), "2026-11-22").is_err());
    }

    #[test]
    fn errors_that_cannot_be_are_not_written() {
        let good = reliability(&product("W1", 5), steps(), "2026-11-22").unwrap();
        assert!(check("ACME|W1", &good).is_ok());
        let bad = [
            DeviceReliability { mean_error: f64::NAN, ..good.clone() },
            DeviceReliability { first_quartile: good.median + 0.1, ..good.clone() },
            DeviceReliability { third_quartile: f64::NAN, ..good.clone() },
            DeviceReliability { within_band: 1.01, ..good.clone() },
            DeviceReliability { wearers: 4, ..good.clone() },
            DeviceReliability { pairs: 3, ..good },
        ];
        for bad in bad {
            assert!(check("ACME|W1", &bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_trust_level_that_somebody_has_set_stays() {
        let found = product("W1", 5);
        let of = |trust| {
            let reliability = reliability(&found, steps(), "2026-11-22").unwrap();
            with(entry(trust), reliability, found.suggested)
        };
        assert_eq!(of(Some(Trust::Low)).trust, Some(Trust::Low));
        let written = of(None);
        assert_eq!((written.trust, written.corrects_clock), (Some(Trust::High), true));
        assert_eq!(written.reliability.unwrap().wearers, 5);
        assert!(reliability(&product("W2", 4), steps(), "2026-11-22").is_none());
    }
}
