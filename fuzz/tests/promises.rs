//! Every target keeps its promises: of every input that is kept, and of some thousand new ones.

use std::collections::BTreeSet;
use std::time::Duration;

use field_cases::case::Step;
use field_cases::sent::Sent;
use fuzz::attempt::attempt;
use fuzz::bytes::LONGEST;
use fuzz::packed::{pack, unpack};
use fuzz::random::Random;
use fuzz::target::{Form, Target, promise};
use fuzz::{corpus, targets};
use gateway::{Encoding, Memory, decompress};

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

#[test]
fn whatever_a_case_from_the_field_sends_is_a_first_input_of_every_parser_that_reads_it() {
    let targets = targets::all();
    let seeds = |name: &str| -> BTreeSet<&[u8]> {
        let target = targets.iter().find(|target| target.name == name).unwrap();
        assert!(target.seeds.iter().all(|seed| seed.len() <= LONGEST), "{name}");
        target.seeds.iter().map(Vec::as_slice).collect()
    };
    let [documents, bodies, records] =
        ["gateway_document", "gateway_body", "processor_validation"].map(seeds);
    let encoder = schemas::Codec::new(None).unwrap().encoder("topic").unwrap();
    for case in targets::field::cases() {
        assert!(!case.send.is_empty());
        for (place, step) in case.send.iter().enumerate() {
            let step_of = format!("{}, send {place}", case.file);
            match (step, targets::field::sent(&case, step)) {
                (Step::Http(http), Sent::Http(sent)) => {
                    let encoding = http.encoding.as_deref().unwrap_or("identity");
                    let input = pack([encoding.as_bytes(), &sent]);
                    assert_eq!(
                        unpack(&input),
                        [encoding.as_bytes(), &sent],
                        "{step_of} is too long"
                    );
                    assert!(bodies.contains(&*input), "{step_of}");
                    let encoding = Encoding::named(encoding.as_bytes()).unwrap();
                    let mut share = Memory::new(usize::MAX).share();
                    let read = decompress(sent, encoding, LONGEST, &mut share).ok().unwrap();
                    assert!(documents.contains(&*read.bytes), "{step_of}");
                }
                (_, Sent::Kafka(readings)) => {
                    assert!(!readings.is_empty(), "{step_of}");
                    for reading in readings {
                        let value = encoder.encode(&reading).unwrap();
                        let record = pack([reading.key().as_bytes(), &value]);
                        assert!(records.contains(&*record), "{step_of}");
                    }
                }
                (Step::Kafka(_), Sent::Http(_)) => unreachable!("a step is sent as it says"),
            }
        }
    }
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
