//! What tests of rules send: readings of any kind, and histories of them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::home::{Home, Made, Sending, episode, properties};
use crate::plan::Plan;
use crate::sample::Sample;
use crate::time::Span;
use crate::{Kind, Reading, Source};

const DAY: i64 = 24 * 60;

/// A reading as it is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sent {
    pub(super) kind: Kind,
    pub(super) minutes: i64,
    /// Seconds after those minutes.
    pub(super) seconds: i64,
    pub(super) sample: Sample,
    pub(super) device: u8,
    /// Minutes from observation to `update_time`.
    pub(super) update: i64,
    pub(super) entered_in_error: bool,
}

impl Sent {
    pub(super) fn new(kind: Kind, minutes: i64, sample: Sample) -> Self {
        let (seconds, device, update, entered_in_error) = (0, 0, 0, false);
        Self { kind, minutes, seconds, sample, device, update, entered_in_error }
    }

    pub(super) fn on(self, device: u8) -> Self {
        Self { device, ..self }
    }

    pub(super) fn corrected_to(self, sample: Sample) -> Self {
        Self { sample, update: self.update + 1, ..self }
    }

    pub(super) fn entered_in_error(self) -> Self {
        Self { entered_in_error: true, update: self.update + 1, ..self }
    }
}

impl Sending for Sent {
    fn minutes(&self) -> i64 {
        self.minutes
    }

    fn reading(&self) -> Reading {
        let content = self.sample.0.iter().fold(0, |all, part| all * 31 + u64::from(*part));
        let reading = Made {
            kind: self.kind,
            source: Source::device("OMRON", &self.device.to_string()).unwrap(),
            sample: self.sample,
            minutes: self.minutes,
            update: self.update,
            content: content % (1 << 21),
            entered_in_error: self.entered_in_error,
        }
        .reading();
        let observation_time = reading.observation_time + Span::from_seconds(self.seconds);
        Reading { observation_time, ..reading }
    }
}

/// Everything that is sent of up to 30 readings, in the order of receipt, each with its minute: of two
/// devices, corrected, entered in error, late. Some lie 40 days after the others.
pub(super) fn histories(
    kind: Kind,
    samples: impl Strategy<Value = Sample> + Clone + 'static,
    minutes: impl Strategy<Value = i64> + 'static,
) -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let shift = prop_oneof![5 => Just(0_i64), 1 => Just(40 * DAY), 1 => Just(40 * DAY - 20)];
    let delay = prop_oneof![8 => 0..3_i64, 2 => 0..90_i64, 1 => 0..2_000_i64];
    let then = prop_oneof![
        6 => Just(None),
        1 => samples.clone().prop_map(Some).prop_map(Some),
        1 => Just(Some(None)),
    ];
    let device = prop_oneof![4 => Just(0_u8), 1 => Just(1)];
    let sent = ((minutes, 0..60_i64), shift, samples, device, then, vec(delay, 2));
    vec(sent, 1..30).prop_map(move |all| {
        let mut sends = Vec::new();
        for ((minutes, seconds), shift, sample, device, then, delays) in all {
            // Mostly at a full minute.
            let seconds = if seconds < 45 { 0 } else { seconds };
            let first = Sent { seconds, device, ..Sent::new(kind, minutes + shift, sample) };
            let received = |sent: &Sent, delay: i64| sent.minutes + 1 + delay.max(sent.update);
            sends.push((received(&first, delays[0]), first));
            if let Some(then) = then {
                let changed = match then {
                    Some(sample) => first.corrected_to(sample),
                    None => first.entered_in_error(),
                };
                sends.push((received(&changed, delays[1]), changed));
            }
        }
        sends.sort_by_key(|(received, _)| *received);
        sends
    })
}

/// In whatever order the readings of the first weeks arrive, each as soon after what came before it as it
/// can, the alerts of a later day are the same.
pub(super) fn the_order_of_arrival_does_not_matter(
    history: Vec<(i64, Sent)>,
    other_order: &[Index],
    day: i64,
) -> Result<(), TestCaseError> {
    the_order_under_a_plan_does_not_matter(&Plan::default(), history, other_order, day)
}

/// The same of a patient who has a plan.
pub(super) fn the_order_under_a_plan_does_not_matter(
    plan: &Plan,
    history: Vec<(i64, Sent)>,
    other_order: &[Index],
    day: i64,
) -> Result<(), TestCaseError> {
    let sends = history.into_iter().map(|(_, sent)| sent);
    let all: Vec<Sent> = sends.filter(|sent| sent.minutes < 25 * DAY).collect();
    properties::the_order_of_arrival_does_not_matter(&all, other_order, |sends| {
        let mut home = Home { plan: plan.clone(), ..Home::default() };
        let mut clock = 0;
        for sent in sends {
            clock = clock.max(sent.minutes + 1 + sent.update);
            home.receives_at(clock, *sent);
        }
        home.waits_until(day * DAY);
        home.known_in_any_order(episode)
    })
}
