//! The processor under other conditions than the usual ones: what they cost.

use schemas::OutcomeTally;

use crate::effort;
use crate::input::Input;
use crate::processing;
use crate::rate::median;
use crate::report::{Measure, Report};
use crate::stage::{PARTITIONS, Stage};
use crate::turns::Mix;
use crate::{say, spread};

const RECORDS: usize = 500_000;
/// So many that each sends some fifty readings.
const PATIENTS: u32 = 10_000;

/// Throughput with few partitions and with many.
///
/// # Errors
/// When the processor does not do its work.
pub fn partitions(stage: &Stage, rounds: usize, report: &mut Report) -> anyhow::Result<()> {
    let mut variations = Vec::new();
    for partitions in [1, 2, PARTITIONS] {
        let mut input = Input::make(RECORDS, PATIENTS, Mix::USUAL)?;
        input.spread_over(partitions);
        let name = match partitions {
            1 => "1 partition".to_owned(),
            more => format!("{more} partitions"),
        };
        variations.push(Variation::of(name, input, partitions));
    }
    measure(stage, rounds, variations, report)
}

/// Throughput and processor time with more and more corrections of any reading that the window
/// holds, and with readings out of order. All are of blood pressure, so that rules look at each.
///
/// # Errors
/// When the processor does not do its work.
pub fn corrections(stage: &Stage, rounds: usize, report: &mut Report) -> anyhow::Result<()> {
    let mix = Mix {
        duplicates: 0.0,
        corrections: 0.0,
        reach: usize::MAX,
        late: 0.0,
        only_pressure: true,
    };
    let mut variations = Vec::new();
    for corrections in [0.0, 0.05, 0.20, 0.50] {
        let input = Input::make(RECORDS, PATIENTS, Mix { corrections, ..mix })?;
        let name = format!("corrected {:.0} %", corrections * 100.0);
        variations.push(Variation::of(name, input, PARTITIONS));
    }
    let input = Input::make(RECORDS, PATIENTS, Mix { late: 0.20, ..mix })?;
    variations.push(Variation::of("late 20 %".to_owned(), input, PARTITIONS));
    measure(stage, rounds, variations, report)
}

/// One way of having the processor work, and what it came to each time.
struct Variation {
    name: String,
    input: Input,
    partitions: i32,
    rates: Vec<f64>,
    efforts: Vec<f64>,
    outcomes: OutcomeTally,
}

impl Variation {
    fn of(name: String, input: Input, partitions: i32) -> Self {
        let (rates, efforts, outcomes) = Default::default();
        Self { name, input, partitions, rates, efforts, outcomes }
    }

    fn measure(&mut self, stage: &Stage, round: usize) -> anyhow::Result<()> {
        let deployment = format!("{}.{round}", self.name.replace([' ', '%'], ""));
        let done = processing::run(stage, &self.input, &deployment, self.partitions)?;
        self.rates.push(done.rate.per_second());
        self.efforts.push(effort::microseconds_each(done.effort, self.input.len() as u64));
        self.outcomes = done.outcomes;
        say(&format!("{}, round {round}: {:.0} records/s", self.name, done.rate.per_second()));
        Ok(())
    }
}

/// Measures each in turn, round after round: what else the machine does falls on all of them. The
/// first one is the peer of the others.
fn measure(
    stage: &Stage,
    rounds: usize,
    mut variations: Vec<Variation>,
    report: &mut Report,
) -> anyhow::Result<()> {
    for round in 1..=rounds {
        for variation in &mut variations {
            variation.measure(stage, round)?;
        }
    }
    let first = variations.first().map_or(0.0, |first| median(&first.rates));
    for variation in &variations {
        let note = format!(
            "{}; {:.2} µs of CPU a record; of {} records {} were new, {} corrections",
            spread(&variation.rates),
            median(&variation.efforts),
            variation.input.len(),
            variation.outcomes.new,
            variation.outcomes.correction
        );
        let rate = median(&variation.rates);
        let measured = Measure::beside(&variation.name, "records/s", rate, first);
        report.add(measured, vec![note]);
    }
    Ok(())
}
