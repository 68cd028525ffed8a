//! The course of a run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clinical::Span;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use simulator::population::Patient;

use super::caught_up::Onlooker;
use super::delays::Delays;
use super::fault::{Fault, Ground, failed_inserts};
use super::physician::Physician;
use super::plans::Planned;
use super::report::{Report, Suffered};
use super::senders::Senders;
use super::settings::Settings;
use super::watching::Watching;
use super::{aggregates, closing, load, patients, plans, promptness};
use crate::disk::SmallDisk;
use crate::readings::now;
use crate::registered::SATO;
use crate::run::run as the_run;
use crate::service::Service;
use crate::stack::{Plan, Stack};
use crate::verdict::{assert_can_fail, complaints, gather};

/// Small enough to be filled at once, large enough for a long run.
const DISK_MEGABYTES: u32 = 768;
const WRITER_MEMORY_LIMIT_BYTES: &str = "80000";
/// Long enough for everything to be started, mostly.
const BEFORE_ANYTHING_IS_MISSING: Span = Span::from_seconds(30);
/// The quiet between two faults.
const QUIET_SECONDS: std::ops::Range<f64> = 0.5..2.0;

/// So many ways to doctor a result are all there are.
const WAYS_TO_FAIL: usize = 30;

/// One run, long or short as the environment says.
///
/// # Panics
/// When the platform does not recover, something came out wrong, or the verdict does not notice that
/// something is wrong with the result once it was doctored.
pub fn run() {
    let settings = Settings::from_environment();
    println!("torture begins; TORTURE_SEED={} repeats its chances", settings.seed);
    let begun = Instant::now();
    let people = load::people(settings.seed);
    let from = now() + BEFORE_ANYTHING_IS_MISSING;
    let planned = plans::planned(from, from + Span::from_seconds(settings.length.as_secs() as i64));
    let everybody = everybody(&people, &planned);
    let disks = Disks::mount();
    let stack = start(&everybody, &disks);
    let planned = plans::publish(&stack, planned);
    let physician = Arc::new(Physician::default());
    let delays = Arc::new(Delays::default());
    let watching = Watching::of(&stack);
    physician.follow_alerts(stack.sign_in(SATO), Arc::clone(&delays));
    let senders = Senders::new(settings.seed, &stack, &delays);
    let over = AtomicBool::new(false);
    let suffered = std::thread::scope(|scope| {
        let ended = Ended { senders: &senders, physician: &physician, over: &over };
        senders.start(scope);
        let sending = scope.spawn(|| load::send(settings.seed, &people, &planned, &senders, &over));
        let signed_in = stack.sign_in(SATO);
        let looking = Arc::clone(&physician);
        let onlooked = patients::somebody();
        let mut looked_at = everybody.clone();
        looked_at.retain(|patient| *patient != onlooked);
        scope.spawn(move || looking.look(&signed_in, &looked_at));
        let session = stack.sign_in(SATO);
        let onlooker = Onlooker::new(&stack, &senders, &watching, &physician, session, onlooked);
        let ground = Ground {
            stack: &stack,
            kafka_disk: disks.kafka.disk.as_ref(),
            clickhouse_disk: disks.clickhouse.disk.as_ref(),
            settings,
        };
        let suffered = suffer(&ground, onlooker, begun);
        over.store(true, Ordering::Release);
        sending.join().expect("the load is sent");
        drop(ended);
        suffered
    });
    let sent = senders.into_sent();
    let came = gather(&stack);
    let asked = physician.asked();
    let mut complaints = complaints(&sent, &asked, &came);
    complaints.extend(closing::complaints(&stack.sign_in(SATO), &watching, &came));
    complaints.extend(aggregates::complaints(&stack, &came.accepted));
    let ways = delays.ways(&watching.seen().alerts);
    complaints.extend(promptness::complaints(&suffered, &ways));
    Report {
        settings,
        took: begun.elapsed(),
        acknowledged: sent.acknowledged(),
        asked: &asked,
        suffered: &suffered,
        ways: &ways,
        came: &came,
        complaints: &complaints,
    }
    .publish();
    assert!(
        complaints.is_empty(),
        "what came out is not what was sent; TORTURE_SEED={}",
        settings.seed
    );
    let ways_to_fail = assert_can_fail(&sent, &asked, &came, WAYS_TO_FAIL);
    println!(
        "of the same result, doctored in {ways_to_fail} ways, the verdict complains each time"
    );
}

