//! The processor under other conditions than the usual ones: what they cost.

use crate::effort;
use crate::input::Input;
use crate::processing;
use crate::report::{Measure, Report};
use crate::say;
use crate::stage::{PARTITIONS, Stage};
use crate::turns::Mix;

const RECORDS: usize = 500_000;
/// So many that each sends some fifty readings.
const PATIENTS: u32 = 10_000;

/// Throughput with few partitions and with many.
///
/// # Errors
/// When the processor does not do its work.
pub fn partitions(stage: &Stage, report: &mut Report) -> anyhow::Result<()> {
    let mut input = Input::make(RECORDS, PATIENTS, Mix::USUAL)?;
    for partitions in [1, 2, PARTITIONS] {
        input.spread_over(partitions);
        let name = match partitions {
            1 => "1 partition".to_owned(),
            more => format!("{more} partitions"),
        };
        measure(stage, &input, name, partitions, report)?;
    }
    Ok(())
}

/// Throughput and processor time with more and more corrections of any reading that the window
/// holds, and with readings out of order. All are of blood pressure, so that rules look at each.
///
/// # Errors
/// When the processor does not do its work.
pub fn corrections(stage: &Stage, report: &mut Report) -> anyhow::Result<()> {
    let mix = Mix {
        duplicates: 0.0,
        corrections: 0.0,
        reach: usize::MAX,
        late: 0.0,
        only_pressure: true,
    };
    for corrections in [0.0, 0.05, 0.20, 0.50] {
        let input = Input::make(RECORDS, PATIENTS, Mix { corrections, ..mix })?;
        let name = format!("corrected {:.0} %", corrections * 100.0);
        measure(stage, &input, name, PARTITIONS, report)?;
    }
    let input = Input::make(RECORDS, PATIENTS, Mix { late: 0.20, ..mix })?;
    measure(stage, &input, "late 20 %".to_owned(), PARTITIONS, report)
}

fn measure(
    stage: &Stage,
    input: &Input,
    name: String,
    partitions: i32,
    report: &mut Report,
) -> anyhow::Result<()> {
    let deployment = name.replace([' ', '%'], "");
    let done = processing::run(stage, input, &deployment, partitions)?;
    let each = effort::microseconds_each(done.effort, input.len() as u64);
    let note = format!(
        "{each:.2} µs of CPU a record; of {} records {} were new, {} corrections",
        input.len(),
        done.outcomes.new,
        done.outcomes.correction
    );
    say(&format!("{name}: {:.0} records/s, {note}", done.rate.per_second()));
    report.add(Measure::figure(name, "records/s", done.rate.per_second()), vec![note]);
    Ok(())
}
