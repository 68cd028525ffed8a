//! What is sent when: exchange documents with the times at which they are to be sent, whatever
//! became of those before them.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use clinical::{Span, Timestamp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemas::Reading;
use schemas::reading::{
    BloodPressure, DataInput, Device, Measurement, OriginOfTime, ReadingStatus, Source,
};
use simulator::exchange;
use simulator::population::{Patient, consortium_id};

use super::{CONSORTIA, MARKS_A_SECOND};
use crate::turns::{Mix, Turns};

/// Between the two readings of a marked pair.
const LEAD: Duration = Duration::from_secs(2);

/// How many readings a second, in documents of which size, for how long.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Readings a second.
    pub rate: u32,
    /// Readings in a document.
    pub document: usize,
    /// Before measuring.
    pub warm_up: Duration,
    /// Measuring.
    pub measured: Duration,
}

impl Load {
    fn documents_a_second(&self) -> f64 {
        f64::from(self.rate) / self.document as f64
    }

    fn documents(&self) -> usize {
        let seconds = (self.warm_up + self.measured).as_secs_f64();
        (self.documents_a_second() * seconds).round() as usize
    }

    /// How many marked patients it takes.
    pub fn marks(&self) -> u32 {
        let seconds = (self.warm_up + self.measured).saturating_sub(LEAD + LEAD);
        (seconds.as_secs_f64() * MARKS_A_SECOND) as u32
    }
}

/// A patient of whom two severe readings are sent, the second of which raises an urgent alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marked(pub u32);

impl Marked {
    fn consortium(self) -> usize {
        self.0 as usize % CONSORTIA as usize
    }

    /// Its consortium's id.
    pub fn consortium_id(self) -> String {
        consortium_id(self.consortium() as u32)
    }

    /// Its id within the consortium.
    pub fn person_id(self) -> String {
        format!("MARKED{:05}", self.0)
    }

    /// Which patient a written patient is; none for one of the others.
    pub fn parse(patient: &str) -> Option<Self> {
        let (_, person) = patient.split_once('/')?;
        person.strip_prefix("MARKED")?.parse().ok().map(Self)
    }

    fn reading(self, observed: Timestamp, systolic: i32) -> Reading {
        Reading {
            consortium_id: self.consortium_id(),
            person_id: self.person_id(),
            observation_time: observed.millis(),
            utc_offset_minutes: schemas::reading::japan(),
            update_time: observed.millis(),
            source: Source::Device(Device {
                manufacturer: "KAWASEMI".to_owned(),
                model_number: Some("K-1".to_owned()),
                serial: format!("BP{:05}", self.0),
            }),
            data_input: DataInput::Device,
            origin_of_time: Some(OriginOfTime::Device),
            status: ReadingStatus::Final,
            measurement: Measurement::BloodPressure(BloodPressure {
                systolic,
                diastolic: 113,
                pulse_rate: Some(74),
                measurement_position: None,
                irregular_pulse: None,
            }),
            send_time: None,
            vendor: None,
        }
    }
}

/// What everybody else sends, consortium by consortium.
pub struct Everybody<'p> {
    consortia: Vec<Turns<'p>>,
}

impl<'p> Everybody<'p> {
    /// What these patients send.
    pub fn of(patients: &'p [Patient], seed: u64) -> Self {
        let members = |number| {
            let id = consortium_id(number);
            let members = patients.iter().filter(move |patient| patient.id.consortium() == id);
            Turns::of(members, seed + u64::from(number), Mix::USUAL)
        };
        Self { consortia: (0..CONSORTIA).map(members).collect() }
    }
}

/// A document.
#[derive(Debug)]
pub struct Document {
    /// When it is to be sent, after the beginning.
    pub due: Duration,
    /// Its text.
    pub text: String,
    /// How many readings are in it.
    pub readings: usize,
    /// The patient whose alert its reading raises; at most one.
    pub raises: Option<Marked>,
}

/// All documents of a load.
#[derive(Debug)]
pub struct Schedule {
    /// In the order in which they are due.
    pub documents: Vec<Document>,
    /// Only what is due from then on is measured.
    pub measured_from: Duration,
}