/// Folders of their own for Kafka and ClickHouse, on small disks where the system lets us have them.
struct Disks {
    kafka: Place,
    clickhouse: Place,
}

struct Place {
    folder: PathBuf,
    disk: Option<SmallDisk>,
}

impl Disks {
    fn mount() -> Self {
        let place = |name: &str| {
            let folder = the_run().folder(name);
            Place { disk: SmallDisk::mount(&folder, DISK_MEGABYTES), folder }
        };
        Self { kafka: place("kafka-disk"), clickhouse: place("clickhouse-disk") }
    }
}

fn everybody(people: &[Patient], planned: &[Planned]) -> Vec<String> {
    let virtual_ones = people.iter().map(|patient| patient.id.to_string());
    let planned = planned.iter().map(|planned| planned.patient.clone());
    virtual_ones.chain(patients::patients()).chain(planned).collect()
}

fn start(everybody: &[String], disks: &Disks) -> Stack {
    let everybody: Vec<&str> = everybody.iter().map(String::as_str).collect();
    Plan::named("torture")
        .patients(&everybody)
        .own_kafka_in(disks.kafka.folder.clone())
        .own_clickhouse_in(disks.clickhouse.folder.clone())
        .proxied_clickhouse()
        // An insert without an answer is given up before the weather clears.
        .argument(Service::Writer, &["--writer-insert-timeout-seconds", "4"])
        // Seconds of an outage fill its memory limit: then it stops fetching.
        .argument(Service::Writer, &["--memory-limit-bytes", WRITER_MEMORY_LIMIT_BYTES])
        .start(&[
            Service::Gateway,
            Service::Processor,
            Service::SecondProcessor,
            Service::Writer,
            Service::Dashboard,
        ])
}

/// Whatever happens, the senders and the physician end.
struct Ended<'e, 'a> {
    senders: &'e Senders<'a>,
    physician: &'e Physician,
    over: &'e AtomicBool,
}

impl Drop for Ended<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.senders.give_up();
        }
        self.over.store(true, Ordering::Release);
        self.senders.finish();
        self.physician.leave();
    }
}

/// Lets one fault after the other happen, each with its recovery, until each has happened and the
/// time is over.
fn suffer(ground: &Ground<'_>, mut onlooker: Onlooker<'_>, begun: Instant) -> Vec<Suffered> {
    let settings = ground.settings;
    let mut chance = ChaCha8Rng::seed_from_u64(settings.seed ^ 0xfa_u64);
    let mut faults = Fault::of_run(&settings);
    faults.retain(|fault| {
        let is_possible = ground.can_suffer(*fault);
        if !is_possible {
            println!("left out: {fault}; this system lets nobody mount a disk");
        }
        is_possible
    });
    let mut to_come = faults.clone();
    to_come.shuffle(&mut chance);
    let mut suffered = Vec::new();
    onlooker.get_used_to();
    loop {
        std::thread::sleep(Duration::from_secs_f64(chance.random_range(QUIET_SECONDS)));
        let fault = match to_come.pop() {
            Some(fault) => fault,
            None if begun.elapsed() < settings.length => {
                faults[chance.random_range(0..faults.len())]
            }
            None => return suffered,
        };
        let (from, before) = (now(), Instant::now());
        println!("{:>4} s: {fault}", begun.elapsed().as_secs());
        let tries = failed_inserts(ground.stack);
        let pauses = pauses(ground.stack);
        let ended = ground.suffer(fault, &mut chance);
        // Before the writer may be started again, which begins to count anew.
        let failed_meanwhile = failed_inserts(ground.stack) - tries;
        let ended = ground.mend(fault).unwrap_or(ended);
        onlooker.wait();
        let recovery = ended.elapsed();
        if fault.fails_inserts() {
            let failed = failed_meanwhile.max(failed_inserts(ground.stack) - tries);
            assert!(failed > 0.0, "'{fault}' did no harm to the writer: it was no fault");
        }
        // They begin anew with a writer that is started again.
        let pauses = (self::pauses(ground.stack) - pauses).max(0.0) as u64;
        if fault.fills_the_writer() {
            assert!(pauses > 0, "'{fault}' did not make the writer stop fetching");
        }
        let lasted = ended - before;
        suffered.push(Suffered { fault, from, to: now(), lasted, recovery, pauses });
    }
}

/// How often the writer has stopped fetching because too much was in flight.
fn pauses(stack: &Stack) -> f64 {
    stack.metric(Service::Writer, "mimamori_writer_pauses_total").unwrap_or(0.0)
}
