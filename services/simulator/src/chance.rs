//! Chance that can be asked again: every draw belongs to a seed, a person, a purpose and a time, so
//! that any day of any patient can be drawn without the days before it.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What is drawn. Draws for one purpose never shift those for another.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(crate) enum Purpose {
    Person = 1,
    Habits,
    Pressure,
    PressureDay,
    Body,
    BodyDay,
    Glucose,
    GlucoseDay,
    GlucoseNoise,
    GlucoseSensor,
    Activity,
    ActivityDay,
    Visit,
    Temperature,
    Oxygen,
    Registration,
    LiveOccasion,
    MessBunch,
    /// The kind's number is added, so it comes last.
    Transmission,
    Planted = 1 << 30,
    GlucoseUnit = 1 << 31,
    /// The kind's number is added to it too, far from the others.
    Declared = 1 << 32,
    Identity = 1 << 33,
}

/// A seeded source of draws.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The draws of a person for a purpose at a time (a day's number, milliseconds …).
    pub(crate) fn of(seed: u64, person: u64, purpose: u64, when: i64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&person.to_le_bytes());
        key[16..24].copy_from_slice(&purpose.to_le_bytes());
        key[24..].copy_from_slice(&when.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Whether something of this probability happens.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// Evenly from 0 up to, not including, 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// Evenly between two numbers.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// A whole number, both ends included.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    /// Normally distributed (Box–Muller).
    pub(crate) fn normal(&mut self, mean: f64, sd: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        mean + sd * radius * (std::f64::consts::TAU * self.share()).cos()
    }

    /// One of several.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.random_range(0..choices.len())]
    }

    /// Bytes of chance.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill(bytes.as_mut_slice());
        bytes
    }
}

/// Noise of unit variance that remembers the steps before: an AR(1) process with coefficient
/// `memory`, cut where what is left of a step is below a thousandth. `draw(step)` gives each step's
/// own normal draw.
pub(crate) fn persistent(step: i64, memory: f64, draw: impl Fn(i64) -> f64) -> f64 {
    let mut weight = (1.0 - memory * memory).sqrt();
    let mut sum = 0.0;
    let mut back = 0;
    while weight > 0.001 {
        sum += weight * draw(step - back);
        weight *= memory;
        back += 1;
    }
    sum
}

/// A value rounded to a device's resolution of one decimal.
pub(crate) fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer_and_another_one_another() {
        let draw = |person, when| Chance::of(7, person, Purpose::Person as u64, when).share();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(2, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
    }

    #[test]
    fn normal_draws_have_their_mean_and_spread() {
        let mut chance = Chance::of(1, 1, 1, 1);
        let draws: Vec<f64> = (0..20_000).map(|_| chance.normal(10.0, 2.0)).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance =
            draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (draws.len() - 1) as f64;
        assert!((mean - 10.0).abs() < 0.1, "{mean}");
        assert!((variance.sqrt() - 2.0).abs() < 0.1, "{variance}");
    }

    #[test]
    fn persistent_noise_resembles_the_day_before() {
        let at = |day| persistent(day, 0.6, |step| Chance::of(1, 1, 2, step).normal(0.0, 1.0));
        let days: Vec<f64> = (0..4000).map(at).collect();
        let variance = days.iter().map(|x| x * x).sum::<f64>() / days.len() as f64;
        let covariance =
            days.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / (days.len() - 1) as f64;
        assert!((variance - 1.0).abs() < 0.12, "{variance}");
        assert!((covariance / variance - 0.6).abs() < 0.06, "{covariance}");
    }
}
