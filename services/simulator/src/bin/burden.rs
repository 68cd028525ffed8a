//! `make burden`: the alert burden of 90 days and 1,000 virtual patients.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use simulator::burden::{self, BurdenArgs, Spread};

/// How many alerts the clinical rules raise over a stable population, and whether they flag every
/// planted event. Ends with 1 where they are too many, or one was not flagged.
#[derive(Parser)]
#[command(name = "burden")]
struct Command {
    #[command(flatten)]
    burden: BurdenArgs,
    /// Populations besides, of the seeds that follow: how far the numbers spread
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    further: u64,
    /// Document that keeps the tables, such as docs/clinical-rules.md
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let command = Command::parse();
    let began = Instant::now();
    let burden = burden::run(&command.burden);
    let seed = command.burden.seed;
    let further = (seed + 1..=seed + command.further)
        .map(|seed| burden::run(&BurdenArgs { seed, ..command.burden.clone() }));
    let all: Vec<_> = std::iter::once(burden).chain(further).collect();
    let tables = format!("{}{}", all[0], Spread::of(&all));
    println!("{tables}");
    println!("{:.0} s", began.elapsed().as_secs_f64());
    if let Some(path) = &command.into {
        let name = path.display();
        let document = std::fs::read_to_string(path)
            .with_context(|| format!("{name} cannot be read; run this in the checkout"))?;
        let document = burden::in_document(&document, &tables)
            .with_context(|| format!("{name} has no place for the tables"))?;
        std::fs::write(path, document).with_context(|| format!("{name} cannot be written"))?;
    }
    let faults = all.iter().flat_map(|run| run.faults().into_iter().map(|fault| (run.seed, fault)));
    let mut exit = ExitCode::SUCCESS;
    for (seed, fault) in faults {
        eprintln!("seed {seed}: {fault}");
        exit = ExitCode::FAILURE;
    }
    Ok(exit)
}
