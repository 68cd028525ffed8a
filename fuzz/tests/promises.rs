//! Every target keeps its promises: of every input that is kept, and of some thousand new ones.

use std::collections::BTreeSet;
use std::time::Duration;

use fuzz::attempt::attempt;
use fuzz::random::Random;
use fuzz::target::{Form, Target, promise};
use fuzz::{corpus, targets};

/// The same inputs in every run of the tests; `make fuzz` has others each time.
const SEED: u64 = 20_261_122;

/// Tries a target's seeds, then so many inputs made by changing them. Returns the ways in which
/// they were answered.
fn tried(target: &Target, inputs: usize) -> Result<BTreeSet<String>, (String, Vec<u8>)> {
    let mut random = Random::new(SEED, &target.name);
    let mut answers = BTreeSet::new();
    let changed = (0..inputs).map(|_| {
        let mut input = target.seeds.get(random.below(target.seeds.len())).cloned();
        let input = input.get_or_insert_default();
        target.change(input, &mut random);
        std::mem::take(input)
    });
    for input in target.seeds.iter().cloned().chain(changed) {
        answers.insert(attempt(target, &input).map_err(|what| (what, input))?);
    }
    Ok(answers)
}

#[test]
fn every_input_of_the_corpus_keeps_every_promise() {
    for target in targets::all() {
        for (name, input) in corpus::of(&target.name) {
            let answer = attempt(&target, &input);
            assert!(answer.is_ok(), "{}/{name}: {answer:?}", target.name);
        }
    }
}

#[test]
fn some_thousand_new_inputs_a_target_keep_every_promise() {
    for target in targets::all() {
        let answers = tried(&target, 2_000).unwrap_or_else(|failure| {
            panic!("{}: {failure:?}", target.name);
        });
        assert!(answers.len() > 1, "{} answers all inputs alike", target.name);
    }
}

#[test]
fn every_folder_of_the_corpus_belongs_to_a_target_and_every_target_has_one() {
    let targets: BTreeSet<String> = targets::all().into_iter().map(|target| target.name).collect();
    let folders: BTreeSet<String> = std::fs::read_dir(corpus::folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let missing: Vec<&String> = targets.difference(&folders).collect();
    assert_eq!(folders.difference(&targets).collect::<Vec<_>>(), Vec::<&String>::new());
    for target in targets::all().iter().filter(|target| missing.contains(&&target.name)) {
        let shortest = target.seeds.iter().min_by_key(|seed| seed.len());
        corpus::keep(&target.name, shortest.map_or(b"", Vec::as_slice)).unwrap();
    }
    assert!(missing.is_empty(), "folders made with a first input: {missing:?}; commit them");
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
fn a_planted_panic_is_a_broken_promise() {
    let target = faulty(|length, text| {
        let _ = &text.as_bytes()[..length];
        Ok(())
    });
    let (what, input) = tried(&target, 5_000).expect_err("a length beyond the end");
    assert!(what.contains("out of range"), "{what} {input:?}");
}

#[test]
fn a_planted_lie_is_found() {
    let target = faulty(|length, _| promise(length != 65_536, || "lost".to_owned()));
    let (what, _) = tried(&target, 50_000).expect_err("a length at a limit");
    assert_eq!(what, "lost");
}

#[test]
fn a_planted_delay_is_found() {
    let target = faulty(|length, _| {
        if length > 1_000_000 {
            std::thread::sleep(Duration::from_millis(1_100));
        }
        Ok(())
    });
    assert!(attempt(&target, b"7:a").is_ok());
    let late = attempt(&target, b"2000000:a");
    assert!(late.is_err_and(|what| what.contains(" takes 1")));
}

#[test]
fn the_planted_fault_of_the_engines_check_needs_six_bytes_in_a_row() {
    let target = targets::planted();
    assert!(attempt(&target, b"none").is_ok());
    assert_eq!(attempt(&target, &[0xa7, b'm', 0, b'i', 0xfe]), Ok("5".to_owned()));
    let found = attempt(&target, &[0xa7, b'm', 0, b'i', 0xfe, b'?']);
    assert_eq!(found, Err(targets::PLANTED.to_owned()));
}
