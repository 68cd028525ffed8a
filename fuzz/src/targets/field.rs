//! What senders really sent (`tests/field/`), as the first inputs of those who read it.

use std::sync::LazyLock;

use field_cases::case::{Case, Step};
use field_cases::sent::{Sent, rendered};
use gateway::{Encoding, Memory, decompress};
use schemas::Reading;

use crate::bytes::LONGEST;

/// So often what a case repeats is there: no input grows beyond [`LONGEST`].
const REPEATED: u32 = 3;

/// A body of a request.
pub(super) struct Body {
    /// Its `Content-Encoding`.
    pub(super) encoding: String,
    /// As it is sent.
    pub(super) sent: Vec<u8>,
    /// As it is read, where it can be decompressed.
    pub(super) text: Option<Vec<u8>>,
}

/// What all cases send, at the time of the examples.
#[derive(Default)]
struct Cases {
    bodies: Vec<Body>,
    readings: Vec<Reading>,
}

/// What a step of a case sends, at the time of the examples.
///
/// # Panics
/// When it is none.
pub fn sent(case: &Case, step: &Step) -> Sent {
    let now = jiff::Timestamp::from_millisecond(examples::RECEIVED).expect("a time");
    rendered(case, step, now).unwrap_or_else(|error| panic!("{}: {error}", case.file))
}

impl Cases {
    /// Adds what a step of a case sends.
    fn add(&mut self, case: &Case, step: &Step) {
        match (step, sent(case, step)) {
            (Step::Http(http), Sent::Http(sent)) => {
                let encoding = http.encoding.as_deref().unwrap_or("identity").to_owned();
                let known = Encoding::named(encoding.as_bytes()).expect("the gateway takes it");
                let mut share = Memory::new(usize::MAX).share();
                let taken = decompress(sent.clone(), known, LONGEST, &mut share);
                let text = taken.ok().map(|taken| taken.bytes);
                self.bodies.push(Body { encoding, sent, text });
            }
            (_, Sent::Kafka(sent)) => self.readings.extend(sent),
            (Step::Kafka(_), Sent::Http(_)) => unreachable!("a step is sent as it says"),
        }
    }
}

/// All cases, with what they repeat shortened.
///
/// # Panics
/// When a file is no case.
pub fn cases() -> impl Iterator<Item = Case> {
    let cases = field_cases::all().unwrap_or_else(|error| panic!("{error}"));
    cases.into_iter().map(|case| case.repeating_at_most(REPEATED))
}

static CASES: LazyLock<Cases> = LazyLock::new(|| {
    let mut all = Cases::default();
    for case in cases() {
        case.send.iter().for_each(|step| all.add(&case, step));
    }
    all
});

/// Bodies of requests.
pub(super) fn bodies() -> &'static [Body] {
    &CASES.bodies
}

/// Readings of records of `readings.raw`.
pub(super) fn readings() -> &'static [Reading] {
    &CASES.readings
}
