//! The metrics of sensor glucose as JSON, for comparing them with other implementations.
//!
//! Reads lines `person,seconds since 1970,mg/dL` in the order of their times; writes an object with one
//! member a person. Used by tests/peers/glucose.py.

use std::collections::BTreeMap;
use std::io::{BufRead, stdin};

use clinical::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use clinical::local_time::LocalTime;
use clinical::metrics::{GlucoseSummary, Period, Trace, glucose_summary};
use clinical::remembered::{CurrentReading, Delay};
use clinical::sample::Sample;
use clinical::{Source, Span, Timestamp};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source = Source::device("PEER", "1").map(|source| source.digest())?;
    let utc = LocalTime::of("UTC").ok_or("the tz database has no UTC")?;
    let mut people: BTreeMap<String, Vec<CurrentReading>> = BTreeMap::new();
    for line in stdin().lock().lines() {
        let line = line?;
        let [person, seconds, mg] = *line.split(',').collect::<Vec<_>>() else {
            return Err("a line is person,seconds,mg/dL".into());
        };
        let time = Timestamp::from_seconds(seconds.parse()?);
        let sample = Sample::default().with(GLUCOSE_METHOD, 1.0).with(GLUCOSE_VALUE, mg.parse()?);
        let reading = CurrentReading { time, source, sample, delay: Delay::default() };
        people.entry(person.to_owned()).or_default().push(reading);
    }
    let members: Vec<String> = people
        .into_iter()
        .filter_map(|(person, readings)| {
            let (from, last) = (readings.first()?.time, readings.last()?.time);
            let period = Period { from, to: last + Span::from_seconds(1) };
            let summary = glucose_summary(&Trace::of(readings, period), period, &utc);
            Some(format!("\"{person}\": {}", json(&summary)))
        })
        .collect();
    println!("{{{}}}", members.join(", "));
    Ok(())
}

fn json(summary: &GlucoseSummary) -> String {
    let time = &summary.time;
    let percent = |part| time.percent(part);
    let pregnancy = &summary.time_pregnancy;
    let mut numbers = vec![
        ("values".to_owned(), Some(summary.values as f64)),
        ("mean".to_owned(), summary.mean),
        ("standard_deviation".to_owned(), summary.standard_deviation),
        ("coefficient_of_variation".to_owned(), summary.coefficient_of_variation),
        ("gmi".to_owned(), summary.gmi),
        ("ea1c".to_owned(), summary.ea1c),
        ("below_54".to_owned(), percent(time.very_low())),
        ("below_70".to_owned(), percent(time.below_range())),
        ("in_range".to_owned(), percent(time.in_range())),
        ("in_range_63_140".to_owned(), pregnancy.percent(pregnancy.in_range())),
        ("above_180".to_owned(), percent(time.above_range())),
        ("above_250".to_owned(), percent(time.very_high())),
        ("lbgi".to_owned(), summary.risk.lbgi),
        ("hbgi".to_owned(), summary.risk.hbgi),
        ("gri".to_owned(), summary.risk.gri),
        ("j_index".to_owned(), summary.risk.j_index),
        ("modd".to_owned(), summary.modd),
        ("mage".to_owned(), summary.mage),
        ("events_below_70".to_owned(), Some(f64::from(summary.events.below_70))),
        ("events_below_54".to_owned(), Some(f64::from(summary.events.below_54))),
        ("events_extended".to_owned(), Some(f64::from(summary.events.extended))),
    ];
    numbers.extend(
        summary.conga.iter().map(|(hours, conga)| (format!("conga_{hours}"), Some(*conga))),
    );
    let members: Vec<String> = numbers
        .into_iter()
        .map(|(name, number)| match number {
            Some(number) => format!("\"{name}\": {number}"),
            None => format!("\"{name}\": null"),
        })
        .collect();
    format!("{{{}}}", members.join(", "))
}
