//! One refreshing line that says how the demo fares.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use schemas::OutcomeTally;
use schemas::records::RawOutcome;

/// Where metrics are read.
pub(super) struct Endpoints {
    pub(super) processor: String,
    pub(super) writer: String,
}

/// Totals of the whole run: a service that starts anew counts from zero again.
#[derive(Default)]
struct Counter {
    before: f64,
    last: f64,
}

impl Counter {
    fn take(&mut self, value: f64) -> f64 {
        if value < self.last {
            self.before += self.last;
        }
        self.last = value;
        self.before + value
    }
}

#[derive(Default)]
pub(super) struct Status {
    counters: HashMap<&'static str, Counter>,
    client: Option<reqwest::blocking::Client>,
    last: Option<(Instant, f64)>,
    last_printed: Option<Instant>,
}

impl Status {
    pub(super) fn print(&mut self, endpoints: Endpoints, phase: &str) {
        let terminal = std::io::stdout().is_terminal();
        if !terminal && self.last_printed.is_some_and(|at| at.elapsed() < Duration::from_secs(5)) {
            return;
        }
        self.last_printed = Some(Instant::now());
        let processor = self.scrape(&endpoints.processor);
        let writer = self.scrape(&endpoints.writer);
        let line = match processor {
            Some(processor) => self.line(&processor, writer.as_ref(), phase),
            None => format!("{phase} · the processor does not answer"),
        };
        if terminal {
            print!("\r\x1b[K{line}");
        } else {
            println!("{line}");
        }
        let _ = std::io::stdout().flush();
    }

    pub(super) fn end(&self) {
        if std::io::stdout().is_terminal() {
            println!();
        }
    }

    fn line(&mut self, processor: &Samples, writer: Option<&Samples>, phase: &str) -> String {
        let mut totals = OutcomeTally::default();
        for outcome in RawOutcome::ALL {
            let name = outcome.as_str();
            let found =
                processor.sum("mimamori_processor_readings_total", &format!("outcome=\"{name}\""));
            totals.add(outcome, self.counters.entry(name).or_default().take(found) as i64);
        }
        let alerts = processor.sum("mimamori_processor_alerts_total", "transition=\"raised\"");
        let alerts = self.counters.entry("alerts").or_default().take(alerts);
        let all = totals.records() as f64;
        let rate = match self.last.replace((Instant::now(), all)) {
            Some((at, before)) if at.elapsed().as_secs_f64() > 0.1 => {
                (all - before) / at.elapsed().as_secs_f64()
            }
            _ => 0.0,
        };
        let lag = processor.sum("mimamori_processor_lag_records", "");
        let stored = writer.map_or_else(
            || "writer does not answer".to_owned(),
            |writer| format!("to store {:.0}", writer.sum("mimamori_writer_lag_records", "")),
        );
        format!(
            "{phase} · {rate:.0} readings/s · accepted {} · corrections {} · duplicates {} · rejected {} \
             · alerts {alerts:.0} · lag {lag:.0}, {stored}",
            totals.stored(),
            totals.correction,
            totals.duplicate,
            totals.rejected,
        )
    }

    fn scrape(&mut self, url: &str) -> Option<Samples> {
        if self.client.is_none() {
            self.client =
                reqwest::blocking::Client::builder().timeout(Duration::from_secs(1)).build().ok();
        }
        let client = self.client.as_ref()?;
        let text = client.get(format!("{url}/metrics")).send().ok()?.text().ok()?;
        Some(Samples(text))
    }
}

/// Metrics in Prometheus's text form.
struct Samples(String);

impl Samples {
    fn sum(&self, name: &str, label: &str) -> f64 {
        let is_of = |line: &&str| {
            line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
                && line.contains(label)
        };
        let value = |line: &str| line.rsplit(' ').next().and_then(|v| v.parse::<f64>().ok());
        self.0.lines().filter(is_of).filter_map(value).fold(0.0, |sum, value| sum + value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_a_name_and_label_are_summed() {
        let samples = Samples(
            "# HELP a_total x\na_total{o=\"new\",p=\"1\"} 2\na_total{o=\"new\",p=\"2\"} 3\n\
             a_total{o=\"old\"} 5\na_total_more 7\n"
                .to_owned(),
        );
        assert_eq!(samples.sum("a_total", "o=\"new\""), 5.0);
        assert_eq!(samples.sum("a_total", ""), 10.0);
    }

    #[test]
    fn a_counter_that_begins_anew_goes_on_counting() {
        let mut counter = Counter::default();
        assert_eq!(counter.take(5.0), 5.0);
        assert_eq!(counter.take(2.0), 7.0);
        assert_eq!(counter.take(3.0), 8.0);
    }
}