impl Schedule {
    /// Documents that arrive independently of one another (their gaps are exponentially
    /// distributed), the consortia taking turns, with a marked pair every so often. `first_mark` is
    /// the first marked patient that was not used yet.
    ///
    /// # Errors
    /// When the patients have too few readings.
    pub fn of(
        load: Load,
        everybody: &mut Everybody<'_>,
        first_mark: u32,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let mut draw = ChaCha8Rng::seed_from_u64(seed);
        let mut placed = place(load, first_mark);
        let mut due = 0.0;
        let now = Timestamp::from_millis(chassis::now_ms());
        let mut documents = Vec::with_capacity(load.documents());
        for number in 0..load.documents() {
            due -= (1.0 - draw.random::<f64>()).ln() / load.documents_a_second();
            let consortium = number % everybody.consortia.len();
            let (mut readings, raises) = placed.remove(&number).unwrap_or_default();
            while readings.len() < load.document {
                let next = everybody.consortia[consortium].next();
                readings.push(next.context("the patients have too few readings; take more")?);
            }
            let id = consortium_id(consortium as u32);
            documents.push(Document {
                due: Duration::from_secs_f64(due),
                text: exchange::document(&id, now, &readings).to_string(),
                readings: readings.len(),
                raises,
            });
        }
        Ok(Self { documents, measured_from: load.warm_up })
    }
}

/// Which marked readings go into which document: both of a pair into one of its consortium, the
/// second about [`LEAD`] after the first, and no two second ones into the same document.
fn place(load: Load, first_mark: u32) -> HashMap<usize, (Vec<Reading>, Option<Marked>)> {
    let consortia = CONSORTIA as usize;
    let turn = consortia as f64 / load.documents_a_second();
    let turns_between = (LEAD.as_secs_f64() / turn).ceil() as usize;
    let mut placed: HashMap<usize, (Vec<Reading>, Option<Marked>)> = HashMap::new();
    // Whole seconds, as devices observe; the second one so long ago that no clock can doubt it.
    let now = Timestamp::from_seconds(chassis::now_ms() / 1000);
    let (first, second) = (now - Span::from_seconds(150), now - Span::from_seconds(70));
    for mark in (0..load.marks()).map(|number| Marked(first_mark + number)) {
        let at = LEAD.as_secs_f64() * 1.5 + f64::from(mark.0 - first_mark) / MARKS_A_SECOND;
        let mut document = (at * load.documents_a_second()) as usize;
        document = document.max(turns_between * consortia);
        document += (consortia + mark.consortium() - document % consortia) % consortia;
        let taken = |document: &usize| {
            let is_full = |number: &usize| {
                placed.get(number).is_some_and(|(readings, _)| readings.len() >= load.document)
            };
            let has_raising = placed.get(document).is_some_and(|(_, raises)| raises.is_some());
            has_raising || is_full(document) || is_full(&(document - turns_between * consortia))
        };
        while taken(&document) {
            document += consortia;
        }
        let earlier = placed.entry(document - turns_between * consortia).or_default();
        earlier.0.push(mark.reading(first, 191));
        let raising = placed.entry(document).or_default();
        raising.0.push(mark.reading(second, 189));
        raising.1 = Some(mark);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::population::population;

    fn schedule(rate: u32, document: usize) -> (Load, Schedule) {
        let (warm_up, measured) = (Duration::from_secs(4), Duration::from_secs(8));
        let load = Load { rate, document, warm_up, measured };
        let patients = population(7, 200, CONSORTIA);
        (load, Schedule::of(load, &mut Everybody::of(&patients, 7), 100, 7).unwrap())
    }

    #[test]
    fn a_schedule_has_the_rate_and_the_documents_that_were_asked_for() {
        let (load, schedule) = schedule(200, 10);
        assert_eq!(schedule.documents.len(), 240);
        assert!(schedule.documents.iter().all(|document| document.readings == 10));
        assert!(schedule.documents.is_sorted_by_key(|document| document.due));
        let (asked, ends) = (load.warm_up + load.measured, schedule.documents[239].due);
        assert!(ends.abs_diff(asked) < Duration::from_secs(3), "{ends:?}");
    }

    #[test]
    fn every_marked_pair_is_in_two_documents_of_its_consortium_some_seconds_apart() {
        for (rate, size) in [(500, 10), (200, 1)] {
            let (load, schedule) = schedule(rate, size);
            let mut raised = 0;
            for (number, document) in schedule.documents.iter().enumerate() {
                let Some(mark) = document.raises else { continue };
                raised += 1;
                let named = |document: &Document| document.text.contains(&mark.person_id());
                let naming: Vec<usize> = (0..schedule.documents.len())
                    .filter(|number| named(&schedule.documents[*number]))
                    .collect();
                assert_eq!(naming.len(), 2);
                assert_eq!(naming[1], number);
                let apart = document.due - schedule.documents[naming[0]].due;
                assert!(apart > LEAD / 2, "{apart:?}");
                assert!(document.text.contains(&mark.consortium_id()));
            }
            assert_eq!(raised, load.marks());
        }
    }

    #[test]
    fn a_marked_patient_is_known_again_by_its_written_form() {
        let mark = Marked(4321);
        let written = format!("{}/{}", mark.consortium_id(), mark.person_id());
        assert_eq!(Marked::parse(&written), Some(mark));
        assert_eq!(Marked::parse("DEMO01/P00012"), None);
    }
}
