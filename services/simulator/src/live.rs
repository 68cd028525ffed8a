//! What the live stream adds to the truth so that there is something to watch.
//!
//! Time is not accelerated: a reading from the future would be refused, and rightly. The patients
//! measure more often instead. Blood pressure is taken every 20 minutes as in ambulatory monitoring
//! (two readings an occasion, so that occasions stay 15 minutes apart as the rules want them), with
//! now and then a weight, a glucose or a temperature beside it; oximeters are worn and report every
//! 20 seconds; sensors, trackers and laboratories go on as always. 200 patients give two to three
//! readings a second. Severe surges of pressure are staged at a set interval among patients with
//! hypertension, the first so that it has both its readings within the first half minute.

use clinical::{Span, Timestamp};
use schemas::Reading;
use schemas::reading::MealTiming;

use crate::chance::Purpose;
use crate::civil::Day;
use crate::physiology::blood_pressure::{Surge, occasion};
use crate::physiology::{as_registered, at_home, glucose, is_automatic, truth, vitals, weight};
use crate::population::{Patient, Profile};

/// Occasions of one patient that begin so far apart have 15 minutes between their readings.
const OCCASION: Span = Span::from_minutes(18);
/// The second reading of an occasion is at most this much later.
const PAIR: Span = Span::from_seconds(120);

/// How lively the live stream is.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct LiveArgs {
    /// Minutes between the blood pressure occasions of one patient in the live stream
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_LIVE_INTERVAL_MINUTES",
        default_value_t = 20,
        value_parser = clap::value_parser!(i64).range(1..=1440)
    )]
    pub live_interval_minutes: i64,
    /// Seconds between the values of a worn oximeter in the live stream
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_LIVE_OXIMETER_SECONDS",
        default_value_t = 20,
        value_parser = clap::value_parser!(i64).range(1..=86_400)
    )]
    pub live_oximeter_seconds: i64,
    /// Seconds between staged severe surges of blood pressure in the live stream; 0 for none
    #[arg(
        long,
        env = "MIMAMORI_SIMULATOR_LIVE_SURGE_SECONDS",
        default_value_t = 90,
        value_parser = clap::value_parser!(i64).range(0..=86_400)
    )]
    pub live_surge_seconds: i64,
}

impl Default for LiveArgs {
    fn default() -> Self {
        Self { live_interval_minutes: 20, live_oximeter_seconds: 20, live_surge_seconds: 90 }
    }
}

/// The live stream of a population since a time.
pub struct Live<'p> {
    population: &'p [Patient],
    args: LiveArgs,
    begin: Timestamp,
    /// Who may have a staged surge, as positions in the population.
    surging: Vec<usize>,
}

impl<'p> Live<'p> {
    /// A stream that begins at `start`. `shown(patient)` says whose surges somebody watches.
    pub fn new(
        population: &'p [Patient],
        args: LiveArgs,
        start: Timestamp,
        shown: impl Fn(&Patient) -> bool,
    ) -> Self {
        let select = |eligible: &dyn Fn(&Patient) -> bool| -> Vec<usize> {
            (0..population.len()).filter(|&at| eligible(&population[at])).collect()
        };
        // Typed values come minutes late, which would keep the watcher waiting.
        let at_once = |patient: &Patient| {
            // Whose scenario it is has the alerts of the scenario.
            shown(patient) && !patient.habits.types_by_hand && patient.planted.is_none()
        };
        let mut surging = select(&|patient| {
            at_once(patient)
                && matches!(
                    patient.profile,
                    Profile::HypertensionControlled
                        | Profile::HypertensionUncontrolled
                        | Profile::DiabetesFingerStick
                        | Profile::Elderly
                )
        });
        if surging.is_empty() {
            surging = select(&at_once);
        }
        // Begun a little in the past, so that the first surge has its second reading soon.
        Self { population, args, begin: start - Span::from_seconds(65), surging }
    }

    /// When the stream begins: a minute before its start.
    pub fn begin(&self) -> Timestamp {
        self.begin
    }

    /// The number of each patient with what it measures more often than in life, observed from
    /// `from` until before `to`.
    pub fn readings(&self, from: Timestamp, to: Timestamp) -> Vec<(usize, Reading)> {
        let window = from.millis()..to.millis();
        let mut readings = Vec::new();
        for (number, patient) in self.population.iter().enumerate() {
            let often = self.occasions(number, from, to);
            let worn = self.oximeter(patient, from, to);
            readings.extend(
                often
                    .into_iter()
                    .chain(worn)
                    .filter(|reading| window.contains(&reading.observation_time))
                    .filter_map(|reading| as_registered(patient, reading))
                    .map(|reading| (number, reading)),
            );
        }
        readings
    }

