//! One target under libFuzzer; `make fuzz` builds it instrumented and runs it for each.
#![no_main]
#![allow(unsafe_code, reason = "libFuzzer calls its functions by name; the macros define them")]

use std::sync::LazyLock;

use fuzz::random::Random;
use fuzz::target::Target;
use fuzz::targets;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

/// The target that `FUZZ_TARGET` names.
static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let mut all = targets::all().into_iter().chain([targets::planted()]);
    all.find(|target| target.name == name).expect("FUZZ_TARGET is the name of a target")
});

fuzz_target!(|input: &[u8]| {
    if let Err(broken) = (TARGET.check)(input) {
        panic!("{broken}");
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(seed.into(), &TARGET.name);
    if random.once_in(2) {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut input = data[..size].to_vec();
    TARGET.change(&mut input, &mut random);
    input.truncate(max_size);
    data[..input.len()].copy_from_slice(&input);
    input.len()
});
