//! Every target keeps its promises: of every input that is kept, and of some thousand new ones.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use fuzz::run::{Report, Trial, attempt, run};
use fuzz::target::{Form, Target, promise};
use fuzz::{corpus, targets};

/// The same inputs in every run of the tests; `make fuzz` has others each time.
const SEED: u64 = 20_261_122;

fn trial(target: Target, seed: u64, inputs: usize) -> Trial {
    Trial::new(target, seed, inputs, Path::new(env!("CARGO_TARGET_TMPDIR")))
}

/// What comes of so many inputs.
fn tried(target: Target, inputs: usize) -> Report {
    let mut trial = trial(target, SEED, inputs);
    trial.go_on(Duration::from_secs(600));
    trial.into_report()
}

#[test]
fn every_input_of_the_corpus_keeps_every_promise() {
    for target in targets::all() {
        for (name, input) in corpus::of(&target.name) {
            let answer = attempt(&target, &input, &mut Default::default());
            assert!(answer.is_ok(), "{}/{name}: {answer:?}", target.name);
        }
    }
}

#[test]
fn some_thousand_new_inputs_a_target_keep_every_promise() {
    for target in targets::all() {
        let report = tried(target, 2_000);
        assert!(report.failure.is_none(), "{}: {:?}", report.target, report.failure);
        assert!(report.inputs >= 2_000, "{}: {} inputs", report.target, report.inputs);
        assert!(report.answers.len() > 1, "{} answers all inputs alike", report.target);
    }
}

#[test]
fn every_folder_of_the_corpus_belongs_to_a_target_and_every_target_has_one() {
    let targets: BTreeSet<String> = targets::all().into_iter().map(|target| target.name).collect();
    let folders: BTreeSet<String> = std::fs::read_dir(corpus::folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, targets);
}

/// A parser of `LENGTH:TEXT` with a fault.
fn faulty(fault: fn(usize, &str) -> Result<(), String>) -> Target {
    let seeds = vec![b"3:abc".to_vec(), b"10:abcdefghij".to_vec()];
    Target::new("faulty", Form::Text(&[":"]), seeds, move |input| {
        let text = String::from_utf8_lossy(input);
        let Some((length, text)) = text.split_once(':') else { return Ok("none".to_owned()) };
        let Ok(length) = length.parse() else { return Ok("no length".to_owned()) };
        fault(length, text)?;
        Ok("read".to_owned())
    })
}

#[test]
fn a_planted_panic_is_found_and_made_small() {
    let target = faulty(|length, text| {
        let _ = &text.as_bytes()[..length];
        Ok(())
    });
    let failure = tried(target, 5_000).failure.expect("a length beyond the end");
    assert!(failure.what.contains("out of range"), "{}", failure.what);
    assert!(failure.input.len() <= 4, "{:?}", String::from_utf8_lossy(&failure.input));
}

#[test]
fn a_planted_lie_is_found() {
    let target = faulty(|length, _| promise(length != 65_536, || "lost".to_owned()));
    let failure = tried(target, 20_000).failure.expect("a length at a limit");
    assert_eq!(failure.what, "lost");
}

#[test]
fn a_planted_delay_is_found() {
    let target = faulty(|length, _| {
        if length > 1_000_000 {
            std::thread::sleep(Duration::from_millis(1_100));
        }
        Ok(())
    });
    let mut slowest = Default::default();
    assert!(attempt(&target, b"7:a", &mut slowest).is_ok());
    let late = attempt(&target, b"2000000:a", &mut slowest);
    assert!(late.is_err_and(|what| what.contains(" takes 1")));
}

#[test]
fn the_same_seed_has_the_same_inputs() {
    let inputs_of = |seed| {
        let inputs = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = inputs.clone();
        let target = Target::new("seen", Form::Bytes, vec![b"abc".to_vec()], move |input| {
            seen.lock().unwrap().push(input.to_vec());
            Ok(String::new())
        });
        trial(target, seed, 300).go_on(Duration::from_secs(600));
        inputs.lock().unwrap().clone()
    };
    assert_eq!(inputs_of(1), inputs_of(1));
    assert_ne!(inputs_of(1), inputs_of(2));
}

#[test]
fn the_time_is_shared_by_weight_and_those_it_was_too_short_for_are_told() {
    let taking = |name: &str, each: Duration| {
        Target::new(name, Form::Bytes, vec![b"abc".to_vec()], move |_| {
            std::thread::sleep(each);
            Ok(String::new())
        })
    };
    let (some, none) = (Duration::from_millis(1), Duration::ZERO);
    let endless = usize::MAX;
    let trials = vec![
        trial(taking("first", some), SEED, endless),
        trial(taking("second", some).often(2), SEED, endless),
        trial(taking("third", some), SEED, endless),
        trial(taking("quick", none), SEED, 100),
    ];
    let reports = run(trials, 1, Duration::from_millis(1_200), |_| ());
    let of = |name: &str| reports.iter().find(|report| report.target == name).unwrap();
    let short: BTreeSet<_> = reports.iter().filter(|r| r.is_short()).map(|r| &*r.target).collect();
    assert_eq!(short, BTreeSet::from(["first", "second", "third"]));
    assert_eq!((of("quick").inputs, of("quick").due), (100, 100));
    // Whoever comes first leaves time for the others, who would get none otherwise.
    let took = |name: &str| of(name).took.as_secs_f64();
    assert!(took("second") > 1.2 * took("first"), "{} {}", took("second"), took("first"));
    assert!(took("third") > 0.1, "{}", took("third"));
}