    /// The number of each patient with a staged surge and its readings.
    pub fn staged(&self, from: Timestamp, to: Timestamp) -> Vec<(usize, Reading)> {
        let window = from.millis()..to.millis();
        let mut readings = Vec::new();
        for (number, time, surge, order) in self.surges(from - PAIR, to) {
            let patient = &self.population[number];
            let mut chance = patient.chance(Purpose::LiveOccasion, order - (1 << 40));
            readings.extend(
                occasion(patient, time, Some(surge), &mut chance)
                    .into_iter()
                    .filter(|reading| window.contains(&reading.observation_time))
                    .map(|reading| (number, reading)),
            );
        }
        readings
    }

    /// The number of each patient with what sensors, trackers and laboratories measure as always.
    pub fn automatic(&self, from: Timestamp, to: Timestamp) -> Vec<(usize, Reading)> {
        let each = self.population.iter().enumerate();
        each.flat_map(|(number, patient)| {
            truth(patient, from, to).filter(is_automatic).map(move |reading| (number, reading))
        })
        .collect()
    }

    /// The occasions of one patient, without those close to a staged surge.
    fn occasions(&self, number: usize, from: Timestamp, to: Timestamp) -> Vec<Reading> {
        let patient = &self.population[number];
        let interval = self.args.live_interval_minutes * 60;
        let phase = patient.chance(Purpose::LiveOccasion, i64::MIN).whole(0, interval - 1);
        let slot = |time: Timestamp| (time.seconds() - phase).div_euclid(interval);
        let mut readings = Vec::new();
        for slot in slot(from - PAIR)..=slot(to) {
            let start = Timestamp::from_seconds(slot * interval + phase);
            if start < self.begin || self.surges_near(number, start) {
                continue;
            }
            let mut chance = patient.chance(Purpose::LiveOccasion, start.seconds());
            readings.extend(occasion(patient, start, None, &mut chance));
            let beside = start + Span::from_seconds(chance.whole(20, 55));
            if patient.owned.glucose_meter && chance.happens(0.3) {
                let value = glucose::level(patient, beside) * chance.normal(1.0, 0.05);
                let measurement = glucose::finger_stick(patient, value, MealTiming::Unknown);
                readings.push(at_home(patient, beside, measurement));
            }
            if patient.owned.scale && chance.happens(0.08) {
                let measurement = weight::on_scale(patient, Day::of(beside));
                readings.push(at_home(patient, beside, measurement));
            }
            if patient.owned.thermometer && chance.happens(0.15) {
                let measurement = vitals::body_temperature(patient, beside, &mut chance);
                readings.push(at_home(patient, beside, measurement));
            }
        }
        readings
    }

    fn oximeter(&self, patient: &Patient, from: Timestamp, to: Timestamp) -> Vec<Reading> {
        if !patient.owned.oximeter {
            return Vec::new();
        }
        let every = self.args.live_oximeter_seconds;
        let phase = patient.chance(Purpose::LiveOccasion, i64::MIN + 1).whole(0, every - 1);
        let slot = |time: Timestamp| (time.seconds() - phase).div_euclid(every);
        (slot(from)..=slot(to))
            .map(|slot| Timestamp::from_seconds(slot * every + phase))
            .map(|at| at_home(patient, at, vitals::oxygen_saturation(patient, at)))
            .collect()
    }

    /// The staged surges that begin in a window: who, when, which, number.
    fn surges(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (usize, Timestamp, Surge, i64)> + '_ {
        let every = Span::from_seconds(self.args.live_surge_seconds).millis();
        let count = |time: Timestamp| match every {
            0 => 0,
            every => ((time - self.begin).millis() + every - 1).div_euclid(every).max(0),
        };
        let numbers = if self.surging.is_empty() { 0..0 } else { count(from)..count(to) };
        numbers.map(move |order| {
            let time = self.begin + Span::from_millis(order * every);
            // One in four turns out to have been a single high reading.
            let surge = if order % 4 == 3 { Surge::Settling } else { Surge::Lasting };
            // Counted on from stream to stream, so that a second one does not begin with a patient
            // whose alert is still open.
            let turn = (time.millis().div_euclid(every)).rem_euclid(self.surging.len() as i64);
            (self.surging[turn as usize], time, surge, order)
        })
    }

    fn surges_near(&self, number: usize, time: Timestamp) -> bool {
        self.surging.contains(&number)
            && self.surges(time - OCCASION, time + OCCASION).any(|(who, ..)| who == number)
    }
}
